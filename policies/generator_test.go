package policies_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// kind is a type of the graph as the generator knows it: fields that policies speak of,
// and the keys its rows can be told apart by.
type kind struct {
	name    string
	fields  []string
	masks   map[string][]string // by field
	rows    []string
	entity  bool
	reached []string // from which types
}

func kinds() []kind {
	return []kind{
		{
			name: "Order", entity: true, fields: []string{"id", "number", "status", "total", "notes", "date", "shop"}, rows: []string{"customerId", "shop", "status", "via", "source"},
			masks: map[string][]string{"number": {"last4", "hash", "null"}, "notes": {"hash", "domain", "null"}, "date": {"year", "null"}, "total": {"null"}}, reached: []string{"Customer", "DeliveryNote"},
		},
		{
			name: "DeliveryNote", entity: true, fields: []string{"id", "number", "carrier", "total"}, rows: []string{"customerId", "carrier", "status", "via"},
			masks: map[string][]string{"number": {"last4", "null"}, "carrier": {"hash"}}, reached: []string{"Customer", "Order"},
		},
		{
			name: "Customer", entity: true, fields: []string{"id", "name", "taxId", "email", "phone", "createdAt"}, rows: []string{"customerId", "country", "via"},
			masks: map[string][]string{"taxId": {"hash", "last4"}, "email": {"domain", "null"}, "createdAt": {"year"}}, reached: []string{"Order", "DeliveryNote"},
		},
		{
			name: "Product", entity: true, fields: []string{"id", "sku", "name", "price", "active"}, rows: []string{"active", "category"},
			masks: map[string][]string{"sku": {"last4"}, "price": {"null"}},
		},
		{name: "OrderLine", fields: []string{"sku", "name", "total"}, masks: map[string][]string{"sku": {"last4", "hash"}, "name": {"null"}}},
		{name: "Query", fields: []string{"sources", "me"}, masks: map[string][]string{"me": {"null"}}},
	}
}

type gen struct{ *rand.Rand }

func pick[T any](g gen, of ...T) T { return of[g.IntN(len(of))] }

func (g gen) chance(percent int) bool { return g.IntN(100) < percent }

func (g gen) some(of []string) []string {
	var out []string
	for _, s := range of {
		if g.chance(50) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		out = append(out, pick(g, of...))
	}
	return out
}

type condition struct {
	Type    string         `json:"type"`
	Options map[string]any `json:"options"`
}

type policy struct {
	ID         string               `json:"id"`
	Subjects   []string             `json:"subjects"`
	Effect     string               `json:"effect"`
	Resources  []string             `json:"resources"`
	Actions    []string             `json:"actions"`
	Conditions map[string]condition `json:"conditions,omitempty"`
}

func (g gen) policy(id int, of []kind) policy {
	k := pick(g, of...)
	p := policy{ID: fmt.Sprintf("policy-%d", id), Effect: pick(g, "allow", "allow", "allow", "deny")}
	p.Subjects = g.some([]string{"package:p", "package:q", "role:admin", "role:<.*>", "package:<p|q>", "token:t1", "token:<t[0-9]>"})
	fields := g.some(k.fields)
	kindOf := g.IntN(10)
	switch {
	case kindOf < 3: // somebody sees the rows, and all that is theirs
		p.Effect, p.Resources, p.Actions = "allow", []string{"graph:" + k.name + ".<" + strings.Join(append(fields, k.fields[0]), "|") + ">"}, []string{"read"}
	case kindOf < 6: // something is masked
		var masked []string
		for _, f := range k.fields {
			if len(k.masks[f]) > 0 {
				masked = append(masked, f)
			}
		}
		f := pick(g, masked...)
		p.Effect, p.Resources = pick(g, "allow", "allow", "allow", "deny"), []string{"graph:" + k.name + "." + f}
		for _, m := range g.some(k.masks[f]) {
			p.Actions = append(p.Actions, "mask:"+m)
		}
	default:
		p.Resources, p.Actions = g.resources(k, fields), compact(g.some([]string{"read", "read", "export", "write", "subscribe"}))
	}
	p.Conditions = map[string]condition{}
	for g.chance(25) {
		key, c := g.static()
		p.Conditions[key] = c
	}
	if k.entity {
		for g.chance(45) {
			key, c := g.row(k)
			p.Conditions[key] = c
		}
	}
	return p
}

func (g gen) resources(k kind, fields []string) []string {
	switch g.IntN(4) {
	case 0:
		return []string{"graph:" + k.name + ".<.*>"}
	case 1:
		return []string{"graph:" + k.name + ".<" + strings.Join(fields, "|") + ">"}
	case 2:
		return []string{"graph:<" + k.name + ">.<" + strings.Join(fields, "|") + ">"}
	}
	var out []string
	for _, f := range fields {
		out = append(out, "graph:"+k.name+"."+f)
	}
	return out
}

func compact(list []string) []string {
	var out []string
	for i, s := range list {
		if i == 0 || list[i-1] != s {
			out = append(out, s)
		}
	}
	return out
}

func (g gen) static() (string, condition) {
	switch g.IntN(4) {
	case 0:
		return "request.door", condition{"StringEqualCondition", map[string]any{"equals": pick(g, "graphql", "odata")}}
	case 1:
		return "request.address", condition{"CIDRCondition", map[string]any{"cidr": pick(g, "10.0.0.0/8", "192.168.1.0/24", "fe80::/10")}}
	case 2:
		return "claim.shop", condition{"StringMatchCondition", map[string]any{"matches": pick(g, "^(?:web|paris)$", "^[a-z]+$")}}
	}
	return "claim." + pick(g, "shop", "carrier", "customer"), condition{"StringInCondition", map[string]any{"values": g.some([]string{"web", "dhl", "c1"})}}
}

func (g gen) row(k kind) (string, condition) {
	name := pick(g, k.rows...)
	switch name {
	case "customerId":
		return "row." + name, condition{"EqualsClaimCondition", map[string]any{"claim": "customer"}}
	case "via":
		return "row." + name, condition{"StringInCondition", map[string]any{"values": g.some(k.reached)}}
	case "active":
		return "row." + name, condition{"BooleanCondition", map[string]any{"value": g.chance(50)}}
	case "shop", "carrier":
		if g.chance(70) {
			return "row." + name, condition{"EqualsClaimCondition", map[string]any{"claim": name}}
		}
	}
	if g.chance(50) {
		return "row." + name, condition{"StringEqualCondition", map[string]any{"equals": pick(g, "web", "dhl", "a", "b")}}
	}
	return "row." + name, condition{"StringInCondition", map[string]any{"values": g.some([]string{"web", "paris", "dhl", "a", "b"})}}
}

// columns of a row; what is not there is null.
type columns map[string]schema.Value

func (c columns) Column(name string) schema.Value { return c[name] }

func (g gen) rowOf(k kind) columns {
	c := columns{}
	set := func(name string, values ...string) {
		if g.chance(80) {
			c[name] = schema.String(pick(g, values...))
		}
	}
	set("customerId", "c1", "c2")
	set("shop", "web", "paris")
	set("carrier", "dhl", "ups", "web")
	set("status", "a", "b", "c")
	set("source", "a", "web")
	set("country", "a", "b")
	set("category", "a", "paris")
	if len(k.reached) > 0 {
		set("via", k.reached...)
	}
	if g.chance(80) {
		c["active"] = schema.Bool(g.chance(50))
	}
	return c
}

func (g gen) principal() *policies.Principal {
	p := &policies.Principal{TokenID: pick(g, "t1", "t2", "other"), Account: "a", Role: pick(g, "", "member", "admin"), Claims: map[string]string{}}
	for _, n := range []string{"p", "q"} {
		if g.chance(60) {
			p.Packages = append(p.Packages, n)
		}
	}
	for name, values := range map[string][]string{"customer": {"c1", "c2"}, "shop": {"web", "paris"}, "carrier": {"dhl", "ups"}} {
		if v := pick(g, values...); g.chance(70) {
			p.Claims[name] = v
		}
	}
	p.Door = pick(g, "graphql", "odata", "export")
	if g.chance(80) {
		p.Address = netip.MustParseAddr(pick(g, "10.1.2.3", "192.168.1.9", "::ffff:10.1.2.3", "fe80::1%eth0", "2001:db8::1"))
	}
	return p
}

func text(s string) schema.Value { return schema.String(s) }
