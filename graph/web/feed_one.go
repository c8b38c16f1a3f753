package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// Total asks the root list how many elements it has. It is false where a source cannot
// tell.
func (r *feedRunner) Total(ctx context.Context, op *report.Operation) (int64, bool, error) {
	text, key, ok := r.totalOf(op)
	if !ok {
		return 0, false, nil
	}
	data, err := r.whole(ctx, op, text)
	if err != nil {
		return 0, false, err
	}
	page, _ := data[key].(map[string]any)
	number, _ := page[fieldTotal].(json.Number)
	n, err := number.Int64()
	return n, err == nil && n >= 0, nil
}

// Find reads the rows of one record: there are few, so their answer is made whole.
func (r *feedRunner) Find(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	data, err := r.whole(ctx, op, op.Query.Text)
	if err != nil {
		return err
	}
	q := op.Query
	w := &report.Window{IsLast: true, After: func(int) (string, int) { return "", 0 }}
	width := dataset.FixedColumns + len(q.Cells)
	err = found(data, q, func(at map[string]any, places map[string]int) error {
		row := make([]schema.Value, width)
		for i := range q.Cells {
			if row[dataset.FixedColumns+i], err = valueAt(at, &q.Cells[i]); err != nil {
				return err
			}
		}
		for _, k := range q.Key {
			if k.Cell < 0 {
				w.Numbers = append(w.Numbers, places[strings.Join(k.List, ".")])
			}
		}
		w.Cells, w.Rows = append(w.Cells, row...), w.Rows+1
		return nil
	})
	if err != nil {
		return err
	}
	r.stamp(q, w.Cells, width)
	return f(w)
}

// whole runs an operation and reads its whole answer.
func (r *feedRunner) whole(ctx context.Context, op *report.Operation, text string) (map[string]any, error) {
	a, err := r.ask(ctx, text, op.Variables, false)
	if err != nil {
		return nil, err
	}
	return r.answerOf(ctx, a, op.Query)
}

// answerOf runs an operation that may run, and reads its whole answer. q says which of
// its errors are more than a null.
func (r *feedRunner) answerOf(ctx context.Context, a *asked, q *dataset.Query) (_ map[string]any, err error) {
	result := r.view.engine.Run(a.ctx, a.OperationContext, a.plan)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	} else {
		err = r.failure(result.Errors(), q)
	}
	r.spent.read(result.Rows())
	r.count(a, result.Rows(), err)
	if err != nil {
		return nil, err
	}
	var answer struct{ Data map[string]any }
	d := json.NewDecoder(bytes.NewReader(result.AppendJSON(nil)))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return nil, fmt.Errorf("read the answer of a dataset: %w", err)
	}
	return answer.Data, nil
}

// failure is the first error that is more than a null in its row: a cell that was garbled
// is null, as in a table that is read whole.
func (r *feedRunner) failure(errs gqlerror.List, q *dataset.Query) error {
	for _, e := range errs {
		own := engine.Coded(e)
		if r.bears(own) || own.Code == schema.SourceInvalid && isCell(e.Path, q) {
			continue
		}
		return own
	}
	return nil
}

// isCell reports whether a path leads to a value of a row, and to no record or list.
func isCell(path ast.Path, q *dataset.Query) bool {
	var names []string
	for _, p := range path {
		if name, ok := p.(ast.PathName); ok {
			names = append(names, string(name))
		}
	}
	at := strings.Join(names, ".")
	for i := range q.Records {
		if isUpTo(at, q.Records[i].Path) {
			return false
		}
	}
	return !isUpTo(at, q.Rows)
}

// isUpTo reports whether a path is the way to something, or part of it.
func isUpTo(at string, path []string) bool {
	return strings.HasPrefix(strings.Join(path, ".")+".", at+".")
}

// found calls f with each row below the root, at holding the objects by the path that
// leads to them.
func found(data map[string]any, q *dataset.Query, f func(at map[string]any, places map[string]int) error) error {
	places := map[string]int{}
	at := map[string]any{}
	var walk func(v any, n int) error
	walk = func(v any, n int) error {
		path := strings.Join(q.Rows[:n], ".")
		switch v := v.(type) {
		case []any:
			for i, x := range v {
				places[path] = i + 1
				if err := walk(x, n); err != nil {
					return err
				}
			}
		case map[string]any:
			at[path] = v
			if n == len(q.Rows) {
				return f(at, places)
			}
			return walk(v[q.Rows[n]], n+1)
		}
		return nil
	}
	return walk(any(data), 0)
}

// valueAt reads a cell of a row.
func valueAt(at map[string]any, c *dataset.Cell) (schema.Value, error) {
	for n := len(c.Path) - 1; n >= 0; n-- {
		v, ok := at[strings.Join(c.Path[:n], ".")]
		if !ok {
			continue
		}
		for _, name := range c.Path[n:] {
			object, isObject := v.(map[string]any)
			if !isObject {
				return schema.Null, nil
			}
			v = object[name]
		}
		return valueOf(v, c.Type)
	}
	return schema.Null, nil
}

// valueOf is a value of JSON as a table has it. A text that is none of its kind stays a
// text, as a mask may leave one.
func valueOf(v any, t dataset.Type) (schema.Value, error) {
	text := ""
	switch v := v.(type) {
	case nil:
		return schema.Null, nil
	case bool:
		return schema.Bool(v), nil
	case json.Number:
		text = v.String()
	case string:
		text = v
	default:
		return schema.Null, schema.Errorf(schema.Internal, "internal error")
	}
	kind := kinds[t]
	if kind != schema.KindString {
		if parsed, err := schema.ParseValue(kind, text); err == nil {
			return parsed, nil
		}
	}
	return schema.Value{Kind: schema.KindString, Str: text}, nil
}

var kinds = map[dataset.Type]schema.Kind{
	dataset.Text: schema.KindString, dataset.Int: schema.KindInt, dataset.Decimal: schema.KindDecimal,
	dataset.DateTime: schema.KindTime, dataset.Date: schema.KindTime, dataset.Boolean: schema.KindBool,
}
