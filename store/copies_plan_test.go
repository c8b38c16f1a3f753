package store

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// TestCopyPlans: the questions that are asked often go through an index, and need
// no sorting in the usual order.
func TestCopyPlans(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	newest, changed := schema.Sort{Column: "date", Desc: true}, schema.Sort{Column: "updatedAt", Desc: true}
	text := func(column, value string) schema.Predicate {
		return schema.Compare(column, schema.Eq, schema.String(value))
	}
	for _, c := range []struct {
		name     string
		from, of string
		args     []any
		where    schema.Predicate
		order    schema.Sort
		index    string
		sorts    bool
	}{
		{"by customer", "copy_rows r", "r.set_id = ? AND r.customer_key = ? AND r.customer_key <> ''", []any{1, parentArg{}}, schema.Predicate{}, newest, "copy_rows_customer", false},
		{"by customer, latest change", "copy_rows r", "r.set_id = ? AND r.customer_key = ? AND r.customer_key <> ''", []any{1, parentArg{}}, schema.Predicate{}, changed, "copy_rows_customer", true},
		{"by number", "copy_rows r", "r.set_id = ? AND r.number = ? AND r.number <> ''", []any{1, parentArg{}}, schema.Predicate{}, newest, "copy_rows_number", true},
		{"by link", "copy_links l JOIN copy_rows r ON r.id = l.row_id", "l.set_id = ? AND l.relation = ? AND l.number = ?", []any{1, "orderNumber", parentArg{}}, schema.Predicate{}, newest, "SEARCH l USING PRIMARY KEY (set_id=? AND relation=? AND number=?)", true},
		{"newest", "copy_rows r", "r.set_id = ?", []any{1}, text("status", "open"), newest, "copy_rows_date", false},
		{"latest change", "copy_rows r", "r.set_id = ?", []any{1}, schema.Predicate{}, changed, "copy_rows_updated", false},
		{"made", "copy_rows r", "r.set_id = ?", []any{1}, schema.Predicate{}, schema.Sort{Column: "createdAt", Desc: true}, "copy_rows_created", false},
		{"by key", "copy_rows r", "r.set_id = ?", []any{1}, schema.Predicate{}, schema.Sort{}, "copy_rows_key", false},
		{"filter by number", "copy_rows r", "r.set_id = ?", []any{1}, text("number", "SO-1"), newest, "copy_rows_number", true},
		{"filter by several numbers", "copy_rows r", "r.set_id = ?", []any{1}, schema.Compare("number", schema.In, schema.String("a"), schema.String("b")), changed, "copy_rows_number", true},
		{"filter by customer", "copy_rows r", "r.set_id = ?", []any{1}, text("customer", "c1"), newest, "copy_rows_customer", false},
		{"filter by order", "copy_rows r", "r.set_id = ?", []any{1}, text("order", "o1"), newest, "copy_rows_order", false},
		{"filter by code", "copy_rows r", "r.set_id = ?", []any{1}, text("sku", "A"), schema.Sort{Column: "name"}, "copy_rows_sku", true},
		{"filter by id", "copy_rows r", "r.set_id = ?", []any{1}, text("id", "A"), newest, "copy_rows_key", false},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			var a copies.Ask
			a.Where, a.Order, a.First = c.where, c.order, 50
			q, err := newCopyQuery(a, c.from, c.of, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			plan := explainPlan(t, s, q.pageText(), q.pageArgs("p"))
			if !strings.Contains(plan, c.index) || strings.Contains(plan, "TEMP B-TREE") != c.sorts {
				t.Error(plan)
			}
		})
	}
}

func explainPlan(t *testing.T, s *Store, text string, args []any) string {
	t.Helper()
	var plan strings.Builder
	err := s.read(t.Context(), "explain", func(tx *sql.Tx) error {
		return each(t.Context(), tx, "EXPLAIN QUERY PLAN "+text, func(rows *sql.Rows) error {
			var id, parent, unused int
			var detail string
			err := rows.Scan(&id, &parent, &unused, &detail)
			plan.WriteString(detail + "\n")
			return err
		}, args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
