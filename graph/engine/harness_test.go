package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// TestMain asks for thousands of generated operations, unless the command line
// says otherwise, and for no goroutine left behind.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "2000"); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// manyTimes checks a property with as many thousand drawings: a flag says how many there
// are for one check, which is the same for all.
func manyTimes(t *testing.T, thousands int, property func(t *rapid.T)) {
	t.Helper()
	for part := range thousands / 2 {
		t.Run(fmt.Sprintf("case=part %d", part+1), func(t *testing.T) { rapid.Check(t, property) })
	}
}

// rig is both executors over the same resolvers.
type rig struct {
	es     graphql.ExecutableSchema
	exec   *executor.Executor
	engine *engine.Engine
	root   *testgraph.Root
}

func newRig(tb testing.TB, w *world.World) *rig {
	tb.Helper()
	r := &rig{root: &testgraph.Root{World: w}}
	r.es = testgraph.NewExecutableSchema(testgraph.Config{Resolvers: r.root})
	r.exec = executor.New(r.es)
	r.exec.SetErrorPresenter(transparent)
	r.exec.SetRecoverFunc(recovered)
	var err error
	r.engine, err = engine.New(r.es, r.root, options())
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func options() engine.Options {
	return engine.Options{
		Scalars: map[string]engine.Scalar{
			"Decimal": engine.ScalarOf(world.MarshalDecimal, world.UnmarshalDecimal, nil),
		},
		Types:   map[string]any{"Scrap": (*world.Scrap)(nil)},
		Present: transparent,
		Row:     dress,
		Recover: recovered,
	}
}

// transparent shows each error as it is, so that tests see what would be hidden
// from clients.
func transparent(_ context.Context, err error) *gqlerror.Error {
	var g *gqlerror.Error
	if !errors.As(err, &g) {
		return gqlerror.Wrap(err)
	}
	own := *g
	var coded *schema.Error
	if errors.As(g, &coded) {
		own.Extensions = map[string]any{"code": string(coded.Code)}
	}
	return &own
}

func recovered(_ context.Context, panicked any) error { return fmt.Errorf("%v", panicked) }

// prepare parses, validates and coerces variables.
func (r *rig) prepare(query string, vars map[string]any) (*graphql.OperationContext, error) {
	ctx := graphql.StartOperationTrace(context.Background())
	oc, errs := r.exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if len(errs) > 0 {
		return nil, errs
	}
	oc.DisableIntrospection = false
	return oc, nil
}

// answer is what an executor said: the data as text, the errors as a multiset.
type answer struct {
	data   string
	errors []string
}

func (r *rig) plan(oc *graphql.OperationContext) (*plan.Plan, error) {
	return plan.Of(r.es.Schema(), oc.Operation, oc.Variables, plan.Options{Relations: r.engine.Relation})
}

// ready is an operation that was found good, with its plan.
func (r *rig) ready(tb testing.TB, query string, vars map[string]any) (*graphql.OperationContext, *plan.Plan) {
	tb.Helper()
	oc, err := r.prepare(query, vars)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := r.plan(oc)
	if err != nil {
		tb.Fatal(err)
	}
	return oc, p
}

func (r *rig) runEngine(ctx context.Context, oc *graphql.OperationContext) (answer, error) {
	p, err := r.plan(oc)
	if err != nil {
		return answer{}, err
	}
	res := r.engine.Run(ctx, oc, p)
	text := res.AppendJSON(nil)
	if !json.Valid(text) {
		return answer{}, fmt.Errorf("not JSON: %s", text)
	}
	return answer{string(res.AppendData(nil)), normal(p, res.Errors())}, nil
}

func (r *rig) runGenerated(ctx context.Context, oc *graphql.OperationContext) (answer, error) {
	p, err := r.plan(oc)
	if err != nil {
		return answer{}, err
	}
	handler, ctx := r.exec.DispatchOperation(ctx, oc)
	resp := handler(ctx)
	return answer{string(resp.Data), normal(p, resp.Errors)}, nil
}

var (
	wrongNumber = regexp.MustCompile(`^(?:index \d+: )?(batch resolver \S+ returned) \d+ (results|errors) for \d+ parents(?: \(index \d+\))?$`)
	wrongType   = regexp.MustCompile(`^batch resolver (\S+) returned unexpected result type \(index \d+\)$`)
)

// normal is the normaliser that doc.go describes: its cases have the same
// letters there.
func normal(p *plan.Plan, errs gqlerror.List) []string {
	var out []string
	nulls := map[string]bool{}
	for _, e := range errs {
		path, message := e.Path, e.Message
		code, _ := e.Extensions["code"].(string)
		switch {
		case message == "the requested element is null which the schema does not allow" || message == "must not be null":
			message = "must not be null" // (a)
			path = withoutScalarIndex(p, path)
			if nulls[path.String()] {
				continue // (b)
			}
			nulls[path.String()] = true
		case wrongNumber.MatchString(message):
			message = wrongNumber.ReplaceAllString(message, "$1 a wrong number of $2") // (c)
		case wrongType.MatchString(message):
			message = wrongType.ReplaceAllString(message, "$1 panicked") // (d)
		}
		if code == string(schema.Internal) || code == string(schema.BadRequest) {
			code = "" // (e)
		}
		out = append(out, fmt.Sprintf("%s [%s] %s", path, code, message))
	}
	slices.Sort(out)
	return out
}

// withoutScalarIndex takes the index from the path of an element of a list of
// scalars.
func withoutScalarIndex(p *plan.Plan, path ast.Path) ast.Path {
	nodes := p.Roots
	var last *plan.Node
	for _, e := range path {
		name, ok := e.(ast.PathName)
		if !ok {
			continue
		}
		for _, n := range nodes {
			if n.Key == string(name) {
				last = n
				break
			}
		}
		var below []*plan.Node
		for _, n := range nodes {
			if n.Key == string(name) {
				below = append(below, n.Children...)
			}
		}
		nodes = below
	}
	if last == nil {
		return path
	}
	switch strings.Trim(last.Returns, "[]!") {
	case "String", "Int", "Float", "Boolean", "ID", "Time", "Decimal", "Upper":
		for len(path) > 0 {
			if _, ok := path[len(path)-1].(ast.PathIndex); !ok {
				break
			}
			path = path[:len(path)-1]
		}
	}
	return path
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
