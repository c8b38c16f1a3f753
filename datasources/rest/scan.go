package rest

import (
	"context"
	"errors"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// scan reads all rows of the entity page by page. With further resources or
// stocks these are read first, into memory; a mark then only says that there is
// something to go on with, and the first resource is read from its beginning
// again, as it must be known which of the further records have no row there.
func (t *table[T]) scan(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[T]) error) error {
	first, err := t.e.first(t.s.cfg.Name)
	if err != nil {
		return err
	}
	at := positionOf(from)
	if t.joins() {
		at = position{}
	}
	if at == (position{}) {
		t.s.ledger.Restart(t.e.name)
	}
	others, err := t.others(ctx)
	if err != nil {
		return err
	}
	return t.scanFirst(ctx, first, at, others, f)
}

func (t *table[T]) scanFirst(ctx context.Context, first *resource, at position, others *others[T], f func(datasources.Scanned[T]) error) error {
	p := t.s.pager(first, at, first.cfg.Window.params(t.s.now(), t.s.zone))
	p.isScan, p.shape = true, t.plans[0].Shape()
	tally := t.plans[0].Tally()
	isDoubtful := false
	defer t.s.ledger.Take(tally)
	for !p.end {
		records, err := t.s.patiently(ctx, func() (mapping.Value, error) { return p.next(ctx) })
		if err != nil {
			return err
		}
		rows, err := rowsOf(t.s.cfg.Name, t.e.name, t.plans[0], records, tally, nil)
		if err != nil {
			return err
		}
		p.free(records)
		t.s.ledger.Take(tally)
		others.complete(rows)
		page := datasources.Scanned[T]{
			Items: rows, Mark: p.at.mark(), Shifting: first.isShifting() && (p.at.Page > 1 || !p.end),
		}
		page.Last = p.end && !t.joins()
		if p.end {
			isDoubtful = p.mayHoldMore() || others.isDoubtful
			tally.Absent()
			t.s.ledger.Take(tally)
		}
		page.Doubtful = page.Last && isDoubtful
		if err := f(page); err != nil {
			return err
		}
	}
	if !t.joins() {
		return nil
	}
	pages := others.restPages()
	for i, rows := range pages {
		page := datasources.Scanned[T]{Items: rows, Mark: p.at.mark(), Shifting: first.isShifting(), Last: i == len(pages)-1}
		page.Doubtful = page.Last && isDoubtful
		if err := f(page); err != nil {
			return err
		}
	}
	return nil
}

// The bounds of patience: a scan waits for the agreed rate rather than fail, but
// not for ever.
const (
	maxWaits = 10
	maxWait  = 2 * time.Minute
)

// patiently repeats a call that only has to wait for its turn.
func (s *source) patiently(ctx context.Context, call func() (mapping.Value, error)) (mapping.Value, error) {
	for n := 0; ; n++ {
		v, err := call()
		var e *schema.Error
		if err == nil || !errors.As(err, &e) || e.Code != schema.SourceLimited || e.Wait <= 0 || e.Wait > maxWait || n == maxWaits {
			return v, err
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= e.Wait {
			return v, err
		}
		timer := time.NewTimer(e.Wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return v, err
		}
	}
}

// readAll reads the whole entity into memory, false when it has more than bound
// rows. The rows come whole.
func (t *table[T]) readAll(ctx context.Context, bound int) ([]T, bool, error) {
	first, err := t.e.first(t.s.cfg.Name)
	if err != nil {
		return nil, false, err
	}
	others, err := t.others(ctx)
	if err != nil {
		return nil, false, err
	}
	p := t.s.pager(first, position{}, first.cfg.Window.params(t.s.now(), t.s.zone))
	rows, isWhole, err := t.fetchAll(ctx, p, t.plans[0], bound)
	if err != nil || !isWhole {
		return nil, false, err
	}
	if others.isDoubtful {
		return nil, false, invalid(t.s.cfg.Name, t.e.name, errDoubtful)
	}
	others.complete(rows)
	if t.joins() {
		rows = append(rows, others.rest()...)
	}
	rows = distinct(rows, t.shape.id)
	return rows, len(rows) <= bound, nil
}

// distinct keeps the later of rows that came twice, as pages shift.
func distinct[T any](rows []T, id func(*T) string) []T {
	rows, _ = distinctAs(rows, id, func(_, _ *T) bool { return true })
	return rows
}

// distinctAs is distinct; false when two rows with one id are not the same record.
func distinctAs[T any](rows []T, id func(*T) string, isSame func(a, b *T) bool) ([]T, bool) {
	if isRising(rows, id) {
		return rows, true // none can be there twice
	}
	at := make(map[string]int, len(rows))
	out := rows[:0]
	for i := range rows {
		key := id(&rows[i])
		if j, ok := at[key]; ok {
			if !isSame(&out[j], &rows[i]) {
				return nil, false
			}
			out[j] = rows[i]
			continue
		}
		at[key] = len(out)
		if len(out) == i {
			out = rows[:i+1] // it stays where it is
			continue
		}
		out = append(out, rows[i])
	}
	return out, true
}

// isRising reports whether each key is greater than the one before.
func isRising[T any](rows []T, id func(*T) string) bool {
	last := ""
	for i := range rows {
		key := id(&rows[i])
		if i > 0 && key <= last {
			return false
		}
		last = key
	}
	return true
}
