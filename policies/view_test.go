package policies_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// allow makes a policy for the package p; more are further members of it.
func allow(id string, resources []string, actions string, more ...string) string {
	return rule(id, "allow", `["package:p"]`, resources, actions, more...)
}

func deny(id string, resources []string, actions string, more ...string) string {
	return rule(id, "deny", `["package:p"]`, resources, actions, more...)
}

func rule(id, effect, subjects string, resources []string, actions string, more ...string) string {
	full := make([]string, len(resources))
	for i, r := range resources {
		full[i] = `"graph:` + r + `"`
	}
	text := fmt.Sprintf(`{"id": %q, "effect": %q, "subjects": %s, "resources": [%s], "actions": ["%s"]`,
		id, effect, subjects, strings.Join(full, ", "), strings.ReplaceAll(actions, " ", `", "`))
	for _, m := range more {
		text += ", " + m
	}
	return text + "}"
}

func conditions(list ...string) string { return `"conditions": {` + strings.Join(list, ", ") + `}` }

func equalsClaim(key, claim string) string {
	return fmt.Sprintf(`%q: {"type": "EqualsClaimCondition", "options": {"claim": %q}}`, key, claim)
}

func equals(key, value string) string {
	return fmt.Sprintf(`%q: {"type": "StringEqualCondition", "options": {"equals": %q}}`, key, value)
}

func among(key string, values ...string) string {
	return fmt.Sprintf(`%q: {"type": "StringInCondition", "options": {"values": ["%s"]}}`, key, strings.Join(values, `", "`))
}

func list(resources ...string) []string { return resources }

// show writes a grant on one line.
func show(g policies.Grant) string {
	switch g.Verdict {
	case policies.Mask:
		return "mask " + string(g.Mask)
	case policies.Row:
		text := "full: " + g.Full.String()
		if g.Mask != "" {
			text += "; " + string(g.Mask) + ": " + g.Masked.String()
		}
		return text
	}
	return g.Verdict.String()
}

func TestGrants(t *testing.T) {
	g := newGraph(t)
	own := conditions(equalsClaim("row.customerId", "customer"))
	claims := map[string]string{"customer": "c1", "shop": "web"}
	for _, c := range []struct {
		name     string
		policies []string
		claims   map[string]string
		scopes   map[string]string
		want     map[string]string // by Type.field, or Type for the rows
	}{
		{
			name: "nothing said", policies: []string{allow("a", list("Product.id"), "read")},
			want: map[string]string{"Order": "none", "Order.id": "deny", "Order.total": "deny", "Query.orders": "deny", "Product.id": "allow", "Product.sku": "deny"},
		},
		{
			name: "whole", policies: []string{allow("a", list("Order.<id|total>", "Query.orders"), "read")},
			want: map[string]string{"Order": "all rows", "Order.total": "allow", "Order.net": "deny", "Query.orders": "allow", "Query.order": "deny"},
		},
		{
			name: "a deny wins", policies: []string{allow("a", list("Order.<.*>"), "read"), deny("d", list("Order.total"), "read")},
			want: map[string]string{"Order.total": "deny", "Order.net": "allow"},
		},
		{
			name: "a deny by another subject wins", policies: []string{allow("a", list("Order.<.*>"), "read"), rule("d", "deny", `["role:member"]`, list("Order.total"), "read")},
			want: map[string]string{"Order.total": "deny", "Order.net": "allow"},
		},
		{
			name: "a key denied takes all", policies: []string{allow("a", list("Order.<.*>", "Query.<orders|order>", "Quote.<id|orders>", "Query.node"), "read"), deny("d", list("Order.id"), "read")},
			want: map[string]string{"Order": "none", "Order.total": "deny", "Query.orders": "deny", "Query.order": "deny", "Quote.orders": "deny", "Quote.id": "allow", "Query.node": "allow"},
		},
		{
			name: "a type of which nothing is seen takes what leads to it", policies: []string{allow("a", list("Order.<id|lines|states>", "OrderLine.sku", "Query.me"), "read")},
			want: map[string]string{"Order.lines": "allow", "Order.states": "deny", "OrderLine.sku": "allow", "OrderLine": "all rows", "OrderState": "none", "Query.me": "deny"},
		},
		{
			name: "node without an entity", policies: []string{allow("a", list("Query.<node|me>", "Me.account"), "read")},
			want: map[string]string{"Query.node": "deny", "Query.me": "allow"},
		},
		{
			name: "rows", policies: []string{allow("a", list("Order.<id|total>"), "read", own)},
			want: map[string]string{"Order": "customerId = claim customer", "Order.id": "allow", "Order.total": "allow"},
		},
		{
			name: "a claim that is missing", policies: []string{allow("a", list("Order.<id|total>"), "read", own)}, claims: map[string]string{},
			want: map[string]string{"Order": "none", "Order.total": "deny"},
		},
		{
			name: "a claim that is empty", policies: []string{allow("a", list("Order.<id|total>"), "read", own)}, claims: map[string]string{"customer": ""},
			want: map[string]string{"Order": "none", "Order.total": "deny"},
		},
		{
			name: "a narrower field", policies: []string{allow("a", list("Order.<id|number>"), "read"), allow("b", list("Order.total"), "read", own)},
			want: map[string]string{"Order": "all rows", "Order.number": "allow", "Order.total": "full: customerId = claim customer"},
		},
		{
			name: "a wider field", policies: []string{allow("a", list("Order.<id|total>"), "read", own), allow("b", list("Order.total"), "read")},
			want: map[string]string{"Order": "customerId = claim customer", "Order.total": "allow"},
		},
		{name: "a field wider by another rule", policies: []string{
			allow("a", list("Order.<id|total>"), "read", own), allow("b", list("Order.total"), "read", conditions(equals("row.status", "open"))),
		}, want: map[string]string{"Order.total": "allow"}},
		{
			name: "rows by one of two policies", policies: []string{allow("a", list("Order.id"), "read", own), allow("b", list("Order.id"), "read", conditions(among("row.via", "DeliveryNote", "Quote")))},
			want: map[string]string{"Order": `via in ("DeliveryNote", "Quote") or customerId = claim customer`},
		},
		{
			name: "rows by two conditions", policies: []string{allow("a", list("Order.id"), "read", conditions(equals("row.status", "open"), equalsClaim("row.customerId", "customer")))},
			want: map[string]string{"Order": `status = "open" and customerId = claim customer`},
		},
		{
			name: "rows but for some", policies: []string{allow("a", list("Order.id"), "read"), deny("d", list("Order.id"), "read", conditions(equals("row.status", "draft")))},
			want: map[string]string{"Order": `not status = "draft"`},
		},
		{
			name: "a deny of the same rows", policies: []string{allow("a", list("Order.id"), "read", own), deny("d", list("Order.id"), "read", own)},
			want: map[string]string{"Order": "none"},
		},
		{
			name: "a deny by a claim that is missing", policies: []string{allow("a", list("Order.<id|total>"), "read"), deny("d", list("Order.total"), "read", own)}, claims: map[string]string{},
			want: map[string]string{"Order.total": "deny"},
		},
		{name: "half a deny by a claim that is missing", policies: []string{
			allow("a", list("Order.<id|total>"), "read"), deny("d", list("Order.total"), "read", conditions(equalsClaim("row.customerId", "customer"), equals("row.status", "open"))),
		}, claims: map[string]string{}, want: map[string]string{"Order.total": `full: not status = "open"`}},
		{
			name: "a scope", policies: []string{allow("a", list("Order.id"), "read", conditions(equalsClaim("row.shop", "shop")))}, scopes: map[string]string{"shop": "status"},
			want: map[string]string{"Order": "status = claim shop"},
		},
		{
			name: "a scope that is not configured", policies: []string{allow("a", list("Order.id"), "read", conditions(equalsClaim("row.shop", "shop")))},
			want: map[string]string{"Order": "none"},
		},
		{
			name: "a deny by a scope that is not configured", policies: []string{allow("a", list("Order.<id|total>"), "read"), deny("d", list("Order.total"), "read", conditions(equalsClaim("row.shop", "shop")))},
			want: map[string]string{"Order.total": "deny"},
		},
		{
			name: "a mask", policies: []string{allow("a", list("Order.id"), "read"), allow("m", list("Order.number"), "mask:last4")},
			want: map[string]string{"Order.number": "mask last4"},
		},
		{
			name: "a mask and reading", policies: []string{allow("a", list("Order.<id|number>"), "read"), allow("m", list("Order.number"), "mask:last4")},
			want: map[string]string{"Order.number": "allow"},
		},
		{
			name: "a mask and a deny", policies: []string{allow("a", list("Order.id"), "read"), allow("m", list("Order.number"), "mask:last4"), deny("d", list("Order.number"), "read")},
			want: map[string]string{"Order.number": "deny"},
		},
		{
			name: "several masks", policies: []string{allow("a", list("Order.id"), "read"), allow("m", list("Order.number"), "mask:null mask:hash mask:domain")},
			want: map[string]string{"Order.number": "mask domain"},
		},
		{
			name: "a mask that is denied", policies: []string{allow("a", list("Order.id"), "read"), allow("m", list("Order.number"), "mask:null mask:last4"), deny("d", list("Order.number"), "mask:last4")},
			want: map[string]string{"Order.number": "mask null"},
		},
		{
			name: "a mask on other rows", policies: []string{allow("a", list("Order.id"), "read"), allow("b", list("Order.number"), "read", own), allow("m", list("Order.number"), "mask:last4")},
			want: map[string]string{"Order.number": "full: customerId = claim customer; last4: all rows"},
		},
		{
			name: "a mask on some rows", policies: []string{allow("a", list("Order.id"), "read"), allow("m", list("Order.number"), "mask:last4", own)},
			want: map[string]string{"Order.number": "full: no row; last4: customerId = claim customer"},
		},
		{
			name: "a mask of the type's rows", policies: []string{allow("a", list("Order.id"), "read", own), allow("m", list("Order.number"), "mask:last4", own)},
			want: map[string]string{"Order.number": "mask last4"},
		},
		{
			name: "a mutation that may be made", policies: []string{allow("a", list("Mutation.disableToken"), "write"), allow("b", list("Token.id"), "read")},
			want: map[string]string{"Mutation.disableToken": "allow", "Mutation.saveAccount": "deny"},
		},
		{
			name: "a mutation that may be read only", policies: []string{allow("a", list("Mutation.disableToken", "Token.id"), "read")},
			want: map[string]string{"Mutation.disableToken": "deny"},
		},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if c.claims == nil {
				c.claims = claims
			}
			v := view(t, open(t, g, dir("p.json", document(c.policies...)), c.scopes), holder(c.claims))
			for name, want := range c.want {
				typeName, field, isField := strings.Cut(name, ".")
				got := "none"
				if isField {
					got = show(v.Grant(typeName, field))
				} else if rule, visible := v.Rows(typeName); visible {
					got = rule.String()
				}
				if got != want {
					t.Errorf("%s: got %s, want %s", name, got, want)
				}
			}
		})
	}
}

// What is no field of its own has its holder's verdict; what does not exist is denied.
func TestGrantOfParts(t *testing.T) {
	v := view(t, open(t, newGraph(t), dir("p.json", document(allow("a", list("Order.id"), "read"))), nil), holder(nil))
	for name, want := range map[string]policies.Verdict{
		"Money.amount": policies.Allow, "OrderPage.nodes": policies.Allow, "OrderEdge.cursor": policies.Allow, "Node.id": policies.Allow,
		"Order.__typename": policies.Allow, "Query.__schema": policies.Allow,
		"Money.cents": policies.Deny, "Order.margin": policies.Deny, "Margin.id": policies.Deny,
	} {
		typeName, field, _ := strings.Cut(name, ".")
		if got := v.Grant(typeName, field).Verdict; got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

// A view or an access that is not there shows nothing.
func TestNilShowsNothing(t *testing.T) {
	var v *policies.View
	var a *policies.Access
	if v.Verdict(0) != policies.Deny || v.Can(policies.Write, 0) != policies.Deny || v.Grant("Order", "id").Verdict != policies.Deny {
		t.Error("a nil view shows a field")
	}
	if _, visible := v.Rows("Order"); visible || v.Hash() != "" || v.Version() != "" || v.Graph() != nil {
		t.Error("a nil view shows rows")
	}
	if a.Rows("Order").Op != schema.None || a.Field("Order", "id").Verdict != policies.Deny {
		t.Error("a nil access shows something")
	}
	empty := &policies.Access{}
	if empty.Rows("Order").Op != schema.None || empty.Field("Order", "id").Verdict != policies.Deny {
		t.Error("an empty access shows something")
	}
}

func TestActs(t *testing.T) {
	own := conditions(equalsClaim("row.customerId", "customer"))
	v := view(t, open(t, newGraph(t), dir("p.json", document(
		allow("a", list("Order.<id|number|total|notes>"), "read"),
		allow("b", list("Order.number"), "export"),
		allow("c", list("Order.total"), "export", own),
		allow("d", list("Order.net"), "export subscribe write"),
		allow("e", list("Order.status"), "write", own),
		allow("f", list("Order.<date>"), "mask:year export"),
	)), nil), holder(map[string]string{"customer": "c1"}))
	for _, c := range []struct {
		name, field string
		action      policies.Action
		want        policies.Verdict
	}{
		{"whole", "number", policies.Export, policies.Allow},
		{"on some rows", "total", policies.Export, policies.Row},
		{"not granted", "notes", policies.Export, policies.Deny},
		{"what may not be read", "net", policies.Export, policies.Deny},
		{"hearing what may not be read", "net", policies.Subscribe, policies.Deny},
		{"writing what may not be read", "net", policies.Write, policies.Allow},
		{"writing on some rows", "status", policies.Write, policies.Row},
		{"what is masked", "date", policies.Export, policies.Allow},
		{"reading", "number", policies.Read, policies.Allow},
		{"an unknown action", "number", "delete", policies.Deny},
		{"a mask is no act", "number", "mask:hash", policies.Deny},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			id, _ := v.Graph().Field("Order", c.field)
			if got := v.Can(c.action, id); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	id, _ := v.Graph().Field("Order", "total")
	if got := v.Where(policies.Export, id).String(); got != "customerId = claim customer" {
		t.Errorf("got %s", got)
	}
	if v.Verdict(-1) != policies.Deny || v.Verdict(1<<30) != policies.Deny || v.Can(policies.Write, 1<<30) != policies.Deny {
		t.Error("a number of no field shows something")
	}
}

// A view made without documents follows the same rules.
func TestNewView(t *testing.T) {
	g := newGraph(t)
	v := policies.NewView(g, "1", func(typeName, field string, a policies.Action) (*policies.Rule, bool) {
		return nil, a == policies.Read && (typeName != "Order" || field != "id")
	})
	if v.Version() != "1" || v.Graph() != g || v.Grant("Order", "total").Verdict != policies.Deny || v.Grant("Quote", "orders").Verdict != policies.Deny || v.Grant("Quote", "total").Verdict != policies.Allow {
		t.Error("the key of a type that is denied does not take the type")
	}
	id, _ := g.Field("Quote", "total")
	if v.Can(policies.Export, id) != policies.Deny {
		t.Error("what was not granted is")
	}
}

func TestStaticConditions(t *testing.T) {
	g := newGraph(t)
	base := allow("a", list("Order.<id|total>"), "read")
	match := `"claim.shop": {"type": "StringMatchCondition", "options": {"matches": "^(?:web|paris)$"}}`
	network := func(cidr string) string {
		return `"request.address": {"type": "CIDRCondition", "options": {"cidr": "` + cidr + `"}}`
	}
	for _, c := range []struct {
		name, condition, effect string
		principal               policies.Principal
		applies                 bool
	}{
		{"the claim", equals("claim.shop", "web"), "allow", policies.Principal{Claims: map[string]string{"shop": "web"}}, true},
		{"another claim", equals("claim.shop", "web"), "allow", policies.Principal{Claims: map[string]string{"shop": "paris"}}, false},
		{"no claim", equals("claim.shop", "web"), "allow", policies.Principal{}, false},
		{"no claim for a deny", equals("claim.shop", "web"), "deny", policies.Principal{}, true},
		{"another claim for a deny", equals("claim.shop", "web"), "deny", policies.Principal{Claims: map[string]string{"shop": "paris"}}, false},
		{"an empty claim for a deny", equals("claim.shop", "web"), "deny", policies.Principal{Claims: map[string]string{"shop": ""}}, true},
		{"one of several", among("claim.shop", "web", "paris"), "allow", policies.Principal{Claims: map[string]string{"shop": "paris"}}, true},
		{"a pattern", match, "allow", policies.Principal{Claims: map[string]string{"shop": "paris"}}, true},
		{"a pattern in the middle", match, "allow", policies.Principal{Claims: map[string]string{"shop": "noparis"}}, false},
		{"a pattern and a new line", match, "allow", policies.Principal{Claims: map[string]string{"shop": "paris\n"}}, false},
		{"the door", equals("request.door", "odata"), "allow", policies.Principal{Door: "odata"}, true},
		{"another door", equals("request.door", "odata"), "allow", policies.Principal{Door: "graphql"}, false},
		{"no door for a deny", equals("request.door", "odata"), "deny", policies.Principal{}, true},
		{"the network", network("10.0.0.0/8"), "allow", policies.Principal{Address: netip.MustParseAddr("10.1.2.3")}, true},
		{"the network, mapped", network("10.0.0.0/8"), "allow", policies.Principal{Address: netip.MustParseAddr("::ffff:10.1.2.3")}, true},
		{"another network", network("10.0.0.0/8"), "allow", policies.Principal{Address: netip.MustParseAddr("11.1.2.3")}, false},
		{"no address", network("0.0.0.0/0"), "allow", policies.Principal{}, false},
		{"no address for a deny", network("10.0.0.0/8"), "deny", policies.Principal{}, true},
		{"an address with a zone for a deny", network("fe80::/10"), "deny", policies.Principal{Address: netip.MustParseAddr("fe80::1%eth0")}, true},
		{"all of several", equals("request.door", "odata") + ", " + equals("claim.shop", "web"), "allow", policies.Principal{Door: "odata", Claims: map[string]string{"shop": "web"}}, true},
		{"one of several fails", equals("request.door", "odata") + ", " + equals("claim.shop", "web"), "allow", policies.Principal{Door: "graphql", Claims: map[string]string{"shop": "web"}}, false},
		{"a deny of which one fails and one is missing", equals("request.door", "odata") + ", " + equals("claim.shop", "web"), "deny", policies.Principal{Door: "graphql"}, false},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			policy := rule("c", c.effect, `["package:p"]`, list("Order.total"), "read", conditions(c.condition))
			first := base
			if c.effect == "allow" {
				first = allow("a", list("Order.id"), "read")
			}
			p := c.principal
			p.TokenID, p.Packages = "t", []string{"p"}
			v := view(t, open(t, g, dir("p.json", document(first, policy)), nil), &p)
			want := policies.Deny
			if c.applies == (c.effect == "allow") {
				want = policies.Allow
			}
			if got := v.Grant("Order", "total").Verdict; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
