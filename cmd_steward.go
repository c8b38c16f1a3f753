package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// stewardship answers what administrators ask of the directory and of what is kept
// of records, and does what they say.
type stewardship struct{ *app }

// asksOfAll lets in administrators who may see all customers.
func asksOfAll(ctx context.Context) (loaders.Told, error) {
	if err := asksAsAdministrator(ctx); err != nil {
		return loaders.Told{}, err
	}
	return loaders.From(ctx).Told(ctx)
}

// fewListed is how many are shown where nobody says how many.
const fewListed = 50

// pageOf is the argument first of lists that go on behind a cursor.
func pageOf(first *int) (int, error) {
	n, err := bounded(first)
	return cmp.Or(n, fewListed), err
}

// Conflicts is Query.conflicts.
func (x stewardship) Conflicts(ctx context.Context, kind *schema.ConflictKind, state *schema.ConflictState, source, customer *string, first *int, after *string) (*schema.DirectoryConflicts, error) {
	told, err := asksOfAll(ctx)
	if err != nil {
		return nil, err
	}
	n, err := pageOf(first)
	if err != nil {
		return nil, err
	}
	f := directory.ConflictFilter{Source: text(source)}
	if kind != nil {
		f.Kind = *kind
	}
	if state != nil {
		f.State = directory.State(strings.ToLower(string(*state)))
	}
	if f.Customer, err = x.customerKey(customer); err != nil {
		return nil, err
	}
	list, next, total, err := x.directory.ConflictsPage(ctx, f, n, text(after))
	if err != nil {
		return nil, err
	}
	out := &schema.DirectoryConflicts{Next: next}
	if told.NamesAll() { // else it would count what is not shown
		out.Total = &total
	}
	for i := range list {
		if c := x.conflict(told, &list[i]); c != nil {
			out.Items = append(out.Items, c)
		}
	}
	return out, nil
}

// conflict shows one, nil when it is about a field that may not be named.
func (x stewardship) conflict(told loaders.Told, c *directory.Conflict) *schema.DirectoryConflict {
	field := c.Field
	switch c.Kind {
	case schema.ConflictFiscalIDMismatch, schema.ConflictInvalidFiscalID, schema.ConflictSharedFiscalID:
		field = "taxId" // by their nature, whatever they name
	}
	if field != "" && !told.Names("Customer", field) {
		return nil
	}
	out := &schema.DirectoryConflict{
		Key: c.Key, Kind: c.Kind, Field: c.Field, Rule: c.Rule, Severity: string(c.Severity), Source: c.Source, Count: &c.Count,
		State: schema.ConflictState(strings.ToUpper(string(c.State))), Author: c.Author, Note: c.Note, At: c.At, FirstSeen: c.FirstSeen, LastSeen: c.LastSeen,
	}
	for i := range c.Details {
		out.Records = append(out.Records, x.record(told, c.Field, &c.Details[i]))
	}
	return out
}

func (x stewardship) record(told loaders.Told, field string, r *directory.ConflictRecord) *schema.ConflictRecord {
	by := x.directory.Hands(r.RecordRef)
	return &schema.ConflictRecord{
		Source: r.Source, RecordID: told.Text("CustomerMember", "recordId", r.RecordID), Code: told.Text("CustomerMember", "code", r.Code),
		Customer: x.sealedOrNull(r.Customer), Value: told.Text("Customer", field, r.Value),
		CreatedBy: by.CreatedBy, ModifiedBy: by.ModifiedBy,
	}
}

// sealed is the id of a customer as clients know it, "" for none.
func (x stewardship) sealed(key string) string {
	if key == "" {
		return ""
	}
	return x.loaders.Seal.ID("Customer", "", key)
}

// sealedOrNull is nil for none: an empty text would be an id.
func (x stewardship) sealedOrNull(key string) *string {
	if key == "" {
		return nil
	}
	id := x.sealed(key)
	return &id
}

// customerKey opens the id of a customer, "" for nil.
func (x stewardship) customerKey(id *string) (string, error) {
	if id == nil {
		return "", nil
	}
	entity, _, key, err := x.loaders.Seal.OpenID(*id)
	if err != nil || entity != "Customer" {
		return "", schema.Errorf(schema.BadRequest, "this is not the id of a customer")
	}
	return key, nil
}

// Suggestions is Query.suggestions.
func (x stewardship) Suggestions(ctx context.Context, customer, source, rule *string, inside *bool, first *int, after *string) (*schema.Suggestions, error) {
	told, err := asksOfAll(ctx)
	if err != nil {
		return nil, err
	}
	n, err := pageOf(first)
	if err != nil {
		return nil, err
	}
	if r := text(rule); r != "" && r != "R4" && r != "R5" {
		return nil, schema.Errorf(schema.BadRequest, "rule must be R4 or R5")
	}
	f := directory.SuggestionFilter{Source: text(source), Rule: text(rule), Inside: inside != nil && *inside}
	if f.Customer, err = x.customerKey(customer); err != nil {
		return nil, err
	}
	list, next, total, err := x.directory.Suggestions(ctx, f, n, text(after))
	if err != nil {
		return nil, err
	}
	stats, err := x.directory.SuggestStats(ctx)
	if err != nil {
		return nil, err
	}
	out := &schema.Suggestions{Next: next}
	if told.NamesAll() { // else it would count what is not shown
		out.Total, out.SharedDomains, out.CrowdedNames = &total, &stats.SharedDomain, &stats.CrowdedName
	}
	for i := range list {
		s := &list[i]
		fields := slices.DeleteFunc(slices.Clone(s.Fields), func(f string) bool { return !told.Names("Customer", fieldOfAddress(f)) })
		if len(fields) == 0 {
			continue // what speaks for it may not be named
		}
		out.Items = append(out.Items, &schema.Suggestion{
			Key: s.Key, Rule: s.Rule, Fields: fields, Inside: &s.IsInside,
			A: x.record(told, fieldOfAddress(s.Fields[0]), &s.A), B: x.record(told, fieldOfAddress(s.Fields[0]), &s.B),
		})
	}
	return out, nil
}

// fieldOfAddress is the field of Customer that a part of an address is in.
func fieldOfAddress(field string) string {
	switch field {
	case "city", "postalCode", "street":
		return "address"
	}
	return field
}

// Decisions is Query.decisions.
func (x stewardship) Decisions(ctx context.Context, first *int, after *string) (*schema.Decisions, error) {
	told, err := asksOfAll(ctx)
	if err != nil {
		return nil, err
	}
	n, err := pageOf(first)
	if err != nil {
		return nil, err
	}
	list, next, total, err := x.directory.DecisionsPage(n, text(after))
	if err != nil {
		return nil, err
	}
	out := &schema.Decisions{Total: &total, Next: next}
	for i := range list {
		out.Items = append(out.Items, x.decision(told, &list[i]))
	}
	return out, nil
}

func (x stewardship) decision(told loaders.Told, d *directory.DecisionStatus) *schema.Decision {
	out := &schema.Decision{
		A: refOf(told, d.A), B: refOf(told, d.B), Verdict: string(d.Verdict), Author: d.Author, Reason: d.Reason, At: d.At, Effect: string(d.Effect),
		Matching: &d.IsMatching,
	}
	for _, c := range d.Customers {
		out.Customers = append(out.Customers, x.sealed(c))
	}
	return out
}

// refOf shows the name of a record, nil for none.
func refOf(told loaders.Told, r directory.RecordRef) *schema.RecordRef {
	if r.Source == "" {
		return nil
	}
	return &schema.RecordRef{Source: r.Source, RecordID: told.Text("CustomerMember", "recordId", r.RecordID)}
}

// DirectoryEvents is Query.directoryEvents.
func (x stewardship) DirectoryEvents(ctx context.Context, customer *string, first *int) ([]*schema.DirectoryEvent, error) {
	told, err := asksOfAll(ctx)
	if err != nil {
		return nil, err
	}
	n, err := pageOf(first)
	if err != nil {
		return nil, err
	}
	key, err := x.customerKey(customer)
	if err != nil {
		return nil, err
	}
	list, err := x.directory.History(ctx, key, n)
	if err != nil {
		return nil, err
	}
	var out []*schema.DirectoryEvent
	for i := range list {
		e := &list[i]
		out = append(out, &schema.DirectoryEvent{
			At: e.At, Kind: e.Kind, Customer: x.sealedID(e.Customer), Other: x.sealedID(e.Other), Record: refOf(told, e.Record), With: refOf(told, e.With),
			Rule: e.Rule, Author: e.Author, Reason: e.Reason, Records: agreed(e.Records),
		})
	}
	return out, nil
}

// sealedID seals what is the id of a customer, nil for none; an event may also name a conflict.
func (x stewardship) sealedID(key string) *string {
	switch {
	case key == "":
		return nil
	case !strings.HasPrefix(key, "cf_"):
		key = x.sealed(key)
	}
	return &key
}

// DirectorySources is Query.directorySources.
func (x stewardship) DirectorySources(ctx context.Context) ([]*schema.DirectorySource, error) {
	if err := asksAsAdministrator(ctx); err != nil {
		return nil, err
	}
	var out []*schema.DirectorySource
	for _, c := range x.directory.SourcesCoverage() {
		s := &schema.DirectorySource{
			Source: c.Source, State: c.State, AsOf: c.AsOf, ErrorCode: string(c.Code), Records: &c.Records, Linked: &c.Linked, Ambiguous: &c.Ambiguous,
			Unmatched: &c.Unmatched, Deleted: &c.Deleted,
		}
		if c.Held != nil {
			s.HeldGot, s.HeldHad = &c.Held.Got, &c.Held.Had
		}
		out = append(out, s)
	}
	return out, nil
}

// acts refuses whoever may not act, and tells in whose name it is done.
func (x stewardship) acts(ctx context.Context, what string) (tokens.Actor, loaders.Told, error) {
	by := tokens.ActorOf(policies.From(ctx))
	if err := x.tokens.Authorize(ctx, by, what); err != nil {
		return by, loaders.Told{}, err
	}
	told, err := asksOfAll(ctx)
	return by, told, err
}

// maxReason bounds what is written about a decision.
const maxReason = 2000

// decide makes one decision and writes the audit.
func (x stewardship) decide(ctx context.Context, kind string, a, b model.RecordInput, reason string,
	act func(ctx context.Context, a, b directory.RecordRef, author, reason string) error,
) (*schema.Decision, error) {
	by, told, err := x.acts(ctx, "decide about records")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(reason) == "" || len(reason) > maxReason || strings.ContainsFunc(reason, unicode.IsControl) {
		return nil, schema.Errorf(schema.BadRequest, "reason must say why, in 1 to %d bytes of plain text", maxReason)
	}
	ra, rb := directory.RecordRef{Source: a.Source, RecordID: a.ID}, directory.RecordRef{Source: b.Source, RecordID: b.ID}
	if err := act(ctx, ra, rb, policies.From(ctx).Account, reason); err != nil {
		return nil, err
	}
	// The directory keeps who, what and why in its own history; the audit that it was done.
	if err := x.tokens.AppendBy(ctx, by, tokens.Entry{Kind: kind, Subject: "directory", Detail: a.Source + " and " + b.Source}); err != nil {
		return nil, err
	}
	for _, d := range x.directory.Decisions() {
		if d.A == ra && d.B == rb || d.A == rb && d.B == ra {
			status := x.directory.Effect(d)
			return x.decision(told, &status), nil
		}
	}
	return nil, nil //nolint:nilnil // it was withdrawn
}

// LinkRecords is Mutation.linkRecords.
func (x stewardship) LinkRecords(ctx context.Context, a, b model.RecordInput, reason string) (*schema.Decision, error) {
	return x.decide(ctx, "directory.linked", a, b, reason, x.directory.Link)
}

// DenyLink is Mutation.denyLink.
func (x stewardship) DenyLink(ctx context.Context, a, b model.RecordInput, reason string) (*schema.Decision, error) {
	return x.decide(ctx, "directory.denied", a, b, reason, x.directory.Deny)
}

// WithdrawDecision is Mutation.withdrawDecision.
func (x stewardship) WithdrawDecision(ctx context.Context, a, b model.RecordInput, reason string) (*bool, error) {
	_, err := x.decide(ctx, "directory.withdrawn", a, b, reason, x.directory.Withdraw)
	done := err == nil
	return &done, err
}

// SetConflictState is Mutation.setConflictState.
func (x stewardship) SetConflictState(ctx context.Context, key string, state schema.ConflictState, note *string) (*schema.DirectoryConflict, error) {
	by, told, err := x.acts(ctx, "decide about conflicts")
	if err != nil {
		return nil, err
	}
	if err := x.directory.SetConflictState(ctx, key, directory.State(strings.ToLower(string(state))), policies.From(ctx).Account, text(note)); err != nil {
		return nil, err
	}
	if err := x.tokens.AppendBy(ctx, by, tokens.Entry{Kind: "directory.conflict", Subject: "directory", Detail: key + " " + string(state)}); err != nil {
		return nil, err
	}
	c, err := x.directory.Conflict(ctx, key)
	if err != nil {
		return nil, err
	}
	return x.conflict(told, &c), nil
}

// AcceptLoss is Mutation.acceptLoss.
func (x stewardship) AcceptLoss(ctx context.Context, source string) ([]*schema.DirectorySource, error) {
	by, _, err := x.acts(ctx, "accept a reading")
	if err != nil {
		return nil, err
	}
	if err := x.directory.AcceptLoss(ctx, source, policies.From(ctx).Account); err != nil {
		return nil, err
	}
	if err := x.tokens.AppendBy(ctx, by, tokens.Entry{Kind: "directory.accepted", Subject: source}); err != nil {
		return nil, err
	}
	return x.DirectorySources(ctx)
}

// DirectoryDryRun is Query.directoryDryRun.
func (x stewardship) DirectoryDryRun(ctx context.Context, rules []string, sharedLimit *int) (*schema.DirectoryDryRun, error) {
	told, err := asksOfAll(ctx)
	if err != nil {
		return nil, err
	}
	c := x.directoryConfig()
	if rules != nil {
		c.Rules = rules
	}
	if sharedLimit != nil {
		c.SharedLimit = *sharedLimit
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	d, err := x.directory.DryRun(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &schema.DirectoryDryRun{
		CustomersBefore: &d.CustomersBefore, CustomersAfter: &d.CustomersAfter, Gained: countsOf(d.Gained), Lost: countsOf(d.Lost),
		Merged: &d.Merged, Parted: &d.Parted, ConflictsGained: countsOf(d.ConflictsGained), ConflictsLost: countsOf(d.ConflictsLost),
	}
	for i := range d.Examples {
		e := &schema.DryRunExample{Merge: &d.Examples[i].IsMerge}
		for _, part := range d.Examples[i].Parts {
			p := &schema.DryRunPart{}
			for _, r := range part {
				p.Records = append(p.Records, refOf(told, r))
			}
			e.Parts = append(e.Parts, p)
		}
		out.Examples = append(out.Examples, e)
	}
	return out, nil
}

func countsOf[K ~string](counts map[K]int) []*schema.RuleCount {
	out := []*schema.RuleCount{}
	for name, n := range counts {
		out = append(out, &schema.RuleCount{Name: string(name), Count: &n})
	}
	slices.SortFunc(out, func(a, b *schema.RuleCount) int { return strings.Compare(a.Name, b.Name) })
	return out
}
