package dataset

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/trama-graph/trama/policies"
)

// made is a query with where its cells come from.
type made struct {
	Query
	nodes []*node       // of the cells; nil of a hidden one
	cell  map[*node]int // of a node
	ids   map[*node]int // the cells of the ids of records
	extra map[*node][]string
}

// errNoRows says that a view shows nothing of the rows themselves.
var errNoRows = errors.New("dataset: nothing of the rows is shown")

// query makes the operation that gives some values of a part. The cells begin with
// these, in their order; behind them is what keys, sources and times need.
func (m *maker) query(p *part, values []*node) (*made, error) {
	q := &made{cell: map[*node]int{}, ids: map[*node]int{}, extra: map[*node][]string{}}
	q.Rows, q.IsPage, q.Source, q.Deleted, q.IsBound = p.grain.path(), p.root.kind == page, -1, -1, len(p.root.args) > 0
	kept := map[*node]bool{}
	for _, n := range values {
		m.ask(q, kept, n)
	}
	for n := p.grain; n != nil; n = n.parent {
		kept[n] = true
		for _, c := range n.children {
			if c.marks.isKey {
				m.ask(q, kept, c)
			}
		}
	}
	p.root.walk(func(n *node) {
		if kept[n] && n.isRecord() {
			q.ids[n] = m.member(q, kept, n, "id", Text)
			q.Records = append(q.Records, Record{Path: n.path(), Type: n.of.Name, ID: q.ids[n], Changed: m.changed(q, kept, n)})
		}
	})
	filter := m.deleted(q, p, kept)
	q.keys(p)
	if p == m.d.parts[0] && (len(m.d.parts) > 1 || !m.d.Aggregates()) {
		m.sourceOf(q, p, kept) // of groups it would be one of them
	}
	if len(q.extra[p.grain]) == 0 && !slices.ContainsFunc(p.grain.children, func(c *node) bool { return kept[c] }) {
		return nil, errNoRows
	}
	w := &writer{root: p.root, filter: filter}
	w.WriteString("query " + m.d.Name + " { ")
	w.field(p.root, kept, q.extra)
	w.WriteString(" }")
	q.Text = w.String()
	return q, q.Parse(m.schema)
}

// ask notes a value and all that holds it.
func (m *maker) ask(q *made, kept map[*node]bool, n *node) {
	if kept[n] {
		return
	}
	t, _ := typeOf(n.of)
	at := m.shown[n]
	q.cell[n] = len(q.Cells)
	q.nodes = append(q.nodes, n)
	q.Cells = append(q.Cells, Cell{Path: n.path(), Type: t, Scale: n.marks.scale, Field: n.field(), IsMasked: at.masked, IsPartial: at.partial})
	for ; n != nil && !kept[n]; n = n.parent {
		kept[n] = true
	}
}

// member is the cell of a field of a record, which is asked besides where it is not
// asked yet.
func (m *maker) member(q *made, kept map[*node]bool, n *node, name string, t Type) int {
	for _, c := range n.children {
		if c.kind == leaf && c.def.Name == name && kept[c] {
			return q.cell[c]
		}
	}
	at := m.shown[n]
	g := m.view.Grant(n.of.Name, name)
	q.extra[n] = append(q.extra[n], name)
	q.nodes = append(q.nodes, nil)
	q.Cells = append(q.Cells, Cell{
		Path: append(n.path(), hiddenPrefix+name), Type: t, Scale: AnyScale, Field: n.of.Name + "." + name,
		IsMasked: at.masked || g.Mask != "", IsPartial: at.partial || g.Verdict == policies.Row,
	})
	return len(q.Cells) - 1
}

// changedField is the field of a record that says when it was last seen to change.
const changedField = "changedAt"

// changed is the cell of that field, -1 where the view does not show and export it on
// every row.
func (m *maker) changed(q *made, kept map[*node]bool, n *node) int {
	if n.of.Fields.ForName(changedField) == nil {
		return -1
	}
	g := m.view.Grant(n.of.Name, changedField)
	if g.Verdict != policies.Allow || g.Mask != "" || m.shown[n].masked || !exports(m.view, n.of.Name, changedField) {
		return -1
	}
	return m.member(q, kept, n, changedField, DateTime)
}

// deletedField is the field of a record that says whether it is no more.
const deletedField = "isDeleted"

// withDeleted is the condition of a root list that living and deleted records fulfil:
// without one it has the living only.
const withDeleted = "{" + deletedField + ": {in: [true, false]}}"

// deleted asks whether the records of the root list are no more, and returns the filter
// that has them there; "" where the view does not show and export that on every row, or
// the list cannot be asked for it. A filter of the text that says itself which it wants is
// left as it is.
func (m *maker) deleted(q *made, p *part, kept map[*node]bool) string {
	if !kept[p.root] || !p.root.isRecord() || p.root.of.Fields.ForName(deletedField) == nil {
		return ""
	}
	g := m.view.Grant(p.root.of.Name, deletedField)
	if g.Verdict != policies.Allow || g.Mask != "" || m.shown[p.root].masked || !exports(m.view, p.root.of.Name, deletedField) {
		return ""
	}
	if key, _ := m.searched(p, m.deletedNode(p)); key == "" {
		return ""
	}
	q.Deleted = m.member(q, kept, p.root, deletedField, Boolean)
	if p == m.d.parts[0] && !m.d.Aggregates() {
		m.out.Columns[IsDeletedColumn].FilterKey = deletedField
	}
	if own := p.root.args.ForName("filter"); own != nil && names(own.Value, deletedField) {
		return ""
	}
	return withDeleted
}

// deletedNode is the field of the root list's records as if the text asked for it.
func (m *maker) deletedNode(p *part) *node {
	return &node{parent: p.root, kind: leaf, holder: p.root.of.Name, def: p.root.of.Fields.ForName(deletedField)}
}

// names reports whether a literal has a key.
func names(v *ast.Value, key string) bool {
	return slices.ContainsFunc(v.Children, func(c *ast.ChildValue) bool { return c.Name == key || names(c.Value, key) })
}

// modified says of the column modifiedAt what the queries have of it: it is the latest of
// all records of a row, and where one of them does not tell, it is not known.
func (m *maker) modified(queries ...*made) {
	c := &m.out.Columns[ModifiedAtColumn]
	for _, q := range queries {
		c.IsExact = c.IsExact && len(q.Records) > 0
		for _, r := range q.Records {
			c.IsExact = c.IsExact && r.Changed >= 0
		}
	}
	if c.IsExact && m.out.Aggregate == nil {
		m.changes(c, &queries[0].Query)
	}
}

// keys finds what tells rows apart: of each list on the way to them the id, the fields
// marked for it, or the place in it.
func (q *made) keys(p *part) {
	var lists []*node
	for n := p.grain; n != nil; n = n.parent {
		if n.isList() {
			lists = append(lists, n)
		}
	}
	for i := len(lists) - 1; i >= 0; i-- {
		n := lists[i]
		if n.isRecord() {
			q.Key = append(q.Key, KeyPart{Cell: q.ids[n]})
			continue
		}
		marked := false
		for _, c := range n.children {
			if c.marks.isKey {
				q.Key, marked = append(q.Key, KeyPart{Cell: q.cell[c]}), true
			}
		}
		if !marked {
			q.Key = append(q.Key, KeyPart{Cell: -1, List: n.path()})
		}
	}
}

// sourceOf finds the system of a row's nearest record that has one.
func (m *maker) sourceOf(q *made, p *part, kept map[*node]bool) {
	for n := p.grain; n != nil; n = n.parent {
		name := sourceField(n.of)
		if !n.isList() || name == "" {
			continue
		}
		if g := m.view.Grant(n.of.Name, name); g.Verdict != policies.Deny && exports(m.view, n.of.Name, name) {
			q.Source = m.member(q, kept, n, name, Text)
		}
		return
	}
}

// Parse makes the Document of the Text, valid over the view's schema. That it fails is a
// fault of who wrote the text.
func (q *Query) Parse(s *ast.Schema) error {
	doc, err := parser.ParseQuery(&ast.Source{Name: "dataset", Input: q.Text})
	if err != nil {
		return fmt.Errorf("parse the operation of a dataset: %w", err)
	}
	if errs := validator.ValidateWithRules(s, doc, nil); len(errs) > 0 {
		return fmt.Errorf("validate the operation of a dataset: %w", errs)
	}
	q.Document = doc
	return nil
}
