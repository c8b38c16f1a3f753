package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// feedRunner runs the operations of one answer, and is the one place that does: each is
// understood, planned, judged and counted as any question of GraphQL. It is safe for use
// by several goroutines.
type feedRunner struct {
	*feed
	table *dataset.Table
	page  int64 // root rows the answer reads at most, -1 where nobody knows
	spent spending

	mu    sync.Mutex // guards the rest
	asOf  map[origin]time.Time
	borne map[string]*schema.Error
}

var (
	_ report.Runner  = (*feedRunner)(nil)
	_ report.Finder  = (*feedRunner)(nil)
	_ report.Totaler = (*feedRunner)(nil)
	_ report.Changer = (*feedRunner)(nil)
)

func (f *feed) runner(t *dataset.Table, h http.Header, page int64) *feedRunner {
	return &feedRunner{feed: f, table: t, page: page, spent: spending{h: h}, asOf: map[origin]time.Time{}, borne: map[string]*schema.Error{}}
}

// close settles what was read, and logs what was borne. It is called once, on every way
// out.
func (r *feedRunner) close(ctx context.Context) {
	r.spent.settle(context.WithoutCancel(ctx))
	for _, e := range r.borne {
		r.cfg.Log.WarnContext(ctx, "delivered a dataset without a source", "dataset", r.table.Name, "source", e.Source, "code", string(e.Code))
	}
}

// asked is an operation that may run.
type asked struct {
	*operation
	ctx   context.Context //nolint:containedctx // of the operation: it lives as long
	plan  *plan.Plan
	start time.Time
}

// ask understands, plans and judges an operation, and takes what it costs. Where it is
// refused the usage is told, as it is at /graphql; where something is used up, it is not.
func (r *feedRunner) ask(ctx context.Context, text string, vars map[string]any, isWhole bool) (*asked, error) {
	start := time.Now()
	oc, errs, err := r.operation(ctx, r.view, r.who, &request{Query: text, Variables: vars}, false)
	if err == nil && len(errs) > 0 {
		err = firstOf(errs)
	}
	if err != nil {
		r.refusedBy(err)
		return nil, err
	}
	pl, err := r.planFor(ctx, r.view, oc, isWhole)
	if err != nil {
		r.refusedBy(err)
		return nil, err
	}
	if err := r.pay(ctx, pl); err != nil {
		return nil, err
	}
	if r.cfg.Prepare != nil {
		ctx = r.cfg.Prepare(ctx)
	}
	if isWhole && r.cfg.Feed.Prepare != nil {
		ctx = r.cfg.Feed.Prepare(ctx)
	}
	return &asked{oc, ctx, pl, start}, nil
}

// refusedBy tells the usage of an operation that was refused.
func (r *feedRunner) refusedBy(err error) {
	var denied schema.Code
	if code := schema.CodeOf(err); code == schema.Forbidden || code == schema.ForbiddenField {
		denied = code
	}
	r.countRefused(r.who, 1, denied)
}

// firstOf is the first of the errors of a request.
func firstOf(errs gqlerror.List) error {
	code, _ := errs[0].Extensions["code"].(schema.Code)
	if code == "" {
		code = schema.BadRequest
	}
	return schema.Errorf(code, "%s", errs[0].Message)
}

// Run reads the rows of an operation.
func (r *feedRunner) Run(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	text := op.Query.Text
	vars := op.Variables
	if limited, with, ok := r.limited(op); ok {
		text, vars = limited, with
	}
	a, err := r.ask(ctx, text, vars, true)
	if err != nil {
		return err
	}
	a.ctx = plan.WithNarrow(a.ctx, op.Narrow)
	program, _ := a.plan.Program().(*engine.Program)
	if program == nil {
		if program, err = r.view.engine.Prepare(a.plan); err != nil {
			return err
		}
	}
	sheet, err := r.view.engine.Sheet(program, sheetOf(op.Query))
	if err != nil {
		return err
	}
	out, last := report.Window{}, ""
	reading, err := sheet.Read(a.ctx, a.OperationContext, a.plan, engine.ReadOptions{Bear: r.bears}, func(w *engine.Window) error {
		width, places := sheet.Width(), len(w.Numbers)/max(1, len(w.Cells)/max(1, sheet.Width()))
		out = report.Window{
			Rows: w.Rows, Cells: w.Cells[:w.Rows*width], Numbers: w.Numbers[:w.Rows*places], IsLast: w.IsLast,
			After: func(n int) (string, int) {
				cursor, over := w.After(n)
				if len(cursor) > maxPlace {
					return "", over // the page goes on to a row whose place fits a link
				}
				return cursor, over
			},
		}
		if err := r.take(a.ctx, recordsOf(op.Query, out.Cells, width, &last)); err != nil {
			return err
		}
		r.stamp(op.Query, out.Cells, width)
		return f(&out)
	})
	r.spent.read(reading.Roots)
	r.count(a, reading.Roots, err)
	r.garbled(a.ctx, &reading)
	return err
}

// maxPlace is the longest cursor that stands in a next link.
const maxPlace = 900

// sheetOf says which part of an operation's answer is a table.
func sheetOf(q *dataset.Query) engine.SheetOptions {
	o := engine.SheetOptions{Rows: q.Rows, Lead: dataset.FixedColumns}
	for i := range q.Cells {
		o.Cells = append(o.Cells, q.Cells[i].Path)
	}
	for _, k := range q.Key {
		if k.Cell < 0 {
			o.Lists = append(o.Lists, k.List)
		}
	}
	return o
}

// bears says which errors leave a cell null. Of a dataset that may be partial a source
// may be missing; everything else fails it, as it fails any other.
func (r *feedRunner) bears(e *schema.Error) bool {
	if engine.Bears(e) {
		return true
	}
	if !r.table.Partial || !isOfSource(e.Code) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := e.Source + "\x00" + string(e.Code); len(r.borne) < maxBorne || r.borne[key] != nil {
		r.borne[key] = e
	}
	return true
}

// maxBorne bounds the log lines of one answer.
const maxBorne = 20

// isOfSource reports whether an error says that a source has failed.
func isOfSource(c schema.Code) bool {
	switch c {
	case schema.SourceUnavailable, schema.SourceTimeout, schema.SourceLimited, schema.SourceInvalid:
		return true
	}
	return false
}

// garbled logs that cells are null since their source answered them in a form that was
// not agreed.
func (r *feedRunner) garbled(ctx context.Context, reading *engine.Reading) {
	if reading.Garbled == 0 {
		return
	}
	text := ""
	if len(reading.Notes) > 0 {
		text = reading.Notes[0].Message
	}
	r.cfg.Log.WarnContext(ctx, "delivered cells as null that were garbled", "dataset", r.table.Name, "cells", reading.Garbled, "first", text)
}

// errorOf is the code of an error of a table that its reader meets, "" for none and for
// the end of what is wanted.
func errorOf(err error) schema.Code {
	var e *schema.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}
