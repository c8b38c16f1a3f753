package copies_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// bothStores runs a test on each database.
func bothStores(t *testing.T, f func(t *testing.T, st *store.Store)) {
	t.Run("case=sqlite", func(t *testing.T) { f(t, newStore(t)) })
	t.Run("case=postgres", func(t *testing.T) { f(t, newPostgres(t)) })
}

// newPostgres opens a store in an empty schema of PostgreSQL.
func newPostgres(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), servicetest.Postgres(t), store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// event is one version of a record in the history of a source.
type event struct {
	entity, id string
	version    int
	deleted    bool
	text       string
}

func (e event) record() []byte {
	if e.deleted {
		return fmt.Appendf(nil, `{"entity":%q,"id":%q,"version":%d,"deleted":true}`, e.entity, e.id, e.version)
	}
	data := fmt.Sprintf(`{"number":%q,"total":{"amount":"%d.50","currency":"EUR"},"orderNumbers":[%q]}`, e.text, e.version, e.text)
	if e.entity == "Customer" {
		data = fmt.Sprintf(`{"name":%q}`, e.text)
	}
	return fmt.Appendf(nil, `{"entity":%q,"id":%q,"version":%d,"data":%s}`, e.entity, e.id, e.version, data)
}

// history draws records that are changed, deleted and made anew.
func history(t *rapid.T) []event {
	var out []event
	n := rapid.IntRange(1, 40).Draw(t, "events")
	last := map[string]int{}
	for range n {
		e := event{entity: rapid.SampledFrom([]string{"Order", "Invoice", "Customer"}).Draw(t, "entity"), id: rapid.SampledFrom([]string{"a", "b", "c", "ä", "d"}).Draw(t, "id")}
		k := e.entity + e.id
		last[k] += rapid.IntRange(1, 3).Draw(t, "step")
		e.version, e.deleted = last[k], rapid.IntRange(0, 3).Draw(t, "deleted") == 0
		e.text = fmt.Sprintf("%s-%d", e.id, rapid.IntRange(0, 2).Draw(t, "text"))
		out = append(out, e)
	}
	return out
}

// Whatever the order, the repetitions and the batches in which a history comes, the
// rows are those of its newest versions, and each batch's counts add up.
func TestPushEndsInTheNewestVersions(t *testing.T) {
	bothStores(t, func(t *testing.T, st *store.Store) {
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			x := openPushed(t, copies.PushedConfig{Name: fmt.Sprintf("erp%d", n), Entities: []string{"Order", "Invoice", "Customer"}}, st, copies.Deps{})
			events := history(rt)
			sent := append(slices.Clone(events), rapid.SliceOfN(rapid.SampledFrom(events), 0, 30).Draw(rt, "again")...)
			sent = rapid.Permutation(sent).Draw(rt, "order")
			for len(sent) > 0 {
				size := rapid.IntRange(1, len(sent)).Draw(rt, "batch")
				batch := sent[:size]
				sent = sent[size:]
				var records [][]byte
				for _, e := range batch {
					records = append(records, e.record())
				}
				r, err := x.Push(t.Context(), copies.PushRecords(records), copies.PushOptions{All: rapid.Bool().Draw(rt, "all")})
				if err != nil || r.Refused != 0 || r.Stored+r.Same+r.Older != size || len(r.Results) != r.Older {
					rt.Fatalf("got %+v, %v of %d", r, err, size)
				}
			}
			if got, want := stateOf(t, x), newestOf(events); got != want {
				rt.Errorf("got\n%swant\n%s", got, want)
			}
		})
	})
}

// newest is what is left of a history, one row a line.
func newestOf(events []event) string {
	last := map[string]event{}
	for _, e := range events {
		if k := e.entity + " " + e.id; last[k].version <= e.version {
			last[k] = e
		}
	}
	var out []string
	for k, e := range last {
		if !e.deleted {
			v := fmt.Sprint(e.version)
			if e.entity == "Customer" {
				v = "-"
			}
			out = append(out, fmt.Sprintf("%s %s %s\n", k, e.text, v))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

func stateOf(t testing.TB, x *copies.Pushed) string {
	t.Helper()
	var out []string
	row := func(entity, id, text, version string, n int) {
		out = append(out, fmt.Sprintf("%s %s %s %s\n", entity, id, text, version))
		if n != 1 {
			t.Errorf("%s %s has %d links", entity, id, n)
		}
	}
	if x.EntityCopy("Order").State == schema.CopyReady {
		for _, o := range list[schema.Order](t, x, "Order") {
			row("Order", o.Key, o.Number, strings.TrimSuffix(o.Total.Amount.String(), ".50"), len(o.OrderNumbers))
		}
	}
	if x.EntityCopy("Invoice").State == schema.CopyReady {
		for _, o := range list[schema.Invoice](t, x, "Invoice") {
			row("Invoice", o.Key, o.Number, strings.TrimSuffix(o.Total.Amount.String(), ".50"), len(o.OrderNumbers))
		}
	}
	if x.EntityCopy("Customer").State == schema.CopyReady {
		err := x.Source().(datasources.CustomerIndexer).IndexCustomers(t.Context(), func(list []datasources.CustomerRecord) error {
			for _, c := range list {
				row("Customer", c.ID, c.Name, "-", 1)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

// Pushers at the same time, on two instances that share a store, lose and double
// nothing.
func TestPushAtTheSameTime(t *testing.T) {
	bothStores(t, func(t *testing.T, st *store.Store) {
		var told sync.Map
		cfg := copies.PushedConfig{Entities: []string{"Order", "Invoice", "Customer"}, Queue: 100}
		one := openPushed(t, cfg, st, copies.Deps{})
		two := openPushed(t, cfg, st, copies.Deps{Changed: func(e string) { told.Store(e, true) }})
		var events []event
		for v := range 20 {
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				for _, entity := range []string{"Order", "Invoice", "Customer"} {
					events = append(events, event{entity: entity, id: id, version: v, text: fmt.Sprint(id, v), deleted: v%7 == 6})
				}
			}
		}
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				x := []*copies.Pushed{one, two}[worker%2]
				for i := range 20 {
					var records [][]byte
					for j := range events {
						if (j*7+worker*3)%20 == i { // each worker sends all, in another order and in other batches
							records = append(records, events[(j*11+worker)%len(events)].record())
						}
					}
					if worker%3 == 0 {
						slices.Reverse(records)
					}
					if _, err := x.Push(t.Context(), copies.PushRecords(records), copies.PushOptions{}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, x := range []*copies.Pushed{one, two} {
			if err := x.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, want := stateOf(t, x), newestOf(events); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if rows := *x.EntityCopy("Order").Rows; rows != 5 {
				t.Errorf("%d rows are counted", rows)
			}
		}
		if _, ok := told.Load("Order"); !ok {
			t.Error("the other instance was told nothing")
		}
	})
}
