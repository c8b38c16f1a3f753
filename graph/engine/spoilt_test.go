package engine_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// TestSpoiltFields holds what of a row that cannot be shown comes out: null, with one
// error, whatever lies there; and what may not be null takes its row with it.
func TestSpoiltFields(t *testing.T) {
	r := newRig(t, plainWorld())
	for name, c := range map[string]struct {
		query, fields, data, says string
		v                         verdicts
	}{
		"a leaf":           {`{ customer(id: "c1") { id name big } }`, "big", `"big":null}`, "[customer big]", nil},
		"under its alias":  {`{ customer(id: "c1") { a: big } }`, "big", `{"a":null}`, "[customer a]", nil},
		"an object":        {`{ customer(id: "c1") { mustMoney { currency } id } }`, "mustMoney", `{"customer":null}`, "[customer mustMoney]", nil},
		"a list":           {`{ customer(id: "c1") { parts { sku } } }`, "parts", `{"parts":null}`, "[customer parts]", nil},
		"a method":         {`{ customer(id: "c1") { greet } }`, "greet", `{"greet":null}`, "[customer greet]", nil},
		"a relation":       {`{ customer(id: "c1") { tickets { nodes { id } } } }`, "tickets", `{"tickets":null}`, "[customer tickets]", nil},
		"may not be null":  {`{ customer(id: "c1") { id rank } }`, "rank", `{"customer":null}`, "[customer rank]", nil},
		"not asked":        {`{ customer(id: "c1") { id } }`, "big", `"id":"c`, "", nil},
		"masked as null":   {`{ customer(id: "c1") { id big } }`, "big", `"big":null`, "", verdicts{"Customer.big": {Verdict: policies.Mask, Kind: policies.MaskNull}}},
		"masked":           {`{ customer(id: "c1") { id name } }`, "name", `"name":null`, "[customer name]", verdicts{"Customer.name": {Verdict: policies.Mask, Kind: policies.MaskLast4, Mask: last2}}},
		"forbidden anyway": {`{ customer(id: "c1") { id big } }`, "big", `"big":null`, "FORBIDDEN_FIELD", verdicts{"Customer.big": {Verdict: policies.Row, Full: schema.Predicate{Op: schema.None}, Masked: schema.Predicate{Op: schema.None}}}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			for _, x := range r.root.World.Customers {
				x.Faults = (*schema.Faults)(nil).With(c.fields)
			}
			got := police(t, r, c.query, c.v)
			if !strings.Contains(got, c.data) {
				t.Errorf("got %s", got)
			}
			switch n := strings.Count(got, `"message"`); {
			case c.says == "" && n > 0, c.says != "" && n != 1:
				t.Errorf("%d errors: %s", n, got)
			case c.says == "FORBIDDEN_FIELD":
				if !strings.Contains(got, c.says) {
					t.Errorf("got %s", got)
				}
			case c.says != "":
				path := `"path":["` + strings.ReplaceAll(strings.Trim(c.says, "[]"), " ", `","`) + `"]`
				if !strings.Contains(got, path) || !strings.Contains(got, `"SOURCE_INVALID"`) {
					t.Errorf("got %s, want %s", got, path)
				}
			}
		})
	}
}

// TestSpoiltParentsAreNotAsked holds that a relation is not asked for what it cannot
// be found by.
func TestSpoiltParentsAreNotAsked(t *testing.T) {
	r := newRig(t, world.New(7, 8, 0))
	var mu sync.Mutex
	asked := 0
	r.root.On = func(_ context.Context, field string, parents int) {
		mu.Lock()
		defer mu.Unlock()
		if field == "Customer.ticketList" {
			asked += parents
		}
	}
	for _, x := range r.root.World.Customers[1:] {
		x.Faults = (*schema.Faults)(nil).With("ticketList")
	}
	got := police(t, r, `{ list(first: 9) { ticketList { id } } }`, nil)
	if n := strings.Count(got, "SOURCE_INVALID"); asked != 1 || n != 7 {
		t.Errorf("%d parents were handed in, %d errors", asked, n)
	}
}

// TestGarbledErrorsAreBounded holds that a column which a source has changed does not
// make an error for each of a thousand rows.
func TestGarbledErrorsAreBounded(t *testing.T) {
	r := newRig(t, world.New(7, 150, 0))
	for _, x := range r.root.World.Customers {
		x.Faults = (*schema.Faults)(nil).With("name", "money", "big")
	}
	got := police(t, r, `{ list(first: 500) { name money { amount } big } }`, nil)
	if n := strings.Count(got, "in a form that is not agreed"); n != 101 {
		t.Errorf("%d errors", n)
	}
	if want := `{"message":"350 more fields were answered in a form that is not agreed","extensions":{"code":"SOURCE_INVALID"}}]}`; !strings.HasSuffix(got, want) {
		t.Errorf("the answer ends with %s", got[max(0, len(got)-200):])
	}
}
