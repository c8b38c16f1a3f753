package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
)

// many makes a document of n policies over the whole graph: patterns, names, row
// conditions and denies in turn.
func many(n int) string {
	types := []string{"Customer", "Contact", "Ticket", "Quote", "Order", "Invoice", "Payment", "DeliveryNote", "Product", "PurchaseOrder"}
	list := make([]string, n)
	for i := range list {
		typ := types[i%len(types)]
		switch {
		case i == 0: // holds for one of the two who ask
			list[i] = allow("p0", []string{typ + ".<.*>"}, "read", conditions(equals("claim.shop", "12")))
		case i < len(types):
			list[i] = allow(fmt.Sprintf("p%d", i), []string{typ + ".<.*>"}, "read")
		case i%5 == 0:
			list[i] = deny(fmt.Sprintf("p%d", i), []string{typ + ".updatedAt"}, "read")
		case i%3 == 0:
			list[i] = allow(fmt.Sprintf("p%d", i), []string{typ + ".<id|createdAt|updatedAt>"}, "read", conditions(equals("claim.shop", fmt.Sprint(i))))
		default:
			list[i] = allow(fmt.Sprintf("p%d", i), []string{"Order.<id|number|status>"}, "read", conditions(equals("row.status", fmt.Sprint(i%7))))
		}
	}
	return document(list...)
}

// BenchmarkCompile makes a view; each time of somebody else, so that none is kept.
func BenchmarkCompile(b *testing.B) {
	g := newGraph(b)
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("policies=%d", n), func(b *testing.B) {
			e, err := policies.Open(b.Context(), policies.Options{Graph: g, Shipped: dir("p.json", many(n)), Scopes: allScopes, Views: 1})
			if err != nil {
				b.Fatal(err)
			}
			people := [2]*policies.Principal{holder(map[string]string{"shop": "12"}), holder(map[string]string{"shop": "18"})}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := e.View(b.Context(), people[i%2]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkKeptView asks for a view that is kept, as every request does.
func BenchmarkKeptView(b *testing.B) {
	e := open(b, newGraph(b), dir("p.json", many(100)), allScopes)
	p := holder(map[string]string{"shop": "12"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.View(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerdicts looks up the verdicts of an operation of 100 fields.
func BenchmarkVerdicts(b *testing.B) {
	g := newGraph(b)
	v := view(b, open(b, g, dir("p.json", many(100)), allScopes), holder(nil))
	b.ReportAllocs()
	denied := 0
	for b.Loop() {
		for f := range policies.FieldID(100) {
			if v.Verdict(f) == policies.Deny {
				denied++
			}
		}
	}
	_ = denied
}

// BenchmarkMask masks a fiscal number by its hash.
func BenchmarkMask(b *testing.B) {
	m := policies.NewMasker([]byte(strings.Repeat("k", 32)))
	b.ReportAllocs()
	for b.Loop() {
		m.Mask(policies.MaskHash, "bi", "Customer.taxId", "1013464372843")
	}
}
