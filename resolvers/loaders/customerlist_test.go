package loaders_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// dividing is a directory that gives its customers in parts as well.
type dividing struct{ people }

func (d dividing) Parts(ctx context.Context, q datasources.Query, n int) (func(context.Context) (datasources.Rows[schema.Customer], bool, error), error) {
	all, err := d.List(ctx, q)
	from := 0
	return func(ctx context.Context) (datasources.Rows[schema.Customer], bool, error) {
		rows, to := all, min(from+n, len(all.Items))
		rows.Items, from = all.Items[from:to], to
		return rows, to < len(all.Items), ctx.Err()
	}, err
}

// TestCustomersInParts holds that the parts of a list are the page it has whole: rows
// as the rule shows them, total and cursors, and one read.
func TestCustomersInParts(t *testing.T) {
	w := &policed{}
	for i := range 26 {
		key := string(rune('a' + i))
		c := schema.Customer{Record: schema.Record{Key: key}, Name: "N" + key, Country: []string{"MD", "FR", "RO"}[i%3]}
		c.Provenance = []*schema.FieldProvenance{{Field: "name"}, {Field: "country"}}
		w.people.customers = append(w.people.customers, c)
	}
	config := w.config(t)
	config.Directory, config.Part = dividing{w.people}, plan.Part
	seen := access{rows: map[string]schema.Predicate{"Customer": schema.Compare("country", schema.In, schema.String("MD"), schema.String("RO"))}}
	for _, tt := range []struct {
		first, size, parts int
	}{{1000, 4, 5}, {10, 4, 3}, {12, 4, 3}, {4, 4, 1}, {1000, 0, 1}, {1000, 50, 1}} {
		t.Run(fmt.Sprintf("case=%d by %d", tt.first, tt.size), func(t *testing.T) {
			args := loaders.Args{First: &tt.first}
			want, err := as(config, seen).Customers.List(t.Context(), args)
			if err != nil || want.Part != nil {
				t.Fatalf("%+v, %v", want, err)
			}
			l := as(config, seen)
			part, err := l.Customers.List(plan.WithPart(t.Context(), tt.size), args)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			parts := 1
			for {
				for _, x := range part.Nodes {
					got = append(got, x.Key)
				}
				if *part.TotalCount != *want.TotalCount || part.CursorOf(part.Nodes[0]) == "" {
					t.Errorf("the total is %d, want %d", *part.TotalCount, *want.TotalCount)
				}
				rest := part.Rest()
				if rest == nil {
					break
				}
				next, err := rest(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				part = next.(*schema.Page[schema.Customer])
				parts++
			}
			keys := func(list []*schema.Customer) (keys []string) {
				for _, x := range list {
					keys = append(keys, x.Key)
				}
				return keys
			}
			if !slices.Equal(got, keys(want.Nodes)) || parts != tt.parts {
				t.Errorf("%d parts with %v, want %v", parts, got, keys(want.Nodes))
			}
			a, b := part.PageInfo(), want.PageInfo()
			if a.HasNextPage != b.HasNextPage || a.HasPreviousPage != b.HasPreviousPage || *a.StartCursor != *b.StartCursor || *a.EndCursor != *b.EndCursor {
				t.Errorf("the page stands at %+v, want %+v", a, b)
			}
			if s := l.Report.Sources(); len(s) != 1 || s[0].Reads != 1 || s[0].Rows != len(got) {
				t.Errorf("reported are %+v", s)
			}
		})
	}
}

// TestAPartIsForSomebody holds that what ends the request ends the list.
func TestAPartIsForSomebody(t *testing.T) {
	w := &policed{people: people{customers: []schema.Customer{{Record: schema.Record{Key: "a"}}, {Record: schema.Record{Key: "b"}}}}}
	config := w.config(t)
	config.Directory, config.Part = dividing{w.people}, plan.Part
	page, err := as(config, loaders.Everything{}).Customers.List(plan.WithPart(t.Context(), 1), loaders.Args{})
	if err != nil || page.Rest() == nil {
		t.Fatal(page, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if next, err := page.Rest()(ctx); err == nil || next != nil {
		t.Errorf("got %v, %v", next, err)
	}
}
