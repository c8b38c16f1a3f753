package engine

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/plan"
)

// stepContext is the context of one step: that of the operation, with the step's
// node (plan.From) and gqlgen's field contexts, which few resolvers ask for and
// which are made when one does. All those of an operation are made at once.
type stepContext struct {
	context.Context //nolint:containedctx // the operation's: a context around another
	engine          *Engine
	up              *stepContext // of the step it is below
	step            *step
	field           atomic.Pointer[graphql.FieldContext]
}

// Value answers for the step, and asks the operation's context for all else.
func (c *stepContext) Value(key any) any {
	switch {
	case plan.Asks(key):
		return c.step.node
	case key == c.engine.keys.field:
		return c.fieldContext()
	case key == c.engine.keys.root && c.up == nil:
		return &graphql.RootFieldContext{Object: c.step.node.Field, Field: c.fieldContext().Field}
	}
	return c.Context.Value(key)
}

// fieldContext is what gqlgen's executor would have put into the context.
func (c *stepContext) fieldContext() *graphql.FieldContext {
	if fc := c.field.Load(); fc != nil {
		return fc
	}
	f, n := c.step.field, c.step.node
	fc := &graphql.FieldContext{
		Object:     f.typeName,
		Field:      graphql.CollectedField{Field: c.astField()},
		IsMethod:   f.how == byMethod || f.how == byCall,
		IsResolver: f.how == byCall,
	}
	if c.up != nil {
		fc.Parent = c.up.fieldContext()
	} else {
		fc.Parent = graphql.GetFieldContext(c.Context)
	}
	if len(f.args) > 0 {
		fc.Args = make(map[string]any, len(f.args))
		for i, a := range f.args {
			if _, ok := n.Args[a.name]; ok && i < len(c.step.args) && c.step.args[i].IsValid() {
				fc.Args[a.name] = c.step.args[i].Interface()
			}
		}
	}
	if !c.field.CompareAndSwap(nil, fc) {
		return c.field.Load()
	}
	return fc
}

// astField makes what resolvers find in their field context. It has no
// sub-selection: that is in the plan (plan.From).
func (c *stepContext) astField() *ast.Field {
	f, n := c.step.field, c.step.node
	a := &ast.Field{Alias: n.Key, Name: n.Field, Definition: f.def, ObjectDefinition: c.engine.es.Schema().Types[f.typeName]}
	if n.Line > 0 {
		a.Position = &ast.Position{Line: n.Line, Column: n.Char}
	}
	return a
}

// contextKeys are the keys by which gqlgen keeps its field contexts. They are not
// exported, but it can be seen what it asks for.
type contextKeys struct{ field, root any }

func gqlgenKeys() (k contextKeys) {
	graphql.GetFieldContext(asked{context.Background(), &k.field})
	graphql.GetRootFieldContext(asked{context.Background(), &k.root})
	return k
}

// asked keeps the key of the value it was asked for.
type asked struct {
	context.Context //nolint:containedctx // a context around another
	key             *any
}

// Value keeps the key.
func (a asked) Value(key any) any {
	*a.key = key
	return nil
}
