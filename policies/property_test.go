package policies_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/ory/ladon"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// decisions is how many the property test makes at least.
const decisions = 120_000

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
		{name: "Order", entity: true, fields: []string{"id", "number", "status", "total", "notes", "date", "shop"}, rows: []string{"customerId", "shop", "status", "via", "source"},
			masks: map[string][]string{"number": {"last4", "hash", "null"}, "notes": {"hash", "domain", "null"}, "date": {"year", "null"}, "total": {"null"}}, reached: []string{"Customer", "DeliveryNote"}},
		{name: "DeliveryNote", entity: true, fields: []string{"id", "number", "carrier", "total"}, rows: []string{"customerId", "carrier", "status", "via"},
			masks: map[string][]string{"number": {"last4", "null"}, "carrier": {"hash"}}, reached: []string{"Customer", "Order"}},
		{name: "Customer", entity: true, fields: []string{"id", "name", "taxId", "email", "phone", "createdAt"}, rows: []string{"customerId", "country", "via"},
			masks: map[string][]string{"taxId": {"hash", "last4"}, "email": {"domain", "null"}, "createdAt": {"year"}}, reached: []string{"Order", "DeliveryNote"}},
		{name: "Product", entity: true, fields: []string{"id", "sku", "name", "price", "active"}, rows: []string{"active", "category"},
			masks: map[string][]string{"sku": {"last4"}, "price": {"null"}}},
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

func (g gen) policy(id int) policy {
	all := kinds()
	k := all[g.IntN(len(all))]
	p := policy{ID: fmt.Sprintf("policy-%d", id), Effect: pick(g, "allow", "allow", "allow", "deny")}
	p.Subjects = g.some([]string{"package:p", "package:q", "role:admin", "role:<.*>", "package:<p|q>", "token:t1", "token:<t[0-9]>"})
	fields := g.some(k.fields)
	switch g.IntN(4) {
	case 0:
		p.Resources = []string{"graph:" + k.name + ".<.*>"}
		fields = nil
	case 1:
		p.Resources = []string{"graph:" + k.name + ".<" + strings.Join(fields, "|") + ">"}
	case 2:
		p.Resources = []string{"graph:<" + k.name + ">.<" + strings.Join(fields, "|") + ">"}
	default:
		for _, f := range fields {
			p.Resources = append(p.Resources, "graph:"+k.name+"."+f)
		}
	}
	p.Actions = g.some([]string{"read", "read", "export", "write", "subscribe"})
	if p.Actions = compact(p.Actions); len(fields) == 1 && g.chance(60) {
		for _, m := range k.masks[fields[0]] {
			if g.chance(60) {
				p.Actions = append(p.Actions, "mask:"+m)
				if g.chance(70) && len(p.Actions) > 1 {
					p.Actions = p.Actions[1:]
				}
			}
		}
	}
	p.Conditions = map[string]condition{}
	for g.chance(35) {
		key, c := g.static()
		p.Conditions[key] = c
	}
	if k.entity {
		for g.chance(50) {
			key, c := g.row(k)
			p.Conditions[key] = c
		}
	}
	return p
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

// values are what Ladon is told of a request and a row.
func values(p *policies.Principal, scopes map[string]string, row columns) ladon.Context {
	out := ladon.Context{"request.door": p.Door}
	for name, v := range p.Claims {
		out["claim."+name] = v
	}
	if p.Address.IsValid() {
		out["request.address"] = p.Address.WithZone("").Unmap().String()
	}
	for name, v := range row {
		if v.Kind == schema.KindBool {
			out["row."+name] = v.Bool
		} else {
			out["row."+name] = v.Str
		}
	}
	var undecided []string
	for _, name := range []string{"shop", "carrier"} {
		if scopes[name] == "" {
			delete(out, "row."+name)
			undecided = append(undecided, "row."+name)
		}
	}
	out["undecided"] = undecided
	return out
}

// What a view says is what plain Ladon says of every value.
func TestProperty(t *testing.T) {
	teach(t)
	graph := newGraph(t)
	var made, whole, masked, hidden, byRow int
	for seed := uint64(1); made < decisions; seed++ {
		g := gen{rand.New(rand.NewPCG(seed, 4))}
		documents := make([]string, 2)
		id := 0
		for i, name := range []string{"p", "q"} {
			list := []policy{}
			for range 2 + g.IntN(5) {
				list = append(list, g.policy(id))
				id++
			}
			text, err := json.Marshal(map[string]any{"package": name, "policies": list})
			if err != nil {
				t.Fatal(err)
			}
			documents[i] = string(text)
		}
		scopes := map[string]string{}
		for _, name := range []string{"shop", "carrier"} {
			if g.chance(80) {
				scopes[name] = name
			}
		}
		e := open(t, graph, dir("p.json", documents[0], "q.json", documents[1]), scopes)
		o := newOracle(t, documents...)
		for range 3 {
			p := g.principal()
			v := view(t, e, p)
			access := &policies.Access{Principal: p, View: v, Masker: policies.NewMasker([]byte("k"))}
			for _, k := range kinds() {
				for range 2 {
					x := &trial{t: t, o: o, p: p, v: v, access: access, kind: k, row: g.rowOf(k), documents: documents, seed: seed}
					x.values = values(p, scopes, x.row)
					x.run()
					made += x.made
					whole, masked, hidden, byRow = whole+x.whole, masked+x.masked, hidden+x.hidden, byRow+x.byRow
				}
			}
		}
	}
	t.Logf("%d decisions; of values on visible rows %d whole, %d masked, %d hidden, %d of them by row", made, whole, masked, hidden, byRow)
	if min(whole, masked, hidden, byRow) < 500 {
		t.Error("the policies are not mixed enough to prove anything")
	}
}

// trial compares a view with the oracle on one row.
type trial struct {
	t         *testing.T
	o         *oracle
	p         *policies.Principal
	v         *policies.View
	access    *policies.Access
	kind      kind
	row       columns
	values    ladon.Context
	documents []string
	seed      uint64

	made, whole, masked, hidden, byRow int
}

func (x *trial) fail(field, action string, got, want any) {
	x.t.Helper()
	x.t.Fatalf("seed %d: %s of %s.%s is %v, plain Ladon says %v\nprincipal %+v\nrow %v\ndocuments\n%s", x.seed, action, x.kind.name, field, got, want, x.p, x.row, strings.Join(x.documents, "\n"))
}

func (x *trial) ask(field, action string) answer {
	x.made++
	return x.o.ask(x.t, x.p.Subjects(), "graph:"+x.kind.name+"."+field, action, x.values)
}

func (x *trial) run() {
	graph := x.v.Graph()
	visible := true
	if x.kind.entity {
		visible = x.ask("id", "read") == yes
		if got := x.access.Rows(x.kind.name).Match(x.row); got != visible {
			x.fail("id", "the row", got, visible)
		}
	}
	for _, f := range x.kind.fields {
		id, ok := graph.Field(x.kind.name, f)
		if !ok {
			x.t.Fatalf("there is no %s.%s", x.kind.name, f)
		}
		if rule := x.v.Where(policies.Write, id); rule.Bind(x.p.Claims).Match(x.row) != (x.ask(f, "write") == yes) {
			x.fail(f, "write", rule, x.ask(f, "write"))
		}
		if !visible {
			continue
		}
		verdict := x.v.Verdict(id)
		if x.v.Grant(x.kind.name, f).Verdict != verdict {
			x.fail(f, "the grant", x.v.Grant(x.kind.name, f), verdict)
		}
		for _, a := range []policies.Action{policies.Export, policies.Subscribe} {
			want := verdict != policies.Deny && x.ask(f, string(a)) == yes
			if got := x.v.Where(a, id).Bind(x.p.Claims).Match(x.row); got != want {
				x.fail(f, string(a), got, want)
			}
		}
		x.made++
		want := x.o.read(x.t, x.p.Subjects(), "graph:"+x.kind.name+"."+f, x.values)
		got := x.shown(f)
		mask := string(x.v.Grant(x.kind.name, f).Mask)
		switch {
		case got == want:
		case x.kind.name == "Query" && got == "":
			// The type it leads to shows nothing.
			if typeName := map[string]string{"sources": "Source", "me": "Me"}[f]; typeName != "" {
				if _, shown := x.v.Rows(typeName); !shown {
					continue
				}
			}
			x.fail(f, "read", got, want)
		case got == "" && want != "whole" && mask != "" && mask != want:
			// Several masks, each on some rows: a field has one, and shows nothing where that
			// one is not granted.
		default:
			x.fail(f, "read", got, want)
		}
		switch got {
		case "":
			x.hidden++
		case "whole":
			x.whole++
		default:
			x.masked++
		}
		if verdict == policies.Row {
			x.byRow++
		}
	}
}

// shown is what the view shows of a field on the row.
func (x *trial) shown(field string) string {
	a := x.access.Field(x.kind.name, field)
	switch {
	case a.Verdict == policies.Allow:
		return "whole"
	case a.Verdict == policies.Mask:
		return string(a.Kind)
	case a.Verdict == policies.Row && a.Full.Match(x.row):
		return "whole"
	case a.Verdict == policies.Row && a.Masked.Match(x.row):
		return string(a.Kind)
	}
	return ""
}
