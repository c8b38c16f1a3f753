package datasources

import (
	"context"
	"time"
)

// Mark is how far a scan has come, in the source's own words: opaque, small, and
// of use for the same configuration only. The empty Mark is the beginning.
type Mark string

// Scanned is one page of a scan.
type Scanned[T any] struct {
	Items []T
	// Mark is where the scan goes on behind this page; it may be kept and used by
	// another process.
	Mark Mark
	// Last says that nothing follows.
	Last bool
	// Doubtful says, with Last, that the source may have more rows than it gave (a
	// page came twice, a limit was met): what is not among them may still exist.
	Doubtful bool
	// Shifting says that rows which are added or removed during the scan may move
	// others between pages, so that a row not seen by one scan may still exist.
	Shifting bool
}

// Scanner is an optional ability of a Reader: all rows of the entity, page by
// page, for a copy. It begins behind from and calls f with each page, in the
// caller's goroutine; an error of f ends the scan and is returned as it is. Rows
// come with all columns. A row may come twice, the later one holds.
type Scanner[T any] interface {
	Scan(ctx context.Context, from Mark, f func(Scanned[T]) error) error
}

// CustomerScanner is CustomerIndexer for a copy: it can go on where it was
// interrupted.
type CustomerScanner interface {
	ScanCustomers(ctx context.Context, from Mark, f func(Scanned[CustomerRecord]) error) error
}

// Problem is something in a source's records that could not be taken as it is.
// It names columns and never a value.
type Problem struct {
	Entity string    // Order; "" = the whole source
	Field  string    // the SDL field, or what was looked for; "" = the whole record
	Kind   string    // a constant in plain words: "ambiguous decimal", "no such day"
	Count  int       // records, in the last reading for copies and since the start otherwise
	LastAt time.Time // when it was last met
}

// Reporter is an optional ability of a Source: it counts what was wrong in the
// records it was sent. Sorted by entity, field and kind.
type Reporter interface {
	Problems() []Problem
}

// Usage is how many calls a source was asked, against what was agreed.
type Usage struct {
	Class      string // what shares a budget or a contract: a package's name; "" = the whole source
	LastMinute int
	Today      int // since midnight in the source's zone
	PerMinute  int // agreed, 0 = nothing was
}

// Meter is an optional ability of a Source: it counts its calls.
type Meter interface {
	Usage() []Usage
}

// Demand is what a source is asked, beside what was agreed.
type Demand struct {
	PerMinute int    // calls that were agreed, 0 = none were
	Asked     uint64 // calls since the start that wanted to go out, refused ones too
	Waiting   int    // that wait now
}

// Paced is an optional ability of a Source: several processes keep together to what
// was agreed with it, as each is given a share of the rate, from 0 to 1.
type Paced interface {
	Demand() Demand
	SetShare(share float64)
}
