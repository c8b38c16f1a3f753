package report

import (
	"context"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/schema"
)

// Operation is what a Runner runs.
type Operation struct {
	// Query is the operation and its cells: its Document is valid over the view's schema.
	// It may hold fewer cells than the table's own.
	Query *dataset.Query

	// Number is the place of the table's own query in Table.Queries.
	Number int

	// Variables are those of the Document, as a client would send them in JSON. All that
	// differs between two questions of one shape is in them, so that documents repeat. They
	// are not to be changed.
	Variables map[string]any

	// Narrow is a condition that every row fulfils which is wanted: a Runner need not read
	// others, and may. It is no part of what the client asks, so that a cursor of the list
	// is good whatever it says. Its columns are keys of the list's filter, and
	// CustomerColumn.
	Narrow schema.Predicate

	// Limit is how many elements of the root list are wanted in all, 0 for all of them. A
	// Runner need not read more.
	Limit int64
}

// Window is some rows of an operation, as engine.Window has them.
type Window struct {
	Rows int

	// Cells are the rows' values: of each FixedColumns, then one for each of the query's
	// Cells. Of the first ones a Runner fills in AsOf and ModifiedAt where it knows them
	// (null is: not known); Key, Source and IsDeleted are made here, in this
	// slice, which may be used again for the next window. What texts hold may not.
	Cells []schema.Value

	// Numbers are the rows' places, from 1, in the lists of the key parts that have no
	// cell; none where there are no such parts.
	Numbers []int

	// After is where to go on behind the first n rows of the window, n being 1 at least:
	// behind a cursor of the root list, "" where there is none. Then over rows would come
	// again, which are of an element that was given in part.
	After func(n int) (cursor string, over int)

	IsLast bool // nothing comes behind it
}

// Runner runs operations.
type Runner interface {
	// Run calls f with the rows of op, window after window, in their order, and ends with
	// f's error. A window may be empty. Memory does not grow with the number of rows. Where
	// a source failed, the error is its *schema.Error, unless the dataset may be delivered
	// without it.
	Run(ctx context.Context, op *Operation, f func(*Window) error) error
}

// Finder is a Runner that reads the rows of one record by its id. Without it, a row is
// found by reading all.
type Finder interface {
	// Find is Run for an operation whose root field is node, an object: Query.Rows begins
	// with it. Where it is null there are no rows.
	Find(ctx context.Context, op *Operation, f func(*Window) error) error
}

// Totaler is a Runner that counts the elements of a root list without reading them.
type Totaler interface {
	// Total is how many there are; false where a source cannot tell. The operation's root
	// field is a page.
	Total(ctx context.Context, op *Operation) (int64, bool, error)
}
