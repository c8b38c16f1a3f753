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
// server.go opens the copies, hands Source to the catalogue and runs the loop;
// package store fills the interface Store. What it may never do: hold SQL, keep
// a goroutine beyond Run, sleep past a caller's deadline, or show a value, a key
// or upstream text in an error, a log line or a problem.
package copies
