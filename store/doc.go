// Package store is Trama's own memory: one database with the directory's records
// and crosswalk, the tokens and the server's secrets. It is the only SQL outside
// the copies of sources. It is opened by server.go and fills the small
// interfaces the rooms above declare where they use them: directory.Store and
// tokens.Store.
//
// `sqlite:PATH` is the embedded default: one file, readable by its owner only,
// in WAL mode with one connection that writes and a few that read, so that a
// reader never waits for a writer. The schema comes from the embedded
// migrations; a file that another program or a newer version wrote is refused.
//
// What it may never do: keep a secret of a token (only its HMAC), log a value,
// or let a driver's error out without the name of the file.
package store
