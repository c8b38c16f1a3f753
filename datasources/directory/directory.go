package directory

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/schema"
)

// Deps are what the directory needs of its surroundings.
type Deps struct {
	Log   *slog.Logger     // nil = silent
	Now   func() time.Time // nil = time.Now
	NewID func() string    // nil = random; makes a new golden id, never the same twice
	// Runner waits until this instance is the one that reads the sources' indexes,
	// which name stands for: until run ends, or release is called. nil = it always is.
	Runner func(ctx context.Context, name string) (run context.Context, release func(), err error)
}

// Directory is the open directory. It is safe for concurrent use; its reads take
// no lock.
type Directory struct {
	cfg  *setup
	st   Store
	deps Deps

	mu      sync.Mutex // held by whoever makes the next snapshot
	known   Version    // of the store, which the snapshot is of; mu guards it
	behind  atomic.Pointer[lag]
	notices chan struct{} // of one place: another instance may have changed something

	stopReading atomic.Pointer[context.CancelFunc] // nil while this instance does not read
	snapshot    atomic.Pointer[snapshot]
	edition     atomic.Uint64
	states      []atomic.Pointer[sourceState] // by source
	seen        []seenKeys                    // by source
	pokes       []chan struct{}               // by source, of one place each
	keepers     []atomic.Pointer[Keeper]      // by source; nil where nothing is kept
	book        book
	losses      losses
	trial       chan struct{} // of one place: a dry run
}

// Open loads what the store remembers and is ready to answer from it. When the
// rules have changed, the customers are recognised anew. The store stays open
// when the directory is closed.
func Open(ctx context.Context, cfg Config, st Store, deps Deps) (*Directory, error) {
	set, err := newSetup(cfg)
	if err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	now := deps.Now
	// As the store keeps times, so that every instance shows the same ones.
	deps.Now = func() time.Time { return now().UTC().Truncate(time.Microsecond) }
	if deps.NewID == nil {
		deps.NewID = newID
	}
	d := &Directory{cfg: set, st: st, deps: deps, states: make([]atomic.Pointer[sourceState], len(set.Sources)), seen: make([]seenKeys, len(set.Sources)), pokes: make([]chan struct{}, len(set.Sources)), keepers: make([]atomic.Pointer[Keeper], len(set.Sources)), notices: make(chan struct{}, 1), trial: make(chan struct{}, 1)}
	for i := range d.pokes {
		d.pokes[i] = make(chan struct{}, 1)
	}
	began := deps.Now()
	var next *snapshot
	err = d.repeat(ctx, func() error { return nil }, func() error {
		next, err = d.restore(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open the directory: %w", err)
	}
	d.show(next)
	deps.Log.InfoContext(ctx, "opened directory", "records", next.total(), "customers", next.customers(), "conflicts", len(next.conflicts), "took", deps.Now().Sub(began))
	return d, nil
}

// restore makes the snapshot of what the store has, and saves what this
// configuration makes of it.
func (d *Directory) restore(ctx context.Context) (*snapshot, error) {
	in, err := d.load(ctx)
	if err != nil {
		return nil, err
	}
	next := &snapshot{cfg: d.cfg, slabs: in.slabs, decisions: in.decisions, kept: in.kept}
	next.space(-1, 0)
	b := beforeOf(next, in.had)
	c := d.build(next, in.crosswalk, b)
	d.members(next, c, b, nil, -1)
	d.stamp(next, c)
	return next, d.save(ctx, c)
}

// newID makes an opaque id of 100 random bits. It is never made from what is
// known of the customer, which is personal and changes.
func newID() string { return "c_" + strings.ToLower(rand.Text()[:20]) }

// build makes a snapshot, of which the slabs, the space, the decisions and the kept
// links are given, whole: clusters, golden ids, orders. It returns the changes of the
// ids.
func (d *Directory) build(s *snapshot, old crosswalk, b before) *Changes {
	link(s)
	c := &Changes{Golden: reconcile(s, old, b, d.deps.NewID, d.deps.Now(), nil)}
	s.ghosts = old.ghosts
	s.sortLists()
	s.count()
	for _, from := range s.cfg.assumed { // made now, so that no request waits for it
		if from.source >= 0 && from.field == "code" && s.slabs[from.source] != nil {
			s.slabs[from.source].byCode()
		}
	}
	d.idEvents(s, old, b, c)
	d.noteConflicts(s, c, d.snapshot.Load())
	return c
}

// isEmpty reports that there is nothing to write.
func (c *Changes) isEmpty() bool {
	return len(c.Golden) == 0 && len(c.Members) == 0 && len(c.Kept) == 0 && len(c.Unkept) == 0 && len(c.Decisions) == 0 &&
		len(c.Withdrawn) == 0 && len(c.Seen) == 0 && len(c.ReadAt) == 0 && len(c.Failed) == 0 && len(c.Events) == 0 &&
		len(c.Conflicts) == 0 && len(c.Forgotten) == 0 && len(c.Losses) == 0 && len(c.NoLoss) == 0
}

func (d *Directory) save(ctx context.Context, c *Changes) error {
	if c.isEmpty() {
		return nil
	}
	if !c.IsOnlyNotes() {
		c.Known = d.known.Records
	}
	if err := d.st.SaveDirectory(ctx, c); err != nil {
		return err
	}
	if c.Known != 0 {
		d.known.Records = c.Known + 1
	}
	d.remember(c)
	return nil
}

// members lists the crosswalk's rows that changed. data says of the records of
// source src which of them have new data.
func (d *Directory) members(s *snapshot, c *Changes, b before, data []bool, src int32) {
	for rec := range s.records() {
		isNew := false
		if src >= 0 && rec >= s.base[src] && rec < s.base[src+1] {
			isNew = data[rec-s.base[src]]
		}
		g := s.ghost(rec)
		if !isNew && b.golden[rec] == g.golden && b.origin[rec] == g.origin {
			continue
		}
		ref := s.refOf(rec)
		m := MemberChange{KeepData: !isNew, Member: Member{
			Source: ref.Source, RecordID: ref.RecordID, Customer: int64(g.golden) + 1, Origin: int64(g.origin) + 1,
		}}
		if isNew {
			m.Data = []byte(s.rec(rec))
		}
		c.Members = append(c.Members, m)
	}
}

// idEvents writes the history of the ids: what merged and what parted.
func (d *Directory) idEvents(s *snapshot, old crosswalk, b before, c *Changes) {
	at := d.deps.Now()
	for _, g := range c.Golden {
		switch {
		case g.Seq > int64(old.ids.rows.n): // new
		case g.MergedInto != 0:
			c.Events = append(c.Events, Event{At: at, Kind: "merged", Customer: s.ids.id(int32(g.MergedInto - 1)), Other: g.ID})
		default:
			c.Events = append(c.Events, Event{At: at, Kind: "split", Customer: g.ID, Other: s.ids.id(old.ids.root(int32(g.Seq - 1)))})
		}
	}
	for rec := range s.records() {
		was, now := b.golden[rec], s.golden.at(rec)
		if was < 0 || s.ids.root(was) == now {
			continue
		}
		c.Events = append(c.Events, Event{At: at, Kind: "moved", Customer: s.ids.id(now), Other: s.ids.id(was), Record: s.refOf(rec)})
	}
}

// intake is what the store remembers, sorted out.
type intake struct {
	crosswalk
	slabs     []*slab
	had       [][]ghost // by source and record: the ids
	decisions map[pair]Decision
	kept      map[RecordRef][]Kept
}

// stored is a record on its way from the store into a slab.
type stored struct {
	rec            record
	golden, origin int32
}

// load reads the store.
func (d *Directory) load(ctx context.Context) (*intake, error) {
	in := &intake{
		crosswalk: crosswalk{ids: &ids{}, ghosts: map[RecordRef]ghost{}},
		slabs:     make([]*slab, len(d.cfg.Sources)),
		decisions: map[pair]Decision{}, kept: map[RecordRef][]Kept{},
	}
	number := map[string]int{}
	for i := range d.cfg.Sources {
		number[d.cfg.Sources[i].Name] = i
		d.states[i].Store(&sourceState{})
	}
	recs, arenas := make([][]stored, len(d.cfg.Sources)), make([]arena, len(d.cfg.Sources))
	readAt := make([]bool, len(d.cfg.Sources))
	err := d.st.LoadDirectory(ctx, Intake{
		Version: func(v Version) error {
			d.known = v
			return nil
		},
		Golden: func(g Golden) error {
			if g.Seq != int64(in.ids.rows.n)+1 {
				return fmt.Errorf("directory: stored customer %d is out of order", g.Seq)
			}
			in.ids.rows.push(g)
			return nil
		},
		Member: func(m Member) error {
			n := int64(in.ids.rows.n)
			if m.Customer < 1 || m.Customer > n || m.Origin < 1 || m.Origin > n {
				return fmt.Errorf("directory: a stored record of %s has no customer", m.Source)
			}
			src, ok := number[m.Source]
			switch {
			case !ok: // a source that is not configured any more keeps its rows
				return nil
			case m.Data == nil:
				in.ghosts[RecordRef{m.Source, m.RecordID}] = ghost{int32(m.Customer - 1), int32(m.Origin - 1)}
				return nil
			}
			rec := arenas[src].put(m.Data)
			recs[src] = append(recs[src], stored{rec, int32(m.Customer - 1), int32(m.Origin - 1)})
			return rec.check()
		},
		Kept: func(k Kept) error {
			in.kept[k.Deleted] = append(in.kept[k.Deleted], k)
			return nil
		},
		Decision: func(v Decision) error {
			in.decisions[pairOf(v.A, v.B)] = v
			return nil
		},
		Seen: func(source, key string) error {
			if src, ok := number[source]; ok {
				d.seen[src].add(key, false)
			}
			return nil
		},
		ReadAt: func(source string, at time.Time) error {
			if src, ok := number[source]; ok {
				readAt[src] = true
				d.states[src].Store(&sourceState{asOf: at})
			}
			return nil
		},
		Conflict: func(c ConflictState) error {
			d.book.take(c)
			return nil
		},
		Loss: func(l Loss) error {
			d.losses.take(l)
			return nil
		},
		Failed: func(source string, code schema.Code) error {
			if src, ok := number[source]; ok {
				d.states[src].Store(&sourceState{asOf: d.states[src].Load().asOf, err: failedElsewhere(code, source)})
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	if err := in.ids.check(); err != nil {
		return nil, err
	}
	in.ids.index()
	d.slabs(in, recs, readAt)
	return in, nil
}

// slabs makes the indexes of the stored records, side by side.
func (d *Directory) slabs(in *intake, recs [][]stored, read []bool) {
	var wait sync.WaitGroup
	for src := range recs {
		if !read[src] && len(recs[src]) == 0 {
			continue
		}
		wait.Go(func() {
			list := recs[src]
			slices.SortFunc(list, func(a, b stored) int { return strings.Compare(a.rec.id(), b.rec.id()) })
			only := make([]record, len(list))
			for i := range list {
				only[i] = list[i].rec
			}
			in.slabs[src] = newSlab(only, &d.cfg.Sources[src], d.cfg.own)
		})
	}
	wait.Wait()
	in.had = make([][]ghost, len(recs))
	for src := range recs {
		for _, r := range recs[src] {
			in.had[src] = append(in.had[src], ghost{r.golden, r.origin})
		}
	}
}

// Close writes what the store does not know yet. The directory still answers
// afterwards.
func (d *Directory) Close(ctx context.Context) error {
	return d.flush(ctx)
}

// flush writes the customer keys that documents have shown.
func (d *Directory) flush(ctx context.Context) error {
	c := &Changes{}
	taken := make([][]string, len(d.seen))
	for src := range d.seen {
		taken[src] = d.seen[src].take()
		for _, k := range taken[src] {
			c.Seen = append(c.Seen, RecordRef{d.cfg.Sources[src].Name, k})
		}
	}
	err := d.save(ctx, c)
	if err != nil {
		for src := range d.seen {
			d.seen[src].giveBack(taken[src])
		}
		return fmt.Errorf("save seen keys: %w", err)
	}
	return nil
}
