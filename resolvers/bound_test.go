package resolvers

import (
	"testing"

	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// TestTooManyConditions wants nothing made of a filter that is larger than one may
// be, whether its conditions have values or not.
func TestTooManyConditions(t *testing.T) {
	yes := true
	null := func() *model.OrderFilter { return &model.OrderFilter{Number: &model.StringFilter{IsNull: &yes}} }
	either := func(n int, f func() *model.OrderFilter) *model.OrderFilter {
		out := &model.OrderFilter{}
		for range n {
			out.Or = append(out.Or, f())
		}
		return out
	}
	deep := null()
	for range loaders.MaxConditions {
		deep = &model.OrderFilter{Not: deep}
	}
	for name, c := range map[string]struct {
		filter *model.OrderFilter
		tooBig bool
	}{
		"none":            {nil, false},
		"as many as may":  {either(loaders.MaxConditions, null), false},
		"one more":        {either(loaders.MaxConditions+1, null), true},
		"not":             {either(25_000, func() *model.OrderFilter { return &model.OrderFilter{Not: null()} }), true},
		"empty":           {either(25_000, func() *model.OrderFilter { return &model.OrderFilter{} }), true},
		"not of not":      {deep, true},
		"and within each": {either(600, func() *model.OrderFilter { return &model.OrderFilter{And: []*model.OrderFilter{null(), null()}} }), true},
	} {
		t.Run("case="+name, func(t *testing.T) {
			a := list(c.filter, (*model.OrderOrderBy)(nil), nil, nil)
			if isTooBig := a.Conditions > loaders.MaxConditions; isTooBig != c.tooBig {
				t.Errorf("%d conditions", a.Conditions)
			}
			if c.tooBig && a.Where.Op != schema.All {
				t.Error("it was built")
			}
		})
	}
}
