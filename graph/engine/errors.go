package engine

import (
	"errors"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/schema"
)

// errNull is the field error of a null where the schema allows none.
// Specification: Handling Field Errors (6.4.4).
var errNull = schema.Errorf(schema.Internal, "must not be null")

// fault is an error at a place of the answer, kept as numbers until all is
// done: most operations have none, and paths are built only for those.
type fault struct {
	cells *cells // where, with index; nil: a field of set's object index
	set   *set
	step  *step
	index int
	tail  ast.Path // below that place: into an argument
	err   error
	shown bool // it has been presented already, path and all

	garbled bool // the object cannot show the field
}

func (f *fault) path() ast.Path {
	var p ast.Path
	if f.cells != nil {
		p = f.cells.path(f.index)
	} else {
		p = append(f.set.path(f.index), ast.PathName(f.step.node.Key))
	}
	return append(p, f.tail...)
}

// report presents a fault: one error, or several for a list of them. It follows
// gqlgen in keeping a path that an error brings along.
func (r *run) report(f *fault) {
	if f.shown {
		r.tell(f.err.(*gqlerror.Error)) //nolint:errorlint // only presented errors are marked so
		return
	}
	if f.err == errForbidden { //nolint:errorlint // the sentinel itself is kept
		if r.forbidden >= maxForbidden {
			r.more++
			return
		}
		r.forbidden++
	}
	if f.garbled {
		if r.garbled >= maxGarbled {
			r.moreGarbled++
			return
		}
		r.garbled++
	}
	var path ast.Path
	say := func(err error) {
		if r.told.isFull() {
			return
		}
		if r.stream != nil && len(r.errors) >= maxStreamErrors {
			r.unsaid++
			return
		}
		if path == nil {
			path = f.path()
		}
		if f.garbled && r.told != nil {
			r.told.garble(r.shown(err, path, f.step))
			return
		}
		r.present(err, path, f.step)
	}
	if list, ok := f.err.(gqlerror.List); ok { //nolint:errorlint // gqlgen does not look through wrappers either
		for _, e := range list {
			if e != nil {
				say(e)
			}
		}
		return
	}
	say(f.err)
}

func (r *run) present(err error, path ast.Path, s *step) {
	if shown := r.shown(err, path, s); shown != nil {
		r.tell(shown)
	}
}

// shown is an error as the client gets it, nil where he does not.
func (r *run) shown(err error, path ast.Path, s *step) *gqlerror.Error {
	var g *gqlerror.Error
	if errors.As(err, &g) && g != nil {
		own := *g // the resolver may return the same error again
		g = &own
	} else {
		g = &gqlerror.Error{Err: err, Message: err.Error()}
	}
	if g.Path == nil {
		g.Path = path
	}
	if g.Locations == nil && s != nil && s.node.Line > 0 {
		g.Locations = []gqlerror.Location{{Line: s.node.Line, Column: s.node.Char}}
	}
	return r.engine.opts.Present(r.ctx, g)
}

// tell keeps a presented error.
func (r *run) tell(shown *gqlerror.Error) {
	if r.told != nil {
		r.told.add(shown)
		return
	}
	r.errors = append(r.errors, shown)
}

// presented makes the client's form of an error: the message of one with a
// code, and nothing but INTERNAL of any other.
func presented(err error) *gqlerror.Error {
	var g *gqlerror.Error
	shown := &gqlerror.Error{Err: err}
	if errors.As(err, &g) && g != nil {
		shown.Path, shown.Locations, shown.Extensions = g.Path, g.Locations, g.Extensions
	}
	ext := map[string]any{"code": schema.Internal}
	shown.Message = "internal error"
	var coded *schema.Error
	if errors.As(err, &coded) {
		shown.Message = coded.Message
		ext["code"] = coded.Code
		if coded.Source != "" {
			ext["source"] = coded.Source
			ext["retryable"] = coded.Retryable
		}
		if !coded.AsOf.IsZero() {
			ext["asOf"] = coded.AsOf.UTC().Format(time.RFC3339)
		}
	}
	for k, v := range shown.Extensions {
		ext[k] = v
	}
	shown.Extensions = ext
	return shown
}

func asAny[T any](err error, target *T) bool { return errors.As(err, target) }
