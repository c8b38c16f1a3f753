package engine_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
)

// TestRowsAreCounted holds what a row is: an object that a call brought, looking
// through pages and edges, and nothing else.
func TestRowsAreCounted(t *testing.T) {
	r := newRig(t, world.New(7, 8, 0))
	tests := []struct {
		name, query string
		max         int
		rows        int64
		limited     bool
	}{
		{"a page of rows", `{ customers(first: 50) { totalCount nodes { id } } }`, 0, 8, false},
		{"nodes and edges are two places", `{ customers(first: 50) { nodes { id } edges { cursor node { id } } } }`, 0, 16, false},
		{"a page without rows", `{ customers(first: 50) { totalCount pageInfo { hasNextPage } } }`, 0, 0, false},
		{"a list", `{ list(first: 50) { id } }`, 0, 8, false},
		{"values of a row are none", `{ list(first: 50) { mustMoney { amount } partValues { sku } tags } }`, 0, 8, false},
		{"leaves are none", `{ version count words }`, 0, 0, false},
		{"introspection is none", `{ __schema { types { name } } }`, 1, 0, false},
		{"as many as allowed", `{ list(first: 50) { id } }`, 8, 8, false},
		{"one more than allowed", `{ list(first: 50) { id } }`, 7, 7, true},
		{"in two places together", `{ a: list(first: 50) { id } b: list(first: 50) { id } version }`, 15, 15, true},
		{"below", `{ list(first: 50) { tickets { nodes { watchers { id } } } } }`, 9, 9, true},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			oc, p := r.ready(t, tt.query, nil)
			p.MaxRows = tt.max
			res := r.engine.Run(t.Context(), oc, p)
			text := string(res.AppendJSON(nil))
			if res.Rows() != tt.rows {
				t.Errorf("counted %d rows, want %d: %s", res.Rows(), tt.rows, text)
			}
			limited := strings.HasPrefix(text, `{"data":null,"errors":[{"message":"the answer has more than `) && strings.HasSuffix(text, `"extensions":{"code":"LIMITED"}}]}`)
			if limited != tt.limited || !limited && strings.Contains(text, "errors") {
				t.Errorf("got %s", text)
			}
		})
	}
}

// TestRowsLimitStops holds that nothing is asked below rows that are too many.
func TestRowsLimitStops(t *testing.T) {
	r := newRig(t, world.New(7, 8, 0))
	oc, p := r.ready(t, `{ list(first: 50) { ticketList { id } } }`, nil)
	p.MaxRows = 5
	r.root.World.Calls()
	if res := r.engine.Run(t.Context(), oc, p); res.HasData() || res.Refused() {
		t.Errorf("got %s", res.AppendJSON(nil))
	}
	if calls := r.root.World.Calls(); calls["Customer.ticketList"] != 0 {
		t.Errorf("called %v", calls)
	}
}
