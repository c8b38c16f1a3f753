package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/login"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// sampleSize is how many records of each resource a probe asks for.
const sampleSize = 10

// unreadable is how many records of a sample must be wrong in a column, beside a
// third of all, before the configuration is.
const unreadable = 3

// sampler looks at a few records of an entity.
type sampler interface {
	sample(ctx context.Context) ([]datasources.Finding, error)
}

// Probe implements datasources.Source: a login where there is one, then one small
// page of each resource, and what was found of each column in it. Findings name
// columns and paths of the configuration, never a value.
func (s *source) Probe(ctx context.Context) ([]datasources.Finding, error) {
	var found []datasources.Finding
	if s.cfg.Auth.Kind == login.Session {
		if err := s.auth.Login(ctx); err != nil {
			result := err.Error()
			if note := s.auth.Note(); note != "" {
				result += ": " + note
			}
			return append(found, datasources.Finding{Subject: "login", Result: result, Level: datasources.Fail}), err
		}
		found = append(found, datasources.Finding{Subject: "login", Result: "ok", Level: datasources.OK})
	}
	var first error
	for _, e := range s.entities {
		if e.isOff() {
			found = append(found, off(e.name, e.cfg.Package))
			continue
		}
		list, err := s.samplers[e.name].sample(ctx)
		found = append(found, list...)
		if err != nil && first == nil {
			first = err
		}
	}
	return found, first
}

func (e *entity) isOff() bool { return len(e.from) == 0 }

func off(subject, pack string) datasources.Finding {
	if pack == "" {
		return datasources.Finding{Subject: subject, Result: "is not enabled", Level: datasources.OK}
	}
	return datasources.Finding{Subject: subject, Result: "package " + pack + " is not enabled", Level: datasources.OK}
}

// sample implements sampler. The error is the first that is of the system, and not
// of one package.
func (t *table[T]) sample(ctx context.Context) ([]datasources.Finding, error) {
	var found []datasources.Finding
	var first error
	for i, r := range t.e.from {
		list, err := sampleOf(ctx, t.s, r, t.plans[i])
		found = append(found, list...)
		if first == nil {
			first = err
		}
	}
	if t.e.stock != nil {
		list, err := sampleOf(ctx, t.s, t.e.stock, t.stock)
		found = append(found, list...)
		if first == nil {
			first = err
		}
	}
	found = append(found, t.keeping())
	for i, r := range t.e.cfg.resources() {
		if r.Disabled {
			found = append(found, off(fmt.Sprintf("%s (%d. resource)", t.e.name, i+1), r.Package))
		}
	}
	return found, first
}

func sampleOf[T any](ctx context.Context, s *source, r *resource, plan *mapping.Plan[T]) ([]datasources.Finding, error) {
	about := datasources.Finding{Subject: r.entity + " (" + r.label + ")", Level: datasources.OK}
	if r.cfg.Placeholder {
		about.Result, about.Level = "its path is not confirmed: set "+r.key+".path, or "+r.key+".placeholder: false", datasources.Fail
		return []datasources.Finding{about}, nil
	}
	p := s.pager(r, position{}, r.cfg.Window.params(s.now(), s.zone))
	p.isQuiet = true
	if r.paging.SizeParam != "" {
		p.size = min(p.size, sampleSize)
	}
	records, err := p.next(ctx)
	if err != nil {
		about.Result, about.Level = err.Error(), datasources.Fail
		if note := s.auth.Note(); note != "" {
			about.Result += ": " + note
		}
		var e *schema.Error
		if errors.As(err, &e) && e.Code == schema.NotEnabled {
			about.Level = datasources.Warn
			return []datasources.Finding{about}, nil
		}
		return []datasources.Finding{about}, err
	}
	tally := plan.Tally()
	var row T
	kept := 0
	for rec := range records.Items() {
		row = *new(T)
		if plan.Row(rec, tally, &row) == mapping.Kept {
			kept++
		}
	}
	n := tally.Records()
	about.Result = fmt.Sprintf("%d records", n)
	switch {
	case p.byStatus:
		about.Result, about.Level = "no records: its status says that the list is empty, as a wrong path might", datasources.Warn
	case n == 0:
		about.Result, about.Level = "no records: its columns could not be looked at", datasources.Warn
	case n > p.size && r.paging.SizeParam != "":
		about.Result, about.Level = fmt.Sprintf("%d records although %d were asked for: the size is ignored", n, p.size), datasources.Warn
	}
	found := []datasources.Finding{about}
	if n > 0 {
		for _, c := range tally.Coverage() {
			found = append(found, covered(r.entity, c))
		}
	}
	if n > 0 && kept == 0 {
		return found, invalid(s.cfg.Name, r.entity, errNoRecord)
	}
	return append(found, turned(ctx, p, about.Subject)...), nil
}

// turned asks for a second page: one that is the first again says that the names
// of the paging's parameters are wrong.
func turned(ctx context.Context, p *pager, subject string) []datasources.Finding {
	if p.end || p.at.Rows == 0 {
		return nil
	}
	if _, err := p.next(ctx); err != nil || !p.end || !p.doubtful {
		return nil // what is wrong with a second page is found by the reading
	}
	return []datasources.Finding{{
		Subject: subject, Level: datasources.Fail, Result: "the second page is the first again: look at paging, the system does not know its parameters",
	}}
}

// covered tells of one column which candidate occurred, in how many records, and
// what could not be read.
func covered(entity string, c mapping.Coverage) datasources.Finding {
	f := datasources.Finding{Subject: entity, Level: datasources.OK}
	if c.Field != "" {
		f.Subject += "." + c.Field
	}
	switch {
	case len(c.Candidates) > 1:
		var list []string
		for _, x := range c.Candidates {
			list = append(list, fmt.Sprintf("%s in %d", x.Path, x.Seen))
		}
		f.Result = fmt.Sprintf("%s of %d records", strings.Join(list, ", "), c.Records)
	case c.Path != "":
		f.Result = fmt.Sprintf("%s, in %d of %d records", c.Path, c.Seen, c.Records)
	case c.Records > 0 && strings.Contains(c.Field, "."):
		// A line without a discount leaves it out: that none of a sample has one is no mistake.
		f.Result = fmt.Sprintf("%s: %s (%d records)", mapping.NeverThere, strings.Join(c.Paths, ", "), c.Records)
	case c.Records > 0 && !c.IsConstant:
		f.Result, f.Level = fmt.Sprintf("%s: %s (%d records)", mapping.NeverThere, strings.Join(c.Paths, ", "), c.Records), datasources.Warn
	default:
		f.Result = "no records to look at"
	}
	var bad []string
	for _, kind := range slices.Sorted(maps.Keys(c.Problems)) {
		bad = append(bad, fmt.Sprintf("%d: %s", c.Problems[kind], kind))
		f.Level = datasources.Warn
	}
	if len(bad) > 0 {
		if c.Path == "" && c.Records == 0 {
			f.Result = "in records"
		}
		f.Result += "; " + strings.Join(bad, ", ")
	}
	if lost := c.Unread(); lost >= unreadable && 3*lost > c.Seen {
		f.Level = datasources.Fail // so many: it is not the records that are wrong
	}
	if f.Subject == entity+".id" && c.Path == "" {
		f.Level = datasources.Fail
	}
	return f
}
