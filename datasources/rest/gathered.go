package rest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// gathered are the records of a part of a list, in memory: at most as many as
// Config.MemoryBound.
type gathered[T any] struct {
	t     *table[T]
	asked time.Time // no record should be older, zero = they may
	tally *mapping.Tally

	rows  []T
	at    map[string]int    // of a key among rows, -1 = it was deleted
	print map[string]uint64 // of a key's record
	fresh int               // records that were not there before
	// isDeaf: a record came that is older than asked for.
	isDeaf bool
}

func newGathered[T any](t *table[T], asked time.Time) *gathered[T] {
	return &gathered[T]{t: t, asked: asked, tally: t.plans[0].Tally(), at: map[string]int{}, print: map[string]uint64{}}
}

// all reads a list to its end. One that may not be whole is no list of changes: the
// source is read anew, which is told apart from a whole reading there.
func (g *gathered[T]) all(ctx context.Context, p *pager) error {
	for !p.end {
		if err := g.page(ctx, p); err != nil {
			return err
		}
		if len(g.at) > g.t.s.cfg.MemoryBound {
			// All of it is read as cheaply.
			return schema.SourceErrorf(schema.BadRequest, g.t.s.cfg.Name, "%s changed more than %d %s, which is as many as memory_bound allows to be followed",
				g.t.s.cfg.Name, g.t.s.cfg.MemoryBound, plural(g.t.e.name))
		}
	}
	if p.doubtful {
		return schema.SourceErrorf(schema.BadRequest, g.t.s.cfg.Name, "%s gave a list of changed %s that may not be whole", g.t.s.cfg.Name, plural(g.t.e.name)).Because(errDoubtful)
	}
	return nil
}

// page reads one page. Records that are marked as deleted are told by their keys.
func (g *gathered[T]) page(ctx context.Context, p *pager) error {
	s := g.t.s
	records, err := s.patiently(ctx, func() (mapping.Value, error) { return p.next(ctx) })
	if err != nil {
		return err
	}
	n, lost := records.Len(), 0
	scrap := g.t.keys.Tally()
	for rec := range records.Items() {
		var row T
		switch g.t.plans[0].Row(rec, g.tally, &row) {
		case mapping.Kept:
			g.add(g.t.shape.id(&row), rec, row, false)
		case mapping.Gone:
			var bare T
			if g.t.keys.Row(rec, scrap, &bare) == mapping.Kept {
				g.add(g.t.shape.id(&bare), rec, bare, true)
			}
		case mapping.Lost:
			lost++
		}
	}
	if !p.isQuiet {
		s.ledger.Take(g.tally)
	}
	if n > 0 && lost == n {
		return invalid(s.cfg.Name, g.t.e.name, errNoRecord)
	}
	return nil
}

func (g *gathered[T]) add(key string, rec mapping.Value, row T, isGone bool) {
	h := sha256.Sum256(rec.Raw())
	print := binary.LittleEndian.Uint64(h[:])
	if old, ok := g.print[key]; !ok || old != print {
		g.fresh++
	}
	g.print[key] = print
	if at := g.t.shape.changed(&row); !isGone && !g.asked.IsZero() {
		switch {
		case at.IsZero():
			g.t.s.ledger.Add(g.t.e.name, "updatedAt", noChangeTime, 1)
		case at.Before(g.asked.Add(-anyZone)):
			g.isDeaf = true
		}
	}
	i, ok := g.at[key]
	switch {
	case isGone && ok && i >= 0:
		last := len(g.rows) - 1
		g.rows[i] = g.rows[last]
		g.at[g.t.shape.id(&g.rows[i])] = i
		g.rows = g.rows[:last]
		g.at[key] = -1
	case isGone:
		g.at[key] = -1
	case ok && i >= 0:
		g.rows[i] = row
	default:
		g.at[key] = len(g.rows)
		g.rows = append(g.rows, row)
	}
}

// newest is the newest time of a change, but not a time to come by the system's own
// clock: one that is dated ahead would hide what changes until then.
func (g *gathered[T]) newest(now time.Time) time.Time {
	var newest time.Time
	for i := range g.rows {
		if at := g.t.shape.changed(&g.rows[i]); at.After(newest) {
			newest = at
		}
	}
	if newest.After(now) {
		newest = now
	}
	return newest.UTC()
}

// text tells apart what was read, whatever its order.
func (g *gathered[T]) text() string {
	var sum uint64
	for _, p := range g.print {
		sum += p
	}
	return strconv.Itoa(len(g.print)) + "." + strconv.FormatUint(sum, 36)
}

func (g *gathered[T]) changes(m mark, more bool) datasources.Changes[T] {
	out := datasources.Changes[T]{Items: g.rows, Next: m.cursor(), More: more}
	for key, i := range g.at {
		if i < 0 {
			out.Deleted = append(out.Deleted, key)
		}
	}
	return out
}
