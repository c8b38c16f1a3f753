package onec

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/schema"
)

// reader reads one entity from one or several objects of the base. All entities
// are read the same way; what differs is given by its functions.
type reader[T any, P gather.Entity[T]] struct {
	s        *source
	e        *datasources.Entity
	concepts []string
	prefixed bool // keys are "concept:GUID"
	columns  func(s *source, e string, o *object, f datasources.Fields) []string
	build    func(b *builder, r row) (T, error)
	// finish fills what is looked up for the rows that leave; nil = nothing.
	finish func(ctx context.Context, m *model, items []T, f datasources.Fields) error

	marks pageMarks
}

var (
	_ datasources.Reader[schema.Order]        = (*reader[schema.Order, *schema.Order])(nil)
	_ datasources.Reader[schema.Invoice]      = (*reader[schema.Invoice, *schema.Invoice])(nil)
	_ datasources.Reader[schema.Payment]      = (*reader[schema.Payment, *schema.Payment])(nil)
	_ datasources.Reader[schema.DeliveryNote] = (*reader[schema.DeliveryNote, *schema.DeliveryNote])(nil)
	_ datasources.Reader[schema.Product]      = (*reader[schema.Product, *schema.Product])(nil)
)

func newReader[T any, P gather.Entity[T]](s *source, entity string, concepts []string, build func(*document) T) *reader[T, P] {
	r := &reader[T, P]{s: s, e: s.desc.Entity(entity), concepts: concepts, columns: (*source).documentColumns}
	r.build = func(b *builder, row row) (T, error) {
		d, err := b.document(row)
		if err != nil {
			var none T
			return none, err
		}
		return build(d), nil
	}
	return r
}

// objects returns the objects the entity is read from, in the config's order. It
// is an error when the base has none of them.
func (r *reader[T, P]) objects(ctx context.Context) (*model, []*object, error) {
	m, err := r.s.model(ctx)
	if err != nil {
		return nil, nil, err
	}
	var list []*object
	for _, c := range r.concepts {
		if o := m.object(c); o != nil {
			list = append(list, o)
		}
	}
	if len(list) == 0 {
		return nil, nil, notEnabled(r.s.cfg.Name, r.concepts[0])
	}
	return m, list, nil
}

// key returns the graph's key of a record.
func (r *reader[T, P]) key(concept, id string) string {
	if r.prefixed {
		return concept + ":" + id
	}
	return id
}

// split is the opposite of key for one object, false when the key is not of it.
func (r *reader[T, P]) split(concept, key string) (string, bool) {
	if r.prefixed {
		if len(key) <= len(concept) || key[:len(concept)] != concept || key[len(concept)] != ':' {
			return "", false
		}
		key = key[len(concept)+1:]
	}
	return guid(key)
}

// filterer returns the translator of predicates for an object.
func (r *reader[T, P]) filterer(m *model, o *object) *filterer {
	f := &filterer{
		source: r.s.cfg.Name, o: o, m: m, zone: r.s.zone,
		id:    func(key string) (string, bool) { return r.split(o.concept, key) },
		refTo: r.s.refTo,
		links: map[string][]string{},
	}
	f.kind, _ = invoiceKind(o.concept)
	for relation, column := range linkColumns() {
		for _, name := range r.s.links[r.e.Name+"."+relation].Fields() {
			if _, ok := o.props[name]; ok {
				f.links[column] = append(f.links[column], name)
			}
		}
	}
	return f
}

// linkColumns are the columns of link rules by the relation that configures
// them.
func linkColumns() map[string]string {
	return map[string]string{"order": "orderNumber", "quote": "quoteNumber", "invoice": "invoiceNumber"}
}

// refTo returns the object and GUID a key stands for in a relation.
func (s *source) refTo(relation, key string) (concept, id string, ok bool) {
	switch relation {
	case "customer":
		id, ok = guid(key)
		return conceptCustomer, id, ok
	case "order":
		id, ok = guid(key)
		return conceptOrder, id, ok
	case "invoice":
		for _, c := range s.cfg.Invoices {
			if id, ok := s.invoices.split(c, key); ok {
				return c, id, true
			}
		}
	}
	return "", "", false
}

// fixed are the conditions that hold for all reads of lists.
func (r *reader[T, P]) fixed(o *object) []string {
	var parts []string
	if folder := o.prop("folder"); folder != "" {
		parts = append(parts, folder+" eq false")
	}
	if mark := o.prop("deleted"); mark != "" && o.concept != conceptProduct && !r.s.cfg.Deleted {
		parts = append(parts, mark+" eq false")
	}
	return parts
}

// request makes a read of an object's columns.
func (r *reader[T, P]) request(o *object, f datasources.Fields) request {
	return request{name: r.e.Name, set: o.set, cols: r.columns(r.s, r.e.Name, o, f)}
}

// read makes one read and builds its rows. check judges each of them: keep false
// leaves it out, an error refuses the reply; nil keeps all. n is the number of
// rows before that.
func (r *reader[T, P]) read(ctx context.Context, b *builder, q request, check func(*T) (keep bool, err error)) (items []T, n int, err error) {
	start := r.s.now()
	build := func(rows []row) error {
		n, items = len(rows), make([]T, 0, len(rows))
		for _, row := range rows {
			admitted, err := b.admits(row)
			if err != nil {
				return err
			}
			if !admitted {
				continue
			}
			x, err := r.build(b, row)
			if err != nil {
				return err
			}
			keep := true
			if check != nil {
				if keep, err = check(&x); err != nil {
					return err
				}
			}
			if keep {
				items = append(items, x)
			}
		}
		return nil
	}
	rows, err := r.s.client.rows(ctx, q, build)
	if err != nil {
		return nil, 0, asError(r.s.cfg.Name, err)
	}
	// A reference the kept tables do not have is newer than they are.
	again, err := b.refresh(ctx, start)
	if err == nil && again {
		err = build(rows)
	}
	if err != nil {
		return nil, 0, asError(r.s.cfg.Name, err)
	}
	return items, n, nil
}

// ByKeys implements datasources.Reader.
func (r *reader[T, P]) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[T], error) {
	m, objects, err := r.objects(ctx)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	g := &batch[T]{failed: map[string]error{}}
	var wait errgroup.Group
	wait.SetLimit(r.s.cfg.Concurrency) // more would only queue, and time out there
	for _, o := range objects {
		asked := map[string]string{} // the key as it was asked by GUID
		var ids []string
		for _, key := range keys {
			if id, ok := r.split(o.concept, key); ok && asked[id] == "" {
				asked[id] = key
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			continue
		}
		b, err := r.s.builder(ctx, m, o, r.e.Name, r.key, f)
		if err != nil {
			g.add(nil, err, ids, asked)
			continue
		}
		q := r.request(o, f)
		for _, chunk := range gather.Chunks(ids, r.s.client.fit(q, 0, maxLen(ids, idIs))) {
			wait.Go(func() error {
				items, err := inHalves(r.s.client, chunk, func(ids []string) request { return q.where(anyOf(ids, idIs)) },
					func(ids []string, q request) ([]T, error) { return r.byIDs(ctx, b, ids, q) }, join)
				g.add(items, err, chunk, asked)
				return nil
			})
		}
	}
	_ = wait.Wait() // the errors are with their keys
	rows := datasources.Rows[T]{Items: g.items}
	if len(g.failed) == len(keys) && len(keys) > 0 {
		return datasources.Rows[T]{}, g.first
	}
	if r.finish != nil {
		if err := r.finish(ctx, m, rows.Items, f); err != nil {
			return datasources.Rows[T]{}, asError(r.s.cfg.Name, err)
		}
	}
	if len(g.failed) > 0 {
		return rows, &datasources.BatchError{ByKey: g.failed}
	}
	return rows, nil
}

// byIDs reads one chunk. A row that was not asked for refuses the reply.
func (r *reader[T, P]) byIDs(ctx context.Context, b *builder, ids []string, q request) ([]T, error) {
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		asked[r.key(b.o.concept, id)] = true
	}
	items, _, err := r.read(ctx, b, q, func(x *T) (bool, error) {
		_, key := P(x).Identity()
		if !asked[key] {
			return false, foreign()
		}
		return true, nil
	})
	return distinct[T, P](items), err
}

// distinct drops repetitions of a row: a reply may hold one twice.
func distinct[T any, P gather.Entity[T]](items []T) []T {
	seen := make(map[string]bool, len(items))
	kept := items[:0]
	for i := range items {
		_, key := P(&items[i]).Identity()
		if !seen[key] {
			seen[key] = true
			kept = append(kept, items[i])
		}
	}
	return kept
}

func join[T any](a, b []T) []T { return append(a, b...) }

func idIs(id string) string { return "Ref_Key eq guid'" + id + "'" }

// batch collects what chunks found side by side.
type batch[T any] struct {
	mu     sync.Mutex // guards the rest
	items  []T
	failed map[string]error
	first  error
}

func (g *batch[T]) add(items []T, err error, chunk []string, asked map[string]string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.items = append(g.items, items...)
	if err == nil {
		return
	}
	if g.first == nil {
		g.first = err
	}
	for _, id := range chunk {
		g.failed[asked[id]] = err
	}
}

// pageMarks remember where in a list without an order the last pages ended, so that
// the next page need not begin at the start. They are hints: each is verified.
type pageMarks struct {
	mu sync.Mutex // guards at
	at map[string]place
}

type place struct {
	skip int
	when time.Time
}

const maxPlaces = 512

func (p *pageMarks) get(key string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[key].skip
}

func (p *pageMarks) put(key string, skip int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.at) >= maxPlaces {
		oldest := ""
		for k, v := range p.at {
			if oldest == "" || v.when.Before(p.at[oldest].when) {
				oldest = k
			}
		}
		delete(p.at, oldest)
	}
	if p.at == nil {
		p.at = map[string]place{}
	}
	p.at[key] = place{skip: skip, when: now}
}
