package loaders

import (
	"context"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Access is what a request may see. A *policies.Access is one by way of
// Config.Access being nil; tests and commands have others.
type Access interface {
	// Rows returns which rows of a type may be seen, in terms of its columns,
	// policies.CustomerColumn and policies.ViaColumn: all with an empty predicate.
	Rows(typeName string) schema.Predicate
	// Field returns what may be seen of a field.
	Field(typeName, field string) policies.FieldAccess
	// Leads reports whether anything may be seen for being reached from rows of a type,
	// policies.ViaColumn.
	Leads(typeName string) bool
	// ViewHash names the verdicts: cursors are bound to it.
	ViewHash() string
}

// Everything sees all rows and fields. It is for what is no request: `trama
// check` counting links, and tests.
type Everything struct{}

// Rows implements Access.
func (Everything) Rows(string) schema.Predicate { return schema.Predicate{} }

// Field implements Access.
func (Everything) Field(string, string) policies.FieldAccess {
	return policies.FieldAccess{Verdict: policies.Allow}
}

// Leads implements Access.
func (Everything) Leads(string) bool { return false }

// ViewHash implements Access.
func (Everything) ViewHash() string { return "" }

// nothing is the access of a context for which none was decided.
type nothing struct{}

func (nothing) Rows(string) schema.Predicate { return schema.Predicate{Op: schema.None} }

func (nothing) Field(string, string) policies.FieldAccess {
	return policies.FieldAccess{Verdict: policies.Deny}
}

func (nothing) Leads(string) bool { return false }

func (nothing) ViewHash() string { return "" }

// viewed is the access the doors have put into the context.
type viewed struct{ *policies.Access }

// Leads implements Access.
func (v viewed) Leads(typeName string) bool { return v.View.Leads(typeName) }

// ViewHash implements Access.
func (v viewed) ViewHash() string { return v.View.Hash() }

// access returns what the request may see; nothing, when nobody decided it.
func (l *Loaders) access(ctx context.Context) Access {
	if l.Access != nil {
		if a := l.Access(ctx); a != nil {
			return a
		}
		return nothing{}
	}
	if a := policies.AccessFrom(ctx); a != nil {
		return viewed{a}
	}
	return nothing{}
}

// rule returns which rows of a type may be seen when they are reached by a
// relation of via, "" when they are listed or looked up; fields are those the
// question reads of them besides: a row of which one may not be read whole is not
// found by it.
func (l *Loaders) rule(ctx context.Context, typeName, via string, fields ...string) schema.Predicate {
	a := l.access(ctx)
	of := []schema.Predicate{decideVia(rowsOf(a, typeName), via)}
	for _, f := range fields {
		of = append(of, whole(a, typeName, f, via))
	}
	return schema.AllOf(of...)
}

// rowsOf returns the rule of a type. Articles have none: they are inside their
// ticket, and who sees none of those sees none of these.
func rowsOf(a Access, typeName string) schema.Predicate {
	if typeName == "Article" {
		return decided(a.Rows("Ticket").Op != schema.None)
	}
	return a.Rows(typeName)
}

// whole returns on which rows a field may be read as it is.
func whole(a Access, typeName, field, via string) schema.Predicate {
	switch f := a.Field(typeName, field); f.Verdict {
	case policies.Allow:
		return schema.Predicate{}
	case policies.Row:
		return decideVia(f.Full, via)
	}
	return schema.Predicate{Op: schema.None}
}
