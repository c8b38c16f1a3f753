package report_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// record is an object of the graph: values are schema.Value, record and []record, by the
// schema's names. One that is not there is null.
type record map[string]any

func (r record) id() string { return r["id"].(schema.Value).Str }

// memory is a Runner over records in memory: it interprets the document it is given, as
// naively as can be, and shares nothing with the package.
type memory struct {
	roots  map[string][]record // by root field
	window int                 // rows of a window; 0: 3

	keeps bool // what was added up is kept for further pages
	kept  map[string]*dataset.Aggregator

	asked   []string // the texts that were run
	yielded int      // rows that were handed on
}

// Keep makes it a report.Keeper.
func (m *memory) Keep(a *dataset.Aggregator, name []byte) []byte {
	if !m.keeps {
		_ = a.Close()
		return nil
	}
	if name == nil {
		name = []byte(fmt.Sprint("sums ", len(m.asked)))
	}
	if m.kept == nil {
		m.kept = map[string]*dataset.Aggregator{}
	}
	m.kept[string(name)] = a
	return name
}

func (m *memory) Resume(name []byte) *dataset.Aggregator {
	a := m.kept[string(name)]
	delete(m.kept, string(name))
	return a
}

func (m *memory) Run(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	m.asked = append(m.asked, op.Query.Text)
	root := op.Query.Document.Operations[0].SelectionSet[0].(*ast.Field)
	args := root.ArgumentMap(op.Variables)
	list := m.list(root.Name, args)
	if op.Limit > 0 && int64(len(list)) > op.Limit {
		list = list[:op.Limit]
	}
	nodes := root.SelectionSet
	if op.Query.IsPage {
		nodes = nodes[0].(*ast.Field).SelectionSet
	}
	var rows []tableRow
	for i, r := range list {
		answer := object(nodes, r)
		tree := map[string]any{root.Alias: []any{answer}}
		if op.Query.IsPage {
			tree[root.Alias] = map[string]any{"nodes": []any{answer}}
		}
		of := flatten(op.Query, tree)
		for j := range of {
			of[j].root, of[j].over = i, j+1
			if of[j].over == len(of) {
				of[j].over = 0
			}
		}
		rows = append(rows, of...)
	}
	return m.hand(ctx, rows, func(i int) string {
		if !op.Query.IsPage {
			return ""
		}
		return cursor(list[i], sortOf(root.Name, args))
	}, f)
}

// hand gives rows in windows. A row's cursor is that behind its root row, or behind the
// one before where it is given in part.
func (m *memory) hand(ctx context.Context, rows []tableRow, cursor func(root int) string, f func(*report.Window) error) error {
	size := cmp.Or(m.window, 3)
	for from := 0; ; from += size {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := rows[min(from, len(rows)):min(from+size, len(rows))]
		w := &report.Window{Rows: len(part), IsLast: from+size >= len(rows)}
		for _, r := range part {
			w.Cells = append(w.Cells, r.cells...)
			w.Numbers = append(w.Numbers, r.numbers...)
		}
		w.After = func(n int) (string, int) {
			if from+n == 0 {
				return "", 0
			}
			r := rows[from+n-1]
			switch {
			case r.over == 0:
				return cursor(r.root), 0
			case r.root == 0:
				return "", r.over
			}
			return cursor(r.root - 1), r.over
		}
		m.yielded += len(part)
		if err := f(w); err != nil || w.IsLast {
			return err
		}
	}
}

func (m *memory) list(root string, args map[string]any) []record {
	by := sortOf(root, args)
	var out []record
	for _, r := range m.roots[root] {
		filter, _ := args["filter"].(map[string]any)
		if !matches(r, filter) || column(r, "isDeleted").Bool && !asks(filter, "isDeleted") {
			continue
		}
		if after, ok := args["after"].(string); ok && by.compare(r, cursorRecord(after, by)) <= 0 {
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, by.compare)
	return out
}

// by is an order of a list: ties by id.
type by struct {
	column string
	desc   bool
}

func sortOf(root string, args map[string]any) by {
	if o, ok := args["orderBy"].(map[string]any); ok {
		name := map[string]string{"DATE": "date", "TOTAL": "total", "UPDATED_AT": "updatedAt", "NAME": "name", "PRICE": "price"}[o["field"].(string)]
		return by{name, o["direction"] == "DESC"}
	}
	if root == "orders" {
		return by{"date", true}
	}
	return by{"id", false}
}

func (b by) compare(x, y record) int {
	c := column(x, b.column).Compare(column(y, b.column))
	if b.desc {
		c = -c
	}
	return cmp.Or(c, strings.Compare(x.id(), y.id()))
}

// asks reports whether a filter has a key.
func asks(filter map[string]any, key string) bool {
	for name, of := range filter {
		switch of := of.(type) {
		case map[string]any:
			if name == key || asks(of, key) {
				return true
			}
		case []any:
			if slices.ContainsFunc(of, func(f any) bool { inner, ok := f.(map[string]any); return ok && asks(inner, key) }) {
				return true
			}
		}
	}
	return false
}

// column is a value that lists compare: of money the amount.
func column(r record, name string) schema.Value {
	switch v := r[name].(type) {
	case schema.Value:
		return v
	case record:
		return column(v, "amount")
	}
	if name == "isDeleted" {
		return schema.Bool(false)
	}
	return schema.Null
}

func cursor(r record, b by) string {
	v := column(r, b.column)
	out, _ := json.Marshal([]any{int(v.Kind), v.Text(), r.id()})
	return string(out)
}

func cursorRecord(text string, b by) record {
	var parts []any
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		panic(err)
	}
	v, err := schema.ParseValue(schema.Kind(parts[0].(float64)), parts[1].(string))
	if err != nil {
		panic(err)
	}
	r := record{"id": schema.String(parts[2].(string))}
	r[b.column] = v
	return r
}

// matches interprets a filter of the graph: all it holds must be so.
func matches(r record, filter map[string]any) bool {
	for name, of := range filter {
		switch name {
		case "and":
			if slices.ContainsFunc(of.([]any), func(f any) bool { return !matches(r, f.(map[string]any)) }) {
				return false
			}
		case "or":
			if !slices.ContainsFunc(of.([]any), func(f any) bool { return matches(r, f.(map[string]any)) }) {
				return false
			}
		case "not":
			if matches(r, of.(map[string]any)) {
				return false
			}
		default:
			for op, want := range of.(map[string]any) {
				if !compares(column(r, name), op, want) {
					return false
				}
			}
		}
	}
	return true
}

func compares(v schema.Value, op string, want any) bool {
	if op == "isNull" {
		return v.IsNull() == want.(bool)
	}
	if op == "ne" {
		return v.IsNull() || v.Str != want.(string)
	}
	if v.IsNull() {
		return false
	}
	switch op {
	case "in":
		if v.Kind == schema.KindBool {
			return slices.Contains(want.([]any), any(v.Bool))
		}
		return slices.Contains(want.([]any), any(v.Str))
	case "contains":
		return strings.Contains(strings.ToLower(v.Str), strings.ToLower(want.(string)))
	case "startsWith":
		return strings.HasPrefix(strings.ToLower(v.Str), strings.ToLower(want.(string)))
	}
	c := 0
	switch v.Kind {
	case schema.KindString:
		c = strings.Compare(v.Str, want.(string))
	case schema.KindBool:
		c = strings.Compare(strconv.FormatBool(v.Bool), strconv.FormatBool(want.(bool)))
	case schema.KindDecimal:
		c = v.Dec.Cmp(decimal.MustParse(want.(string)))
	case schema.KindTime:
		at, err := time.Parse(time.RFC3339Nano, want.(string))
		if err != nil {
			panic(err)
		}
		c = v.Time.Compare(at)
	}
	switch op {
	case "eq":
		return c == 0
	case "lt":
		return c < 0
	case "le":
		return c <= 0
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	}
	panic("no such operator: " + op)
}

// object is what a selection says of a record, by response names.
func object(set ast.SelectionSet, r record) map[string]any {
	out := map[string]any{}
	for _, s := range set {
		f := s.(*ast.Field)
		switch v := r[f.Name].(type) {
		case schema.Value:
			out[f.Alias] = v
		case nil:
			if f.Name == "isDeleted" {
				out[f.Alias] = schema.Bool(false)
			}
		case record:
			out[f.Alias] = object(f.SelectionSet, v)
		case []record:
			list := make([]any, len(v))
			for i := range v {
				list[i] = object(f.SelectionSet, v[i])
			}
			out[f.Alias] = list
		}
	}
	return out
}

type tableRow struct {
	cells   []schema.Value
	numbers []int
	root    int
	over    int // rows of the root row up to this one; 0: all
}

// flatten makes the rows of an answer with one root row.
func flatten(q *dataset.Query, answer any) []tableRow {
	type holder struct {
		objects map[string]any // by the path to a list's element
		numbers map[string]int
	}
	join := func(path []string) string { return strings.Join(path, ".") }
	holders := []holder{{map[string]any{"": answer}, map[string]int{}}}
	from := 0
	for i := range q.Rows {
		var next []holder
		isList := false
		for _, h := range holders {
			v := walk(h.objects[join(q.Rows[:from])], q.Rows[from:i+1])
			list, ok := v.([]any)
			if !ok {
				continue
			}
			isList = true
			for n, e := range list {
				c := holder{map[string]any{}, map[string]int{}}
				for k, v := range h.objects {
					c.objects[k] = v
				}
				for k, v := range h.numbers {
					c.numbers[k] = v
				}
				c.objects[join(q.Rows[:i+1])], c.numbers[join(q.Rows[:i+1])] = e, n+1
				next = append(next, c)
			}
		}
		if isList || i == len(q.Rows)-1 {
			holders, from = next, i+1
		}
	}
	var out []tableRow
	for _, h := range holders {
		r := tableRow{cells: make([]schema.Value, dataset.FixedColumns)}
		for _, c := range q.Cells {
			at := len(c.Path)
			for h.objects[join(c.Path[:at])] == nil {
				at--
			}
			v, _ := walk(h.objects[join(c.Path[:at])], c.Path[at:]).(schema.Value)
			r.cells = append(r.cells, v)
		}
		for _, k := range q.Key {
			if k.Cell < 0 {
				r.numbers = append(r.numbers, h.numbers[join(k.List)])
			}
		}
		out = append(out, r)
	}
	return out
}

func walk(v any, path []string) any {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func dec(s string) schema.Value { return schema.Dec(decimal.MustParse(s)) }

func at(s string) schema.Value {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return schema.Time(t)
}

// order is an order as the tests write it: empty texts are null.
func order(n int, number, shop, total, date string, skus ...string) record {
	r := record{"id": schema.String(fmt.Sprintf("o%03d", n)), "source": schema.String("erp"), "number": schema.String(number), "shop": schema.String(shop)}
	if total != "" {
		r["total"] = record{"amount": dec(total), "currency": schema.String("MDL")}
	}
	if date != "" {
		r["date"] = at(date)
	}
	var lines []record
	for i, sku := range skus {
		lines = append(lines, record{"position": schema.Int(int64(i + 1)), "sku": schema.String(sku), "quantity": dec("1")})
	}
	if lines != nil {
		r["lines"] = lines
	}
	return r
}
