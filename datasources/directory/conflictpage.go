package directory

import (
	"cmp"
	"context"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// Severity grades a conflict by what it can do.
type Severity string

// The grades.
const (
	SeverityHigh   Severity = "high"   // two may be taken for one, or one for two
	SeverityMedium Severity = "medium" // a link is missing that somebody wanted
	SeverityLow    Severity = "low"    // what is known differs or is incomplete
)

// Conflict is what the systems disagree about, or what could not be decided
// (wire/identity.md §5), with what a person said about it.
type Conflict struct {
	// ConflictState has the stable Key (of its kind, field and records), the Kind and
	// the Field, the SDL name or "". Its own Records are only of gone ones, and its
	// LastSeen is that of the newest reading while the conflict is there.
	ConflictState
	Rule     string // R1 … R3 when a rule met it
	Severity Severity
	// Source is set for the kinds that are about a whole source: UNMATCHED, whose
	// Count is the records without a match, and SOURCE_SHRANK, whose Count is the
	// records that are missing.
	Source  string
	Count   int              // of all records, shown or not
	Details []ConflictRecord // at most 20
}

// ConflictRecord is a record of a conflict, with what it says about the field. The
// value bears the verdict and mask of that field of Customer.
type ConflictRecord struct {
	RecordRef
	Code     string
	Customer string // golden id; "" when the record is gone
	Value    string
}

// ConflictFilter narrows conflicts; zero values do not.
type ConflictFilter struct {
	Kind     schema.ConflictKind
	State    State
	Source   string // some record is of it
	Customer string // some record is of him; a golden id or an alias
}

// ConflictsPage returns at most first conflicts behind a cursor ("" = from the
// beginning), the cursor of the next page ("" = it was the last) and how many there
// are in all. The order is that of kinds, then of records, and at the end those
// that are gone. A cursor of another filter, or one that is damaged, is BAD_REQUEST.
//
// Conflicts about values are found by looking at every customer: the first page
// with them after a change costs about a second for 500,000 records.
func (d *Directory) ConflictsPage(ctx context.Context, f ConflictFilter, first int, after string) (list []Conflict, next string, total int, err error) {
	from, err := cursorAt(after)
	if err != nil {
		return nil, "", 0, err
	}
	at := 0
	err = d.eachConflict(ctx, f, func(make func() Conflict) error {
		if at >= from && len(list) < first {
			list = append(list, make())
		}
		at++
		return nil
	})
	if err != nil {
		return nil, "", 0, err
	}
	if end := from + len(list); end < at && len(list) > 0 {
		next = cursorOf(end)
	}
	return list, next, at, nil
}

// EachConflict calls f with every conflict, for an export, in the order of pages.
// An error of f ends it and is returned.
func (d *Directory) EachConflict(ctx context.Context, filter ConflictFilter, f func(*Conflict) error) error {
	return d.eachConflict(ctx, filter, func(make func() Conflict) error {
		c := make()
		return f(&c)
	})
}

// eachConflict calls f with a way to make each conflict, since most of a page's
// are only counted.
func (d *Directory) eachConflict(ctx context.Context, f ConflictFilter, visit func(func() Conflict) error) error {
	s := d.snapshot.Load()
	in, err := s.scopeOf(f)
	if err != nil {
		return err
	}
	n := 0
	pass := func(key func() string, c *conflict) error {
		if n++; n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		// Most of a page's are only counted, and a key costs a hash.
		if f.State != "" && f.State != d.book.state(key()).State {
			return nil
		}
		return visit(func() Conflict { return d.present(s, c, d.book.state(key())) })
	}
	for i := range s.conflicts {
		if c := &s.conflicts[i]; in.has(s, c) {
			if err := pass(func() string { return s.conflictKey(c.kind, c.field, c.recs) }, c); err != nil {
				return err
			}
		}
	}
	if f.Kind == "" || f.Kind == schema.ConflictValue {
		if err := s.valueConflicts(ctx, in, pass); err != nil {
			return err
		}
	}
	for _, w := range d.wholeConflicts(s) {
		if (f.Kind != "" && f.Kind != w.Kind) || (f.Source != "" && f.Source != w.Source) || f.Customer != "" || (f.State != "" && f.State != w.State) {
			continue
		}
		if err := visit(func() Conflict { return w }); err != nil {
			return err
		}
	}
	if f.State != "" && f.State != StateResolved {
		return nil
	}
	for _, g := range d.book.gone(f) {
		if f.Customer != "" && !slices.ContainsFunc(g.Records, func(r RecordRef) bool { return s.isOf(r, in.customer) }) {
			continue
		}
		if err := visit(func() Conflict { return s.goneConflict(g) }); err != nil {
			return err
		}
	}
	return nil
}

// valueConflicts calls f with every conflict about a value, in the order of the
// customers' least records whatever their numbers are.
func (s *snapshot) valueConflicts(ctx context.Context, in scope, f func(key func() string, c *conflict) error) error {
	if !s.isPatched {
		return s.eachValueConflict(ctx, in, f)
	}
	type found struct {
		least int32
		key   func() string
		*conflict
	}
	var list []found
	err := s.eachValueConflict(ctx, in, func(key func() string, c *conflict) error {
		list = append(list, found{s.of(s.cluster.at(c.recs[0]))[0], key, c})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b found) int { return s.compare(a.least, b.least) })
	for _, x := range list {
		if err := f(x.key, x.conflict); err != nil {
			return err
		}
	}
	return nil
}

// scope is a ConflictFilter, understood.
type scope struct {
	kind             schema.ConflictKind
	source, customer int32 // -1 = any
}

func (s *snapshot) scopeOf(f ConflictFilter) (scope, error) {
	in := scope{kind: f.Kind, source: -1, customer: -1}
	if f.Source != "" {
		if in.source = s.source(f.Source); in.source < 0 {
			return in, schema.Errorf(schema.NotFound, "there is no source %s", f.Source)
		}
	}
	if f.Customer != "" {
		if in.customer = s.customer(f.Customer); in.customer < 0 {
			return in, schema.Errorf(schema.NotFound, "there is no such customer")
		}
	}
	return in, nil
}

func (in scope) has(s *snapshot, c *conflict) bool {
	if in.kind != "" && in.kind != c.kind {
		return false
	}
	return (in.source < 0 || slices.ContainsFunc(c.recs, func(r int32) bool { return s.sourceOf(r) == in.source })) &&
		(in.customer < 0 || slices.ContainsFunc(c.recs, func(r int32) bool { return s.cluster.at(r) == in.customer }))
}

func (s *snapshot) isOf(ref RecordRef, customer int32) bool {
	rec := s.find(ref)
	return rec >= 0 && s.cluster.at(rec) == customer
}

// present makes a conflict that is there.
func (d *Directory) present(s *snapshot, c *conflict, state ConflictState) Conflict {
	x := Conflict{Rule: s.ruleOf(c), Severity: severity(c.kind), Count: len(c.recs), ConflictState: state}
	x.Kind, x.Field = c.kind, c.field
	x.Key = s.conflictKey(c.kind, c.field, c.recs)
	for _, rec := range c.recs[:min(len(c.recs), maxConflictRecords)] {
		x.Details = append(x.Details, ConflictRecord{
			RecordRef: s.refOf(rec), Code: s.rec(rec).text(textCode), Customer: s.id(s.cluster.at(rec)), Value: s.value(c.field, rec),
		})
	}
	for _, rec := range c.recs {
		if at := d.states[s.sourceOf(rec)].Load().asOf; at.After(x.LastSeen) {
			x.LastSeen = at
		}
	}
	return x
}

func (s *snapshot) goneConflict(g ConflictState) Conflict {
	x := Conflict{Severity: severity(g.Kind), Count: len(g.Records), ConflictState: g}
	for _, ref := range g.Records {
		r := ConflictRecord{RecordRef: ref}
		if rec := s.find(ref); rec >= 0 {
			r.Code, r.Customer = s.rec(rec).text(textCode), s.id(s.cluster.at(rec))
		}
		x.Details = append(x.Details, r)
	}
	return x
}

// ruleOf names the rule that met a conflict.
func (s *snapshot) ruleOf(c *conflict) string {
	switch c.kind {
	case schema.ConflictBrokenForeignID:
		return ruleForeign
	case ConflictDeniedButMatching:
		switch c.field {
		case "taxId":
			return ruleTaxID
		case "email":
			return ruleEmail
		}
		return ruleForeign
	case schema.ConflictValue:
		return ""
	}
	if c.field == "taxId" {
		return ruleTaxID
	}
	return ruleForeign
}

func severity(kind schema.ConflictKind) Severity {
	switch kind {
	case schema.ConflictFiscalIDMismatch, schema.ConflictAmbiguousMatch, schema.ConflictSharedFiscalID, ConflictSourceShrank:
		return SeverityHigh
	case schema.ConflictDuplicateInSource, schema.ConflictBrokenForeignID, ConflictDeniedButMatching:
		return SeverityMedium
	}
	return SeverityLow
}

// wholeConflicts are those about whole sources.
func (d *Directory) wholeConflicts(s *snapshot) []Conflict {
	var list []Conflict
	for src := range s.cfg.Sources {
		add := func(kind schema.ConflictKind, n int) {
			key := s.wholeKey(kind, int32(src))
			x := Conflict{Severity: severity(kind), Source: s.cfg.Sources[src].Name, Count: n, ConflictState: d.book.state(key)}
			x.Key, x.Kind = key, kind
			x.LastSeen = d.states[src].Load().asOf
			list = append(list, x)
		}
		if n := s.unmatched(int32(src)); n > 0 {
			add(ConflictUnmatched, n)
		}
		if l, ok := d.losses.of(s.cfg.Sources[src].Name); ok {
			n := l.Had - l.Got
			if d.hasOtherIDs(l) {
				n = l.Had
			}
			add(ConflictSourceShrank, n)
		}
	}
	slices.SortStableFunc(list, func(a, b Conflict) int { return cmp.Compare(a.Kind, b.Kind) })
	return list
}

// unmatched is how many living records of a source nobody else knows; 0 while no
// other source was read.
func (s *snapshot) unmatched(src int32) int {
	if s.slabs[src] == nil {
		return 0
	}
	for other, b := range s.slabs {
		if b != nil && int32(other) != src {
			n := s.counts[src]
			return n.records - n.linked - n.ambiguous
		}
	}
	return 0
}
