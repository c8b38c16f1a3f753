package odata

import (
	"strconv"

	"github.com/trama-graph/trama/schema"
)

// Target is what an address asks for.
type Target uint8

// The resources of the service (Part 1 §11.1, §11.2).
const (
	ServiceDocument Target = iota // the root: what sets there are
	Metadata                      // $metadata: what they look like, always XML
	Rows                          // Set: its rows, page by page
	Row                           // Set('key'): one of them
	Count                         // Set/$count: how many, as text
	BatchRequest                  // $batch: several addresses in one POST
)

// Question is a parsed address, plain data. Its columns are indices into
// Set.Columns.
type Question struct {
	Target Target
	Set    *Set   // nil for the service document, $metadata and $batch
	Key    string // of a Row

	Select     []int // the columns asked for, in the set's order: all without $select
	IsSelected bool  // $select named fewer than all columns
	Filter     *Expr // nil lets every row in
	// Order always ends in the key or has it before its end, so that it is total.
	// Null comes before every value, and after every value where Descending
	// (Part 1 §11.2.5.2).
	Order   []Order
	Asked   int   // how many items of Order $orderby named; what is behind them breaks ties
	Top     int64 // -1 without $top
	Skip    int64 // of the whole answer: a continued one has it behind it
	IsCount bool  // $count=true: how many rows there are without $top and $skip

	format  *Format
	token   string
	options []option // as they came, decoded, without api_key and $skiptoken
}

// Order is one item of $orderby.
type Order struct {
	Column     int
	Descending bool
}

// Compare orders two rows by their values for the items of Order, as a
// Position has them: what comes before is negative. Whoever sorts elsewhere, in
// SQL say, has to sort the same: by bytes, and null as Order says.
func (q *Question) Compare(a, b []schema.Value) int {
	for i, o := range q.Order {
		c := a[i].Compare(b[i])
		if o.Descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// IsContinued says whether the question has a $skiptoken; see Position.
func (q *Question) IsContinued() bool { return q.token != "" }

// Format returns the JSON format of the answer: that of $format, else the one
// that the Accept header asks for. The error is an *Error of KindNotAcceptable.
// $metadata and /$count have only one format each and need not ask.
func (q *Question) Format(accept string) (Format, error) {
	if q.format != nil {
		return *q.format, nil
	}
	return Accept(accept)
}

// Canonical returns a text that is equal for questions that have the same rows
// in the same order: everything but format, page and credentials. It holds the
// values that were asked for, so it is for hashes and cache keys, not for logs.
func (q *Question) Canonical() string {
	b := make([]byte, 0, 256)
	b = strconv.AppendUint(b, uint64(q.Target), 10)
	if q.Set == nil {
		return string(b)
	}
	b = append(b, ' ')
	b = append(b, q.Set.Name...)
	if q.Target == Row {
		b = appendQuoted(append(b, '('), q.Key)
		b = append(b, ')')
	}
	b = append(b, "?$select="...)
	for _, c := range q.Select {
		b = append(b, q.Set.Columns[c].Name...)
		b = append(b, ',')
	}
	b = append(b, "&$filter="...)
	if q.Filter != nil {
		b = q.Filter.append(b)
	}
	b = append(b, "&$orderby="...)
	for _, o := range q.Order {
		b = append(b, q.Set.Columns[o.Column].Name...)
		if o.Descending {
			b = append(b, " desc"...)
		}
		b = append(b, ',')
	}
	b = strconv.AppendInt(append(b, "&$top="...), q.Top, 10)
	b = strconv.AppendInt(append(b, "&$skip="...), q.Skip, 10)
	b = strconv.AppendBool(append(b, "&$count="...), q.IsCount)
	return string(b)
}
