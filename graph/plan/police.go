package plan

import (
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Police is what a view says of a field that it does not simply show. It is put
// on a node by graph/guard, for the one request the plan was made for; a node
// without it is shown as it is.
//
// Without Row every value is masked. With Row it depends on the object the field
// is read of: the value is whole where Full matches, masked where Masked matches,
// else null with FORBIDDEN_FIELD.
type Police struct {
	Kind policies.MaskKind // "" without a mask
	// Mask changes the text of a value; nil without a mask. With MaskNull it is
	// not called: the value is null, whatever it would be.
	Mask func(value string) string

	Row          bool
	Full, Masked schema.Predicate
	// Customer says that Full or Masked read policies.CustomerColumn, which no row
	// has: the row must be dressed first (engine.Options.Row).
	Customer bool
}

// Via decides the conditions of a predicate on policies.ViaColumn, which no row
// has: via is the type of the row from which rows are reached by a relation, ""
// in lists and for a record asked by itself.
func Via(p schema.Predicate, via string) schema.Predicate {
	switch p.Op {
	case schema.And, schema.Or, schema.Not:
		of := make([]schema.Predicate, len(p.Of))
		for i, q := range p.Of {
			of[i] = Via(q, via)
		}
		switch p.Op {
		case schema.And:
			return schema.AllOf(of...)
		case schema.Or:
			return schema.AnyOf(of...)
		}
		return schema.Negate(of[0])
	}
	if p.Column != policies.ViaColumn {
		return p
	}
	if p.Match(viaRow(via)) {
		return schema.Predicate{}
	}
	return schema.Predicate{Op: schema.None}
}

// viaRow is a row that has nothing but how it was reached.
type viaRow string

// Column returns the type the row was reached from.
func (v viaRow) Column(name string) schema.Value {
	if name == policies.ViaColumn {
		return schema.String(string(v))
	}
	return schema.Null
}

// ReadsCustomer reports whether a predicate reads policies.CustomerColumn.
func ReadsCustomer(p schema.Predicate) bool {
	reads := false
	p.Columns(func(name string) { reads = reads || name == policies.CustomerColumn })
	return reads
}
