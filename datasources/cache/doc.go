// Package cache keeps the raw rows of sources, below the policies: a row read for
// one token is right for another, so no key holds a token. Typed rows lie in this
// process (L1, bounded by bytes) and encoded ones behind it in go-redis/cache (L2:
// Redis where configured, otherwise a small local one). Errors are never kept;
// absence is, explicitly and shortly. A Redis that is away costs a few milliseconds
// now and then, and nothing else.
//
// What an entry is good for:
//
//	age since it was read       nothing changed since     something did
//	below TTL                   fresh                     instead of an error
//	below Hard                  served at once, stale,    instead of an error
//	                            and read again
//	below StaleIfError          instead of an error       instead of an error
//
// «Instead of an error» means SOURCE_UNAVAILABLE, SOURCE_TIMEOUT and SOURCE_LIMITED,
// key by key; every other error is an answer of the source. Such rows, and those
// served while they are read again, come with Rows.Stale and their Rows.AsOf. What
// was deleted (Erase) is good for nothing. Absences are served while they are fresh;
// an empty list may stand in for an error, a missing row may not: «I could not find
// out» is not «no».
//
// Equal questions at one time make one call, key by key. It runs in the flow of the
// first who asked and ends when nobody waits for it any more; who asks after a
// change never joins a call that began before it.
//
// Changes are numbered (tags.go): an entry carries the last number known before it
// was read and is good while none of its tags has a higher one. With Redis the
// processes count together (shared.go): the number of each tag's last change lies
// there, a message tells the others that there is news, and asking each second makes
// up for messages that are lost. A Redis that has lost its memory makes everything
// count as changed.
//
// server.go puts it around each source; nothing else knows that it is there.
package cache
