package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// verdicts are a view as a table: what is not in it is shown.
type verdicts map[string]policies.FieldAccess

func (v verdicts) Field(typeName, field string) policies.FieldAccess {
	if a, ok := v[typeName+"."+field]; ok {
		return a
	}
	return policies.FieldAccess{Verdict: policies.Allow}
}

// dressed is a row with a golden customer.
type dressed struct{ schema.Row }

func (d dressed) Column(name string) schema.Value {
	if name == policies.CustomerColumn {
		id := d.Row.Column("id").Str
		return schema.String("golden" + id[len(id)-1:])
	}
	return d.Row.Column(name)
}

var errDirectory = schema.Errorf(schema.SourceUnavailable, "the directory is filling")

func dress(_ context.Context, typeName string, row schema.Row) (schema.Row, error) {
	if row.Column("id").Str == "c3" {
		return nil, errDirectory
	}
	if typeName != "Customer" && typeName != "Ticket" {
		return nil, errors.New("no row of this type")
	}
	return dressed{row}, nil
}

func last2(s string) string {
	if r := []rune(s); len(r) > 2 {
		return "…" + string(r[len(r)-2:])
	}
	return "" // a mask that leaves nothing is null
}

func year(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return ""
	}
	return time.Date(t.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
}

// drawVerdicts gives random fields random verdicts that a loader of policies would
// let through, and some it would not: rows of types that have no columns.
func drawVerdicts(t *rapid.T, s *ast.Schema) verdicts {
	v := verdicts{}
	m := &maker{t: t}
	for _, name := range []string{"Query", "Customer", "Ticket", "Gadget", "Part", "Money", "Cell", "Scrap"} {
		for _, f := range s.Types[name].Fields {
			if strings.HasPrefix(f.Name, "__") || f.Name == "id" || !m.chance(2) {
				continue
			}
			a := policies.FieldAccess{Verdict: policies.Mask, Kind: policies.MaskNull, Mask: func(string) string { panic("a null mask was asked") }}
			switch {
			case f.Type.NonNull:
				a = policies.FieldAccess{Verdict: policies.Allow}
			case f.Type.String() == "String" && !m.chance(4):
				a.Kind, a.Mask = policies.MaskLast4, last2
			case f.Type.String() == "Time" && !m.chance(4):
				a.Kind, a.Mask = policies.MaskYear, year
			}
			if name != "Query" && m.chance(2) {
				if m.chance(2) {
					a.Kind, a.Mask = "", nil
				}
				a.Verdict, a.Full, a.Masked = policies.Row, drawPredicate(m, 2), schema.Predicate{Op: schema.None}
				if a.Kind != "" {
					a.Masked = drawPredicate(m, 2)
				}
			}
			if a.Verdict != policies.Allow {
				v[name+"."+f.Name] = a
			}
		}
	}
	return v
}

func drawPredicate(m *maker, depth int) schema.Predicate {
	if depth > 0 && m.chance(2) {
		a, b := drawPredicate(m, depth-1), drawPredicate(m, depth-1)
		return [...]schema.Predicate{schema.AllOf(a, b), schema.AnyOf(a, b), schema.Negate(a)}[m.n(2)]
	}
	text := func(column string, values ...string) schema.Predicate {
		return schema.Compare(column, schema.Eq, schema.String(values[m.n(len(values)-1)]))
	}
	switch m.n(6) {
	case 0:
		return text(policies.ViaColumn, "Customer", "Ticket", "Part", "Gadget")
	case 1:
		return text(policies.CustomerColumn, "golden0", "golden1")
	case 2:
		return text("status", "OPEN", "CLOSED")
	case 3:
		return schema.Compare("active", schema.Eq, schema.Bool(true))
	case 4:
		return schema.Compare("id", schema.In, schema.String("c0"), schema.String("t1"), schema.String("c2"))
	case 5:
		return schema.Predicate{}
	}
	return schema.Predicate{Op: schema.None}
}

// runPoliced runs a query on the engine, judged by the guard.
func (r *rig) runPoliced(ctx context.Context, oc *graphql.OperationContext, v verdicts) (answer, error) {
	p, err := r.plan(oc)
	if err != nil {
		return answer{}, err
	}
	if err := guard.Police(p, v, nil); err != nil {
		return answer{}, err
	}
	res := r.engine.Run(ctx, oc, p)
	return answer{string(res.AppendData(nil)), normal(p, res.Errors())}, nil
}

// TestPolicedAgainstGenerated holds masks and row verdicts on the engine against
// the same verdicts applied field by field on gqlgen's executor.
func TestPolicedAgainstGenerated(t *testing.T) {
	r := newRig(t, world.New(1, 3, 0))
	s := testgraph.NewExecutableSchema(testgraph.Config{}).Schema()
	forbidden, masked, garbled := 0, 0, 0
	manyTimes(t, 6, func(t *rapid.T) {
		op, v := makeOperation(t, s), drawVerdicts(t, s)
		seed := rapid.Uint64Range(0, 1<<20).Draw(t, "seed")
		faults := []float64{0, 0, 0.02, 0.1}[rapid.IntRange(0, 3).Draw(t, "faults")]
		r.root.World = world.New(seed, rapid.IntRange(1, 6).Draw(t, "size"), faults)
		r.root.World.Garble(drawGarbled(t))
		oc, err := r.prepare(op.text, op.vars)
		if err != nil {
			t.Fatalf("%s\n%s", op.text, err)
		}
		oc.ResolverMiddleware = r.engine.Middleware(v).Field
		want, err := r.runGenerated(context.Background(), oc)
		if err != nil {
			t.Fatal(err)
		}
		r.root.World.Calls()
		oc, _ = r.prepare(op.text, op.vars)
		got, err := r.runPoliced(context.Background(), oc, v)
		if err != nil {
			t.Fatal(err)
		}
		if got.data != want.data {
			t.Fatalf("%s\n%v\n%v\n got %s\nwant %s", op.text, op.vars, v, got.data, want.data)
		}
		checkCalls(t, r, oc, op.text)
		a, b := got.withoutMany(), want.withoutMany()
		if a != b {
			t.Fatalf("%s\n%v\n%v\n got\n%s\nwant\n%s\ndata %s", op.text, op.vars, v, a, b, want.data)
		}
		forbidden += strings.Count(a, "FORBIDDEN_FIELD")
		masked += strings.Count(got.data, "…") + strings.Count(got.data, "-01-01T00:00:00Z")
		garbled += strings.Count(a, "SOURCE_INVALID")
	})
	t.Logf("%d forbidden, %d masked, %d garbled", forbidden, masked, garbled)
	if forbidden < 100 || masked < 100 || garbled < 100 {
		t.Errorf("only %d fields were forbidden, %d masked and %d garbled", forbidden, masked, garbled)
	}
}

// drawGarbled draws how often rows cannot show a field.
func drawGarbled(t *rapid.T) float64 {
	return []float64{0, 0, 0.1, 0.3}[rapid.IntRange(0, 3).Draw(t, "garbled")]
}

// withoutMany returns the errors; where those of forbidden fields, or of garbled ones,
// are so many that some are left out, which ones is each executor's own affair.
func (a answer) withoutMany() string {
	errs := slices.Clone(a.errors)
	for _, code := range []string{"[FORBIDDEN_FIELD]", "[SOURCE_INVALID]"} {
		is := func(e string) bool { return strings.Contains(e, code) }
		n := 0
		for _, e := range errs {
			if is(e) {
				n++
			}
		}
		if n > 99 {
			errs = slices.DeleteFunc(errs, is)
		}
	}
	return strings.Join(errs, "\n")
}

// police runs one query under verdicts and returns the whole answer.
func police(t *testing.T, r *rig, query string, v verdicts) string {
	t.Helper()
	oc, p := r.ready(t, query, nil)
	if err := guard.Police(p, v, nil); err != nil {
		t.Fatal(err)
	}
	return string(r.engine.Run(t.Context(), oc, p).AppendJSON(nil))
}

// TestForbiddenParentsAreNotAsked holds that a row which does not show a relation
// is not handed to its resolver.
func TestForbiddenParentsAreNotAsked(t *testing.T) {
	r := newRig(t, world.New(7, 8, 0))
	var mu sync.Mutex
	asked := map[string]int{}
	r.root.On = func(_ context.Context, field string, parents int) {
		mu.Lock()
		defer mu.Unlock()
		asked[field] += parents
	}
	only := func(id string) verdicts {
		return verdicts{"Customer.ticketList": {Verdict: policies.Row, Full: schema.Compare("id", schema.Eq, schema.String(id)), Masked: schema.Predicate{Op: schema.None}}}
	}
	n := len(r.root.World.Customers)
	police(t, r, `{ list(first: 9) { ticketList { id } } }`, only("c1"))
	if got := asked["Customer.ticketList"]; n < 6 || got != 1 {
		t.Errorf("%d of %d parents were handed in, want 1", got, n)
	}
	clear(asked)
	got := police(t, r, `{ list(first: 9) { ticketList { id } } }`, only("nobody"))
	if asked["Customer.ticketList"] != 0 || strings.Count(got, "FORBIDDEN_FIELD") != n {
		t.Errorf("asked %v, answer %s", asked, got)
	}
}

// TestNullMaskAsksNothing holds that a field which is always null is not resolved.
func TestNullMaskAsksNothing(t *testing.T) {
	r := newRig(t, plainWorld())
	r.root.World.Calls()
	got := police(t, r, `{ customer(id: "c1") { id tickets { nodes { id } } money { amount } name } list { id } }`, verdicts{
		"Customer.tickets": {Verdict: policies.Mask, Kind: policies.MaskNull},
		"Customer.money":   {Verdict: policies.Mask, Kind: policies.MaskNull},
		"Query.list":       {Verdict: policies.Mask, Kind: policies.MaskNull},
	})
	if !strings.Contains(got, `"tickets":null,"money":null,"name":"`) || !strings.HasSuffix(got, `"list":null}}`) {
		t.Errorf("got %s", got)
	}
	if calls := r.root.World.Calls(); len(calls) != 1 {
		t.Errorf("called %v", calls)
	}
}

// TestForbiddenErrorsAreBounded holds that a thousand rows do not make a thousand
// errors.
func TestForbiddenErrorsAreBounded(t *testing.T) {
	r := newRig(t, world.New(7, 150, 0))
	never := policies.FieldAccess{Verdict: policies.Row, Full: schema.Predicate{Op: schema.None}, Masked: schema.Predicate{Op: schema.None}}
	v := verdicts{"Customer.name": never, "Customer.rank": {Verdict: policies.Row, Full: schema.Compare("id", schema.Eq, schema.String("c7")), Masked: schema.Predicate{Op: schema.None}}}
	got := police(t, r, `{ list(first: 500) { name born } }`, v)
	if n := strings.Count(got, "the field may not be read on this row"); n != 100 {
		t.Errorf("%d errors", n)
	}
	if want := `{"message":"50 more fields may not be read on their rows","extensions":{"code":"FORBIDDEN_FIELD"}}]}`; !strings.HasSuffix(got, want) {
		t.Errorf("the answer ends with %s", got[max(0, len(got)-200):])
	}
	if got := police(t, r, `{ customer(id: "c7") { id } list(first: 500) { name born a: name } }`, v); !strings.Contains(got, "200 more fields") {
		t.Errorf("the answer ends with %s", got[max(0, len(got)-200):])
	}
}

// TestWhatCannotBePoliced holds that what cannot be masked does not come out whole.
func TestWhatCannotBePoliced(t *testing.T) {
	r := newRig(t, plainWorld())
	bare := newRig(t, plainWorld())
	o := options()
	o.Row = nil
	var err error
	if bare.engine, err = engine.New(bare.es, bare.root, o); err != nil {
		t.Fatal(err)
	}
	mine := schema.Compare(policies.CustomerColumn, schema.Eq, schema.String("golden0"))
	none := schema.Predicate{Op: schema.None}
	mask := policies.FieldAccess{Verdict: policies.Mask, Kind: policies.MaskLast4, Mask: last2}
	tests := []struct {
		name, query string
		rig         *rig
		v           verdicts
		want        string
	}{
		{"a number under a mask of texts", `{ customer(id: "c1") { big id } }`, r, verdicts{"Customer.big": mask}, `"big":null,"id":`},
		{"an object under a mask of texts", `{ customer(id: "c1") { money { amount } } }`, r, verdicts{"Customer.money": mask}, `{"errors":[{"message":"internal error"`},
		{"a list under a mask of texts", `{ customer(id: "c1") { tags } }`, r, verdicts{"Customer.tags": mask}, `{"errors":[{"message":"internal error"`},
		{"null where null may not be", `{ customer(id: "c1") { rank } }`, r, verdicts{"Customer.rank": {Verdict: policies.Mask, Kind: policies.MaskNull}}, `{"errors":[{"message":"internal error"`},
		{"a mask without a function", `{ customer(id: "c1") { name } }`, r, verdicts{"Customer.name": {Verdict: policies.Mask, Kind: policies.MaskHash}}, `{"errors":[{"message":"internal error"`},
		{"a verdict that says nothing", `{ customer(id: "c1") { name } }`, r, verdicts{"Customer.name": {Verdict: 9}}, `{"errors":[{"message":"internal error"`},
		{"a row of a type without columns", `{ things { ... on Scrap { heft } } }`, r, verdicts{"Scrap.heft": {Verdict: policies.Row, Full: schema.Compare("x", schema.Eq, schema.Int(1)), Masked: none}}, `"FORBIDDEN_FIELD"`},
		{"nobody knows the customer", `{ customer(id: "c1") { name } }`, bare, verdicts{"Customer.name": {Verdict: policies.Row, Full: mine, Masked: none}}, `"name":null`},
		{"nobody knows the customer who must not be it", `{ customer(id: "c1") { name } }`, bare, verdicts{"Customer.name": {Verdict: policies.Row, Full: schema.Negate(mine), Masked: none}}, `"name":null`},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			seen := false
			for seed := range uint64(20) {
				tt.rig.root.World.Seed = seed
				seen = seen || strings.Contains(police(t, tt.rig, tt.query, tt.v), tt.want)
			}
			if !seen {
				t.Errorf("got %s, want %s", police(t, tt.rig, tt.query, tt.v), tt.want)
			}
		})
	}
}
