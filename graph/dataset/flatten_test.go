package dataset_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/policies"
)

// selector writes random datasets over the schema: one root list, sometimes a list
// inside it, objects, money, aliases.
type selector struct {
	schema *ast.Schema
	t      *rapid.T
	n      int
}

func (s *selector) chance(percent int) bool { return rapid.IntRange(0, 99).Draw(s.t, "") < percent }

func (s *selector) alias() string {
	if s.chance(20) {
		s.n++
		return fmt.Sprintf("x%d: ", s.n)
	}
	return ""
}

// fields writes what is asked of a type; grain is the list inside it to ask, "" none.
func (s *selector) fields(d *ast.Definition, depth int, grain string) string {
	var out []string
	for _, f := range d.Fields {
		of := s.schema.Types[f.Type.Name()]
		isList := f.Type.Elem != nil
		switch {
		case strings.HasPrefix(f.Name, "__"), of.Fields.ForName("pageInfo") != nil:
		case f.Name == grain:
			out = append(out, f.Name+" { "+s.fields(of, depth+1, "")+" }")
		case isList || !s.chance(40):
		case of.IsLeafType():
			alias := s.alias()
			if alias == "" && slices.Contains([]string{"source", "asOf", "isDeleted"}, f.Name) {
				continue
			}
			out = append(out, alias+f.Name)
		case of.Name == "Money" && s.chance(50):
			out = append(out, s.alias()+f.Name)
		case depth < 3:
			out = append(out, s.alias()+f.Name+" { "+s.fields(of, depth+1, "")+" }")
		}
	}
	if len(out) == 0 {
		s.n++
		for _, f := range d.Fields {
			if of := s.schema.Types[f.Type.Name()]; of.IsLeafType() && f.Type.Elem == nil && !strings.HasPrefix(f.Name, "__") {
				return fmt.Sprintf("y%d: %s", s.n, f.Name)
			}
		}
	}
	return strings.Join(out, " ")
}

// answer makes a random answer to a selection.
func answer(r *rand.Rand, set ast.SelectionSet, n *int) map[string]any {
	out := map[string]any{}
	for _, sel := range set {
		f := sel.(*ast.Field)
		one := func() any {
			if len(f.SelectionSet) == 0 {
				*n++
				return *n
			}
			return answer(r, f.SelectionSet, n)
		}
		switch {
		case f.Definition.Type.Elem != nil:
			list := []any{}
			for range r.IntN(4) {
				list = append(list, one())
			}
			out[f.Alias] = list
		case r.IntN(5) == 0 && !f.Definition.Type.NonNull:
			out[f.Alias] = nil
		default:
			out[f.Alias] = one()
		}
	}
	return out
}

// naive flattens a JSON answer by the rules of the package's page, knowing only the
// answer and the names of the lists: an object's names joined by _, a list's holders
// repeated.
func naive(value map[string]any, prefix string, lists []string, prefixes []string, row map[string]any, emit func(map[string]any)) {
	var below []any
	found := false
	flat := func(map[string]any, string) {}
	flat = func(v map[string]any, prefix string) {
		for name, x := range v {
			switch x := x.(type) {
			case []any:
				below, found = x, true
			case map[string]any:
				flat(x, prefix+name+"_")
			default:
				row[prefix+name] = x
			}
		}
	}
	flat(value, prefix)
	if len(lists) == 0 {
		copied := map[string]any{}
		for k, v := range row {
			copied[k] = v
		}
		emit(copied)
		return
	}
	if found {
		for _, e := range below {
			inner := map[string]any{}
			for k, v := range row {
				inner[k] = v
			}
			naive(e.(map[string]any), prefixes[0], lists[1:], prefixes[1:], inner, emit)
		}
	}
}

// cells reads the rows of an answer as a query's plan says.
func cells(q *dataset.Query, data map[string]any, emit func([]any)) {
	held := map[string]any{} // of each list on the way, the element
	value := func(path []string) any {
		at, rest := any(data), path
		for n := len(path); n > 0; n-- {
			if e, ok := held[strings.Join(path[:n], ".")]; ok {
				at, rest = e, path[n:]
				break
			}
		}
		for _, name := range rest {
			o, ok := at.(map[string]any)
			if !ok {
				return nil
			}
			at = o[name]
		}
		return at
	}
	var walk func(n int)
	walk = func(n int) {
		for ; n <= len(q.Rows); n++ {
			if list, ok := value(q.Rows[:n]).([]any); ok {
				for _, e := range list {
					held[strings.Join(q.Rows[:n], ".")] = e
					if n == len(q.Rows) {
						row := make([]any, len(q.Cells))
						for i, c := range q.Cells {
							row[i] = value(c.Path)
						}
						emit(row)
					} else {
						walk(n + 1)
					}
				}
				delete(held, strings.Join(q.Rows[:n], "."))
				return
			}
		}
	}
	walk(1)
}

// TestFlatten holds that the columns of random datasets hold what a naive flattening
// of random answers says they do.
func TestFlatten(t *testing.T) {
	full := graph.Full()
	g, err := policies.NewGraph(full)
	must(t, err)
	v := everything(t, g)
	view := schemaOf(t, v)
	roots := []struct{ root, list, holder string }{
		{"orders", "", ""},
		{"orders", "lines", "order_"},
		{"orders", "states", "order_"},
		{"customers", "", ""},
		{"customers", "members", "customer_"},
		{"tickets", "", ""},
		{"payments", "", ""},
		{"products", "stock", "product_"},
		{"invoices", "lines", "invoice_"},
		{"deliveryNotes", "lines", "deliveryNote_"},
	}
	rows := 0
	rapid.Check(t, func(t *rapid.T) {
		root := rapid.SampledFrom(roots).Draw(t, "root")
		s := &selector{schema: full, t: t}
		page := full.Types[full.Query.Fields.ForName(root.root).Type.Name()]
		of := full.Types[page.Fields.ForName("nodes").Type.Name()]
		grain := root.root
		lists, prefixes := []string{"nodes"}, []string{""}
		if root.list != "" {
			grain += "." + root.list
			lists, prefixes = append(lists, root.list), []string{root.holder, ""}
		}
		text := `query d @dataset(grain: "` + grain + `") { ` + root.root + ` { nodes { ` + s.fields(of, 0, root.list) + ` } } }`
		d, wrong := dataset.Read("d", text, full)
		if len(wrong) > 0 {
			t.Fatalf("%s: %v", text, wrong)
		}
		table, ok := d.For(v, view)
		if !ok {
			t.Fatalf("%s: does not exist", text)
		}
		q := &table.Queries[0]
		n := 0
		seed := rapid.Uint64().Draw(t, "seed")
		data := answer(rand.New(rand.NewPCG(seed, 1)), q.Document.Operations[0].SelectionSet, &n)

		var got, want []string
		cells(q, data, func(row []any) {
			var b strings.Builder
			for i, c := range table.Columns[dataset.FixedColumns:] {
				fmt.Fprintf(&b, "%s=%v ", c.Name, row[i])
			}
			got = append(got, b.String())
		})
		if page, ok := data[root.root].(map[string]any); ok {
			naive(page, "", lists, prefixes, map[string]any{}, func(row map[string]any) {
				var b strings.Builder
				for _, c := range table.Columns[dataset.FixedColumns:] {
					fmt.Fprintf(&b, "%s=%v ", c.Name, row[c.Name])
				}
				want = append(want, b.String())
			})
		}
		rows += len(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%s\n%v\ngot  %q\nwant %q", text, data, got, want)
		}
	})
	if rows < 100 {
		t.Errorf("only %d rows were compared", rows)
	}
}
