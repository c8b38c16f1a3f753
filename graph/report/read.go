package report

import (
	"context"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

// Read writes a page of the answer to w, or the one row that the question is for; the
// caller calls End. from is where the page before ended, of the first page
// odata.Position{Count: -1}, with what Count gave where it was asked. The result is where
// this page ended, for Question.Next, nil behind the last one. A page may have no rows and
// not be the last.
//
// The errors are the Runner's, w's, and *odata.Error: 501 naming the column where more
// rows would have to be judged or sorted than Limits say, 404 where there is no such row,
// 400 for a position of another question. Rows may have been written before.
func (r *Report) Read(ctx context.Context, with Runner, w output.Writer, from odata.Position) (*odata.Position, error) {
	if r.isLocal {
		return r.read(ctx, with, w, from, r.limits.SortedPageRows)
	}
	return r.read(ctx, with, w, from, r.limits.PageRows)
}

// read writes a page of some rows, 0 for all.
func (r *Report) read(ctx context.Context, with Runner, w output.Writer, from odata.Position, page int) (*odata.Position, error) {
	m, err := r.mark(from)
	if err != nil {
		return nil, err
	}
	if err := w.Begin(r.Columns()); err != nil {
		return nil, err
	}
	switch {
	case r.question.Target == odata.Row:
		return nil, r.readOne(ctx, with, w)
	case r.isEmpty || r.left(from.Given) == 0:
		return nil, nil //nolint:nilnil // there is no next page
	case r.table.Aggregate != nil && r.question.Asked == 0 && page == 0:
		return nil, r.readGroups(ctx, with, w, m)
	case r.isLocal && (r.question.Asked > 0 || page > 0):
		return r.readSorted(ctx, with, w, from, m, page)
	}
	return r.readList(ctx, with, w, from, m, page)
}

// limit is how many elements of the root list $top leaves, 0 where that cannot be told.
func (r *Report) limit(p *picker) int64 {
	if p.left < 0 || !r.isWhole() {
		return 0
	}
	return p.skip + p.left
}

// readOne writes the row of a key.
func (r *Report) readOne(ctx context.Context, with Runner, w output.Writer) error {
	if r.question.Key == "" {
		return notFound()
	}
	rd := &r.rows
	each := func(f func(row []schema.Value) error) error { return r.each(ctx, with, with.Run, rd, f) }
	if finder, ok := with.(Finder); ok && r.node != nil {
		rd = r.node
		each = func(f func(row []schema.Value) error) error {
			err := r.each(ctx, with, finder.Find, rd, f)
			if code := schema.CodeOf(err); code == schema.BadRequest || code == schema.NotFound {
				return notFound() // the id is none, or none of a record
			}
			return err
		}
	}
	p := r.picker(rd, mark{}, 0, w)
	p.left = 1
	if err := each(p.add); err != nil {
		return err
	}
	if p.given == 0 {
		return notFound()
	}
	return p.flush()
}

// way is how a Runner runs an operation: its Run or its Find.
type way = func(context.Context, *Operation, func(*Window) error) error

// each calls f with the rows that some operations give: those of the table, not judged
// yet.
func (r *Report) each(ctx context.Context, with Runner, way way, rd *reading, f func(row []schema.Value) error) error {
	if r.table.Aggregate != nil {
		return r.eachGroup(ctx, way, f)
	}
	op := rd.operations[0]
	var err error
	if op.Narrow, err = r.narrowing(ctx, with); err != nil {
		return err
	}
	width := dataset.FixedColumns + len(op.Query.Cells)
	return run(ctx, way, &op, rd.hasKey, func(win *Window) error {
		for i := range win.Rows {
			if err := f(win.Cells[i*width:][:width]); err != nil {
				return err
			}
		}
		return nil
	})
}
