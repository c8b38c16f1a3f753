package directory_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func names(rows datasources.Rows[schema.Customer]) []string {
	var list []string
	for _, c := range rows.Items {
		list = append(list, c.Name)
	}
	return list
}

func TestListByName(t *testing.T) {
	d := open(t, config(), newMemory())
	var list []rec
	for i, n := range []string{"Țara", "ştefan", "Stefan", "Élan", "elan", "Zebra", "ZÉBRE", "", "Ёлка", "Йод", "Ива", "  Alfa   SRL", "10 Alfa", "Straße"} {
		list = append(list, rec{ID: fmt.Sprintf("c%02d", i), Name: n})
	}
	replace(t, d, "crm", list...)
	rows, err := d.List(t.Context(), datasources.Query{First: 100, Order: schema.Sort{Column: "name"}, Total: true})
	if err != nil {
		t.Fatal(err)
	}
	// «ё» and «й» are letters of their own; equal names go by id.
	want := []string{"", "10 Alfa", "Alfa   SRL", "Élan", "elan", "ştefan", "Stefan", "Straße", "Țara", "Zebra", "ZÉBRE", "Ива", "Йод", "Ёлка"}
	if got := names(rows); !slices.Equal(got, want) || rows.Totals[0] != len(want) || rows.More[0] {
		t.Errorf("got  %q\nwant %q (%v %v)", got, want, rows.Totals, rows.More)
	}
	rows, _ = d.List(t.Context(), datasources.Query{First: 100, Order: schema.Sort{Column: "name", Desc: true}})
	slices.Reverse(want)
	if got := names(rows); !slices.Equal(got, want) {
		t.Errorf("descending %q", got)
	}
}

func TestListErrors(t *testing.T) {
	d := open(t, config(), newMemory())
	replace(t, d, "crm", rec{ID: "c1"})
	for _, q := range []datasources.Query{
		{Order: schema.Sort{Column: "phone"}},
		{Where: schema.Compare("secret", schema.Eq, schema.String("x"))},
		{Where: schema.Negate(schema.AnyOf(schema.Compare("name", schema.Eq, schema.String("x")), schema.Compare("website", schema.IsNull)))},
	} {
		q.First = 10
		if _, err := d.List(t.Context(), q); schema.CodeOf(err) != schema.UnsupportedFilter {
			t.Errorf("%+v: %v", q, err)
		}
	}
	e := directory.Entity()
	if e.Default != (schema.Sort{Column: "createdAt", Desc: true}) || e.Column("name") == nil {
		t.Errorf("described as %+v", e)
	}
}

// TestPages: pages behind cursors give exactly the filtered, sorted list, with an
// exact total on each; the cursor is the row's own Column.
func TestPages(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := open(t, config(), newMemory())
		var list []rec
		for i := range rapid.IntRange(1, 25).Draw(r, "n") {
			x := rec{
				ID: fmt.Sprintf("c%d", i), Name: rapid.SampledFrom([]string{"", "ana", "Ana", "Ană", "ion", "ION", "zoe"}).Draw(r, "name"),
				TaxID: rapid.SampledFrom([]string{"", idno(i), "1"}).Draw(r, "taxId"),
			}
			if day := rapid.IntRange(0, 4).Draw(r, "day"); day > 0 {
				x.CreatedAt, x.ModifiedAt = at(day), at(5-day)
			}
			list = append(list, x)
		}
		replace(t, d, "crm", list...)
		q := datasources.Query{
			First: rapid.IntRange(1, 7).Draw(r, "first"), Total: true,
			Order: schema.Sort{Column: rapid.SampledFrom([]string{"", "id", "name", "createdAt", "updatedAt"}).Draw(r, "by"), Desc: rapid.Bool().Draw(r, "desc")},
			Where: rapid.SampledFrom([]schema.Predicate{
				{},
				{Op: schema.None},
				schema.Compare("name", schema.Contains, schema.String("AN")), schema.Compare("taxId", schema.IsNull),
				schema.Compare("createdAt", schema.Ge, schema.Time(at(2))), schema.Negate(schema.Compare("name", schema.Eq, schema.String("ana"))),
			}).Draw(r, "where"),
		}
		if rapid.IntRange(0, 3).Draw(r, "by id") == 0 {
			var ids []schema.Value
			for _, c := range customers(t, d) {
				if rapid.Bool().Draw(r, "wanted") {
					ids = append(ids, schema.String(c.Key))
				}
			}
			q.Where = schema.AllOf(q.Where, schema.Compare("id", schema.In, append(ids, schema.String("c_unknown"))...))
		}
		order := q.Order
		if order.Column == "" {
			order = schema.Sort{Column: "createdAt", Desc: true}
		}
		var want []schema.Customer
		for _, c := range customers(t, d) {
			if q.Where.Match(&c) {
				want = append(want, c)
			}
		}
		slices.SortFunc(want, func(a, b schema.Customer) int {
			n := cmp.Or(compare(&a, &b, order.Column), strings.Compare(a.Key, b.Key))
			if order.Desc {
				n = -n
			}
			return n
		})
		var got []string
		for page := 0; ; page++ {
			rows, err := d.List(t.Context(), q)
			if err != nil {
				r.Fatal(err)
			}
			if rows.Totals[0] != len(want) {
				r.Fatalf("total %d, want %d", rows.Totals[0], len(want))
			}
			if len(rows.Items) > q.First || page > len(want) {
				r.Fatalf("page %d has %d rows", page, len(rows.Items))
			}
			for _, c := range rows.Items {
				got = append(got, c.Key)
			}
			if !rows.More[0] {
				break
			}
			last := rows.Items[len(rows.Items)-1]
			q.After = &datasources.After{Value: last.Column(order.Column), ID: last.Key}
		}
		var keys []string
		for _, c := range want {
			keys = append(keys, c.Key)
		}
		if !slices.Equal(got, keys) {
			r.Fatalf("pages %q, want %q", got, keys)
		}
	})
}

func compare(a, b *schema.Customer, column string) int {
	if column != "name" {
		return a.Column(column).Compare(b.Column(column))
	}
	bare := func(s string) string { return strings.NewReplacer("ă", "a").Replace(strings.ToLower(s)) }
	return strings.Compare(bare(a.Name), bare(b.Name))
}

// TestAfterValue: without an id a page begins behind the value, or at it.
func TestAfterValue(t *testing.T) {
	d := open(t, config(), newMemory())
	replace(t, d, "crm", rec{ID: "c1", Name: "a"}, rec{ID: "c2", Name: "B"}, rec{ID: "c3", Name: "b"}, rec{ID: "c4", Name: "c"})
	for _, c := range []struct {
		desc, inclusive bool
		want            []string
	}{
		{false, false, []string{"c"}}, {false, true, []string{"B", "b", "c"}}, {true, false, []string{"a"}}, {true, true, []string{"b", "B", "a"}},
	} {
		rows, err := d.List(t.Context(), datasources.Query{
			First: 10, Order: schema.Sort{Column: "name", Desc: c.desc}, After: &datasources.After{Value: schema.String("b"), Inclusive: c.inclusive},
		})
		if err != nil || !slices.Equal(names(rows), c.want) {
			t.Errorf("%+v: %q %v", c, names(rows), err)
		}
	}
}
