// Package cache keeps the raw rows of sources, below the policies: a row read for
// one token is right for another, so no key holds a token. Typed rows lie in this
// process (L1, bounded by rows) and encoded ones behind it in go-redis/cache (L2:
// Redis where configured, otherwise that library's own local cache). Errors are
// never kept; absence is, explicitly and shortly. A Redis that is away costs a
// few milliseconds now and then, and nothing else.
//
// server.go puts it around each live source; nothing else knows that it is there.
package cache
