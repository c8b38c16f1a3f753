package graph

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// judgement is what validation says of a document over a schema: the bytes of its
// errors.
func judgement(tb testing.TB, s *ast.Schema, query string, suggest bool) string {
	tb.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Name: "query", Input: query})
	if err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	set := rules.NewDefaultRules()
	if !suggest {
		set.ReplaceRule(rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
		set.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
		set.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
		set.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
		set.ReplaceRule(rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	}
	errs := validator.ValidateWithRules(s, doc, set)
	for _, e := range errs {
		// Of types that are equally near the library suggests the first five in the
		// order of a map: others each time it is asked.
		if at := strings.Index(e.Message, " Did you mean "); at > 0 && strings.HasPrefix(e.Message, "Unknown type") {
			for _, word := range strings.FieldsFunc(e.Message[at+len(" Did you mean "):], func(r rune) bool { return strings.ContainsRune(" ,?\"", r) }) {
				if word != "or" && s.Types[word] == nil {
					tb.Errorf("%s: %s is suggested", query, word)
				}
			}
			e.Message = e.Message[:at]
		}
	}
	out, err := json.Marshal(errs)
	if err != nil {
		tb.Fatal(err)
	}
	return string(out)
}

// probe asks for one name, in every way a document can.
type probe struct{ what, name, query string }

// probes are the ways to ask for everything a schema has and a view has not.
func probes(all, view *ast.Schema) []probe {
	var out []probe
	add := func(what, name, query string) { out = append(out, probe{what, name, query}) }
	below := func(t *ast.Type) string {
		if all.Types[t.Name()].IsCompositeType() {
			return " { __typename }"
		}
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(all.Types)) {
		d := all.Types[name]
		if system(name) || d.BuiltIn {
			continue
		}
		v := view.Types[name]
		if v == nil {
			add(name, name, "{ ... on "+name+" { __typename } }")
			add(name, name, "fragment F on "+name+" { __typename } { ...F }")
			add(name, name, "query($x: "+name+") { __typename @include(if: $x) }")
			add(name, name, "query($x: ["+name+"!]) { __typename @skip(if: $x) }")
			if name == "Mutation" {
				for _, f := range d.Fields {
					add(name+"."+f.Name, f.Name, "mutation { "+f.Name+below(f.Type)+" }")
				}
			}
			continue
		}
		for _, f := range d.Fields {
			if system(f.Name) || d.Kind == ast.InputObject {
				continue
			}
			vf := v.Fields.ForName(f.Name)
			if vf == nil {
				add(name+"."+f.Name, f.Name, "fragment F on "+name+" { "+f.Name+" } { ...F }")
				add(name+"."+f.Name, f.Name, "fragment F on "+name+" { a: "+f.Name+"(first: 1)"+below(f.Type)+" } { ...F }")
				continue
			}
			for _, a := range f.Arguments {
				if vf.Arguments.ForName(a.Name) == nil {
					add(name+"."+f.Name+"("+a.Name+")", a.Name, "fragment F on "+name+" { "+f.Name+"("+a.Name+": null)"+below(f.Type)+" } { ...F }")
				}
			}
		}
	}
	// Keys and values through every field that takes them.
	for _, d := range view.Types {
		for _, f := range d.Fields {
			for _, a := range f.Arguments {
				given := func(what, name, value string) {
					add(what, name, "fragment F on "+d.Name+" { "+f.Name+"("+a.Name+": "+value+")"+below(f.Type)+" } { ...F }")
				}
				input := all.Types[a.Type.Name()]
				for _, key := range input.Fields {
					if view.Types[input.Name].Fields.ForName(key.Name) == nil {
						given(input.Name+"."+key.Name, key.Name, "{"+key.Name+": {eq: \"x\"}}")
						given(input.Name+"."+key.Name, key.Name, "{and: [{not: {"+key.Name+": null}}]}")
					}
					for _, value := range all.Types[key.Type.Name()].EnumValues {
						if e := view.Types[key.Type.Name()]; e != nil && e.EnumValues.ForName(value.Name) == nil {
							given(e.Name+"."+value.Name, value.Name, "{"+key.Name+": "+value.Name+"}")
						}
					}
				}
			}
		}
	}
	return out
}

// never is a name of the same length that no schema has, and that resembles none.
func never(name string) string {
	if name[0] >= 'A' && name[0] <= 'Z' {
		return strings.Repeat("Q", len(name))
	}
	return strings.Repeat("q", len(name))
}

// TestDeniedIsUnknown holds that a document which asks for something denied gets
// the same bytes as one that asks for what never existed: with the name put in its
// place when suggestions are off; and, suggestions and all, as over a schema that
// never had it.
func TestDeniedIsUnknown(t *testing.T) {
	all := Public()
	asked := map[string]bool{}
	for seed := range uint64(8) {
		view := randomTable(seed).without(t)
		born, _ := printed(t, view)
		for _, p := range probes(all, view) {
			asked[p.what] = true
			if len(p.name) > 2 {
				got := judgement(t, view, p.query, false)
				substitute := regexp.MustCompile(`\b`+p.name+`\b`).ReplaceAllString(p.query, never(p.name))
				want := strings.ReplaceAll(judgement(t, view, substitute, false), never(p.name), p.name)
				if got != want || got == "null" {
					t.Fatalf("seed %d: %s\n got %s\nwant %s", seed, p.query, got, want)
				}
			}
			got, want := judgement(t, view, p.query, true), judgement(t, born, p.query, true)
			if got != want {
				t.Fatalf("seed %d: %s\n got %s\nwant %s", seed, p.query, got, want)
			}
		}
	}
	for name, d := range all.Types {
		if system(name) || d.BuiltIn || d.Kind == ast.InputObject || name == "PageInfo" || name == "Money" || name == "Query" {
			continue
		}
		for _, f := range d.Fields {
			if !asked[name+"."+f.Name] && !asked[name] && name+"."+f.Name != "Me.account" { // which every random view has
				t.Errorf("nobody asked for %s.%s", name, f.Name)
			}
		}
	}
	if len(asked) < 350 {
		t.Errorf("only %d names were asked for", len(asked))
	}
}

const wholeIntrospection = `{ __schema {
	queryType { name } mutationType { name } subscriptionType { name }
	types { kind name description specifiedByURL
		fields(includeDeprecated: true) { name description args { name description type { ...T } defaultValue } type { ...T } }
		inputFields { name description type { ...T } defaultValue }
		interfaces { name } possibleTypes { name }
		enumValues(includeDeprecated: true) { name description } }
	directives { name description locations args { name type { ...T } } }
} }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`

// introspect runs an introspection query over a view, as the generated executor
// does it for the engine.
func introspect(t *testing.T, s *ast.Schema, query string) string {
	t.Helper()
	exec := executor.New(NewExecutableSchema(Config{Schema: s}))
	ctx := graphql.StartOperationTrace(context.Background())
	oc, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	oc.DisableIntrospection = false
	handler, ctx := exec.DispatchOperation(ctx, oc)
	resp := handler(ctx)
	if len(resp.Errors) > 0 {
		t.Fatal(resp.Errors)
	}
	return string(resp.Data)
}

// TestIntrospectionIsTheViews holds that introspection of a view says what it says
// of a schema that never had what is denied, and finds no type that is gone.
func TestIntrospectionIsTheViews(t *testing.T) {
	all := Public()
	for seed := range uint64(8) {
		view := randomTable(seed).without(t)
		born, _ := printed(t, view)
		if got, want := introspect(t, view, wholeIntrospection), introspect(t, born, wholeIntrospection); got != want {
			t.Fatalf("seed %d:\n got %s\nwant %s", seed, got, want)
		}
		var names []string
		for name := range all.Types {
			if view.Types[name] == nil {
				names = append(names, name)
			}
		}
		for chunk := range slices.Chunk(names, 20) {
			var q strings.Builder
			q.WriteString("{")
			for _, name := range chunk {
				q.WriteString(" " + name + `: __type(name: "` + name + `") { name kind fields { name } }`)
			}
			q.WriteString(" }")
			if got := introspect(t, view, q.String()); strings.Count(got, ":null") != len(chunk) {
				t.Fatalf("seed %d: %s", seed, got)
			}
		}
	}
}

// TestDeniedIsUnknownInVariables is the same for keys and values that come in
// variables.
func TestDeniedIsUnknownInVariables(t *testing.T) {
	all := Public()
	asked := 0
	for seed := range uint64(24) {
		view := randomTable(seed).without(t)
		read := func(typeName string, value any) string {
			doc, err := parser.ParseQuery(&ast.Source{Name: "query", Input: "query($x: " + typeName + ") { __typename }"})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range doc.Operations[0].VariableDefinitions {
				v.Definition = view.Types[typeName]
			}
			_, err = validator.VariableValues(view, doc.Operations[0], map[string]any{"x": value})
			if err == nil {
				t.Fatalf("seed %d: %v is a %s", seed, value, typeName)
			}
			return err.Error()
		}
		same := func(typeName, name string, value func(name string) any) {
			asked++
			got, want := read(typeName, value(name)), strings.ReplaceAll(read(typeName, value(never(name))), never(name), name)
			if got != want {
				t.Errorf("seed %d: got %s, want %s", seed, got, want)
			}
		}
		for name, v := range view.Types {
			for _, key := range all.Types[name].Fields {
				if v.Kind == ast.InputObject && v.Fields.ForName(key.Name) == nil && name != "AgreementInput" {
					same(name, key.Name, func(n string) any { return map[string]any{n: map[string]any{"eq": "x"}} })
				}
			}
			for _, value := range all.Types[name].EnumValues {
				if v.EnumValues.ForName(value.Name) == nil {
					same(name, value.Name, func(n string) any { return n })
				}
			}
		}
	}
	if asked < 300 {
		t.Errorf("only %d were asked for", asked)
	}
}
