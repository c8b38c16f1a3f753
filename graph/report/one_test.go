package report_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// finding is a Runner that finds records by their ids.
type finding struct{ *memory }

func (m finding) Find(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	m.asked = append(m.asked, op.Query.Text)
	root := op.Query.Document.Operations[0].SelectionSet[0].(*ast.Field)
	id, _ := root.ArgumentMap(op.Variables)["id"].(string)
	if strings.Contains(id, "'") {
		return schema.Errorf(schema.BadRequest, "this is no id")
	}
	for _, r := range m.roots["orders"] {
		if r.id() != id {
			continue
		}
		answer := object(root.SelectionSet[0].(*ast.InlineFragment).SelectionSet, r)
		rows := flatten(op.Query, map[string]any{"node": []any{answer}})
		return m.hand(ctx, rows, func(int) string { return "" }, f)
	}
	return nil
}

func TestOne(t *testing.T) {
	orders, lines, some, months := table(t, ordersText), table(t, linesText), table(t, someText), table(t, monthsText)
	for _, c := range []struct {
		name, path, asked, row string
		tb                     int
	}{
		{"a record", "d('o002')?$select=number", "query d($id: ID!) { node(id: $id) { ... on Order { id number } } }", "A2", 0},
		{"its key is no column", "d('o002')?$select=shop,total_amount", "query d($id: ID!) { node(id: $id) { ... on Order { id shop total { amount } } } }", "Web,20.5", 0},
		{"none", "d('o009')", "query d($id: ID!) {", "", 0},
		{"no id", "d('o''9')", "query d($id: ID!) {", "", 0},
		{"no key", "d('')", "", "", 0},
		{"a line", "d('o003.2')?$select=sku,order_number", "query d($id: ID!) { node(id: $id) { ... on Order { number lines { sku } trama_id: id } } }", "B1,x", 1},
		{"no such line", "d('o003.3')?$select=sku", "query d($id: ID!) {", "", 1},
		{"the list has a filter", "d('o002')?$select=number", "query d($after: String) { orders(filter: {and: [{shop: {ne: \"b\\\"\"}}, {isDeleted: {in: [true, false]}}]}, orderBy: {field: TOTAL, direction: ASC}, after: $after) { nodes { number trama_id: id } } }", "A2", 2},
		{"a group", "d('2026-01-01.web.MDL')?$select=n,total_sum", "query d { orders(filter: {isDeleted: {in: [true, false]}}) {", "1,10", 3},
		{"no group", "d('2026-01-01.web')?$select=n", "query d { orders(filter: {isDeleted: {in: [true, false]}}) {", "", 3},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			tb := orders
			for i, other := range []int{1, 2, 3} {
				if c.tb == other {
					tb = []*dataset.Table{lines, some, months}[i]
				}
			}
			path, query, _ := strings.Cut(c.path, "?")
			q := parse(t, tb, path, query)
			for _, with := range []report.Runner{finding{shop()}, shop()} {
				w := &sheet{}
				_, err := of(t, tb, q, report.Limits{}).Read(t.Context(), with, w, odata.Position{Count: -1})
				if c.row == "" {
					var e *odata.Error
					if !errors.As(err, &e) || e.Status() != http.StatusNotFound || len(w.rows) > 0 {
						t.Errorf("got %v, %v", err, w.rows)
					}
				} else if err != nil || texts(w.rows) != c.row {
					t.Errorf("got %s, %v", texts(w.rows), err)
				}
				if f, ok := with.(finding); ok && !strings.HasPrefix(strings.Join(f.asked, ";"), c.asked) {
					t.Errorf("asked %s\n want %s", f.asked, c.asked)
				}
			}
		})
	}
}

// telling is a Runner that counts without reading, if it can.
type telling struct {
	*memory
	n    int64
	asks int
}

func (m *telling) Total(_ context.Context, op *report.Operation) (int64, bool, error) {
	m.asks++
	return m.n, m.n > 0, nil
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		name, text, query string
		total, want       int64
		asks              int
	}{
		{"told", ordersText, "", 7, 7, 1},
		{"told of a filter", ordersText, "$filter=number%20ne%20'A1'", 7, 7, 1},
		{"not told", ordersText, "$filter=number%20ne%20'A1'", 0, 3, 1},
		{"of lines", linesText, "", 7, 5, 0},
		{"of a rest", ordersText, "$filter=number%20gt%20'A1'", 7, 3, 0},
		{"never", ordersText, "$filter=number%20gt%20null", 7, 0, 0},
		{"without the cut", ordersText, "$top=1&$skip=2", 0, 4, 1},
		{"of groups", monthsText, "", 7, 4, 0},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			tb := table(t, c.text)
			m := &telling{memory: shop(), n: c.total}
			q := parse(t, tb, "d/$count", "")
			if c.query != "" {
				q = parse(t, tb, "d", c.query)
			}
			n, err := of(t, tb, q, report.Limits{}).Count(t.Context(), m)
			if err != nil || n != c.want || m.asks != c.asks {
				t.Errorf("got %d, %v with %d questions, want %d with %d", n, err, m.asks, c.want, c.asks)
			}
		})
	}
}
