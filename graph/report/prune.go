package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
)

// The arguments of a page that a question sets, each by a variable of its name.
const (
	argFilter = "filter"
	argOrder  = "orderBy"
	argAfter  = "after"
	argID     = "id"
)

// variables are the arguments of the root field that come as variables, in their order
// in the document.
type variables []string

func (v variables) has(name string) bool { return slices.Contains(v, name) }

// need is what of a base row is asked.
type need struct {
	cells   []bool // of the query's
	key     bool
	source  bool
	records bool // what times are found by
	deleted bool
}

// pruner makes an operation of a part of a query's cells.
type pruner struct {
	query  *dataset.Query
	schema *ast.Schema
	need   need
}

// prune returns the query with what is needed only, and where each old cell is in it: -1
// for those that are not. Variables are those of the root field.
func (p *pruner) prune(vars variables) (*dataset.Query, []int, error) {
	q := p.query
	keep := p.keep()
	out := &dataset.Query{Rows: q.Rows, IsPage: q.IsPage, Source: -1, Deleted: -1, IsBound: q.IsBound}
	at := make([]int, len(q.Cells))
	d := &document{kept: map[string]bool{}, variables: vars}
	for i := range q.Cells {
		if at[i] = -1; !keep[i] {
			continue
		}
		at[i] = len(out.Cells)
		out.Cells = append(out.Cells, q.Cells[i])
		d.keep(q.Cells[i].Path)
	}
	for _, part := range q.Key {
		if part.Cell >= 0 && at[part.Cell] >= 0 {
			out.Key = append(out.Key, dataset.KeyPart{Cell: at[part.Cell]})
		} else if part.Cell < 0 {
			out.Key = append(out.Key, part)
		}
	}
	if !p.need.key {
		out.Key = nil // it would be of some of its parts
	}
	if p.need.source && q.Source >= 0 {
		out.Source = at[q.Source]
	}
	if p.need.deleted && q.Deleted >= 0 {
		out.Deleted = at[q.Deleted]
	}
	if p.need.records {
		for _, r := range q.Records {
			r.ID = at[r.ID]
			if r.Changed >= 0 {
				r.Changed = at[r.Changed]
			}
			out.Records = append(out.Records, r)
		}
	}
	root, err := rootOf(q)
	if err != nil {
		return nil, nil, err
	}
	op := q.Document.Operations[0]
	d.WriteString("query " + op.Name)
	if err := p.declare(d, root); err != nil {
		return nil, nil, err
	}
	d.WriteString(" { ")
	d.root(root, joint+root.Alias)
	d.WriteString(" }")
	out.Text = d.String()
	return out, at, out.Parse(p.schema)
}

// keep says which cells are asked.
func (p *pruner) keep() []bool {
	q := p.query
	keep := slices.Clone(p.need.cells)
	if p.need.key {
		for _, part := range q.Key {
			if part.Cell >= 0 {
				keep[part.Cell] = true
			}
		}
	}
	if p.need.source && q.Source >= 0 {
		keep[q.Source] = true
	}
	if p.need.deleted && q.Deleted >= 0 {
		keep[q.Deleted] = true
	}
	if p.need.records {
		for _, r := range q.Records {
			keep[r.ID] = true
			if r.Changed >= 0 {
				keep[r.Changed] = true
			}
		}
	}
	// Rows are there when anything of them is asked.
	rows := strings.Join(q.Rows, joint) + joint
	below := -1
	for i := range q.Cells {
		if !strings.HasPrefix(strings.Join(q.Cells[i].Path, joint), rows) {
			continue
		}
		if keep[i] {
			return keep
		}
		if below < 0 || len(q.Cells[i].Path) < len(q.Cells[below].Path) {
			below = i
		}
	}
	if below >= 0 {
		keep[below] = true
	}
	return keep
}

func (d *document) keep(path []string) {
	at := ""
	for _, name := range path {
		at += joint + name
		d.kept[at] = true
	}
}

// rootOf is the one field of an operation.
func rootOf(q *dataset.Query) (*ast.Field, error) {
	if len(q.Document.Operations) == 1 {
		if set := q.Document.Operations[0].SelectionSet; len(set) == 1 {
			if f, ok := set[0].(*ast.Field); ok {
				return f, nil
			}
		}
	}
	return nil, fmt.Errorf("report: the operation of %s has not one root field", strings.Join(q.Rows, joint))
}

// declare writes the variables with the types of the arguments they are.
func (p *pruner) declare(d *document, root *ast.Field) error {
	for i, name := range d.variables {
		def := p.schema.Query.Fields.ForName(root.Name)
		if def == nil || def.Arguments.ForName(name) == nil {
			return fmt.Errorf("report: the list %s has no argument %s", root.Name, name)
		}
		if i == 0 {
			d.WriteByte('(')
		} else {
			d.WriteString(", ")
		}
		d.WriteString("$" + name + ": " + strings.TrimSuffix(def.Arguments.ForName(name).Type.String(), "!"))
		if name != argAfter {
			d.WriteByte('!')
		}
	}
	if len(d.variables) > 0 {
		d.WriteByte(')')
	}
	return nil
}
