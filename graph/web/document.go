package web

import (
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// document is a parsed document that is valid for a view. It is shared between
// requests and never changed.
type document struct {
	*ast.QueryDocument
	hashes     map[string]string          // by which the usage knows its operations, by their names
	conditions map[string]plan.Conditions // of its operations, by their names
	sums       map[string][32]byte        // of those that may be answered again, by their names: see sumOf
	tokens     atomic.Int64               // the lowest limit of lexical tokens it was found to be within, 0 for none
}

func documentOf(text string, doc *ast.QueryDocument) *document {
	n := len(doc.Operations)
	d := &document{QueryDocument: doc, hashes: make(map[string]string, n), conditions: make(map[string]plan.Conditions, n)}
	for _, op := range doc.Operations {
		d.hashes[op.Name] = usage.Hash(text, op.Name)
		d.conditions[op.Name] = plan.ConditionsOf(op)
		if op.Directives.ForName(cacheControl) != nil {
			if d.sums == nil {
				d.sums = map[string][32]byte{}
			}
			d.sums[op.Name] = sumOf(text, op.Name)
		}
	}
	return d
}

// fits reports whether the document is known to be within a limit of tokens.
func (d *document) fits(limit int) bool {
	known := d.tokens.Load()
	return known > 0 && known <= int64(limit)
}

// fit notes that it is.
func (d *document) fit(limit int) {
	for {
		known := d.tokens.Load()
		if known > 0 && known <= int64(limit) || d.tokens.CompareAndSwap(known, int64(limit)) {
			return
		}
	}
}

// The bounds of a document before it is validated: comparing fields that are asked
// twice, as the specification wants, takes time that grows with the square of how
// often, long before anything is priced. No client's library writes so many.
const (
	maxSelections = 4000 // fields, fragments and spreads of all operations
	maxRepeated   = 200  // fields asked again in the same selection
	maxSpreads    = 200  // fragments spread into one selection
)

// bounded refuses a document that would take long to validate.
func bounded(doc *ast.QueryDocument) error {
	c := selectionCount{}
	for _, op := range doc.Operations {
		c.top(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		c.top(f.SelectionSet)
	}
	switch {
	case c.all > maxSelections:
		return schema.Errorf(schema.TooCostly, "the document has more than %d fields and fragments", maxSelections)
	case c.repeated > maxRepeated:
		return schema.Errorf(schema.TooCostly, "the document asks for more than %d fields again that it asks for already", maxRepeated)
	case c.spreads > maxSpreads:
		return schema.Errorf(schema.TooCostly, "the document spreads more than %d fragments into one selection", maxSpreads)
	}
	return nil
}

type selectionCount struct{ all, repeated, spreads int }

// top counts a selection with a list of its own, so that no nesting exhausts the
// stack. Inline fragments belong to the selection they stand in.
func (c *selectionCount) top(set ast.SelectionSet) {
	work := []ast.SelectionSet{set}
	for len(work) > 0 && c.all <= maxSelections {
		one := work[len(work)-1]
		work = work[:len(work)-1]
		keys, spreads := map[string]bool{}, 0
		for flat := []ast.SelectionSet{one}; len(flat) > 0; {
			part := flat[len(flat)-1]
			flat = flat[:len(flat)-1]
			c.all += len(part)
			if c.all > maxSelections {
				return
			}
			for _, sel := range part {
				switch x := sel.(type) {
				case *ast.Field:
					key := x.Alias
					if key == "" {
						key = x.Name
					}
					if keys[key] {
						c.repeated++
					}
					keys[key] = true
					if len(x.SelectionSet) > 0 {
						work = append(work, x.SelectionSet)
					}
				case *ast.InlineFragment:
					flat = append(flat, x.SelectionSet)
				case *ast.FragmentSpread:
					spreads++
				}
			}
		}
		c.spreads = max(c.spreads, spreads)
	}
}
