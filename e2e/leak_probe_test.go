package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/e2e/canary"
)

// probe is one token at the door: what it may see, what its schema shows, and what
// has come out so far.
type probe struct {
	*leak
	*partner
	*sight
	t      testing.TB
	shown  map[string][]string // fields, filter keys, order values, arguments (as Type.field) by type, from introspection
	came   map[*canary.Cell]bool
	leaks  map[string]bool    // told once
	chains map[string][]chain // see ways
	bodies []string           // of the way that runs

	// Of the way that runs.
	way    string
	typ    string
	fields []string
}

// probeAs asks a token for its schema.
func (l *leak) probeAs(t testing.TB, p *partner) *probe {
	t.Helper()
	x := &probe{leak: l, partner: p, sight: l.oracle.sees(p), t: t, shown: map[string][]string{}, came: map[*canary.Cell]bool{}, leaks: map[string]bool{}, chains: map[string][]chain{}, way: "introspection"}
	r := x.ask(`{ __schema { types { name kind possibleTypes { name } fields(includeDeprecated: true) { name args { name } } inputFields { name } enumValues(includeDeprecated: true) { name } } } }`, nil)
	var a struct {
		Data struct {
			Schema struct {
				Types []struct {
					Name, Kind    string
					PossibleTypes []struct{ Name string }
					Fields        []struct {
						Name string
						Args []struct{ Name string }
					}
					InputFields, EnumValues []struct{ Name string }
				}
			} `json:"__schema"`
		}
	}
	if err := json.Unmarshal([]byte(r.body), &a); err != nil || len(a.Data.Schema.Types) == 0 {
		t.Fatalf("%s has no schema: %v %.300s", p.name, err, r.body)
	}
	for _, d := range a.Data.Schema.Types {
		x.shown[d.Name] = []string{}
		for _, f := range d.Fields {
			x.shown[d.Name] = append(x.shown[d.Name], f.Name)
			for _, arg := range f.Args {
				x.shown[d.Name+"."+f.Name] = append(x.shown[d.Name+"."+f.Name], arg.Name)
			}
		}
		for _, f := range slices.Concat(d.InputFields, d.EnumValues) {
			x.shown[d.Name] = append(x.shown[d.Name], f.Name)
		}
		for _, f := range d.PossibleTypes {
			x.shown["possible "+d.Name] = append(x.shown["possible "+d.Name], f.Name)
		}
	}
	return x
}

// has reports whether the token's schema has a field.
func (x *probe) has(typ, field string) bool { return slices.Contains(x.shown[typ], field) }

// everything is has for a document that does not care.
func everything(string, string) bool { return true }

// ask sends a query and looks at everything that comes back.
func (x *probe) ask(query string, variables map[string]any) *reply {
	x.t.Helper()
	return x.look(x.leak.query(x.t, x.token, query, variables), query)
}

// look searches an answer for what must not be in it.
func (x *probe) look(r *reply, asked string) *reply {
	x.t.Helper()
	x.bodies = append(x.bodies, r.body)
	for _, f := range x.scanner.Find(r.raw()) {
		switch {
		case x.whole[f.Cell]:
			x.came[f.Cell] = true
		case !x.leaks[x.way+f.Label]:
			x.leaks[x.way+f.Label] = true
			if len(x.leaks) < 30 {
				x.t.Errorf("%s, %s: %s must not be seen: %s\n\tasked %.300s", x.name, x.way, f.Label, f.At, asked)
			}
		}
	}
	return r
}

// selection is the fields of the way that runs, one a line, so that an error's place
// does not tell how long a name is. A field beginning with zq is none.
func (x *probe) selection() string {
	has := x.has
	if len(x.fields) > 0 && !x.has(x.typ, x.fields[0]) {
		has = everything
	}
	var b strings.Builder
	b.WriteString("__typename\n")
	for _, f := range x.fields {
		name, alias := f, ""
		if _, real, ok := strings.Cut(f, "="); ok { // zq0001=lines: asked as lines is, under a name nobody has
			name, alias = real, strings.TrimSuffix(f, "="+real)
		}
		text := x.sdl.selection(x.typ, name, has)
		if alias != "" {
			text = alias + strings.TrimPrefix(text, name)
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

// nonsense is names nobody has, one for each field.
func nonsense(fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = fmt.Sprintf("zq%04d=%s", i, f)
	}
	return out
}

// unmask puts the names of the fields in place of those nobody has.
func unmask(body string, fields []string) string {
	for i, f := range fields {
		body = strings.ReplaceAll(body, fmt.Sprintf("zq%04d", i), f)
	}
	return body
}

// idsOf returns the ids of all rows of a type, the partner's and others'.
func (x *probe) idsOf(typ string) []string {
	var out []string
	for _, n := range x.leak.nodes {
		if n.typ == typ {
			out = append(out, x.ids[n])
		}
	}
	return out
}

// document writes a query that asks for a root field once for each value, in one
// document with variables.
func document(kind string, n int, field func(i int, variable string) string) string {
	var head, body strings.Builder
	for i := range n {
		fmt.Fprintf(&head, "$v%d: %s\n", i, kind)
		fmt.Fprintf(&body, "r%d: %s\n", i, field(i, fmt.Sprintf("$v%d", i)))
	}
	return "query(" + head.String() + ") {\n" + body.String() + "}"
}

// values are the variables of such a document.
func values(of []string) map[string]any {
	out := map[string]any{}
	for i, v := range of {
		out[fmt.Sprintf("v%d", i)] = v
	}
	return out
}
