package web

import (
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/policies"
)

// feedTable is a dataset as a view has it, in both its forms.
type feedTable struct {
	table *dataset.Table
	set   *odata.Set
}

// feedTables keeps the tables of a view, made when they are asked for first. It is safe
// for use by several goroutines.
type feedTables struct {
	mu   sync.Mutex // guards the rest, and is held while a table is made
	of   *dataset.Catalogue
	made map[string]*feedTable // nil: the view has none of the name
}

// one returns the table of a name, nil where the catalogue or the view has none.
func (t *feedTables) one(c *dataset.Catalogue, name string, v *policies.View, s *ast.Schema, sorts func(entity, field string) bool) *feedTable {
	d, ok := c.Get(name)
	if !ok {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of != c {
		t.of, t.made = c, map[string]*feedTable{}
	}
	made, ok := t.made[name]
	if !ok {
		made = newFeedTable(d, v, s, sorts)
		t.made[name] = made // names are the catalogue's: bounded
	}
	return made
}

// newFeedTable is nil where the view has no such table.
func newFeedTable(d *dataset.Definition, v *policies.View, s *ast.Schema, sorts func(entity, field string) bool) *feedTable {
	table, ok := d.For(v, s)
	if !ok {
		return nil
	}
	for i := range table.Columns {
		c := &table.Columns[i]
		if entity, field, ok := strings.Cut(c.Field, "."); ok && c.OrderValue != "" && sorts != nil && !sorts(entity, field) {
			c.OrderValue = ""
		}
	}
	return &feedTable{table, report.Set(table)}
}
