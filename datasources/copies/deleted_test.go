package copies_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// eachStore runs a test over both databases, whose clock is the test's.
func eachStore(t *testing.T, f func(t *testing.T, st *store.Store, at *clock)) {
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run("store="+name, func(t *testing.T) {
			address := "sqlite:" + filepath.Join(t.TempDir(), "trama.db")
			if name == "postgres" {
				address = servicetest.Postgres(t)
			}
			at := newClock()
			st, err := store.Open(t.Context(), address, store.Deps{Now: at.now})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = st.Close() })
			f(t, st, at)
		})
	}
}

// listed are the orders of a list, those that are deleted with a dagger and when.
func listed(t *testing.T, from datasources.Source, q datasources.Query) string {
	t.Helper()
	q.First, q.Order = 100, schema.Sort{Column: "id"}
	rows, err := from.Reader("Order").(datasources.Reader[schema.Order]).List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range rows.Items {
		x := &rows.Items[i]
		text := strings.TrimLeft(x.Key, "o0") + x.Status
		if x.IsDeleted {
			text = "†" + text + x.ChangedAt.Format(" 15:04")
		}
		if x.Number == "" || x.CustomerKey == "" {
			t.Errorf("%s has lost values", text)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func either() datasources.Query {
	return datasources.Query{Deleted: true, Where: schema.Compare("isDeleted", schema.In, schema.Bool(true), schema.Bool(false))}
}

// TestDeletedRows: what a source has no more is kept as long as is said, in lists that ask
// for it and nowhere else.
func TestDeletedRows(t *testing.T) {
	eachStore(t, func(t *testing.T, st *store.Store, at *clock) {
		l := newLedger(10)
		l.tells = true
		l.put(orders(1, 6)...)
		changed := 0
		open := func(keep time.Duration) *copies.Copy {
			return openCopy(t, copies.Config{Every: 10 * time.Minute, Sweep: time.Hour, KeepDeleted: keep}, ledgerSystem(l, true), st, copies.Deps{Now: at.now, Changed: func(string) { changed++ }})
		}
		c := open(3 * time.Hour)
		expect := func(what string, q datasources.Query, want string) {
			t.Helper()
			if got := listed(t, c, q); got != want {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
		}
		step := func() { at.add(10 * time.Minute); l.tick(); mustSync(t, c) }
		mustSync(t, c) // 08:00
		l.drop("o0002")
		step()
		expect("followed", either(), "1open, †2open 08:10, 3open, 4open, 5open")
		expect("where nothing is said", datasources.Query{}, "1open, 3open, 4open, 5open")
		living := either()
		living.Where = schema.AllOf(living.Where, schema.Compare("isDeleted", schema.Eq, schema.Bool(false)))
		expect("living ones", living, "1open, 3open, 4open, 5open")
		dead := either()
		dead.Where = schema.AllOf(schema.Compare("isDeleted", schema.Eq, schema.Bool(true)), schema.Compare("changedAt", schema.Ge, schema.Time(at.now())))
		expect("since then", dead, "†2open 08:10")
		dead.Where = schema.AllOf(dead.Where, schema.Compare("number", schema.Eq, schema.String("SO-3")))
		expect("of a number that lives", dead, "")

		l.tells = false
		l.drop("o0004")
		for range 6 { // the sweep finds it
			step()
		}
		expect("swept", either(), "1open, †2open 08:10, 3open, †4open 09:00, 5open")
		l.put(order(2, "again"))
		step()
		expect("one is back", either(), "1open, 2again, 3open, †4open 09:00, 5open")

		reader := c.Reader("Order").(datasources.Reader[schema.Order])
		if rows, err := reader.ByKeys(t.Context(), []string{"o0004", "o0003"}, nil); err != nil || len(rows.Items) != 1 {
			t.Errorf("by keys %d rows, %v", len(rows.Items), err)
		}
		if rows, err := reader.ByParent(t.Context(), "customer", []string{"c4"}, datasources.Query{First: 5}); err != nil || rows.Len() != 0 {
			t.Errorf("by customer %d rows, %v", rows.Len(), err)
		}
		if _, err := reader.ByParent(t.Context(), "customer", []string{"c4"}, datasources.Query{First: 5, Deleted: true}); schema.CodeOf(err) != schema.UnsupportedFilter {
			t.Errorf("deleted ones by customer: %v", err)
		}
		if column := c.Describe().Entities[0].Column("isDeleted"); column == nil || column.Sortable || !slices.Contains(column.Ops, schema.Eq) {
			t.Errorf("described as %+v", column)
		}

		at.add(3 * time.Hour)
		before := changed
		mustSync(t, c)
		expect("their time is over", either(), "1open, 2again, 3open, 5open")
		if changed == before {
			t.Error("nobody was told")
		}

		l.tells = true
		l.drop("o0005")
		step()
		expect("another", either(), fmt.Sprintf("1open, 2again, 3open, †5open %s", at.now().Format("15:04")))
		c = open(0)
		expect("kept by the configuration before", either(), fmt.Sprintf("1open, 2again, 3open, †5open %s", at.now().Format("15:04")))
		l.drop("o0003")
		step()
		expect("nothing is kept", either(), "1open, 2again")
	})
}

// TestDeletedPushes: records that a push deletes are kept, and those of customers, who are
// the directory's, are not.
func TestDeletedPushes(t *testing.T) {
	eachStore(t, func(t *testing.T, st *store.Store, at *clock) {
		cfg := copies.PushedConfig{Name: "erp", Entities: []string{"Customer", "Order"}, KeepDeleted: time.Hour}
		x := openPushed(t, cfg, st, copies.Deps{Now: at.now})
		push(t, x, `{"entity":"Order","id":"o1","version":1,"data":{"number":"1","status":"open","customer":"c"}}
{"entity":"Order","id":"o2","version":1,"data":{"number":"2","status":"open","customer":"c"}}
{"entity":"Customer","id":"c","version":1,"data":{"name":"C"}}`)
		at.add(time.Minute)
		push(t, x, `{"entity":"Order","id":"o1","version":2,"deleted":true}
{"entity":"Customer","id":"c","version":2,"deleted":true}`)
		if got := listed(t, x, either()); got != "†1open 08:01, 2open" {
			t.Errorf("got %q", got)
		}
		sets, err := st.Copies(t.Context(), "erp")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sets {
			n, err := st.PurgeDeleted(t.Context(), s.ID, at.now().Add(time.Hour), 0)
			if want := map[string]int64{"Order": 1}[s.Entity]; n != want || err != nil {
				t.Errorf("of %s %d were kept, want %d; %v", s.Entity, n, want, err)
			}
		}
	})
}
