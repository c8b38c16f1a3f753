package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// entry is a response key of one selection set with everything that was merged
// under it.
type entry struct {
	key   string
	field *ast.Field         // its first occurrence
	below []ast.SelectionSet // the sub-selections of all occurrences, in order
}

// collect gathers the fields that a selection asks of an object type, merged by
// response key in the order of first occurrence. Specification: CollectFields,
// MergeSelectionSets.
func (b *builder) collect(obj *ast.Definition, sels []ast.SelectionSet) ([]entry, error) {
	room := 0
	for _, sel := range sels {
		room += len(sel)
	}
	c := collector{b: b, obj: obj, entries: make([]entry, 0, min(room, indexFrom))}
	for _, sel := range sels {
		if err := c.add(sel); err != nil {
			return nil, err
		}
	}
	return c.entries, nil
}

type collector struct {
	b       *builder
	obj     *ast.Definition
	entries []entry
	index   map[string]int // over entries, made when they get many
	visited []string       // fragments already spread into this set
}

// indexFrom is the number of entries from which looking up by map is quicker
// than by walking.
const indexFrom = 16

func (c *collector) add(sel ast.SelectionSet) error {
	for _, s := range sel {
		if c.b.steps--; c.b.steps < 0 {
			return c.b.tooBig()
		}
		switch s := s.(type) {
		case *ast.Field:
			if ok, err := c.b.included(s.Directives); err != nil {
				return err
			} else if !ok {
				continue
			}
			c.field(s)
		case *ast.InlineFragment:
			if ok, err := c.b.included(s.Directives); err != nil {
				return err
			} else if !ok || !c.b.applies(c.obj, s.TypeCondition) {
				continue
			}
			if err := c.add(s.SelectionSet); err != nil {
				return err
			}
		case *ast.FragmentSpread:
			if ok, err := c.b.included(s.Directives); err != nil {
				return err
			} else if !ok || slices.Contains(c.visited, s.Name) {
				continue
			}
			c.visited = append(c.visited, s.Name)
			if s.Definition == nil {
				return schema.Errorf(schema.BadRequest, "unknown fragment %q", s.Name)
			}
			if !c.b.applies(c.obj, s.Definition.TypeCondition) {
				continue
			}
			if err := c.add(s.Definition.SelectionSet); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *collector) field(f *ast.Field) {
	key := f.Alias
	if key == "" {
		key = f.Name
	}
	at := -1
	if c.index != nil {
		if i, ok := c.index[key]; ok {
			at = i
		}
	} else {
		at = slices.IndexFunc(c.entries, func(e entry) bool { return e.key == key })
	}
	if at < 0 {
		at = len(c.entries)
		c.entries = append(c.entries, entry{key: key, field: f})
		switch {
		case c.index != nil:
			c.index[key] = at
		case len(c.entries) == indexFrom:
			c.index = make(map[string]int, 4*indexFrom)
			for i := range c.entries {
				c.index[c.entries[i].key] = i
			}
		}
	}
	if len(f.SelectionSet) > 0 {
		c.entries[at].below = append(c.entries[at].below, f.SelectionSet)
	}
}

// applies reports whether a fragment with this type condition is for the object
// type. Specification: DoesFragmentTypeApply.
func (b *builder) applies(obj *ast.Definition, condition string) bool {
	if condition == "" || condition == obj.Name {
		return true
	}
	for _, d := range b.schema.PossibleTypes[condition] {
		if d.Name == obj.Name {
			return true
		}
	}
	return false
}

// included resolves @skip and @include: the variables are known.
func (b *builder) included(directives ast.DirectiveList) (bool, error) {
	if len(directives) == 0 {
		return true, nil
	}
	skip, err := b.condition(directives, "skip", false)
	if err != nil {
		return false, err
	}
	include, err := b.condition(directives, "include", true)
	return include && !skip, err
}

func (b *builder) condition(directives ast.DirectiveList, name string, absent bool) (bool, error) {
	d := directives.ForName(name)
	if d == nil {
		return absent, nil
	}
	arg := d.Arguments.ForName("if")
	if arg == nil {
		return false, schema.Errorf(schema.BadRequest, "@%s: argument \"if\" is missing", name)
	}
	v, err := arg.Value.Value(b.vars)
	if err != nil {
		return false, schema.Errorf(schema.BadRequest, "@%s: argument \"if\" has no value", name).Because(err)
	}
	yes, ok := v.(bool)
	if !ok {
		return false, schema.Errorf(schema.BadRequest, "@%s: argument \"if\" must be true or false", name)
	}
	return yes, nil
}
