package gather_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/schema"
)

// TestPagesOfRowsAtFault: rows whose place in the order cannot be read stand where the
// source has them; cursors neither repeat rows for them nor lose any.
func TestPagesOfRowsAtFault(t *testing.T) {
	faults := &schema.Faults{Fields: []string{"date"}}
	rapid.Check(t, func(t *rapid.T) {
		u := &upstream{rows: orders(t, 30)}
		odd := map[string]bool{}
		for _, r := range u.rows {
			odd[r.Key] = rapid.IntRange(0, 3).Draw(t, "odd") == 0
		}
		q := datasources.Query{Order: schema.Sort{Column: "date", Desc: rapid.Bool().Draw(t, "desc")}, First: rapid.IntRange(1, 9).Draw(t, "first")}
		var got []string
		for range 100 {
			rows, err := gather.List(t.Context(), "s", entity, q, gather.Lister[schema.Order]{
				Page: func(ctx context.Context, req gather.PageRequest) (gather.Reply[schema.Order], error) {
					reply, err := u.page(ctx, req)
					reply.Items = slices.Clone(reply.Items)
					for i := range reply.Items {
						if x := &reply.Items[i]; odd[x.Key] {
							x.Date, x.Faults = time.Time{}, faults
						}
					}
					return reply, err
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows.Items {
				got = append(got, r.Key)
			}
			if !rows.More[0] {
				break
			}
			last := &rows.Items[len(rows.Items)-1]
			q.After = &datasources.After{ID: last.Key, Value: last.Column("date")}
		}
		if len(got) != len(u.rows) {
			t.Fatalf("%d rows, want %d: %v", len(got), len(u.rows), got)
		}
		slices.Sort(got)
		if distinct := slices.Compact(slices.Clone(got)); len(distinct) != len(got) {
			t.Fatalf("rows came twice: %v", got)
		}
	})
}
