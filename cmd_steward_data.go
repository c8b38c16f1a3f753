package main

import (
	"context"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// Duplicates is Query.duplicates.
func (x stewardship) Duplicates(ctx context.Context) (*schema.Duplicates, error) {
	told, err := asksOfAll(ctx)
	if err != nil {
		return nil, err
	}
	d, err := x.directory.Duplicates(ctx)
	if err != nil {
		return nil, err
	}
	out := &schema.Duplicates{AsOf: d.AsOf, Records: &d.Records, Customers: &d.Customers}
	for i := range d.Sets {
		s := &d.Sets[i]
		out.Sets = append(out.Sets, &schema.SourceSet{Sources: s.Sources, Customers: &s.Customers})
	}
	for i := range d.Pairs {
		out.Overlaps = append(out.Overlaps, sourceOverlap(told, &d.Pairs[i]))
	}
	for i := range d.Inside {
		s := &d.Inside[i]
		x := &schema.SourceInside{Source: s.Source, Records: &s.Records}
		if told.Names("Customer", "taxId") {
			x.SameNumber, x.SameNumberRecords = &s.SameNumber, &s.SameNumberRecords
		}
		if told.Names("Customer", "name") {
			x.SameName = &s.SameName
		}
		out.Inside = append(out.Inside, x)
	}
	return out, nil
}

func sourceOverlap(told loaders.Told, p *directory.Overlap) *schema.SourceOverlap {
	out := &schema.SourceOverlap{A: p.A, B: p.B, Customers: &p.Customers}
	for i := range p.Fields {
		if f := &p.Fields[i]; told.Names("Customer", f.Field) {
			out.Fields = append(out.Fields, &schema.FieldAgreement{Field: f.Field, Agree: &f.Agree, Disagree: &f.Disagree, OnlyA: &f.OnlyA, OnlyB: &f.OnlyB})
		}
	}
	return out
}

// Repeated is Duplicates.repeated.
func (x stewardship) Repeated(ctx context.Context, source *string, inside *bool, first *int, after *string) (*schema.RepeatedCustomers, error) {
	told, err := asksOfAll(ctx)
	if err != nil {
		return nil, err
	}
	n, err := pageOf(first)
	if err != nil {
		return nil, err
	}
	f := directory.RepeatedFilter{
		Source: text(source), Inside: inside != nil && *inside, Names: func(field string) bool { return told.Names("Customer", field) },
	}
	list, next, total, err := x.directory.Repeated(ctx, f, n, text(after))
	if err != nil {
		return nil, err
	}
	out := &schema.RepeatedCustomers{Total: &total, Next: next}
	for i := range list {
		c := &list[i]
		item := &schema.RepeatedCustomer{Customer: x.sealedOrNull(c.Customer), Field: c.Field, Count: &c.Count}
		for j := range c.Records {
			r := &c.Records[j]
			item.Records = append(item.Records, &schema.ConflictRecord{
				Source: r.Source, RecordID: told.Text("CustomerMember", "recordId", r.RecordID), Code: told.Text("CustomerMember", "code", r.Code),
				Customer: x.sealedOrNull(r.Customer), CreatedBy: r.CreatedBy, ModifiedBy: r.ModifiedBy,
			})
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// DocumentOverlaps is Duplicates.documents.
func (x stewardship) DocumentOverlaps(ctx context.Context) ([]*schema.DocumentOverlap, error) {
	if _, err := asksOfAll(ctx); err != nil {
		return nil, err
	}
	return loaders.From(ctx).Overlaps(ctx)
}

// Refresh is Mutation.refresh: every source that is copied and can be asked by
// customer, side by side; what is cached of him is forgotten.
func (x stewardship) Refresh(ctx context.Context, customer string) ([]*schema.Refreshed, error) {
	by, _, err := x.acts(ctx, "read a customer anew")
	if err != nil {
		return nil, err
	}
	key, err := x.customerKey(&customer)
	if err != nil {
		return nil, err
	}
	if _, known := x.directory.Canonical(key); !known {
		return nil, schema.Errorf(schema.NotFound, "there is no such customer")
	}
	out := []*schema.Refreshed{}
	for _, c := range x.copies {
		name := c.Describe().Name
		keys, _ := x.directory.Keys(key, name)
		if len(keys) == 0 {
			continue
		}
		report, err := c.Refresh(ctx, keys)
		if err != nil {
			out = append(out, &schema.Refreshed{Source: name, ErrorCode: string(schema.CodeOf(err))})
			continue
		}
		for i := range report.Entities {
			e := &report.Entities[i]
			out = append(out, &schema.Refreshed{Source: name, Entity: e.Entity, Rows: &e.Rows, Changed: &e.Changed, ErrorCode: string(e.Code)})
		}
	}
	for _, s := range x.sources {
		keys, _ := x.directory.Keys(key, s.Name)
		for _, k := range keys {
			x.forget(ctx, s.Name, "", k)
		}
	}
	return out, x.tokens.AppendBy(ctx, by, tokens.Entry{Kind: "data.refreshed", Subject: customer})
}

// Push is Mutation.push: what the source's own token does at /push.
func (x stewardship) Push(ctx context.Context, source string, records []string, all *bool) (*schema.Pushed, error) {
	by, _, err := x.acts(ctx, "push records")
	if err != nil {
		return nil, err
	}
	p := x.pushed[source]
	if p == nil {
		return nil, schema.Errorf(schema.NotFound, "there is no source %q that sends its records", source)
	}
	texts := make([][]byte, len(records))
	for i, r := range records {
		texts[i] = []byte(r)
	}
	report, err := p.Push(ctx, copies.PushRecords(texts), copies.PushOptions{All: all != nil && *all})
	if err != nil {
		return nil, err
	}
	out := &schema.Pushed{Source: source, Stored: &report.Stored, Same: &report.Same, Older: &report.Older, Refused: &report.Refused}
	for i := range report.Results[:min(len(report.Results), mostListed)] {
		r := &report.Results[i]
		out.Results = append(out.Results, &schema.PushedRecord{Index: &r.Index, Result: r.Result, Code: r.Code, Path: r.Path, Message: r.Message})
	}
	return out, x.tokens.AppendBy(ctx, by, tokens.Entry{Kind: "data.pushed", Subject: source})
}

// Invalidate is Mutation.invalidate.
func (x stewardship) Invalidate(ctx context.Context, source string, entity, customerKey *string) (*bool, error) {
	by, _, err := x.acts(ctx, "forget what is cached")
	if err != nil {
		return nil, err
	}
	if text(entity) != "" && text(customerKey) != "" {
		return nil, schema.Errorf(schema.BadRequest, "give an entity or a customer's key, not both")
	}
	if err := x.invalidated(ctx, web.Invalidation{Source: source, Entity: text(entity), Customer: text(customerKey)}); err != nil {
		return nil, err
	}
	done := true
	return &done, x.tokens.AppendBy(ctx, by, tokens.Entry{Kind: "data.invalidated", Subject: source})
}
