package onec

import (
	"context"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// builder turns the rows of one object into the graph's. It serves one read with
// all its chunks.
type builder struct {
	s      *source
	m      *model
	o      *object
	entity string
	key    func(concept, id string) string
	fields datasources.Fields

	mu      sync.Mutex // guards the rest: chunks are built side by side
	tables  map[string]table
	readAt  map[string]time.Time
	unknown map[string]bool // tables that lack a reference of a row
}

// builder makes one, and reads the small catalogues that the asked columns need
// when they are not known yet.
func (s *source) builder(ctx context.Context, m *model, o *object, entity string, key func(concept, id string) string, f datasources.Fields) (*builder, error) {
	b := &builder{s: s, m: m, o: o, entity: entity, key: key, fields: f, tables: map[string]table{}, readAt: map[string]time.Time{}, unknown: map[string]bool{}}
	var wants []string
	if wantsMoney(f) && o.prop("currency") != "" {
		wants = append(wants, conceptCurrency)
	}
	if f.Has("status") && o.props[o.prop("status")] == "Edm.Guid" {
		wants = append(wants, conceptState)
	}
	if f.Has("lines") && o.concept != conceptProduct && len(o.parts) > 0 || f.Has("unit") && o.prop("unit") != "" {
		wants = append(wants, conceptUnit)
	}
	if f.Has("category") && o.concept == conceptProduct && o.prop("parent") != "" && o.prop("folder") != "" {
		wants = append(wants, tableFolder)
	}
	for _, concept := range wants {
		t, at, err := s.tables[concept].get(ctx)
		if err != nil {
			return nil, asError(s.cfg.Name, err)
		}
		b.tables[concept], b.readAt[concept] = t, at
	}
	return b, nil
}

// wantsMoney reports whether a column is asked that is an amount.
func wantsMoney(f datasources.Fields) bool {
	for _, name := range []string{"total", "amount", "currency", "tax", "paid", "lines"} {
		if f.Has(name) {
			return true
		}
	}
	return false
}

// lookup finds a reference in a small catalogue.
func (b *builder) lookup(concept, id string) named {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.tables[concept][id]
	if !ok && id != "" {
		b.unknown[concept] = true
	}
	return n
}

// refresh reads the catalogues again that lack a reference, unless they were
// read only just now. It reports whether any was.
func (b *builder) refresh(ctx context.Context, now time.Time) (bool, error) {
	b.mu.Lock()
	old := map[string]time.Time{}
	for concept := range b.unknown {
		if at := b.readAt[concept]; b.m.object(tableObject(concept)) != nil && now.Sub(at) >= tablePause {
			old[concept] = at
		}
	}
	clear(b.unknown)
	b.mu.Unlock()
	for concept, at := range old {
		t, at, err := b.s.tables[concept].newer(ctx, at)
		if err != nil {
			return false, asError(b.s.cfg.Name, err)
		}
		b.mu.Lock()
		b.tables[concept], b.readAt[concept] = t, at
		b.mu.Unlock()
	}
	return len(old) > 0, nil
}

// admits leaves out what is no row of the graph: folders, and documents marked
// for deletion unless the config shows them.
func (b *builder) admits(r row) (bool, error) {
	if folder := b.o.prop("folder"); folder != "" {
		if is, err := r.bool(folder); err != nil || is != nil && *is {
			return false, err
		}
	}
	if b.o.concept == conceptProduct || b.s.cfg.Deleted {
		return true, nil
	}
	is, err := r.bool(b.o.prop("deleted"))
	return is == nil || !*is, err
}

// currency returns the ISO code of a document's currency: the config's where the
// document names none, schema.NoCurrency where the catalogue tells nothing.
func (b *builder) currency(id string) string {
	if id == "" {
		if b.s.cfg.Currency == "" {
			return schema.NoCurrency
		}
		return b.s.cfg.Currency
	}
	n := b.lookup(conceptCurrency, id)
	if iso := isoCurrency(n.code, n.name); iso != "" {
		return iso
	}
	return schema.NoCurrency
}
