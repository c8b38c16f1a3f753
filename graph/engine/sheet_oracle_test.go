package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/schema"
)

// drawnSheet is a random operation whose answer is a table.
type drawnSheet struct {
	text string
	engine.SheetOptions
}

// tabler writes one.
type tabler struct {
	*maker
	out drawnSheet
}

// lists are those that may hold rows, by the type that has them.
var rowLists = map[string][]string{
	"Customer": {"ticketList", "zt: tickets(first: 3) { nodes", "mustTickets(first: 3) { nodes", "parts", "partValues", "manager { zb: ticketList", "boss { parts"},
	"Ticket":   {"watchers", "customer { parts", "mustCustomer { friend { tickets(first: 2) { nodes"},
	"Part":     {"owner { ticketList"},
}

// drawSheet draws a root list, up to two lists inside it, and cells of each.
func drawSheet(t *rapid.T, s *ast.Schema) drawnSheet {
	b := &tabler{maker: &maker{t: t, schema: s, used: map[string]bool{}}}
	root := []string{"customers(first: 9) { nodes", "zr: customers(first: 9) { totalCount nodes", "list(first: 9)", "list"}[b.n(3)]
	b.out.text = "{ " + b.list(root, "Customer", nil, 2) + " }"
	b.out.Lead = b.n(2)
	return b.out
}

// list writes a list with what is asked of its elements.
func (b *tabler) list(head, of string, path []string, deeper int) string {
	way := strings.FieldsFunc(head, func(r rune) bool { return r == '{' })
	for _, w := range way {
		name, _, _ := strings.Cut(strings.TrimSpace(w), "(")
		if alias, _, ok := strings.Cut(name, ":"); ok {
			name = alias
		}
		name = strings.TrimPrefix(name, "totalCount ")
		path = append(path[:len(path):len(path)], name)
	}
	b.out.Rows = path
	if b.n(1) == 0 {
		b.out.Lists = append(b.out.Lists, path)
	}
	body := b.values(of, path, 2)
	if lists := rowLists[of]; deeper > 0 && b.n(2) > 0 && lists != nil {
		next := lists[b.n(len(lists)-1)]
		below := map[string]string{"ticketList": "Ticket", "tickets": "Ticket", "mustTickets": "Ticket", "zb: ticketList": "Ticket", "zt: tickets": "Ticket", "watchers": "Customer"}
		fields := strings.Split(next, "{")
		last := strings.TrimSpace(fields[len(fields)-1])
		if last == "nodes" {
			last = fields[len(fields)-2]
		}
		last, _, _ = strings.Cut(strings.TrimSpace(last), "(")
		typeName := below[last]
		if typeName == "" {
			typeName = "Part"
		}
		body += " " + b.list(next, typeName, path, deeper-1)
	}
	return head + " { " + body + " }" + strings.Repeat(" }", strings.Count(head, "{"))
}

// values asks for some leaves of a type and of the objects in it, each a cell.
func (b *tabler) values(of string, path []string, deeper int) string {
	var text []string
	seen := map[string]bool{}
	def := b.schema.Types[of]
	for range 1 + b.n(4) {
		f := def.Fields[b.n(len(def.Fields)-1)]
		if strings.HasPrefix(f.Name, "__") || f.Type.Elem != nil || seen[f.Name] || rowsOnly[f.Name] {
			continue
		}
		key := f.Name
		asked := f.Name
		if b.n(3) == 0 {
			key = "a_" + f.Name
			asked = key + ": " + f.Name
		}
		at := append(path[:len(path):len(path)], key)
		switch below := b.schema.Types[f.Type.Name()]; {
		case below.IsLeafType():
			b.out.Cells = append(b.out.Cells, at)
		case below.Kind == ast.Object && deeper > 0 && below.Fields.ForName("pageInfo") == nil:
			asked += " { " + b.values(below.Name, at, deeper-1) + " }"
		default:
			continue
		}
		seen[f.Name] = true
		text = append(text, asked)
	}
	if b.n(4) == 0 {
		text = append(text, "__typename")
		b.out.Cells = append(b.out.Cells, append(path[:len(path):len(path)], "__typename"))
	}
	text = append(text, "zi: __typename")
	return strings.Join(text, " ")
}

// rowsOnly would meet the fields that lead to lists.
var rowsOnly = map[string]bool{"manager": true, "boss": true, "customer": true, "mustCustomer": true, "owner": true}

// naive is a row as it is found in the JSON.
type naive struct {
	cells   []any
	numbers []int
}

// flatten is the table in an answer, element by element.
func flatten(data any, o engine.SheetOptions) (rows []naive) {
	type element struct {
		depth, number int
		value         any
	}
	var walk func(v any, i int, above []element)
	walk = func(v any, i int, above []element) {
		for i < len(o.Rows) {
			m, _ := v.(map[string]any)
			v = m[o.Rows[i]]
			i++
			if list, ok := v.([]any); ok {
				for k, e := range list {
					if e != nil {
						walk(e, i, append(above[:len(above):len(above)], element{i, k + 1, e}))
					}
				}
				return
			}
			if v == nil {
				return
			}
		}
		var n naive
		for _, path := range o.Cells {
			var at any
			depth := 0
			for _, e := range above {
				if e.depth < len(path) && slices.Equal(path[:e.depth], o.Rows[:e.depth]) {
					at, depth = e.value, e.depth
				}
			}
			for _, key := range path[depth:] {
				m, _ := at.(map[string]any)
				at = m[key]
			}
			n.cells = append(n.cells, at)
		}
		for _, l := range o.Lists {
			for _, e := range above {
				if e.depth == len(l) {
					n.numbers = append(n.numbers, e.number)
				}
			}
		}
		rows = append(rows, n)
	}
	walk(data, 0, nil)
	return rows
}

// says reports whether a cell says what the JSON says.
func says(v schema.Value, want any) bool {
	switch w := want.(type) {
	case nil:
		return v == schema.Null
	case bool:
		return v == schema.Bool(w)
	case json.Number:
		if v.Kind == schema.KindInt {
			return v.Text() == w.String()
		}
		d, err := decimal.Parse(w.String())
		return err == nil && v.Kind == schema.KindDecimal && v.Dec.Cmp(d) == 0
	case string:
		switch v.Kind {
		case schema.KindString:
			return v.Str == w
		case schema.KindDecimal:
			return v.Dec.String() == w
		case schema.KindTime:
			t, err := time.Parse(time.RFC3339Nano, w)
			return err == nil && t.Equal(v.Time)
		}
	}
	return false
}

// TestSheetAgainstJSON holds the cells of random tables against those that are found in
// the JSON of the same operation, with nulls, errors, masks and row verdicts, in windows
// of a few rows.
func TestSheetAgainstJSON(t *testing.T) {
	w := world.New(1, 3, 0)
	rigs := make([]*rig, 5)
	for size := 1; size <= 4; size++ {
		r := newRig(t, w)
		o := options()
		o.Window, o.WindowsAhead, o.FirstWindow = size, (size+1)/2, (size+1)/2
		if size > 2 {
			o.Scalars["Decimal"] = quick()
		}
		var err error
		if r.engine, err = engine.New(r.es, r.root, o); err != nil {
			t.Fatal(err)
		}
		rigs[size] = r
	}
	s := testgraph.NewExecutableSchema(testgraph.Config{}).Schema()
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := rigs[rapid.IntRange(1, 4).Draw(t, "window")]
		op := drawSheet(t, s)
		v := verdicts{}
		if rapid.Bool().Draw(t, "policed") {
			v = drawVerdicts(t, s)
		}
		faults := []float64{0, 0, 0.02, 0.1}[rapid.IntRange(0, 3).Draw(t, "faults")]
		r.root.World = world.New(rapid.Uint64Range(0, 1<<20).Draw(t, "seed"), rapid.IntRange(2, 9).Draw(t, "size"), faults)
		r.root.World.Garble(drawGarbled(t))
		oc, err := r.prepare(op.text, nil)
		if err != nil {
			t.Fatalf("%s\n%s", op.text, err)
		}
		p, err := r.plan(oc)
		if err != nil {
			t.Fatal(err)
		}
		prog, err := r.engine.Prepare(p)
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := r.engine.Sheet(prog, op.SheetOptions)
		if err != nil {
			t.Fatalf("%s\n%v\n%s", op.text, op.SheetOptions, err)
		}
		if p, err = r.plan(oc); err != nil {
			t.Fatal(err)
		}
		if err := guard.Police(p, v, nil); err != nil {
			t.Fatal(err)
		}
		res := r.engine.Run(context.Background(), oc, p)
		var answer any
		d := json.NewDecoder(strings.NewReader(string(res.AppendData(nil))))
		d.UseNumber()
		if err := d.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		want := flatten(answer, op.SheetOptions)
		// A null that would take rows with it which are handed on.
		isCutOff := hasNullRoot(string(res.AppendData(nil)))
		bad, garbled := 0, 0
		var column *schema.ColumnError
		for _, e := range res.Errors() {
			switch {
			case errors.As(e, &column):
				garbled++
			case e.Extensions["code"] != "FORBIDDEN_FIELD":
				bad++
			}
		}
		partial := rapid.Bool().Draw(t, "partial")
		at := 0
		isOver := false
		out, err := sheet.Read(context.Background(), oc, p, engine.ReadOptions{Partial: partial}, func(w *engine.Window) error {
			if isOver {
				return errors.New("a window behind the last")
			}
			isOver = w.IsLast
			if isCutOff {
				return nil
			}
			for i := range w.Rows {
				if at == len(want) {
					return fmt.Errorf("row %d is too much: %v", at, w.Row(i))
				}
				for k, v := range w.Row(i) {
					if k < op.Lead && v != schema.Null || k >= op.Lead && !says(v, want[at].cells[k-op.Lead]) {
						return fmt.Errorf("row %d, cell %d is %+v, want %v", at, k, v, want[at].cells)
					}
					if k >= op.Lead {
						seen[fmt.Sprint("kind ", v.Kind)]++
					}
				}
				if got := w.NumbersOf(i); !slices.Equal(got, want[at].numbers) {
					return fmt.Errorf("row %d has numbers %v, want %v", at, got, want[at].numbers)
				}
				for k := range op.Lead { // what a reader puts there is not there again
					w.Row(i)[k] = schema.String("x")
				}
				at++
			}
			return nil
		})
		seen["tables"]++
		var coded *schema.Error
		switch {
		case err != nil && !errors.As(err, &coded):
			t.Fatalf("%s\n%v\n%v\n%v\n%s", op.text, op.SheetOptions, v, err, res.AppendData(nil))
		case errors.As(err, &column) && !partial && !isCutOff: // rows are lost
			seen["rows lost"]++
			return
		case err != nil && bad == 0 && !isCutOff:
			t.Fatalf("%s\n%v\n%v\nfailed without an error: %v", op.text, op.SheetOptions, v, err)
		case err != nil && partial && !isCutOff:
			t.Fatalf("%s\n%v\n%v\na partial table failed: %v", op.text, op.SheetOptions, v, err)
		case err != nil:
			seen["failed"]++
			return
		case (bad > 0 || isCutOff && len(res.Errors()) > 0) && !partial:
			t.Fatalf("%s\n%v\n%v\n%d errors, and none is told: %v", op.text, op.SheetOptions, v, bad, res.Errors())
		case at != len(want) || !isOver || out.Rows != int64(at):
			t.Fatalf("%s\n%v\n%v\n%d rows (told %d, over %t), want %d", op.text, op.SheetOptions, v, at, out.Rows, isOver, len(want))
		case !isCutOff && (int(out.Garbled) != garbled || len(out.Notes) != min(garbled, 100)):
			t.Fatalf("%s\n%v\n%v\n%d are garbled and %d notes, want %d", op.text, op.SheetOptions, v, out.Garbled, len(out.Notes), garbled)
		case partial && len(out.Errors) != bad && (!isCutOff || len(out.Errors) == 0):
			t.Fatalf("%s\n%v\n%v\n%d errors, want %d", op.text, op.SheetOptions, v, len(out.Errors), bad)
		}
		seen["rows"] += at
		seen["garbled"] += garbled
		if at > 0 {
			seen["with rows"]++
			seen[fmt.Sprint(len(slices.DeleteFunc(slices.Clone(op.Rows), func(s string) bool { return s == "nodes" })), " steps")]++
		}
		if bad > 0 {
			seen["partial"]++
		}
		seen["masked"] += strings.Count(string(res.AppendData(nil)), "…") + strings.Count(string(res.AppendData(nil)), "-01-01T00:00:00Z")
		for _, e := range res.Errors() {
			seen[fmt.Sprint(e.Extensions["code"])]++
		}
	})
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		t.Log(what, seen[what])
	}
	for _, what := range []string{"with rows", "failed", "partial", "masked", "garbled", "FORBIDDEN_FIELD", "kind 0", "kind 1", "kind 2", "kind 3", "kind 4", "kind 5"} {
		if seen[what] < seen["tables"]/50 {
			t.Errorf("%q was met %d times only", what, seen[what])
		}
	}
}

// quick is a decimal as the product has it: read where it lies.
func quick() engine.Scalar {
	return engine.ScalarOf(world.MarshalDecimal, world.UnmarshalDecimal, func(b []byte, d decimal.Decimal) []byte {
		b = append(b, '"')
		b = append(b, d.String()...)
		return append(b, '"')
	}).NeverNull()
}
