package notes

import (
	"fmt"
	"strings"
)

func (n *note) section(title string) { n.linef("## %s", title) }

// linef writes a paragraph.
func (n *note) linef(format string, args ...any) {
	fmt.Fprintf(&n.b, format+"\n\n", args...)
}

func (n *note) item(text string) { n.b.WriteString("- " + text + "\n") }

func (n *note) fence(language, text string) {
	n.b.WriteString("```" + language + "\n" + strings.TrimRight(text, "\n") + "\n```\n\n")
}

// table begins a table.
func (n *note) table(columns ...string) {
	n.row(columns...)
	n.b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
}

// row writes a row. A bar would end its cell, and a line break the row.
func (n *note) row(cells ...string) {
	for _, c := range cells {
		n.b.WriteString("| " + strings.NewReplacer("|", "\\|", "\n", " ").Replace(c) + " ")
	}
	n.b.WriteString("|\n")
}
