package copies_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"
	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

func TestMain(m *testing.M) {
	if dir := killedDir(); dir != "" {
		beKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), "sqlite:"+path, store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newStore(t testing.TB) *store.Store { return openStore(t, filepath.Join(t.TempDir(), "trama.db")) }

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// table is an upstream table of one entity: what it holds, and how it answers.
type table[T any, P datasources.EntityOf[T]] struct {
	mu    sync.Mutex
	rows  []T
	fail  func(call int) error // nil = none
	calls int
}

func (x *table[T, P]) set(rows ...T) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.rows = rows
}

func (x *table[T, P]) failing(f func(call int) error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.fail, x.calls = f, 0
}

func (x *table[T, P]) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.calls
}

func (x *table[T, P]) call() ([]T, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls++
	if x.fail != nil {
		if err := x.fail(x.calls); err != nil {
			return nil, err
		}
	}
	return slices.Clone(x.rows), nil
}

func (x *table[T, P]) ByKeys(context.Context, []string, datasources.Fields) (datasources.Rows[T], error) {
	panic("a copy asked its source by keys")
}

func (x *table[T, P]) ByParent(context.Context, datasources.Relation, []string, datasources.Query) (datasources.Rows[T], error) {
	panic("a copy asked its source by parents")
}

func (x *table[T, P]) List(_ context.Context, q datasources.Query) (datasources.Rows[T], error) {
	rows, err := x.call()
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	return datasources.Cut[T, P](rows, q), nil
}

// scanned is a table that is read as it lies, by the number of the row.
type scanned[T any, P datasources.EntityOf[T]] struct {
	table[T, P]
	size     int
	doubtful bool
	shifting bool
	silent   bool // ends without saying so
	marks    []string
}

func (x *scanned[T, P]) Scan(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[T]) error) error {
	at := len(from)
	x.mu.Lock()
	x.marks = append(x.marks, string(from))
	x.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := x.call()
		if err != nil {
			return err
		}
		rows = rows[min(at, len(rows)):]
		page := datasources.Scanned[T]{Items: rows[:min(x.size, len(rows))], Shifting: x.shifting}
		page.Last = len(page.Items) == len(rows)
		page.Doubtful = page.Last && x.doubtful
		at += len(page.Items)
		page.Mark = datasources.Mark(strings.Repeat("x", at))
		if x.silent && page.Last {
			page.Last = false
			return f(page)
		}
		if err := f(page); err != nil || page.Last {
			return err
		}
	}
}

// index is a customer index.
type index struct {
	size int // of a page, 0 = 2
	mu   sync.Mutex
	list []datasources.CustomerRecord
	fail error // behind the first page
}

func (x *index) IndexCustomers(_ context.Context, f func([]datasources.CustomerRecord) error) error {
	x.mu.Lock()
	list, fail := slices.Clone(x.list), x.fail
	x.mu.Unlock()
	for page := range slices.Chunk(list, max(x.size, 2)) {
		if err := f(page); err != nil {
			return err
		}
		if fail != nil {
			return fail
		}
	}
	return nil
}

// system is a source of tables.
type system struct {
	readers map[string]any
	entries []datasources.Entity
	status  datasources.Status
	closed  bool
}

func (s *system) Describe() datasources.Description {
	return datasources.Description{Name: "erp", Kind: "fake", Entities: slices.Clone(s.entries)}
}
func (s *system) Reader(entity string) any { return s.readers[entity] }
func (s *system) Probe(context.Context) ([]datasources.Finding, error) {
	return []datasources.Finding{{Subject: "login", Result: "ok", Level: datasources.OK}}, nil
}
func (s *system) Status() datasources.Status { return s.status }
func (s *system) Close() error               { s.closed = true; return nil }

// withIndex is a system that lists its customers.
type withIndex struct {
	*system
	*index
}

var newest = schema.Sort{Column: "date", Desc: true}

// entry describes an entity with all the columns there are.
func entry(name string, order schema.Sort, page int) datasources.Entity {
	e := datasources.Entity{Name: name, Upstream: "T" + name, Default: order, PageLimit: page, Columns: []datasources.Column{{Name: "id"}, {Name: "source"}}}
	for _, c := range copies.Columns() {
		e.Columns = append(e.Columns, datasources.Column{Name: c.Name})
	}
	return e
}

func openCopy(t testing.TB, cfg copies.Config, src datasources.Source, st copies.Store, deps copies.Deps) *copies.Copy {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "erp"
	}
	c, err := copies.Open(context.Background(), cfg, src, st, deps)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustSync(t testing.TB, c *copies.Copy) {
	t.Helper()
	if err := c.Sync(context.Background(), copies.Options{}); err != nil {
		t.Fatal(err)
	}
}

// asRead compares rows of a copy with those of its source: exactly, but for when they
// were seen to change, which the source does not know.
func asRead() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b decimal.Decimal) bool { return a == b }), // scale included
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ChangedAt" }, cmp.Ignore()),
	}
}
