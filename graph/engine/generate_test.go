package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"
)

// operation is a generated operation with its variables.
type operation struct {
	text string
	vars map[string]any
}

// maker writes valid operations over a schema. The same response key always
// means the same field with the same arguments, so that everything that meets
// can be merged.
type maker struct {
	t         *rapid.T
	schema    *ast.Schema
	room      int // fields that may still be written
	used      map[string]bool
	fragments []string // written named fragments
	names     []fragmentName
}

type fragmentName struct{ name, on string }

// n draws 0 to limit. The draw itself prefers small numbers, which would mean the
// first fields of each type; spread over the range they are as good as any.
func (m *maker) n(limit int) int {
	return rapid.IntRange(0, 1<<16).Draw(m.t, "n") * 40503 >> 3 % (limit + 1)
}

// chance is true once in k.
func (m *maker) chance(k int) bool { return m.n(k-1) == k-1 }

var variables = map[string]struct {
	declared string
	values   []any
}{
	"t": {"Boolean! = true", []any{true, nil}}, // nil: not given
	"f": {"Boolean! = false", []any{false, true, nil}},
	"n": {"Int = 2", []any{int64(0), int64(1), int64(3), nil, "null"}},
	"s": {"Status", []any{"OPEN", "CLOSED", nil, "null"}},
	"u": {"Upper", []any{"OK", "bad", nil, "null"}},
	"w": {"String", []any{"ho", nil, "null"}},
	"r": {"Filter", []any{nil, "null", map[string]any{"text": "v"}, map[string]any{"upper": "bad"}, map[string]any{"nested": map[string]any{"limit": int64(1)}}}},
}

func makeOperation(t *rapid.T, s *ast.Schema) operation {
	m := &maker{t: t, schema: s, room: 40, used: map[string]bool{}}
	return m.operation(m.selection(s.Query, 0))
}

// makeLists writes an operation of lists of rows, most of them with relations.
func makeLists(t *rapid.T, s *ast.Schema) operation {
	m := &maker{t: t, schema: s, room: 60, used: map[string]bool{}}
	var body strings.Builder
	for i := range 1 + m.n(2) {
		rows := func(typeName string) string {
			below := []string{
				"zt: tickets(first: 3) { totalCount nodes <Ticket> }",
				"zl: ticketList { id mustCustomer { id } }",
				"zm: manager <Customer>",
				"zr: related { id }",
				"zc: comment",
				"zf: friend { id tickets { nodes { title } } }",
			}
			if typeName == "Ticket" {
				below = []string{"zw: watchers <Customer>", "zs: subject { __typename }", "zo: customer { mustTickets { totalCount } }"}
			}
			text := m.selection(s.Types[typeName], 1)
			for range m.n(2) {
				one := below[m.n(len(below)-1)]
				for _, name := range []string{"Customer", "Ticket"} {
					if strings.Contains(one, "<"+name+">") {
						one = strings.Replace(one, "<"+name+">", m.selection(s.Types[name], 2), 1)
					}
				}
				text = text[:len(text)-1] + one + " }"
			}
			return text
		}
		fmt.Fprintf(&body, " q%d: ", i)
		switch m.n(4) {
		case 0:
			body.WriteString("customers(first: 5) { nodes " + rows("Customer") + " }")
		case 1:
			body.WriteString("customers(first: 5) { totalCount edges { cursor node " + rows("Customer") + " } pageInfo { endCursor } nodes " + rows("Customer") + " }")
		case 2:
			body.WriteString("list(first: 5) " + rows("Customer"))
		case 3:
			body.WriteString("things { __typename ... on Customer " + rows("Customer") + " ... on Ticket " + rows("Ticket") + " }")
		case 4:
			body.WriteString("titled { id ... on Ticket " + rows("Ticket") + " }")
		}
	}
	return m.operation("{" + body.String() + " }")
}

func (m *maker) operation(body string) operation {
	op := operation{vars: map[string]any{}}
	var declared []string
	for _, name := range slices.Sorted(maps.Keys(m.used)) {
		v := variables[name]
		declared = append(declared, fmt.Sprintf("$%s: %s", name, v.declared))
		switch value := v.values[m.n(len(v.values)-1)]; value {
		case nil:
		case "null":
			op.vars[name] = nil
		default:
			op.vars[name] = value
		}
	}
	op.text = "query Q"
	if len(declared) > 0 {
		op.text += "(" + strings.Join(declared, ", ") + ")"
	}
	op.text += " " + body + "\n" + strings.Join(m.fragments, "\n")
	return op
}

func (m *maker) variable(name string) string {
	m.used[name] = true
	return "$" + name
}

func (m *maker) selection(def *ast.Definition, depth int) string {
	var b strings.Builder
	b.WriteString("{ ")
	for range 1 + m.n(6) {
		m.room--
		switch {
		case m.chance(8):
			b.WriteString("__typename" + m.directive() + " ")
		case m.chance(4):
			b.WriteString(m.fragment(def, depth) + " ")
		default:
			b.WriteString(m.field(def, depth) + " ")
		}
		if m.room <= 0 {
			break
		}
	}
	b.WriteString("}")
	return b.String()
}

func (m *maker) directive() string {
	if !m.chance(7) {
		return ""
	}
	switch m.n(4) {
	case 0:
		return " @include(if: " + m.variable("t") + ")"
	case 1:
		return " @skip(if: " + m.variable("f") + ")"
	case 2:
		return " @include(if: false)"
	case 3:
		return " @skip(if: false) @include(if: " + m.variable("t") + ")"
	}
	return " @include(if: true)"
}

// fragment writes a fragment on a type that can be met inside def.
func (m *maker) fragment(def *ast.Definition, depth int) string {
	on := m.overlapping(def)
	if m.chance(4) { // one that is there already
		for _, f := range m.names {
			if slices.Contains(m.meets(def), f.on) {
				return "..." + f.name + m.directive()
			}
		}
	}
	if m.chance(2) {
		body := m.selection(m.schema.Types[on], depth)
		name := fmt.Sprintf("F%d", len(m.fragments))
		m.fragments = append(m.fragments, fmt.Sprintf("fragment %s on %s %s", name, on, body))
		m.names = append(m.names, fragmentName{name, on})
		return "..." + name + m.directive()
	}
	condition := " on " + on
	if on == def.Name && m.chance(2) {
		condition = ""
	}
	return "..." + condition + m.directive() + " " + m.selection(m.schema.Types[on], depth)
}

// meets lists the composite types with an object in common with def.
func (m *maker) meets(def *ast.Definition) []string {
	var out []string
	mine := m.schema.PossibleTypes[def.Name]
	for _, name := range []string{"Query", "Customer", "Ticket", "Gadget", "Scrap", "Part", "Cell", "Money", "Node", "Titled", "Named", "Thing", "CustomerPage", "TicketPage", "CustomerEdge", "TicketEdge", "PageInfo"} {
		for _, d := range m.schema.PossibleTypes[name] {
			if slices.Contains(mine, d) {
				out = append(out, name)
				break
			}
		}
	}
	return out
}

func (m *maker) overlapping(def *ast.Definition) string {
	all := m.meets(def)
	return all[m.n(len(all)-1)]
}

const maxDepth = 6

func (m *maker) field(def *ast.Definition, depth int) string {
	var fields ast.FieldList
	for _, f := range def.Fields {
		composite := m.schema.Types[f.Type.Name()].IsCompositeType()
		if f.Name == "echo" || composite && (depth >= maxDepth || m.room <= 0) {
			continue
		}
		if f.Name == "__schema" || f.Name == "__type" {
			continue
		}
		fields = append(fields, f)
	}
	if len(fields) == 0 {
		return "__typename"
	}
	if def == m.schema.Query && m.chance(12) {
		return [...]string{
			"__schema { queryType { name } }", "ty: __type(name: \"Customer\") { kind name fields { name } }",
			"no: __type(name: \"Nothing\") { name }",
		}[m.n(2)]
	}
	f := fields[m.n(len(fields)-1)]
	key, args := m.arguments(f)
	if key == "" && m.chance(6) {
		key = "other_" + f.Name
	}
	text := f.Name + args + m.directive()
	if key != "" {
		text = key + ": " + text
	}
	if d := m.schema.Types[f.Type.Name()]; d.IsCompositeType() {
		text += " " + m.selection(d, depth+1)
	}
	return text
}

// arguments writes arguments and the alias that belongs to them.
func (m *maker) arguments(f *ast.FieldDefinition) (key, args string) {
	options := map[string][]string{
		"first":  {"1", "3", "null", "$n"},
		"status": {"OPEN", "$s"},
		"style":  {"CLOSED", "$s"},
		"upper":  {`"OK"`, `"A"`, `"B"`, `"bad"`, "$u"},
		"word":   {`"yo"`, "null", "$w"},
		"times":  {"2", "$n"},
		"filter": {`{text: "a"}`, `{range: {to: 3}}`, `{limit: 1, colors: [RED, GREEN]}`, `{upper: "bad"}`, `{statuses: OPEN, note: null}`, "$r"},
		"id":     {`"c1"`, `"t2"`, `7`},
	}
	var given []string
	for _, a := range f.Arguments {
		if !a.Type.NonNull && m.chance(2) {
			continue
		}
		k := m.n(len(options[a.Name]) - 1)
		value := options[a.Name][k]
		if strings.HasPrefix(value, "$") {
			m.used[value[1:]] = true
		}
		given = append(given, a.Name+": "+value)
		key += fmt.Sprintf("_%s%d", a.Name, k)
	}
	if len(given) == 0 {
		return "", ""
	}
	return f.Name + key, "(" + strings.Join(given, ", ") + ")"
}
