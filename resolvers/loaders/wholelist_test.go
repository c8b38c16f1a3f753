package loaders_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/scalar"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers"
	"github.com/trama-graph/trama/resolvers/loaders"
)

// whole is the real graph over two sources of endless orders.
type whole struct {
	engine  *engine.Engine
	config  *loaders.Config
	sources []*endless
}

func newWhole(tb testing.TB, n int) *whole {
	tb.Helper()
	w := &whole{sources: []*endless{{memory: &memory{name: "a"}, n: n}, {memory: &memory{name: "b"}, n: n / 2}}}
	var connected []*datasources.Connected
	for _, s := range w.sources {
		connected = append(connected, &datasources.Connected{Source: s, Name: s.name})
	}
	w.config = (&policed{}).config(tb)
	var err error
	if w.config.Catalog, err = datasources.NewCatalog(connected, nil, nil); err != nil {
		tb.Fatal(err)
	}
	w.config.Columns, w.config.Total, w.config.Window, w.config.Part, w.config.Whole = plan.Columns, plan.Total, plan.Window, plan.Part, plan.Whole
	w.config.MaxPage = 1_000_000
	root := &resolvers.Resolver{}
	es := graph.NewExecutableSchema(graph.Config{Resolvers: root, Schema: graph.Full()})
	w.engine, err = engine.New(es, root, engine.Options{
		FirstWindow: 125, Forget: func(ctx context.Context, window int) { loaders.From(ctx).Forget(window) },
		Scalars: map[string]engine.Scalar{
			"String":   engine.Text(scalar.MarshalText, scalar.UnmarshalText),
			"Currency": engine.Text(scalar.MarshalText, scalar.UnmarshalText),
			"Decimal":  engine.ScalarOf(scalar.MarshalDecimal, scalar.UnmarshalDecimal, scalar.AppendDecimal).NeverNull(),
			"DateTime": engine.ScalarOf(scalar.MarshalDateTime, scalar.UnmarshalDateTime, scalar.AppendDateTime),
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// plan plans a query as a door for exports does.
func (w *whole) plan(ctx context.Context, tb testing.TB, query string, o plan.Options, l guard.Limits) (context.Context, *graphql.OperationContext, *plan.Plan) {
	tb.Helper()
	doc, errs := gqlparser.LoadQuery(graph.Full(), query) //nolint:staticcheck // the rules are the default ones
	if errs != nil {
		tb.Fatal(errs)
	}
	o.Relations = w.engine.Relation
	p, err := plan.Of(graph.Full(), doc.Operations[0], nil, o)
	if err != nil {
		tb.Fatal(err)
	}
	if err := guard.Check(p, l); err != nil {
		tb.Fatal(err)
	}
	return loaders.With(ctx, as(w.config, loaders.Everything{})), &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}, p
}

// orderLines is a shipped dataset as one sees it who sees everything.
func orderLines(tb testing.TB) *dataset.Query {
	tb.Helper()
	texts, err := dataset.Shipped()
	if err != nil {
		tb.Fatal(err)
	}
	c, wrong := dataset.Load(texts, graph.Full())
	if len(wrong) > 0 {
		tb.Fatal(wrong)
	}
	d, _ := c.Get("order_lines")
	g, err := policies.NewGraph(graph.Full())
	if err != nil {
		tb.Fatal(err)
	}
	table, ok := d.For(policies.NewView(g, "all", func(string, string, policies.Action) (*policies.Rule, bool) { return nil, true }), graph.Full())
	if !ok {
		tb.Fatal("there is no dataset of order lines")
	}
	return &table.Queries[0]
}

// read reads the lines of all orders, those behind a cursor when there is one.
func (w *whole) read(ctx context.Context, tb testing.TB, q *dataset.Query, after string, f func(*engine.Window) error) error {
	tb.Helper()
	text := q.Text
	if after != "" {
		text = strings.Replace(text, "orders(", fmt.Sprintf("orders(after: %q, ", after), 1)
	}
	limits := guard.DefaultLimits
	limits.Whole = true
	ctx, oc, p := w.plan(ctx, tb, text, plan.Options{Whole: true}, limits)
	prog, err := w.engine.Prepare(p)
	if err != nil {
		tb.Fatal(err)
	}
	o := engine.SheetOptions{Rows: q.Rows, Lead: dataset.FixedColumns}
	for _, c := range q.Cells {
		o.Cells = append(o.Cells, c.Path)
	}
	for _, k := range q.Key {
		if k.Cell < 0 {
			o.Lists = append(o.Lists, k.List)
		}
	}
	s, err := w.engine.Sheet(prog, o)
	if err != nil {
		tb.Fatal(err)
	}
	_, err = s.Read(ctx, oc, p, engine.ReadOptions{}, f)
	return err
}

// TestADatasetOfAWholeList holds that a dataset is read to the end of its list, which no
// page bounds, that each row has a key of its own, that a reader can go on behind any
// row, and that no more is held however long the list is.
func TestADatasetOfAWholeList(t *testing.T) {
	q := orderLines(t)
	keys := func(w *whole, after string, over, most int) (keys []string, cursor string, left int) {
		full := fmt.Errorf("enough")
		var b []byte
		err := w.read(t.Context(), t, q, after, func(win *engine.Window) error {
			for i := range win.Rows {
				if len(keys) == most+over && most > 0 {
					cursor, left = win.After(i)
					return full
				}
				b = q.AppendKey(b[:0], win.Row(i)[dataset.FixedColumns:], win.NumbersOf(i))
				keys = append(keys, string(b))
			}
			return nil
		})
		if err != nil && err != full { //nolint:errorlint // the very error
			t.Fatal(err)
		}
		return keys[over:], cursor, left
	}
	w := newWhole(t, 3000)
	all, _, _ := keys(w, "", 0, 0)
	seen := map[string]bool{}
	for _, k := range all {
		seen[k] = true
	}
	if len(all) != 2*4500 || len(seen) != len(all) || !strings.HasSuffix(all[0], ".1") || !strings.HasSuffix(all[1], ".2") {
		t.Fatalf("%d rows with %d keys: %v", len(all), len(seen), all[:2])
	}
	var got []string
	for cursor, over := "", 0; ; {
		some, next, left := keys(w, cursor, over, 1333)
		got = append(got, some...)
		if next == "" {
			break
		}
		cursor, over = next, left
	}
	if fmt.Sprint(got) != fmt.Sprint(all) {
		t.Errorf("in turns %d rows were read, want %d", len(got), len(all))
	}
}

// TestLongAnswersAreBounded holds that neither a table nor the JSON of a long list of
// documents is held.
func TestLongAnswersAreBounded(t *testing.T) {
	q := orderLines(t)
	for name, run := range map[string]func(w *whole, n int, tick func()) int{
		"a table": func(w *whole, _ int, tick func()) (rows int) {
			if err := w.read(t.Context(), t, q, "", func(win *engine.Window) error {
				tick()
				rows += win.Rows
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return rows / 2
		},
		"JSON": func(w *whole, n int, tick func()) int {
			ctx, oc, p := w.plan(t.Context(), t, fmt.Sprintf(`{ orders(first: %d) { nodes { id number date total { amount } lines { sku } } pageInfo { endCursor hasNextPage } } }`, n), plan.Options{}, guard.Limits{})
			out := &ticking{tick: tick}
			res := w.engine.Stream(ctx, oc, p, 0)
			if err := res.Write(out, nil); err != nil || len(res.Errors()) > 0 {
				t.Fatal(err, res.Errors())
			}
			return strings.Count(string(out.tail), `"hasNextPage":false`) * n
		},
	} {
		t.Run("case="+name, func(t *testing.T) {
			peak := func(n int) (most uint64) {
				w := newWhole(t, n)
				var stats runtime.MemStats
				k := 0
				rows := run(w, n+n/2, func() {
					if k++; k%(n/1000) == 0 {
						runtime.GC()
						runtime.ReadMemStats(&stats)
						most = max(most, stats.HeapAlloc)
					}
				})
				if rows != n+n/2 || w.sources[0].most > 500 {
					t.Errorf("%d orders, want %d; %d asked for at once", rows, n+n/2, w.sources[0].most)
				}
				return most
			}
			small, large := peak(3000), peak(60_000)
			t.Logf("4,500 orders: %d kB, 90,000 orders: %d kB", small>>10, large>>10)
			if large > small+(2<<20) {
				t.Errorf("%d bytes for 90,000 orders, %d for 4,500", large, small)
			}
		})
	}
}

// ticking is a reader of JSON who keeps the end of it.
type ticking struct {
	tick func()
	tail []byte
}

func (t *ticking) Write(b []byte) (int, error) {
	t.tick()
	t.tail = append(t.tail[:0], b...)
	return len(b), nil
}
