package copies

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// Copy is a source that is kept and served from a store. It is safe for
// concurrent use, and a datasources.Source itself: Describe, Reader, Probe,
// Status, Close. What goes into the catalogue is Source, which has the optional
// abilities of the source behind it.
type Copy struct {
	cfg       Config
	inner     datasources.Source
	deps      deps
	desc      datasources.Description
	settings  string // what marks depend on
	sets      []*set // in the order in which they are read
	byEntity  map[string]*set
	records   *codec[datasources.CustomerRecord]
	isPushed  bool // rows come by themselves: see Pushed
	isAwaited bool // and these entities are meant to come

	turn      chan struct{} // holds a token while nobody reads the source
	refreshes chan struct{} // holds one for each refresh under way
	granted   chan struct{} // holds one when consent to deletions was found
	purged    time.Time     // when deleted rows were, in the loop
}

type deps struct {
	Deps
	store Store
}

var (
	_ datasources.Source   = (*Copy)(nil)
	_ datasources.Reporter = (*Copy)(nil)
)

// Open puts a copy around a source and finds out where it stands in the store.
// It makes no upstream call. The store stays open after Close, the source does
// not.
func Open(ctx context.Context, cfg Config, inner datasources.Source, st Store, d Deps) (*Copy, error) {
	cfg.setDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("copy of %s: %w", cfg.Name, err)
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Changed == nil {
		d.Changed = func(string) {}
	}
	c := &Copy{cfg: cfg, inner: inner, deps: deps{Deps: d, store: st}, byEntity: map[string]*set{}, turn: make(chan struct{}, 1), refreshes: make(chan struct{}, refreshesAtOnce), granted: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	original := inner.Describe()
	if err := c.openSets(&original); err != nil {
		return nil, fmt.Errorf("copy of %s: %w", cfg.Name, err)
	}
	for _, s := range c.sets {
		state, err := st.OpenCopy(ctx, cfg.Name, s.entity, s.layout)
		if err != nil {
			return nil, fmt.Errorf("open the copy of %s: %w", cfg.Name, err)
		}
		s.id, s.state = state.ID, state
	}
	c.desc = c.describe(original)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%+v", cfg.Settings, summary(&original)))
	c.settings = base32.StdEncoding.EncodeToString(sum[:])[:16]
	return c, nil
}

// openSets finds the entities that are kept: customers, then those of the source
// in its order.
func (c *Copy) openSets(original *datasources.Description) error {
	wanted := func(entity string) bool { return c.cfg.Only == nil || slices.Contains(c.cfg.Only, entity) }
	add := func(s *set, err error) error {
		if s != nil && err == nil {
			c.sets = append(c.sets, s)
			c.byEntity[s.entity] = s
		}
		return err
	}
	if wanted(customers) {
		if err := add(openCustomers(c)); err != nil {
			return err
		}
	}
	known := openers()
	entities := eldersFirst(original.Entities)
	for i := range entities {
		e := &entities[i]
		open := known[e.Name]
		if open == nil || !wanted(e.Name) {
			continue
		}
		if err := add(open(c, e, c.inner.Reader(e.Name))); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	return nil
}

// summary is what marks may depend on: what is read, and in which order and
// pages.
func summary(d *datasources.Description) []string {
	var out []string
	for i := range d.Entities {
		e := &d.Entities[i]
		out = append(out, fmt.Sprintf("%q %q %d %v", e.Name, e.Upstream, e.PageLimit, e.Default))
	}
	return out
}

// Reader returns the reader of the copy, that of the source itself where the
// entity is not kept, and nil when the source does not have it.
func (c *Copy) Reader(entity string) any {
	if s := c.byEntity[entity]; s != nil && s.reader != nil {
		return s.reader
	}
	return c.inner.Reader(entity)
}

// Probe asks the source.
func (c *Copy) Probe(ctx context.Context) ([]datasources.Finding, error) { return c.inner.Probe(ctx) }

// Close closes the source. Run and Sync must have ended.
func (c *Copy) Close() error { return c.inner.Close() }

// Unwrap returns the source itself. Its customers are asked for at its own
// expense: Customers are those of the copy.
func (c *Copy) Unwrap() datasources.Source { return c.inner }
