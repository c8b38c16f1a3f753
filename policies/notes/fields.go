package notes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
)

// roots lists the root fields.
func (n *note) roots() {
	n.section(n.t.questions)
	n.table(n.t.field, n.t.gives, n.t.arguments, n.t.meaning)
	for _, f := range n.Schema.Query.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		n.row("`"+f.Name+"`", n.typeOf(f.Type), n.argumentsOf(f), f.Description)
	}
	n.b.WriteString("\n")
}

// argumentsOf explains what is special of a field; what every list has is explained once.
func (n *note) argumentsOf(f *ast.FieldDefinition) string {
	var list []string
	for _, a := range f.Arguments {
		switch {
		case n.isPage(f.Type):
			list = append(list, "`"+a.Name+"`")
		default:
			list = append(list, fmt.Sprintf("`%s: %s` %s", a.Name, a.Type, a.Description))
		}
	}
	if n.isPage(f.Type) {
		return strings.Join(list, ", ")
	}
	return strings.Join(list, "<br>")
}

// records describes the types of rows, and the types they hold.
func (n *note) records() {
	if len(n.reach.entities)+len(n.Added) > 0 {
		n.section(n.t.records)
	}
	for _, d := range n.reach.entities {
		n.linef("### %s", d.Name)
		n.linef("%s", d.Description)
		n.linef("**%s**%s%s", n.t.rows, n.t.colon, n.rowsOf(d.Name))
		n.fields(d)
	}
	if len(n.reach.parts) > 0 {
		n.section(n.t.parts)
		n.linef("%s", n.t.partsAre)
		n.types(n.reach.parts)
	}
}

// added describes the fields on records that other packages show.
func (n *note) added() {
	if len(n.Added) == 0 {
		return
	}
	n.linef("%s", n.t.adds)
	last := ""
	for _, a := range n.Added {
		d := n.Full.Types[a.Type]
		if d == nil || d.Fields.ForName(a.Field) == nil {
			continue
		}
		if a.Type != last {
			if last != "" {
				n.b.WriteString("\n")
			}
			last = a.Type
			n.linef("### %s", a.Type)
			n.table(n.t.field, n.t.typ, n.t.meaning)
		}
		f, text := d.Fields.ForName(a.Field), ""
		if a.Mask != "" {
			text = n.maskedBy(a.Mask)
		}
		if a.If {
			text = join(text, n.t.addsIf)
		}
		n.row("`"+f.Name+"`", n.typeOf(f.Type), join(f.Description, text))
	}
	n.b.WriteString("\n")
}

// maskedBy says that a field is masked, and keeps how for the section on masks.
func (n *note) maskedBy(k policies.MaskKind) string {
	if !slices.Contains(n.masked, k) {
		n.masked = append(n.masked, k)
	}
	return fmt.Sprintf(n.t.masked, k)
}

func (n *note) types(list []*ast.Definition) {
	for _, d := range list {
		n.linef("### %s", d.Name)
		n.linef("%s", d.Description)
		n.fields(d)
	}
}

// fields is the table of a type; without filters and orders it has no columns for them.
func (n *note) fields(d *ast.Definition) {
	filters, orders := n.filtersOf(d.Name), n.ordersOf(d.Name)
	searched := len(filters)+len(orders) > 0
	columns := []string{n.t.field, n.t.typ, n.t.meaning}
	if searched {
		columns = append(columns, n.t.filter, n.t.order)
	}
	n.table(columns...)
	for _, f := range d.Fields {
		cells := []string{"`" + f.Name + "`", n.typeOf(f.Type), join(f.Description, n.special(d.Name, f.Name))}
		if searched {
			cells = append(cells, filters[f.Name], orders[f.Name])
		}
		n.row(cells...)
	}
	n.b.WriteString("\n")
}

// special says what a view does to a field: its mask, and the rows it is seen on
// where those are fewer than the type's.
func (n *note) special(typeName, field string) string {
	g := n.View.Grant(typeName, field)
	var mask, where string
	if g.Mask != "" && g.Verdict != policies.Allow {
		mask = n.maskedBy(g.Mask)
	}
	if g.Verdict == policies.Row {
		where = fmt.Sprintf(n.t.onlyWhere, n.condition(typeName, g.Full, false))
	}
	return join(where, mask)
}

// filtersOf gives, by field, the kind of condition a type's lists take for it.
func (n *note) filtersOf(typeName string) map[string]string {
	out := map[string]string{}
	d, full := n.Schema.Types[typeName+"Filter"], n.Full.Types[typeName+"Filter"]
	if d == nil || full == nil {
		return out
	}
	for _, f := range d.Fields {
		if kind := n.t.kinds[f.Type.Name()]; kind != "" {
			field := f.Name
			if origin := full.Fields.ForName(f.Name); origin != nil {
				field = reads(origin.Directives, f.Name)
			}
			out[field] = join(out[field], kind)
		}
	}
	return out
}

// ordersOf gives, by field, the order value that sorts by it.
func (n *note) ordersOf(typeName string) map[string]string {
	out := map[string]string{}
	d, full := n.Schema.Types[typeName+"OrderField"], n.Full.Types[typeName+"OrderField"]
	if d == nil || full == nil {
		return out
	}
	for _, v := range d.EnumValues {
		if origin := full.EnumValues.ForName(v.Name); origin != nil {
			out[reads(origin.Directives, "")] = "`" + v.Name + "`"
		}
	}
	return out
}

// reads is the field a filter key or an order value reads.
func reads(list ast.DirectiveList, name string) string {
	if d := list.ForName("reads"); d != nil {
		if a := d.Arguments.ForName("field"); a != nil && a.Value != nil {
			return a.Value.Raw
		}
	}
	return name
}

func (n *note) isPage(t *ast.Type) bool { return pageOf(n.Schema.Types[t.Name()]) != "" }

// typeOf writes a type, as a link where it is described on the page.
func (n *note) typeOf(t *ast.Type) string {
	if rows := pageOf(n.Schema.Types[t.Name()]); rows != "" {
		return fmt.Sprintf(n.t.pageOf, n.link(rows, rows))
	}
	return n.link(t.Name(), t.String())
}

func (n *note) link(name, text string) string {
	for _, list := range [][]*ast.Definition{n.reach.entities, n.reach.parts, n.reach.systems, n.reach.values, n.reach.enums} {
		for _, d := range list {
			if d.Name == name {
				return "[`" + text + "`](#" + strings.ToLower(name) + ")"
			}
		}
	}
	return "`" + text + "`"
}

// join puts two sentences together; either may be empty.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}
