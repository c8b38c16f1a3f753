package dataset

import (
	"slices"

	"github.com/trama-graph/trama/schema"
)

// Rows calls f with each row of the table, in the order of the groups' values, nulls
// first; a summary's in the order of the first list, then by currency. The slice is
// used again. It ends with f's error.
func (a *Aggregator) Rows(f func(row []schema.Value) error) error {
	order := make([]int32, len(a.heads))
	for i := range order {
		order[i] = int32(i) //nolint:gosec // bounded by most
	}
	slices.SortFunc(order, a.compare)
	row := make([]schema.Value, len(a.columns))
	var key []byte
	for _, at := range order {
		key = a.fill(row, at, key[:0])
		if err := f(row); err != nil {
			return err
		}
	}
	return nil
}

func (a *Aggregator) compare(x, y int32) int {
	g, h := &a.heads[x], &a.heads[y]
	if a.isSummary() && g.first != h.first {
		return int(g.first) - int(h.first)
	}
	from := 0
	if a.isSummary() {
		from = a.width - 1
	}
	for i := from; i < a.width; i++ {
		if c := a.values[g.values+i].Compare(a.values[h.values+i]); c != 0 {
			return c
		}
	}
	return int(x) - int(y)
}

// fill makes the row of a group; key is room.
func (a *Aggregator) fill(row []schema.Value, at int32, key []byte) []byte {
	clear(row)
	h := &a.heads[at]
	values := a.values[h.values:][:a.width]
	for i := range a.plan.Groups {
		row[a.plan.Groups[i].Column] = values[i]
	}
	if a.plan.Currency >= 0 {
		row[a.plan.Currency] = values[a.width-1]
	}
	if a.isSummary() {
		row[KeyColumn], row[SourceColumn] = schema.String(h.key), schema.String(h.source)
	} else {
		key = a.appendKey(key, values)
		row[KeyColumn] = schema.String(string(key))
	}
	row[AsOfColumn], row[ModifiedAtColumn] = schema.Time(h.asOf), schema.Time(h.modifiedAt)
	row[IsDeletedColumn] = schema.Bool(!h.isLive)
	for i := range a.plan.Measures {
		m := &a.plan.Measures[i]
		row[m.Column] = a.value(m, &a.sums[int(at)*len(a.plan.Measures)+i])
	}
	return key
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
		key = appendEscaped(key, &values[a.width-1], Text)
	case len(a.plan.Groups) == 0:
		key = append(key, "all"...)
	}
	return harmless(key, from)
}

// value is what a measure came to: a count of nothing is 0, everything else of nothing
// is null.
func (a *Aggregator) value(m *Measure, t *tally) schema.Value {
	switch {
	case m.op == count:
		return schema.Int(t.n)
	case !t.set || t.isUnknown:
		return schema.Null
	}
	switch a.columns[m.Column].Type {
	case Int:
		return schema.Int(t.n)
	case DateTime:
		return schema.Time(t.at)
	}
	return schema.Dec(t.dec)
}
