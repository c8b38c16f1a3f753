package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store/servicetest"
)

// emptyPostgres opens an empty schema of PostgreSQL.
func emptyPostgres(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), servicetest.Postgres(t), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// planRow is an order as a shop has it, ten for each customer.
func planRow(i, n int) copies.Row {
	columns := copies.Columns()
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i*7919%n) * time.Minute)
	row := copies.Row{
		Key: fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i), Hash: fmt.Appendf(nil, "%016d", i), Version: fmt.Sprint(i),
		Data: fmt.Appendf(make([]byte, 0, 400), "order %d %s", i, strings.Repeat("as it is kept ", 27)), Values: make([]schema.Value, len(columns)),
		Links: []copies.Link{{Relation: "orderNumber", Number: fmt.Sprintf("N%d", i/2)}, {Relation: "quoteNumber", Number: fmt.Sprintf("Q%d", i)}},
	}
	for j, c := range columns {
		switch c.Name {
		case "customer":
			row.Values[j] = schema.String(fmt.Sprintf("c%06d", i%(n/10)))
		case "order", "quote", "invoice":
			row.Values[j] = schema.String(fmt.Sprintf("k%06d", i/3))
		case "number", "sku":
			row.Values[j] = schema.String(fmt.Sprintf("SO-%07d", i))
		case "status":
			row.Values[j] = schema.String([]string{"open", "shipped", "invoiced", "cancelled"}[i*31%97%4])
		case "title":
			row.Values[j] = schema.String(fmt.Sprintf("Cable %d m, Black", i%500))
		case "currency":
			row.Values[j] = schema.String("EUR")
		case "total", "amount", "price":
			row.Values[j] = schema.Dec(decimal.MustNew(int64(i*104729%1_000_000), 2))
		default:
			if c.Kind == schema.KindTime {
				row.Values[j] = schema.Time(day)
			}
		}
	}
	return row
}

// fillCopy reads n rows into a new copy and returns its id.
func fillCopy(t testing.TB, s *Store, entity string, n, page int, make func(i, n int) copies.Row) int64 {
	t.Helper()
	ctx := t.Context()
	set, err := s.OpenCopy(ctx, "erp", entity, "LAYOUT")
	if err != nil {
		t.Fatal(err)
	}
	if set, err = s.BeginRun(ctx, set.ID, set.Run, set.Pages, copies.Begin{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < n; i += page {
		p := &copies.Page{At: time.Now(), Last: i+page >= n}
		for j := i; j < min(i+page, n); j++ {
			p.Rows = append(p.Rows, make(j, n))
		}
		if set, err = s.SavePage(ctx, set.ID, set.Run, set.Pages, p); err != nil {
			t.Fatal(err)
		}
	}
	ended, err := s.EndRun(ctx, set.ID, set.Run, set.Pages, copies.End{Before: set.Run, Most: int64(n), At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return ended.Set.ID
}

// planNode is a part of what EXPLAIN says.
type planNode struct {
	Type     string     `json:"Node Type"`
	Relation string     `json:"Relation Name"`
	Index    string     `json:"Index Name"`
	Cond     string     `json:"Index Cond"`
	Filter   string     `json:"Filter"`
	Plans    []planNode `json:"Plans"`
}

func (n *planNode) walk(f func(*planNode)) {
	f(n)
	for i := range n.Plans {
		n.Plans[i].walk(f)
	}
}

// explainPostgresPlan explains a statement as the server runs it when it knows the
// arguments, or as it does when it has run it often and plans for any arguments.
func explainPostgresPlan(t *testing.T, s *Store, known bool, text string, args []any) (plan planNode, whole string) {
	t.Helper()
	err := s.read(t.Context(), "explain", func(tx *sql.Tx) error {
		if known {
			return tx.QueryRowContext(t.Context(), "EXPLAIN (FORMAT JSON) "+text, args...).Scan(&whole)
		}
		for _, x := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", "PREPARE asked AS " + rebind(text)} {
			if _, err := tx.ExecContext(t.Context(), x); err != nil {
				return err
			}
		}
		words := make([]string, len(args))
		for i, v := range args {
			words[i] = literal(t, v)
		}
		err := tx.QueryRowContext(t.Context(), "EXPLAIN (FORMAT JSON) EXECUTE asked("+strings.Join(words, ", ")+")").Scan(&whole)
		_, e := tx.ExecContext(t.Context(), "DEALLOCATE asked")
		return errors.Join(err, e)
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var list []struct{ Plan planNode }
	if err := json.Unmarshal([]byte(whole), &list); err != nil {
		t.Fatal(err)
	}
	return list[0].Plan, whole
}

func literal(t *testing.T, v any) string {
	switch v := v.(type) {
	case int64:
		return fmt.Sprint(v)
	case string:
		return "'" + v + "'"
	case []byte:
		return fmt.Sprintf("'\\x%x'", v)
	case [][]byte:
		var list []string
		for _, x := range v {
			list = append(list, literal(t, x))
		}
		return "ARRAY[" + strings.Join(list, ", ") + "]::bytea[]"
	}
	t.Fatalf("no literal of %T", v)
	return ""
}

// TestPostgresCopyPlans: what the graph asks often goes through an index, and never
// reads a whole table.
func TestPostgresCopyPlans(t *testing.T) {
	s := emptyPostgres(t)
	const n = 8_000
	begun := time.Now()
	id := fillCopy(t, s, "Order", n, 2000, planRow)
	fillCopy(t, s, "Invoice", n/10, 2000, planRow)
	t.Log("filled", time.Since(begun))
	text := func(column, value string) schema.Predicate {
		return schema.Compare(column, schema.Eq, schema.String(value))
	}
	checkIf := func(t *testing.T, known []bool, text string, args []any, index string) {
		t.Helper()
		for _, known := range known {
			plan, whole := explainPostgresPlan(t, s, known, text, args)
			var used []string
			plan.walk(func(n *planNode) {
				if n.Type == "Seq Scan" && strings.HasPrefix(n.Relation, "copy_") {
					t.Errorf("all of %s is read", n.Relation)
				}
				used = append(used, n.Index)
			})
			if !slices.Contains(used, index) {
				t.Errorf("goes through %q, not %s", used, index)
			}
			if t.Failed() {
				t.Log("arguments known:", known, "\n", text, "\n", whole)
			}
		}
	}
	check := func(t *testing.T, text string, args []any, index string) {
		t.Helper()
		checkIf(t, []bool{true, false}, text, args, index)
	}
	parents := func(format string) (list []string) {
		for i := range 50 {
			list = append(list, fmt.Sprintf(format, i*13))
		}
		return list
	}
	newest := schema.Sort{Column: "date", Desc: true}
	t.Run("case=by keys", func(t *testing.T) {
		var keys []string
		for i := range 500 {
			keys = append(keys, planRow(i*7, n).Key)
		}
		text, args := s.copyDialect().ofKeys("d.data", dataOfRows, id, keys)
		check(t, text, args, "copy_rows_key")
		text, args = s.copyDialect().ofKeys("m.version", marksOfRows, id, keys)
		check(t, text, args, "copy_rows_key")
		text, args = s.copyDialect().ofKeys("r.version", "copy_gone r", id, keys)
		check(t, text, args, "copy_gone_pkey")
	})
	for _, c := range []struct{ relation, parents, index string }{
		{"customer", "c%06d", "copy_rows_customer"},
		{"order", "k%06d", "copy_rows_order"},
		{"quote", "k%06d", "copy_rows_quote"},
		{"invoice", "k%06d", "copy_rows_invoice"},
		{"number", "SO-%07d", "copy_rows_number"},
		{"sku", "SO-%07d", "copy_rows_sku"},
		{"orderNumber", "N%d", "copy_links_pkey"},
		{"quoteNumber", "Q%d", "copy_links_pkey"},
		{"invoiceNumber", "I%d", "copy_links_pkey"},
	} {
		for _, filtered := range []bool{false, true} {
			t.Run(fmt.Sprintf("case=by %s, filtered %t", c.relation, filtered), func(t *testing.T) {
				var a copies.Ask
				a.Order, a.First = newest, 10
				if filtered {
					a.Where = schema.AllOf(text("status", "open"), schema.Compare("total", schema.Gt, schema.Int(50)))
				}
				q, err := newParentQuery(s.copyDialect(), a, id, c.relation, 20)
				if err != nil {
					t.Fatal(err)
				}
				list := parents(c.parents)
				check(t, q.parentsText(len(list)), q.parentsArgs(list), c.index)
				check(t, q.parentTotalsText(), q.parentTotalsArgs(list), c.index)
			})
		}
	}
	middle := planRow(n/3, n)
	for _, c := range []struct{ column, index string }{
		{"", "copy_rows_key"},
		{"id", "copy_rows_key"},
		{"date", "copy_rows_date"},
		{"createdAt", "copy_rows_created"},
		{"updatedAt", "copy_rows_updated"},
		{"dueDate", "copy_rows_due"},
		{"total", "copy_rows_total"},
		{"amount", "copy_rows_amount"},
		{"price", "copy_rows_price"},
	} {
		for _, desc := range []bool{false, true} {
			for _, where := range []schema.Predicate{{}, text("status", "open"), schema.Compare("title", schema.Contains, schema.String("BLACK"))} {
				for _, paged := range []bool{false, true} {
					t.Run(fmt.Sprintf("case=list by %s, desc %t, filter %s, paged %t", c.column, desc, where.Column, paged), func(t *testing.T) {
						var a copies.Ask
						a.Where, a.Order, a.First = where, schema.Sort{Column: c.column, Desc: desc}, 50
						if paged {
							a.After = &datasources.After{ID: middle.Key}
							for j, known := range copies.Columns() {
								if known.Name == c.column {
									a.After.Value = middle.Values[j]
								}
							}
							if c.column == "id" {
								a.After.Value = schema.String(middle.Key)
							}
						}
						q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", id)
						if err != nil {
							t.Fatal(err)
						}
						check(t, q.pageText(), q.pageArgs(), c.index)
					})
				}
			}
		}
	}
	// A table that is read page by page between two days, most of its rows. It is planned
	// for its arguments (isWalkable): for any, the server would sort what it finds.
	day := func(part int) schema.Value {
		return schema.Time(time.Date(2020, 1, 1, 0, n*part/10, 0, 0, time.UTC))
	}
	for _, paged := range []bool{false, true} {
		t.Run(fmt.Sprintf("case=many by id, paged %t", paged), func(t *testing.T) {
			var a copies.Ask
			a.Where = schema.AllOf(schema.Compare("date", schema.Ge, day(1)), schema.Compare("date", schema.Lt, day(9)))
			a.Order, a.First = schema.Sort{Column: "id"}, 500
			if paged {
				a.After = &datasources.After{Value: schema.String(middle.Key), ID: middle.Key}
			}
			q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", id)
			if err != nil {
				t.Fatal(err)
			}
			if !q.isWalkable(a.Where) {
				t.Fatal("it is planned for any arguments")
			}
			checkIf(t, []bool{true}, q.pageText(), q.pageArgs(), "copy_rows_key")
		})
	}
	for _, c := range []struct {
		name  string
		where schema.Predicate
		index string
	}{
		{"number", text("number", "SO-0000001"), "copy_rows_number"},
		{"several numbers", schema.Compare("number", schema.In, schema.String("SO-0000001"), schema.String("SO-0000002")), "copy_rows_number"},
		{"customer", text("customer", "c000001"), "copy_rows_customer"},
		{"order", text("order", "k000001"), "copy_rows_order"},
		{"code", text("sku", "SO-0000001"), "copy_rows_sku"},
		{"id", text("id", middle.Key), "copy_rows_key"},
	} {
		t.Run("case=filter by "+c.name, func(t *testing.T) {
			var a copies.Ask
			a.Where, a.Order, a.First = c.where, newest, 50
			q, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", id)
			if err != nil {
				t.Fatal(err)
			}
			check(t, q.pageText(), q.pageArgs(), c.index)
		})
	}
}
