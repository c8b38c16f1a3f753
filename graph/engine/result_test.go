package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/schema"
)

func TestResultAsJSON(t *testing.T) {
	r := newRig(t, plainWorld())
	r.root.World.Customers[0].Label = nil
	oc, p := r.ready(t, "{\n version customer(id: 1) { label }\n}", nil)
	res := r.engine.Run(t.Context(), oc, p)
	res.SetExtension("trama", map[string]any{"calls": 1})
	want := `{"data":{"version":"1","customer":null},` +
		`"errors":[{"message":"must not be null","path":["customer","label"],"locations":[{"line":2,"column":28}],"extensions":{"code":"INTERNAL"}}],` +
		`"extensions":{"trama":{"calls":1}}}`
	if got := string(res.AppendJSON(nil)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	var b bytes.Buffer
	if err := res.Write(&b, nil); err != nil || !bytes.Equal(b.Bytes(), res.AppendJSON(nil)) {
		t.Errorf("wrote %s: %v", b.String(), err)
	}
	if !bytes.Equal(res.AppendJSON([]byte("x"))[1:], b.Bytes()) {
		t.Error("it does not append")
	}
}

func TestPresent(t *testing.T) {
	asOf := time.Date(2026, 3, 4, 8, 15, 0, 0, time.UTC)
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"no code", errors.New("secret: host 10.0.0.1"), "internal error map[code:INTERNAL]"},
		{"a code, wrapped", fmt.Errorf("list: %w", schema.Errorf(schema.Limited, "too many")), "too many map[code:LIMITED]"},
		{
			"a source", schema.SourceErrorf(schema.SourceTimeout, "crm", "crm did not answer"),
			"crm did not answer map[code:SOURCE_TIMEOUT retryable:true source:crm]",
		},
		{
			"old data", &schema.Error{Code: schema.SourceUnavailable, Source: "crm", Message: "m", AsOf: asOf},
			"m map[asOf:2026-03-04T08:15:00Z code:SOURCE_UNAVAILABLE retryable:false source:crm]",
		},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			g := engine.Present(context.Background(), &gqlerror.Error{Err: tt.err, Message: tt.err.Error(), Path: ast.Path{ast.PathName("x")}})
			if got := fmt.Sprint(g.Message, " ", g.Extensions); got != tt.want || g.Path.String() != "x" {
				t.Errorf("got %s at %s, want %s", got, g.Path, tt.want)
			}
		})
	}
}

// TestDefaultsHideText runs without a presenter: what a panic said stays inside.
func TestDefaultsHideText(t *testing.T) {
	root := &testgraph.Root{World: plainWorld()}
	root.World.Force = map[string]int{"Query.version/": int(world.Panics)}
	es := testgraph.NewExecutableSchema(testgraph.Config{Resolvers: root})
	opts := options()
	opts.Present, opts.Recover = nil, nil
	e, err := engine.New(es, root, opts)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, root.World)
	r.engine = e
	oc, p := r.ready(t, `{ version }`, nil)
	want := `{"data":null,"errors":[{"message":"internal error","path":["version"],"locations":[{"line":1,"column":3}],"extensions":{"code":"INTERNAL"}}]}`
	if got := string(e.Run(t.Context(), oc, p).AppendJSON(nil)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestAppendString holds the quick writer against gqlgen's.
func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var want bytes.Buffer
		graphql.MarshalString(s).MarshalGQL(&want)
		if got := engine.AppendString(nil, s); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("got %s want %s", got, want.Bytes())
		}
	})
}

// TestScalars writes the same values by functions with and without the quick
// form.
func TestScalars(t *testing.T) {
	upper := func(s string) graphql.Marshaler {
		if s == "" {
			return graphql.Null
		}
		return graphql.MarshalString(strings.ToUpper(s))
	}
	quick := func(b []byte, s string) []byte {
		if s == "" {
			return b
		}
		return engine.AppendString(b, strings.ToUpper(s))
	}
	for name, s := range map[string]engine.Scalar{
		"marshal":        {Marshal: upper, Unmarshal: graphql.UnmarshalString},
		"append":         {Marshal: upper, Unmarshal: graphql.UnmarshalString, Append: quick},
		"generic":        engine.ScalarOf(upper, graphql.UnmarshalString, nil),
		"generic append": engine.ScalarOf(upper, graphql.UnmarshalString, quick),
	} {
		t.Run("case="+name, func(t *testing.T) {
			w := plainWorld()
			w.Customers[0].Label = ptr("")
			w.Customers[0].Tags = []string{"a", "b"}
			root := &testgraph.Root{World: w}
			opts := options()
			opts.Scalars["String"] = s
			e, err := engine.New(testgraph.NewExecutableSchema(testgraph.Config{Resolvers: root}), root, opts)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, w)
			r.engine = e
			oc, err := r.prepare(`{ customer(id: 1) { name tags color } bad: customer(id: 1) { label } }`, nil)
			if err != nil {
				t.Fatal(err)
			}
			w.Customers[0].Color = ptr(world.Color("red"))
			got, err := r.runEngine(t.Context(), oc)
			if err != nil {
				t.Fatal(err)
			}
			if want := `{"customer":{"name":"ANA","tags":["A","B"],"color":"RED"},"bad":null}`; got.data != want {
				t.Errorf("got %s\nwant %s", got.data, want)
			}
			if want := "bad.label [] must not be null"; strings.Join(got.errors, "\n") != want {
				t.Errorf("errors are %v", got.errors)
			}
		})
	}
}
