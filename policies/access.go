package policies

import "github.com/trama-graph/trama/schema"

// Access is what one request may see: its view, with its principal's claims. It
// is made once for each request and does not change: one request sees one version
// of the policies.
type Access struct {
	Principal *Principal
	View      *View
	Masker    *Masker
}

// Rows returns which rows of a type the request may see: all with an empty
// predicate, none with schema.None. An Access that is nil or of nobody sees none.
func (a *Access) Rows(typeName string) schema.Predicate {
	if a == nil || a.Principal == nil {
		return schema.Predicate{Op: schema.None}
	}
	rule, visible := a.View.Rows(typeName)
	if !visible {
		return schema.Predicate{Op: schema.None}
	}
	return rule.Bind(a.Principal.Claims)
}

// Field returns what the request may see of a field. A field of a value type, a
// page or an edge has no verdict of its own: it is Allow. An Access that is nil or of
// nobody sees nothing.
func (a *Access) Field(typeName, field string) FieldAccess {
	if a == nil || a.Principal == nil {
		return FieldAccess{Verdict: Deny}
	}
	g := a.View.Grant(typeName, field)
	out := FieldAccess{Verdict: g.Verdict, Kind: g.Mask}
	if g.Verdict == Row {
		out.Full, out.Masked = g.Full.Bind(a.Principal.Claims), g.Masked.Bind(a.Principal.Claims)
	}
	if g.Mask != "" {
		kind, account, name := g.Mask, a.Principal.Account, typeName+"."+field
		out.Mask = func(value string) string { return a.Masker.Mask(kind, account, name, value) }
	}
	return out
}

// FieldAccess is what a request may see of one field. With Allow it is whole, with
// Deny it does not exist, with Mask every value is masked. With Row it depends on
// the row: whole where Full matches, masked where Masked matches, else null with
// FORBIDDEN_FIELD.
type FieldAccess struct {
	Verdict      Verdict
	Kind         MaskKind // "" without a mask
	Mask         func(value string) string
	Full, Masked schema.Predicate // of Row
}
