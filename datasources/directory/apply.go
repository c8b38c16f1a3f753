package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Apply takes what changed in a source since its customers were read: records that
// are new or changed, and the ids of those it no longer has. What is neither stays.
// It costs what the change touches, not what the directory holds. asOf is up to when
// the source's changes are known; zero = as before. CONFLICT when the source was
// never read in full; a change that loses too many records is held back as a reading
// is (AcceptLoss).
func (d *Directory) Apply(ctx context.Context, source string, changed []datasources.CustomerRecord, gone []string, asOf time.Time) error {
	l, err := d.Load(source)
	if err != nil {
		return err
	}
	edits := make([]edit, 0, len(changed)+len(gone))
	for _, id := range gone {
		edits = append(edits, edit{id: id})
	}
	for i := range changed {
		packed, ok := pack(l.buf[:0], &changed[i])
		if l.buf = packed; !ok {
			l.refused++
			continue
		}
		r := record(packed) // of its own: a piece of a larger one would hold all of it
		edits = append(edits, edit{id: r.id(), rec: r})
	}
	if l.refused > 0 {
		d.deps.Log.WarnContext(ctx, "refused records without usable id", "source", source, "records", l.refused)
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return strings.Compare(a.id, b.id) })
	edits = lastOf(edits)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.sync(ctx); err != nil {
		return fmt.Errorf("save the customers of %s: %w", source, err)
	}
	return d.repeat(ctx, func() error { return d.sync(ctx) }, func() error { return d.applyOnce(ctx, l.src, edits, asOf) })
}

// lastOf leaves the last of the edits of one record.
func lastOf(edits []edit) []edit {
	kept := edits[:0]
	for i, e := range edits {
		if i+1 == len(edits) || edits[i+1].id != e.id {
			kept = append(kept, e)
		}
	}
	return kept
}

func (d *Directory) applyOnce(ctx context.Context, src int32, edits []edit, asOf time.Time) error {
	prev := d.snapshot.Load()
	b := prev.slabs[src]
	if b == nil {
		return schema.Errorf(schema.Conflict, "the customers of %s have not been read yet", d.cfg.Sources[src].Name)
	}
	edits = b.places(slices.Clone(edits))
	n := prev.counts[src].records
	living := survivors{had: n, kept: n, got: n}
	for _, e := range edits {
		was, is := e.old >= 0 && !b.recs.at(e.old).isDeleted(), e.now >= 0 && !e.rec.isDeleted()
		switch {
		case was && !is:
			living.kept, living.got = living.kept-1, living.got-1
		case is && !was:
			living.got++
		}
	}
	settles, err := d.admit(ctx, src, living)
	if err != nil {
		return err
	}
	// A few changes do not show that a source is whole again whose reading is held.
	settles = settles && d.cfg.isLoss(living.had, living.kept)
	if asOf.IsZero() {
		asOf = d.states[src].Load().asOf
	}
	switch {
	case len(edits) == 0:
		d.setState(src, &sourceState{asOf: asOf})
		return d.save(ctx, &Changes{ReadAt: map[string]time.Time{d.cfg.Sources[src].Name: asOf}})
	case len(edits) > maxEdits:
		return d.rebuild(ctx, src, edited(b.list(), edits), settles, asOf)
	}
	return d.commitEdits(ctx, src, edits, settles, asOf)
}

// commitEdits makes the snapshot in which a few records of a source, sorted by id,
// are changed.
func (d *Directory) commitEdits(ctx context.Context, src int32, edits []edit, settles bool, asOf time.Time) error {
	began, prev := d.deps.Now(), d.snapshot.Load()
	for i := range edits { // a piece of a whole reading would hold all of it
		edits[i].rec = record(strings.Clone(string(edits[i].rec)))
	}
	if !prev.hasRoom(src, len(edits)) {
		prev = prev.tidied(src, len(edits))
	}
	edits = prev.slabs[src].places(edits)
	next := &snapshot{cfg: d.cfg, slabs: slices.Clone(prev.slabs), decisions: prev.decisions, kept: prev.kept}
	next.slabs[src] = prev.slabs[src].after(edits, d.cfg, src)
	s := newStep(prev, next, src)
	s.data, s.fresh = make([]bool, len(edits)), make([]bool, len(edits))
	backs := map[RecordRef]ghost{}
	for i := range edits {
		switch e := &edits[i]; {
		case e.now < 0:
			s.leave(prev.base[src] + e.old)
		case e.old >= 0:
			s.stay(i, prev.base[src]+e.old, e.rec)
		default:
			backs[RecordRef{d.cfg.Sources[src].Name, e.id}] = s.arrive(i, e.rec)
		}
	}
	c, ok := d.patch(prev, next, src, edits, nil, s.ghosts, backs)
	if !ok {
		return d.rebuild(ctx, src, next.slabs[src].list(), settles, asOf)
	}
	c.Members = append(s.gone, c.Members...)
	c.Kept, c.Unkept = s.keep, s.unkeep
	next = next.settled()
	s.next = next
	for i := range edits {
		if s.fresh[i] {
			s.joined(c, next.findIn(src, edits[i].id), began)
		}
	}
	return d.publish(ctx, src, next, c, settles, began, asOf)
}
