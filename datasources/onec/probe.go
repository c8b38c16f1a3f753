package onec

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Probe implements datasources.Source. It reads the service document again, so
// a composition that was changed meanwhile is taken over, and $metadata only
// when that has changed.
func (s *source) Probe(ctx context.Context) ([]datasources.Finding, error) {
	m, _, err := s.names.newer(ctx, s.now())
	if err != nil {
		err = asError(s.cfg.Name, err)
		return []datasources.Finding{{Subject: "login", Result: err.Error(), Level: datasources.Fail}}, err
	}
	found := []datasources.Finding{{Subject: "login", Result: "ok", Level: datasources.OK}}
	found = append(found, m.findings...)
	if m.published == 0 {
		return found, nothingPublished(s.cfg.Name)
	}
	found = append(found, s.keeping(m)...)
	found = append(found, s.counts(ctx, m)...)
	if s.cfg.AllowedOnly {
		found = append(found, datasources.Finding{Subject: "allowed_only", Result: "rows may be hidden by 1C rights", Level: datasources.Warn})
	}
	if s.cfg.Currency == "" {
		found = append(found, datasources.Finding{
			Subject: "currency", Result: "not configured: amounts of documents that name no currency are shown in " + schema.NoCurrency, Level: datasources.Warn,
		})
	}
	return found, nil
}

// keeping tells how a copy keeps up with each entity.
func (s *source) keeping(m *model) []datasources.Finding {
	var found []datasources.Finding
	for _, e := range []struct {
		name     string
		concepts []string
	}{
		{"Order", []string{conceptOrder}},
		{"Invoice", s.cfg.Invoices},
		{"Payment", []string{conceptPayment}},
		{"DeliveryNote", []string{conceptSale}},
		{"Product", []string{conceptProduct}},
	} {
		isThere, hasDates, hasVersions := false, true, true
		for _, c := range e.concepts {
			if o := m.object(c); o != nil {
				isThere = true
				hasDates = hasDates && o.prop("date") != ""
				hasVersions = hasVersions && o.hasVersions()
			}
		}
		if !isThere {
			continue
		}
		f := datasources.Finding{Subject: e.name + " copy", Level: datasources.OK}
		switch {
		case !hasDates || e.name == "Product":
			f.Result = "not followed, as there is no date"
		case hasVersions:
			f.Result = fmt.Sprintf("followed by keys and versions of the last %d days", newSpans(s.cfg.Follow.Window).window)
		default:
			f.Result = fmt.Sprintf("followed by reading the last %d days", newSpans(s.cfg.Follow.Window).window)
		}
		switch {
		case s.cfg.Follow.Sweep == sweepRows:
			f.Result += "; swept by reading all rows, as configured"
		case hasVersions:
			f.Result += "; swept by keys and versions"
		default:
			f.Result += "; swept by reading all rows: there is no " + dataVersion
			f.Level = datasources.Warn
		}
		found = append(found, f)
	}
	return append(found, datasources.Finding{Subject: "Customer copy", Result: "read whole", Level: datasources.OK})
}

// counts asks how many rows each object has: one small call each.
func (s *source) counts(ctx context.Context, m *model) []datasources.Finding {
	var (
		mu    sync.Mutex // guards found
		found = map[string]datasources.Finding{}
		wait  sync.WaitGroup
	)
	for _, o := range m.objects {
		if isOptional(o.concept) {
			continue
		}
		wait.Go(func() {
			f := datasources.Finding{Subject: o.concept + " count", Level: datasources.OK}
			n, err := s.client.count(ctx, o.set, "")
			f.Result = fmt.Sprintf("%d", n)
			if err != nil {
				f.Result, f.Level = "could not be counted: "+asError(s.cfg.Name, err).Error(), datasources.Warn
			}
			mu.Lock()
			defer mu.Unlock()
			found[o.concept] = f
		})
	}
	wait.Wait()
	list := make([]datasources.Finding, 0, len(found))
	for _, c := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[c])
	}
	return list
}

// reportLinks tells which fields of the configured link rules, and which of the
// base's own references, can be read.
func (s *source) reportLinks(m *model) {
	for _, entity := range []struct {
		name     string
		concepts []string
	}{
		{"Order", []string{conceptOrder}},
		{"Invoice", s.cfg.Invoices},
		{"Payment", []string{conceptPayment}},
		{"DeliveryNote", []string{conceptSale}},
	} {
		for _, c := range entity.concepts {
			o := m.object(c)
			if o == nil {
				continue
			}
			for _, rel := range references(entity.name) {
				if o.prop(rel) == "" {
					m.report(datasources.Warn, entity.name+"."+rel, "%s has no reference to it: linked by configured rules only", o.set)
				}
			}
			for _, rel := range []string{"order", "quote", "invoice"} {
				s.reportRules(m, o, entity.name+"."+rel)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.links)) {
		entity, _, _ := strings.Cut(name, ".")
		if s.desc.Entity(entity) == nil {
			m.report(datasources.Warn, "links "+name, "this source has no %s", entity)
		}
	}
}

// reportRules tells which fields of a link rule an object lacks. The rule works
// with those it has.
func (s *source) reportRules(m *model, o *object, relation string) {
	var absent []string
	names := s.links[relation].Fields()
	for _, name := range names {
		if _, ok := o.props[name]; !ok {
			absent = append(absent, name)
		}
	}
	level := datasources.Warn
	if len(absent) == len(names) {
		level = datasources.Fail
	}
	if len(absent) > 0 {
		m.report(level, "links "+relation, "%s has no %s", o.set, strings.Join(absent, ", "))
	}
}
