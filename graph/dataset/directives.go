package dataset

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/govalues/decimal"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// marks are what a dataset's directives say of one field.
type marks struct {
	name     string // of @column
	scale    int
	isKey    bool
	by       []Period
	measures []measured
	per      string // of @per: where the id is
}

func (m *marks) aggregates() bool { return len(m.by)+len(m.measures) > 0 }

// measured is one @count, @sum, @min or @max.
type measured struct {
	op              op
	as, minus, past string
	at              *ast.Position
}

// op is how a measure is made.
type op uint8

const (
	count op = iota
	sum
	least
	greatest
)

// suffix is what a measure's column is called by, behind its field.
func (o op) suffix() string { return [...]string{"count", "sum", "min", "max"}[o] }

// directiveArguments are the directives of datasets and the arguments each takes,
// with the kinds of literals.
func directiveArguments() map[string]map[string]ast.ValueKind {
	return map[string]map[string]ast.ValueKind{
		"dataset": {"label": ast.StringValue, "grain": ast.StringValue, "partial": ast.BooleanValue, "zone": ast.StringValue},
		"column":  {"name": ast.StringValue, "scale": ast.IntValue},
		"key":     {},
		"by":      {"period": ast.EnumValue},
		"count":   {"as": ast.StringValue},
		"sum":     {"as": ast.StringValue, "minus": ast.StringValue, "past": ast.StringValue},
		"min":     {"as": ast.StringValue},
		"max":     {"as": ast.StringValue},
		"per":     {"id": ast.StringValue},
	}
}

// arguments returns what a directive says, by argument; false where it is none of a
// dataset's, or says what it cannot.
func (r *reader) arguments(d *ast.Directive) (map[string]string, bool) {
	known, ok := r.directives[d.Name]
	if !ok {
		r.problems.add(d.Position, "there is no directive @%s for datasets%s", d.Name, schema.DidYouMean(d.Name, slices.Sorted(maps.Keys(r.directives))))
		return nil, false
	}
	said := map[string]string{}
	for _, a := range d.Arguments {
		kind, ok := known[a.Name]
		_, twice := said[a.Name]
		switch {
		case !ok:
			r.problems.add(a.Position, "@%s has no argument %s%s", d.Name, a.Name, schema.DidYouMean(a.Name, slices.Sorted(maps.Keys(known))))
			return nil, false
		case twice:
			r.problems.add(a.Position, "@%s has %s twice", d.Name, a.Name)
			return nil, false
		case a.Value.Kind != kind && (kind != ast.StringValue || a.Value.Kind != ast.BlockValue):
			r.problems.add(a.Position, "@%s takes %s as %s", d.Name, a.Name, literalOf(kind))
			return nil, false
		}
		said[a.Name] = a.Value.Raw
	}
	return said, true
}

func literalOf(kind ast.ValueKind) string {
	switch kind {
	case ast.BooleanValue:
		return "true or false"
	case ast.IntValue:
		return "a whole number"
	case ast.EnumValue:
		return "YEAR, QUARTER, MONTH or DAY"
	}
	return "a text"
}

// header reads what stands on the query.
func (r *reader) header(op *ast.OperationDefinition) {
	found := false
	for _, d := range op.Directives {
		if _, known := r.directives[d.Name]; known && d.Name != "dataset" {
			r.problems.add(d.Position, "@%s stands on a field, not on the query", d.Name)
			continue
		}
		said, ok := r.arguments(d)
		switch {
		case !ok:
			continue
		case found:
			r.problems.add(d.Position, "@dataset is there twice")
			continue
		}
		found = true
		r.at, r.out.Label, r.out.Grain, r.out.Partial = d.Position, said["label"], said["grain"], said["partial"] == "true"
		if name, ok := said["zone"]; ok {
			zone, err := time.LoadLocation(name)
			if err != nil || name == "" || name == "Local" {
				r.problems.add(d.Position, "there is no zone %q: name one as Europe/Chisinau", clipped(name))
				continue
			}
			r.out.zone = zone
		}
	}
	if !found && len(op.Directives) == 0 {
		r.problems.add(op.Position, "the query has no @dataset, which says what its rows are: query %s @dataset(grain: \"…\")", clipped(op.Name))
	}
}

// mark reads what stands on a field.
func (r *reader) mark(n *node, list ast.DirectiveList) {
	n.marks.scale = AnyScale
	for _, d := range list {
		if d.Name == "dataset" {
			r.problems.add(d.Position, "@dataset stands on the query, not on a field")
			continue
		}
		said, ok := r.arguments(d)
		if !ok {
			continue
		}
		switch d.Name {
		case "column":
			r.named(n, d, said)
		case "key":
			n.marks.isKey = true
			if n.kind != leaf {
				r.problems.add(d.Position, "%s cannot be part of a key: it is no single value", n.key)
			}
		case "per":
			n.marks.per = said["id"]
			if n.marks.per == "" || n.parent != nil {
				r.problems.add(d.Position, `@per stands on a further root list and says where the id of the first one's record is: @per(id: "customer.id")`)
			}
		case "by":
			p, ok := periodNamed(said["period"])
			switch {
			case !ok:
				r.problems.add(d.Position, "there is no period %s: there are YEAR, QUARTER, MONTH and DAY", clipped(said["period"]))
			case slices.Contains(n.marks.by, p):
				r.problems.add(d.Position, "%s is grouped by twice in the same way", n.key)
			default:
				n.marks.by = append(n.marks.by, p)
			}
		default:
			m := measured{as: said["as"], minus: said["minus"], past: said["past"], at: d.Position}
			m.op = op(slices.Index([]string{"count", "sum", "min", "max"}, d.Name)) //nolint:gosec // the four there are
			n.marks.measures = append(n.marks.measures, m)
		}
	}
}

// named reads @column.
func (r *reader) named(n *node, d *ast.Directive, said map[string]string) {
	if name, ok := said["name"]; ok {
		switch {
		case n.kind != leaf:
			r.problems.add(d.Position, "%s is no single value: an alias names it", n.key)
		case !isIdentifier(name):
			r.problems.add(d.Position, "%q is no name of a column: a letter or _, then letters, digits and _, at most 128", clipped(name))
		default:
			n.marks.name = name
		}
	}
	if text, ok := said["scale"]; ok {
		scale, err := strconv.Atoi(text)
		switch {
		case err != nil || scale < 0 || scale > decimal.MaxScale:
			r.problems.add(d.Position, "a decimal has 0 to %d places", decimal.MaxScale)
		case n.kind != money && (n.kind != leaf || n.of.Name != "Decimal"):
			r.problems.add(d.Position, "%s is no decimal and has no places", n.key)
		default:
			n.marks.scale = scale
		}
	}
}

// clipped is a text of the file, short enough for a message.
func clipped(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
