package report

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"maps"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

// readList writes rows in the order of the root list.
func (r *Report) readList(ctx context.Context, with Runner, w output.Writer, from odata.Position, m mark, page int) (*odata.Position, error) {
	l, err := r.list(ctx, with, w, from, m, page)
	if err != nil {
		return nil, err
	}
	err = l.read(ctx, with)
	if errors.Is(err, errOther) {
		// The element this page begins in is not as it was: it is given from its beginning,
		// so that none of its rows is lost. Nothing was written.
		m.over, m.of = 0, nil
		if l, err = r.list(ctx, with, w, from, m, page); err != nil {
			return nil, err
		}
		err = l.read(ctx, with)
	}
	if err == nil {
		err = l.picker.flush()
	}
	if err != nil || !l.isCut {
		return nil, err
	}
	l.end.skip, l.end.scanned = l.picker.skip, l.picker.judge.scanned
	return r.place(l.end, from, from.Given+l.picker.given, nil), nil
}

// errOther says that a page cannot begin within the element in which the one before ended.
var errOther = errors.New("report: another element than the page before ended in")

// list is the reading of one page of a root list, or of all of it.
type list struct {
	*Report
	op     Operation
	picker *picker
	page   int64 // rows from which on it ends behind an element, 0: never
	most   int64 // rows it has at most, 0: any number; only of pages

	begin mark  // where it began
	rows  int64 // that have come of the root list
	over  int   // of them, those still to come that the page before had
	had   hash.Hash
	tail  hash.Hash // of the rows of the element that was not given whole when a window ended
	told  []byte    // takes a row on its way to a hash

	isCut bool // the page ended before the list, at end
	end   mark
}

func (r *Report) list(ctx context.Context, with Runner, w output.Writer, from odata.Position, m mark, page int) (*list, error) {
	l := &list{Report: r, op: r.rows.operations[0], picker: r.picker(&r.rows, m, from.Given, w), page: int64(page), begin: m, over: m.over}
	if page > 0 {
		l.most = int64(r.limits.MostRows)
		l.picker.isHeld = l.most > 0
		l.had, l.tail = sha256.New(), sha256.New()
	}
	var err error
	if l.op.Narrow, err = r.narrowing(ctx, with); err != nil {
		return nil, err
	}
	l.op.Limit = r.limit(l.picker)
	if m.after != "" {
		l.op.Variables = maps.Clone(l.op.Variables)
		l.op.Variables[argAfter] = m.after
	}
	return l, nil
}

func (l *list) read(ctx context.Context, with Runner) error {
	err := run(ctx, with.Run, &l.op, l.Report.rows.hasKey, l.window)
	if err == nil && l.over > 0 {
		return errOther // the list has ended before
	}
	return err
}

func (l *list) window(win *Window) error {
	p, width := l.picker, dataset.FixedColumns+len(l.op.Query.Cells)
	for i := range win.Rows {
		row := win.Cells[i*width:][:width]
		l.rows++
		if l.over > 0 {
			if err := l.pass(row); err != nil {
				return err
			}
			continue
		}
		p.row = l.rows
		err := p.add(row)
		if l.most > 0 && p.given > l.most {
			return l.cutBefore(win, i)
		}
		if err != nil {
			return err
		}
		if l.page == 0 || p.given < l.page || win.IsLast && i == win.Rows-1 {
			continue
		}
		if cursor, over := win.After(i + 1); cursor != "" && over == 0 {
			l.end, l.isCut = mark{after: cursor}, true
			return errEnough
		}
	}
	if p.isHeld && win.Rows > 0 {
		// What is given of an element that may not fit is not written yet.
		_, over := win.After(win.Rows)
		l.tell(win, win.Rows, over)
		return p.flushUntil(l.rows - int64(over))
	}
	return nil
}

// pass leaves out a row that the page before had, if all of them are as they were.
func (l *list) pass(row []schema.Value) error {
	l.write(l.had, row)
	if l.over--; l.over == 0 && string(sumOf(l.had)) != string(l.begin.of) {
		return errOther
	}
	return nil
}

// tell makes tail the rows of an element that was given in part: the last over ones of
// the first n of a window, with those of the windows before where it has not so many.
func (l *list) tell(win *Window, n, over int) {
	if over <= n {
		l.tail.Reset()
	}
	width := dataset.FixedColumns + len(l.op.Query.Cells)
	for i := max(0, n-over); i < n; i++ {
		l.write(l.tail, win.Cells[i*width:][:width])
	}
}

// write takes in what a row holds. How old it is, is no part of that.
func (l *list) write(h hash.Hash, row []schema.Value) {
	l.told = l.told[:0]
	for i := range row[dataset.FixedColumns:] {
		l.told = appendCell(l.told, &row[dataset.FixedColumns+i])
	}
	h.Write(l.told)
}

// sumBytes is how much of a sum stands in a mark, which is sealed.
const sumBytes = 8

func sumOf(h hash.Hash) []byte { return h.Sum(nil)[:sumBytes] }

// cutBefore ends a page before row i of a window, which is one more than it may have:
// behind the last element that it has whole. It ends within an element only where that
// alone has more rows than a page: then the next page begins behind as many rows of it, if
// they are the same as now, and with its first one otherwise.
func (l *list) cutBefore(win *Window, i int) error {
	cursor, over := win.After(i)
	p, whole := l.picker, l.rows-1-int64(over)
	p.dropFrom(l.rows)
	if cursor == "" && whole > 0 {
		return tooMany(l.most) // nobody goes on behind a place that is not known
	}
	if cursor == "" {
		cursor = l.begin.after
	}
	if over == 0 || p.givenUntil(whole) > 0 {
		p.dropFrom(whole + 1)
		l.end, l.isCut = mark{after: cursor}, true
		return errEnough
	}
	if l.table.Partial {
		return tooMany(l.most) // a source that is back puts other rows before these
	}
	l.tell(win, i, over)
	l.end, l.isCut = mark{after: cursor, over: over, of: sumOf(l.tail)}, true
	return errEnough
}

// tooMany refuses a page that cannot be as short as was agreed.
func tooMany(most int64) error {
	return schema.Errorf(schema.Limited, "a page may have %d rows, and cannot end behind them here: filter it, or take it as a file", most)
}
