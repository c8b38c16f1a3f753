package loaders

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Meta-data is data: what a golden record says of a field (where it comes from, what
// other systems say, what they disagree about, why a record is his) bears the
// verdict and the mask of that field. Golden records are the directory's and
// shared: they are copied before they change.

// goldenFields are the fields of which provenance and conflicts speak.
func goldenFields() []string {
	return []string{"name", "legalName", "taxId", "country", "email", "phone", "website", "address"}
}

// fields returns the columns the directory is asked for.
func (c *customers) fields(ctx context.Context, a Args, more ...string) datasources.Fields {
	if slices.ContainsFunc(c.l.Columns(ctx), isMetadata) {
		more = conditional(c.l.access(ctx), "Customer", goldenFields(), more)
	}
	return c.l.fields(ctx, a, more...)
}

func isMetadata(field string) bool {
	return field == "provenance" || field == "conflicts" || field == "members"
}

// show returns the records as the request sees them, nil for nil. They were
// reached from a row of via, "" = from none.
func (c *customers) show(ctx context.Context, via string, rows []*schema.Customer) []*schema.Customer {
	if !slices.ContainsFunc(rows, func(x *schema.Customer) bool {
		return x != nil && (len(x.Provenance) > 0 || len(x.Conflicts) > 0 || len(x.Members) > 0)
	}) {
		return rows
	}
	a := c.l.access(ctx)
	sights := make(map[string]func(schema.Entity) shown, len(goldenFields()))
	isWhole := true
	for _, f := range goldenFields() {
		sights[f] = c.l.sight("Customer", f, via, a.Field("Customer", f))
		isWhole = isWhole && a.Field("Customer", f).Verdict == policies.Allow
	}
	rule := a.Rows("Customer")
	if isWhole && rule.Op == schema.All {
		return rows
	}
	visible := c.visible(ctx, rule, rows)
	out := make([]*schema.Customer, len(rows))
	for i, x := range rows {
		if x == nil {
			continue
		}
		y := *x
		sight := func(field string) shown {
			if f := sights[field]; f != nil {
				return f(x)
			}
			return shown{} // a field nobody knows
		}
		y.Provenance = provenanceOf(x.Provenance, sight)
		y.Conflicts = conflictsOf(x.Conflicts, sight, visible)
		y.Members = membersOf(x.Members, sight("taxId"), sight("email"))
		out[i] = &y
	}
	return out
}

// shown is what one row shows of one field.
type shown struct {
	whole bool
	mask  func(string) string // where it is shown masked, else nil
}

// text returns a value as it is shown, "" where it is not.
func (s shown) text(value string) string {
	switch {
	case s.whole:
		return value
	case s.mask != nil:
		return s.mask(value)
	}
	return ""
}

// sight returns what rows show of a field.
func (l *Loaders) sight(typeName, field, via string, f policies.FieldAccess) func(schema.Entity) shown {
	switch f.Verdict {
	case policies.Allow:
		return func(schema.Entity) shown { return shown{whole: true} }
	case policies.Mask:
		return func(schema.Entity) shown { return shown{mask: f.Mask} }
	case policies.Row:
		whole, masked := l.Matcher(typeName, via, f.Full), l.Matcher(typeName, via, f.Masked)
		return func(row schema.Entity) shown {
			switch {
			case whole(row):
				return shown{whole: true}
			case f.Mask != nil && masked(row):
				return shown{mask: f.Mask}
			}
			return shown{}
		}
	}
	return func(schema.Entity) shown { return shown{} }
}

// provenanceOf leaves out the fields that are not shown, and masks what other
// systems say of those that are masked.
func provenanceOf(list []*schema.FieldProvenance, sight func(string) shown) []*schema.FieldProvenance {
	var out []*schema.FieldProvenance
	for _, p := range list {
		switch s := sight(p.Field); {
		case s.whole:
			out = append(out, p)
		case s.mask != nil:
			q := &schema.FieldProvenance{Field: p.Field, Source: p.Source, ReadAt: p.ReadAt, Rule: p.Rule}
			for _, a := range p.Alternatives {
				q.Alternatives = append(q.Alternatives, &schema.FieldAlternative{Source: a.Source, Value: s.mask(a.Value)})
			}
			out = append(out, q)
		}
	}
	return out
}

// conflictsOf leaves out conflicts about fields that are not shown, and those that
// name a record of a customer who may not be seen.
func conflictsOf(list []*schema.CustomerConflict, sight func(string) shown, visible func(*schema.CustomerMember) bool) []*schema.CustomerConflict {
	var out []*schema.CustomerConflict
	for _, x := range list {
		field := x.Field
		switch x.Kind {
		case schema.ConflictFiscalIDMismatch, schema.ConflictInvalidFiscalID, schema.ConflictSharedFiscalID:
			field = "taxId" // by their nature, whatever they name
		}
		if s := sight(field); field != "" && !s.whole && s.mask == nil {
			continue
		}
		if slices.ContainsFunc(x.Records, func(m *schema.CustomerMember) bool { return !visible(m) }) {
			continue
		}
		out = append(out, x)
	}
	return out
}

// membersOf hides what a rule saw: the fiscal number both records have (R2), their
// mailbox (R3), and what a person wrote when he joined them by hand (R0), who had it before him.
func membersOf(list []*schema.CustomerMember, taxID, email shown) []*schema.CustomerMember {
	if taxID.whole && email.whole {
		return list
	}
	out := make([]*schema.CustomerMember, len(list))
	for i, m := range list {
		n := *m
		switch {
		case m.Evidence == "" || m.Rule == "R1": // names systems only
		case m.Rule == "R2":
			n.Evidence = taxID.text(m.Evidence)
		case m.Rule == "R3":
			n.Evidence = email.text(m.Evidence)
		case m.Rule == "R0" && taxID.whole:
		default:
			n.Evidence = ""
		}
		out[i] = &n
	}
	return out
}

// visible returns whether a record that conflicts name is of a customer who may be
// seen: conflicts also name records of others.
func (c *customers) visible(ctx context.Context, rule schema.Predicate, rows []*schema.Customer) func(*schema.CustomerMember) bool {
	if rule.Op == schema.All {
		return func(*schema.CustomerMember) bool { return true }
	}
	rule = c.l.ofDirectory(decideVia(rule, "")) // as if he were looked up
	own := map[string]bool{}
	for _, x := range rows {
		if x != nil {
			own[c.l.canonical(x.Key)] = true
		}
	}
	var others []string
	for _, x := range rows {
		if x == nil {
			continue
		}
		for _, conflict := range x.Conflicts {
			for _, m := range conflict.Records {
				if k, ok := c.l.Directory.Golden(m.Source, m.RecordID); ok && !own[k] {
					others = appendNew(others, k)
				}
			}
		}
	}
	if len(others) > 0 {
		f := datasources.NewFields(readBy(rule, nil)...)
		for i, r := range c.load(ctx, f, keysOf(others...)).of {
			own[others[i]] = r.value != nil && c.l.matches(r.value, rule)
		}
	}
	return func(m *schema.CustomerMember) bool {
		k, ok := c.l.Directory.Golden(m.Source, m.RecordID)
		return ok && own[k]
	}
}
