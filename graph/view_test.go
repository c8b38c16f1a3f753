package graph_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
	"github.com/trama-graph/trama/schema"
)

// partner is a package with a field of every kind: whole, masked, on some rows,
// searched by or not.
const partner = `{"package": "partner", "titles": {"en": "A partner", "fr": "Un partenaire", "ro": "Un partener", "pt": "Um parceiro"}, "claims": ["customer"],
"policies": [
	{"id": "partner-roots", "description": "what he asks", "subjects": ["package:partner"], "effect": "allow", "actions": ["read"],
	 "resources": ["graph:Query.<me|node|order|orders>", "graph:Me.<account|packages>"]},
	{"id": "partner-orders", "description": "orders", "subjects": ["package:partner"], "effect": "allow", "actions": ["read"],
	 "resources": ["graph:Order.<id|number|total|date|customer>", "graph:Customer.id"]},
	{"id": "partner-status", "description": "the status of his own", "subjects": ["package:partner"], "effect": "allow", "actions": ["read"],
	 "resources": ["graph:Order.status"], "conditions": {"row.customerId": {"type": "EqualsClaimCondition", "options": {"claim": "customer"}}}},
	{"id": "partner-masks", "description": "masked", "subjects": ["package:partner"], "effect": "allow", "actions": ["mask:last4"],
	 "resources": ["graph:Order.customerReference", "graph:Customer.taxId"]}
]}`

func open(t *testing.T, shipped fstest.MapFS) *policies.Engine {
	t.Helper()
	g, err := policies.NewGraph(graph.Full())
	if err != nil {
		t.Fatal(err)
	}
	o := policies.Options{Graph: g, Shipped: packages.FS, Scopes: map[string]string{"shop": "shop", "carrier": "carrier", "supplier": "supplier"}}
	if shipped != nil {
		o.Shipped = shipped
	}
	e, err := policies.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func access(t *testing.T, e *policies.Engine, p *policies.Principal) *policies.Access {
	t.Helper()
	v, err := e.View(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return &policies.Access{Principal: p, View: v, Masker: policies.NewMasker([]byte("0123456789abcdef0123456789abcdef"))}
}

func TestForAPartner(t *testing.T) {
	e := open(t, fstest.MapFS{"partner.json": {Data: []byte(partner)}})
	a := access(t, e, &policies.Principal{TokenID: "t", Account: "a", Packages: []string{"partner"}, Claims: map[string]string{"customer": "c1"}})
	s, err := graph.For(a.View)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Query.orders", "Order.status", "Order.customerReference", "Customer.taxId", "OrderFilter.number", "OrderOrderField.TOTAL", "Node", "Money"} {
		if !has(s, name) {
			t.Errorf("%s is gone", name)
		}
	}
	for _, name := range []string{"Order.net", "OrderFilter.status", "OrderFilter.source", "Query.customers", "Query.customer", "CustomerFilter", "Mutation", "Invoice", "Agreement", "Me.agreement", "OrderOrderField.UPDATED_AT"} {
		if has(s, name) {
			t.Errorf("%s is there", name)
		}
	}
	p := planned(t, s, `{ orders(filter: {number: {eq: "x"}}) { nodes { number status customerReference customer { taxId } } } }`)
	if err := guard.Access(p, a); err != nil {
		t.Fatal(err)
	}
	order := p.Roots[0].Children[0].Children
	if got := order[0].Police; got != nil {
		t.Errorf("number is policed: %+v", got)
	}
	if got := order[1].Police; got == nil || !got.Row || !got.Customer || got.Full.Key() != schema.Compare(policies.CustomerColumn, schema.Eq, schema.String("c1")).Key() {
		t.Errorf("status is policed by %+v", got)
	}
	if got := order[2].Police; got == nil || got.Row || got.Mask("ABCDEF123") == "ABCDEF123" || !strings.HasSuffix(got.Mask("ABCDEF123"), "F123") {
		t.Errorf("customerReference is policed by %+v", got)
	}
	if got, want := strings.Join(p.Roots[0].Columns, " "), "customer customerReference number status"; got != want {
		t.Errorf("orders are asked with %s, want %s", got, want)
	}
	// What the view's schema refuses, the guard refuses of a plan that was made over
	// the whole schema.
	for _, query := range []string{
		`{ orders { nodes { net { amount } } } }`, `{ orders(filter: {status: {eq: "x"}}) { nodes { id } } }`, `{ customers { nodes { id } } }`,
		`{ customer(taxId: "1") { id } }`, `{ node(id: "1") { ... on Invoice { number } } }`, `mutation { reloadPolicies { version } }`,
		`{ orders(orderBy: {field: UPDATED_AT}) { nodes { id } } }`,
	} {
		if err := guard.Access(planned(t, graph.Public(), query), a); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestForNobody: a token without packages has no schema.
func TestForNobody(t *testing.T) {
	e := open(t, fstest.MapFS{"partner.json": {Data: []byte(partner)}})
	a := access(t, e, &policies.Principal{TokenID: "t", Account: "a"})
	if s, err := graph.For(a.View); s != nil || schema.CodeOf(err) != schema.Forbidden {
		t.Errorf("got %v", err)
	}
}

// TestForThePackages holds that the view of each shipped package is a schema that
// shows what the view says and nothing else.
func TestForThePackages(t *testing.T) {
	e := open(t, nil)
	principals := map[string]*policies.Principal{"role root": {TokenID: "t", Account: "a", Role: "root"}}
	for _, name := range e.PackageNames() {
		principals[name] = &policies.Principal{TokenID: "t", Account: "a", Role: "member", Packages: []string{name}, Claims: map[string]string{"customer": "c", "shop": "s", "carrier": "k", "supplier": "v"}}
	}
	for name, p := range principals {
		t.Run("case="+name, func(t *testing.T) {
			v := access(t, e, p).View
			s, err := graph.For(v)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			formatter.NewFormatter(&b).FormatSchema(s)
			if _, err := gqlparser.LoadSchema(&ast.Source{Input: b.String()}); err != nil {
				t.Fatal(err)
			}
			shown := 0
			for _, d := range s.Types {
				for _, f := range d.Fields {
					if id, ok := v.Graph().Field(d.Name, f.Name); ok {
						shown++
						if v.Verdict(id) == policies.Deny {
							t.Errorf("%s.%s is there", d.Name, f.Name)
						}
					}
				}
			}
			for id := range v.Graph().Len() {
				typeName, field := v.Graph().Name(policies.FieldID(id))
				if v.Verdict(policies.FieldID(id)) != policies.Deny && !has(s, typeName+"."+field) && s.Types[typeName] != nil {
					t.Errorf("%s.%s is granted and gone", typeName, field)
				}
			}
			t.Logf("%d fields, %d types", shown, len(s.Types))
		})
	}
}

func has(s *ast.Schema, name string) bool {
	typeName, member, ok := strings.Cut(name, ".")
	d := s.Types[typeName]
	return d != nil && (!ok || d.Fields.ForName(member) != nil || d.EnumValues.ForName(member) != nil)
}

func planned(t *testing.T, s *ast.Schema, query string) *plan.Plan {
	t.Helper()
	doc, errs := gqlparser.LoadQuery(s, query) //nolint:staticcheck // the rules are the default ones
	if errs != nil {
		t.Fatal(errs)
	}
	g, err := policies.NewGraph(graph.Full())
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Of(s, doc.Operations[0], nil, plan.Options{Reads: guard.Reads(g), Sensitive: graph.Sensitive()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSensitive: what is marked is found, wherever it is read.
func TestSensitive(t *testing.T) {
	p := planned(t, graph.Public(), `{ customers(filter: {or: [{email: {eq: "x"}}]}) { nodes { name phone } } order(number: "1") { id } }`)
	if got, want := strings.Join(p.Sensitive, " "), "Customer.email Customer.phone"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
