package copies_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// kept are the rows of a source's copy as they lie in the store, by entity.
func kept(t *testing.T, st *store.Store, source string) map[string][][]byte {
	t.Helper()
	sets, err := st.Copies(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][][]byte{}
	for _, s := range sets {
		_, err := st.CopyList(t.Context(), s.ID, copies.Ask{Source: source, Query: datasources.Query{First: 100_000}}, func(data []byte, _ int64) error {
			out[s.Entity] = append(out[s.Entity], bytes.Clone(data))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(out[s.Entity])) != s.Rows {
			t.Errorf("%d rows of %s, counted %d", len(out[s.Entity]), s.Entity, s.Rows)
		}
	}
	return out
}

// TestFollowsCRM follows and sweeps a CRM of the sandbox through its connector, and
// compares the copy row by row with one that is read anew.
func TestFollowsCRM(t *testing.T) {
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 12})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	crm := box.Source("crm")
	cfg := creatio.Default()
	cfg.Name, cfg.URL, cfg.User, cfg.Password, cfg.BaseCurrency, cfg.PageSize = "crm", crm.URL, crm.User, crm.Password, "EUR", 20
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	src, err := creatio.Open(t.Context(), cfg, creatio.Deps{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	st, now := newStore(t), newClock()
	var steps []copies.Progress
	open := func() *copies.Copy {
		return openCopy(t, copies.Config{Name: "crm", MaxDelete: 1}, src, st, copies.Deps{Now: now.now})
	}
	c := open()
	sync := func() {
		t.Helper()
		steps = nil
		now.add(time.Minute)
		if err := c.Sync(t.Context(), copies.Options{Progress: func(p copies.Progress) { steps = append(steps, p) }}); err != nil {
			t.Fatal(err)
		}
	}
	sync()
	var ids []string
	for _, x := range all[schema.Order](t, c, "Order") {
		ids = append(ids, x.Key)
	}
	if len(ids) < 20 {
		t.Fatalf("a world of %d orders", len(ids))
	}
	clock := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	edit := func(id, text string, at time.Time) {
		t.Helper()
		if !box.Creatio.Edit("Order", id, map[string]odatafake.Value{"Notes": odatafake.Text(text), "ModifiedOn": odatafake.Time(at)}) {
			t.Fatalf("there is no order %s", id)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for day := range 3 {
		want := map[string]string{}
		for round := range 3 {
			clock = clock.Add(time.Hour)
			for n := range 7 { // in one second
				id, text := ids[rnd.IntN(len(ids))], fmt.Sprintf("day %d round %d edit %d", day, round, n)
				edit(id, text, clock)
				want[id] = text
			}
			sync()
			for _, p := range steps {
				if p.Step == copies.Done && p.Entity == "Order" {
					t.Errorf("read instead of following: %+v", p)
				}
			}
			if round == 1 {
				c = open() // a restart
			}
		}
		for _, x := range all[schema.Order](t, c, "Order") {
			if text, ok := want[x.Key]; ok && x.Notes != text {
				t.Errorf("order %s has %q, want %q", x.Key, x.Notes, text)
			}
		}
		edit(ids[0], fmt.Sprintf("dated back on day %d", day), clock.Add(-1000*time.Hour))
		if !box.Creatio.Delete("Order", ids[1]) {
			t.Fatal("nothing to delete")
		}
		ids = slices.Delete(ids, 1, 2)
		now.add(24 * time.Hour)
		sync()
		if !slices.ContainsFunc(steps, func(p copies.Progress) bool { return p.Entity == "Order" && p.Step == copies.Sweeping }) {
			t.Error("orders were not swept by their keys")
		}
		again := newStore(t)
		mustSync(t, openCopy(t, copies.Config{Name: "crm"}, src, again, copies.Deps{}))
		got, fresh := kept(t, st, "crm"), kept(t, again, "crm")
		for entity, rows := range fresh {
			if !slices.EqualFunc(got[entity], rows, bytes.Equal) {
				t.Errorf("day %d: %d rows of %s are not the %d of the source", day, len(got[entity]), entity, len(rows))
			}
		}
	}
}

func all[T any](t *testing.T, c *copies.Copy, entity string) []T {
	t.Helper()
	rows, err := datasources.ReaderOf[T](c, entity).List(t.Context(), datasources.Query{First: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	return rows.Items
}
