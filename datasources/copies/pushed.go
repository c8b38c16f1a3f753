package copies

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// PushedConfig is how one source is pushed. Zero values take the defaults of
// DefaultPushedConfig.
type PushedConfig struct {
	Name string // of the source, as configured
	Kind string // of the system, for who reads; "" = push
	// Entities are those that may be pushed, nil = all that can be, with Customer.
	Entities []string
	// MaxStaleness is for how long an entity may go without a push before its rows
	// are stale, 0 = for ever: a quiet source is no broken one.
	MaxStaleness time.Duration
	// MaxRecords is how many records a batch may have.
	MaxRecords int
	// Queue is how many batches may be read or wait beside the one being written.
	Queue int
	// MaxDelete is the share of an entity's rows that the end of a full push may delete
	// without being told to, from 0 to 1; ten always may be.
	MaxDelete float64
	// Keep is how long tombstones are remembered: an old version that comes later
	// than that brings a deleted record back.
	Keep time.Duration
	// KeepDeleted is as in Config.
	KeepDeleted time.Duration
	// Memory bounds what all pushes hold; nil = this source has a bound of its own.
	Memory *PushMemory
}

// DefaultPushedConfig returns the defaults.
func DefaultPushedConfig() PushedConfig {
	return PushedConfig{Kind: "push", MaxRecords: 10_000, Queue: 4, MaxDelete: 0.2, Keep: 90 * 24 * time.Hour, KeepDeleted: DefaultConfig().KeepDeleted}
}

// Validate reports all mistakes together. It fills no defaults.
func (c *PushedConfig) Validate() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, errors.New("name: missing"))
	}
	known := pushKinds()
	for i, e := range c.Entities {
		if known[e] == nil {
			errs = append(errs, fmt.Errorf("entities[%d]: %q cannot be pushed; want of %s", i, e, strings.Join(PushEntities(), ", ")))
		} else if slices.Contains(c.Entities[:i], e) {
			errs = append(errs, fmt.Errorf("entities[%d]: %s is named twice", i, e))
		}
	}
	if c.Entities != nil && len(c.Entities) == 0 {
		errs = append(errs, errors.New("entities: none"))
	}
	if c.MaxStaleness < 0 {
		errs = append(errs, errors.New("max_staleness: must not be negative"))
	}
	if !(c.MaxDelete >= 0 && c.MaxDelete <= 1) { // so that what is no number is refused
		errs = append(errs, errors.New("max_delete: want a share from 0 to 1"))
	}
	if c.MaxRecords < 0 || c.Queue < 0 || c.Keep < 0 {
		errs = append(errs, errors.New("max_records, queue, keep: must not be negative"))
	}
	if err := checkKeepDeleted(c.KeepDeleted); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *PushedConfig) setDefaults() {
	d := DefaultPushedConfig()
	if c.Kind == "" {
		c.Kind = d.Kind
	}
	if c.MaxRecords == 0 {
		c.MaxRecords = d.MaxRecords
	}
	if c.Queue == 0 {
		c.Queue = d.Queue
	}
	if c.Keep == 0 {
		c.Keep = d.Keep
	}
	if c.MaxDelete == 0 {
		c.MaxDelete = d.MaxDelete
	}
	if c.Memory == nil {
		c.Memory = NewPushMemory(0)
	}
	if c.Entities == nil {
		c.Entities = PushEntities()
	}
}

// forEver is longer than any row lives.
const forEver = 10 * 365 * 24 * time.Hour

// Pushed is a source that Trama never calls: its records come by Push, and are
// served from the store like those of a copy. It is a datasources.Source itself and
// safe for concurrent use.
type Pushed struct {
	cfg      PushedConfig
	c        *Copy // without a loop
	store    PushStore
	packers  map[string]pushPacker
	memory   *PushMemory
	refusals *refusals
	slots    chan struct{} // holds a token for each batch that is read or waits
	turn     chan struct{} // holds one while a batch is written
}

var (
	_ datasources.Source   = (*Pushed)(nil)
	_ datasources.Reporter = (*Pushed)(nil)
)

// OpenPushed finds out where a pushed source stands in the store, which stays open
// after Close.
func OpenPushed(ctx context.Context, cfg PushedConfig, st PushStore, d Deps) (*Pushed, error) {
	awaited := cfg.Entities != nil
	cfg.setDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("pushed source %s: %w", cfg.Name, err)
	}
	x := &Pushed{
		cfg: cfg, store: st, memory: cfg.Memory, packers: map[string]pushPacker{}, refusals: &refusals{},
		slots: make(chan struct{}, 1+cfg.Queue), turn: make(chan struct{}, 1),
	}
	known := pushKinds()
	for _, e := range cfg.Entities {
		pack, err := known[e].packer(cfg.Name)
		if err != nil {
			return nil, fmt.Errorf("pushed source %s: %w", cfg.Name, err)
		}
		x.packers[e] = pack
	}
	now := d.Now
	if now == nil {
		now = time.Now
	}
	x.refusals.now = now
	every := forEver
	if cfg.MaxStaleness > 0 {
		every = max(cfg.MaxStaleness/2, time.Second) // a reader's rows are stale after two of them
	}
	var err error
	x.c, err = Open(ctx, Config{Name: cfg.Name, Every: every, Only: cfg.Entities, MaxStaleness: cfg.MaxStaleness, KeepDeleted: cfg.KeepDeleted}, unreadSource(cfg, x.refusals), st, d)
	if err != nil {
		return nil, err
	}
	x.c.isPushed, x.c.isAwaited = true, awaited
	return x, nil
}

// Source is what goes into the catalogue: a CustomerIndexer where customers are
// pushed.
func (x *Pushed) Source() datasources.Source {
	if x.c.byEntity[customers] != nil {
		return &pushedWithCustomers{x}
	}
	return x
}

type pushedWithCustomers struct{ *Pushed }

var _ datasources.CustomerIndexer = (*pushedWithCustomers)(nil)

// IndexCustomers lists the customers that were pushed. Until one was, it fails with
// SOURCE_UNAVAILABLE where customers are meant to come; where nobody said so there are
// none.
func (x *pushedWithCustomers) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	if state := x.c.byEntity[customers].snapshot(); !x.c.isAwaited && state.Complete == 0 && state.Rows == 0 {
		return nil
	}
	return x.c.indexCustomers(ctx, f)
}

// Describe returns the entities that may be pushed, with every column filtered and
// sorted by.
func (x *Pushed) Describe() datasources.Description { return x.c.Describe() }

// Reader returns the reader of what was pushed.
func (x *Pushed) Reader(entity string) any {
	if s := x.c.byEntity[entity]; s != nil && s.reader != nil {
		return s.reader
	}
	return nil
}

// Probe says what was pushed. There is nobody to call.
func (x *Pushed) Probe(context.Context) ([]datasources.Finding, error) {
	var out []datasources.Finding
	for _, s := range x.c.sets {
		f := datasources.Finding{Subject: "push of " + s.entity, Result: "nothing yet", Level: datasources.OK}
		if state := s.snapshot(); state.Complete > 0 {
			f.Result, f.Level = fmt.Sprintf("%d records, the last push at %s", state.Rows, state.AsOf.UTC().Format(time.RFC3339)), datasources.OK
			if x.c.isStale(&state) {
				f.Level = datasources.Warn
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// Status is "up" when something was pushed, "degraded" when an entity was not for
// longer than MaxStaleness, "unknown" before. AsOf is that of the entity whose last
// push is the oldest, those nothing was pushed of left out.
func (x *Pushed) Status() datasources.Status {
	st := datasources.Status{State: "unknown", Breaker: "closed", Note: "nothing was pushed yet"}
	var stale, filling, renewed []string
	for _, s := range x.c.sets {
		state := s.snapshot()
		if state.Complete == 0 {
			if filling = append(filling, s.entity); state.Rows > 0 {
				renewed = append(renewed, s.entity)
			}
			continue
		}
		if st.AsOf.IsZero() || state.AsOf.Before(st.AsOf) {
			st.AsOf = state.AsOf
		}
		if state.AsOf.After(st.LastOKAt) {
			st.LastOKAt = state.AsOf
		}
		if x.c.isStale(&state) {
			stale = append(stale, s.entity)
		}
	}
	if len(renewed) > 0 {
		st.Note = "kept in another form by an earlier version, to be pushed once more up to a record that says current: " + strings.Join(renewed, ", ")
	}
	if st.AsOf.IsZero() {
		return st
	}
	if st.State = "up"; len(renewed) == 0 {
		st.Note = ""
	}
	var notes []string
	if st.Note != "" {
		st.State = "degraded"
		notes = append(notes, st.Note)
	}
	if len(stale) > 0 {
		st.State = "degraded"
		notes = append(notes, fmt.Sprintf("not pushed for longer than %s: %s", x.cfg.MaxStaleness, strings.Join(stale, ", ")))
	}
	if len(filling) > 0 {
		notes = append(notes, "nothing was pushed yet of "+strings.Join(filling, ", "))
	}
	st.Note = strings.Join(notes, "; ")
	return st
}

// Awaits reports whether the entities are meant to come: they were configured. Where
// they were not, one that nothing was pushed of is in a normal state.
func (x *Pushed) Awaits() bool { return x.c.isAwaited }

// Show takes over where the source stands in another store: see Copy.Show.
func (x *Pushed) Show(sets []Set) { x.c.Show(sets) }

// EntityCopy says where an entity stands, nil for one that is not pushed.
func (x *Pushed) EntityCopy(entity string) *schema.EntityCopy { return x.c.EntityCopy(entity) }

// Problems are what records were refused for.
func (x *Pushed) Problems() []datasources.Problem { return x.c.Problems() }

// Close has nothing to close.
func (x *Pushed) Close() error { return nil }

// Name is the source's configured name.
func (x *Pushed) Name() string { return x.cfg.Name }

// logger is the surroundings' log.
func (x *Pushed) logger() *slog.Logger { return x.c.deps.Log }
