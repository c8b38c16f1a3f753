package guard_test

import (
	"errors"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

var sdl = gqlparser.MustLoadSchema(&ast.Source{Name: "test.graphql", Input: `
	type Query { customers(first: Int): CustomerPage words(first: Int): [String!] a: String b: String }
	type CustomerPage { nodes: [Customer!]! pageInfo: PageInfo! totalCount: Int }
	type PageInfo { hasNextPage: Boolean! }
	type Customer { id: ID! name: String tickets(first: Int): TicketPage parent: Customer }
	type TicketPage { nodes: [Ticket!]! pageInfo: PageInfo! totalCount: Int }
	type Ticket { id: ID! customer: Customer }
`})

// TestWholeLists holds that only the root's lists may be read to their end, only where
// that is granted, and that the pages below them and what they cost are bounded still.
func TestWholeLists(t *testing.T) {
	granted := guard.DefaultLimits
	granted.Whole = true
	for _, tt := range []struct {
		name, query string
		limits      guard.Limits
		want        schema.Code
	}{
		{"granted", `{ customers { nodes { name tickets { nodes { id } } } } }`, granted, ""},
		{"not granted", `{ customers { nodes { name } } }`, guard.DefaultLimits, schema.BadRequest},
		{"a page that is declared", `{ customers(first: 1001) { nodes { name } } }`, granted, schema.BadRequest},
		{"a page below", `{ customers { nodes { tickets(first: 2147483647) { nodes { id } } } } }`, granted, schema.BadRequest},
		{"what each row costs", `{ customers { nodes { tickets(first: 1000) { nodes { customer { tickets(first: 1000) { totalCount } } } } } } }`, granted, schema.TooCostly},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			doc, errs := gqlparser.LoadQuery(sdl, tt.query) //nolint:staticcheck // the rules are the default ones
			if errs != nil {
				t.Fatal(errs)
			}
			p, err := plan.Of(sdl, doc.Operations[0], nil, plan.Options{Whole: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := guard.Check(p, tt.limits); schema.CodeOf(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		query  string
		limits guard.Limits
		code   schema.Code
		want   string
	}{
		{name: "within the defaults", query: `{ customers { nodes { name tickets(first: 20) { nodes { id } } } } }`, limits: guard.DefaultLimits},
		{name: "no limits", query: `{ customers(first: 100000) { nodes { x: name } } a b }`},
		{
			name: "depth reached", query: `{ customers { nodes { parent { parent { name } } } } }`, limits: guard.Limits{Depth: 5},
		},
		{
			name: "too deep", query: `{ customers { nodes { parent { parent { name } } } } }`, limits: guard.Limits{Depth: 4},
			code: schema.Limited, want: "the operation is 5 fields deep, the limit is 4",
		},
		{
			name: "depth hidden in fragments", query: `{ ...F } fragment F on Query { customers { ...G } } fragment G on CustomerPage { nodes { ... { name } } }`,
			limits: guard.Limits{Depth: 2}, code: schema.Limited, want: "the operation is 3 fields deep, the limit is 2",
		},
		{
			name: "introspection is not deep", query: `{ __schema { types { fields { type { ofType { name } } } } } }`, limits: guard.Limits{Depth: 2},
		},
		{
			name: "too many aliases", query: `{ x: a y: a z: b a }`, limits: guard.Limits{Aliases: 2},
			code: schema.Limited, want: "the operation has 3 aliases, the limit is 2",
		},
		{
			name: "aliases inside introspection", query: `{ __schema { x: types { name } y: types { name } } }`, limits: guard.Limits{Aliases: 1},
			code: schema.Limited, want: "the operation has 2 aliases, the limit is 1",
		},
		{
			name: "too many root fields", query: `{ a b customers { totalCount } }`, limits: guard.Limits{RootFields: 2},
			code: schema.Limited, want: "the operation has 3 root fields, the limit is 2",
		},
		{
			name: "too many fields", query: `{ customers { nodes { id name } } a }`, limits: guard.Limits{Nodes: 4},
			code: schema.TooCostly, want: "the operation asks for 5 fields, the limit is 4",
		},
		{
			name: "page too large", query: `{ customers { nodes { tickets(first: 1001) { totalCount } } } }`, limits: guard.DefaultLimits,
			code: schema.BadRequest, want: `argument "first" of Customer.tickets is 1001, the limit is 1000`,
		},
		{
			name: "page at the limit", query: `{ customers(first: 1000) { totalCount } }`, limits: guard.DefaultLimits,
		},
		{
			name: "negative page", query: `{ customers(first: -1) { totalCount } }`, limits: guard.DefaultLimits,
			code: schema.BadRequest, want: `argument "first" of Query.customers is -1, it cannot be negative`,
		},
		{
			name: "negative page is refused without limits", query: `{ customers(first: -1) { totalCount } }`,
			code: schema.BadRequest, want: `argument "first" of Query.customers is -1, it cannot be negative`,
		},
		{
			name: "a list of leaves has a page too", query: `{ words(first: 5000) }`, limits: guard.DefaultLimits,
			code: schema.BadRequest, want: `argument "first" of Query.words is 5000, the limit is 1000`,
		},
		{
			name: "too costly", query: `{ customers(first: 1000) { nodes { tickets(first: 1000) { nodes { id } } } } }`, limits: guard.DefaultLimits,
			code: schema.TooCostly, want: "the operation costs 1001000, the limit is 1000000: ask for smaller pages or fewer relations",
		},
		{
			name:   "cost does not wrap around",
			query:  `{ customers(first: 1000000) { nodes { tickets(first: 1000000) { nodes { customer { tickets(first: 1000000) { nodes { customer { tickets(first: 1000000) { totalCount } } } } } } } } } }`,
			limits: guard.Limits{Cost: 10}, code: schema.TooCostly,
			want: "the operation costs 9223372036854775807, the limit is 10: ask for smaller pages or fewer relations",
		},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			doc, errs := gqlparser.LoadQuery(sdl, tt.query) //nolint:staticcheck // the rules are the default ones
			if errs != nil {
				t.Fatal(errs)
			}
			p, err := plan.Of(sdl, doc.Operations[0], nil, plan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = guard.Check(p, tt.limits)
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want none", err)
				}
				return
			}
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != tt.code || e.Message != tt.want {
				t.Errorf("got %v (%s), want %s (%s)", err, schema.CodeOf(err), tt.want, tt.code)
			}
		})
	}
}
