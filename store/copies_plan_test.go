package store

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
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
		{"by total", "copy_rows r", "r.set_id = ?", []any{1}, schema.Predicate{}, schema.Sort{Column: "total"}, "copy_rows_total", false},
		{"greatest total", "copy_rows r", "r.set_id = ?", []any{1}, text("status", "open"), schema.Sort{Column: "total", Desc: true}, "copy_rows_total", true},
		{"by amount", "copy_rows r", "r.set_id = ?", []any{1}, schema.Predicate{}, schema.Sort{Column: "amount"}, "copy_rows_amount", false},
		{"by price", "copy_rows r", "r.set_id = ?", []any{1}, schema.Predicate{}, schema.Sort{Column: "price"}, "copy_rows_price", false},
		{"by due date", "copy_rows r", "r.set_id = ?", []any{1}, schema.Predicate{}, schema.Sort{Column: "dueDate"}, "copy_rows_due", false},
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
			q, err := newCopyQuery(s.copyDialect(), a, c.from, c.of, c.args...)
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

// TestCopyCursorBound: a page far behind begins at its cursor, though the filter has
// a bound of its own.
func TestCopyCursorBound(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	over := func(column string) schema.Predicate { return schema.Compare(column, schema.Gt, schema.Int(20)) }
	for _, c := range []struct {
		name  string
		where schema.Predicate
		paged bool
		want  bool
	}{
		{"first page", over("total"), false, true},
		{"later page", over("total"), true, false},
		{"later page, another column", over("amount"), true, true},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			var a copies.Ask
			a.Where, a.Order, a.First = c.where, schema.Sort{Column: "total"}, 50
			if c.paged {
				a.After = &datasources.After{Value: schema.Int(500), ID: "a"}
			}
			q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", int64(1))
			if err != nil {
				t.Fatal(err)
			}
			if got := !strings.Contains(q.where.sql.String(), "+r."); got != c.want {
				t.Errorf("the filter's bound may be used: %t, want %t: %s", got, c.want, q.where.sql.String())
			}
			if plan := explainPlan(t, s, q.pageText(), q.pageArgs("")); !strings.Contains(plan, "copy_rows_total (set_id=? AND total>?)") {
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

// TestCopyCount: rows are counted as they lie where no index leaves few of them.
func TestCopyCount(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	open := schema.Compare("status", schema.Eq, schema.String("open"))
	mine := schema.Compare("customer", schema.In, schema.String("c1"), schema.String("c2"))
	for _, c := range []struct {
		name  string
		where schema.Predicate
		want  string
	}{
		{"status", open, "SCAN r"},
		{"over a total", schema.Compare("total", schema.Gt, schema.Int(20)), "SCAN r"},
		{"customers", mine, "copy_rows_customer"},
		{"customers and a status", schema.AllOf(open, mine), "copy_rows_customer"},
		{"customers or a status", schema.Predicate{Op: schema.Or, Of: []schema.Predicate{open, mine}}, "SCAN r"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			var a copies.Ask
			a.Where = c.where
			q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", int64(1))
			if err != nil {
				t.Fatal(err)
			}
			if !isNarrow(c.where) {
				q.countWhole()
			}
			if plan := explainPlan(t, s, q.totalText(), q.totalArgs("")); !strings.Contains(plan, c.want) {
				t.Error(plan)
			}
		})
	}
}
