package report

import "github.com/trama-graph/trama/graph/dataset"

// Limits bound what a question can cost. A member of 0 has the default.
type Limits struct {
	// Scanned is how many rows a filter or an order that the root list does not do is
	// judged on, over all pages of an answer; default 5,000,000.
	Scanned int64

	// Sorted is how many rows are sorted here; default 100,000. Those of tables that
	// aggregate are bounded by dataset.MaxGroups.
	Sorted int

	// SortedBytes is how much of them is held, packed; default 64 MiB. Pages are shorter
	// than SortedPageRows where their rows are longer than that.
	SortedBytes int64

	// PageRows is how many rows a page has at least, unless it is the last; default
	// 10,000. SortedPageRows is the same of answers that are sorted or added up here, of
	// which each page costs as much as all, unless the Runner is a Keeper; default 50,000.
	PageRows       int
	SortedPageRows int

	// MostRows is how many rows a page may have; default any number. A page ends behind the
	// last element of the root list that it has whole, and within one only where that alone
	// has more rows: then the next page goes on behind them, or begins with the first of
	// them again where these, or what stands right before them, have changed since.
	MostRows int

	// FileRows is how many rows a file may have; default any number. It does not bound
	// pages.
	FileRows int

	// Parallel is how many of the further lists of a summary are read at the same time;
	// default 1. The Runner is called by as many goroutines then.
	Parallel int

	// Aggregate is what tables that aggregate are told besides.
	Aggregate dataset.AggregateOptions
}

func (l Limits) withDefaults() Limits {
	if l.Scanned <= 0 {
		l.Scanned = 5_000_000
	}
	if l.Sorted <= 0 {
		l.Sorted = 100_000
	}
	if l.SortedBytes <= 0 {
		l.SortedBytes = 64 << 20
	}
	if l.SortedPageRows <= 0 {
		l.SortedPageRows = 50_000
	}
	if l.PageRows <= 0 {
		l.PageRows = 10_000
	}
	l.Parallel = max(l.Parallel, 1)
	return l
}
