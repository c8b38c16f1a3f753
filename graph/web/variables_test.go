package web

import (
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

func TestFitInts(t *testing.T) {
	op := &ast.OperationDefinition{VariableDefinitions: ast.VariableDefinitionList{{Variable: "n", Type: ast.NamedType("Int", nil)}, {Variable: "s", Type: ast.NamedType("String", nil)}}}
	for _, c := range []struct {
		name  string
		value any
		fits  bool
	}{
		{"a number", json.Number("5"), true},
		{"the least", json.Number("-2147483648"), true},
		{"the largest", json.Number("2147483647"), true},
		{"one more", json.Number("2147483648"), false},
		{"far more", json.Number("99999999999"), false},
		{"a fraction", json.Number("2.5"), false},
		{"an exponent", json.Number("1e2"), false},
		{"a number of this process", int64(7), true},
		{"one that is too large", int64(1) << 40, false},
		{"a text", "2", false},
		{"a truth value", true, false},
		{"null", nil, true}, // the validator says whether it may be
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if err := fitInts(op, map[string]any{"n": c.value, "s": "x"}); (err == nil) != c.fits {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := fitInts(op, nil); err != nil {
		t.Errorf("without it: %v", err)
	}
}
