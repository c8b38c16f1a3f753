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

// Loader takes one full reading of a source's customers. Until Commit nothing
// changes; a loader that is dropped leaves everything as it was. It is for one
// goroutine.
type Loader struct {
	d       *Directory
	src     int32
	arena   arena
	recs    []record
	asOf    time.Time // up to when the records are known
	buf     []byte
	refused int
}

// Load begins a full reading of a source's customers.
func (d *Directory) Load(source string) (*Loader, error) {
	src := d.snapshot.Load().source(source)
	if src < 0 {
		return nil, schema.Errorf(schema.NotFound, "the directory has no source %s", source)
	}
	if d.cfg.assumed[src].source >= 0 {
		return nil, schema.Errorf(schema.BadRequest, "the customers of %s are assumed from another source", source)
	}
	return &Loader{d: d, src: src, asOf: d.deps.Now()}, nil
}

// Add takes a page of records, which it copies.
func (l *Loader) Add(records []datasources.CustomerRecord) error {
	for i := range records {
		packed, ok := pack(l.buf[:0], &records[i])
		if l.buf = packed; !ok {
			l.refused++
			continue
		}
		l.recs = append(l.recs, l.arena.put(packed))
	}
	return nil
}

// Commit replaces the source's records by those that were added, in one step. Of a
// reading without a change only its time is written.
func (l *Loader) Commit(ctx context.Context) error {
	if l.refused > 0 {
		l.d.deps.Log.WarnContext(ctx, "refused records without usable id", "source", l.d.cfg.Sources[l.src].Name, "records", l.refused)
	}
	// A source may give a record twice when its pages shift. The newer one counts,
	// and between equals the choice does not depend on which came first.
	slices.SortFunc(l.recs, func(a, b record) int {
		if c := strings.Compare(a.id(), b.id()); c != 0 {
			return c
		}
		_, ma := a.times()
		_, mb := b.times()
		if c := mb.Compare(ma); c != 0 {
			return c
		}
		return strings.Compare(string(a), string(b))
	})
	l.recs = slices.Clip(slices.CompactFunc(l.recs, func(a, b record) bool { return a.id() == b.id() }))
	return l.d.commit(ctx, l.src, l.recs, l.asOf)
}

// Replace reads a source's customers through its indexer and puts them in the
// place of the old ones. When the reading fails in the middle, the old ones stay,
// and Status tells why. Records that are kept here (Keeper) are as old as they are
// there, others as the beginning of the reading.
func (d *Directory) Replace(ctx context.Context, source string, ix datasources.CustomerIndexer) error {
	l, err := d.Load(source)
	if err != nil {
		return err
	}
	d.attend(l.src, ix)
	copied := d.copiedAt(l.src) // before: what comes while it is listed may be in it, or not
	if err = ix.IndexCustomers(ctx, l.Add); err == nil {
		if copied.IsZero() {
			copied = d.copiedAt(l.src) // it was waited for
		}
		if !copied.IsZero() {
			l.asOf = copied
		}
		if len(l.recs) == 0 && d.isUnused(d.snapshot.Load(), l.src) {
			return nil // nothing came yet: that there is nobody was not read
		}
		err = l.Commit(ctx)
	}
	if err != nil {
		d.mu.Lock()
		d.setState(l.src, &sourceState{asOf: d.states[l.src].Load().asOf, err: err})
		d.mu.Unlock()
		d.noteFailure(ctx, source, err)
		return fmt.Errorf("read the customers of %s: %w", source, err)
	}
	return nil
}

// commit makes the snapshot in which a source has these records, sorted by id.
func (d *Directory) commit(ctx context.Context, src int32, recs []record, asOf time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.sync(ctx); err != nil { // or what another instance has read would stay
		return fmt.Errorf("save the customers of %s: %w", d.cfg.Sources[src].Name, err)
	}
	return d.repeat(ctx, func() error { return d.sync(ctx) }, func() error { return d.commitOnce(ctx, src, recs, asOf) })
}

func (d *Directory) commitOnce(ctx context.Context, src int32, recs []record, asOf time.Time) error {
	prev, name := d.snapshot.Load(), d.cfg.Sources[src].Name
	b := prev.slabs[src]
	old := b.list()
	if b != nil && slices.Equal(old, recs) {
		d.setState(src, &sourceState{asOf: asOf})
		c := &Changes{ReadAt: map[string]time.Time{name: asOf}} // for the other instances
		if _, held := d.losses.of(name); held {
			d.settle(prev, src, c) // all that were lost are back
		}
		return d.save(ctx, c)
	}
	settles, err := d.admit(ctx, src, surviving(old, recs))
	if err != nil {
		return err
	}
	if b != nil {
		if edits, few := editsOf(old, recs, maxEdits); few {
			return d.commitEdits(ctx, src, edits, settles, asOf)
		}
	}
	return d.rebuild(ctx, src, recs, settles, asOf)
}

// rebuild makes the snapshot in which a source has these records from all records.
func (d *Directory) rebuild(ctx context.Context, src int32, recs []record, settles bool, asOf time.Time) error {
	began, prev, name := d.deps.Now(), d.snapshot.Load().tidied(-1, 0), d.cfg.Sources[src].Name
	next := &snapshot{cfg: d.cfg, slabs: slices.Clone(prev.slabs), decisions: prev.decisions, kept: prev.kept}
	next.slabs[src] = newSlab(recs, &d.cfg.Sources[src], d.cfg.own)
	next.space(-1, 0)
	s := newStep(prev, next, src)
	s.compare(prev.slabs[src].list(), recs)
	c := d.build(next, crosswalk{ids: prev.ids, ghosts: s.ghosts}, s.before)
	c.Members, c.Kept, c.Unkept = s.gone, s.keep, s.unkeep
	d.members(next, c, s.before, s.data, src)
	if prev.slabs[src] == nil {
		c.Events = append(c.Events, Event{At: began, Kind: "filled", Record: RecordRef{Source: name}, Records: len(recs)})
	} else {
		s.linked(c, began)
	}
	return d.publish(ctx, src, next, c, settles, began, asOf)
}

// publish saves the changes and shows the snapshot.
func (d *Directory) publish(ctx context.Context, src int32, next *snapshot, c *Changes, settles bool, began, asOf time.Time) error {
	name := d.cfg.Sources[src].Name
	c.ReadAt = map[string]time.Time{name: asOf}
	if settles {
		d.settle(next, src, c)
	}
	d.stamp(next, c)
	if err := d.save(ctx, c); err != nil {
		return fmt.Errorf("save the customers of %s: %w", name, err)
	}
	d.show(next)
	d.setState(src, &sourceState{asOf: asOf})
	d.deps.Log.InfoContext(ctx, "read customer index", "source", name, "records", next.slabs[src].size(), "changed", len(c.Members),
		"customers", next.customers(), "conflicts", len(next.conflicts), "took", d.deps.Now().Sub(began))
	return nil
}
