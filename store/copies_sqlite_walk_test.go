package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// TestWalk: a filtered list in the order of keys is sorted page by page where few rows are
// found, and walked where many are; both give each row once.
func TestWalk(t *testing.T) {
	const rows = 12_000
	s := openLiteStore(t)
	id := fillCopy(t, s, "Order", rows, 1000, planRow)
	// The date of each row is another minute.
	minute := func(n int) schema.Value { return schema.Time(time.Date(2020, 1, 1, 0, n, 0, 0, time.UTC)) }
	since := func(n int) schema.Predicate { return schema.Compare("date", schema.Ge, minute(n)) }
	few := schema.AllOf(since(100), schema.Compare("date", schema.Lt, minute(1600)))
	for _, c := range []struct {
		name  string
		where schema.Predicate
		order schema.Sort
		walks bool
		rows  int
	}{
		{"many", since(5000), schema.Sort{Column: "id"}, true, rows - 5000},
		{"many, by key", since(5000), schema.Sort{}, true, rows - 5000},
		{"many, backwards", since(5000), schema.Sort{Column: "id", Desc: true}, true, rows - 5000},
		{"few", few, schema.Sort{Column: "id"}, false, 1500},
		{"few, backwards", few, schema.Sort{Column: "id", Desc: true}, false, 1500},
		{"of a customer", schema.Compare("customer", schema.Eq, schema.String("c000001")), schema.Sort{Column: "id"}, false, 10},
		{"all", schema.Predicate{}, schema.Sort{Column: "id"}, false, rows},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			a := copies.Ask{Source: "erp", Query: datasources.Query{Where: c.where, Order: c.order, First: 700}}
			seen := map[string]bool{}
			for {
				q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", id)
				if err != nil {
					t.Fatal(err)
				}
				err = s.copied(t.Context(), "test", func(c *liteConn) error { return c.walk(q, &a, rows) })
				if err != nil {
					t.Fatal(err)
				}
				plan := explainPlan(t, s, q.pageText(), q.pageArgs())
				if walks := q.walk != ""; walks != c.walks || walks && (!strings.Contains(plan, "copy_rows_key (set_id=?") || strings.Contains(plan, "TEMP B-TREE")) {
					t.Fatalf("walks %t:\n%s", walks, plan)
				}
				var last string
				answer, err := s.CopyList(t.Context(), id, a, func(data []byte, _ int64) error {
					last = string(data)
					if seen[last] {
						t.Fatalf("%s comes twice", last)
					}
					seen[last] = true
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if !answer.More[0] {
					break
				}
				var i int
				if _, err := fmt.Sscanf(last, "order %d", &i); err != nil {
					t.Fatal(err)
				}
				a.After = &datasources.After{ID: planRow(i, rows).Key}
				if c.order.Column != "" {
					a.After.Value = schema.String(a.After.ID)
				}
			}
			if len(seen) != c.rows {
				t.Errorf("%d rows, want %d", len(seen), c.rows)
			}
		})
	}
	// What is remembered has a bound.
	w := newWalks()
	for i := range uint64(10 * walksKept) {
		w.set(i, true)
	}
	if len(w.many) > walksKept {
		t.Errorf("%d filters are remembered", len(w.many))
	}
}
