package report

import (
	"context"
	"time"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// MaxChanged is how many customers a list is asked for beside the records that have
// changed themselves. Where more have changed it is asked for everything.
const MaxChanged = 300

// customerChanged stands in a condition for when the customer of a record changed, which
// no list compares: it becomes a condition on who he is, see narrowing. No filter key has
// a dot.
const customerChanged = "customer.changedAt"

// CustomerColumn is, in Operation.Narrow, the sealed id of the customer of a record.
const CustomerColumn = plan.NarrowCustomer

// Changer is a Runner that finds the customers who have changed. Without it every row is
// read that a filter by modifiedAt might mean.
type Changer interface {
	// Changed returns the sealed ids of the customers that a filter of their list finds, as
	// JSON has its argument; false where there are more than most, or nobody can tell.
	Changed(ctx context.Context, filter map[string]any, most int) (ids []string, ok bool, err error)
}

// latest folds a comparison of modifiedAt where a row is of several records. It is the
// latest of their moments, and null where one of them is not known: so where it is before
// a moment, the root's is; where it is not, the root's or the customer's is not. Both are
// necessary and not enough, so the rows are judged besides.
func (f folder) latest(op odata.Op, v schema.Value) folded {
	key := f.changes.Key
	if key == "" || v.Kind != schema.KindTime || !isMoment(v.Time) {
		return unknown()
	}
	switch op {
	case odata.OpLt:
		return folded{where: schema.Compare(key, schema.Lt, v)}
	case odata.OpLe:
		return folded{where: schema.Compare(key, schema.Le, v)}
	case odata.OpGt:
		return folded{where: f.since(schema.Gt, v)}
	case odata.OpGe:
		return folded{where: f.since(schema.Ge, v)}
	case odata.OpEq:
		return folded{where: schema.AllOf(schema.Compare(key, schema.Le, v), f.since(schema.Ge, v))}
	}
	return unknown() // also where the column is null
}

func (f folder) since(op schema.Op, v schema.Value) schema.Predicate {
	if !f.changes.Customer {
		return schema.Predicate{} // nobody finds what else is joined
	}
	return schema.AnyOf(schema.Compare(f.changes.Key, op, v), schema.Compare(customerChanged, op, v))
}

// readsCustomers reports whether a condition reads when customers changed.
func readsCustomers(p schema.Predicate) (reads bool) {
	p.Columns(func(name string) { reads = reads || name == customerChanged })
	return reads
}

// apart parts a condition: what the filter of the root list says, and what is only known
// when the customers are who have changed.
func apart(p schema.Predicate) (where, narrow schema.Predicate) {
	for _, c := range p.Conjuncts() {
		if readsCustomers(c) {
			narrow = schema.AllOf(narrow, c)
		} else {
			where = schema.AllOf(where, c)
		}
	}
	return where, narrow
}

// changedFilter is the filter of the list of customers that finds at least those whom a
// condition is about: who has changed since the earliest moment in it, and not since the
// moment before which all records of a row of the answer have.
func changedFilter(narrow schema.Predicate, until *bound) map[string]any {
	var from bound
	eachComparison(narrow, func(p schema.Predicate) {
		if p.Column != customerChanged {
			return
		}
		b := bound{p.Values[0].Time, p.Op}
		if from.at.IsZero() || b.at.Before(from.at) || b.at.Equal(from.at) && b.op == schema.Ge {
			from = b
		}
	})
	of := map[string]any{operator(from.op): literal(schema.Time(from.at))}
	if until != nil {
		of[operator(until.op)] = literal(schema.Time(until.at))
	}
	return map[string]any{"changedAt": of}
}

// bound is a moment, and how it is compared with.
type bound struct {
	at time.Time
	op schema.Op
}

// untilOf is the earliest moment before which, or until which, the column modifiedAt is
// on every row that the parts of a filter let in; nil where they do not say.
func untilOf(parts []*odata.Expr, column int) *bound {
	var out *bound
	for _, e := range parts {
		if len(e.Args) != 2 {
			continue
		}
		left, op, right := e.Args[0], e.Op, e.Args[1]
		if left.Op == odata.OpLiteral {
			left, op, right = right, turned(op), left
		}
		if left.Op != odata.OpColumn || left.Column != column || right.Op != odata.OpLiteral || right.Value.Kind != schema.KindTime || !isMoment(right.Value.Time) {
			continue
		}
		b := bound{at: right.Value.Time}
		switch op {
		case odata.OpLt:
			b.op = schema.Lt
		case odata.OpLe, odata.OpEq:
			b.op = schema.Le
		default:
			continue
		}
		if out == nil || b.at.Before(out.at) || b.at.Equal(out.at) && b.op == schema.Lt {
			out = &b
		}
	}
	return out
}

func eachComparison(p schema.Predicate, f func(schema.Predicate)) {
	if len(p.Of) == 0 {
		f(p)
	}
	for _, q := range p.Of {
		eachComparison(q, f)
	}
}

// narrowing is what the root list is told besides its filter: which rows are wanted at
// most. It says nothing where nobody knows who has changed, or too many have.
func (r *Report) narrowing(ctx context.Context, with Runner) (schema.Predicate, error) {
	c, ok := with.(Changer)
	if r.narrow.Op == schema.All || !ok {
		return schema.Predicate{}, nil
	}
	ids, ok, err := c.Changed(ctx, changedFilter(r.narrow, r.until), MaxChanged)
	if err != nil || !ok {
		return schema.Predicate{}, err
	}
	who := schema.Predicate{Op: schema.None}
	if len(ids) > 0 {
		values := make([]schema.Value, len(ids))
		for i, id := range ids {
			values[i] = schema.String(id)
		}
		who = schema.Compare(CustomerColumn, schema.In, values...)
	}
	return replaced(r.narrow, who), nil
}

// replaced is a condition with who has changed in the place of when. It has no not in it:
// what is folded so is not exact.
func replaced(p, who schema.Predicate) schema.Predicate {
	switch {
	case p.Column == customerChanged:
		return who
	case p.Op != schema.And && p.Op != schema.Or:
		return p
	}
	of := make([]schema.Predicate, len(p.Of))
	for i := range p.Of {
		of[i] = replaced(p.Of[i], who)
	}
	if p.Op == schema.And {
		return schema.AllOf(of...)
	}
	return schema.AnyOf(of...)
}
