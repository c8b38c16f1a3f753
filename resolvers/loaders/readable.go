package loaders

import (
	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// readable is a client's filter as it may be asked: to filter by a field is to
// read it, so where a row does not show the field it has no value for the filter
// either. A field that is masked or denied has none on any row; the view has taken
// such keys out of the schema already.
func (d *Documents[T, P]) readable(a Access, where schema.Predicate, via string, s *datasources.Connected) schema.Predicate {
	return rewrite(where, true, func(p schema.Predicate, _ bool) schema.Predicate {
		return readIf(d.l.scopeOf(s.Entity(d.name), s.Name, whole(a, d.name, p.Column, via)).rows, p)
	})
}

// readIf is a comparison of a column that has no value where it is not shown.
func readIf(shown, p schema.Predicate) schema.Predicate {
	if p.Op == schema.IsNull {
		return schema.AnyOf(schema.Negate(shown), p)
	}
	return schema.AllOf(shown, p)
}

// mayOrder refuses an order by a field that some of the visible rows do not show:
// the place of a row would tell its value.
func mayOrder(a Access, typeName, via string, rule schema.Predicate, order schema.Sort) error {
	if order.Column == "" {
		return nil
	}
	shown := whole(a, typeName, order.Column, via)
	if shown.Op == schema.All || shown.Key() == rule.Key() {
		return nil
	}
	return schema.Errorf(schema.ForbiddenField, "%s cannot be sorted by %s, which is not shown on every row", typeName, order.Column)
}

// conditional adds the columns that decide what of the asked fields a row shows.
func conditional(a Access, typeName string, asked, names []string) []string {
	for _, f := range asked {
		if x := a.Field(typeName, f); x.Verdict == policies.Row {
			names = readBy(x.Full, readBy(x.Masked, names))
		}
	}
	return names
}

// readBy adds the columns of rows a formula reads.
func readBy(p schema.Predicate, names []string) []string {
	p.Columns(func(c string) {
		switch c {
		case policies.ViaColumn:
		case policies.CustomerColumn:
			names = append(names, "customer")
		default:
			names = append(names, c)
		}
	})
	return names
}
