package notes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Every language says everything, with the same placeholders and code words.
func TestLanguagesSayTheSame(t *testing.T) {
	want := sentences(english())
	for _, l := range Languages() {
		t.Run("case="+string(l), func(t *testing.T) {
			texts, err := textsOf(l)
			if err != nil {
				t.Fatal(err)
			}
			got := sentences(texts)
			for key, text := range want {
				switch other, ok := got[key]; {
				case !ok || strings.TrimSpace(other) == "":
					t.Errorf("%s is missing", key)
				case !slices.Equal(words(other), words(text)):
					t.Errorf("%s has %v, in English %v", key, words(other), words(text))
				}
			}
			for key := range got {
				if _, ok := want[key]; !ok {
					t.Errorf("%s is not in English", key)
				}
			}
		})
	}
}

var codeWords = regexp.MustCompile("`[^`]+`|%s|\\{[a-z]+\\}")

// words are the placeholders in a sentence and what stands in code marks, sorted
// since languages order their sentences differently.
func words(s string) []string {
	list := codeWords.FindAllString(s, -1)
	if !strings.Contains(s, "%s") { // the order of placeholders counts
		slices.Sort(list)
	}
	return slices.Compact(list)
}

// sentences lists all texts of a language by the name of their place.
func sentences(t *texts) map[string]string {
	out := map[string]string{}
	v := reflect.ValueOf(*t)
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		switch f.Kind() {
		case reflect.String:
			out[name] = f.String()
		case reflect.Slice:
			for k := range f.Len() {
				out[name+"."+string(rune('a'+k))] = f.Index(k).String()
			}
		case reflect.Map:
			for it := f.MapRange(); it.Next(); {
				key := name + "." + it.Key().String()
				if it.Value().Kind() == reflect.Array {
					out[key+".meaning"], out[key+".doing"] = it.Value().Index(0).String(), it.Value().Index(1).String()
				} else {
					out[key] = it.Value().String()
				}
			}
		default:
			panic("a text of kind " + f.Kind().String())
		}
	}
	return out
}

// The codes are those of schema/errors.go: all, and no other.
func TestCodesAreAll(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../schema/errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []schema.Code
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := s.Type.(*ast.Ident); ok && typ.Name == "Code" {
				want = append(want, schema.Code(strings.Trim(s.Values[0].(*ast.BasicLit).Value, `"`)))
			}
		}
		return true
	})
	if len(want) < 10 {
		t.Fatalf("errors.go has %v", want)
	}
	got := codes()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("codes are %v, want %v", got, want)
	}
	for _, c := range want {
		if english().codes[c] == [2]string{} {
			t.Errorf("nothing is said of %s", c)
		}
	}
	for _, k := range []policies.MaskKind{policies.MaskLast4, policies.MaskHash, policies.MaskDomain, policies.MaskYear, policies.MaskNull} {
		if english().maskKinds[string(k)] == "" {
			t.Errorf("nothing is said of the mask %s", k)
		}
	}
	for _, s := range statuses() {
		if english().statusTexts[s] == "" {
			t.Errorf("nothing is said of the status %s", s)
		}
	}
}
