package report

import (
	"context"
	"errors"
	"fmt"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/schema"
)

// errEnough ends a Runner when no more rows are wanted.
var errEnough = errors.New("report: enough rows")

// run runs an operation, with the columns each row begins with made. It is no error of f
// to have enough.
func run(ctx context.Context, with func(context.Context, *Operation, func(*Window) error) error, op *Operation, withKey bool, f func(*Window) error) error {
	b := base{query: op.Query, withKey: withKey}
	err := with(ctx, op, func(w *Window) error {
		if err := b.begin(w); err != nil {
			return err
		}
		return f(w)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// base makes the columns each row begins with.
type base struct {
	query   *dataset.Query
	withKey bool
	keys    []byte
	ends    []int
}

func (b *base) begin(w *Window) error {
	width := dataset.FixedColumns + len(b.query.Cells)
	places := 0
	for _, k := range b.query.Key {
		if k.Cell < 0 {
			places++
		}
	}
	if len(w.Cells) != w.Rows*width || len(w.Numbers) != w.Rows*places && places > 0 {
		return fmt.Errorf("report: a window of %d rows has %d cells of %d columns, and %d numbers for %d lists", w.Rows, len(w.Cells), width, len(w.Numbers), places)
	}
	if b.withKey {
		b.makeKeys(w, width, places)
	}
	for i := range w.Rows {
		row := w.Cells[i*width:][:width]
		row[dataset.SourceColumn] = schema.Null
		if b.query.Source >= 0 {
			row[dataset.SourceColumn] = row[dataset.FixedColumns+b.query.Source]
		}
		d := &row[dataset.IsDeletedColumn]
		if b.query.Deleted >= 0 {
			*d = row[dataset.FixedColumns+b.query.Deleted]
		}
		if d.Kind != schema.KindBool {
			*d = schema.Bool(false)
		}
	}
	return nil
}

// makeKeys makes the keys of a window with one text for all: a text of its own for each
// row would be most of the memory a row takes.
func (b *base) makeKeys(w *Window, width, places int) {
	b.keys, b.ends = b.keys[:0], b.ends[:0]
	for i := range w.Rows {
		row := w.Cells[i*width:][:width]
		var numbers []int
		if places > 0 {
			numbers = w.Numbers[i*places:][:places]
		}
		b.keys = b.query.AppendKey(b.keys, row[dataset.FixedColumns:], numbers)
		b.ends = append(b.ends, len(b.keys))
	}
	text, from := string(b.keys), 0
	for i, to := range b.ends {
		w.Cells[i*width+dataset.KeyColumn] = schema.String(text[from:to])
		from = to
	}
}
