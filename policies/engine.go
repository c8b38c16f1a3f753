package policies

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what an Engine is made of.
type Options struct {
	Graph   *Graph
	Shipped fs.FS             // the documents that come with Trama, at its root; nil for none
	Dir     string            // the operator's own, "" for none
	Scopes  map[string]string // which column the scopes shop, carrier and supplier mean; one that is not there denies all
	Views   int               // how many views are kept; 0: 256
	Log     *slog.Logger
	Now     func() time.Time
	// Audit is told of policies.loaded and policies.refused; nil for nobody.
	Audit func(ctx context.Context, kind, detail string)
	// Tick gives Watch its ticks, and stops them; nil: time.NewTicker.
	Tick func(every time.Duration) (ticks <-chan time.Time, stop func())
}

// The kinds of what Options.Audit is told.
const (
	AuditLoaded  = "policies.loaded"
	AuditRefused = "policies.refused"
)

// Engine keeps the policies in force and makes views of them. Its methods may be
// called by many goroutines.
type Engine struct {
	o       Options
	current atomic.Pointer[policySet]

	loading sync.Mutex // one reading of the files at a time; guards seen
	seen    string     // the fingerprint of the files as they were read last

	mu       sync.Mutex // guards what follows
	err      error
	loads    uint64
	refusals uint64
}

// Status is how the policies are.
type Status struct {
	Version   string // in force
	LoadedAt  time.Time
	Documents int
	Views     int   // that are kept
	Error     error // of the files as they are now, nil when they are in force
	Reloads   uint64
	Refused   uint64
}

// Open reads the documents. All mistakes are in the error, one a line.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Graph == nil {
		return nil, errors.New("policies need a graph")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Views <= 0 {
		o.Views = defaultViews
	}
	if o.Tick == nil {
		o.Tick = func(every time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(every)
			return t.C, t.Stop
		}
	}
	e := &Engine{o: o}
	e.loading.Lock()
	defer e.loading.Unlock()
	if err := e.load(ctx, true); err != nil {
		return nil, err
	}
	return e, nil
}

// View returns what a principal may see, by the policies in force now.
func (e *Engine) View(ctx context.Context, p *Principal) (*View, error) {
	s := e.current.Load()
	q, err := s.ask(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, q)
}

// Reload reads the documents again. Where anything is wrong, what was in force stays
// so, and the error names every mistake.
func (e *Engine) Reload(ctx context.Context) error {
	e.loading.Lock()
	defer e.loading.Unlock()
	return e.load(ctx, true)
}

// errEmptied is a directory that had files and has none any more: it was unmounted, or
// is being written anew. What it denied must not be allowed by that.
var errEmptied = errors.New("the directory of policies is empty and was not before; if that is meant, reload (SIGHUP)")

// load reads the documents; e.loading is held. asked says that somebody wants it, not
// that files changed.
func (e *Engine) load(ctx context.Context, asked bool) error {
	// Before the files are read: what changes while they are is found by the next tick.
	e.seen = e.fingerprint()
	set, mistakes := loadSet(e.o.Graph, e.origins(), e.o.Scopes, e.o.Views, e.o.Now())
	err := joinMistakes(mistakes)
	if before := e.current.Load(); err == nil && !asked && before != nil && before.own() > 0 && set.own() == 0 {
		err = errEmptied
	}
	if err != nil {
		e.mu.Lock()
		e.err = err
		e.refusals++
		e.mu.Unlock()
		e.o.Log.ErrorContext(ctx, "refused policies", "mistakes", max(1, len(mistakes)), "err", err)
		e.audit(ctx, AuditRefused, err.Error())
		return err
	}
	e.current.Store(set)
	e.mu.Lock()
	e.err = nil
	e.loads++
	e.mu.Unlock()
	e.o.Log.InfoContext(ctx, "loaded policies", "version", set.version, "documents", len(set.docs), "policies", len(set.policies))
	e.audit(ctx, AuditLoaded, "version "+set.version)
	return nil
}

// maxDetail bounds an entry of the audit.
const maxDetail = 2000

func (e *Engine) audit(ctx context.Context, kind, detail string) {
	if e.o.Audit == nil {
		return
	}
	if len(detail) > maxDetail {
		detail = detail[:maxDetail] + " …"
	}
	e.o.Audit(ctx, kind, detail)
}

func (e *Engine) origins() []origin { return originsOf(e.o.Shipped, e.o.Dir) }

func originsOf(shipped fs.FS, dir string) []origin {
	from := []origin{{files: shipped, label: "shipped", shipped: true}}
	if dir != "" {
		from = append(from, origin{files: os.DirFS(dir), label: dir})
	}
	return from
}

// own counts the operator's documents.
func (s *policySet) own() (n int) {
	for i := range s.docs {
		if !s.docs[i].Shipped {
			n++
		}
	}
	return n
}

func joinMistakes(list []*Mistake) error {
	errs := make([]error, len(list))
	for i, m := range list {
		errs[i] = m
	}
	return errors.Join(errs...)
}

// Status says how the policies are.
func (e *Engine) Status() Status {
	s := e.current.Load()
	e.mu.Lock()
	defer e.mu.Unlock()
	return Status{
		Version: s.version, LoadedAt: s.loadedAt, Documents: len(s.docs), Views: s.byHash.Len(),
		Error: e.err, Reloads: e.loads - 1, Refused: e.refusals,
	}
}

// PackageNames returns the packages there are, sorted.
func (e *Engine) PackageNames() []string { return slices.Clone(e.current.Load().packages) }

// Documents returns the documents in force. They are not to be changed.
func (e *Engine) Documents() []Document { return slices.Clone(e.current.Load().docs) }

// Lint returns all mistakes in the operator's documents in dir together with the
// shipped ones.
func Lint(g *Graph, shipped fs.FS, dir string, scopes map[string]string) []error {
	_, mistakes := loadSet(g, originsOf(shipped, dir), scopes, 1, time.Time{})
	errs := make([]error, len(mistakes))
	for i, m := range mistakes {
		errs[i] = m
	}
	return errs
}
