package policies_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
)

func TestGraphFields(t *testing.T) {
	g := newGraph(t)
	for _, c := range []struct {
		name, typeName, field string
		want                  bool
	}{
		{"a field", "Order", "total", true},
		{"a key", "Order", "id", true},
		{"a root field", "Query", "orders", true},
		{"a mutation", "Mutation", "disableToken", true},
		{"of a type without a key", "OrderLine", "sku", true},
		{"of a value", "Money", "amount", false},
		{"of the page's place", "PageInfo", "hasNextPage", false},
		{"of a page", "OrderPage", "totalCount", false},
		{"of an edge", "OrderEdge", "node", false},
		{"of an interface", "Node", "id", false},
		{"introspection", "Query", "__schema", false},
		{"of introspection", "__Type", "name", false},
		{"of an input", "OrderFilter", "status", false},
		{"unknown field", "Order", "margin", false},
		{"unknown type", "Margin", "id", false},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			id, ok := g.Field(c.typeName, c.field)
			if ok != c.want {
				t.Fatalf("got %t", ok)
			}
			if typeName, field := g.Name(id); ok && (typeName != c.typeName || field != c.field) {
				t.Errorf("its name is %s.%s", typeName, field)
			}
		})
	}
	for i := range g.Len() {
		id := policies.FieldID(i)
		if back, ok := g.Field(g.Name(id)); !ok || back != id {
			t.Errorf("field %d is found as %d", i, back)
		}
	}
}

func TestGraphEntities(t *testing.T) {
	g := newGraph(t)
	for name, want := range map[string]bool{"Order": true, "Customer": true, "OrderLine": false, "Article": false, "Money": false, "Query": false, "Token": false, "Nothing": false} {
		if got := g.IsEntity(name); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestGraphReads(t *testing.T) {
	g := newGraph(t)
	for _, c := range []struct{ name, holder, key, want string }{
		{"a key of a filter", "OrderFilter", "status", "Order.status"},
		{"a value of an order", "OrderOrderField", "UPDATED_AT", "Order.updatedAt"},
		{"an argument", "Query.customer", "taxId", "Customer.taxId"},
		{"an argument of another type", "Query.customer", "sourceId", "CustomerMember.recordId"},
		{"a number", "Query.order", "number", "Order.number"},
		{"and", "OrderFilter", "and", ""},
		{"a page size", "Query.orders", "first", ""},
		{"an id", "Query.order", "id", ""},
		{"the direction", "OrderOrderBy", "direction", ""},
		{"nothing", "Nothing", "x", ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got := ""
			if id, ok := g.Reads(c.holder, c.key); ok {
				typeName, field := g.Name(id)
				got = typeName + "." + field
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

const smallSDL = `
directive @reads(field: String!) on INPUT_FIELD_DEFINITION | ENUM_VALUE | ARGUMENT_DEFINITION
directive @value on OBJECT
interface Node { id: ID! }
type Query { thing(name: String @reads(field: "name")): Thing  things(filter: ThingFilter, orderBy: ThingOrderField): ThingPage }
type Thing implements Node { id: ID!  name: String  label: String!  size: Size  parts: [Part!] }
type Part { name: String }
type Size @value { height: Int }
type ThingPage { nodes: [Thing!]! pageInfo: PageInfo! }
type PageInfo @value { hasNextPage: Boolean! }
input ThingFilter { and: [ThingFilter!] name: StringFilter @reads(field: "name") }
input StringFilter { eq: String }
enum ThingOrderField { NAME @reads(field: "name") }
`

func TestGraphMistakes(t *testing.T) {
	for _, c := range []struct{ name, old, to, want string }{
		{"none", "", "", ""},
		{"a filter that reads nothing", `name: StringFilter @reads(field: "name")`, `name: StringFilter`, "ThingFilter.name: has no @reads"},
		{"an order that reads nothing", `NAME @reads(field: "name")`, `NAME`, "ThingOrderField.NAME: has no @reads"},
		{"a filter of an unknown field", `StringFilter @reads(field: "name")`, `StringFilter @reads(field: "nmae")`, "ThingFilter.name: @reads names Thing.nmae, which is no field with policies"},
		{"an order of an unknown field", `NAME @reads(field: "name")`, `NAME @reads(field: "Part.x")`, "ThingOrderField.NAME: @reads names Part.x, which is no field with policies"},
		{"an argument of an unknown field", `String @reads(field: "name")`, `String @reads(field: "x")`, "Query.thing.name: @reads names Thing.x, which is no field with policies"},
		{"a filter of a value", `StringFilter @reads(field: "name")`, `StringFilter @reads(field: "Size.height")`, "ThingFilter.name: @reads names Size.height, which is no field with policies"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			_, err := policies.NewGraph(small(t, c.old, c.to))
			if got := message(err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func small(t testing.TB, old, to string) *ast.Schema {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Input: replaceOnce(t, smallSDL, old, to)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A field that is never null cannot be masked: a mask may give null.
func TestMaskOfWhatIsNeverNull(t *testing.T) {
	g, err := policies.NewGraph(small(t, "", ""))
	if err != nil {
		t.Fatal(err)
	}
	_, err = policies.Open(t.Context(), policies.Options{Graph: g, Shipped: dir("p.json", masked("mask:hash", "graph:Thing.label"))})
	if want := `shipped/p.json: policies[0].resources[0] (policy "x"): mask:hash: Thing.label is never null, and a mask may give null`; message(err) != want {
		t.Errorf("got %v", err)
	}
}
