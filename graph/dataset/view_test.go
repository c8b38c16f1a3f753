package dataset_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/policies"
)

// others are datasets of the kinds that are not shipped.
func others() map[string]string {
	return map[string]string{
		"filtered":  `query filtered @dataset { orders(filter: {or: [{status: {eq: "x"}}, {shop: {eq: "web"}}]}, orderBy: {field: DATE}) { nodes { number customer { name } } } }`,
		"by_month":  `query by_month @dataset { orders { nodes { date @by(period: MONTH) status @by source @by customer @by { id name } total @sum @min @max id @count(as: "orders") } } }`,
		"overdue":   `query overdue @dataset { invoices { nodes { customer @by { id country } total @sum(minus: "paid", past: "dueDate") paid dueDate @max } } }`,
		"below":     `query below @dataset(grain: "payments.invoice.lines") { payments { nodes { number invoice { number lines { sku total } } } } }`,
		"members":   `query members @dataset(grain: "customers.members") { customers { nodes { name members { rule code } } } }`,
		"coverages": `query coverages @dataset { coverage { from: source @key entity @key records } }`,
	}
}

func catalogue(tb testing.TB, full *ast.Schema) *dataset.Catalogue {
	tb.Helper()
	texts, err := dataset.Shipped()
	must(tb, err)
	for name, text := range others() {
		texts[name] = text
	}
	c, wrong := dataset.Load(texts, full)
	for _, p := range wrong {
		tb.Fatal(p)
	}
	return c
}

// table grants at random: most fields are read and exported, some masked, some on the
// rows of a claim or a shop only, some read and not exported.
func table(g *policies.Graph, seed uint64) *policies.View {
	r := rand.New(rand.NewPCG(seed, 7))
	rules := []*policies.Rule{nil, nil, nil, {Op: policies.FromClaim, Column: policies.CustomerColumn, Claim: "customer"}, {Op: policies.Is, Column: "source", Values: []string{"erp"}}}
	type said struct {
		read, export *policies.Rule
		reads, masks bool
		exports      bool
	}
	deny := r.IntN(30)
	all := map[string]said{}
	for i := range g.Len() {
		typeName, field := g.Name(policies.FieldID(i))
		s := said{reads: r.IntN(100) >= deny, exports: r.IntN(100) >= deny, masks: r.IntN(100) < 15}
		if typeName != "Query" {
			s.read = rules[r.IntN(len(rules))]
			if s.export = s.read; r.IntN(10) == 0 {
				s.export = rules[r.IntN(len(rules))]
			}
		}
		if field == "id" {
			s.masks, s.read = false, nil
			s.export = nil
		}
		all[typeName+"."+field] = s
	}
	return policies.NewView(g, "random", func(typeName, field string, a policies.Action) (*policies.Rule, bool) {
		s := all[typeName+"."+field]
		switch {
		case a == policies.Read:
			return s.read, s.reads && !s.masks
		case a == policies.Export:
			return s.export, s.exports
		case string(a) == "mask:null":
			return nil, s.reads && s.masks
		}
		return nil, false
	})
}

// TestDenied holds that no view gets a column or an operation with a field that it
// denies, that no column shows what it may not export, and that nothing is grouped,
// measured, searched or sorted by what is masked.
func TestDenied(t *testing.T) {
	full := graph.Full()
	g, err := policies.NewGraph(full)
	must(t, err)
	c := catalogue(t, full)
	tables, columns, masked, partial, lost := 0, 0, 0, 0, 0
	for seed := range uint64(150) {
		v := table(g, seed)
		s, err := graph.For(v)
		if err != nil {
			continue
		}
		for _, name := range c.Names() {
			d, _ := c.Get(name)
			if err := d.Fault(v, s); err != nil {
				t.Fatalf("seed %d: %s: %v", seed, name, err)
			}
			got, ok := d.For(v, s)
			if !ok {
				lost++
				continue
			}
			tables++
			for i := range got.Queries {
				denied(t, v, &got.Queries[i])
				exported(t, v, got, &got.Queries[i])
			}
			for i, col := range got.Columns {
				columns++
				if col.IsMasked {
					masked++
				}
				if col.IsPartial {
					partial++
				}
				if col.IsMasked && (col.IsExact || col.FilterKey != "" || col.OrderValue != "") {
					t.Errorf("%s.%s is masked and may be searched by", name, col.Name)
				}
				if typeName, field, ok := strings.Cut(col.Field, "."); ok && i >= dataset.FixedColumns {
					if v.Grant(typeName, field).Verdict == policies.Deny {
						t.Errorf("seed %d: %s.%s shows %s, which is denied", seed, name, col.Name, col.Field)
					}
					if id, ok := g.Field(typeName, field); ok && v.Can(policies.Export, id) == policies.Deny {
						t.Errorf("seed %d: %s.%s shows %s, which may not be exported", seed, name, col.Name, col.Field)
					}
				}
			}
		}
	}
	t.Logf("%d tables, %d do not exist, %d columns, %d masked, %d partial", tables, lost, columns, masked, partial)
	if tables < 200 || masked < 20 || partial < 20 || lost < 20 {
		t.Errorf("the views are too much alike: %d tables, %d masked, %d partial, %d lost", tables, masked, partial, lost)
	}
}

// denied holds that an operation names only what the view reads, and searches only by
// what it shows wholly.
func denied(t *testing.T, v *policies.View, q *dataset.Query) {
	t.Helper()
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, sel := range set {
			f := sel.(*ast.Field)
			if v.Grant(f.ObjectDefinition.Name, f.Name).Verdict == policies.Deny {
				t.Errorf("%s: %s.%s is denied", q.Text, f.ObjectDefinition.Name, f.Name)
			}
			for _, a := range f.Arguments {
				searched(t, v, a.Value)
			}
			walk(f.SelectionSet)
		}
	}
	walk(q.Document.Operations[0].SelectionSet)
}

func searched(t *testing.T, v *policies.View, value *ast.Value) {
	t.Helper()
	for _, c := range value.Children {
		if id, ok := v.Graph().Reads(value.Definition.Name, c.Name); ok && (v.Verdict(id) != policies.Allow || v.Can(policies.Export, id) == policies.Deny) {
			t.Errorf("searched by %s.%s", value.Definition.Name, c.Name)
		}
		searched(t, v, c.Value)
	}
}

// exported holds that what becomes a column may be exported on every step of the way.
func exported(t *testing.T, v *policies.View, table *dataset.Table, q *dataset.Query) {
	t.Helper()
	shows := map[int]bool{}
	if a := table.Aggregate; a == nil {
		for i := range table.Columns[dataset.FixedColumns:] {
			shows[i] = true
		}
	} else if q == &table.Queries[0] {
		for _, g := range a.Groups {
			shows[g.Cell] = true
		}
	}
	for i := range shows {
		c := q.Cells[i]
		set := q.Document.Operations[0].SelectionSet
		for _, name := range c.Path {
			at := slices.IndexFunc(set, func(s ast.Selection) bool { return s.(*ast.Field).Alias == name })
			if at < 0 {
				t.Fatalf("%s: no %v", q.Text, c.Path)
			}
			f := set[at].(*ast.Field)
			holder, name := f.ObjectDefinition.Name, f.Name
			if id, ok := v.Graph().Field(holder, name); ok {
				switch v.Can(policies.Export, id) {
				case policies.Deny:
					t.Errorf("%s: %s.%s may not be exported", q.Text, holder, name)
				case policies.Row:
					if !c.IsPartial {
						t.Errorf("%s: %s.%s is exported on some rows, and the cell is not partial", q.Text, holder, name)
					}
				}
				switch v.Grant(holder, name).Verdict {
				case policies.Mask:
					if !c.IsMasked || table.Aggregate != nil && len(table.Aggregate.Per) == 0 {
						t.Errorf("%s: %s.%s is masked, and the cell says otherwise or is grouped by", q.Text, holder, name)
					}
				case policies.Row:
					if !c.IsPartial {
						t.Errorf("%s: %s.%s is shown on some rows, and the cell is not partial", q.Text, holder, name)
					}
				}
			}
			set = f.SelectionSet
		}
	}
}

// grants makes a view of everything but what is said.
func grants(tb testing.TB, g *policies.Graph, not map[string]string) *policies.View {
	tb.Helper()
	own := &policies.Rule{Op: policies.FromClaim, Column: policies.CustomerColumn, Claim: "customer"}
	return policies.NewView(g, "test", func(typeName, field string, a policies.Action) (*policies.Rule, bool) {
		switch not[typeName+"."+field] {
		case "deny":
			return nil, false
		case "no export":
			return nil, a == policies.Read
		case "mask":
			return nil, a == policies.Export || string(a) == "mask:null"
		case "own":
			return own, a == policies.Read || a == policies.Export
		case "own, other export":
			if a == policies.Export {
				return &policies.Rule{Op: policies.Is, Column: "source", Values: []string{"erp"}}, true
			}
			return own, a == policies.Read
		case "own export":
			if a == policies.Export {
				return own, true
			}
		}
		return nil, a == policies.Read || a == policies.Export
	})
}

func TestView(t *testing.T) {
	full := graph.Full()
	g, err := policies.NewGraph(full)
	must(t, err)
	const orders = `query d @dataset { orders(filter: {shop: {eq: "web"}}, orderBy: {field: TOTAL}) { nodes { number status customer { name country } total } } }`
	const lines = `query d @dataset(grain: "orders.lines") { orders { nodes { number lines { sku } } } }`
	const sums = `query d @dataset { invoices { nodes { status @by source @by total @sum paid @sum(as: "paid") @sum(as: "rest", minus: "total", past: "dueDate") dueDate } } }`
	const summary = `query d @dataset { customers { nodes { name } } orders @per(id: "customer.id") { nodes { id @count(as: "orders") } } invoices @per(id: "customer.id") { nodes { total @sum(as: "invoiced") } } }`
	tests := []struct {
		name, text string
		not        map[string]string
		want       string // columns; "" the dataset does not exist
	}{
		{"all", orders, nil, "number status customer_name customer_country total_amount total_currency"},
		{"denied", orders, map[string]string{"Order.status": "deny"}, "number customer_name customer_country total_amount total_currency"},
		{"read and not exported", orders, map[string]string{"Customer.name": "no export"}, "number status customer_country total_amount total_currency"},
		{"relation denied", orders, map[string]string{"Order.customer": "deny"}, "number status total_amount total_currency"},
		{"relation not exported", orders, map[string]string{"Order.customer": "no export"}, "number status total_amount total_currency"},
		{"relation's id denied", orders, map[string]string{"Customer.id": "deny"}, "number status total_amount total_currency"},
		{"relation's id not exported", orders, map[string]string{"Customer.id": "no export"}, "number status customer_name customer_country total_amount total_currency"},
		{"masked", orders, map[string]string{"Order.status": "mask"}, "number status* customer_name customer_country total_amount total_currency"},
		{"relation masked", orders, map[string]string{"Order.customer": "mask"}, "number status customer_name* customer_country* total_amount total_currency"},
		{"some rows", orders, map[string]string{"Order.status": "own"}, "number status? customer_name customer_country total_amount total_currency"},
		{"exported on fewer rows", orders, map[string]string{"Order.status": "own export"}, "number customer_name customer_country total_amount total_currency"},
		{"exported on other rows", orders, map[string]string{"Order.status": "own, other export"}, "number customer_name customer_country total_amount total_currency"},
		{"exported on the visible rows", orders, map[string]string{"Order.id": "own", "Order.status": "own export"}, "number status customer_name customer_country total_amount total_currency"},
		{"root denied", orders, map[string]string{"Query.orders": "deny"}, ""},
		{"root not exported", orders, map[string]string{"Query.orders": "no export"}, ""},
		{"id denied", orders, map[string]string{"Order.id": "deny"}, ""},
		{"id not exported", orders, map[string]string{"Order.id": "no export"}, ""},
		{"filter denied", orders, map[string]string{"Order.shop": "deny"}, ""},
		{"filter masked", orders, map[string]string{"Order.shop": "mask"}, ""},
		{"filter on some rows", orders, map[string]string{"Order.shop": "own"}, ""},
		{"filter not exported", orders, map[string]string{"Order.shop": "no export"}, ""},
		{"order masked", orders, map[string]string{"Order.total": "mask"}, ""},
		{"everything of it denied", `query d @dataset { orders { nodes { status } } }`, map[string]string{"Order.status": "deny"}, ""},
		{"list denied", lines, map[string]string{"Order.lines": "deny"}, ""},
		{"list masked", lines, map[string]string{"Order.lines": "mask"}, ""},
		{"holder's field denied", lines, map[string]string{"Order.number": "deny"}, "sku"},
		{"all measures", sums, nil, "status currency total_sum paid rest"},
		{"group masked", sums, map[string]string{"Invoice.status": "mask"}, "currency total_sum paid rest"},
		{"measure masked", sums, map[string]string{"Invoice.total": "mask"}, "status currency paid"},
		{"operand denied", sums, map[string]string{"Invoice.dueDate": "deny"}, "status currency total_sum paid"},
		{"no money left", sums, map[string]string{"Invoice.total": "deny", "Invoice.paid": "deny"}, "status"},
		{"measure on some rows", sums, map[string]string{"Invoice.total": "own"}, "status currency total_sum? paid rest?"},
		{"whole summary", summary, nil, "name currency orders invoiced"},
		{"list of a summary", summary, map[string]string{"Query.invoices": "deny"}, "name orders"},
		{"relation of a summary", summary, map[string]string{"Order.customer": "mask"}, "name currency invoiced"},
		{"first list of a summary", summary, map[string]string{"Query.customers": "deny"}, ""},
		{"key denied", `query d @dataset { sources { name @key kind } }`, map[string]string{"Source.name": "deny"}, ""},
		{"key masked", `query d @dataset { sources { name @key kind } }`, map[string]string{"Source.name": "mask"}, ""},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			d := read(t, "d", tt.text, full)
			v := grants(t, g, tt.not)
			s := schemaOf(t, v)
			must(t, d.Fault(v, s))
			table, ok := d.For(v, s)
			got := ""
			if ok {
				var names []string
				for _, c := range table.Columns[dataset.FixedColumns:] {
					name := c.Name
					if c.IsMasked {
						name += "*"
					}
					if c.IsPartial {
						name += "?"
					}
					names = append(names, name)
				}
				got = strings.Join(names, " ")
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("case=no view", func(t *testing.T) {
		if _, ok := read(t, "d", orders, full).For(nil, full); ok {
			t.Error("it exists")
		}
	})
}

// BenchmarkFor makes the table of order_lines for the package bi.
func BenchmarkFor(b *testing.B) {
	d, _ := shipped(b, graph.Full()).Get("order_lines")
	v := viewOf(b, engine(b), "bi")
	s := schemaOf(b, v)
	for b.Loop() {
		if _, ok := d.For(v, s); !ok {
			b.Fatal("it does not exist")
		}
	}
}
