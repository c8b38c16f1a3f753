package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// refusing is a Runner that gives nothing.
type refusing struct{}

func (refusing) Run(context.Context, *report.Operation, func(*report.Window) error) error {
	return schema.Errorf(schema.BadRequest, "after is not a cursor of this list")
}

// TestExport holds that each format has all rows, whatever a page is.
func TestExport(t *testing.T) {
	tb := table(t, linesText)
	for _, f := range output.Formats() {
		t.Run("case="+string(f), func(t *testing.T) {
			var b bytes.Buffer
			r := of(t, tb, report.Whole(report.Set(tb)), pages(2))
			must(t, r.Export(t.Context(), manyOrders(50), f, &b, output.Options{}))
			if b.Len() < 500 {
				t.Errorf("%d bytes", b.Len())
			}
			if f != output.FormatCSV {
				return
			}
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff"))).ReadAll()
			must(t, err)
			if len(rows) != 51 || rows[0][0] != "key" || rows[1][0] != "o000.1" || len(rows[0]) != len(tb.Columns) {
				t.Errorf("%d rows, %v, %v", len(rows), rows[0], rows[1])
			}
		})
	}
	t.Run("case=groups in their order", func(t *testing.T) {
		tb := table(t, monthsText)
		var b bytes.Buffer
		r, _ := ask(t, tb, "$select=key&$filter=n%20gt%200&$skip=1", report.Limits{})
		must(t, r.Export(t.Context(), shop(), output.FormatCSV, &b, output.Options{CSV: output.CSVOptions{NoBOM: true}}))
		if b.String() != "key\r\n2026-01-01.web.MDL\r\n2026-02-01.Web.MDL\r\n2026-03-01.~.~\r\n" {
			t.Errorf("got %q", b.String())
		}
	})
}

// TestShipped holds that every shipped dataset is a set and can be asked, that the types
// of its filter keys are those its filters are folded to, and that whatever the list
// sorts by is of a type that is sorted so.
func TestShipped(t *testing.T) {
	texts, err := dataset.Shipped()
	must(t, err)
	catalogue, wrong := dataset.Load(texts, graph.Full())
	for _, p := range wrong {
		t.Error(p)
	}
	s, v := theSchema()
	var sets []*odata.Set
	keys, orders := 0, 0
	for _, name := range catalogue.Names() {
		d, _ := catalogue.Get(name)
		tb, ok := d.For(v, s)
		if !ok {
			t.Fatalf("%s does not exist", name)
		}
		set := report.Set(tb)
		must(t, set.Validate())
		sets = append(sets, set)
		for i, c := range tb.Columns {
			o, f := set.Columns[i], report.Set(tb).Columns[i]
			if o != f || o.CanFilter != c.IsExact || c.Type == dataset.Decimal && o.Precision < 18 {
				t.Errorf("%s.%s: %+v", name, c.Name, o)
			}
			if c.Type == dataset.Decimal && c.Scale == dataset.AnyScale && (o.Precision != 19 || o.Scale != odata.VariableScale) {
				t.Errorf("%s.%s has 19 digits, and $metadata says %d, %d", name, c.Name, o.Precision, o.Scale)
			}
			if c.FilterKey != "" {
				keys++
				root := s.Query.Fields.ForName(tb.Queries[0].Rows[0])
				of := s.Types[root.Arguments.ForName("filter").Type.Name()].Fields.ForName(c.FilterKey).Type.Name()
				if want := map[dataset.Type]string{dataset.Text: "StringFilter", dataset.Decimal: "DecimalFilter", dataset.DateTime: "DateTimeFilter", dataset.Boolean: "BooleanFilter"}[c.Type]; of != want {
					t.Errorf("%s.%s is compared by a %s, not a %s", name, c.Name, of, want)
				}
			}
			if c.OrderValue == "" {
				continue
			}
			orders++
			r, _ := ask2(t, s, tb, set, "$orderby="+c.Name)
			if isOrdered := c.Type == dataset.Decimal || c.Type == dataset.DateTime; r.IsLocal() == isOrdered {
				t.Errorf("%s.%s: sorted here: %t", name, c.Name, r.IsLocal())
			}
		}
		for _, query := range []string{"", "$select=key", "$select=modifiedAt", "$orderby=key"} {
			r, q := ask2(t, s, tb, set, query)
			if len(r.Columns()) != len(q.Select) {
				t.Errorf("%s: %d columns", name, len(r.Columns()))
			}
		}
	}
	if keys < 40 || orders < 15 {
		t.Errorf("%d filter keys, %d orders", keys, orders)
	}
	_, err = odata.AppendMetadata(nil, sets)
	must(t, err)
}

func ask2(t *testing.T, s *ast.Schema, tb *dataset.Table, set *odata.Set, query string) (*report.Report, *odata.Question) {
	t.Helper()
	q, err := odata.Parse(set.Name, query, func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
	must(t, err)
	r, err := report.Of(tb, s, q, report.Limits{})
	must(t, err)
	return r, q
}

// TestSummary holds that a table of several lists is added up of them all, and paged.
func TestSummary(t *testing.T) {
	tb := table(t, `query d @dataset(label: "d", grain: "customers") {
		customers { nodes { id name } }
		orders @per(id: "customer.id") { nodes { id @count(as: "n") total @sum(as: "total") } }
	}`)
	m := shop()
	for i, id := range []string{"c1", "c2", "c3"} {
		m.roots["customers"] = append(m.roots["customers"], record{"id": schema.String(id), "name": schema.String("N" + id)})
		m.roots["orders"][i]["customer"] = record{"id": schema.String(id)}
	}
	set := report.Set(tb)
	s, _ := theSchema()
	q, err := odata.Parse("d", "$select=key,name,currency,n,total&$filter=name%20ne%20'Nc2'", func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
	must(t, err)
	rows, n := follow(t, tb, q, pages(1), m, func() {})
	if got := texts(rows); got != "c1,Nc1,,0, c1.MDL,Nc1,MDL,1,10 c3,Nc3,,1," || n != 3 {
		t.Errorf("%d pages, %s", n, got)
	}
	r, err := report.Of(tb, s, q, report.Limits{})
	must(t, err)
	if len(r.Operations()) != 2 || !slices.Equal(r.Operations()[1].Query.Rows, []string{"orders", "nodes"}) {
		t.Errorf("%v", r.Operations())
	}
}

// together is a Runner that runs operations at the same time, and waits for some of them
// to be under way.
type together struct {
	*memory
	wanted int
	all    chan struct{} // closed when so many were under way

	mu           sync.Mutex // guards the rest, and memory
	inside, most int
}

func (x *together) Run(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	if op.Number > 0 {
		x.mu.Lock()
		x.inside++
		if x.most = max(x.most, x.inside); x.inside == x.wanted && x.most == x.wanted {
			select {
			case <-x.all:
			default:
				close(x.all)
			}
		}
		x.mu.Unlock()
		select {
		case <-x.all:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer func() {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.inside--
		}()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.memory.Run(ctx, op, f)
}

// TestSummaryAtOnce holds that the further lists of a summary are read at the same time,
// no more of them than may be, and that the table is the same.
func TestSummaryAtOnce(t *testing.T) {
	tb := table(t, `query d @dataset(label: "d", grain: "customers") {
		customers { nodes { id name } }
		a: orders @per(id: "customer.id") { nodes { id @count(as: "n") } }
		b: orders @per(id: "customer.id") { nodes { total @sum(as: "total") } }
		c: orders @per(id: "customer.id") { nodes { date @max(as: "last") } }
		d: orders @per(id: "customer.id") { nodes { date @min(as: "first") } }
	}`)
	world := func() *memory {
		m := shop()
		for i, id := range []string{"c1", "c2", "c3"} {
			m.roots["customers"] = append(m.roots["customers"], record{"id": schema.String(id), "name": schema.String("N" + id)})
			m.roots["orders"][i]["customer"] = record{"id": schema.String(id)}
		}
		return m
	}
	set := report.Set(tb)
	s, _ := theSchema()
	q, err := odata.Parse("d", "$orderby=key", func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
	must(t, err)
	rows := func(with report.Runner, parallel int) string {
		r, err := report.Of(tb, s, q, report.Limits{Parallel: parallel})
		must(t, err)
		return texts(read(t, r, with))
	}
	want := rows(world(), 1)
	x := &together{memory: world(), wanted: 3, all: make(chan struct{})}
	if got := rows(x, 3); got != want || x.most != 3 {
		t.Errorf("%d at once\n got %s\nwant %s", x.most, got, want)
	}
}

// TestPacked holds that what waits to be sorted comes back as it was.
func TestPacked(t *testing.T) {
	values := []schema.Value{
		schema.Null, schema.String("x"), schema.String(strings.Repeat("é", 300)), schema.Int(math.MinInt64), schema.Int(0),
		dec("0"), dec("-0.10"), dec("9999999999999999999"), dec("0.0000000000000000001"), dec("1.50"),
		at("0001-01-01T00:00:01Z"), at("2026-03-04T05:06:07.123456789Z"), at("9999-12-31T23:59:59Z"), schema.Bool(true), schema.Bool(false),
	}
	for _, v := range append(values, schema.Value{Kind: schema.KindString}) {
		if got := report.Packed(v); got.Key() != v.Key() || got.Compare(v) != 0 {
			t.Errorf("got %s, want %s", got.Key(), v.Key())
		}
	}
}
