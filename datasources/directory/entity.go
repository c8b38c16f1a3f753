package directory

import (
	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Entity describes how customers are listed, as a source describes its entities.
// The directory is the only one that lists customers, so its order of names need
// not agree with anybody's; it may not be sorted again.
func Entity() datasources.Entity {
	text := []schema.Op{schema.Eq, schema.In, schema.Lt, schema.Le, schema.Gt, schema.Ge, schema.Contains, schema.Prefix, schema.IsNull}
	e := datasources.Entity{
		Name: "Customer", Upstream: "directory", Default: schema.Sort{Column: "createdAt", Desc: true},
		Notes: "golden records, answered from memory",
	}
	for _, name := range columns {
		c := datasources.Column{Name: name, Upstream: name, Ops: text}
		switch name {
		case "id", "createdAt", "updatedAt":
			c.Sortable, c.Comparable = true, true
		case "name":
			c.Sortable = true
		}
		e.Columns = append(e.Columns, c)
	}
	return e
}
