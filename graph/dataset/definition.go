package dataset

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
)

// Definition is one dataset, as its text says. It does not change.
type Definition struct {
	Name        string
	Label       string // for people
	Description string // for people; "" for none
	Grain       string // the response names that lead to the list of rows, e.g. orders.lines
	Partial     bool   // may be delivered without a source that failed

	zone     *time.Location // of periods; nil: the caller's
	parts    []*part        // one; of a summary one for each root list
	columns  []drawn        // of a dataset or summary: what its rows show
	groups   []group
	measures []measure
}

// Aggregates reports whether the rows of the table are made of the rows of its
// operations, by an Aggregator.
func (d *Definition) Aggregates() bool { return len(d.groups)+len(d.measures) > 0 }

// Entities are the types of the records that are joined in its rows, sorted: those a
// token that sees everything needs copies of.
func (d *Definition) Entities() []string {
	var out []string
	for _, p := range d.parts {
		p.root.walk(func(n *node) {
			if n.isRecord() {
				out = append(out, n.of.Name)
			}
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// part is one root list and what is asked of it.
type part struct {
	root  *node
	grain *node // the list whose elements are rows
	per   *node // of a further list: the id of the first one's record; nil of the first
}

// drawn is a column that is a value.
type drawn struct {
	name string
	node *node
}

// group is a column that rows are grouped by.
type group struct {
	drawn
	period Period
}

// measure is a column that is made of the values of a group's rows.
type measure struct {
	drawn
	part        int
	op          op
	minus, past *node
}

// node is one field of a dataset's query.
type node struct {
	key      string // its response name
	alias    bool   // which is not the field's own
	holder   string // the type it is a field of
	def      *ast.FieldDefinition
	of       *ast.Definition // its type; of a page that of its rows
	kind     nodeKind
	args     ast.ArgumentList
	at       *ast.Position
	parent   *node
	children []*node
	marks    marks
}

type nodeKind uint8

const (
	leaf   nodeKind = iota
	object          // one record, or a part of one
	money           // an object of amount and currency
	list            // a list of records
	page            // a page of records; its children are those of nodes
)

func (n *node) isList() bool { return n.kind == list || n.kind == page }

// isRecord reports whether the node is of records that can be asked again by an id.
func (n *node) isRecord() bool {
	return n.kind != leaf && n.kind != money && slices.Contains(n.of.Interfaces, "Node")
}

// walk calls f with the node and all below it, in the order of the text.
func (n *node) walk(f func(*node)) {
	f(n)
	for _, c := range n.children {
		c.walk(f)
	}
}

// child is the node below with a response name, nil for none.
func (n *node) child(key string) *node {
	for _, c := range n.children {
		if c.key == key {
			return c
		}
	}
	return nil
}

// names are the response names that lead to the node, without those of pages' nodes.
func (n *node) names() []string {
	if n == nil {
		return nil
	}
	return append(n.parent.names(), n.key)
}

// path is the same with them: where the value stands in the answer.
func (n *node) path() []string {
	if n == nil {
		return nil
	}
	out := append(n.parent.path(), n.key)
	if n.kind == page {
		out = append(out, "nodes")
	}
	return out
}

// column is the name of the column of a value, before what its directives say.
func (p *part) column(n *node) string {
	segments := []string{n.key}
	for n = n.parent; n != nil; n = n.parent {
		switch {
		case p.per != nil && n.parent == nil:
			segments = append(segments, n.key)
		case n == p.grain:
		case n.isList() && !n.alias:
			segments = append(segments, lowerFirst(n.of.Name))
		default:
			segments = append(segments, n.key)
		}
		if n.isList() {
			break
		}
	}
	slices.Reverse(segments)
	return strings.Join(segments, "_")
}

func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[size:]
}
