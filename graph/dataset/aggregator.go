package dataset

import (
	"time"
	"unsafe"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// Aggregator makes the rows of a table of the rows of its operations. It is for one
// goroutine.
type Aggregator struct {
	table   *Table
	plan    *Aggregate
	columns []Column
	now     time.Time
	zone    *time.Location
	most    int
	bytes   int64 // held of the groups, about
	room    int64 // how many may be, 0: any number

	groups map[string]int32 // by the key of their values
	firsts map[string]int32 // of a summary: the rows of the first list, by id
	heads  []head
	rows   int32 // of the first list

	values []schema.Value // of the groups: width for each, the last one the currency
	sums   []tally        // of the groups: one for each measure
	width  int

	byQuery [][]int // the measures of each query
	key     []byte
	group   []schema.Value // the values of the row under way
}

// head is what a group's row begins with.
type head struct {
	first      int32 // of a summary: the number of the first list's row
	values     int   // where its values begin
	isLive     bool  // any row of it is not deleted
	asOf       time.Time
	modifiedAt time.Time
	source     string // of a summary: the first list's row's
	key        string // the same
}

// tally is one measure of one group.
type tally struct {
	n         int64
	dec       decimal.Decimal
	at        time.Time
	set       bool
	isUnknown bool // what was to be taken off is of another currency
}

// AggregateOptions are what a table does not say.
type AggregateOptions struct {
	// Now is what past moments are before. The zero time is the time of the call.
	Now time.Time
	// Zone is the calendar of periods where the text names none; nil is UTC.
	Zone *time.Location
	// MaxGroups is how many rows there may be; 0 is the package's MaxGroups.
	MaxGroups int
	// MaxBytes is how much of the groups is held; 0 is no bound but that of their number.
	MaxBytes int64
}

// NewAggregator makes an Aggregator for a table that aggregates.
func NewAggregator(t *Table, o AggregateOptions) *Aggregator {
	a := &Aggregator{
		table: t, plan: t.Aggregate, columns: t.Columns, now: o.Now, zone: t.Aggregate.Zone, most: o.MaxGroups, room: o.MaxBytes,
		groups: map[string]int32{}, width: len(t.Aggregate.Groups) + 1, byQuery: make([][]int, len(t.Queries)),
	}
	if a.now.IsZero() {
		a.now = time.Now()
	}
	if a.zone == nil {
		a.zone = o.Zone
	}
	if a.zone == nil {
		a.zone = time.UTC
	}
	if a.most <= 0 {
		a.most = MaxGroups
	}
	if a.isSummary() {
		a.firsts = map[string]int32{}
	}
	for i := range a.plan.Measures {
		q := a.plan.Measures[i].Query
		a.byQuery[q] = append(a.byQuery[q], i)
	}
	a.group = make([]schema.Value, a.width)
	return a
}

func (a *Aggregator) isSummary() bool { return len(a.plan.Per) > 0 }

// Add adds a base row of the table's query of that number, which is not kept. The rows
// of a summary's first query come before those of the others. A row that is deleted
// counts in nothing; a group of which nothing else is left is deleted.
//
// Its errors are LIMITED: too many groups, groups that take too much, or a sum that no
// decimal can hold. Nothing the Aggregator gives is right then.
func (a *Aggregator) Add(query int, row []schema.Value) error {
	switch {
	case !a.isSummary():
		return a.addGrouped(row)
	case query == 0:
		return a.addFirst(row)
	}
	return a.addFurther(query, row)
}

func (a *Aggregator) addGrouped(row []schema.Value) error {
	cells := row[FixedColumns:]
	a.key = a.key[:0]
	for i := range a.plan.Groups {
		g := &a.plan.Groups[i]
		v := &a.group[i]
		*v = cells[g.Cell]
		if g.Period != Whole && v.Kind == schema.KindTime {
			v.Time = g.Period.first(v.Time, a.zone)
		}
		a.key = appendComparable(a.key, v)
	}
	return a.spread(0, 0, row)
}

// addFirst adds a row of a summary's first list: it is a group, without a currency.
func (a *Aggregator) addFirst(row []schema.Value) error {
	cells := row[FixedColumns:]
	id := cells[a.plan.Per[0]].Str
	if _, again := a.firsts[id]; again {
		return nil
	}
	for i := range a.plan.Groups {
		a.group[i] = cells[a.plan.Groups[i].Cell]
	}
	first := a.rows
	a.rows++
	a.firsts[id] = first
	a.key = appendNumber(a.key[:0], first)
	a.group[a.width-1] = schema.Null
	at, err := a.at(first, len(a.key))
	if err != nil {
		return err
	}
	h := &a.heads[at]
	h.source, h.key = row[SourceColumn].Str, row[KeyColumn].Str
	a.touch(h, row)
	return nil
}

func (a *Aggregator) addFurther(query int, row []schema.Value) error {
	id := &row[FixedColumns+a.plan.Per[query]]
	first, ok := a.firsts[id.Str]
	if !ok || id.IsNull() {
		return nil
	}
	if row[IsDeletedColumn].Bool {
		// It was in the row that it is not counted in any more.
		if h := &a.heads[a.home(first)]; row[ModifiedAtColumn].Time.After(h.modifiedAt) {
			h.modifiedAt = row[ModifiedAtColumn].Time
		}
		return nil
	}
	home := a.home(first)
	copy(a.group, a.values[a.heads[home].values:][:a.width-1])
	a.key = appendNumber(a.key[:0], first)
	return a.spread(query, first, row)
}

// home is the group of a first list's row that has no currency.
func (a *Aggregator) home(first int32) int32 {
	var room [8]byte
	key := appendNumber(room[:0], first)
	key = append(key, absent)
	return a.groups[string(key)]
}

// spread adds a row to its group and, where its amounts are of several currencies, to
// the group of each. a.key and a.group are the groups' but for the currency.
func (a *Aggregator) spread(query int, first int32, row []schema.Value) error {
	cells := row[FixedColumns:]
	base := len(a.key)
	currency := schema.Null
	if a.plan.Currency >= 0 {
		for _, i := range a.byQuery[query] {
			if m := &a.plan.Measures[i]; m.money && !cells[m.Cell].IsNull() {
				currency = cells[m.currency]
				break
			}
		}
	}
	a.group[a.width-1] = currency
	home, err := a.at(first, base)
	if err != nil {
		return err
	}
	a.touch(&a.heads[home], row)
	if row[IsDeletedColumn].Bool {
		return nil
	}
	for _, i := range a.byQuery[query] {
		m := &a.plan.Measures[i]
		at := home
		if m.money && !cells[m.Cell].IsNull() && cells[m.currency].Str != currency.Str {
			a.key = a.key[:base]
			a.group[a.width-1] = cells[m.currency]
			if at, err = a.at(first, base); err != nil {
				return err
			}
			a.touch(&a.heads[at], row)
		}
		if err := a.measure(m, &a.sums[int(at)*len(a.plan.Measures)+i], cells); err != nil {
			return err
		}
	}
	return nil
}

// at is the group of the values of a.group, whose key is in the first bytes of a.key.
// A known one costs no memory.
func (a *Aggregator) at(first int32, base int) (int32, error) {
	a.key = appendComparable(a.key[:base], &a.group[a.width-1])
	if at, ok := a.groups[string(a.key)]; ok {
		return at, nil
	}
	if len(a.heads) >= a.most {
		return 0, schema.Errorf(schema.Limited, "the dataset %s has more than %d groups, which is the limit: group by less", a.table.Name, a.most)
	}
	if a.bytes += a.size(); a.room > 0 && a.bytes > a.room {
		return 0, schema.Errorf(schema.Limited, "the groups of the dataset %s take more than %d MiB, which is the limit: group by less", a.table.Name, a.room>>20)
	}
	at := int32(len(a.heads)) //nolint:gosec // bounded by most
	a.groups[string(a.key)] = at
	h := head{first: first, values: len(a.values)}
	a.values = append(a.values, a.group...)
	a.sums = append(a.sums, make([]tally, len(a.plan.Measures))...)
	if currency := &a.group[a.width-1]; a.isSummary() && !currency.IsNull() {
		home := &a.heads[a.home(first)]
		h.source, h.key = home.source, home.key+"."+currency.Str
	}
	a.heads = append(a.heads, h)
	return at, nil
}

// size is what the group at hand takes, about: its key and what the map has of it, the
// head, the values with their texts, and its measures.
func (a *Aggregator) size() int64 {
	const entry = 32 // of a map, besides the key
	n := len(a.key) + entry + int(unsafe.Sizeof(head{})) + a.width*int(unsafe.Sizeof(schema.Value{})) + len(a.plan.Measures)*int(unsafe.Sizeof(tally{}))
	for i := range a.group {
		n += len(a.group[i].Str)
	}
	return int64(n)
}

// touch notes the times of a row.
func (a *Aggregator) touch(h *head, row []schema.Value) {
	if at := row[ModifiedAtColumn].Time; at.After(h.modifiedAt) {
		h.modifiedAt = at
	}
	if row[IsDeletedColumn].Bool {
		return
	}
	h.isLive = true
	if at := row[AsOfColumn]; !at.IsNull() && (h.asOf.IsZero() || at.Time.Before(h.asOf)) {
		h.asOf = at.Time
	}
}

// measure adds what a row has of a measure.
func (a *Aggregator) measure(m *Measure, t *tally, cells []schema.Value) error {
	v := &cells[m.Cell]
	if v.IsNull() {
		return nil
	}
	switch m.op {
	case count:
		t.n++
		t.set = true
		return nil
	case sum:
		return a.sum(m, t, v, cells)
	}
	first := !t.set
	t.set = true
	switch v.Kind {
	case schema.KindInt:
		if first || m.op == least && v.Int < t.n || m.op == greatest && v.Int > t.n {
			t.n = v.Int
		}
	case schema.KindDecimal:
		if first || m.op == least && v.Dec.Less(t.dec) || m.op == greatest && t.dec.Less(v.Dec) {
			t.dec = v.Dec
		}
	case schema.KindTime:
		if first || m.op == least && v.Time.Before(t.at) || m.op == greatest && v.Time.After(t.at) {
			t.at = v.Time
		}
	}
	return nil
}

func (a *Aggregator) sum(m *Measure, t *tally, v *schema.Value, cells []schema.Value) error {
	if m.past >= 0 {
		if at := &cells[m.past]; at.IsNull() || !at.Time.Before(a.now) {
			return nil
		}
	}
	whole, part := v.Int, v.Dec
	if m.minus >= 0 && !cells[m.minus].IsNull() {
		less := &cells[m.minus]
		if m.money && cells[m.minusCurrency].Str != cells[m.currency].Str {
			t.isUnknown = true
			return nil
		}
		var err error
		if part, err = exact(part, less.Dec.Neg()); err != nil {
			return a.overflow(m)
		}
		rest := whole - less.Int
		if (rest < whole) != (less.Int > 0) {
			return a.overflow(m)
		}
		whole = rest
	}
	if m.past >= 0 && whole <= 0 && !part.IsPos() {
		return nil
	}
	total := t.n + whole
	if (total > t.n) != (whole > 0) {
		return a.overflow(m)
	}
	d := part
	if t.set {
		var err error
		if d, err = exact(t.dec, part); err != nil {
			return a.overflow(m)
		}
	}
	t.n, t.dec, t.set = total, d, true
	return nil
}

// exact adds without rounding, or not at all.
func exact(d, e decimal.Decimal) (decimal.Decimal, error) {
	sum, err := d.AddExact(e, max(d.Scale(), e.Scale()))
	if err != nil {
		d, e = d.Trim(0), e.Trim(0)
		return d.AddExact(e, max(d.Scale(), e.Scale()))
	}
	return sum, nil
}

func (a *Aggregator) overflow(m *Measure) error {
	return schema.Errorf(schema.Limited, "the sum in the column %s of the dataset %s has more digits than a number can have: group by more", a.columns[m.Column].Name, a.table.Name)
}
