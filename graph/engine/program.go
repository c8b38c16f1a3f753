package engine

import (
	"context"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// Program is a plan joined with the table: everything that can be decided before
// the first call and without knowing who asks, with which variables. It is never
// changed and may be shared between requests: bind makes of it the program of one.
type Program struct {
	es    graphql.ExecutableSchema // the view it was made for
	root  *selection
	calls int // resolver calls that could be under way at once

	steps, selections, below, contexts, args int // how many bind makes
}

// program is a Program bound to one operation.
type program struct {
	root  *selection
	calls int
}

// selection is what is read of the objects of one type at one place.
type selection struct {
	object *object
	fields []step
	rows   bool // its objects count as rows of the answer

	from, to int  // its fields among the children of the node they are below
	live     bool // it belongs to one operation even where the plan is shared
}

// mode says how a step's values come into the answer.
type mode uint8

const (
	modeTypename mode = iota
	modeDirect        // a leaf read from the parent when the answer is written
	modeColumn        // values completed into cells
	modeInline        // an object read from the parent, the same
	modeNull          // never shown: null, and nothing is asked
	modeIntrospection
)

// step is one field of a selection.
type step struct {
	// What is looked at for each value that is written stands together.
	head   head
	prefix []byte // `,"key":`, of the first `{"key":`; its beginning is head
	mode   mode
	live   bool    // some of what is read below it is live
	leaf   *leaf   // modeDirect
	offset uintptr // modeDirect, modeInline

	node   *plan.Node
	parent *object // whose field it is
	field  *field
	below  []*selection // modeColumn, modeInline: what is read of its objects, by type
	given  *given       // the arguments, as far as they are the same for all who ask

	ctx    context.Context //nolint:containedctx // of its call: made once with the node and the path in it, gone with the operation
	args   []reflect.Value
	argErr error     // the arguments could not be read
	argAt  *ast.Path // nil: at the field itself
}

func (s *step) isCall() bool { return s.mode == modeColumn && s.field.how == byCall }

// under returns what is read of objects of a type below the step, nil when the
// schema at hand does not have the type there.
func (s *step) under(o *object) *selection {
	for _, sel := range s.below {
		if sel.object == o {
			return sel
		}
	}
	return nil
}

type compiler struct {
	*Program
	engine *Engine
	schema *ast.Schema
	keys   []byte // all prefixes, in one piece
}

// Prepare makes the program of a plan, for all requests of the engine's view that
// have the same plan but for its arguments and what graph/guard notes on it. The
// error is BAD_REQUEST: the plan was made for another schema.
func (e *Engine) Prepare(p *plan.Plan) (*Program, error) {
	c := compiler{Program: &Program{es: e.es}, engine: e, schema: e.es.Schema()}
	c.keys = make([]byte, 0, 16*p.Nodes)
	query := e.table.objects[c.schema.Query.Name]
	if query == nil {
		return nil, foreign(c.schema.Query.Name, "")
	}
	root, err := c.selection(query, p.Roots, 0, len(p.Roots), "")
	c.root = root
	return c.Program, err
}

func foreign(typeName, field string) error {
	return schema.Errorf(schema.BadRequest, "the plan was made for another schema: it has %s",
		strings.TrimSuffix(typeName+"."+field, "."))
}

// selection compiles nodes that all belong to one object type. path is that of the
// field which yields the objects.
func (c *compiler) selection(o *object, children []*plan.Node, from, to int, path string) (*selection, error) {
	nodes := children[from:to]
	sel := &selection{object: o, fields: make([]step, len(nodes)), from: from, to: to}
	for i, n := range nodes {
		s := &sel.fields[i]
		s.node, s.parent = n, o
		s.prefix = c.prefix(n.Key, i == 0)
		copy(s.head[:], s.prefix)
		if n.Field == "__typename" {
			continue
		}
		if strings.HasPrefix(n.Field, "__") && o.goType == nil {
			s.mode = modeIntrospection
			continue
		}
		s.field = o.fields[n.Field]
		if s.field == nil {
			return nil, foreign(n.Type, n.Field)
		}
		live, err := c.step(s, path)
		if err != nil {
			return nil, err
		}
		sel.live = sel.live || live
	}
	if sel.live {
		c.selections++
		c.steps += len(nodes)
	}
	return sel, nil
}

func (c *compiler) prefix(key string, first bool) []byte {
	from := len(c.keys)
	before := byte(',')
	if first {
		before = '{'
	}
	c.keys = append(c.keys, before, '"')
	c.keys = append(c.keys, key...)
	c.keys = append(c.keys, '"', ':')
	return c.keys[from:len(c.keys):len(c.keys)]
}

// step compiles one field as if it were shown as it is: police is bound. live
// reports whether it belongs to one operation.
func (c *compiler) step(s *step, path string) (live bool, err error) {
	f := s.field
	core := f.shape.core()
	live = s.node.Police != nil
	if f.how == byOffset && f.shape.kind == shapeLeaf && f.shape.leaf.kind != leafMarshal {
		s.mode, s.leaf, s.offset = modeDirect, f.shape.leaf, f.offset
		return live, nil
	}
	s.mode = modeColumn
	if len(s.node.Children) > 0 && !isPart(s.node) {
		path = join(path, s.node)
	}
	if f.how == byCall || f.how == byMethod && len(f.args) > 0 {
		live = true
		s.given = c.engine.givenOf(f, s.node.Args)
		s.given.path = path
		c.args += len(f.args)
	}
	if f.how == byCall {
		c.calls++
		if !f.batch && f.typeName != c.schema.Query.Name {
			c.calls += c.engine.opts.Parallel // one for each parent: as many as may be
		}
	}
	if err := c.below(s, core, path); err != nil {
		return false, err
	}
	if s.live {
		c.Program.below += len(s.below)
	}
	if s.given != nil || s.live {
		c.contexts++
	}
	if s.isInline() {
		s.mode, s.offset = modeInline, f.offset
	}
	return live || s.live, nil
}

func (c *compiler) below(s *step, core *shape, path string) error {
	nodes := s.node.Children
	switch core.kind {
	case shapeObject:
		return c.under(s, core.object, 0, len(nodes), path)
	case shapeAbstract:
		for _, o := range core.abstract.byType {
			if !possible(c.schema, core.abstract.name, o.name) {
				continue
			}
			from := 0
			for from < len(nodes) && nodes[from].Type != o.name {
				from++
			}
			to := from
			for to < len(nodes) && nodes[to].Type == o.name {
				to++
			}
			if err := c.under(s, o, from, to, path); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *compiler) under(s *step, o *object, from, to int, path string) error {
	sel, err := c.selection(o, s.node.Children, from, to, path)
	if err != nil {
		return err
	}
	sel.rows = s.yieldsRows(o)
	s.live = s.live || sel.live
	s.below = append(s.below, sel)
	return nil
}

// yieldsRows reports whether objects of a type that the step yields are rows of
// the answer: what a call brings, looking through pages and edges.
func (s *step) yieldsRows(o *object) bool {
	if o.page || o.edge {
		return false
	}
	if s.field.how == byCall {
		return true
	}
	return s.parent.page && s.node.Field == "nodes" || s.parent.edge && s.node.Field == "node"
}
