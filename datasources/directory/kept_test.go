package directory_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// system is a source with customers, which may be away.
type system struct {
	list records
	away bool
}

func (*system) Describe() datasources.Description                    { return datasources.Description{Name: "crm"} }
func (*system) Reader(string) any                                    { return nil }
func (*system) Probe(context.Context) ([]datasources.Finding, error) { return nil, nil }
func (*system) Status() datasources.Status                           { return datasources.Status{State: "up"} }
func (*system) Close() error                                         { return nil }
func (s *system) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	if s.away {
		return schema.SourceErrorf(schema.SourceTimeout, "crm", "crm did not answer")
	}
	return s.list.IndexCustomers(ctx, f)
}

// keptWorld is a directory of a CRM whose customers are kept here, and of books that
// are asked.
type keptWorld struct {
	testing.TB
	now   time.Time
	store *store.Store
	d     *directory.Directory
	ix    datasources.CustomerIndexer // of the CRM
}

func newKeptWorld(t testing.TB) *keptWorld {
	t.Helper()
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	w := &keptWorld{TB: t, now: at(0), store: st}
	w.restart()
	return w
}

func (w *keptWorld) clock() time.Time { return w.now }

func (w *keptWorld) restart() {
	w.Helper()
	cfg := config()
	cfg.Sources = []directory.SourceConfig{cfg.Sources[0], cfg.Sources[1], cfg.Sources[3]}
	d, err := directory.Open(w.Context(), cfg, w.store, directory.Deps{Now: w.clock})
	if err != nil {
		w.Fatal(err)
	}
	w.d = d
}

func (w *keptWorld) read() {
	w.Helper()
	if err := w.d.Replace(w.Context(), "crm", w.ix); err != nil {
		w.Fatal(err)
	}
	replace(w, w.d, "books", many(3)...)
}

// seen is what a client is told: how old the answer is, and the coverage.
func (w *keptWorld) seen() string {
	w.Helper()
	key, ok := w.d.Golden("books", "r0001")
	if !ok {
		w.Fatal("no customer")
	}
	rows, err := w.d.ByKeys(w.Context(), []string{key}, datasources.Fields{"coverage"})
	if err != nil || len(rows.Items) != 1 {
		w.Fatalf("%d rows, %v", len(rows.Items), err)
	}
	list, err := w.d.List(w.Context(), datasources.Query{First: 1})
	if err != nil || !list.AsOf.Equal(rows.AsOf) || list.Stale != rows.Stale {
		w.Errorf("a list says %s %t, one customer %s %t, %v", list.AsOf, list.Stale, rows.AsOf, rows.Stale, err)
	}
	since := func(x time.Time) string {
		if x.IsZero() {
			return "never"
		}
		return fmt.Sprint(x.Sub(at(0)))
	}
	said := fmt.Sprintf("%s stale=%t", since(rows.AsOf), rows.Stale)
	for _, c := range rows.Items[0].Coverage {
		said += fmt.Sprintf(" %s %s %s", c.Source, c.State, since(c.AsOf))
	}
	for _, c := range w.d.SourcesCoverage() {
		if c.Source == "crm" {
			said += fmt.Sprintf("; status %s %s %q", c.State, since(c.AsOf), c.Code)
		}
	}
	return said
}

func (w *keptWorld) want(step, want string) {
	w.Helper()
	if got := w.seen(); got != want {
		w.Errorf("case=%s\n got %s\nwant %s", step, got, want)
	}
}

// TestCopiedAge: the customers of a copy are as old as the copy, however often the
// directory lists them, also after a restart; and late when the copy is.
func TestCopiedAge(t *testing.T) {
	w := newKeptWorld(t)
	crm := &system{list: many(3)}
	c, err := copies.Open(t.Context(), copies.Config{Name: "crm", Every: time.Minute}, crm, w.store, copies.Deps{Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	w.ix = c.Customers()
	sync := func() error { return c.Sync(t.Context(), copies.Options{}) }
	if err := sync(); err != nil {
		t.Fatal(err)
	}
	w.now = at(0).Add(10 * time.Second)
	w.read()
	w.want("read", `0s stale=false crm LINKED 0s books LINKED 10s helpdesk NO_MATCH 0s; status LINKED 0s ""`)

	fresh := w.d.Edition()
	crm.away = true
	w.now = at(0).Add(time.Hour)
	if err := sync(); schema.CodeOf(err) != schema.SourceTimeout {
		t.Fatalf("error %v", err)
	}
	w.read()
	failed := `0s stale=true crm LINKED 0s books LINKED 1h0m0s helpdesk NO_MATCH 0s; status LINKED 0s "SOURCE_TIMEOUT"`
	w.want("the source is away", failed)
	if w.d.Edition() == fresh {
		t.Error("that the copy fails is no news")
	}

	w.restart()
	if asOf, n, err := w.d.Status("crm"); !asOf.Equal(at(0)) || n != 3 || err != nil {
		t.Errorf("after a restart: %d as of %s, %v", n, asOf, err)
	}
	w.d.Attend(map[string]datasources.CustomerIndexer{"crm": w.ix, "nowhere": w.ix})
	w.want("after a restart", failed)

	crm.away, crm.list = false, many(4)
	w.now = at(0).Add(2 * time.Hour)
	if err := sync(); err != nil {
		t.Fatal(err)
	}
	w.now = at(0).Add(3 * time.Hour)
	w.read()
	w.want("it is back, with one more", `2h0m0s stale=false crm LINKED 2h0m0s books LINKED 3h0m0s helpdesk NO_MATCH 2h0m0s; status LINKED 2h0m0s ""`)
}

// TestPushedAge: a source that may be pushed and never was is no trouble where nobody
// said that it would be; what was pushed is as old as the push.
func TestPushedAge(t *testing.T) {
	open := func(w *keptWorld, entities []string, most time.Duration) *copies.Pushed {
		p, err := copies.OpenPushed(w.Context(), copies.PushedConfig{Name: "crm", Entities: entities, MaxStaleness: most}, w.store, copies.Deps{Now: w.clock})
		if err != nil {
			w.Fatal(err)
		}
		w.ix = p.Source().(datasources.CustomerIndexer)
		w.d.Attend(map[string]datasources.CustomerIndexer{"crm": w.ix})
		return p
	}
	push := func(w *keptWorld, p *copies.Pushed) {
		w.Helper()
		line := []byte(`{"entity":"Customer","id":"c1","version":1,"data":{"name":"Exemplu","taxId":"` + idno(1) + `"}}`)
		if r, err := p.Push(w.Context(), copies.PushRecords([][]byte{line}), copies.PushOptions{}); err != nil || r.Stored != 1 {
			w.Fatalf("pushed %+v, %v", r, err)
		}
	}
	t.Run("case=not awaited", func(t *testing.T) {
		w := newKeptWorld(t)
		p := open(w, nil, 0)
		w.now = at(0).Add(time.Minute)
		if list, err := w.d.List(t.Context(), datasources.Query{First: 1}); schema.CodeOf(err) != schema.SourceUnavailable {
			t.Errorf("before anything was read: %v, %v", list, err)
		}
		replace(w, w.d, "books", many(3)...)
		never := `1m0s stale=false crm NOT_CONFIGURED never books LINKED 1m0s helpdesk NOT_CONFIGURED never; status NOT_CONFIGURED never ""`
		w.want("nothing was pushed", never)
		w.read()
		w.want("and was listed", never)
		key, _ := w.d.Golden("books", "r0001")
		if _, state := w.d.Keys(key, "crm"); state != schema.CoverageNotConfigured {
			t.Errorf("keys: %s", state)
		}
		w.now = at(0).Add(2 * time.Minute)
		push(w, p)
		w.now = at(0).Add(time.Hour)
		w.read()
		w.want("it was pushed", `2m0s stale=false crm LINKED 2m0s books LINKED 1h0m0s helpdesk NO_MATCH 2m0s; status LINKED 2m0s ""`)
	})
	t.Run("case=awaited", func(t *testing.T) {
		w := newKeptWorld(t)
		p := open(w, []string{"Customer"}, time.Hour)
		replace(w, w.d, "books", many(3)...)
		w.want("nothing was pushed", `0s stale=true crm SOURCE_UNAVAILABLE never books LINKED 0s helpdesk SOURCE_UNAVAILABLE never; status SOURCE_UNAVAILABLE never ""`)
		push(w, p)
		w.read()
		w.want("it was pushed", `0s stale=false crm LINKED 0s books LINKED 0s helpdesk NO_MATCH 0s; status LINKED 0s ""`)
		w.now = at(0).Add(2 * time.Hour)
		w.read()
		w.want("and not for too long", `0s stale=true crm LINKED 0s books LINKED 2h0m0s helpdesk NO_MATCH 0s; status LINKED 0s ""`)
	})
}
