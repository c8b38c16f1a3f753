package plan_test

import (
	"slices"
	"testing"

	"github.com/trama-graph/trama/graph/plan"
)

func TestConditions(t *testing.T) {
	s := load(t)
	op, _ := operation(t, s, `query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean = true, $n: Int) {
		customers(first: $n) @skip(if: $b) { nodes { id ... on Customer @include(if: $a) { name ...F @include(if: true) } } }
	}
	fragment F on Customer { taxId @include(if: $c) manager @skip(if: $b) { ...G } }
	fragment G on Customer { id @include(if: $d) }`, map[string]any{"a": true, "b": true, "c": true})
	c := plan.ConditionsOf(op)
	if !slices.Equal(c, plan.Conditions{"b", "a", "c", "d"}) {
		t.Fatalf("got %v", c)
	}
	for _, tt := range []struct {
		name string
		vars map[string]any
		want uint16
		ok   bool
	}{
		{"all false", map[string]any{"a": false, "b": false, "c": false, "d": false}, 0, true},
		{"some true", map[string]any{"a": true, "b": false, "c": true, "d": false}, 6, true},
		{"one missing", map[string]any{"a": true, "b": false, "c": true}, 0, false},
		{"one null", map[string]any{"a": true, "b": nil, "c": true, "d": true}, 0, false},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			if got, ok := c.Choice(tt.vars); ok != tt.ok || ok && got != tt.want {
				t.Errorf("got %d %v, want %d %v", got, ok, tt.want, tt.ok)
			}
		})
	}
	if _, ok := make(plan.Conditions, 17).Choice(nil); ok {
		t.Error("too many have a choice")
	}
}
