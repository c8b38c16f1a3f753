package engine_test

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
)

func TestNewNamesWhatCannotBeBound(t *testing.T) {
	root := &testgraph.Root{World: plainWorld()}
	whole := testgraph.NewExecutableSchema(testgraph.Config{Resolvers: root})
	with := func(change func(o *engine.Options)) engine.Options {
		o := options()
		change(&o)
		return o
	}
	tests := []struct {
		name string
		es   graphql.ExecutableSchema
		root any
		opts engine.Options
		want []string
	}{
		{
			"a type nobody returns", whole, root, with(func(o *engine.Options) { o.Types = nil }),
			[]string{"type Scrap: no resolver returns or takes it"},
		},
		{
			"a scalar nobody writes", whole, root, with(func(o *engine.Options) { o.Scalars = nil }),
			[]string{"Customer.balance: Decimal cannot be read from *decimal.Decimal", "Filter.amount", `Query.echo: argument "decimal"`, "Money.amount"},
		},
		{
			"wrong functions", whole, root, with(func(o *engine.Options) {
				o.Scalars["Decimal"] = engine.Scalar{Marshal: 1}
				o.Scalars["Time"] = engine.Scalar{Marshal: graphql.MarshalTime, Unmarshal: graphql.UnmarshalInt}
			}),
			[]string{"scalar Decimal: its Marshal must be", "scalar Time: its Unmarshal must be func(any) (time.Time, error)"},
		},
		{
			"no resolvers", whole,
			struct{}{},
			options(),
			[]string{"Query.customers: the resolver root has no resolver", "type Customer: no resolver returns or takes it"},
		},
		{
			"no root", whole, nil, options(), []string{"resolver root is nil"},
		},
		{
			"wrong types", whole, root, with(func(o *engine.Options) {
				o.Types = map[string]any{"Scrap": 1, "Node": nil, "Money": (*testgraph.Root)(nil)}
			}),
			[]string{"Scrap must be a nil pointer to a struct", "the schema has no object Node", "Money is world.Money here and testgraph.Root elsewhere"},
		},
		{
			"fields and arguments that do not fit", schemaOf(t, `
				scalar Upper
				type Query { version: Int! count(x: Int): Int! words: String! customer(id: Int!): Customer }
				type Customer { name: Int tags: String level: String nothing: Int greet(word: [String], times: Int): String }`),
			root, options(),
			[]string{
				"Query.version: Int! cannot be read from string", "Query.count: it has 1 arguments in the SDL and 0 in Go",
				"Query.words: String! cannot be read from []string", `Query.customer: argument "id": Int! cannot be read into string`,
				"Customer.name: Int cannot be read from *string", "Customer.tags: String cannot be read from []string",
				"Customer.level: String cannot be read from int", "Customer.nothing: world.Customer has no field or method for it",
				`Customer.greet: argument "word": [String] cannot be read into *string`,
			},
		},
		{
			"directives of the generated executor",
			withDirectives{only: schemaOf(t, `
				directive @auth on FIELD_DEFINITION | ARGUMENT_DEFINITION
				type Query { version: String! @auth count: Int! maybe: String @deprecated customer(id: ID! @auth): Customer }
				type Customer { name: String }`)},
			root, options(),
			[]string{"Query.version: the engine does not run the directive @auth", "Query.customer(id:): the engine does not run the directive @auth"},
		},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			_, err := engine.New(tt.es, tt.root, tt.opts)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in\n%s", want, err)
				}
			}
		})
	}
}

// only is an executable schema of which nothing but the schema is asked.
type only struct {
	graphql.ExecutableSchema
	schema *ast.Schema
}

func (o only) Schema() *ast.Schema { return o.schema }

// withDirectives looks like a generated one with a function for @auth.
type withDirectives struct {
	only
	Directives struct{ Auth func() }
}

func schemaOf(t *testing.T, sdl string) only {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "test.graphql", Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	return only{schema: s}
}
