package policies_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
)

// explained are policies of every kind there is something to explain of.
func explained() string {
	return document(
		allow("roots", list("Query.<orders|customers|node>"), "read"),
		allow("orders", list("Order.<id|number|status|total|lines|states|customer>"), "read export", conditions(equalsClaim("row.shop", "shop"))),
		allow("shipped", list("Order.id"), "read", conditions(equals("row.via", "DeliveryNote"))),
		deny("drafts", list("Order.total"), "read", conditions(equals("row.status", "draft"))),
		deny("secret", list("Order.number"), "read"),
		allow("shown", list("Order.notes"), "mask:last4 mask:null"),
		allow("inside", list("Order.net"), "read", conditions(`"request.address": {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8"}}`)),
		allow("by-claim", list("Order.paid"), "read", conditions(equalsClaim("row.customerId", "customer"))),
		allow("by-scope", list("DeliveryNote.<id|number>"), "read", conditions(equalsClaim("row.carrier", "shop"))),
		allow("lines", list("OrderLine.sku"), "read"),
		allow("act", list("Mutation.disableToken"), "write"),
	)
}

// The explanation of every field of the types in question is in testdata/explain.golden.
func TestExplainGolden(t *testing.T) {
	e := open(t, newGraph(t), dir("p.json", explained()), map[string]string{"shop": "shop"})
	p := holder(map[string]string{"shop": "web"})
	p.Address = netip.MustParseAddr("192.168.0.1")
	all, err := e.Explain(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	v := view(t, e, p)
	var out strings.Builder
	for i := range all {
		x := &all[i]
		if g := v.Grant(x.Type, x.Field); g.Verdict != x.Verdict || g.Mask != x.Mask {
			t.Errorf("%s.%s: explained as %s, is %s", x.Type, x.Field, x.Verdict, g.Verdict)
		}
		switch {
		case x.Type == "Order", x.Type == "DeliveryNote" && x.Field < "o", len(x.Deciders) > 0:
			fmt.Fprintf(&out, "%s.%s  %s  %s\n", x.Type, x.Field, x.Verdict, x.Why())
		}
	}
	golden(t, "explain.golden", out.String())
}

// What another set of policies changes, for every subject, is in testdata/diff.golden.
func TestDiffGolden(t *testing.T) {
	before := explained()
	after := strings.NewReplacer(
		`"Order.<id|number|status`, `"Order.<id|number|status`, // stays
		`graph:Order.<id|number|status|total|lines|states|customer>`, `graph:Order.<id|number|total|lines|states|customer|date>`, // status goes, date comes
		`"mask:last4", "mask:null"`, `"mask:hash"`, // another mask
		`10.0.0.0/8`, `10.1.0.0/16`, // a condition that is not on rows
		`"row.via": {"type": "StringEqualCondition", "options": {"equals": "DeliveryNote"}}`, among("row.via", "DeliveryNote", "Quote"), // rows
		`"graph:Mutation.disableToken"`, `"graph:Mutation.reloadPolicies", "graph:PolicyStatus.version"`,
	).Replace(before)
	after = strings.Replace(after, `"actions": ["write"]`, `"actions": ["write", "read"]`, 1)
	changes, err := policies.Diff(t.Context(), newGraph(t), nil, dir("p.json", before), dir("p.json", after), map[string]string{"shop": "shop"})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, c := range changes {
		fmt.Fprintln(&out, c)
	}
	golden(t, "diff.golden", out.String())
}

// Mistakes on either side are told with the side.
func TestDiffOfMistakes(t *testing.T) {
	_, err := policies.Diff(t.Context(), newGraph(t), nil, dir("a.json", `{}`), dir("a.json", `[]`), nil)
	want := "old policies: a.json: policies: is missing\nnew policies: a.json: want an object, have a list"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
