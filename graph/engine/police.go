package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// errForbidden is the error of a field that a row does not show.
var errForbidden = schema.Errorf(schema.ForbiddenField, "the field may not be read on this row")

// maxForbidden bounds the errors of fields that rows do not show: an operation
// over a thousand rows need not say so a thousand times.
const maxForbidden = 100

// moreForbidden says how many such errors were left out.
func moreForbidden(n int64) error {
	return schema.Errorf(schema.ForbiddenField, "%d more fields may not be read on their rows", n)
}

// checkPolice refuses what cannot be done to a field, so that nothing comes out
// whole because it could not be masked.
func checkPolice(f *field, p *plan.Police) error {
	switch {
	case p.Kind == "" && !p.Row:
		return schema.Errorf(schema.Internal, "internal error").Because(&policeError{f, "is policed by nothing"})
	case p.Kind == policies.MaskNull:
		if f.shape.nonNull {
			return schema.Errorf(schema.Internal, "internal error").Because(&policeError{f, "cannot be null"})
		}
	case p.Kind != "" && (p.Mask == nil || f.shape.kind != shapeLeaf):
		return schema.Errorf(schema.Internal, "internal error").Because(&policeError{f, "cannot be masked"})
	}
	return nil
}

// policeError is for the log: a view that was let through by the loader of
// policies does not have it.
type policeError struct {
	field *field
	what  string
}

func (e *policeError) Error() string { return e.field.String() + " " + e.what }

// police decides for each object of a set what of a policed field it shows: hidden
// is where it is null, without an error where the mask is null. What is to be
// masked is kept in the completion. A column without police costs one look.
func (c *completion) police(s *set) {
	p := c.step.node.Police
	if p == nil {
		return
	}
	if !p.Row {
		c.mask = p.Mask
		return // MaskNull without Row is modeNull
	}
	var hidden []bool
	n := len(s.objects)
	var full, shaded func(own, row schema.Row) bool
	for i, o := range s.objects {
		own, row, err := c.run.row(s.sel.object, o, c.step.node)
		if err == nil {
			if full == nil {
				full = decider(c.run.ctx, c.run.engine.opts.Matcher, c.step.node.Type, p.Full)
				shaded = decider(c.run.ctx, c.run.engine.opts.Matcher, c.step.node.Type, p.Masked)
			}
			if full(own, row) {
				continue
			}
			if p.Kind != "" && shaded(own, row) {
				if p.Kind != policies.MaskNull {
					if c.masked == nil {
						c.masked = make([]bool, n)
					}
					c.mask, c.masked[i] = p.Mask, true
					continue
				}
			} else {
				err = errForbidden
			}
		}
		if hidden == nil {
			hidden = make([]bool, n)
		}
		hidden[i] = true
		if err != nil {
			c.forbid(s, i, err)
		}
	}
	c.hidden = hidden
}

func (c *completion) forbid(s *set, i int, err error) {
	if err == errForbidden { //nolint:errorlint // the sentinel itself is given
		if c.column.forbidden++; c.column.forbidden > maxForbidden {
			return
		}
	}
	c.column.faults = append(c.column.faults, fault{set: s, step: c.step, index: i, err: err})
}

// row returns an object as the row that conditions are evaluated on: as it is, and
// dressed.
func (r *run) row(o *object, p place, n *plan.Node) (own, dressed schema.Row, err error) {
	own, ok := reflect.NewAt(o.goType, p).Interface().(schema.Row)
	if !ok {
		return nil, nil, errForbidden // a type without columns cannot fulfil anything
	}
	dressed, err = dress(r.ctx, r.engine.opts.Row, own, n.Type, n.Police.Customer)
	return own, dressed, err
}

// decider returns whether a row fulfils a condition, for one goroutine. Only the
// matcher knows which columns a row's source has: one that is absent and one that
// is unknown look alike on the row.
func decider(ctx context.Context, f MatcherFunc, typeName string, p schema.Predicate) func(own, dressed schema.Row) bool {
	if f == nil || p.Op == schema.All || p.Op == schema.None {
		return func(_, dressed schema.Row) bool { return p.Match(dressed) }
	}
	match := f(ctx, typeName, p)
	return func(own, _ schema.Row) bool { return match(own) }
}

// MatcherFunc returns whether rows of a type, as their resolver gave them, fulfil a
// condition in which policies.ViaColumn is decided and policies.CustomerColumn is
// not. What the source of a row cannot decide, since it has no such column, counts
// as not fulfilled, below a Not as well. The returned function is used by one
// goroutine.
type MatcherFunc func(ctx context.Context, typeName string, p schema.Predicate) func(schema.Row) bool

// dress gives a row the columns it does not have itself. Where that is not
// possible the conditions cannot be evaluated, and the field is not shown.
func dress(ctx context.Context, f RowFunc, row schema.Row, typeName string, customer bool) (schema.Row, error) {
	if !customer {
		return row, nil
	}
	if f == nil {
		return nil, errForbidden
	}
	dressed, err := f(ctx, typeName, row)
	if err == nil && dressed == nil {
		err = errForbidden
	}
	return dressed, err
}

// RowFunc dresses a row of a type: the result has the column
// policies.CustomerColumn, the sealed id of the golden customer the row belongs
// to, and all of row's own. An error means that it could not be found out; it
// becomes the field's.
type RowFunc func(ctx context.Context, typeName string, row schema.Row) (schema.Row, error)

// maskLeaves writes leaves of which some are masked.
func (c *completion) maskLeaves(cl *cells, src source) {
	cl.ends = make([]int32, cl.n)
	var scratch []byte
	for i := range cl.n {
		if cl.null == nil || !cl.null[i] {
			scratch = c.maskOne(cl, src, i, scratch[:0])
		}
		cl.ends[i] = int32(len(cl.text))
	}
}

func (c *completion) maskOne(cl *cells, src source, i int, scratch []byte) []byte {
	l := cl.shape.leaf
	var null bool
	var err error
	if l.kind == leafMarshal {
		scratch, null, err = c.encodeOne(l, scratch, src.at(i))
	} else {
		scratch = l.write(scratch, src.at(i))
		null = string(scratch) == "null"
	}
	size := len(cl.text)
	if err == nil && !null {
		if c.masked == nil || c.masked[i] {
			cl.text, null = appendMasked(cl.text, scratch, c.mask)
		} else {
			cl.text = append(cl.text, scratch...)
		}
	}
	switch {
	case err != nil:
		cl.setNull(i)
		c.fault(cl, i, err)
	case null:
		c.absent(cl, i)
	case len(cl.text) > maxColumn:
		cl.text = cl.text[:size]
		cl.setNull(i)
		c.fault(cl, i, errColumn)
	}
	return scratch
}

// appendMasked appends a value, given in its JSON form, masked. What is no text
// cannot be masked and is null, as is what a mask leaves nothing of.
func appendMasked(b, value []byte, mask func(string) string) (out []byte, null bool) {
	var text string
	switch {
	case len(value) < 2 || value[0] != '"':
		return b, true
	case bytes.IndexByte(value, '\\') < 0:
		text = string(value[1 : len(value)-1])
	case json.Unmarshal(value, &text) != nil:
		return b, true
	}
	if text = mask(text); text == "" {
		return b, true
	}
	return AppendString(b, text), false
}
