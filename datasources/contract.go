// Package datasources says where data comes from: the contracts every source
// fulfils, and the catalogue that knows which source has what. It is called by
// resolvers/loaders and by server.go. It knows nothing of policies, tokens or
// GraphQL.
package datasources

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/schema"
)

// Ref is a row's identity everywhere.
type Ref struct{ Source, Entity, ID string }

// Fields are the columns an operation asks for, by SDL field name, sorted and
// distinct. Nil means every column. A connector always reads the key columns
// (its own id, the customer's key, the document number), whatever is asked. A
// relation's name among them ("order") asks for the columns that hold the link.
type Fields []string

// NewFields makes a sorted, distinct set.
func NewFields(names ...string) Fields {
	f := slices.Clone(names)
	slices.Sort(f)
	f = slices.Compact(f)
	if f == nil {
		f = Fields{}
	}
	return f
}

// Has reports whether the column is asked for.
func (f Fields) Has(name string) bool {
	if f == nil {
		return true
	}
	_, ok := slices.BinarySearch(f, name)
	return ok
}

// With returns f with more columns.
func (f Fields) With(names ...string) Fields {
	if f == nil {
		return nil
	}
	return NewFields(append(slices.Clone([]string(f)), names...)...)
}

// Key returns a text that is equal for equal sets.
func (f Fields) Key() string {
	if f == nil {
		return "*"
	}
	return strings.Join(f, ",")
}

// AppendKey appends Key.
func (f Fields) AppendKey(b []byte) []byte {
	if f == nil {
		return append(b, '*')
	}
	for i, name := range f {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, name...)
	}
	return b
}

// Relation is the column of a child that holds its parent's key in the same
// source: "customer", "order", "quote", "invoice", "ticket", "product"; or the
// column that holds a business key: "number" (the document's own number),
// "orderNumber", "quoteNumber", "invoiceNumber" (a link to another document's
// number, see LinkRule).
type Relation string

// After is where a page begins: behind the row with this order value and id.
// With ID "" it begins at the first row whose value is behind Value, or at
// Value itself when Inclusive.
type After struct {
	Value     schema.Value
	ID        string
	Inclusive bool
}

// Query is everything a list or relation is asked with. Where holds the
// client's filter and the policies' row scope already joined. Order is
// completed by the row's id in the source's own order. First is the number of
// rows wanted (for each parent in ByParent); a reader may not return more.
type Query struct {
	Fields Fields
	Where  schema.Predicate
	Order  schema.Sort // Column "" = the entity's default order
	First  int
	After  *After
	Total  bool // the exact number of matching rows is wanted
	// Deleted asks a list for rows that the source has no more as well, of a reader that
	// describes the column isDeleted; of those that match Where, as of all others.
	Deleted bool
}

// Key is a text that is equal for equal queries and differs for others.
func (q Query) Key() string {
	var room [256]byte
	return string(q.AppendKey(room[:0]))
}

// AppendKey appends Key.
func (q Query) AppendKey(b []byte) []byte {
	b = append(q.Fields.AppendKey(b), '|')
	b = append(q.Where.AppendKey(b), '|')
	b = append(append(b, q.Order.Column...), ' ')
	b = append(strconv.AppendBool(b, q.Order.Desc), '|')
	b = append(strconv.AppendInt(b, int64(q.First), 10), '|')
	if a := q.After; a != nil {
		b = append(a.Value.AppendKey(b), ' ')
		b = append(strconv.AppendQuote(b, a.ID), ' ')
		b = strconv.AppendBool(b, a.Inclusive)
	}
	b = strconv.AppendBool(append(b, '|'), q.Total)
	if q.Deleted {
		b = append(b, "|deleted"...)
	}
	return b
}

// Rows is one slab per reply.
//
// ByKeys: Items in any order, each found row once; Offsets nil. A key without a
// row does not exist.
// ByParent: Items[Offsets[i]:Offsets[i+1]] belong to parents[i], in order;
// len(Offsets) = len(parents)+1; More and Totals have one element per parent. Or
// Pages, one for each parent, and neither Items nor Offsets: the rows of a parent where
// they lie already. Parent and Len know both forms.
// List: Items in order; More and Totals have one element.
// Totals may be nil or hold -1 where the exact number is not known.
//
// Several callers may hold the same rows: nobody changes them, nor appends to a page.
type Rows[T any] struct {
	Items   []T
	Offsets []int
	Pages   [][]T
	More    []bool
	Totals  []int
	AsOf    time.Time // when the source said so
	Stale   bool      // older than its soft lifetime, or the source is down
	raw     func(i int, column string) []byte
}

// Raw returns the validated wire JSON of a column where it is already right for
// the client, nil where it must be converted.
func (r *Rows[T]) Raw(i int, column string) []byte {
	if r.raw == nil {
		return nil
	}
	return r.raw(i, column)
}

// SetRaw gives the slab its wire JSON.
func (r *Rows[T]) SetRaw(f func(i int, column string) []byte) { r.raw = f }

// Parent returns the rows of the i-th parent.
func (r *Rows[T]) Parent(i int) []T {
	if r.Pages != nil {
		return r.Pages[i]
	}
	return r.Items[r.Offsets[i]:r.Offsets[i+1]]
}

// Len is the number of all rows.
func (r *Rows[T]) Len() int {
	n := len(r.Items)
	for _, page := range r.Pages {
		n += len(page)
	}
	return n
}

// Reader gives the rows of one entity of one source. Rows are matched to keys by
// key, never by position. Errors are *schema.Error with the source's name; an
// error for some keys only is a *BatchError beside the rows of the others.
// Keys and parents are distinct and not empty; a reader splits them into its own
// batches. Filters a reader cannot push down it applies itself within the bound
// its description declares, or it fails with UNSUPPORTED_FILTER: a filter is
// never ignored.
type Reader[T any] interface {
	ByKeys(ctx context.Context, keys []string, f Fields) (Rows[T], error)
	ByParent(ctx context.Context, rel Relation, parents []string, q Query) (Rows[T], error)
	List(ctx context.Context, q Query) (Rows[T], error)
}

// BatchError carries the errors of single keys or parents; the others have
// their rows.
type BatchError struct{ ByKey map[string]error }

// Error names no key: keys are data.
func (e *BatchError) Error() string { return "some keys failed" }

// Cursor is a source's own mark of how far its changes were read. Opaque, small,
// and made of what the source said, never of our clock.
type Cursor string

// Changes is a part of a source's history. Next is where to go on; More tells
// that there is more right now. A row may come again, the later one holds.
type Changes[T any] struct {
	Items   []T      // with all columns
	Deleted []string // ids
	Next    Cursor
	More    bool
}

// Follower is an optional ability of a Reader, for copies: what changed since a
// mark. A cursor the source does not know any more is BAD_REQUEST: the copy is
// read anew.
type Follower[T any] interface {
	// Head returns a cursor since which everything that changes from now on is
	// given; some of what changed before may be given as well.
	Head(ctx context.Context) (Cursor, error)
	// Since gives changes, oldest first. The empty Cursor begins with everything.
	Since(ctx context.Context, c Cursor) (Changes[T], error)
}

// CustomerFollower is Follower for the customers of a Source: their records as
// CustomerScanner gives them.
type CustomerFollower interface {
	CustomersHead(ctx context.Context) (Cursor, error)
	CustomersSince(ctx context.Context, c Cursor) (Changes[CustomerRecord], error)
}

// Keyed is a row's key and the source's own version of it: another text after any
// change, also one that is dated back. "" = the source tells none.
type Keyed struct{ Key, Version string }

// KeyScanner is an optional ability of a Reader: keys and versions of all rows,
// which costs less than the rows. A copy finds by it what was deleted and what was
// changed without a trace. Marks and pages are those of Scanner.
type KeyScanner interface {
	ScanKeys(ctx context.Context, from Mark, f func(Scanned[Keyed]) error) error
}

// Source is one connected system.
type Source interface {
	// Describe returns what the source has, as data; it does not change after
	// Open.
	Describe() Description
	// Reader returns the Reader[T] of an entity ("Ticket" → Reader[schema.Ticket]),
	// nil when the source does not have it.
	Reader(entity string) any
	// Probe asks the system whether it is there and what it can do. It is called
	// at the start, by `trama check` and by health. It returns what was found
	// even beside an error.
	Probe(ctx context.Context) ([]Finding, error)
	// Status tells how the source is doing, without a call.
	Status() Status
	// Close ends sessions and connections.
	Close() error
}

// CustomerIndexer is an optional ability of a Source: it can list its customers
// for the directory. f is called page by page; an error of f ends the listing
// and is returned.
type CustomerIndexer interface {
	IndexCustomers(ctx context.Context, f func([]CustomerRecord) error) error
}

// CustomerRecord is a customer as one source has him: what the directory links
// by, and the fields the golden record is made of. Empty means absent.
type CustomerRecord struct {
	ID         string            // the source's key: what documents refer to
	Code       string            // the human code, which other systems may store
	ForeignIDs map[string]string // target source kind or name → that source's ID of the same customer (Uid1C)
	Name       string
	LegalName  string
	TaxID      string // as stored there
	Country    string // ISO 3166 alpha-2 when the source tells, else ""
	Email      string
	Phone      string
	Website    string
	Street     string
	City       string
	PostalCode string
	CreatedAt  time.Time
	ModifiedAt time.Time // zero when the source has no such time
	CreatedBy  string    // the name of who typed it in, "" when the source does not tell
	ModifiedBy string    // the name of who changed it last
	Deleted    bool      // marked as deleted: keeps old links, makes no new ones
	IsPerson   bool
}

// Finding is one line of a probe's report, for the operator.
type Finding struct {
	Subject string // what was looked at: "login", "TicketSearch CustomerIDRaw", "Catalog_Контрагенты.ИНН"
	Result  string // what was found: "ok", "absent, falling back to GET"
	Level   Level
}

// Level grades a Finding.
type Level string

// The grades.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Status is a source's health as known from its last calls.
type Status struct {
	State       string // "up", "degraded", "down", "unknown"
	LastCode    schema.Code
	LastErrorAt time.Time
	LastOKAt    time.Time
	Latency     time.Duration // moving median of successful calls
	Breaker     string        // "closed", "open", "half-open"
	Calls       uint64
	Failures    uint64
	AsOf        time.Time // copies only
	// Note is what an operator should know and do, in the connector's own words:
	// "the token was replaced or the API was switched off". Never upstream text.
	Note string
}
