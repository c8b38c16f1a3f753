package engine

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// ReadOptions are how a table is read.
type ReadOptions struct {
	// Partial says that the rest is wanted where a branch fails: what could not be read is
	// null, or has no rows, and the errors are in Reading.
	Partial bool
	// Bear says which errors of fields are no failure but only null. Nil: Bears.
	Bear func(*schema.Error) bool
	// Limit is how long the making may take in all, without the time f takes; 0: no bound.
	Limit time.Duration
}

// Reading is what was read of a table.
type Reading struct {
	Rows  int64 // handed on
	Roots int64 // rows of the answer, those of the relations among them (Result.Rows)
	// Errors are those of a table that may be partial, at most a thousand; More is how
	// many there were besides.
	Errors []*schema.Error
	More   int
	// Garbled is how many fields are null since their source answered them in a form that
	// is not agreed (schema.Faults). That fails no table, so that one column does not take
	// all others with it, but is to be told: Notes says of some which they are, at most a
	// hundred. Only a list that leads to rows fails it, unless it may be partial.
	Garbled int64
	Notes   []*schema.Error
	// Extensions are what resolvers have added to the answer.
	Extensions map[string]any
}

// Width returns how many cells a row has.
func (s *Sheet) Width() int { return s.width }

// Read runs an operation and calls f with each window of the table's rows, the last of
// which is marked. p is a plan of the operation that the Sheet was made of, and oc its
// operation context. The root list is read and joined as Stream does it: at most
// Options.WindowsAhead windows are made while f has one, and root lists that come in
// parts (Parted) are never held whole. When Read returns, all it started has ended.
//
// Read returns the error of f, the cause of ctx's end, and else a *schema.Error: LIMITED
// for more rows than the plan allows, or what an error of the answer would be, the first
// that was met. A field the row does not show and a link that leads to several rows are
// null and no error (ReadOptions.Bear). What f was given before an error is right, but
// not all.
func (s *Sheet) Read(ctx context.Context, oc *graphql.OperationContext, p *plan.Plan, o ReadOptions, f func(*Window) error) (Reading, error) {
	if made, _ := p.Program().(*Program); made != s.program && (made != nil || !s.program.root.fits(p.Roots)) {
		return Reading{}, schema.Errorf(schema.BadRequest, "the plan of a table is that of another operation")
	}
	if o.Bear == nil {
		o.Bear = Bears
	}
	st := &stream{limit: o.Limit, program: s.program, told: &told{partial: o.Partial, bear: o.Bear}}
	res := s.engine.run(ctx, oc, p, st)
	r := &sheetReader{sheet: s, told: st.told, rows: newWindow(s), take: f}
	err := r.read(res)
	if err == nil {
		err = st.told.failure()
	}
	switch cause := context.Cause(ctx); {
	case r.refused != nil:
		err = r.refused
	case cause != nil && err != nil:
		err = cause // what failed may have failed for it
	case err != nil:
		err = s.engine.coded(ctx, err)
	}
	res.Close()
	out := Reading{Rows: r.given, Roots: res.Rows(), Extensions: res.extensions}
	if st.run != nil {
		out.Garbled = st.run.garbled + st.run.moreGarbled
	}
	st.told.into(&out)
	return out, err
}

// fits reports whether a plan's nodes are those a selection was compiled of, but for
// arguments and verdicts.
func (sel *selection) fits(children []*plan.Node) bool {
	if sel.to > len(children) {
		return false
	}
	for i := range sel.fields {
		s, n := &sel.fields[i], children[sel.from+i]
		if s.node.Key != n.Key || s.node.Field != n.Field || s.node.Type != n.Type || len(s.node.Children) != len(n.Children) {
			return false
		}
		for _, below := range s.below {
			if !below.fits(n.Children) {
				return false
			}
		}
	}
	return true
}

// coded presents what has ended a reading, if it was no error of the answer.
func (e *Engine) coded(ctx context.Context, err error) error {
	if own, ok := err.(*schema.Error); ok { //nolint:errorlint // one that is wrapped is not presented yet
		return own
	}
	shown := e.opts.Present(ctx, &gqlerror.Error{Err: err, Message: err.Error()})
	if shown == nil {
		return schema.Errorf(schema.Internal, "internal error").Because(err)
	}
	return coded(shown)
}
