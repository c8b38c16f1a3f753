package report

import (
	"crypto/sha256"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// Report is how one question about one table is answered. It does not change, and may be
// read several times.
type Report struct {
	table    *dataset.Table
	question *odata.Question
	limits   Limits

	rows  reading  // what gives the rows of the answer
	count reading  // what gives as much of them as counting needs, where it is asked
	node  *reading // what gives the rows of one record by its id; nil: there is no such thing

	where   schema.Predicate // what the root list's filter does
	narrow  schema.Predicate // what it can be told besides, once the customers are known who have changed
	until   *bound           // up to when records have changed that are in the answer; nil: to this day
	rest    *odata.Expr      // what is judged on rows
	isEmpty bool             // no row can be in the answer
	isLocal bool             // rows are sorted here
	shape   []byte           // of the operations: a mark of another one is refused
}

// reading is the operations that give rows, and where the table's columns are in these.
type reading struct {
	operations []Operation
	at         []int // of a table's column: the place in a row; -1: not asked
	hasKey     bool
}

// Of folds a question over a table. The set of the question is one that Set made of the
// table; s is the schema of the view that the table is of. An error is a fault of this
// package: the operation it made is not valid.
func Of(t *dataset.Table, s *ast.Schema, q *odata.Question, l Limits) (*Report, error) {
	r := &Report{table: t, question: q, limits: l.withDefaults()}
	most := maxFilter
	if root, err := rootOf(&t.Queries[0]); err != nil {
		return nil, err
	} else if root.Arguments.ForName(argFilter) != nil {
		if most -= filterOfDeleted; t.Queries[0].IsBound {
			most /= 2
		}
	}
	filter := r.filter()
	r.where, r.rest = split(folder{t.Columns, t.Changes}, filter, most)
	r.where, r.narrow = apart(r.where)
	r.until = untilOf(conjunctsOf(filter), dataset.ModifiedAtColumn)
	r.isEmpty = r.where.Op == schema.None
	var order map[string]any
	if t.Aggregate != nil {
		r.isLocal = true
	} else if order = orderOf(t.Columns, q); order == nil {
		r.isLocal = q.Asked > 0 || !t.Queries[0].IsPage
		order = steady(&t.Queries[0], s)
	}
	if err := r.ask(s, order); err != nil {
		return nil, err
	}
	h := sha256.New()
	for i := range r.rows.operations {
		h.Write([]byte(r.rows.operations[i].Query.Text + "\n"))
	}
	r.shape = h.Sum(nil)[:8]
	return r, nil
}

// filter is the question's; of one entity that its key is the one asked for.
func (r *Report) filter() *odata.Expr {
	q := r.question
	if q.Target != odata.Row {
		return q.Filter
	}
	c := q.Set.Key()
	return &odata.Expr{Op: odata.OpEq, Type: odata.Boolean, Args: []*odata.Expr{
		{Op: odata.OpColumn, Type: odata.String, Column: c, Name: q.Set.Columns[c].Name},
		{Op: odata.OpLiteral, Type: odata.String, Value: schema.Value{Kind: schema.KindString, Str: q.Key}},
	}}
}

// ask makes the operations.
func (r *Report) ask(s *ast.Schema, order map[string]any) error {
	if r.table.Aggregate != nil {
		return r.askAll(s)
	}
	columns := slices.Concat(r.question.Select, r.rest.Columns())
	if r.isLocal {
		for _, o := range r.question.Order {
			columns = append(columns, o.Column)
		}
	}
	var err error
	if r.rows, err = r.part(s, columns, r.variables(order)); err != nil {
		return err
	}
	if r.count = r.rows; r.question.IsCount || r.question.Target == odata.Count {
		if r.count, err = r.part(s, r.rest.Columns(), r.variables(nil)); err != nil {
			return err
		}
	}
	if r.question.Target == odata.Row {
		return r.askNode(s, columns)
	}
	return nil
}

// askAll asks the operations of a table that aggregates, whole: filter, order and pages
// are of what they are added up to.
func (r *Report) askAll(s *ast.Schema) error {
	r.rows.hasKey = true
	for i := range r.table.Columns {
		r.rows.at = append(r.rows.at, i)
	}
	for i := range r.table.Queries {
		r.rows.operations = append(r.rows.operations, Operation{Query: &r.table.Queries[i], Number: i})
	}
	r.count = r.rows
	return nil
}

// variables are the arguments the question adds to the root field.
func (r *Report) variables(order map[string]any) map[string]any {
	v := map[string]any{}
	if r.where.Op != schema.All && !r.isEmpty {
		v[argFilter] = input(r.where)
	}
	if order != nil {
		v[argOrder] = order
	}
	return v
}

// part is the reading of some columns.
func (r *Report) part(s *ast.Schema, columns []int, vars map[string]any) (reading, error) {
	p := r.pruner(s, columns)
	var names variables
	for _, name := range []string{argFilter, argOrder} {
		if _, ok := vars[name]; ok {
			names = append(names, name)
		}
	}
	if p.query.IsPage {
		names = append(names, argAfter) // not set on the first page, so that all pages have one document
	}
	q, cells, err := p.prune(names)
	if err != nil {
		return reading{}, err
	}
	return r.reading(p, Operation{Query: q, Variables: vars}, cells), nil
}

func (r *Report) askNode(s *ast.Schema, columns []int) error {
	p := r.pruner(s, columns)
	q, cells, err := p.byNode()
	if err != nil || q == nil {
		return err
	}
	one := r.reading(p, Operation{Query: q, Variables: map[string]any{argID: idOf(r.question.Key)}}, cells)
	r.node = &one
	return nil
}

func (r *Report) pruner(s *ast.Schema, columns []int) *pruner {
	q := &r.table.Queries[0]
	p := &pruner{query: q, schema: s, need: need{cells: make([]bool, len(q.Cells))}}
	for _, c := range columns {
		switch c {
		case dataset.KeyColumn:
			p.need.key = true
		case dataset.SourceColumn:
			p.need.source = true
		case dataset.AsOfColumn, dataset.ModifiedAtColumn:
			p.need.records = true
		case dataset.IsDeletedColumn:
			p.need.deleted = true
		default:
			p.need.cells[c-dataset.FixedColumns] = true
		}
	}
	return p
}

// reading places the columns of the table in the rows of an operation.
func (r *Report) reading(p *pruner, op Operation, cells []int) reading {
	out := reading{operations: []Operation{op}, at: make([]int, len(r.table.Columns)), hasKey: p.need.key}
	for c := range out.at {
		if out.at[c] = c; c >= dataset.FixedColumns {
			if out.at[c] = cells[c-dataset.FixedColumns]; out.at[c] >= 0 {
				out.at[c] += dataset.FixedColumns
			}
		}
	}
	return out
}

// Operations are those that give the rows, for tests and for whoever explains a question.
func (r *Report) Operations() []Operation { return r.rows.operations }

// Rest is the part of the filter that is judged on rows, nil where the root list does all
// of it.
func (r *Report) Rest() *odata.Expr { return r.rest }

// IsLocal reports whether the rows are sorted here, and not by the root list.
func (r *Report) IsLocal() bool { return r.isLocal }

// isWhole reports whether each element of the root list is one row of the answer.
func (r *Report) isWhole() bool {
	q := &r.table.Queries[0]
	return r.table.Aggregate == nil && r.rest == nil && q.IsPage && len(q.Rows) == 2
}
