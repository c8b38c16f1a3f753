package graph

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/trama-graph/trama/schema"
)

// table is a view as a test writes it: what is denied, what may be seen and not be
// searched by, and which mutations may be made.
type table struct {
	denied, unsearched map[string]bool // Type.field
	acts               map[string]bool
	reads              map[string]string // "OrderFilter.status" to "Order.status"
}

// newTable reads the @reads of a schema by itself.
func newTable() *table {
	t := &table{denied: map[string]bool{}, unsearched: map[string]bool{}, acts: map[string]bool{}, reads: map[string]string{}}
	s := Full()
	note := func(holder, name, subject string, list ast.DirectiveList) {
		d := list.ForName("reads")
		if d == nil {
			return
		}
		field := d.Arguments.ForName("field").Value.Raw
		if !strings.Contains(field, ".") {
			field = subject + "." + field
		}
		t.reads[holder+"."+name] = field
	}
	for _, d := range s.Types {
		switch d.Kind {
		case ast.InputObject:
			for _, f := range d.Fields {
				note(d.Name, f.Name, strings.TrimSuffix(d.Name, "Filter"), f.Directives)
			}
		case ast.Enum:
			for _, v := range d.EnumValues {
				note(d.Name, v.Name, strings.TrimSuffix(d.Name, "OrderField"), v.Directives)
			}
		case ast.Object:
			for _, f := range d.Fields {
				for _, a := range f.Arguments {
					note(d.Name+"."+f.Name, a.Name, f.Type.Name(), a.Directives)
				}
			}
		}
	}
	return t
}

func (t *table) deny(fields ...string) *table {
	for _, f := range fields {
		t.denied[f] = true
	}
	return t
}

func (t *table) sight() sight {
	return sight{
		shown: func(typeName, field string) bool { return !t.denied[typeName+"."+field] },
		acts:  func(_, field string) bool { return t.acts[field] },
		searched: func(holder, name string) bool {
			read := t.reads[holder+"."+name]
			return !t.denied[read] && !t.unsearched[read]
		},
	}
}

// without is the schema without what a table denies.
func (t *table) without(tb testing.TB) *ast.Schema {
	tb.Helper()
	s, err := prune(Full(), t.sight())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// randomTable denies fields at random: some types wholly, of others some fields.
func randomTable(seed uint64) *table {
	r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // test data
	t := newTable()
	s := Full()
	share := []float64{0.05, 0.3, 0.7, 0.95}[r.IntN(4)]
	for _, name := range slices.Sorted(maps.Keys(s.Types)) {
		d := s.Types[name]
		if d.Kind != ast.Object || system(name) {
			continue
		}
		whole := r.Float64() < share/3
		for _, f := range d.Fields {
			switch {
			case system(f.Name):
			case d == s.Mutation:
				t.acts[f.Name] = r.Float64() > share
			case f.Name == "pageInfo" || f.Name == "nodes" || f.Name == "edges" || f.Name == "node" && d != s.Query || name == "Money" || name == "PageInfo":
			case whole || r.Float64() < share:
				t.denied[name+"."+f.Name] = true
			case r.IntN(4) == 0:
				t.unsearched[name+"."+f.Name] = true
			}
		}
	}
	delete(t.denied, "Query.me")
	delete(t.denied, "Me.account")
	return t
}

// printed writes a schema and loads it again: what comes out never had what was
// denied.
func printed(tb testing.TB, s *ast.Schema) (*ast.Schema, string) {
	tb.Helper()
	var b bytes.Buffer
	formatter.NewFormatter(&b).FormatSchema(s)
	loaded, err := gqlparser.LoadSchema(&ast.Source{Name: "view.graphql", Input: b.String()})
	if err != nil {
		tb.Fatalf("the view is no schema: %v\n%s", err, b.String())
	}
	return loaded, b.String()
}

// shape lists everything a schema has, in order.
func shape(s *ast.Schema) []string {
	var out []string
	for name, d := range s.Types {
		out = append(out, fmt.Sprintf("%s %s %v", d.Kind, name, slices.Sorted(slices.Values(d.Interfaces))))
		for _, f := range d.Fields {
			out = append(out, fmt.Sprintf("%s.%s: %s = %v %d", name, f.Name, f.Type, f.DefaultValue, len(f.Directives)))
			for _, a := range f.Arguments {
				out = append(out, fmt.Sprintf("%s.%s(%s: %s = %v) %d", name, f.Name, a.Name, a.Type, a.DefaultValue, len(a.Directives)))
			}
		}
		for _, v := range d.EnumValues {
			out = append(out, fmt.Sprintf("%s.%s %d", name, v.Name, len(v.Directives)))
		}
		for _, m := range s.PossibleTypes[name] {
			out = append(out, fmt.Sprintf("%s > %s", name, m.Name))
		}
		for _, m := range s.Implements[name] {
			out = append(out, fmt.Sprintf("%s < %s", name, m.Name))
		}
	}
	for name := range s.Directives {
		out = append(out, "@"+name)
	}
	slices.Sort(out)
	return out
}

// TestViewsAreSchemas holds over random views that the schema of one is valid, is
// the same when it is written and read again, and has nothing that is denied.
func TestViewsAreSchemas(t *testing.T) {
	all := Full()
	pruned := 0
	for seed := range uint64(60) {
		view := randomTable(seed)
		s := view.without(t)
		again, text := printed(t, s)
		if got, want := shape(s), shape(again); !slices.Equal(got, want) {
			t.Fatalf("seed %d: the schema changes when written and read:\n%s\n\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, name := range []string{"@reads", "@goField", "@value", "@sensitive"} {
			if strings.Contains(text, name) {
				t.Errorf("seed %d: it shows %s", seed, name)
			}
		}
		for field := range view.denied {
			typeName, name, _ := strings.Cut(field, ".")
			if d := s.Types[typeName]; d != nil && d.Fields.ForName(name) != nil {
				t.Errorf("seed %d: %s is there", seed, field)
			}
		}
		for key, field := range view.reads {
			holder, name := key[:strings.LastIndex(key, ".")], key[strings.LastIndex(key, ".")+1:]
			if (view.denied[field] || view.unsearched[field]) && hasName(s, holder, name) {
				t.Errorf("seed %d: %s reads %s and is there", seed, key, field)
			}
		}
		pruned += len(all.Types) - len(s.Types)
	}
	if pruned < 400 {
		t.Errorf("only %d types were taken", pruned)
	}
}

// hasName reports whether an input has a key, an enum a value or a field an
// argument.
func hasName(s *ast.Schema, holder, name string) bool {
	typeName, field, isField := strings.Cut(holder, ".")
	d := s.Types[typeName]
	if d == nil {
		return false
	}
	if isField {
		f := d.Fields.ForName(field)
		return f != nil && f.Arguments.ForName(name) != nil
	}
	return d.Fields.ForName(name) != nil || d.EnumValues.ForName(name) != nil
}

func TestWhatGoesWithAField(t *testing.T) {
	rows := []string{"OrderPage", "OrderEdge", "Order"}
	tests := []struct {
		name       string
		change     func(v *table)
		gone, kept []string // types, Type.field, or Type.field(argument)
	}{
		{"nothing", func(*table) {}, []string{"Mutation", "Mutation.saveAccount", "AgreementInput", "ClaimInput", "NewToken"}, []string{"Query.me", "Order.total", "OrderFilter.total", "OrderOrderField.TOTAL", "Query.orders(filter)"}},
		{"a field", func(v *table) { v.deny("Order.total") }, []string{"Order.total", "OrderFilter.total", "OrderOrderField.TOTAL"}, []string{"Order", "OrderOrderField.DATE", "Invoice.total", "Order.net"}},
		{"a masked field", func(v *table) { v.unsearched["Order.total"] = true }, []string{"OrderFilter.total", "OrderOrderField.TOTAL"}, []string{"Order.total"}},
		{"an argument's field", func(v *table) { v.unsearched["Order.number"] = true }, []string{"Query.order(number)", "OrderFilter.number"}, []string{"Query.order(id)", "Query.order(source)", "Order.number"}},
		{"an argument of another type's field", func(v *table) { v.deny("CustomerMember.recordId") }, []string{"Query.customer(sourceId)"}, []string{"Query.customer(taxId)", "Query.customer(source)"}},
		{"the key", func(v *table) { v.deny("Order.id") }, append(rows, "Customer.orders", "Invoice.order", "Query.orders", "Query.order", "OrderFilter", "OrderOrderBy", "OrderOrderField", "OrderState"), []string{"OrderLine", "InvoiceFilter", "Node"}},
		{"every way to search", func(v *table) {
			for _, f := range v.reads {
				if strings.HasPrefix(f, "Order.") {
					v.unsearched[f] = true
				}
			}
		}, []string{"OrderFilter", "OrderOrderBy", "OrderOrderField", "Query.orders(filter)", "Customer.orders(orderBy)"}, append(rows, "Query.orders(first)", "Query.order(id)", "StringFilter", "OrderDirection")},
		{"the list, but not the relation", func(v *table) { v.deny("Query.orders", "Query.order") }, []string{"Query.orders"}, rows},
		{"every way to a type but node", func(v *table) {
			v.deny("Query.orders", "Query.order", "Customer.orders", "Quote.orders", "Invoice.order", "Ticket.order", "Payment.order", "DeliveryNote.order", "Boleto.order", "PurchaseOrder.order")
		}, []string{"OrderPage", "OrderFilter"}, []string{"Order", "Node"}},
		{"every way to a type", func(v *table) {
			v.deny("Query.node", "Query.orders", "Query.order", "Customer.orders", "Quote.orders", "Invoice.order", "Ticket.order", "Payment.order", "DeliveryNote.order", "Boleto.order", "PurchaseOrder.order")
		}, []string{"Order", "OrderState", "Node"}, []string{"Customer"}},
		{"all of a type without key", func(v *table) {
			for _, f := range Full().Types["OrderState"].Fields {
				v.deny("OrderState." + f.Name)
			}
		}, []string{"OrderState", "Order.states"}, []string{"Order"}},
		{"all that is an amount", func(v *table) {
			for name, d := range Full().Types {
				for _, f := range d.Fields {
					if f.Type.Name() == "Money" {
						v.deny(name + "." + f.Name)
					}
				}
			}
		}, []string{"Money"}, []string{"Order"}},
		{"one act", func(v *table) { v.acts["generateToken"] = true }, []string{"Mutation.saveAccount", "AgreementInput"}, []string{"Mutation.generateToken", "ClaimInput", "NewToken"}},
		{"an act whose answer is denied", func(v *table) {
			v.acts["reloadPolicies"] = true
			v.deny("PolicyStatus.version", "PolicyStatus.loadedAt", "PolicyStatus.documents", "PolicyStatus.views", "PolicyStatus.error")
		}, []string{"Mutation", "PolicyStatus"}, nil},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			v := newTable()
			tt.change(v)
			s := v.without(t)
			printed(t, s)
			for _, name := range tt.gone {
				if there(s, name) {
					t.Errorf("%s is there", name)
				}
			}
			for _, name := range tt.kept {
				if !there(s, name) {
					t.Errorf("%s is gone", name)
				}
			}
		})
	}
}

func there(s *ast.Schema, name string) bool {
	name = strings.TrimSuffix(name, ")")
	if holder, argument, ok := strings.Cut(name, "("); ok {
		return hasName(s, holder, argument)
	}
	if typeName, field, ok := strings.Cut(name, "."); ok {
		return hasName(s, typeName, field)
	}
	return s.Types[name] != nil
}

// TestAViewOfNothing has no schema.
func TestAViewOfNothing(t *testing.T) {
	v := newTable()
	v.acts["generateToken"] = true
	for _, f := range Full().Query.Fields {
		v.deny("Query." + f.Name)
	}
	s, err := prune(Full(), v.sight())
	if s != nil || schema.CodeOf(err) != schema.Forbidden {
		t.Errorf("got %v, %v", s, err)
	}
	if s, err := For(nil); s != nil || schema.CodeOf(err) != schema.Forbidden {
		t.Errorf("no view: got %v, %v", s, err)
	}
}

func BenchmarkView(b *testing.B) {
	for name, seed := range map[string]uint64{"much": 0, "little": 5} {
		v := randomTable(seed)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.without(b)
			}
		})
	}
}
