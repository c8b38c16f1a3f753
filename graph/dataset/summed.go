package dataset

import (
	"slices"
)

// aggregate fills in the columns and queries of a table whose rows are made of others.
func (m *maker) aggregate() error {
	d := m.d
	a := &Aggregate{Currency: -1, Zone: d.zone}
	m.out.Aggregate = a
	queries := make([]*made, len(d.parts)) // nil of a part the view does not have
	first := d.parts[0]
	isSummary := len(d.parts) > 1
	for i, p := range d.parts {
		var values []*node
		switch {
		case isSummary && i == 0:
			values = nodesOf(d.columns, m.visible)
		case isSummary && (!m.exists(p) || !m.comparable(p.per)):
			continue
		default:
			values = m.operands(i)
			if isSummary && len(values) == 0 {
				continue
			}
			if p.per != nil {
				values = append(values, p.per)
			}
		}
		q, err := m.query(p, values)
		if err != nil {
			return err
		}
		queries[i] = q
	}
	numbers := make([]int, len(d.parts))
	for i, q := range queries {
		if q == nil {
			continue
		}
		numbers[i] = len(m.out.Queries)
		m.out.Queries = append(m.out.Queries, q.Query)
		if isSummary {
			per := q.Key[0].Cell
			if i > 0 {
				per = q.cell[d.parts[i].per]
			}
			a.Per = append(a.Per, per)
		}
	}
	if isSummary {
		for _, c := range d.columns {
			if m.visible(c.node) {
				a.Groups = append(a.Groups, Group{Column: len(m.out.Columns), Cell: queries[0].cell[c.node]})
				m.out.Columns = append(m.out.Columns, m.unsearched(m.column(first, c)))
			}
		}
		m.source(first, queries[0])
	}
	m.modified(slices.DeleteFunc(slices.Clone(queries), func(q *made) bool { return q == nil })...)
	m.groups(a, queries[0])
	m.measures(a, queries, numbers)
	return nil
}

// unsearched is a column that is no column of a root list.
func (m *maker) unsearched(c Column) Column {
	c.FilterKey, c.OrderValue = "", ""
	return c
}

func (m *maker) groups(a *Aggregate, q *made) {
	d := m.d
	for _, g := range d.groups {
		if !m.comparable(g.node) {
			continue
		}
		c := m.unsearched(m.column(d.parts[0], g.drawn))
		if g.period != Whole {
			c.Type = Date
		}
		at := len(m.out.Columns)
		if g.name == "source" {
			at = SourceColumn
			m.out.Columns[at].Field, m.out.Columns[at].IsPartial = c.Field, c.IsPartial
		} else {
			m.out.Columns = append(m.out.Columns, c)
		}
		a.Groups = append(a.Groups, Group{Column: at, Cell: q.cell[g.node], Period: g.period})
	}
}

// measured reports whether a view may have a measure.
func (m *maker) measured(x *measure) bool {
	return m.comparable(x.node) && m.comparable(x.minus) && m.comparable(x.past)
}

// operands are the values a part's groups and measures are made of.
func (m *maker) operands(i int) []*node {
	var out []*node
	ask := func(n *node) {
		switch {
		case n == nil:
		case n.kind == money:
			out = append(out, n.child("amount"), n.child("currency"))
		default:
			out = append(out, n)
		}
	}
	if i == 0 {
		for _, g := range m.d.groups {
			if m.comparable(g.node) {
				ask(g.node)
			}
		}
	}
	for k := range m.d.measures {
		if x := &m.d.measures[k]; x.part == i && m.measured(x) {
			ask(x.node)
			ask(x.minus)
			ask(x.past)
		}
	}
	return out
}

func (m *maker) measures(a *Aggregate, queries []*made, numbers []int) {
	kept := make([]*measure, 0, len(m.d.measures))
	for k := range m.d.measures {
		if x := &m.d.measures[k]; queries[x.part] != nil && m.measured(x) {
			kept = append(kept, x)
		}
	}
	if slices.ContainsFunc(kept, (*measure).isMoney) {
		a.Currency = len(m.out.Columns)
		m.out.Columns = append(m.out.Columns, Column{Name: currencyColumn, Label: "The currency of the amounts in the row.", Type: Text, Scale: AnyScale, IsExact: true})
	}
	for _, x := range kept {
		q := queries[x.part]
		cells := func(n *node) (value, currency int) {
			switch {
			case n == nil:
				return -1, -1
			case n.kind == money:
				return q.cell[n.child("amount")], q.cell[n.child("currency")]
			}
			return q.cell[n], -1
		}
		out := Measure{Column: len(m.out.Columns), Query: numbers[x.part], op: x.op, money: x.isMoney()}
		out.Cell, out.currency = cells(x.node)
		out.minus, out.minusCurrency = cells(x.minus)
		out.past, _ = cells(x.past)
		a.Measures = append(a.Measures, out)
		m.out.Columns = append(m.out.Columns, m.measureColumn(x))
	}
}

func (m *maker) measureColumn(x *measure) Column {
	c := Column{Name: x.name, Label: x.op.label() + x.node.def.Description, Type: Decimal, Scale: x.node.marks.scale, Field: x.node.field(), IsExact: true}
	for _, n := range []*node{x.node, x.minus, x.past} {
		c.IsPartial = c.IsPartial || n != nil && m.shown[n].partial
	}
	if x.minus != nil && x.minus.marks.scale != c.Scale {
		c.Scale = AnyScale
	}
	switch {
	case x.op == count:
		c.Type, c.Scale = Int, AnyScale
	case x.node.kind == leaf:
		c.Type, _ = typeOf(x.node.of)
	}
	return c
}

// label begins what is said of a measure's column.
func (o op) label() string { return [...]string{"Count: ", "Sum: ", "Least: ", "Greatest: "}[o] }
