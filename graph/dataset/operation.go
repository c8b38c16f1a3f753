package dataset

import (
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// hiddenPrefix begins the names of what an operation asks beside the columns: ids and
// sources.
const hiddenPrefix = "trama_"

// writer writes an operation's text. Its root list has a filter besides its own, "" = none.
type writer struct {
	strings.Builder
	root   *node
	filter string
}

// field writes a node with what is kept below it. extra are the fields to ask of a
// record besides.
func (w *writer) field(n *node, kept map[*node]bool, extra map[*node][]string) {
	if n.alias {
		w.WriteString(n.key + ": ")
	}
	w.WriteString(n.def.Name)
	if args := w.arguments(n); len(args) > 0 {
		w.WriteString("(" + strings.Join(args, ", ") + ")")
	}
	if n.kind == leaf {
		return
	}
	w.WriteString(" {")
	if n.kind == page {
		w.WriteString(" nodes {")
	}
	for _, c := range n.children {
		if kept[c] {
			w.WriteByte(' ')
			w.field(c, kept, extra)
		}
	}
	for _, name := range extra[n] {
		w.WriteString(" " + hiddenPrefix + name + ": " + name)
	}
	w.WriteString(" }")
	if n.kind == page {
		w.WriteString(" }")
	}
}

func (w *writer) arguments(n *node) []string {
	filter := ""
	if n == w.root {
		filter = w.filter
	}
	var args []string
	for _, a := range n.args {
		text := Literal(a.Value)
		if a.Name == "filter" && filter != "" {
			text, filter = "{and: ["+text+", "+filter+"]}", ""
		}
		args = append(args, a.Name+": "+text)
	}
	if filter != "" {
		args = append(args, "filter: "+filter)
	}
	return args
}

// Literal is the text of a literal in an operation. GraphQL's texts are JSON's; those of
// ast.Value.String are Go's.
func Literal(v *ast.Value) string {
	switch v.Kind {
	case ast.StringValue, ast.BlockValue:
		text, _ := json.Marshal(v.Raw) // of a text that is UTF-8, it cannot fail
		return string(text)
	case ast.ListValue:
		parts := make([]string, len(v.Children))
		for i, c := range v.Children {
			parts[i] = Literal(c.Value)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case ast.ObjectValue:
		parts := make([]string, len(v.Children))
		for i, c := range v.Children {
			parts[i] = c.Name + ": " + Literal(c.Value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return v.Raw
}
