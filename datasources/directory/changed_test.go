package directory_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// TestChangedAt: a customer has changed when one of his records, or what joins them,
// was seen to change; nobody else has, and a restart and another instance tell the same.
func TestChangedAt(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	now, n := at(1000), 0
	start := func() *directory.Directory {
		t.Helper()
		d, err := directory.Open(ctx, config(), st, directory.Deps{
			Now:   func() time.Time { return now },
			NewID: func() string { n++; return fmt.Sprintf("c_%06d", n) },
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d, other := start(), start()
	moments := func(d *directory.Directory) map[string]time.Time {
		t.Helper()
		got := map[string]time.Time{}
		rows, err := d.List(ctx, datasources.Query{First: 100})
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Items {
			got[rows.Items[i].Key] = rows.Items[i].ChangedAt
		}
		return got
	}
	before := map[string]time.Time{}
	// step does something in the next hour, and names records of all customers who
	// have changed by it.
	step := func(what string, do func(), want ...[2]string) {
		t.Helper()
		now = now.Add(time.Hour)
		do()
		var changed, wanted []string
		after := moments(d)
		for key, at := range after {
			if !at.Equal(before[key]) {
				changed = append(changed, key)
				if !at.Equal(now) {
					t.Errorf("%s: %s has changed at %v, want %v", what, key, at, now)
				}
			}
		}
		for _, w := range want {
			wanted = append(wanted, golden(t, d, w[0], w[1]))
		}
		slices.Sort(changed)
		slices.Sort(wanted)
		if !slices.Equal(changed, slices.Compact(wanted)) {
			t.Errorf("%s: %v have changed, want %v", what, changed, wanted)
		}
		if err := other.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if got := moments(other); fmt.Sprint(got) != fmt.Sprint(after) {
			t.Errorf("%s: another instance tells %v, want %v", what, got, after)
		}
		if got := moments(start()); fmt.Sprint(got) != fmt.Sprint(after) {
			t.Errorf("%s: after a restart %v, want %v", what, got, after)
		}
		before = after
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	type person = datasources.CustomerRecord
	crm := []person{{ID: "c1", Name: "One", TaxID: idno(1)}, {ID: "c2", Name: "Two", TaxID: idno(2)}, {ID: "c3", Name: "Three"}}
	c1, c2, c3, b1 := [2]string{"crm", "c1"}, [2]string{"crm", "c2"}, [2]string{"crm", "c3"}, [2]string{"books", "b1"}
	step("read", func() { replace(t, d, "crm", crm...) }, c1, c2, c3)
	step("read again", func() { replace(t, d, "crm", crm...) })
	step("a record joins", func() { replace(t, d, "books", person{ID: "b1", TaxID: idno(1)}) }, c1)
	step("a record changes", func() {
		crm[1].Name = "Zwei"
		replace(t, d, "crm", crm...)
	}, c2)
	step("it moves", func() { replace(t, d, "books", person{ID: "b1", TaxID: idno(2)}) }, c1, c2)
	step("merged by hand", func() { must(d.Link(ctx, ref("crm", "c2"), ref("crm", "c3"), "ana", "")) }, c2)
	step("and parted", func() { must(d.Withdraw(ctx, ref("crm", "c2"), ref("crm", "c3"), "ana", "")) }, c2, c3)
	step("denied, which parts nobody", func() { must(d.Deny(ctx, ref("crm", "c1"), ref("crm", "c3"), "ana", "")) }, c1, c3)
	step("another denied, which parts", func() { must(d.Deny(ctx, ref("crm", "c2"), ref("books", "b1"), "ana", "")) }, c2, b1)
	step("gone", func() { replace(t, d, "crm", crm[0], crm[1]) })
	if _, ok := d.Golden("crm", "c3"); ok {
		t.Error("c3 is still there")
	}

	latest := func() schema.Customer {
		t.Helper()
		rows, err := d.List(ctx, datasources.Query{First: 1, Order: schema.Sort{Column: "changedAt", Desc: true}})
		if err != nil || len(rows.Items) != 1 {
			t.Fatal(rows, err)
		}
		return rows.Items[0]
	}
	last := latest().ChangedAt
	now = now.Add(-5 * time.Minute)
	crm[0].Name = "Uno"
	replace(t, d, "crm", crm[0], crm[1])
	if x := latest(); x.Key != golden(t, d, "crm", "c1") {
		t.Errorf("the clock went back, and %s changed last at %v, after %v", x.Key, x.ChangedAt, last)
	}
}

// TestChangedQueries: a list filtered and sorted by the moment has the customers that
// its rows themselves would choose, page by page.
func TestChangedQueries(t *testing.T) {
	now := at(1000)
	d, err := directory.Open(t.Context(), config(), newMemory(), directory.Deps{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	crm, _ := synthetic(60)
	replace(t, d, "crm", crm...)
	for i := range 10 {
		now = now.Add(time.Minute)
		for j := range i {
			crm[(7*i+11*j)%60].Website = fmt.Sprint(i)
		}
		replace(t, d, "crm", crm...)
	}
	rows, err := d.List(t.Context(), datasources.Query{First: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []schema.Predicate{
		{},
		schema.Compare("changedAt", schema.Ge, schema.Time(at(1000).Add(4*time.Minute))),
		schema.AllOf(schema.Compare("changedAt", schema.Ge, schema.Time(at(1000).Add(4*time.Minute))), schema.Compare("changedAt", schema.Lt, schema.Time(at(1000).Add(8*time.Minute)))),
		schema.Compare("changedAt", schema.Le, schema.Time(at(1000))),
	} {
		for _, desc := range []bool{false, true} {
			var all []schema.Customer
			for i := range rows.Items {
				if where.Match(&rows.Items[i]) {
					all = append(all, rows.Items[i])
				}
			}
			slices.SortFunc(all, func(a, b schema.Customer) int {
				c := a.ChangedAt.Compare(b.ChangedAt)
				if c == 0 {
					c = slices.Compare([]byte(a.Key), []byte(b.Key))
				}
				if desc {
					c = -c
				}
				return c
			})
			q := datasources.Query{First: 7, Where: where, Order: schema.Sort{Column: "changedAt", Desc: desc}, Total: true}
			var got, want []string
			for i := range all {
				want = append(want, all[i].Key)
			}
			for {
				page, err := d.List(t.Context(), q)
				if err != nil || page.Totals[0] != len(want) {
					t.Fatal(page.Totals, err)
				}
				for i := range page.Items {
					got = append(got, page.Items[i].Key)
				}
				if !page.More[0] {
					break
				}
				x := &page.Items[len(page.Items)-1]
				q.After = &datasources.After{Value: x.Column("changedAt"), ID: x.Key}
			}
			if len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%+v, desc %t: got %v, want %v", where, desc, got, want)
			}
		}
	}
}

// TestChangedAhead: moments of a clock that was a year ahead do not stay the latest.
func TestChangedAhead(t *testing.T) {
	now := at(2000)
	d, err := directory.Open(t.Context(), config(), newMemory(), directory.Deps{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	crm, _ := synthetic(5)
	replace(t, d, "crm", crm...)
	now = at(1000)
	crm[0].Website = "new.md"
	replace(t, d, "crm", crm...)
	rows, err := d.List(t.Context(), datasources.Query{First: 100})
	if err != nil || len(rows.Items) == 0 {
		t.Fatal(err)
	}
	for _, x := range rows.Items {
		if !x.ChangedAt.Equal(now) {
			t.Errorf("%s changed at %v, now is %v", x.Key, x.ChangedAt, now)
		}
	}
}
