package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/trama-graph/trama/e2e/canary"
)

// waysOut are all the ways out of the graph for the fields of a type. Each is run with
// the fields a token's schema shows, and with those it does not. A new way is a line.
var waysOut = []struct {
	name string
	run  func(x *probe)
}{
	{"plain", func(x *probe) { x.each(func(c chain) string { return c.write(x.sdl, x.selection()) }) }},
	{"alias", func(x *probe) { x.each(func(c chain) string { return c.write(x.sdl, aliased(x.selection())) }) }},
	{"fragment", func(x *probe) {
		x.each(func(c chain) string {
			return c.write(x.sdl, "...F") + "\nfragment F on " + x.typ + " {\n" + x.selection() + "}"
		})
	}},
	{"inline fragment", func(x *probe) {
		x.each(func(c chain) string { return c.write(x.sdl, "... on "+x.typ+" {\n"+x.selection()+"}") })
	}},
	{"variable include", func(x *probe) {
		x.eachWith(map[string]any{"yes": true, "no": false}, func(c chain) string {
			return "query($yes: Boolean!, $no: Boolean!)" + c.write(x.sdl, "... @include(if: $yes) @skip(if: $no) {\n"+x.selection()+"}")
		})
	}},
	{"get", func(x *probe) {
		for _, c := range x.ways() {
			q := c.write(x.sdl, x.selection())
			x.look(x.queryGet(x.t, x.token, q, nil), q)
		}
	}},
	{"older media type", func(x *probe) {
		for _, c := range x.ways() {
			q := c.write(x.sdl, x.selection())
			b, _ := json.Marshal(map[string]string{"query": q})
			x.look(x.send(x.t, x.token, http.MethodPost, "/graphql", older, b), q)
		}
	}},
	{"kept answer", func(x *probe) {
		for _, c := range x.ways() {
			q := "query @cacheControl(maxAge: 3600) " + c.write(x.sdl, x.selection())
			x.leak.query(x.t, x.leak.admin.token, q, nil) // who sees everything asks first
			fresh := x.ask(q, nil)
			again := x.ask(q, nil)
			x.keptAlike(fresh, again, q)
		}
	}},
	{"edges", func(x *probe) {
		if list := x.sdl.list(x.typ); list != "" {
			x.ask("{ "+list+"(first: 2) { edges { cursor node {\n"+x.selection()+"} } pageInfo { startCursor endCursor hasNextPage } totalCount missing } }", nil)
		}
	}},
	{"deleted", func(x *probe) {
		if list := x.sdl.list(x.typ); list != "" && x.has(x.typ+"Filter", "isDeleted") {
			x.ask("{ "+list+"(filter: {isDeleted: {in: [true, false]}}) { nodes {\n"+x.selection()+"} totalCount } }", nil)
		}
	}},
	{"node", func(x *probe) {
		if ids := x.idsOf(x.typ); len(ids) > 0 {
			x.ask(document("ID!", len(ids), func(_ int, v string) string {
				return "node(id: " + v + ") { __typename id ... on " + x.typ + " {\n" + x.selection() + "} }"
			}), values(ids))
		}
	}},
	{"by id", func(x *probe) {
		if ids := x.idsOf(x.typ); len(ids) > 0 {
			x.ask(document("ID!", len(ids), func(_ int, v string) string {
				return x.sdl.lookup(x.typ) + "(id: " + v + ") {\n" + x.selection() + "}"
			}), values(ids))
		}
	}},
	{"by key", func(x *probe) {
		for _, arg := range keysOf(x.typ) {
			if len(x.fields) > 0 && x.has(x.typ, x.fields[0]) && !x.has("Query."+x.sdl.lookup(x.typ), arg) {
				continue // it is among those of the identity test
			}
			keys := x.keys(arg)
			x.ask(document("String!", len(keys), func(_ int, v string) string {
				return x.sdl.lookup(x.typ) + "(" + arg + ": " + v + ") {\n" + x.selection() + "}"
			}), values(keys))
		}
	}},
	{"error path", func(x *probe) {
		list := x.sdl.list(x.typ)
		if list == "" {
			return
		}
		for _, args := range []string{"first: -1", "after: \"bogus\"", "first: \"ten\"", "filter: {zzz: 1}", "orderBy: {field: ZZZ}", "nobody: 1"} {
			x.ask("{ "+list+"("+args+") { nodes {\n"+x.selection()+"} } }", nil)
		}
		x.ask("{ "+list+" { nodes {\n"+x.selection()+"} ", nil)
		x.ask("query($n: Int!) { "+list+"(first: $n) { nodes {\n"+x.selection()+"} } }", map[string]any{"n": "ten"})
		x.ask("query($n: ID!) { node(id: $n) { ... on "+x.typ+" {\n"+x.selection()+"} } }", map[string]any{"n": "bogus"})
	}},
}

// keptAlike wants the second answer to be the first, and counts those that were kept.
func (x *probe) keptAlike(fresh, again *reply, asked string) {
	if again.header.Get("Age") == "" {
		return
	}
	x.leak.kept.Add(1)
	if fresh.body != again.body && fresh.header.Get("Cache-Control") != "private, no-store" {
		x.t.Errorf("%s: a kept answer is another one\n got %.600s\nwant %.600s\nasked %.300s", x.name, again.body, fresh.body, asked)
	}
}

// keepAnswers lets everybody's answers be kept, by one agreement: then nothing but what
// they may see keeps them apart.
func (l *leak) keepAnswers(t testing.TB) {
	t.Helper()
	packages := []string{}
	for _, p := range l.partners {
		packages = append(packages, p.packages...)
	}
	slices.Sort(packages)
	l.ask(t, `mutation($p: [String!]) { saveAgreement(agreement: {name: "kept", packages: $p, answerCacheSeconds: 3600}) { name } }`, map[string]any{"p": slices.Compact(packages)})
	for _, p := range l.partners {
		l.ask(t, `mutation($a: String!) { saveAccount(name: $a, agreement: "kept") { name } }`, map[string]any{"a": p.name})
	}
}

// ways returns how to come to the type: as the whole schema says, and as far as this
// token's goes.
func (x *probe) ways() []chain { return x.waysTo(x.typ) }

func (x *probe) waysTo(typ string) []chain {
	if typ == "Query" {
		return []chain{{}}
	}
	if known, ok := x.chains[typ]; ok {
		return known
	}
	out := x.sdl.chains(typ, everything)
	for _, c := range x.sdl.chains(typ, x.has) {
		if !slices.ContainsFunc(out, func(d chain) bool { return slices.Equal(c, d) }) {
			out = append(out, c)
		}
	}
	x.chains[typ] = out
	return out
}

func (x *probe) each(write func(c chain) string) { x.eachWith(nil, write) }

func (x *probe) eachWith(variables map[string]any, write func(c chain) string) {
	for _, c := range x.ways() {
		x.ask(write(c), variables)
	}
}

// aliased puts another name before each line of a selection.
func aliased(selection string) string {
	lines := strings.Split(strings.TrimSpace(selection), "\n")
	for i, l := range lines {
		lines[i] = fmt.Sprintf("a%03d: %s", i, l)
	}
	return strings.Join(lines, "\n") + "\n"
}

// keysOf returns the arguments a type can be looked up by, beside its id.
func keysOf(typ string) []string {
	switch typ {
	case "Customer":
		return []string{"taxId", "email"}
	case "Product":
		return []string{"sku"}
	case "Ticket", "Quote", "Order", "Invoice", "Payment", "Payable", "Boleto", "DeliveryNote", "PurchaseOrder":
		return []string{"number"}
	}
	return nil
}

// keys are the values of such an argument: every row's, and one that nobody has.
func (x *probe) keys(arg string) []string {
	out := []string{"nobody"}
	for _, n := range x.leak.nodes {
		if n.typ == x.typ {
			out = append(out, n.texts[arg])
		}
	}
	return out
}

// filtered asks a list for each value of each filter key the token's schema shows,
// and compares how many rows there are with how many it may see.
func (x *probe) filtered() {
	list := x.sdl.list(x.typ)
	var args, want []string
	for _, f := range x.shown[x.typ+"Filter"] {
		for _, n := range x.leak.nodes {
			v := n.texts[f]
			if n.typ != x.typ || v == "" {
				continue
			}
			if field := x.sdl.Types[x.typ+"Filter"].Fields.ForName(f); field.Type.Name() == "DecimalFilter" {
				v += ".25"
			}
			for op, count := range map[string]int{"eq": x.count(f, v, true), "ne": x.count(f, v, false)} {
				if op == "ne" && x.sdl.Types[x.typ+"Filter"].Fields.ForName(f).Type.Name() != "StringFilter" {
					continue
				}
				args = append(args, fmt.Sprintf("filter: {%s: {%s: %q}}", f, op, v))
				want = append(want, fmt.Sprint(count))
			}
		}
	}
	if len(args) == 0 || !x.has("Query", list) {
		return
	}
	var b strings.Builder
	for i, a := range args {
		fmt.Fprintf(&b, "r%d: %s(%s) { totalCount nodes { id } }\n", i, list, a)
	}
	r := x.ask("{\n"+b.String()+"}", nil)
	var a struct {
		Data map[string]struct {
			TotalCount *int
			Nodes      []struct{ ID string }
		}
	}
	if err := json.Unmarshal([]byte(r.body), &a); err != nil || len(a.Data) != len(args) {
		x.t.Fatalf("%s, filter of %s: %v %.500s", x.name, list, err, r.body)
	}
	for i := range args {
		got := a.Data[fmt.Sprintf("r%d", i)]
		if total := fmt.Sprint(len(got.Nodes)); total != want[i] || got.TotalCount == nil || fmt.Sprint(*got.TotalCount) != want[i] {
			x.t.Errorf("%s, filter: %s(%s) tells %v rows and gives %d, want %s", x.name, list, args[i], deref(got.TotalCount), len(got.Nodes), want[i])
		}
	}
}

func deref(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}

// count is how many rows of the list the token may see that have a value, or have it
// not.
func (x *probe) count(column, value string, equal bool) int {
	n := 0
	for _, r := range x.leak.nodes {
		have := r.texts[column]
		if r.typ == x.typ && x.reached[r][""] && (have == strings.TrimSuffix(value, ".25")) == equal {
			n++
		}
	}
	return n
}

// ordered asks a list in every order the token's schema shows.
func (x *probe) ordered() {
	list := x.sdl.list(x.typ)
	for _, value := range x.shown[x.typ+"OrderField"] {
		for _, direction := range []string{"ASC", "DESC"} {
			q := fmt.Sprintf("{ %s(first: 1, orderBy: {field: %s, direction: %s}) { totalCount edges { cursor node { id __typename } } pageInfo { endCursor hasNextPage } } }", list, value, direction)
			for range 6 {
				r := x.ask(q, nil)
				var a answer
				if json.Unmarshal([]byte(r.body), &a) != nil || a.Data[list] == nil {
					break
				}
				cursor, _ := at(x.t, a.Data, list+".pageInfo.endCursor").(string)
				if at(x.t, a.Data, list+".pageInfo.hasNextPage") != true {
					break
				}
				q = fmt.Sprintf("{ %s(first: 1, after: %q, orderBy: {field: %s, direction: %s}) { totalCount edges { cursor node { id __typename } } pageInfo { endCursor hasNextPage } } }", list, cursor, value, direction)
			}
		}
	}
}

// described asks what a type is.
func (x *probe) described() {
	for _, name := range []string{x.typ, x.typ + "Page", x.typ + "Edge", x.typ + "Filter", x.typ + "OrderField", x.typ + "OrderBy"} {
		x.ask(`query($n: String!) { __type(name: $n) { name kind description fields { name description args { name description defaultValue type { name } } type { name ofType { name } } } inputFields { name description defaultValue } enumValues { name description } possibleTypes { name } interfaces { name } } }`, map[string]any{"n": name})
	}
}

// masks compares what a list shows of masked fields with their masks.
func (x *probe) masks() {
	bodies := strings.Join(x.bodies, "\n")
	for c, kind := range x.masked {
		row := c.Paths[0].Row
		if kind == "hash" || kind == "null" || x.whole[c] || row.Type != x.typ || !x.reached[x.node(row)][""] {
			continue
		}
		if want := maskOf(kind, c); !strings.Contains(bodies, want) {
			x.t.Errorf("%s: %s should be shown as %s, by the mask %s", x.name, c.Label, want, kind)
		}
	}
}

func (x *probe) node(r *canary.Row) *node {
	for _, n := range x.leak.nodes {
		if slices.Contains(n.rows, r) {
			return n
		}
	}
	return nil
}

// maskOf is the masked form of a canary as an answer has it, quoted.
func maskOf(kind string, c *canary.Cell) string {
	switch kind {
	case "last4":
		signs := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, c.Canary)
		return signs[len(signs)-4:] + `"`
	case "domain":
		_, domain, _ := strings.Cut(c.Canary, "@")
		return `"` + domain + `"`
	case "year":
		return `"` + c.Canary[:4] + `-01-01T00:00:00Z"`
	}
	return "null"
}
