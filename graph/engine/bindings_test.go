package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
)

// The ways to bind a field that gqlgen allows and the test graph does not use.
const bindingsSDL = `
	directive @goField(name: String) on FIELD_DEFINITION
	scalar Any
	scalar Map
	type Query { all: [Thing!] one: Thing! }
	type Thing {
		small: Int! short: Int! middle: Int! long: Int! byte: Int! word: Int! wide: Int! huge: Int! unsigned: Int!
		number: ID! positive: ID! real: Float! nan: Float any: Any map: Map none: Map
		inner: String missing: String waiting(for: String): String! list: [Int!] noList: [Int!]
		renamed: String @goField(name: "GoName") other_Name: String value: Int!
	}`

type embedded struct{ Inner, Missing *string }

type thing struct {
	*embedded
	Small     int8
	Short     int16
	Middle    int32
	Long      int64
	Byte      uint8
	Word      uint16
	Wide      uint32
	Huge      uint64
	Unsigned  uint
	Number    int
	Positive  uint
	Real      float64
	NaN       float64
	Any       any
	Map       map[string]any
	None      map[string]any
	List      *[]int
	NoList    *[]int
	GoName    string
	Othername string
}

// Waiting takes a context, so it is called like a resolver.
func (t *thing) Waiting(ctx context.Context, reason *string) (string, error) {
	if n := plan.From(ctx); n == nil || n.Field != "waiting" {
		return "", errors.New("no node")
	}
	return "waited for " + *reason, nil
}

type bindingsQuery interface {
	All(ctx context.Context) ([]thing, error)
	One(ctx context.Context) (*thing, error)
}

type bindingsThing interface {
	Value(ctx context.Context, obj thing) (int, error)
}

type bindingsRoot struct{ things []thing }

func (r bindingsRoot) Query() bindingsQuery                          { return r }
func (r bindingsRoot) Thing() bindingsThing                          { return r }
func (r bindingsRoot) All(context.Context) ([]thing, error)          { return r.things, nil }
func (r bindingsRoot) One(context.Context) (*thing, error)           { return &r.things[0], nil }
func (r bindingsRoot) Value(_ context.Context, t thing) (int, error) { return int(t.Small) + 1, nil }

func TestBindings(t *testing.T) {
	root := bindingsRoot{things: []thing{{
		embedded: &embedded{Inner: ptr("in")},
		Small:    -8, Short: -16, Middle: -32, Long: math.MinInt64, Byte: 8, Word: 16, Wide: 32, Huge: math.MaxUint64, Unsigned: 1,
		Number: 5, Positive: 6, Real: 1e21, NaN: math.NaN(), Any: []any{1, "x", nil}, Map: map[string]any{"k": 1.5},
		List: &[]int{1, 2}, GoName: "renamed", Othername: "other",
	}, {}}}
	es := schemaOf(t, bindingsSDL)
	e, err := engine.New(es, root, engine.Options{Present: transparent, Recover: recovered})
	if err != nil {
		t.Fatal(err)
	}
	fields := `small short middle long byte word wide huge unsigned number positive real nan any map none
		inner missing waiting(for: "it") list noList renamed other_Name value`
	doc, errs := gqlparser.LoadQuery(es.schema, `{ one { `+fields+` } all { inner value waiting(for: "all") } }`) //nolint:staticcheck // the rules are the default ones
	if errs != nil {
		t.Fatal(errs)
	}
	vars, err := validator.VariableValues(es.schema, doc.Operations[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Of(es.schema, doc.Operations[0], vars, plan.Options{Relations: e.Relation})
	if err != nil {
		t.Fatal(err)
	}
	res := e.Run(t.Context(), &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}, p)
	want := `{"one":{"small":-8,"short":-16,"middle":-32,"long":-9223372036854775808,"byte":8,"word":16,"wide":32,"huge":18446744073709551615,"unsigned":1,` +
		`"number":"5","positive":"6","real":1e+21,"nan":null,"any":[1,"x",null],"map":{"k":1.5},"none":null,` +
		`"inner":"in","missing":null,"waiting":"waited for it","list":[1,2],"noList":null,"renamed":"renamed","other_Name":"other","value":-7},` +
		`"all":[{"inner":"in","value":-7,"waiting":"waited for all"},{"inner":null,"value":1,"waiting":"waited for all"}]}`
	got := string(res.AppendData(nil))
	if got != want || !json.Valid([]byte(got)) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	var texts []string
	for _, err := range res.Errors() {
		texts = append(texts, err.Path.String()+": "+err.Message)
	}
	wantErrors := "one.nan: cannot marshal infinite no NaN float values\nall[1].inner: reflect: indirection through nil pointer to embedded struct field embedded"
	if got := strings.Join(texts, "\n"); got != wantErrors {
		t.Errorf("errors\n%s\nwant\n%s", got, wantErrors)
	}
}
