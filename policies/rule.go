package policies

import (
	"slices"

	"github.com/trama-graph/trama/schema"
)

// Columns of rules that are no columns of a row. The loaders know what they mean.
const (
	// CustomerColumn is the golden customer a row belongs to; its values are sealed
	// ids of customers. Of Customer it is the customer himself.
	CustomerColumn = "customerId"
	// ViaColumn is the type of the row from which a row was reached by a relation,
	// e.g. "DeliveryNote" for DeliveryNote.order; null in lists and for node(id).
	ViaColumn = "via"
)

// Rule is a condition on the rows of one type, as a view has it: the claims in it
// are not yet known. The zero Rule holds for every row; nil is the same.
type Rule struct {
	Op     RuleOp
	Column string   // of Is and FromClaim: an SDL field of the type, CustomerColumn or ViaColumn
	Values []string // of Is: the column is one of these
	Bool   *bool    // of Is, for a column of truth values, instead of Values
	Claim  string   // of FromClaim: the column equals this claim of the token
	Of     []*Rule  // of Both, Either and Not
}

// RuleOp is what a Rule does.
type RuleOp uint8

// The operations. An absent column is equal to nothing; an absent claim makes a
// FromClaim hold for no row.
const (
	Always RuleOp = iota
	Never
	Both
	Either
	Not
	Is
	FromClaim
)

// Bind puts a token's claims into a rule. The predicate's columns are those of the
// rule, CustomerColumn and ViaColumn among them.
func (r *Rule) Bind(claims map[string]string) schema.Predicate {
	if r == nil {
		return schema.Predicate{}
	}
	switch r.Op {
	case Never:
		return schema.Predicate{Op: schema.None}
	case Both, Either, Not:
		of := make([]schema.Predicate, len(r.Of))
		for i, q := range r.Of {
			of[i] = q.Bind(claims)
		}
		switch r.Op {
		case Both:
			return schema.AllOf(of...)
		case Either:
			return schema.AnyOf(of...)
		}
		return schema.Negate(of[0])
	case Is:
		if r.Bool != nil {
			return schema.Compare(r.Column, schema.Eq, schema.Bool(*r.Bool))
		}
		return oneOf(r.Column, r.Values)
	case FromClaim:
		return oneOf(r.Column, []string{claims[r.Claim]})
	}
	return schema.Predicate{}
}

// oneOf compares a column with texts; an empty one is equal to nothing.
func oneOf(column string, texts []string) schema.Predicate {
	var values []schema.Value
	for _, t := range texts {
		if t != "" {
			values = append(values, schema.String(t))
		}
	}
	switch len(values) {
	case 0:
		return schema.Predicate{Op: schema.None}
	case 1:
		return schema.Compare(column, schema.Eq, values[0])
	}
	return schema.Compare(column, schema.In, values...)
}

// leads reports whether a rule speaks of rows reached from a type.
func (r *Rule) leads(typeName string) bool {
	if r == nil {
		return false
	}
	if r.Column == ViaColumn && (r.Op == FromClaim || slices.Contains(r.Values, typeName)) {
		return true
	}
	return slices.ContainsFunc(r.Of, func(q *Rule) bool { return q.leads(typeName) })
}
