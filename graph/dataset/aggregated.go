package dataset

import (
	"context"
	"encoding/binary"

	"github.com/trama-graph/trama/schema"
)

// Rows calls f with each row of the table, in the order of the groups' values, nulls
// first; a summary's in the order of the first list, then by currency. The slice is
// used again. It ends with f's error, or with the context's. It may be called again, and
// gives the same then.
//
// Its own errors are told before the first row: LIMITED where there are too many groups,
// no room for them, or a sum that no decimal can hold. INTERNAL, and that at any row, is
// that groups that were put aside did not come back as they were.
func (a *Aggregator) Rows(ctx context.Context, f func(row []schema.Value) error) error {
	if !a.isEnded {
		a.isEnded = true
		a.err = a.end(ctx)
	}
	if a.err != nil {
		return a.err
	}
	a.out.first = -1
	if a.aside.file != nil {
		return a.merge(ctx, a.aside.runs, func(p parts, rec []byte, wides []wide) error {
			return a.give(p.key, p.says, rec, wides, f)
		})
	}
	for n, i := range a.order {
		if n%asked == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := a.give(a.groups.keys.text(int(i)), a.groups.saysOf(int(i)), a.groups.rec(int(i)), a.groups.wides, f); err != nil {
			return err
		}
	}
	return nil
}

// end makes the groups whole.
func (a *Aggregator) end(ctx context.Context) error {
	if a.aside.file != nil {
		return a.unite(ctx)
	}
	for i := range a.groups.len() {
		if err := a.check(a.groups.rec(i), a.groups.wides); err != nil {
			return err
		}
	}
	a.order = a.groups.sorted()
	return nil
}

// rowMaker is room for a row and what it is made of.
type rowMaker struct {
	row    []schema.Value
	values []schema.Value // of the group, the currency last
	key    []byte

	// Of a summary: the row of the first list that was last, whose rows of currencies
	// come behind it.
	first       int
	source, own schema.Value
}

func newRowMaker(a *Aggregator) rowMaker {
	return rowMaker{row: make([]schema.Value, len(a.columns)), values: make([]schema.Value, len(a.plan.Groups)+1)}
}

// give makes the row of a group.
func (a *Aggregator) give(key, says, rec []byte, wides []wide, f func(row []schema.Value) error) error {
	o := &a.out
	row := o.row
	clear(row)
	var ok bool
	if a.isSummary() {
		ok = a.readSummed(key, says)
		row[SourceColumn], row[KeyColumn] = o.source, o.own
		if currency := &o.values[len(o.values)-1]; !currency.IsNull() {
			row[KeyColumn] = schema.String(o.own.Str + "." + currency.Str)
		}
	} else {
		ok = a.readGrouped(key, rec)
		o.key = a.appendKey(o.key[:0], o.values)
		row[KeyColumn] = schema.String(string(o.key))
	}
	if !ok {
		return a.unread(errPartial)
	}
	for i := range a.plan.Groups {
		row[a.plan.Groups[i].Column] = o.values[i]
	}
	if a.plan.Currency >= 0 {
		row[a.plan.Currency] = o.values[len(o.values)-1]
	}
	row[AsOfColumn], row[ModifiedAtColumn] = a.layout.times(rec)
	row[IsDeletedColumn] = schema.Bool(rec[0]&isLive == 0)
	for i := range a.plan.Measures {
		row[a.plan.Measures[i].Column] = a.value(i, rec, wides)
	}
	return f(row)
}

// readGrouped reads the values of a group from its key.
func (a *Aggregator) readGrouped(key, rec []byte) (ok bool) {
	values := a.out.values
	for i := range values {
		places := 0
		if i < len(a.layout.scales) && a.layout.scales[i] > 0 {
			places = int(rec[a.layout.scales[i]])
		}
		if values[i], key, ok = readComparable(key, places); !ok {
			return false
		}
	}
	return len(key) == 0
}

// readSummed reads the row of a summary's first list, or of one of its currencies.
func (a *Aggregator) readSummed(key, says []byte) (ok bool) {
	o := &a.out
	if len(key) < 4 {
		return false
	}
	first := int(binary.BigEndian.Uint32(key))
	last := len(o.values) - 1
	if o.values[last], _, ok = readComparable(key[4:], 0); !ok {
		return false
	}
	if !o.values[last].IsNull() {
		return first == o.first
	}
	if first >= a.firsts.len() {
		return false
	}
	o.first = first
	id := a.firsts.text(first)
	for i := range last {
		if o.values[i], says, ok = readSaid(says, id); !ok {
			return false
		}
	}
	if o.source, says, ok = readSaid(says, id); !ok {
		return false
	}
	o.own, says, ok = readSaid(says, id)
	return ok && len(says) == 0
}

// theID stands for the id of a row where that is one of its values.
const theID = 0xff

// appendSaid appends a value of a row of a summary's first list, whose id is kept already.
func appendSaid(b []byte, v *schema.Value, id string) []byte {
	if v.Kind == schema.KindString && v.Str == id {
		return append(b, theID)
	}
	b = append(b, byte(v.Dec.Scale())) //nolint:gosec // 19 at most
	return appendComparable(b, v)
}

func readSaid(b, id []byte) (v schema.Value, rest []byte, ok bool) {
	switch {
	case len(b) == 0:
		return v, nil, false
	case b[0] == theID:
		return schema.Value{Kind: schema.KindString, Str: string(id)}, b[1:], true
	}
	return readComparable(b[1:], int(b[0]))
}

// appendKey appends what tells a group from the others: its values, as Query.AppendKey
// writes them, or "all" of the one that is not grouped.
func (a *Aggregator) appendKey(key []byte, values []schema.Value) []byte {
	from := len(key)
	for i := range a.plan.Groups {
		g := &a.plan.Groups[i]
		t := a.columns[g.Column].Type
		if g.Period != Whole {
			t = Date
		}
		if i > 0 {
			key = append(key, '.')
		}
		key = appendEscaped(key, &values[i], t)
	}
	switch {
	case a.plan.Currency >= 0 && len(a.plan.Groups) > 0:
		key = append(key, '.')
		fallthrough
	case a.plan.Currency >= 0:
		key = appendEscaped(key, &values[len(values)-1], Text)
	case len(a.plan.Groups) == 0:
		key = append(key, "all"...)
	}
	return harmless(key, from)
}

// value is what a measure came to: a count of nothing is 0, everything else of nothing
// is null.
func (a *Aggregator) value(i int, rec []byte, wides []wide) schema.Value {
	m, slot := &a.plan.Measures[i], a.layout.slot(rec, i)
	if m.op == count {
		return schema.Int(int64(binary.LittleEndian.Uint64(slot))) //nolint:gosec // rows are no more
	}
	if !a.layout.isSet(rec, i) {
		return schema.Null
	}
	switch a.layout.measures[i].kind {
	case intSlot:
		return schema.Int(int64(binary.LittleEndian.Uint64(slot))) //nolint:gosec // the same bits
	case timeSlot:
		return schema.Time(getTime(slot))
	case sumSlot:
		v, _ := sumOf(slot, wides, a.columns[m.Column].Type) // check has seen it
		return v
	}
	return schema.Dec(getDecimal(slot))
}
