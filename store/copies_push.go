package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

var _ copies.PushStore = (*Store)(nil)

// errNotAll gives a batch up of which something was refused.
var errNotAll = errors.New("not all records can be stored")

// SavePushedBatch implements copies.PushStore.
func (s *Store) SavePushedBatch(ctx context.Context, sets []copies.PushedSet, all bool, at time.Time) (copies.PushSaved, error) {
	n := len(sets)
	out := copies.PushSaved{Sets: make([]copies.Set, n), Results: make([][]copies.PushResult, n), Deleted: make([]int64, n), TooMany: make([]int64, n), Saved: true}
	// Two batches that hold sets in another order would wait in a circle.
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(sets[a].ID - sets[b].ID) })
	written := make([]int64, n)
	err := s.write(ctx, "save a pushed batch", func(tx *sql.Tx) error {
		for _, i := range order {
			p := &pushInto{s: s, tx: tx, at: at, in: &sets[i]}
			if err := p.save(ctx); err != nil {
				return err
			}
			out.Sets[i], out.Results[i], out.Deleted[i], out.TooMany[i], written[i] = p.set, p.results, p.deleted, p.tooMany, p.stored
		}
		refused := slices.ContainsFunc(out.Results, func(l []copies.PushResult) bool {
			return slices.Contains(l, copies.PushMismatch) || slices.Contains(l, copies.PushDiffers)
		}) ||
			slices.ContainsFunc(out.TooMany, func(n int64) bool { return n > 0 })
		if all && refused {
			return errNotAll
		}
		return nil
	})
	if errors.Is(err, errNotAll) {
		out.Saved = false
		return out, nil
	}
	if err != nil {
		return copies.PushSaved{}, err
	}
	for i := range out.Sets {
		set := out.Sets[i]
		set.Changed = written[i] // that of all pushes would have it looked at each time
		s.analyzeCopies(ctx, &set)
	}
	return out, nil
}

// pushInto writes what was pushed of one set.
type pushInto struct {
	s  *Store
	tx *sql.Tx
	at time.Time
	in *copies.PushedSet

	set      copies.Set // as it is held, and then as it is
	results  []copies.PushResult
	stored   int64
	deleted  int64
	tooMany  int64
	accepted bool // something is new, or everything was said to be here
	isFirst  bool // nothing was ever here
}

func (p *pushInto) save(ctx context.Context) error {
	var err error
	p.set, err = scanSet(p.tx.QueryRowContext(ctx, "SELECT "+setColumns+" FROM copy_sets WHERE id = ?"+p.s.hold, p.in.ID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return copies.ErrOvertaken
	}
	if err != nil {
		return err
	}
	p.isFirst = p.set.Complete == 0 && p.set.Rows == 0
	// Rows of another layout cannot be read: everything must come once more.
	isUseless := p.set.Complete == 0 && p.set.Rows > 0 && !p.set.Running
	// Rows are marked with the number of a reading, of which there was none yet; those
	// of a full push with a number of its own.
	if p.in.Full || isUseless || p.set.Run == 0 {
		p.set.Run++
	}
	if p.in.Full || isUseless {
		p.set.Running, p.set.Started, p.set.Seen = true, p.at, 0
	}
	w := newCopyWriter(ctx, p.tx, p.s.copyDialect(), &p.set, p.s.now())
	w.keeps = p.in.KeepDeleted
	p.rows(w)
	p.set.Held = w.held()
	if err := w.close(); err != nil {
		return err
	}
	p.set.Rows, p.set.Seen = p.set.Rows+w.added, p.set.Seen+w.seen
	if p.in.Current {
		if err := p.current(ctx); err != nil {
			return err
		}
	}
	p.set.Changed += p.stored + p.deleted
	// The first push ever makes a copy; what is of another layout is none until the full
	// push has ended.
	if p.accepted && (p.set.Complete > 0 || !p.set.Running || p.isFirst) {
		if p.set.Complete == 0 {
			p.set.Complete, p.set.Sound = p.set.Run, p.set.Run
		}
		if p.set.AsOf.Before(p.at) {
			p.set.AsOf = p.at
		}
	}
	_, err = p.tx.ExecContext(ctx, `UPDATE copy_sets SET run = ?, running = ?, started_at = ?, seen = ?, complete = ?, sound = ?, as_of = ?,
		refusal = '', saved_at = ?, changed = ?, row_count = ?, held = ?, garbled = ?, failure = ?, refused = ?, missing = ? WHERE id = ?`, p.set.Run, bit(p.set.Running), micros(p.set.Started), p.set.Seen, p.set.Complete, p.set.Sound,
		micros(p.set.AsOf), p.at.UnixMicro(), p.set.Changed, p.set.Rows,
		p.set.Held, p.set.Garbled, string(p.set.Failure), p.set.Refused, p.set.Missing, p.set.ID)
	if err != nil {
		return err
	}
	p.set, err = copySet(ctx, p.tx, p.set.ID)
	return err
}

// rows decides about each row by its version, and writes.
func (p *pushInto) rows(w *copyWriter) {
	if len(p.in.Rows) == 0 {
		return
	}
	keys := make([]string, len(p.in.Rows))
	for i := range p.in.Rows {
		keys[i] = p.in.Rows[i].Key
	}
	old, buried := w.find(keys), w.buried(keys)
	p.results = make([]copies.PushResult, len(keys))
	var kept []copies.Row
	var gone, met []string
	versions := map[string]string{}
	for i := range p.in.Rows {
		row := &p.in.Rows[i]
		o, isThere := old[row.Key]
		have, isBuried := buried[row.Key]
		if isThere {
			have = o.version
		}
		p.results[i] = p.decide(row, have, isThere && !row.Deleted && bytes.Equal(o.hash, row.Hash) || isBuried && !isThere && row.Deleted)
		if r := p.results[i]; (r == copies.PushSame || r == copies.PushDiffers) && isThere == row.Deleted {
			// It was deleted since; or this deletes a state that is as new.
			p.results[i] = copies.PushOlder
		}
		switch r := p.results[i]; {
		case r == copies.PushStored && row.Deleted:
			gone, versions[row.Key] = append(gone, row.Key), row.Version
		case r == copies.PushStored:
			kept = append(kept, row.Row)
		case isThere && p.set.Running:
			met = append(met, row.Key) // it came in the full push, whatever its version
		}
		if p.results[i] == copies.PushStored {
			p.stored++
			p.accepted = true
		}
	}
	w.saveOver(kept, old)
	w.release(kept)
	// A tombstone also where there was nothing: an older record may still come.
	w.remove(gone, old, func(key string) string { return versions[key] }, p.at)
	w.meet(met)
}

// decide measures a row by the version that is there, "" = none.
func (p *pushInto) decide(row *copies.PushedRow, have string, isEqual bool) copies.PushResult {
	switch {
	case have == "" || strings.IndexByte(copies.PushVersionKinds, have[0]) < 0: // none, or not of a push
		return copies.PushStored
	case have[0] != row.Version[0]:
		return copies.PushMismatch
	case have > row.Version:
		return copies.PushOlder
	case have == row.Version && isEqual:
		return copies.PushSame
	case have == row.Version && !p.set.Running:
		return copies.PushDiffers
	}
	return copies.PushStored
}

// current takes down that everything is here, and ends a full push.
func (p *pushInto) current(ctx context.Context) error {
	if !p.set.Running {
		p.accepted = true
		return nil
	}
	missing, _, err := countMissing(ctx, p.tx, &p.set, p.set.Run)
	if err != nil {
		return err
	}
	if p.in.Most != nil && missing > p.in.Most(p.set.Rows) {
		p.tooMany = missing
		return nil
	}
	if missing > 0 {
		if err := p.s.buryMissing(ctx, p.tx, &p.set, &copies.End{Before: p.set.Run, KeepDeleted: p.in.KeepDeleted, At: p.at}); err != nil {
			return err
		}
	}
	p.deleted, p.accepted = missing, true
	p.set.Rows -= missing
	p.set.Running, p.set.Complete, p.set.Sound = false, p.set.Run, p.set.Run
	// Every row is as it was pushed now: what readings of before, when the source was
	// copied, had left undone says nothing any more.
	p.set.Held, p.set.Garbled, p.set.Failure, p.set.Refused, p.set.Missing = 0, "", "", 0, 0
	_, err = p.tx.ExecContext(ctx, "DELETE FROM copy_held WHERE set_id = ?", p.set.ID)
	return err
}

// saveOver saves rows of which it is known what there was.
func (w *copyWriter) saveOver(rows []copies.Row, old map[string]oldRow) {
	for len(rows) > 0 {
		chunk := rows[:min(len(rows), writeChunk)]
		rows = rows[len(chunk):]
		w.chunk(chunk, old)
	}
}

// buried returns the versions of tombstones.
func (w *copyWriter) buried(keys []string) map[string]string {
	versions := make(map[string]string, len(keys))
	for len(keys) > 0 && w.b.err == nil {
		chunk := keys[:min(len(keys), writeChunk)]
		keys = keys[len(chunk):]
		text, args := w.b.ofKeys("r.version", "copy_gone r", w.set, chunk)
		w.b.err = each(w.b.ctx, w.b.tx, text, func(rows *sql.Rows) error {
			var key, version string
			err := rows.Scan(&key, &version)
			versions[key] = version
			return err
		}, args...)
	}
	return versions
}
