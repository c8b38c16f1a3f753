package cache

import (
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Wrap puts the cache around a source's readers. It is called once for each source.
func (c *Cache) Wrap(name string, s datasources.Source) datasources.Source {
	m := c.tags.add(name)
	c.shared.applied.Store(0) // what is known of it in Redis is to be told
	return &source{Source: s, c: c, name: name, marks: m, slots: make(chan struct{}, c.cfg.Refreshes), readers: map[string]any{}}
}

type source struct {
	datasources.Source
	c     *Cache
	name  string
	marks *marks
	slots chan struct{} // background readings

	mu      sync.Mutex // guards readers
	readers map[string]any
}

// Unwrap returns the source itself, for its optional abilities.
func (s *source) Unwrap() datasources.Source { return s.Source }

// Reader returns the remembered reader of an entity.
func (s *source) Reader(entity string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.readers[entity]; ok {
		return r
	}
	inner := s.Source.Reader(entity)
	if inner == nil {
		return nil
	}
	r := s.wrapped(entity, inner)
	s.readers[entity] = r
	return r
}

func (s *source) wrapped(entity string, inner any) any {
	switch entity {
	case "Contact":
		return wrap[schema.Contact](s, inner, entity)
	case "Ticket":
		return wrap[schema.Ticket](s, inner, entity)
	case "Article":
		return wrap[schema.Article](s, inner, entity)
	case "Quote":
		return wrap[schema.Quote](s, inner, entity)
	case "Order":
		return wrap[schema.Order](s, inner, entity)
	case "Invoice":
		return wrap[schema.Invoice](s, inner, entity)
	case "Payment":
		return wrap[schema.Payment](s, inner, entity)
	case "Payable":
		return wrap[schema.Payable](s, inner, entity)
	case "Boleto":
		return wrap[schema.Boleto](s, inner, entity)
	case "Product":
		return wrap[schema.Product](s, inner, entity)
	case "DeliveryNote":
		return wrap[schema.DeliveryNote](s, inner, entity)
	case "PurchaseOrder":
		return wrap[schema.PurchaseOrder](s, inner, entity)
	}
	return inner
}
