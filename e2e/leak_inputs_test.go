package e2e

import (
	"fmt"
	"strings"

	"github.com/trama-graph/trama/e2e/canary"
)

// readBy returns which field a filter key, an order value or an argument reads, as
// the SDL says; ok is false where it reads none.
func (s *sdl) readBy(typ, input, name string) (canary.Field, bool) {
	d := s.Types[input]
	var reads string
	if f := d.Fields.ForName(name); f != nil {
		if r := f.Directives.ForName("reads"); r != nil {
			reads = r.Arguments.ForName("field").Value.Raw
		}
	}
	if v := d.EnumValues.ForName(name); v != nil {
		if r := v.Directives.ForName("reads"); r != nil {
			reads = r.Arguments.ForName("field").Value.Raw
		}
	}
	if reads == "" {
		return canary.Field{}, false
	}
	if t, f, ok := strings.Cut(reads, "."); ok {
		return canary.Field{Type: t, Name: f}, true
	}
	return canary.Field{Type: typ, Name: reads}, true
}

// hiddenInputs wants that a field can be searched and sorted by only if it can be
// read whole of every row that can be reached; and that keys, values and arguments
// that are not shown are answered as those that do not exist.
func (x *probe) hiddenInputs() {
	list, lookup := x.sdl.list(x.typ), x.sdl.lookup(x.typ)
	if list == "" {
		return
	}
	var filters, orders, args []string
	for _, f := range x.sdl.Types[x.typ+"Filter"].Fields {
		x.searchable(x.typ+"Filter", f.Name)
		if _, ok := x.sdl.readBy(x.typ, x.typ+"Filter", f.Name); ok && !x.has(x.typ+"Filter", f.Name) {
			filters = append(filters, f.Name)
		}
	}
	for _, v := range x.sdl.Types[x.typ+"OrderField"].EnumValues {
		x.searchable(x.typ+"OrderField", v.Name)
		if !x.has(x.typ+"OrderField", v.Name) {
			orders = append(orders, v.Name)
		}
	}
	if lookup != "" {
		for _, a := range x.sdl.Query.Fields.ForName(lookup).Arguments {
			if !x.has("Query."+lookup, a.Name) {
				args = append(args, a.Name)
			}
		}
	}
	twin := func(what string, hidden []string, write func(name string) string) {
		if len(hidden) == 0 {
			return
		}
		x.way = what
		var got, unknown []string
		for i, name := range hidden {
			got = append(got, x.ask("{\n"+write(name)+"\n}", nil).body)
			unknown = append(unknown, x.ask("{\n"+write(fmt.Sprintf("zq%04d", i))+"\n}", nil).body)
		}
		x.bodies = unknown
		x.sameAsUnknown(got, hidden)
	}
	twin("filter (hidden)", filters, func(name string) string {
		return list + "(filter: {" + name + ": {isNull: true}}) { totalCount }"
	})
	twin("order (hidden)", orders, func(name string) string {
		return list + "(orderBy: {field: " + name + ", direction: ASC}) { totalCount }"
	})
	twin("argument (hidden)", args, func(name string) string {
		return lookup + "(" + name + ": \"x\") { __typename }"
	})
}

// searchable wants a key that is shown to be of a field that is read whole wherever
// the type's rows are.
func (x *probe) searchable(input, name string) {
	field, ok := x.sdl.readBy(x.typ, input, name)
	if !ok || !x.has(input, name) {
		return
	}
	for _, n := range x.leak.nodes {
		if n.typ != field.Type {
			continue
		}
		for via := range x.reached[n] {
			if !x.oracle.read(x.partner, field, n, via).whole {
				x.t.Errorf("%s: %s.%s searches %s, which it may not read whole of %s", x.name, input, name, field, n.name)
				return
			}
		}
	}
}

// hiddenActs wants an act that the token may not do to be answered as one that does
// not exist.
func (x *probe) hiddenActs() {
	x.typ, x.way = "Mutation", "mutation (hidden)"
	for _, f := range x.sdl.fields("Mutation") {
		if x.has("Mutation", f) {
			continue
		}
		got := x.ask("mutation {\n"+f+" { __typename }\n}", nil).body
		x.bodies = []string{x.ask("mutation {\nzq0000 { __typename }\n}", nil).body}
		x.sameAsUnknown([]string{got}, []string{f})
	}
}
