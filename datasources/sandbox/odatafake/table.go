package odatafake

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Type is the declared type of a column; it decides its Edm name and its printed form.
type Type uint8

// The types of columns.
const (
	TypeString Type = iota
	TypeGUID
	TypeBool
	TypeInt
	TypeLong // 1C prints it as a string
	TypeDecimal
	TypeTime
	TypeRef
)

// Kind returns the kind of the values of the type.
func (t Type) Kind() Kind {
	return [...]Kind{KindString, KindGUID, KindBool, KindInt, KindInt, KindDecimal, KindTime, KindRef}[t]
}

// Column is one property of an entity.
type Column struct {
	Name string
	Type Type
	// Get returns the value of a row; it must be pure and safe for concurrent use.
	Get func(row int) Value
	// Lookup returns the rows that may hold the value, and perhaps some more: a short way for columns that are keys of the
	// world. Without it, or where it is not ok, equality is answered from the kept order of the column.
	Lookup func(v Value) (rows []int32, ok bool)
	// ForeignKey marks the scalar half of a lookup, which Creatio reads and refuses to filter.
	ForeignKey bool

	key   []byte // the JSON name with its colon
	table *Table
	memo  atomic.Pointer[[]int64] // the times of all rows, once the column was put in order
}

// memoize remembers the values of a time column. Times are what incremental readers filter and order by, and the records
// they come from are costly to compute once more.
func (c *Column) memoize() {
	get := c.Get
	c.Get = func(row int) Value {
		m := c.memo.Load()
		if m == nil {
			return get(row)
		}
		if n := (*m)[row]; n != noTime {
			return Value{Kind: KindTime, N: n}
		}
		return Value{}
	}
}

func (c *Column) remember() {
	if c.Type != TypeTime || c.memo.Load() != nil {
		return
	}
	m := make([]int64, c.table.Len())
	for r := range m {
		m[r] = noTime
		if v := c.Get(r); v.Kind == KindTime {
			m[r] = v.N
		}
	}
	c.memo.Store(&m)
}

// noTime stands for null among the remembered times.
const noTime = math.MinInt64

// Nav is a navigation to one row of another table.
type Nav struct {
	Name string
	// Cast is the type segment that must follow the name when the reference is of composite type.
	Cast   string
	Target *Table
	// FK is the column that holds the key.
	FK string
	// Row returns the row in Target, or -1 where the reference is empty.
	Row func(row int) int

	key []byte
}

// Part is a tabular part: rows of a child table that belong to one row and lie side by side.
type Part struct {
	Name   string
	Target *Table
	// Rows returns the half-open range of child rows.
	Rows func(row int) (from, to int)

	key []byte
}

// Table is one entity set.
type Table struct {
	Name string
	// Keys are the names of the key columns.
	Keys []string
	// Len returns the number of rows; it never changes.
	Len     func() int
	Columns []*Column
	Navs    []*Nav
	Parts   []*Part
	// Collation orders its values; the zero value orders text.
	Collation Collation

	byName map[string]*Column

	mu      sync.Mutex // guards orders and results
	orders  map[string]*order
	results map[string][]int32
	recent  []string // keys of results, the oldest first
}

// Limits of what a table keeps: a stranger can send any number of different orders and filters.
const (
	maxOrders  = 32
	maxResults = 16
)

type order struct {
	once sync.Once
	rows []int32
}

// Finish prepares the table once all its columns, navigations and parts are there; it returns the table.
func (t *Table) Finish() *Table {
	t.byName = make(map[string]*Column, len(t.Columns))
	for _, c := range t.Columns {
		c.key, c.table = jsonKey(c.Name), t
		if c.Type == TypeTime {
			c.memoize()
		}
		t.byName[c.Name] = c
	}
	for _, n := range t.Navs {
		n.key = jsonKey(n.Name)
	}
	for _, p := range t.Parts {
		p.key = jsonKey(p.Name)
	}
	t.orders = map[string]*order{}
	t.results = map[string][]int32{}
	return t
}

// Column returns the column, or nil.
func (t *Table) Column(name string) *Column { return t.byName[name] }

// Nav returns the navigation, or nil; cast is empty for a plain one.
func (t *Table) Nav(name, cast string) *Nav {
	for _, n := range t.Navs {
		if n.Name == name && n.Cast == cast {
			return n
		}
	}
	return nil
}

// IsComposite reports whether the navigation needs a type segment.
func (t *Table) IsComposite(name string) bool {
	for _, n := range t.Navs {
		if n.Name == name && n.Cast != "" {
			return true
		}
	}
	return false
}

// Part returns the tabular part, or nil.
func (t *Table) Part(name string) *Part {
	for _, p := range t.Parts {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Find returns the row whose column equals the value, or -1.
func (t *Table) Find(column string, v Value) int {
	c := t.Column(column)
	if c == nil {
		return -1
	}
	for _, r := range t.equal(c, v) {
		if c.Get(int(r)) == v {
			return int(r)
		}
	}
	return -1
}

// equal returns the rows whose column may equal v: by the column's own look-up, else by halving in the kept order of that
// column. The slice may belong to the table.
func (t *Table) equal(c *Column, v Value) []int32 {
	if c.Lookup != nil {
		if rows, ok := c.Lookup(v); ok {
			return rows
		}
	}
	rows := t.sorted([]OrderKey{{get: c.Get, text: c.Name, col: c}})
	from := sort.Search(len(rows), func(i int) bool { return t.Collation.order(c.Get(int(rows[i])), v) >= 0 })
	to := from + sort.Search(len(rows)-from, func(i int) bool { return t.Collation.order(c.Get(int(rows[from+i])), v) > 0 })
	return rows[from:to]
}

// between returns the kept order of a column and the stretch of it that lies on one side of v: op is gt, ge, lt or le.
// Nulls sort first and satisfy no comparison; the filter itself is applied afterwards, so a superset does.
func (t *Table) between(c *Column, op string, v Value) (rows []int32, from, to int) {
	rows = t.sorted([]OrderKey{{get: c.Get, text: c.Name, col: c}})
	at := func(least int) int {
		return sort.Search(len(rows), func(i int) bool { return t.Collation.order(c.Get(int(rows[i])), v) >= least })
	}
	switch op {
	case "gt":
		return rows, at(1), len(rows)
	case "ge":
		return rows, at(0), len(rows)
	case "lt":
		return rows, 0, at(0)
	}
	return rows, 0, at(1)
}

// OrderKey is one bound term of $orderby.
type OrderKey struct {
	get  func(row int) Value
	desc bool
	text string
	col  *Column // nil unless it is a plain column of the table
}

func orderText(keys []OrderKey) string {
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(k.text)
		if k.desc {
			b.WriteString(" desc")
		}
		b.WriteByte(',')
	}
	return b.String()
}

// sorted returns all rows in the order of keys. The list is computed once per order and kept.
func (t *Table) sorted(keys []OrderKey) []int32 {
	text := orderText(keys)
	t.mu.Lock()
	o := t.orders[text]
	if o == nil {
		if len(t.orders) >= maxOrders {
			for k := range t.orders { // any one: an order is cheap to compute again
				delete(t.orders, k)
				break
			}
		}
		o = &order{}
		t.orders[text] = o
	}
	t.mu.Unlock()
	o.once.Do(func() {
		for _, k := range keys {
			if k.col != nil {
				k.col.remember()
			}
		}
		rows := make([]int32, t.Len())
		for i := range rows {
			rows[i] = int32(i)
		}
		t.sortRows(rows, keys)
		o.rows = rows
	})
	return o.rows
}

// sortRows sorts rows by keys, and by row number where they are equal.
func (t *Table) sortRows(rows []int32, keys []OrderKey) {
	type entry struct {
		row  int32
		vals [2]Value
		more []Value
	}
	list := make([]entry, len(rows))
	for i, r := range rows {
		e := entry{row: r}
		for k, key := range keys {
			v := key.get(int(r))
			if k < len(e.vals) {
				e.vals[k] = v
			} else {
				e.more = append(e.more, v)
			}
		}
		list[i] = e
	}
	at := func(e *entry, k int) Value {
		if k < len(e.vals) {
			return e.vals[k]
		}
		return e.more[k-len(e.vals)]
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		for k := range keys {
			o := t.Collation.order(at(a, k), at(b, k))
			if o == 0 {
				continue
			}
			if keys[k].desc {
				return o > 0
			}
			return o < 0
		}
		return a.row < b.row
	})
	for i := range list {
		rows[i] = list[i].row
	}
}

// Rows is the ordered outcome of a query: all rows that match, not one page of them.
type Rows struct {
	list []int32 // nil stands for all rows in their own order
	n    int
}

// RowsOf returns the given rows in their order.
func RowsOf(list []int32) Rows {
	if list == nil {
		list = []int32{}
	}
	return Rows{list: list, n: len(list)}
}

// Len returns the number of rows.
func (r Rows) Len() int { return r.n }

// At returns the i-th row.
func (r Rows) At(i int) int {
	if r.list == nil {
		return i
	}
	return int(r.list[i])
}

// Select returns the rows that pass the filter, in the order of keys. A nil filter passes all; no keys leave the order
// of the table.
//
// A filter that names keys is answered from the kept orders; any other is run over the table once, and its outcome kept,
// since the pages of one listing ask the same question again and again.
func (t *Table) Select(f *Filter, keys []OrderKey) Rows {
	n := t.Len()
	if f == nil {
		if len(keys) == 0 {
			return Rows{n: n}
		}
		return Rows{list: t.sorted(keys), n: n}
	}
	text := strconv.Quote(f.text) + orderText(keys)
	t.mu.Lock()
	kept, ok := t.results[text]
	t.mu.Unlock()
	if ok {
		return RowsOf(kept)
	}
	if cand, ok := f.candidates(); ok && len(cand) <= max(n/8, 64) {
		out := make([]int32, 0, len(cand))
		for _, r := range cand {
			if f.eval(int(r)) {
				out = append(out, r)
			}
		}
		if len(keys) == 0 {
			slices.Sort(out)
		} else {
			t.sortRows(out, keys)
		}
		if len(cand) > worthKeeping {
			t.keep(text, out)
		}
		return RowsOf(out)
	}
	out := make([]int32, 0, 64)
	if len(keys) == 0 {
		for r := range n {
			if f.eval(r) {
				out = append(out, int32(r))
			}
		}
	} else {
		for _, r := range t.sorted(keys) {
			if f.eval(int(r)) {
				out = append(out, r)
			}
		}
	}
	t.keep(text, out)
	return RowsOf(out)
}

// worthKeeping is from how many candidates on an answer is kept: fewer are looked up as fast.
const worthKeeping = 256

func (t *Table) keep(text string, rows []int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, twice := t.results[text]; twice {
		return
	}
	if len(t.recent) >= maxResults {
		delete(t.results, t.recent[0])
		t.recent = t.recent[1:]
	}
	t.results[text] = rows
	t.recent = append(t.recent, text)
}

func jsonKey(name string) []byte { return append(AppendString(nil, name), ':') }
