package cache

import (
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Wrap puts the cache around a source's readers.
func (c *Cache) Wrap(name string, s datasources.Source) datasources.Source {
	return &source{Source: s, c: c, name: name, readers: map[string]any{}}
}

type source struct {
	datasources.Source
	c    *Cache
	name string

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
		return wrap[schema.Contact](s.c, inner, s.name, entity)
	case "Ticket":
		return wrap[schema.Ticket](s.c, inner, s.name, entity)
	case "Article":
		return wrap[schema.Article](s.c, inner, s.name, entity)
	case "Quote":
		return wrap[schema.Quote](s.c, inner, s.name, entity)
	case "Order":
		return wrap[schema.Order](s.c, inner, s.name, entity)
	case "Invoice":
		return wrap[schema.Invoice](s.c, inner, s.name, entity)
	case "Payment":
		return wrap[schema.Payment](s.c, inner, s.name, entity)
	case "Payable":
		return wrap[schema.Payable](s.c, inner, s.name, entity)
	case "Boleto":
		return wrap[schema.Boleto](s.c, inner, s.name, entity)
	case "Product":
		return wrap[schema.Product](s.c, inner, s.name, entity)
	case "DeliveryNote":
		return wrap[schema.DeliveryNote](s.c, inner, s.name, entity)
	case "PurchaseOrder":
		return wrap[schema.PurchaseOrder](s.c, inner, s.name, entity)
	}
	return inner
}
