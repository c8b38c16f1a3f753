package directory

import (
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Records that Trama keeps itself, copied or pushed, are as old as the copy: to list
// them again makes them no newer, and a source that fails behind its copy is seen
// there only.

// Keeper is an optional ability of a CustomerIndexer: it lists records that are kept
// here.
type Keeper interface {
	// EntityCopy says where the records of an entity stand; nil when they are not
	// kept, but asked of the source each time. It makes no call.
	EntityCopy(entity string) *schema.EntityCopy
}

// Awaiter is an optional ability of a Keeper. Without it all records are awaited.
type Awaiter interface {
	// Awaits reports whether somebody said that records would come. Where nobody did,
	// a source that never had any is in a normal state.
	Awaits() bool
}

// customers is the entity the directory is made of.
const customers = "Customer"

// Attend tells the directory what lists the customers of its sources, so that it knows
// how those are doing that are kept here. Run does so itself; it is for who only looks.
// Names it does not know are left out.
func (d *Directory) Attend(indexers map[string]datasources.CustomerIndexer) {
	s := d.snapshot.Load()
	for name, ix := range indexers {
		if src := s.source(name); src >= 0 {
			d.attend(src, ix)
		}
	}
}

func (d *Directory) attend(src int32, ix datasources.CustomerIndexer) {
	if k, ok := ix.(Keeper); ok {
		d.keepers[src].Store(&k)
	}
}

// copyOf says where a source's records stand; nil when they are not kept, or nobody
// has told who lists them.
func (d *Directory) copyOf(src int32) *schema.EntityCopy {
	if k := d.keepers[src].Load(); k != nil {
		return (*k).EntityCopy(customers)
	}
	return nil
}

// copiedAt is up to when the kept records of a source are known, zero when they are
// not kept or never came.
func (d *Directory) copiedAt(src int32) time.Time {
	if c := d.copyOf(src); c != nil && !c.AsOf.IsZero() {
		return c.AsOf.UTC().Truncate(time.Microsecond) // as the store keeps times
	}
	return time.Time{}
}

// isLate reports whether kept records are older than they should be: the copy cannot
// be brought up to date, or was not for longer than it may.
func (d *Directory) isLate(src int32) bool {
	c := d.copyOf(src)
	switch {
	case c == nil:
		return false
	case c.State == schema.CopyFilling, c.LastErrorCode != "":
		return true
	}
	return c.MaxStaleness != nil && d.deps.Now().Sub(c.AsOf) > time.Duration(*c.MaxStaleness)*time.Second
}

// isUnused reports whether a source that could list customers has none to list, which
// is no failure: its system does not have this kind of record, or none was ever pushed
// and nobody said that any would be.
func (d *Directory) isUnused(s *snapshot, src int32) bool {
	if s.slabs[src] != nil {
		return false
	}
	if err := d.states[src].Load().err; err != nil {
		return schema.CodeOf(err) == schema.NotEnabled
	}
	c := d.copyOf(src)
	switch {
	case c == nil:
		return false
	case c.State == schema.CopyNotEnabled:
		return true
	}
	return c.State == schema.CopyFilling && (c.Rows == nil || *c.Rows == 0) && !d.isAwaited(src)
}

func (d *Directory) isAwaited(src int32) bool {
	k := d.keepers[src].Load()
	if k == nil {
		return true
	}
	a, ok := (*k).(Awaiter)
	return !ok || a.Awaits()
}

// lateness is a number that is another one when other sources are late; 0 = none is.
func (d *Directory) lateness() uint64 {
	late, isAny := make([]byte, len(d.keepers)), false
	for src := range d.keepers {
		if d.isLate(int32(src)) {
			late[src], isAny = 1, true
		}
	}
	if !isAny {
		return 0
	}
	return hash64(string(late))
}
