package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/model"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// planned are options under which all figures of a plan come to something.
func (r *rig) planned() plan.Options {
	return plan.Options{
		PageSize: 7, Relations: r.engine.Relation, Prices: tariff{},
		Reads: func(holder, name string) (string, string, bool) {
			switch holder + "." + name {
			case "Filter.text":
				return "Customer", "label", true
			case "Filter.status", "Status.OPEN":
				return "Ticket", "status", true
			}
			return "", "", false
		},
		Sensitive: func(_, field string) bool { return field == "label" || field == "title" },
	}
}

// tariff prices every relation by its name.
type tariff struct{}

func (tariff) Price(typeName, field string) plan.Price {
	return plan.Price{Call: int64(len(field)), Batch: 3, Rows: 4 * len(typeName), Sources: []string{typeName}}
}

// redrawn gives the variables of an operation other values, but for those of its
// conditions.
func redrawn(t *rapid.T, op operation) map[string]any {
	m := &maker{t: t}
	vars := maps.Clone(op.vars)
	for _, name := range []string{"n", "s", "u", "w", "r"} {
		if !strings.Contains(op.text, "$"+name) {
			continue
		}
		delete(vars, name)
		values := variables[name].values
		switch value := values[m.n(len(values)-1)]; value {
		case nil:
		case "null":
			vars[name] = nil
		default:
			vars[name] = value
		}
	}
	return vars
}

// another is a principal of the same view: other masks and other formulas.
func another(t *rapid.T, v verdicts) verdicts {
	m := &maker{t: t}
	out := verdicts{}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		a := v[name]
		if mask := a.Mask; mask != nil && a.Kind != policies.MaskNull {
			a.Mask = func(s string) string { return mask(s + "x") }
		}
		if a.Verdict == policies.Row {
			a.Full = drawPredicate(m, 2)
			if a.Kind != "" {
				a.Masked = drawPredicate(m, 2)
			}
		}
		out[name] = a
	}
	return out
}

// differs says where two plans are not the same, "" when they are.
func differs(got, want *plan.Plan) string {
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		f := g.Type().Field(i)
		if f.IsExported() && f.Name != "Roots" && !reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface()) {
			return fmt.Sprintf("%s: got %v, want %v", f.Name, g.Field(i), w.Field(i))
		}
	}
	if !slices.Equal(got.Fields(), want.Fields()) {
		return fmt.Sprintf("fields: got %v, want %v", got.Fields(), want.Fields())
	}
	return differ("", got.Roots, want.Roots)
}

func differ(path string, got, want []*plan.Node) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%s: %d and %d nodes", path, len(got), len(want))
	}
	for i := range got {
		g, w := *got[i], *want[i]
		at := path + "/" + g.Key
		if d := differ(at, g.Children, w.Children); d != "" {
			return d
		}
		if (g.Police == nil) != (w.Police == nil) {
			return at + ": one is policed"
		}
		if g.Police != nil {
			p, q := *g.Police, *w.Police
			if (p.Mask == nil) != (q.Mask == nil) || p.Kind != policies.MaskNull && p.Mask != nil && p.Mask("2020-02-02T02:02:02Z") != q.Mask("2020-02-02T02:02:02Z") {
				return at + ": the masks differ"
			}
			p.Mask, q.Mask = nil, nil
			if !reflect.DeepEqual(p, q) {
				return fmt.Sprintf("%s: policed by %+v, want %+v", at, p, q)
			}
		}
		g.Children, w.Children, g.Police, w.Police = nil, nil, nil, nil
		if !reflect.DeepEqual(g, w) {
			return fmt.Sprintf("%s: got %+v, want %+v", at, g, w)
		}
	}
	return ""
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestCompiledIsFresh holds that a query that was compiled once gives each request,
// with its variables and for its principal, the plan it would have got by itself,
// and the same answer; and that no request leaves anything behind.
func TestCompiledIsFresh(t *testing.T) {
	s := testgraph.NewExecutableSchema(testgraph.Config{}).Schema()
	for _, part := range []string{"one", "two", "three"} {
		t.Run("case=part "+part, func(t *testing.T) {
			r := newRig(t, world.New(1, 3, 0))
			bound, refused, varied := 0, 0, 0
			rapid.Check(t, func(t *rapid.T) {
				op, view := makeOperation(t, s), drawVerdicts(t, s)
				oc, err := r.prepare(op.text, op.vars)
				if err != nil {
					t.Fatalf("%s\n%s", op.text, err)
				}
				opts := r.planned()
				c, err := plan.Compile(s, oc.Operation, oc.Variables, opts)
				fresh, err2 := plan.Of(s, oc.Operation, oc.Variables, opts)
				if text(err) != text(err2) {
					t.Fatalf("%s\ncompiled: %v, want %v", op.text, err, err2)
				}
				if err != nil {
					return
				}
				if d := differs(c.Plan(), fresh); d != "" {
					t.Fatalf("%s\n%s", op.text, d)
				}
				g, err := guard.Compile(c, view)
				if err2 := guard.Police(fresh, view, nil); text(err) != text(err2) {
					t.Fatalf("%s\n%v\njudged: %v, want %v", op.text, view, err, err2)
				}
				if err != nil {
					refused++
					return
				}
				prog, err := r.engine.Prepare(c.Plan())
				if err != nil {
					t.Fatal(err)
				}
				c.Keep(prog)
				before, _ := json.Marshal(c.Plan())
				seed := rapid.Uint64Range(0, 1<<20).Draw(t, "seed")
				for i, vars := range []map[string]any{op.vars, redrawn(t, op), redrawn(t, op)} {
					oc, err := r.prepare(op.text, vars)
					if err != nil {
						t.Fatalf("%s\n%v\n%s", op.text, vars, err)
					}
					for _, v := range []verdicts{view, another(t, view)} {
						bound++
						r.same(t, op.text, oc, c, g, v, seed, i == 1)
					}
					if !reflect.DeepEqual(vars, op.vars) {
						varied++
					}
				}
				if after, _ := json.Marshal(c.Plan()); string(after) != string(before) {
					t.Fatalf("%s\nthe shared plan became %s\nfrom %s", op.text, after, before)
				}
			})
			if varied*50 < bound {
				t.Errorf("of %d that were bound only for %d operations the variables were others; %d were refused", bound, varied, refused)
			}
		})
	}
}

// same compares what is bound of a compiled query with what is made anew.
func (r *rig) same(t *rapid.T, query string, oc *graphql.OperationContext, c *plan.Compiled, g *guard.Positions, v verdicts, seed uint64, run bool) {
	got, err := c.Bind(oc.Variables)
	want, err2 := plan.Of(r.es.Schema(), oc.Operation, oc.Variables, r.planned())
	if text(err) != text(err2) {
		t.Fatalf("%s\n%v\nbound: %v, want %v", query, oc.Variables, err, err2)
	}
	if err != nil {
		return
	}
	err, err2 = g.Police(got, v), guard.Police(want, v, nil)
	if text(err) != text(err2) {
		t.Fatalf("%s\n%v\njudged: %v, want %v", query, oc.Variables, err, err2)
	}
	if err != nil {
		return
	}
	if d := differs(got, want); d != "" {
		t.Fatalf("%s\n%v\n%v\n%s", query, oc.Variables, v, d)
	}
	if !run {
		return
	}
	var answers [2]string
	for i, p := range []*plan.Plan{got, want} {
		r.root.World = world.New(seed, 3, 0.05)
		res := r.engine.Run(context.Background(), oc, p)
		answers[i] = string(res.AppendData(nil)) + strings.Join(normal(p, res.Errors()), "\n")
	}
	if answers[0] != answers[1] && !strings.Contains(answers[1], "more fields may not be read") {
		t.Fatalf("%s\n%v\n%v\n got %s\nwant %s", query, oc.Variables, v, answers[0], answers[1])
	}
}

// TestCompiledSideBySide runs one compiled query for many at once, each with other
// variables, masks, formulas and limits, and wants of each what a query of its own
// gives.
func TestCompiledSideBySide(t *testing.T) {
	const query = `query ($n: Int, $m: Int, $f: Filter) { customers(first: $n, filter: {text: "a"}) { totalCount nodes {
		id name label status tickets(first: $m, filter: $f) { nodes { id title customer { id name greet(word: "ho") } } } } } }`
	view := func(i int) verdicts {
		return verdicts{
			"Customer.name": {Verdict: policies.Mask, Kind: policies.MaskLast4, Mask: func(s string) string { return fmt.Sprint(i, s) }},
			"Ticket.title": {
				Verdict: policies.Row, Full: schema.Compare("id", schema.Eq, schema.String(fmt.Sprint("t", i%7))), Masked: schema.Predicate{Op: schema.None},
			},
		}
	}
	r := newRig(t, world.New(3, 9, 0))
	ask := func(i int, c *plan.Compiled, g *guard.Positions) (string, error) {
		oc, err := r.prepare(query, map[string]any{"n": int64(i % 9), "m": int64(i % 4), "f": map[string]any{"limit": int64(i)}})
		if err != nil {
			return "", err
		}
		var p *plan.Plan
		if c == nil {
			if p, err = plan.Of(r.es.Schema(), oc.Operation, oc.Variables, r.planned()); err != nil {
				return "", err
			}
			err = errors.Join(guard.Check(p, guard.Limits{PageSize: 8, ReplyRows: 10 + i}), guard.Police(p, view(i), nil))
		} else {
			if p, err = c.Bind(oc.Variables); err != nil {
				return "", err
			}
			err = errors.Join(guard.Check(p, guard.Limits{PageSize: 8, ReplyRows: 10 + i}), g.Police(p, view(i)))
		}
		if err != nil {
			return err.Error(), nil
		}
		res := r.engine.Run(t.Context(), oc, p)
		return string(res.AppendData(nil)) + strings.Join(normal(p, res.Errors()), "\n"), nil
	}
	const requests = 64
	var want [requests]string
	for i := range want {
		var err error
		if want[i], err = ask(i, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	oc, err := r.prepare(query, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, g := r.compiledWith(t, oc, view(0), r.planned())
	var wait sync.WaitGroup
	for i := range requests {
		wait.Go(func() {
			if got, err := ask(i, c, g); err != nil || got != want[i] {
				t.Errorf("request %d: got %s %v\nwant %s", i, got, err, want[i])
			}
		})
	}
	wait.Wait()
}

// changing is a resolver root that changes what it gets.
type changing struct {
	*testgraph.Root
	seen []string
}

type changingQueries struct {
	testgraph.QueryResolver
	r *changing
}

func (c *changing) Query() testgraph.QueryResolver { return changingQueries{c.Root.Query(), c} }

func (q changingQueries) Customers(ctx context.Context, first *int, f *model.Filter) (*world.CustomerPage, error) {
	args := graphql.GetFieldContext(ctx).Args
	text, _ := json.Marshal([]any{first, f, len(args), *args["first"].(*int)})
	q.r.seen = append(q.r.seen, string(text))
	*first, *f.Text, f.Nested.Limit, f.Colors[0] = 99, "changed", 99, "GREEN"
	delete(args, "first")
	return nil, nil
}

// TestArgumentsAreOwn holds that what a resolver does with its arguments is no
// other request's affair.
func TestArgumentsAreOwn(t *testing.T) {
	r := newRig(t, world.New(1, 3, 0))
	root := &changing{Root: r.root}
	var err error
	if r.engine, err = engine.New(testgraph.NewExecutableSchema(testgraph.Config{Resolvers: root}), root, options()); err != nil {
		t.Fatal(err)
	}
	oc, err := r.prepare(`{ customers(first: 5, filter: {text: "a", colors: [RED], nested: {limit: 3}}) { totalCount } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := r.compiled(t, oc, verdicts{})
	for range 3 {
		p, err := c.Bind(oc.Variables)
		if err != nil {
			t.Fatal(err)
		}
		r.engine.Run(t.Context(), oc, p)
	}
	if len(root.seen) != 3 || root.seen[0] != root.seen[1] || root.seen[0] != root.seen[2] {
		t.Errorf("got %v", root.seen)
	}
}

// TestToFirstCallAllocates bounds what is allocated for a query that is known, from
// the parsed request to the first call. Made anew it is 158 and more.
func TestToFirstCallAllocates(t *testing.T) {
	for _, tt := range joins {
		t.Run("case="+tt.name, func(t *testing.T) {
			f := newToFirstCall(t, tt.query, tt.vars, tt.view)
			if got := testing.AllocsPerRun(50, func() {
				if !f.bound() {
					t.Fatal("not planned")
				}
			}); got > tt.most {
				t.Errorf("got %v allocations, the bound is %v", got, tt.most)
			}
		})
	}
}
