package dataset

import (
	"time"

	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/schema"
)

// Aggregator makes the rows of a table of the rows of its operations. It is for one
// goroutine.
//
// Groups are held in memory as far as there is room for them, and put aside on disk, in
// the order of their keys, when there is not; what was put aside of one group is added up
// when all rows are there. The rows it gives are the same either way.
type Aggregator struct {
	table   *Table
	plan    *Aggregate
	columns []Column
	ops     []op // of the measures
	now     time.Time
	zone    *time.Location
	most    int
	room    int64
	disk    *spill.Disk

	layout layout
	groups groups
	firsts numbered // of a summary: the ids of the first list's rows
	aside  aside

	isEnded bool
	err     error // of the end
	order   []uint32

	byQuery [][]int // the measures of each query
	key     []byte  // room, as all below
	scales  []byte
	says    []byte
	out     rowMaker
}

// AggregateOptions are what a table does not say.
type AggregateOptions struct {
	// Now is what past moments are before. The zero time is the time of the call.
	Now time.Time
	// Zone is the calendar of periods where the text names none; nil is UTC.
	Zone *time.Location
	// MaxGroups is how many rows there may be; 0 is the package's MaxGroups.
	MaxGroups int
	// MaxBytes is how much of the groups is held in memory, about; 0 is 64 MiB, and 1 GiB
	// the most. Of a summary the ids of the first list's rows are in it, and may be three
	// quarters of it.
	MaxBytes int64
	// Disk takes the groups that memory has no room for; nil: they are refused.
	Disk *spill.Disk
}

const (
	defaultRoom = 64 << 20
	maxRoom     = 1 << 30
)

// NewAggregator makes an Aggregator for a table that aggregates. Its caller closes it.
func NewAggregator(t *Table, o AggregateOptions) *Aggregator {
	a := &Aggregator{
		table: t, plan: t.Aggregate, columns: t.Columns, now: o.Now, zone: t.Aggregate.Zone, most: o.MaxGroups, room: o.MaxBytes, disk: o.Disk,
		layout: layoutOf(t.Columns, t.Aggregate), firsts: newNumbered(), byQuery: make([][]int, len(t.Queries)),
	}
	a.groups = groups{layout: a.layout, keys: newNumbered()}
	a.out = newRowMaker(a)
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
	if a.room <= 0 {
		a.room = defaultRoom
	}
	a.room = min(a.room, maxRoom)
	for i := range a.plan.Measures {
		m := &a.plan.Measures[i]
		a.byQuery[m.Query] = append(a.byQuery[m.Query], i)
		a.ops = append(a.ops, m.op)
	}
	a.scales = make([]byte, a.layout.decimals)
	return a
}

func (a *Aggregator) isSummary() bool { return len(a.plan.Per) > 0 }

// Close lets go what was put aside. It may be called again.
func (a *Aggregator) Close() error { return a.aside.close() }

// Add adds a base row of the table's query of that number, which is not kept. The rows
// of a summary's first query come before those of the others. A row that is deleted
// counts in nothing; a group of which nothing else is left is deleted.
//
// Its errors are LIMITED: too many groups, or groups for which there is no room. Nothing
// the Aggregator gives is right then.
func (a *Aggregator) Add(query int, row []schema.Value) error {
	a.isEnded = false
	if err := a.makeRoom(); err != nil {
		return err
	}
	switch {
	case !a.isSummary():
		return a.addGrouped(row)
	case query == 0:
		return a.addFirst(row)
	}
	return a.addFurther(query, row)
}

// makeRoom puts the groups aside when they take what they may. It is done between rows
// only: a row has a few groups at most, and adds to them by their numbers.
func (a *Aggregator) makeRoom() error {
	held, ids := a.groups.bytes(), a.firsts.bytes()
	switch {
	case held+ids <= a.room:
		return nil
	case a.disk == nil:
		return schema.Errorf(schema.Limited, "the groups of the dataset %s take more than %d MiB, which is the limit: group by less", a.table.Name, a.room>>20)
	case ids > a.room/4*3:
		return schema.Errorf(schema.Limited, "the rows of the first list of the dataset %s, of which there are more than %d, take more memory than is given: filter it in its text", a.table.Name, a.firsts.len()-1)
	}
	return a.putAside()
}

func (a *Aggregator) addGrouped(row []schema.Value) error {
	cells := row[FixedColumns:]
	a.key = a.key[:0]
	for i := range a.plan.Groups {
		g := &a.plan.Groups[i]
		v := &cells[g.Cell]
		if g.Period != Whole && v.Kind == schema.KindTime {
			first := schema.Value{Kind: schema.KindTime, Time: g.Period.first(v.Time, a.zone)}
			a.key = appendComparable(a.key, &first)
			continue
		}
		if at := a.layout.scales[i]; at > 0 {
			a.scales[at-scalesAt] = byte(v.Dec.Scale()) //nolint:gosec // 19 at most
		}
		a.key = appendComparable(a.key, v)
	}
	return a.spread(0, row)
}

// addFirst adds a row of a summary's first list: it is a group, without a currency.
func (a *Aggregator) addFirst(row []schema.Value) error {
	cells := row[FixedColumns:]
	id := cells[a.plan.Per[0]].Str
	a.says = append(a.says[:0], id...)
	if a.firsts.find(a.says) >= 0 {
		return nil
	}
	first := a.firsts.add(a.says)
	a.says = a.says[:0]
	for i := range a.plan.Groups {
		a.says = appendSaid(a.says, &cells[a.plan.Groups[i].Cell], id)
	}
	a.says = appendSaid(a.says, &row[SourceColumn], id)
	a.says = appendSaid(a.says, &row[KeyColumn], id)
	at, err := a.at(len(a.firstKey(first)), &schema.Null)
	if err != nil {
		return err
	}
	a.groups.say(at, a.says)
	a.touch(a.groups.rec(at), row)
	return nil
}

// firstKey begins the key of the groups of a row of a summary's first list.
func (a *Aggregator) firstKey(first int) []byte {
	a.key = appendNumber(a.key[:0], first)
	return a.key
}

func (a *Aggregator) addFurther(query int, row []schema.Value) error {
	id := &row[FixedColumns+a.plan.Per[query]]
	if id.IsNull() {
		return nil
	}
	a.says = append(a.says[:0], id.Str...)
	first := a.firsts.find(a.says)
	if first < 0 {
		return nil
	}
	base := len(a.firstKey(first))
	if !row[IsDeletedColumn].Bool {
		return a.spread(query, row)
	}
	if row[ModifiedAtColumn].IsNull() {
		return nil
	}
	// It was in the row that it is not counted in any more.
	at, err := a.at(base, &schema.Null)
	if err == nil {
		a.layout.changed(a.groups.rec(at), row[ModifiedAtColumn].Time)
	}
	return err
}

// spread adds a row to its group and, where its amounts are of several currencies, to
// the group of each. a.key is the groups' but for the currency.
func (a *Aggregator) spread(query int, row []schema.Value) error {
	cells := row[FixedColumns:]
	base := len(a.key)
	currency := &schema.Null
	if a.plan.Currency >= 0 {
		for _, i := range a.byQuery[query] {
			if m := &a.plan.Measures[i]; m.money && !cells[m.Cell].IsNull() {
				currency = &cells[m.currency]
				break
			}
		}
	}
	at, err := a.at(base, currency)
	if err != nil {
		return err
	}
	home := a.groups.rec(at)
	a.touch(home, row)
	if row[IsDeletedColumn].Bool {
		return nil
	}
	for _, i := range a.byQuery[query] {
		m, rec := &a.plan.Measures[i], home
		if m.money && !cells[m.Cell].IsNull() && cells[m.currency].Str != currency.Str {
			if at, err = a.at(base, &cells[m.currency]); err != nil {
				return err
			}
			rec = a.groups.rec(at)
			a.touch(rec, row)
		}
		a.measure(i, m, rec, cells)
	}
	return nil
}

// at is the group of a currency, the rest of whose key are the first bytes of a.key. A
// known one costs no memory.
func (a *Aggregator) at(base int, currency *schema.Value) (int, error) {
	a.key = appendComparable(a.key[:base], currency)
	if at := a.groups.keys.find(a.key); at >= 0 {
		return at, nil
	}
	if a.groups.len() >= a.most {
		return 0, a.tooMany()
	}
	at := a.groups.add(a.key)
	if len(a.scales) > 0 {
		rec := a.groups.rec(at)
		rec[0] |= hasScales
		copy(rec[scalesAt:], a.scales)
	}
	return at, nil
}

// touch notes the times of a row.
func (a *Aggregator) touch(rec []byte, row []schema.Value) {
	if at := &row[ModifiedAtColumn]; !at.IsNull() {
		a.layout.changed(rec, at.Time)
	}
	if row[IsDeletedColumn].Bool {
		return
	}
	rec[0] |= isLive
	if at := &row[AsOfColumn]; !at.IsNull() {
		a.layout.asOf(rec, at.Time)
	}
}

// measure adds what a row has of a measure.
func (a *Aggregator) measure(i int, m *Measure, rec []byte, cells []schema.Value) {
	switch v := &cells[m.Cell]; {
	case v.IsNull():
	case m.op == count:
		a.layout.count(rec, i, 1)
	case m.op == sum:
		a.sum(i, m, rec, cells)
	default:
		a.layout.extreme(rec, i, m.op == least, v)
	}
}

func (a *Aggregator) sum(i int, m *Measure, rec []byte, cells []schema.Value) {
	if m.past >= 0 {
		if at := &cells[m.past]; at.IsNull() || !at.Time.Before(a.now) {
			return
		}
	}
	v, less := &cells[m.Cell], &schema.Null
	if m.minus >= 0 {
		less = &cells[m.minus]
	}
	slot := a.layout.slot(rec, i)
	if !less.IsNull() && m.money && cells[m.minusCurrency].Str != cells[m.currency].Str {
		a.layout.set(rec, i)
		slot[0] |= sumUnknown
		return
	}
	if m.past >= 0 && !isMore(v, less) {
		return
	}
	a.layout.set(rec, i)
	a.addValue(slot, v, false)
	if !less.IsNull() {
		a.addValue(slot, less, true)
	}
}

// isMore reports whether a number is more than another, or than nothing.
func isMore(v, less *schema.Value) bool {
	if v.Kind == schema.KindInt {
		return v.Int > less.Int
	}
	return v.Dec.Cmp(less.Dec) > 0
}

// addValue adds a number to the sum in a slot, or takes it off.
func (a *Aggregator) addValue(slot []byte, v *schema.Value, isLess bool) {
	if v.Kind == schema.KindInt {
		addSum(slot, &a.groups.wides, (v.Int < 0) != isLess, magnitude(v.Int), 0)
		return
	}
	addSum(slot, &a.groups.wides, v.Dec.IsNeg() != isLess, v.Dec.Coef(), v.Dec.Scale())
}

func (a *Aggregator) tooMany() error {
	return schema.Errorf(schema.Limited, "the dataset %s has more than %d groups, which is the limit: group by less", a.table.Name, a.most)
}

func (a *Aggregator) overflow(m *Measure) error {
	return schema.Errorf(schema.Limited, "the sum in the column %s of the dataset %s has more digits than a number can have: group by more", a.columns[m.Column].Name, a.table.Name)
}
