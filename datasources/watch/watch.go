package watch

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// State is how a segment is doing.
type State string

// The states, the least grave first.
const (
	Fine       State = "OK"
	Filling    State = "FILLING"    // a copy is read for the first time: no trouble
	Uncovered  State = "UNCOVERED"  // too few of its records are joined with the others
	Stale      State = "STALE"      // older than was agreed, or not let delete (the code is CONFLICT)
	Overloaded State = "OVERLOADED" // the source wants fewer calls, or the agreed ones are used up
	Failing    State = "FAILING"    // it does not answer, or its last reading failed
)

// States are all of them, the least grave first.
func States() []State { return []State{Fine, Filling, Uncovered, Stale, Overloaded, Failing} }

// isTrouble reports whether somebody should be told.
func (s State) isTrouble() bool { return s != Fine && s != Filling }

// Segment names a kind of record of a source.
type Segment struct{ Source, Entity string }

// Reading is how a segment is doing now.
type Reading struct {
	Segment
	State State
	Code  string // of the last failure, "" = none
	// AsOf is how old its data is, zero where it is asked live.
	AsOf time.Time
}

// Watched is a segment with what was raised of it.
type Watched struct {
	Reading           // the last one
	Raised  State     // Fine when there is nothing to tell
	Since   time.Time // since when it is so
}

// Config says when trouble is raised. Zero values take the defaults.
type Config struct {
	Every time.Duration // how often the segments are looked at, default 15 s
	Raise time.Duration // how long trouble must last, default 1 min
	Clear time.Duration // how long it must be away, default 5 min
	// Readings returns how all segments are doing, without a call. Required.
	Readings func() []Reading
	// Tell is told what changed, the whole list beside it, one call at a time; nil =
	// nobody is told. An error is a reason to be told the same again after Every.
	Tell func(ctx context.Context, changed, all []Watched) error
	// Memory keeps what was told over a restart, and from one instance to the next;
	// nil = it is forgotten, and trouble is told again.
	Memory Memory
	Log    *slog.Logger     // nil = silent
	Now    func() time.Time // nil = time.Now
}

// Memory keeps which troubles were told.
type Memory interface {
	LoadTold(ctx context.Context) (map[Segment]State, error)
	SaveTold(ctx context.Context, told map[Segment]State) error
}

// The defaults of Config.
const (
	DefaultEvery = 15 * time.Second
	DefaultRaise = time.Minute
	DefaultClear = 5 * time.Minute
)

// Watcher looks at segments. It is safe for concurrent use.
type Watcher struct {
	cfg Config

	mu   sync.Mutex
	segs map[Segment]*segment
	told map[Segment]State // what was last sent, where it is not Fine
}

// segment is what is remembered of one.
type segment struct {
	Watched
	next   State     // what it would become
	nextAt time.Time // since when it has been so
	began  time.Time // of the watch
}

// New makes a Watcher.
func New(cfg Config) *Watcher {
	cfg.Every, cfg.Raise, cfg.Clear = cmp.Or(cfg.Every, DefaultEvery), cmp.Or(cfg.Raise, DefaultRaise), cmp.Or(cfg.Clear, DefaultClear)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Watcher{cfg: cfg, segs: map[Segment]*segment{}, told: map[Segment]State{}}
}

// Run looks at the segments until ctx ends. Elect says when this process is the one
// that tells: run ends when it is not any more, and release gives the right back;
// nil = it always is.
func (w *Watcher) Run(ctx context.Context, elect func(ctx context.Context) (run context.Context, release func(), err error)) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	if w.cfg.Tell != nil {
		wait.Go(func() { w.telling(ctx, elect) })
	}
	tick := time.NewTicker(w.cfg.Every)
	defer tick.Stop()
	for {
		w.Look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// telling tells as long as this process is the one that does.
func (w *Watcher) telling(ctx context.Context, elect func(ctx context.Context) (context.Context, func(), error)) {
	for ctx.Err() == nil {
		run, release := ctx, func() {}
		if elect != nil {
			var err error
			if run, release, err = elect(ctx); err != nil {
				return // ctx has ended, or the store was closed
			}
		}
		w.Recall(run)
		tick := time.NewTicker(w.cfg.Every)
		for run.Err() == nil {
			w.Tell(run)
			select {
			case <-run.Done():
			case <-tick.C:
			}
		}
		tick.Stop()
		release()
	}
}

// Look takes one reading of all segments.
func (w *Watcher) Look(ctx context.Context) {
	for _, c := range w.take(w.cfg.Readings()) {
		attrs := []any{"source", c.Source, "entity", c.Entity, "state", c.Raised, "code", c.Code}
		if c.Raised == Fine {
			w.cfg.Log.InfoContext(ctx, "segment is fine again", attrs...)
		} else {
			w.cfg.Log.WarnContext(ctx, "segment is in trouble", attrs...)
		}
	}
}

// Recall learns what was told before, by this process or by another.
func (w *Watcher) Recall(ctx context.Context) {
	if w.cfg.Memory == nil {
		return
	}
	told, err := w.cfg.Memory.LoadTold(ctx)
	if err != nil {
		w.cfg.Log.WarnContext(ctx, "could not learn which troubles were told", "err", err)
		return
	}
	w.remember(told)
}

// Tell tells what was raised or cleared since it last did.
func (w *Watcher) Tell(ctx context.Context) {
	changed, all := w.untold()
	if len(changed) == 0 {
		return
	}
	if err := w.cfg.Tell(ctx, changed, all); err != nil {
		if ctx.Err() == nil {
			w.cfg.Log.WarnContext(ctx, "could not tell of segments in trouble", "err", err)
		}
		return
	}
	told := w.tell(changed)
	if w.cfg.Memory == nil {
		return
	}
	if err := w.cfg.Memory.SaveTold(ctx, told); err != nil && ctx.Err() == nil {
		w.cfg.Log.WarnContext(ctx, "could not keep which troubles were told", "err", err)
	}
}

// remember begins with what was told before. Trouble that was told is raised at
// once: were it to last first, it would be told to be over in between.
func (w *Watcher) remember(told map[Segment]State) {
	now := w.cfg.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = maps.Clone(told)
	if w.told == nil {
		w.told = map[Segment]State{}
	}
	for s, state := range w.told {
		seg := w.segs[s]
		if seg == nil {
			continue // it is there at the next look, or its source is not
		}
		if seg.Raised == Fine && now.Sub(seg.began) < w.cfg.Clear {
			seg.Raised, seg.Since, seg.next, seg.nextAt = state, now, state, now
		}
	}
}

// Segments returns every segment, sorted by source and entity.
func (w *Watcher) Segments() []Watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all()
}

// Segment returns what is known of one; ok is false before the first look.
func (w *Watcher) Segment(s Segment) (Watched, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if seg := w.segs[s]; seg != nil {
		return seg.Watched, true
	}
	return Watched{}, false
}

// take notes the readings and returns what was raised or cleared.
func (w *Watcher) take(readings []Reading) (changed []Watched) {
	now := w.cfg.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := make(map[Segment]bool, len(readings))
	for _, r := range readings {
		seen[r.Segment] = true
		seg := w.segs[r.Segment]
		if seg == nil {
			seg = &segment{Watched: Watched{Reading: r, Raised: Fine, Since: now}, next: Fine, nextAt: now, began: now}
			w.segs[r.Segment] = seg
		}
		seg.Reading = r
		if seg.settle(r.State, now, &w.cfg) {
			changed = append(changed, seg.Watched)
		}
	}
	for s := range w.segs {
		if !seen[s] { // of a source that gives it no more
			delete(w.segs, s)
		}
	}
	return changed
}

// settle raises or clears a state that has lasted, and reports whether it did. Going
// from one trouble to another takes as long as the first did.
func (s *segment) settle(state State, now time.Time, cfg *Config) bool {
	if !state.isTrouble() {
		state = Fine
	}
	if state == s.Raised {
		s.next, s.nextAt = state, now
		return false
	}
	// Trouble that changes its name from look to look is trouble all the time.
	if s.next == s.Raised || (state == Fine) != (s.next == Fine) {
		s.nextAt = now
	}
	s.next = state
	wait := cfg.Raise
	if state == Fine {
		wait = cfg.Clear
	}
	if now.Sub(s.nextAt) < wait && !now.Before(s.nextAt) {
		return false
	}
	s.Raised, s.Since = state, s.nextAt
	return true
}

func (w *Watcher) all() []Watched {
	out := make([]Watched, 0, len(w.segs))
	for _, s := range w.segs {
		out = append(out, s.Watched)
	}
	sortWatched(out)
	return out
}

// untold are the segments whose state differs from what was last sent. What was
// raised and cleared while nobody could be told is not among them; what is gone
// with its source is told to be over.
func (w *Watcher) untold() (changed, all []Watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Watched
	for seg, s := range w.segs {
		if cmp.Or(w.told[seg], Fine) != s.Raised {
			out = append(out, s.Watched)
		}
	}
	for seg := range w.told {
		if w.segs[seg] == nil {
			out = append(out, Watched{Reading: Reading{Segment: seg, State: Fine}, Raised: Fine, Since: w.cfg.Now()})
		}
	}
	sortWatched(out)
	return out, w.all()
}

// tell notes what was sent and returns all of it.
func (w *Watcher) tell(list []Watched) map[Segment]State {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range list {
		if s := &list[i]; s.Raised == Fine {
			delete(w.told, s.Segment)
		} else {
			w.told[s.Segment] = s.Raised
		}
	}
	return maps.Clone(w.told)
}

func sortWatched(list []Watched) {
	slices.SortFunc(list, func(a, b Watched) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Entity, b.Entity))
	})
}
