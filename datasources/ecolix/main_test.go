package ecolix_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/ecolix"
	fake "github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// everything is all packages.
func everything() []string {
	return []string{ecolix.CRM, ecolix.Ecommerce, ecolix.EcommercePlus, ecolix.Carrier, ecolix.Supplier}
}

// erp is a fake ERP whose inside can be exchanged while it listens.
type erp struct {
	*httptest.Server
	mu      sync.Mutex
	handler http.Handler
}

func (e *erp) become(h http.Handler) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handler = h
}

func (e *erp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	h := e.handler
	e.mu.Unlock()
	h.ServeHTTP(w, r)
}

func serve(t *testing.T, h http.Handler) *erp {
	t.Helper()
	e := &erp{handler: h}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

// config is what an operator writes for an ERP at an address.
func config(url string, packages ...string) ecolix.Config {
	c := ecolix.DefaultConfig()
	c.Name, c.URL, c.Key, c.Packages = "erp", url+fake.Base, fake.DefaultKey, packages
	c.Rate.PerMinute, c.Rate.Burst = 6000, 600
	c.Timeout = 5 * time.Second
	return c
}

// copied opens the ERP and a copy of it; nothing is read yet.
func copied(t *testing.T, cfg ecolix.Config) *copies.Copy {
	t.Helper()
	src, err := ecolix.Open(t.Context(), cfg, ecolix.Deps{Links: cfg.Links()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	c, err := copies.Open(t.Context(), copies.Config{Name: cfg.Name}, src, st, copies.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sync1(t *testing.T, c *copies.Copy) {
	t.Helper()
	if err := c.Sync(t.Context(), copies.Options{}); err != nil {
		t.Fatal(err)
	}
}

// all are all rows of an entity of a copy.
func all[T any, P datasources.EntityOf[T]](t *testing.T, s datasources.Source, entity string) []T {
	t.Helper()
	var rows []T
	q := datasources.Query{First: 500, Order: schema.Sort{Column: "id"}}
	for {
		page, err := datasources.ReaderOf[T](s, entity).List(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", entity, err)
		}
		rows = append(rows, page.Items...)
		if !page.More[0] {
			return rows
		}
		_, key := P(&rows[len(rows)-1]).Identity()
		q.After = &datasources.After{Value: schema.String(key), ID: key}
	}
}

// customers are all customers of a copy, by their keys.
func customers(t *testing.T, c *copies.Copy) map[string]datasources.CustomerRecord {
	t.Helper()
	list := map[string]datasources.CustomerRecord{}
	ix := c.Customers()
	if ix == nil {
		return list
	}
	if err := ix.IndexCustomers(t.Context(), func(page []datasources.CustomerRecord) error {
		for _, x := range page {
			list[x.ID] = x
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// problem is how many records had one kind of problem.
func problem(c *copies.Copy, entity, field, kind string) int {
	for _, p := range c.Problems() {
		if p.Entity == entity && p.Field == field && p.Kind == kind {
			return p.Count
		}
	}
	return 0
}

var w300 = sync.OnceValue(func() *world.World { return world.New(1, 300) })
