package policies

import (
	"fmt"
	"slices"
	"strings"
)

// rowCondition checks that the rows of every type the fields belong to can be told
// apart by a condition.
func (c *checker) rowCondition(k *Condition, fields []FieldID, path, resource string) {
	var done []*holder
	for _, id := range fields {
		h := c.graph.fields[id].holder
		if slices.Contains(done, h) {
			continue
		}
		done = append(done, h)
		if wrong := c.rowColumn(k, h); wrong != "" {
			c.wrong(path, "%s (resource %q)", wrong, resource)
		}
	}
}

func (c *checker) rowColumn(k *Condition, h *holder) string {
	name := strings.TrimPrefix(k.Key, rowKey)
	switch {
	case h.root != "":
		return fmt.Sprintf("%s has no rows", h.name)
	case h.key == noKey:
		return fmt.Sprintf("%s has no key: it is inside its holder, whose rows the condition must be on", h.name)
	case name == CustomerColumn && !h.customer:
		return fmt.Sprintf("%s belongs to no customer", h.name)
	case name == CustomerColumn:
		return ""
	case name == ViaColumn:
		return c.via(k, h)
	}
	column := name
	if slices.Contains(scopeNames(), name) {
		configured, ok := c.scopes[name]
		if !ok || configured == "" {
			return ""
		}
		column = configured
		if h.columns[column] != textColumn {
			return fmt.Sprintf("the scope %s means the column %s, and %s cannot be filtered by a text %s%s", name, column, h.name, column, didYouMean(column, h.columnNames()))
		}
		return truthType(k, textColumn, h.name, column)
	}
	kind, ok := h.columns[column]
	switch {
	case !ok:
		known := append(h.columnNames(), CustomerColumn, ViaColumn)
		return fmt.Sprintf("%s cannot be filtered by %s%s", h.name, column, didYouMean(column, known))
	case kind == otherColumn:
		return fmt.Sprintf("%s.%s is neither a text nor a truth value", h.name, column)
	}
	return truthType(k, kind, h.name, column)
}

// truthType checks that a column of texts is compared with texts and one of truth
// values with one.
func truthType(k *Condition, kind columnKind, typeName, column string) string {
	switch {
	case kind == truthColumn && k.Type != typeBool:
		return fmt.Sprintf("%s.%s is a truth value, want %s", typeName, column, typeBool)
	case kind == textColumn && k.Type == typeBool:
		return fmt.Sprintf("%s.%s is a text, %s never holds", typeName, column, typeBool)
	}
	return ""
}

// via checks that rows of h can be reached from one of the types a condition names.
func (c *checker) via(k *Condition, h *holder) string {
	reached := false
	for _, v := range k.Values {
		if !c.graph.IsEntity(v) {
			var entities []string
			for _, n := range c.graph.names {
				if c.graph.IsEntity(n) {
					entities = append(entities, n)
				}
			}
			return fmt.Sprintf("there is no type %q with rows%s", v, didYouMean(v, entities))
		}
		reached = reached || h.from[v]
	}
	if !reached {
		return fmt.Sprintf("no field of %s leads to %s", strings.Join(k.Values, ", "), h.name)
	}
	return ""
}
