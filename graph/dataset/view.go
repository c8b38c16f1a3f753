package dataset

import (
	"errors"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
)

// For returns the dataset as a view has it: the columns it may read and export, and
// the operations that give them. s is the view's schema, as graph.For makes it. It is
// false where the dataset does not exist for the view.
//
// An operation names nothing that the view denies. Beside the columns' fields it asks
// for the ids of the records that are joined, which a view reads wherever it shows the
// records at all, even where it may not export them: keys and times are found by them,
// and no column shows them. Each call makes a Table afresh, which takes up to a
// millisecond; it is the caller's to keep it.
func (d *Definition) For(v *policies.View, s *ast.Schema) (*Table, bool) {
	if v == nil || s == nil || s.Query == nil {
		return nil, false
	}
	m := &maker{d: d, view: v, schema: s, shown: shown{}}
	t, err := m.table()
	return t, err == nil && t != nil
}

// maker makes the table of one view.
type maker struct {
	d      *Definition
	view   *policies.View
	schema *ast.Schema
	shown  shown
	out    *Table
}

// table is nil where the dataset does not exist. An error is a fault of this package:
// the operation it made is not valid over the view's schema.
func (m *maker) table() (*Table, error) {
	d := m.d
	for _, p := range d.parts {
		m.shown.look(m.view, p.root)
	}
	if !m.exists(d.parts[0]) {
		return nil, nil //nolint:nilnil // For makes a false of it
	}
	m.out = &Table{Name: d.Name, Label: d.Label, Description: d.Description, Partial: d.Partial, Columns: fixedColumns()}
	if err := m.fill(); errors.Is(err, errNoRows) {
		return nil, nil //nolint:nilnil // the same
	} else if err != nil {
		return nil, err
	}
	// source is a column that may be all there is to group by.
	if len(m.out.Columns) == FixedColumns && (m.out.Aggregate == nil || len(m.out.Aggregate.Groups) == 0) {
		return nil, nil //nolint:nilnil // the same
	}
	return m.out, nil
}

func (m *maker) fill() error {
	d := m.d
	if !d.Aggregates() {
		q, err := m.query(d.parts[0], nodesOf(d.columns, m.visible))
		if err != nil {
			return err
		}
		for _, c := range d.columns {
			if m.visible(c.node) {
				m.out.Columns = append(m.out.Columns, m.column(d.parts[0], c))
			}
		}
		m.source(d.parts[0], q)
		m.modified(q)
		m.out.Queries = []Query{q.Query}
		return nil
	}
	return m.aggregate()
}

// exists reports whether the rows of a part, and their ids, may be read and exported.
func (m *maker) exists(p *part) bool {
	for n := p.grain; n != nil; n = n.parent {
		at := m.shown[n]
		if at.gone || at.masked {
			return false
		}
		if n.isList() && n.isRecord() {
			if g := m.view.Grant(n.of.Name, "id"); g.Verdict != policies.Allow || !exports(m.view, n.of.Name, "id") {
				return false
			}
		}
		for _, c := range n.children {
			if at := m.shown[c]; c.marks.isKey && (at.gone || at.masked || at.partial) {
				return false
			}
		}
		if !searches(m.view, m.schema, n) {
			return false
		}
	}
	return true
}

func (m *maker) visible(n *node) bool { return !m.shown[n].gone }

// comparable reports whether a node may be grouped by and measured.
func (m *maker) comparable(n *node) bool {
	return n == nil || !m.shown[n].gone && !m.shown[n].masked
}

func nodesOf(list []drawn, keep func(*node) bool) []*node {
	var out []*node
	for _, c := range list {
		if keep(c.node) {
			out = append(out, c.node)
		}
	}
	return out
}

// column is a value's column.
func (m *maker) column(p *part, c drawn) Column {
	n, at := c.node, m.shown[c.node]
	t, _ := typeOf(n.of)
	out := Column{Name: c.name, Label: n.label(), Type: t, Scale: n.marks.scale, Field: n.field(), IsMasked: at.masked, IsPartial: at.partial, IsExact: !at.masked}
	if out.IsExact {
		out.FilterKey, out.OrderValue = m.searched(p, n)
	}
	return out
}

// source says of the column source what the query has of it.
func (m *maker) source(p *part, q *made) {
	if q.Source < 0 {
		return
	}
	c, cell := &m.out.Columns[SourceColumn], q.Cells[q.Source]
	c.Field, c.IsMasked, c.IsPartial, c.IsExact = cell.Field, cell.IsMasked, cell.IsPartial, !cell.IsMasked
	if n := q.nodes[q.Source]; n != nil && c.IsExact {
		c.FilterKey, c.OrderValue = m.searched(p, n)
	}
}

// searched finds the key of the root list's filter and the value of its order that
// compare this very value.
func (m *maker) searched(p *part, n *node) (key, value string) {
	if n.parent != nil && n.parent.kind == money {
		if n.def.Name != "amount" {
			return "", "" // the record's own currency is another field
		}
		n = n.parent
	}
	root := m.schema.Query.Fields.ForName(p.root.def.Name)
	id, ok := m.view.Graph().Field(n.holder, n.def.Name)
	if n.parent != p.root || root == nil || !ok {
		return "", ""
	}
	reads := func(holder, name string) bool {
		read, ok := m.view.Graph().Reads(holder, name)
		return ok && read == id
	}
	if a := root.Arguments.ForName("filter"); a != nil {
		if d := m.schema.Types[a.Type.Name()]; d != nil && d.Fields.ForName(n.def.Name) != nil && reads(d.Name, n.def.Name) {
			key = n.def.Name
		}
	}
	if a := root.Arguments.ForName("orderBy"); a != nil {
		if d := m.schema.Types[a.Type.Name()]; d != nil && d.Fields.ForName("field") != nil {
			of := m.schema.Types[d.Fields.ForName("field").Type.Name()]
			for _, e := range of.EnumValues {
				if reads(of.Name, e.Name) {
					value = e.Name
				}
			}
		}
	}
	return key, value
}

// field is the schema's field a node is: of a part of a value that of its holder.
func (n *node) field() string {
	if n.parent != nil && n.parent.kind == money {
		n = n.parent
	}
	return n.holder + "." + n.def.Name
}

// label is what the schema says of a value.
func (n *node) label() string {
	if n.parent == nil || n.parent.kind != money {
		return n.def.Description
	}
	if n.def.Name == "currency" {
		return "The currency of: " + n.parent.def.Description
	}
	return n.parent.def.Description
}
