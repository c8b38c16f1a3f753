package engine

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// Options are the engine's settings. The zero value is usable.
type Options struct {
	// Types gives the Go type of an SDL object as a nil pointer,
	// {"Gadget": (*world.Gadget)(nil)}. It is needed only for objects that no
	// resolver returns or takes, such as the member of a union.
	Types map[string]any
	// Names gives the Go name of a field, {"Type.field": "GoName"}, where it has
	// another than the SDL's and no @goField(name:) says so.
	Names map[string]string
	// Scalars says how the scalars that have no marshal methods are written and
	// read, by SDL name. Int, Float, String, Boolean, ID, Time, Map and Any are
	// built in; what is given here comes first. "String" also serves enums and
	// scalars whose Go type is a named string without marshal methods.
	Scalars map[string]Scalar
	// Present makes the client's error of what a resolver returned. It gets a
	// *gqlerror.Error with path and location; nil drops the error. Nil: Present.
	Present func(ctx context.Context, err error) *gqlerror.Error
	// Recover makes an error of a panic. Nil: it is logged with its stack and
	// becomes INTERNAL.
	Recover func(ctx context.Context, panicked any) error
	// Row gives a row the columns that conditions of policies read and rows do not
	// have. Nil: fields with such conditions are not shown.
	Row RowFunc
	// Matcher decides conditions of policies by what the sources of the rows can
	// tell. Nil: a row is believed to have every column.
	Matcher MatcherFunc
	// Ahead are the relations that can be read a wave earlier, beside the one above
	// them.
	Ahead map[Ahead]AheadFunc
	// Parallel bounds the resolver calls of one operation that are under way at
	// the same time; default 64.
	Parallel int
	// Window is how many rows of a root field Stream joins at a time; default 500.
	Window int
	// FirstWindow is how many of them the first window has: the answer begins when that
	// is joined. Default: Window.
	FirstWindow int
	// WindowsAhead is how many windows are made while one is written; default 1.
	WindowsAhead int
	// Forget is told that a window (plan.Window) has been written, or given up: what
	// was kept for its calls alone is not asked for again. Nil: nobody is told.
	Forget func(ctx context.Context, window int)
	Log    *slog.Logger
}

const defaultParallel = 64

// Engine runs queries on the resolvers of one schema. It is safe for use by
// several goroutines.
type Engine struct {
	es    graphql.ExecutableSchema
	table *table
	keys  contextKeys
	opts  Options
}

// New compiles the table of fields once, by reflection: for each field of the
// SDL its resolver, method or struct field (names compared without letter case
// and underscores). root is the implementation of the generated ResolverRoot.
// The error names every field that cannot be bound, whose Go type does not fit
// its SDL type, or that carries a directive only the generated executor would
// run.
func New(es graphql.ExecutableSchema, root any, opts Options) (*Engine, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Parallel <= 0 {
		opts.Parallel = defaultParallel
	}
	if opts.Window <= 0 {
		opts.Window = defaultWindow
	}
	if opts.FirstWindow <= 0 || opts.FirstWindow > opts.Window {
		opts.FirstWindow = opts.Window
	}
	opts.WindowsAhead = max(opts.WindowsAhead, 1)
	if opts.Present == nil {
		opts.Present = Present
	}
	if opts.Recover == nil {
		opts.Recover = recoverWith(opts.Log)
	}
	t, err := bind(es, root, opts)
	if err != nil {
		return nil, err
	}
	return &Engine{es: es, table: t, keys: gqlgenKeys(), opts: opts}, nil
}

// For returns the engine over another executable schema whose AST is a part of
// the first one's: a token's view. The resolvers and the table stay the same. A
// value of a type that the part does not have is null.
func (e *Engine) For(es graphql.ExecutableSchema) *Engine {
	v := *e
	v.es = es
	return &v
}

// Relation reports whether a field is answered by a resolver and yields objects,
// for plan.Options.
func (e *Engine) Relation(typeName, field string) bool {
	o := e.table.objects[typeName]
	if o == nil {
		return false
	}
	f := o.fields[field]
	return f != nil && f.how == byCall && f.shape.core().kind != shapeLeaf
}

// Run executes a query operation. It never fails as a whole: what goes wrong is
// in the result's errors. Operations that are no queries, and plans that were
// made for another schema, have an error and no data. Run returns after all it
// started has ended; a cancelled context ends it before the next call of a
// resolver, with an error on each field that was not asked any more.
func (e *Engine) Run(ctx context.Context, oc *graphql.OperationContext, p *plan.Plan) *Result {
	return e.run(ctx, oc, p, nil)
}

// run runs a query as a whole, or its first part and what goes on as a stream.
func (e *Engine) run(ctx context.Context, oc *graphql.OperationContext, p *plan.Plan, st *stream) (res *Result) {
	if oc == nil {
		oc = &graphql.OperationContext{}
	}
	ctx = graphql.WithOperationContext(ctx, oc)
	r := &run{engine: e, oc: oc, stream: st, rows: new(atomic.Int64), maxRows: int64(p.MaxRows)}
	present := graphql.ErrorPresenterFunc(e.opts.Present)
	if st != nil && st.told != nil {
		r.told, present = st.told, st.told.presenter(present)
	}
	ctx = graphql.WithResponseContext(ctx, present, e.opts.Recover)
	r.ctx = ctx
	switch {
	case st != nil:
		var done context.CancelFunc
		r.ctx, done = st.begin(ctx, r)
		ctx = r.ctx
		defer func() {
			done()
			if !res.Streaming() {
				st.close(nil)
			}
		}()
	case r.maxRows > 0:
		r.ctx, r.stop = context.WithCancelCause(ctx)
		defer r.stop(nil)
		ctx = r.ctx
	}
	defer func() {
		// A fault of the engine itself must not take the process with it.
		if panicked := recover(); panicked != nil {
			res = r.refuse(e.opts.Recover(ctx, panicked))
		}
	}()
	if p.Kind != plan.Query {
		return r.refuse(schema.Errorf(schema.BadRequest, "a %s does not run on the query engine", p.Kind))
	}
	var prog *program
	var err error
	if st != nil && st.program != nil {
		prog, err = e.bindTo(ctx, st.program, p)
	} else {
		prog, err = e.compile(ctx, p)
	}
	if err != nil {
		return r.refuse(err)
	}
	r.prog = prog
	if st != nil {
		return st.execute()
	}
	return r.execute()
}

func recoverWith(log *slog.Logger) func(context.Context, any) error {
	return func(ctx context.Context, panicked any) error {
		log.ErrorContext(ctx, "resolver panicked", "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
		return schema.Errorf(schema.Internal, "internal error")
	}
}

// Present is the default presenter. An error that carries a code keeps its
// message; of any other the client learns that it was INTERNAL and where.
func Present(_ context.Context, err error) *gqlerror.Error {
	return presented(err)
}

// possible reports whether the engine's schema has the type at a place of the
// named interface or union.
func possible(s *ast.Schema, abstract, name string) bool {
	for _, d := range s.PossibleTypes[abstract] {
		if d.Name == name {
			return true
		}
	}
	return false
}
