// Package copies keeps the whole of a source in Trama's own database and serves
// it from there: for systems that cannot give many records by key (Ecolix,
// Operand), for those that are slow or often away, and wherever texts must sort
// and filter alike. An answer from a copy says how old it is (asOf) and does not
// depend on the source being up.
//
// A Copy stands around a Source. Its loop (Run, Sync) reads one entity after the
// other, customers first, so that they do not fight over the agreed calls. A
// reading is written page by page: rows, links and the mark of how far it came
// are one transaction, so that a reading which was killed goes on where it was,
// without loss and without duplicates. Rows that did not change are told by
// their hash and cost next to nothing. What a complete reading did not meet is
// deleted, unless the reading could have missed it: then it is looked for once
// more, and two readings in a row must agree. Too many deletions at once are
// refused until an operator agrees, since a source that answers with half of its
// records looks just like one that lost them.
//
// Where a source tells its changes (datasources.Follower), a copy is read in full
// once and followed from then on, with the source's own cursor, which is taken
// before the reading begins and moves in the transaction of the rows before it. What
// following does not see, deletions and changes that are dated back, a sweep finds
// every so often: by keys and versions (datasources.KeyScanner), where only rows
// that differ are read, else in full. A sweep takes the cursor anew, so that a
// source which went back in time, restored from a backup, is followed again from
// where it is; until that sweep it looks like a source where nothing happens. The
// guard against too many deletions holds for all three.
//
// Of several instances on one store one reads (Deps.Runner), and all look up what
// it has written. A reading and the followings between its pages are one goroutine,
// which is why no older row comes in the place of a newer one: a page is read and
// saved with nothing in between. A Scanner or KeyScanner therefore reads a page only
// after it was let go of the one before. Rows from elsewhere (Refresh) are saved only
// if the cursor is where it was when they were asked for.
//
// server.go opens the copies, hands Source to the catalogue and runs the loop;
// package store fills the interface Store. What it may never do: hold SQL, keep
// a goroutine beyond Run, sleep past a caller's deadline, or show a value, a key
// or upstream text in an error, a log line or a problem.
package copies
