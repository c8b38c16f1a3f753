package dataset

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// currencyColumn is the last group of a dataset with measures of money.
const currencyColumn = "currency"

// flatten finds the columns, and refuses what has none.
func (r *reader) flatten() {
	d := r.out
	aggregates := len(d.parts) > 1
	d.parts[0].root.walk(func(n *node) { aggregates = aggregates || n.marks.aggregates() })
	for i, p := range d.parts {
		r.keyed(i, p, aggregates)
		switch {
		case len(d.parts) > 1 && i == 0:
			p.root.walk(func(n *node) {
				if n.marks.aggregates() {
					r.problems.add(n.at, "%s is of the list whose records are the rows: only the further lists are summed up", n.key)
				}
			})
			r.values(p)
		case aggregates:
			r.per(i, p)
			r.aggregate(i, p)
		default:
			r.values(p)
		}
	}
	r.distinct()
}

// keyed holds that rows can be told apart.
func (r *reader) keyed(i int, p *part, aggregates bool) {
	if i > 0 || p.root.isRecord() {
		p.root.walk(func(n *node) {
			if n.marks.isKey {
				r.problems.add(n.at, "@key is for rows without an id, and these have one")
			}
		})
		return
	}
	found := false
	for n := p.grain; n != nil; n = n.parent {
		for _, c := range n.children {
			found = found || c.marks.isKey && n == p.root
		}
	}
	if !found && !aggregates {
		r.problems.add(p.root.at, "rows of %s have no id: mark what tells them apart with @key", p.root.of.Name)
	}
	p.root.walk(func(n *node) {
		if n.marks.isKey && (n.parent == nil || !n.parent.isList() || n.marks.aggregates()) {
			r.problems.add(n.at, "@key stands on a field of the row itself or of what holds it, and shows its value")
		}
	})
}

// values are the columns of a list whose rows are those of the table.
func (r *reader) values(p *part) {
	p.root.walk(func(n *node) {
		if n.kind != leaf {
			return
		}
		c := drawn{name: p.column(n), node: n}
		if n.marks.name != "" {
			c.name = n.marks.name
		}
		r.out.columns = append(r.out.columns, c)
	})
}

// per finds the id by which the rows of a further list belong to one of the first.
func (r *reader) per(i int, p *part) {
	if i == 0 {
		return
	}
	first := r.out.parts[0]
	if !first.root.isRecord() || first.grain != first.root {
		r.problems.add(p.root.at, "@per needs a first list whose rows are records with an id, and %s has none", first.root.key)
		return
	}
	n := p.root
	for _, name := range strings.Split(p.root.marks.per, ".") {
		def := n.of.Fields.ForName(name)
		if def == nil || n.kind == leaf {
			r.problems.add(p.root.at, "@per: %s has no field %s", n.of.Name, clipped(name))
			return
		}
		next := n.child(name)
		if next != nil && next.def.Name != name {
			r.problems.add(p.root.at, "@per: %s is the alias of another field", clipped(name))
			return
		}
		if next == nil {
			next = &node{key: name, holder: n.of.Name, def: def, of: r.schema.Types[def.Type.Name()], at: p.root.at, parent: n, marks: marks{scale: AnyScale}}
			if !next.of.IsLeafType() {
				next.kind = object
			}
			if def.Type.Elem != nil || isPage(next.of) {
				r.problems.add(p.root.at, "@per: %s is a list", clipped(name))
				return
			}
			n.children = append(n.children, next)
		}
		n = next
	}
	if n.kind != leaf || n.def.Name != "id" || n.holder != first.root.of.Name {
		r.problems.add(p.root.at, "@per: %s is not the id of a %s", clipped(p.root.marks.per), first.root.of.Name)
		return
	}
	p.per = n
}

// aggregate finds the groups and measures of a list whose rows are summed up.
func (r *reader) aggregate(i int, p *part) {
	operands := map[*node]bool{}
	r.collect(i, p, p.root, nil, operands)
	p.root.walk(func(n *node) {
		inside := n.parent != nil && n.parent.kind == money
		if n.kind != leaf || inside || n == p.per || n.marks.aggregates() || operands[n] || r.grouped(n) {
			return
		}
		r.problems.add(n.at, "%s is neither grouped nor measured: give it @by, @count, @sum, @min or @max, or leave it out", n.key)
	})
}

// grouped reports whether an object that holds the value is grouped by.
func (r *reader) grouped(n *node) bool {
	for n = n.parent; n != nil; n = n.parent {
		if len(n.marks.by) > 0 {
			return true
		}
	}
	return false
}

func (r *reader) collect(i int, p *part, n *node, by []Period, operands map[*node]bool) {
	if len(n.marks.by) > 0 {
		by = n.marks.by
	}
	if n.marks.name != "" && len(n.marks.by)+len(n.marks.measures) > 1 {
		r.problems.add(n.at, "%s is several columns, and @column(name:) names one", n.key)
	}
	switch {
	case n.kind == money:
		if len(n.marks.by) > 0 || len(n.marks.measures) == 0 && !r.isOperand(n) {
			r.problems.add(n.at, "an amount of money is no group: measure %s with @sum, @min or @max; its currency is a group then", n.key)
		}
		for _, c := range n.children {
			if c.marks.aggregates() || c.key != c.def.Name {
				r.problems.add(c.at, "measures stand on the money itself, %s @sum, and it has no aliases inside", n.key)
			}
		}
		r.need(n, "amount", "currency")
	case n.kind != leaf:
		if len(n.marks.measures) > 0 || n.isList() && len(n.marks.by) > 0 || slices.ContainsFunc(n.marks.by, func(p Period) bool { return p != Whole }) {
			r.problems.add(n.at, "%s is an object: @by groups by its fields, everything else stands on one of them", n.key)
		}
		for _, c := range n.children {
			r.collect(i, p, c, by, operands)
		}
		return
	case len(n.marks.measures) == 0 && !r.isOperand(n) && n != p.per:
		r.groupBy(i, p, n, by)
	case len(n.marks.by) > 0:
		r.problems.add(n.at, "%s is both a group and a measure: ask it twice, with an alias", n.key)
	}
	for _, m := range n.marks.measures {
		r.measure(i, p, n, m, operands)
	}
}

// need adds the fields of money that a measure reads and the text does not ask.
func (r *reader) need(n *node, names ...string) {
	for _, name := range names {
		if n.child(name) == nil {
			def := n.of.Fields.ForName(name)
			n.children = append(n.children, &node{key: name, holder: n.of.Name, def: def, of: r.schema.Types[def.Type.Name()], at: n.at, parent: n, marks: marks{scale: AnyScale}})
		}
	}
}

// isOperand reports whether another field's sum takes it off or compares it.
func (r *reader) isOperand(n *node) bool {
	return n.parent != nil && slices.ContainsFunc(n.parent.children, func(other *node) bool {
		return slices.ContainsFunc(other.marks.measures, func(m measured) bool { return m.minus == n.key || m.past == n.key })
	})
}

func (r *reader) groupBy(i int, p *part, n *node, by []Period) {
	if len(by) > 0 && i > 0 {
		r.problems.add(n.at, "the rows of %s are summed up for each row of the first list: %s is no group there", p.root.key, n.key)
		return
	}
	for _, period := range by {
		g := group{drawn: drawn{name: p.column(n) + period.suffix(), node: n}, period: period}
		if n.marks.name != "" {
			g.name = n.marks.name
		}
		if t, _ := typeOf(n.of); period != Whole && t != DateTime {
			r.problems.add(n.at, "%s is no moment and has no periods", n.key)
		}
		r.out.groups = append(r.out.groups, g)
	}
}

func (r *reader) measure(i int, p *part, n *node, m measured, operands map[*node]bool) {
	out := measure{drawn: drawn{name: p.column(n) + "_" + m.op.suffix(), node: n}, part: i, op: m.op}
	if n.marks.name != "" {
		out.name = n.marks.name
	}
	if m.as != "" {
		if out.name = m.as; !isIdentifier(m.as) {
			r.problems.add(m.at, "%q is no name of a column: a letter or _, then letters, digits and _, at most 128", clipped(m.as))
		}
	}
	t := Decimal
	if n.kind == leaf {
		t, _ = typeOf(n.of)
	}
	switch {
	case m.op == count:
	case m.op == sum && t != Decimal && t != Int:
		r.problems.add(m.at, "%s cannot be summed: it is no number and no money", n.key)
	case m.op != sum && t != Decimal && t != Int && t != DateTime:
		r.problems.add(m.at, "%s has no least and greatest: texts are ordered in each system in another way", n.key)
	}
	sibling := func(key string, fits func(*node) bool, what string) *node {
		if key == "" {
			return nil
		}
		other := n.parent.child(key)
		if other == nil || !fits(other) {
			r.problems.add(m.at, "%s must be %s beside %s", clipped(key), what, n.key)
			return nil
		}
		operands[other] = true
		return other
	}
	out.minus = sibling(m.minus, func(o *node) bool {
		return o != n && o.kind == n.kind && (n.kind == money || o.of.Name == n.of.Name)
	}, "of the same kind and another field,")
	out.past = sibling(m.past, func(o *node) bool { return o.kind == leaf && o.of.Name == "DateTime" }, "a moment")
	if out.minus != nil && out.minus.kind == money {
		r.need(out.minus, "amount", "currency")
	}
	r.out.measures = append(r.out.measures, out)
}

// distinct holds that names are names, and each is there once.
func (r *reader) distinct() {
	seen := map[string]bool{}
	all := 0
	note := func(name string, at *ast.Position, mayBeSource bool) {
		all++
		switch folded := strings.ToLower(name); {
		case mayBeSource && name == "source":
		case isTaken(name):
			r.problems.add(at, "%s is a column each dataset begins with: leave it out, or give it an alias", name)
		case isWord(name) || !isIdentifier(name):
			r.problems.add(at, "%s is no name a column can have: give it an alias", clipped(name))
		case seen[folded]:
			r.problems.add(at, "two columns are called %s: give one an alias", clipped(name))
		default:
			seen[folded] = true
		}
	}
	for _, c := range r.out.columns {
		note(c.name, c.node.at, false)
	}
	for _, g := range r.out.groups {
		note(g.name, g.node.at, g.period == Whole && g.node == r.out.parts[0].source())
	}
	if slices.ContainsFunc(r.out.measures, func(m measure) bool { return m.isMoney() }) {
		note(currencyColumn, r.at, false)
	}
	for _, m := range r.out.measures {
		note(m.name, m.node.at, false)
	}
	if all > MaxColumns {
		r.problems.add(r.at, "a dataset has at most %d columns, and this one %d", MaxColumns, all)
	}
	if all == 0 {
		r.problems.add(r.at, "the dataset has no columns")
	}
}

// isMoney reports whether the measure's value is an amount.
func (m *measure) isMoney() bool { return m.node.kind == money && m.op != count }

// source is the field the part asks that says which system a row comes from, nil when
// it asks none.
func (p *part) source() *node {
	for n := p.grain; n != nil; n = n.parent {
		if name := sourceField(n.of); n.isList() && name != "" {
			for _, c := range n.children {
				if c.kind == leaf && c.def.Name == name {
					return c
				}
			}
			return nil
		}
	}
	return nil
}

// sourceField is the field of a type that names a system: its source, and of Source
// itself its name.
func sourceField(d *ast.Definition) string {
	switch {
	case d.Name == "Source":
		return "name"
	case d.Fields.ForName("source") != nil:
		return "source"
	}
	return ""
}
