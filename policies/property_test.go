package policies_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ory/ladon"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// decisions is how many the property test makes at least.
const decisions = 105_000

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
		of := kinds()
		g.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		of = of[:2] // few types, so that the policies meet
		id := 0
		for i, name := range []string{"p", "q"} {
			list := []policy{}
			for range 4 + g.IntN(8) {
				list = append(list, g.policy(id, of))
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
		for range 4 {
			p := g.principal()
			v := view(t, e, p)
			access := &policies.Access{Principal: p, View: v, Masker: policies.NewMasker([]byte("k"))}
			for _, k := range of {
				for range 6 {
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
