package odata

import (
	"errors"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// cursor is the condition that rows stand behind a cursor, in the order of a
// column and then of keys. Rows without a value come first upwards and last
// downwards. isExact is false when rows of the cursor's own value come again, up
// to its row: where keys cannot be compared, or where several stored values look
// the same in a reply, so that what is shown is not what was sorted by.
func (w *view[T]) cursor(c *column, order schema.Sort, after *datasources.After, canCompare bool) (where cond, isExact bool) {
	if after == nil {
		return everything(), true
	}
	f := w.filters()
	maybeNull := !c.isRequired && !f.trust.noNull
	null := term(c.path + " eq null")
	if after.Value.IsNull() {
		if order.Desc && maybeNull {
			return null, false
		}
		return everything(), false
	}
	beyond, upTo := schema.Gt, schema.Ge
	if order.Desc {
		beyond, upTo = schema.Lt, schema.Le
	}
	compare := func(op schema.Op) cond {
		if c.typ.isTime() {
			return f.timed(c, op, after.Value.Time)
		}
		return f.leaf(schema.Compare(c.name, op, after.Value))
	}
	var parts []cond
	isExact = true
	switch {
	case after.ID == "" && !after.Inclusive:
		parts = []cond{compare(beyond)}
	case after.ID == "":
		parts = []cond{compare(upTo)}
	case canCompare && (!c.typ.isTime() || !w.lit.cuts(c.typ)) && !w.behind(after.ID).none:
		parts = []cond{compare(beyond), and(compare(schema.Eq), w.behind(after.ID))}
	default:
		parts, isExact = []cond{compare(upTo)}, false
	}
	if order.Desc && maybeNull {
		parts = append(parts, null)
	}
	return or(parts...), isExact
}

// isUnable reports whether an error can mean that the service does not know an
// operator: services that lack one answer with anything from 400 to 501.
func isUnable(err error) bool {
	var e *schema.Error
	return wire.IsRefused(err) || errors.As(err, &e) && e.Code == schema.SourceUnavailable
}
