package engine

import (
	"context"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// program is a plan joined with the table: everything that can be decided
// before the first call. It lives for one operation.
type program struct {
	root  *selection
	calls int // resolver calls that could be under way at once
}

// selection is what is read of the objects of one type at one place.
type selection struct {
	object *object
	fields []step
	rows   bool // its objects count as rows of the answer
}

// mode says how a step's values come into the answer.
type mode uint8

const (
	modeTypename mode = iota
	modeDirect        // a leaf read from the parent when the answer is written
	modeColumn        // values completed into cells
	modeNull          // never shown: null, and nothing is asked
	modeIntrospection
)

// step is one field of a selection.
type step struct {
	node   *plan.Node
	parent *object // whose field it is
	field  *field
	mode   mode
	prefix []byte // `"key":`, with a comma before it but for the first
	leaf   *leaf  // modeDirect
	offset uintptr
	below  []*selection    // modeColumn: what is read of its objects, by type
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
	*program
	engine *Engine
	schema *ast.Schema
	keys   []byte // all prefixes, in one piece
}

func (e *Engine) compile(ctx context.Context, p *plan.Plan) (*program, error) {
	c := compiler{program: &program{}, engine: e, schema: e.es.Schema()}
	c.keys = make([]byte, 0, 16*p.Nodes)
	query := e.table.objects[c.schema.Query.Name]
	if query == nil {
		return nil, foreign(c.schema.Query.Name, "")
	}
	root, _, err := c.selection(ctx, query, p.Roots)
	c.root = root
	return c.program, err
}

func foreign(typeName, field string) error {
	return schema.Errorf(schema.BadRequest, "the plan was made for another schema: it has %s",
		strings.TrimSuffix(typeName+"."+field, "."))
}

// selection compiles nodes that all belong to one object type. calls reports
// whether there is a resolver at or below them.
func (c *compiler) selection(ctx context.Context, o *object, nodes []*plan.Node) (sel *selection, calls bool, err error) {
	sel = &selection{object: o, fields: make([]step, len(nodes))}
	for i, n := range nodes {
		s := &sel.fields[i]
		s.node, s.parent = n, o
		s.prefix = c.prefix(n.Key, i == 0)
		if n.Field == "__typename" {
			continue
		}
		if strings.HasPrefix(n.Field, "__") && o.goType == nil {
			s.mode = modeIntrospection
			calls = true
			continue
		}
		s.field = o.fields[n.Field]
		if s.field == nil {
			return nil, false, foreign(n.Type, n.Field)
		}
		below, err := c.step(ctx, s)
		if err != nil {
			return nil, false, err
		}
		calls = calls || below
	}
	return sel, calls, nil
}

func (c *compiler) prefix(key string, first bool) []byte {
	from := len(c.keys)
	if !first {
		c.keys = append(c.keys, ',')
	}
	c.keys = append(c.keys, '"')
	c.keys = append(c.keys, key...)
	c.keys = append(c.keys, '"', ':')
	return c.keys[from:len(c.keys):len(c.keys)]
}

func (c *compiler) step(ctx context.Context, s *step) (calls bool, err error) {
	f := s.field
	core := f.shape.core()
	police := s.node.Police
	if police != nil {
		if err := checkPolice(f, police); err != nil {
			return false, err
		}
	}
	if police == nil && f.how == byOffset && f.shape.kind == shapeLeaf && f.shape.leaf.kind != leafMarshal {
		s.mode, s.leaf, s.offset = modeDirect, f.shape.leaf, f.offset
		return false, nil
	}
	s.mode = modeColumn
	fc := &graphql.FieldContext{
		Object:     f.typeName,
		Field:      graphql.CollectedField{Field: c.astField(s)},
		IsMethod:   f.how == byMethod || f.how == byCall,
		IsResolver: f.how == byCall,
	}
	if f.how == byCall || f.how == byMethod {
		c.arguments(graphql.WithFieldContext(ctx, fc), s, fc)
	}
	if police != nil && police.Kind == policies.MaskNull && !police.Row && s.argErr == nil {
		s.mode = modeNull
		return false, nil
	}
	if f.how == byCall || core.kind != shapeLeaf {
		ctx = graphql.WithFieldContext(ctx, fc)
	}
	if f.how == byCall {
		c.calls++
		if !f.batch && f.typeName != c.schema.Query.Name {
			c.calls += c.engine.opts.Parallel // one for each parent: as many as may be
		}
		calls = true
		s.ctx = plan.With(ctx, s.node)
		if s.field.typeName == c.schema.Query.Name {
			s.ctx = graphql.WithRootFieldContext(s.ctx, &graphql.RootFieldContext{Object: s.node.Field, Field: fc.Field})
		}
	}
	below, err := c.below(ctx, s, core)
	return calls || below, err
}

// astField makes what resolvers find in their field context. It has no
// sub-selection: that is in the plan (plan.From).
func (c *compiler) astField(s *step) *ast.Field {
	f := &ast.Field{Alias: s.node.Key, Name: s.node.Field, Definition: s.field.def, ObjectDefinition: c.schema.Types[s.field.typeName]}
	if s.node.Line > 0 {
		f.Position = &ast.Position{Line: s.node.Line, Column: s.node.Char}
	}
	return f
}

func (c *compiler) below(ctx context.Context, s *step, core *shape) (calls bool, err error) {
	switch core.kind {
	case shapeObject:
		sel, below, err := c.selection(ctx, core.object, s.node.Children)
		if err != nil {
			return false, err
		}
		sel.rows = s.yieldsRows(core.object)
		s.below = []*selection{sel}
		return below, nil
	case shapeAbstract:
		nodes := s.node.Children
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
			sel, below, err := c.selection(ctx, o, nodes[from:to])
			if err != nil {
				return false, err
			}
			sel.rows = s.yieldsRows(o)
			s.below = append(s.below, sel)
			calls = calls || below
		}
	}
	return calls, nil
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

// arguments reads the arguments once for all parents.
func (c *compiler) arguments(ctx context.Context, s *step, fc *graphql.FieldContext) {
	f := s.field
	if len(f.args) == 0 {
		return
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			s.argErr, s.argAt = c.engine.opts.Recover(ctx, panicked), nil
		}
	}()
	fc.Args = make(map[string]any, len(f.args))
	s.args = make([]reflect.Value, len(f.args))
	for i, a := range f.args {
		v, ok := s.node.Args[a.name]
		if !ok {
			s.args[i] = reflect.Zero(a.goType)
			continue
		}
		val, bad := a.read(ctx, v)
		if bad != nil {
			at := bad.under(ast.PathName(a.name)).tail()
			s.argErr, s.argAt = asBadRequest(bad.err), &at
			return
		}
		s.args[i] = val
		fc.Args[a.name] = val.Interface()
	}
}

// asBadRequest gives an unmarshaler's error its code. Its text speaks of what
// the client itself wrote, so the client may read it.
func asBadRequest(err error) error {
	var coded *schema.Error
	var list gqlerror.List
	var one *gqlerror.Error
	if asAny(err, &coded) || asAny(err, &one) || asAny(err, &list) {
		return err
	}
	return schema.Errorf(schema.BadRequest, "%s", err.Error()).Because(err)
}
