package directory_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// TestParts: the parts of a page are the page that List gives, whatever is read between
// one part and the next.
func TestParts(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := open(t, config(), newMemory())
		var list []rec
		for i := range rapid.IntRange(1, 25).Draw(r, "n") {
			list = append(list, rec{
				ID: fmt.Sprintf("c%d", i), Name: rapid.SampledFrom([]string{"", "ana", "Ana", "ion", "zoe"}).Draw(r, "name"),
				TaxID: rapid.SampledFrom([]string{"", idno(i), "1"}).Draw(r, "taxId"),
			})
		}
		replace(t, d, "crm", list...)
		q := datasources.Query{
			First: rapid.IntRange(1, 30).Draw(r, "first"), Total: rapid.Bool().Draw(r, "total"),
			Order: schema.Sort{Column: rapid.SampledFrom([]string{"", "id", "name", "createdAt"}).Draw(r, "order"), Desc: rapid.Bool().Draw(r, "desc")},
		}
		switch rapid.IntRange(0, 2).Draw(r, "where") {
		case 1:
			q.Where = schema.Compare("name", schema.In, schema.String("ana"), schema.String("zoe"))
		case 2:
			q.Where = schema.Compare("taxId", schema.IsNull)
		}
		if rapid.Bool().Draw(r, "behind") {
			q.After = &datasources.After{Inclusive: true}
			if q.Order.Column == "" || q.Order.Column == "createdAt" {
				q.After.Value = schema.Null
			} else {
				q.After.Value = schema.String("ion")
			}
		}
		want, err := d.List(t.Context(), q)
		if err != nil {
			r.Fatal(err)
		}
		size := rapid.IntRange(1, 8).Draw(r, "size")
		next, err := d.Parts(t.Context(), q, size)
		if err != nil {
			r.Fatal(err)
		}
		var got []schema.Customer
		for part := 0; ; part++ {
			rows, more, err := next(t.Context())
			if err != nil {
				r.Fatal(err)
			}
			if len(rows.Items) > size || more && len(rows.Items) < size {
				r.Fatalf("part %d has %d rows, %t", part, len(rows.Items), more)
			}
			if !slices.Equal(rows.Totals, want.Totals) {
				r.Fatalf("totals %v, want %v", rows.Totals, want.Totals)
			}
			got = append(got, rows.Items...)
			if !more {
				if !slices.Equal(rows.More, want.More) {
					r.Fatalf("the last part goes on: %v, want %v", rows.More, want.More)
				}
				break
			}
			// All are called something else, somebody comes, and of many somebody goes.
			for i := range list {
				list[i].Name = fmt.Sprint("aaa", part)
			}
			if list = append(list, rec{ID: fmt.Sprint("new", part), Name: "bbb"}); len(list) > 8 {
				list = list[1:]
			}
			replace(t, d, "crm", list...)
		}
		if len(got) != len(want.Items) {
			r.Fatalf("%d rows, want %d", len(got), len(want.Items))
		}
		for i := range got {
			if got[i].Key != want.Items[i].Key || got[i].Name != want.Items[i].Name {
				r.Fatalf("row %d is %s %q, want %s %q", i, got[i].Key, got[i].Name, want.Items[i].Key, want.Items[i].Name)
			}
		}
	})
}

// TestPartsErrors: what List refuses is refused before the first part; a context that
// ended gives no part.
func TestPartsErrors(t *testing.T) {
	d := open(t, config(), newMemory())
	if _, err := d.Parts(t.Context(), datasources.Query{First: 10}, 5); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("nothing was read: %v", err)
	}
	replace(t, d, "crm", rec{ID: "c1"})
	if _, err := d.Parts(t.Context(), datasources.Query{First: 10, Order: schema.Sort{Column: "phone"}}, 5); schema.CodeOf(err) != schema.UnsupportedFilter {
		t.Errorf("an order: %v", err)
	}
	if _, err := d.Parts(t.Context(), datasources.Query{First: 10, Where: schema.Compare("secret", schema.IsNull)}, 5); schema.CodeOf(err) != schema.UnsupportedFilter {
		t.Errorf("a filter: %v", err)
	}
	next, err := d.Parts(t.Context(), datasources.Query{First: 10}, 5)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := next(ctx); err == nil {
		t.Error("a part was got for nobody")
	}
	if rows, more, err := next(t.Context()); err != nil || more || len(rows.Items) != 1 {
		t.Errorf("then %v, %t, %v", rows.Items, more, err)
	}
}
