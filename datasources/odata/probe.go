package odata

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// sample is how many rows of each entity a probe reads.
const sample = 20

// Probe implements datasources.Source: it logs in, reads $metadata unless that was
// done, and a small page of each entity. The findings name for each field the
// property that was chosen, its type, and in how many records it was; never a
// value.
func (s *source) Probe(ctx context.Context) ([]datasources.Finding, error) {
	return s.probe(ctx, nil)
}

// Probe implements datasources.Source.
func (c *customers) Probe(ctx context.Context) ([]datasources.Finding, error) {
	return c.probe(ctx, c.table)
}

// sampler reads a small page of an entity and reports what was in it.
type sampler interface {
	sample(ctx context.Context) ([]mapping.Coverage, int, error)
}

func (s *source) probe(ctx context.Context, more sampler) ([]datasources.Finding, error) {
	var list []datasources.Finding
	report := func(level datasources.Level, subject, format string, args ...any) {
		list = append(list, datasources.Finding{Subject: subject, Result: fmt.Sprintf(format, args...), Level: level})
	}
	if err := s.client.auth.Login(ctx); err != nil {
		report(datasources.Fail, "login", "%s", plain(err))
		return list, asError(s.cfg.Name, err)
	}
	sys, err := s.system.get(ctx)
	if err != nil {
		report(datasources.Fail, "$metadata", "%s", plain(err))
		return list, err
	}
	report(datasources.OK, "version", "OData %d, many keys by %s", sys.version, s.operator.String())
	var errs []error
	for _, name := range s.cfg.names() {
		cfg := s.cfg.Entities[name]
		subject := name + " " + cfg.Set
		if err := sys.failed[name]; err != nil {
			report(datasources.Fail, subject, "%s", plain(err))
			continue
		}
		l := sys.layouts[name]
		table, ok := s.readers[name].(sampler)
		if !ok {
			table = more
		}
		seen, n, err := table.sample(ctx)
		if err != nil {
			report(datasources.Fail, subject, "%s", plain(err))
			errs = append(errs, err)
			list = append(list, l.findings...)
			continue
		}
		report(datasources.OK, subject, "key %s, %d records in the sample", l.keyText(), n)
		list = append(list, l.covered(seen)...)
		list = append(list, l.keeping(&cfg))
	}
	return list, errors.Join(errs...)
}

// plain is an error as the operator reads it in a finding: the message for
// clients, which holds nothing of the upstream.
func plain(err error) string {
	var e *schema.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "failed"
}

func (l *layout) keyText() string {
	parts := make([]string, len(l.keys))
	for i, k := range l.keys {
		parts[i] = k.name + " " + k.typ.name
	}
	return strings.Join(parts, ", ")
}

// covered adds to what was chosen how often it was in the sample, and what was
// wrong there.
func (l *layout) covered(seen []mapping.Coverage) []datasources.Finding {
	by := make(map[string]mapping.Coverage, len(seen))
	for _, c := range seen {
		by[l.entity+"."+c.Field] = c
	}
	list := slices.Clone(l.findings)
	for i := range list {
		c, ok := by[list[i].Subject]
		if !ok || c.Records == 0 {
			continue
		}
		if list[i].Level == datasources.OK {
			list[i].Result += fmt.Sprintf(", in %d of %d", c.Seen, c.Records)
		}
		for _, kind := range slices.Sorted(maps.Keys(c.Problems)) {
			if kind == mapping.NeverThere {
				continue
			}
			list[i].Result += fmt.Sprintf("; %s: %d", kind, c.Problems[kind])
			if kind != mapping.Computed {
				list[i].Level = datasources.Warn
			}
		}
	}
	return list
}

// sample implements sampler.
func (t *table[T]) sample(ctx context.Context) ([]mapping.Coverage, int, error) {
	w, err := t.open(ctx)
	if err != nil {
		return nil, 0, err
	}
	q := w.request(nil, w.fixed)
	q.order, q.top = w.byKey(), sample
	tally := w.plan.Tally()
	got, err := w.fetch(ctx, q, "", nil, w.plan, tally)
	if err != nil {
		return nil, 0, err
	}
	return tally.Coverage(), got.n, nil
}

// String tells how many keys are asked for.
func (o *operator) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch o.state {
	case wordYes:
		return "in"
	case wordNo:
		return "or"
	}
	return "in or or, not tried yet"
}
