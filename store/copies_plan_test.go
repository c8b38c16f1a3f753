package store

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// inAWhile is what an incremental refresh asks.
func inAWhile() schema.Predicate {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return schema.AllOf(schema.Compare("changedAt", schema.Ge, schema.Time(at)), schema.Compare("changedAt", schema.Lt, schema.Time(at.AddDate(0, 1, 0))))
}

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
		name  string
		where schema.Predicate
		order schema.Sort
		index string
		sorts bool
	}{
		{"newest", text("status", "open"), newest, "copy_rows_date", false},
		{"latest change", schema.Predicate{}, changed, "copy_rows_updated", false},
		{"made", schema.Predicate{}, schema.Sort{Column: "createdAt", Desc: true}, "copy_rows_created", false},
		{"by total", schema.Predicate{}, schema.Sort{Column: "total"}, "copy_rows_total", false},
		{"greatest total", text("status", "open"), schema.Sort{Column: "total", Desc: true}, "copy_rows_total", true},
		{"by amount", schema.Predicate{}, schema.Sort{Column: "amount"}, "copy_rows_amount", false},
		{"by price", schema.Predicate{}, schema.Sort{Column: "price"}, "copy_rows_price", false},
		{"by due date", schema.Predicate{}, schema.Sort{Column: "dueDate"}, "copy_rows_due", false},
		{"by key", schema.Predicate{}, schema.Sort{}, "copy_rows_key", false},
		{"by id", schema.Predicate{}, schema.Sort{Column: "id"}, "copy_rows_key", false},
		{"by id, backwards", schema.Predicate{}, schema.Sort{Column: "id", Desc: true}, "copy_rows_key", false},
		{"filter by number", text("number", "SO-1"), newest, "copy_rows_number", true},
		{"filter by several numbers", schema.Compare("number", schema.In, schema.String("a"), schema.String("b")), changed, "copy_rows_number", true},
		{"filter by customer", text("customer", "c1"), newest, "copy_rows_customer", false},
		{"filter by order", text("order", "o1"), newest, "copy_rows_order", false},
		{"filter by code", text("sku", "A"), schema.Sort{Column: "name"}, "copy_rows_sku", true},
		{"filter by id", text("id", "A"), newest, "copy_rows_key", false},
		{"seen to change last", schema.Predicate{}, schema.Sort{Column: "changedAt", Desc: true}, "copy_rows_changed (set_id=?)", false},
		{"seen to change in a while", inAWhile(), schema.Sort{Column: "changedAt", Desc: true}, "copy_rows_changed (set_id=? AND changed_at>? AND changed_at<?)", false},
		{"seen to change in a while, the newest", inAWhile(), newest, "copy_rows_changed (set_id=? AND changed_at>? AND changed_at<?)", true},
		{"seen to change in a while, by key", inAWhile(), schema.Sort{}, "copy_rows_changed (set_id=? AND changed_at>? AND changed_at<?)", true},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			var a copies.Ask
			a.Where, a.Order, a.First = c.where, c.order, 50
			q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", 1)
			if err != nil {
				t.Fatal(err)
			}
			plan := explainPlan(t, s, q.pageText(), q.pageArgs())
			if !strings.Contains(plan, c.index) || strings.Contains(plan, "TEMP B-TREE") != c.sorts {
				t.Error(plan)
			}
		})
	}
}

// TestCopyParentPlans: the page of a parent and its total are found through an index;
// nothing is walked but what was found, and nothing is sorted that the index has in
// order, or where all rows of a parent are asked for.
func TestCopyParentPlans(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	newest, changed := schema.Sort{Column: "date", Desc: true}, schema.Sort{Column: "updatedAt", Desc: true}
	open := schema.AllOf(schema.Compare("status", schema.Eq, schema.String("open")), schema.Compare("total", schema.Gt, schema.Int(50)))
	const link = "SEARCH l USING PRIMARY KEY (set_id=? AND relation=? AND number=?)"
	for _, c := range []struct {
		name, relation string
		where          schema.Predicate
		order          schema.Sort
		after          *datasources.After
		index          string
		sorts          bool
	}{
		{"customer", "customer", schema.Predicate{}, newest, nil, "copy_rows_customer (set_id=? AND customer_key=?)", false},
		{"customer, filtered", "customer", open, newest, nil, "copy_rows_customer (set_id=? AND customer_key=?)", false},
		{"customer, behind a cursor", "customer", schema.Predicate{}, newest, &datasources.After{Value: schema.Time(time.Unix(1e9, 0)), ID: "a"}, "copy_rows_customer (set_id=? AND customer_key=? AND date<?)", false},
		{"customer, latest change", "customer", schema.Predicate{}, changed, nil, "copy_rows_customer (set_id=? AND customer_key=?)", true},
		{"order", "order", schema.Predicate{}, newest, nil, "copy_rows_order (set_id=? AND order_key=?)", false},
		{"quote", "quote", schema.Predicate{}, newest, nil, "copy_rows_quote (set_id=? AND quote_key=?)", true},
		{"invoice", "invoice", schema.Predicate{}, newest, nil, "copy_rows_invoice (set_id=? AND invoice_key=?)", true},
		{"number", "number", schema.Predicate{}, newest, nil, "copy_rows_number (set_id=? AND number=?)", true},
		{"code", "sku", schema.Predicate{}, newest, nil, "copy_rows_sku (set_id=? AND sku=?)", true},
		{"order's number", "orderNumber", schema.Predicate{}, newest, nil, link, true},
		{"quote's number, filtered", "quoteNumber", open, newest, nil, link, true},
		{"invoice's number", "invoiceNumber", schema.Predicate{}, schema.Sort{}, nil, link, true},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			var a copies.Ask
			a.Where, a.Order, a.First, a.After = c.where, c.order, 5, c.after
			q, err := newParentQuery(s.copyDialect(), a, 1, c.relation, 10)
			if err != nil {
				t.Fatal(err)
			}
			of := func(args []any) []any {
				args = slices.Clone(args)
				for i := range args {
					if _, is := args[i].(parentSlot); is {
						args[i] = "a"
					}
				}
				return args
			}
			page := explainPlan(t, s, q.pageText(), of(q.pageArgs()))
			if !strings.Contains(page, c.index) || strings.Contains(page, "TEMP B-TREE") != c.sorts || c.sorts == q.isWalked || !strings.Contains(page, "SEARCH d USING INTEGER PRIMARY KEY") {
				t.Error(page)
			}
			few := explainPlan(t, s, q.fewText(), of(q.pageArgs()))
			if !strings.Contains(few, c.index) || strings.Contains(few, "TEMP B-TREE") || !strings.Contains(few, "SEARCH d USING INTEGER PRIMARY KEY") {
				t.Error(few)
			}
			together := explainPlan(t, s, q.togetherText(), append([]any{`["a","b"]`}, q.pageArgs()[1:]...))
			if !strings.Contains(together, c.index) || strings.Contains(together, "TEMP B-TREE") || !strings.Contains(together, "SEARCH d USING INTEGER PRIMARY KEY") {
				t.Error(together)
			}
			total := explainPlan(t, s, q.totalText(), of(q.where.args))
			if index, _, _ := strings.Cut(c.index, " AND date"); !strings.Contains(total, index) {
				t.Error(total)
			}
			for line := range strings.Lines(page + few + together + total) {
				if of, ok := strings.CutPrefix(strings.TrimSpace(line), "SCAN "); ok && of != "x" && of != "p VIRTUAL TABLE INDEX 1:" {
					t.Errorf("%s is walked", of)
				}
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
			if plan := explainPlan(t, s, q.pageText(), q.pageArgs()); !strings.Contains(plan, "copy_rows_total (set_id=? AND total>?)") {
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
			if plan := explainPlan(t, s, q.totalText(), q.where.args); !strings.Contains(plan, c.want) {
				t.Error(plan)
			}
		})
	}
}
