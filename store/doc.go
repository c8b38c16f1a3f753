// Package store is Trama's own memory: one database with the directory's records
// and crosswalk, the accounts, agreements and tokens, the audit, the usage and the
// server's secrets. It is the only SQL outside the copies of sources. It is opened by
// server.go and fills the small interfaces the rooms above declare where they use
// them: directory.Store, tokens.Store, usage.Store and copies.Store.
//
// `sqlite:PATH` is the embedded default: one file, readable by its owner only,
// in WAL mode with one connection that writes and a few that read, so that a
// reader never waits for a writer. `postgres://USER:PASSWORD@HOST:PORT/DATABASE` is
// a PostgreSQL server (tested with 15), reached directly or through a pooler that
// keeps sessions: locks lie on them. Several instances may run on it (elect.go,
// versions.go); one has at most eleven connections. A schema of its own can be named by
// ?search_path=NAME, and how the connection is secured by sslmode, which is worth
// setting to verify-full.
//
// All SQL is written with ? and taken by both; rebind.go writes the places of
// arguments as PostgreSQL wants them. The schema comes from the embedded migrations,
// one folder for each kind; a database that another program or a newer version wrote
// is refused. The suite in storetest is passed by both.
//
// What it may never do: keep a secret of a token (only its HMAC), change or delete
// what is in the audit (the database itself refuses that), log a value, or let a
// driver's error out without the name of the file or the server, or with a password.
package store
