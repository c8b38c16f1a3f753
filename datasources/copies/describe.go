package copies

import (
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// The batches of a copy: a call is a statement, and costs by its rows.
const (
	keyBatch  = 1000
	pageLimit = 1000
)

// Describe returns what the source has, with what the copy can do: every column
// that rows answer to is filtered and sorted by, texts by their bytes, so that
// they too sort alike in all copies.
func (c *Copy) Describe() datasources.Description { return c.desc }

func (c *Copy) describe(d datasources.Description) datasources.Description {
	original := d
	d.Entities = slices.Clone(d.Entities)
	for i := range d.Entities {
		if s := c.byEntity[d.Entities[i].Name]; s != nil && s.reader != nil {
			e := original.Entities[i]
			if over := inherits(&original, &e); over != "" {
				e.Columns = append(slices.Clone(e.Columns), datasources.Column{Name: "customer", Upstream: "of its " + over})
			}
			d.Entities[i] = describeEntity(e)
		}
	}
	return d
}

func describeEntity(e datasources.Entity) datasources.Entity {
	known := map[string]Column{"id": {Name: "id", Kind: schema.KindString}, "source": {Name: "source", Kind: schema.KindString}}
	for _, c := range Columns() {
		known[c.Name] = c
	}
	out := datasources.Entity{
		Name: e.Name, Upstream: "copy of " + e.Upstream, KeyBatch: keyBatch, PageLimit: pageLimit, Default: e.Default,
		RateClass: e.RateClass, Notes: e.Notes,
	}
	for _, col := range e.Columns {
		have, ok := known[col.Name]
		described := datasources.Column{Name: col.Name, Upstream: col.Upstream}
		if ok {
			described.Ops, described.Sortable, described.Comparable = ops(have), true, true
		}
		out.Columns = append(out.Columns, described)
	}
	out.Columns = append(out.Columns, changedColumn(), deletedColumn())
	for _, name := range relations() {
		if upstream, ok := related(&e, name); ok {
			out.Relations = append(out.Relations, datasources.RelationAbility{
				Relation: datasources.Relation(name), Upstream: upstream, Batch: keyBatch, Extracted: true,
			})
		}
	}
	return out
}

// ops are the comparisons of a column, exact as Predicate.Match has them.
func ops(c Column) []schema.Op {
	list := []schema.Op{schema.Eq, schema.In, schema.Lt, schema.Le, schema.Gt, schema.Ge, schema.IsNull}
	if c.Folded {
		list = append(list, schema.Contains, schema.Prefix)
	}
	return list
}

// related reports whether rows carry a relation: the source has it, or the
// column.
func related(e *datasources.Entity, name string) (upstream string, ok bool) {
	if r := e.Relation(datasources.Relation(name)); r != nil {
		return r.Upstream, true
	}
	if c := e.Column(relationColumn(e.Name, name)); c != nil {
		return c.Upstream, true
	}
	return "", false
}

// relationColumn is the column that holds a relation's key. A product's number is
// its code.
func relationColumn(entity, relation string) string {
	if entity == "Product" && relation == "number" {
		return "sku"
	}
	return relation
}
