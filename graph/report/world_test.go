package report_test

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// TestMain asks for 20,000 random questions in three tests, unless the command line says
// otherwise, and for no goroutine left behind.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "7000"); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if code == 0 {
		// The patterns of policies have a clock that ends by itself.
		if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/dlclark/regexp2.runClock")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// theSchema is that of a view that sees everything, and the view.
var theSchema = sync.OnceValues(func() (*ast.Schema, *policies.View) {
	g, err := policies.NewGraph(graph.Full())
	if err != nil {
		panic(err)
	}
	v := policies.NewView(g, "all", func(string, string, policies.Action) (*policies.Rule, bool) { return nil, true })
	s, err := graph.For(v)
	if err != nil {
		panic(err)
	}
	return s, v
})

// table is the table of a text for who sees everything.
func table(tb testing.TB, text string) *dataset.Table {
	tb.Helper()
	s, v := theSchema()
	d, wrong := dataset.Read("d", text, graph.Full())
	for _, p := range wrong {
		tb.Fatal(p)
	}
	t, ok := d.For(v, s)
	if !ok {
		tb.Fatal("the dataset does not exist")
	}
	return t
}

// The tables of these tests.
const (
	ordersText   = `query d @dataset(label: "d", grain: "orders") { orders { nodes { id number shop status date total currency updatedAt notes customer { id name } } } }`
	linesText    = `query d @dataset(label: "d", grain: "orders.lines") { orders { nodes { number shop status date total updatedAt lines { position sku quantity total { amount } } } } }`
	someText     = `query d @dataset(label: "d", grain: "orders") { orders(filter: {shop: {ne: "b\""}}, orderBy: {field: TOTAL, direction: ASC}) { nodes { number shop no: status at: date total updatedAt } } }`
	productsText = `query d @dataset(label: "d", grain: "products") { products { nodes { sku name category active price updatedAt } } }`
	monthsText   = `query d @dataset(label: "d", grain: "orders") { orders { nodes { date @by(period: MONTH) shop @by id @count(as: "n") total @sum } } }`
)

// ask parses an address and folds it.
func ask(tb testing.TB, t *dataset.Table, query string, l report.Limits) (*report.Report, *odata.Question) {
	tb.Helper()
	q := parse(tb, t, "d", query)
	return of(tb, t, q, l), q
}

func parse(tb testing.TB, t *dataset.Table, path, query string) *odata.Question {
	tb.Helper()
	set := report.Set(t)
	q, err := odata.Parse(path, query, func(name string) (*odata.Set, bool) { return set, name == set.Name }, odata.Limits{})
	must(tb, err)
	return q
}

func of(tb testing.TB, t *dataset.Table, q *odata.Question, l report.Limits) *report.Report {
	tb.Helper()
	s, _ := theSchema()
	r, err := report.Of(t, s, q, l)
	must(tb, err)
	return r
}

// sheet is a writer that keeps what it is given.
type sheet struct {
	columns []output.Column
	rows    [][]schema.Value
	isEnded bool
}

func (s *sheet) Begin(columns []output.Column) error {
	s.columns = columns
	return nil
}

func (s *sheet) Rows(cells []schema.Value) error {
	if len(cells) == 0 || len(cells)%len(s.columns) != 0 {
		return output.ErrOrder
	}
	for len(cells) > 0 {
		s.rows = append(s.rows, append([]schema.Value(nil), cells[:len(s.columns)]...))
		cells = cells[len(s.columns):]
	}
	return nil
}

func (s *sheet) End() error {
	s.isEnded = true
	return nil
}

var _ output.Writer = (*sheet)(nil)
