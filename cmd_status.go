package main

import (
	"context"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// operations answers how the systems are doing, to the graph and to /readyz. It
// makes no calls.
type operations struct{ *app }

// Sources is Query.sources, as far as the request may know.
func (o operations) Sources(ctx context.Context) []*schema.Source {
	return o.shown(ctx).Sources(o.all())
}

// shown leaves out what the request may not see: entities and fields have no name
// for it either.
func (o operations) shown(ctx context.Context) loaders.Shown {
	return loaders.From(ctx).Shown(ctx, func(typeName, field string) bool {
		_, ok := o.graph.Field(typeName, field)
		return ok
	})
}

// all is how every system is doing.
func (o operations) all() []*schema.Source {
	out := make([]*schema.Source, len(o.sources))
	for i, s := range o.sources {
		st, c := s.Status(), &o.cfg.Sources[i]
		asOf, _, _ := o.directory.Status(s.Name)
		calls, failures := int(st.Calls), int(st.Failures)
		out[i] = &schema.Source{
			Name: s.Name, Kind: s.Kind, Supply: s.Supply, Owner: c.Owner, Address: c.Address, Documentation: c.Documentation, State: schema.SourceState(strings.ToUpper(st.State)), Entities: o.entities(s),
			LastErrorCode: string(st.LastCode), LastErrorAt: st.LastErrorAt, LastOkAt: st.LastOKAt, LatencyMs: milliseconds(st.Latency),
			Breaker: st.Breaker, Calls: &calls, Failures: &failures, AsOf: asOf, Note: st.Note, Problems: problems(s), Usage: callsOf(s),
		}
		switch {
		case isKept(s):
			out[i].AsOf = st.AsOf
		case s.Supply == schema.SupplyListed:
			out[i].State = "" // nobody asks it
		}
	}
	return out
}

// isKept reports whether the source's records are kept here.
func isKept(s *datasources.Connected) bool {
	return s.Supply == schema.SupplyCopy || s.Supply == schema.SupplyPush
}

func problems(s *datasources.Connected) []*schema.SourceProblem {
	r, ok := ability[datasources.Reporter](s.Source)
	if !ok {
		return nil
	}
	var out []*schema.SourceProblem
	for _, p := range r.Problems() {
		out = append(out, &schema.SourceProblem{Entity: p.Entity, Field: p.Field, Kind: p.Kind, Count: &p.Count, LastAt: p.LastAt})
	}
	return out
}

func callsOf(s *datasources.Connected) []*schema.SourceUsage {
	m, ok := ability[datasources.Meter](s.Source)
	if !ok {
		return nil
	}
	var out []*schema.SourceUsage
	for _, u := range m.Usage() {
		one := &schema.SourceUsage{Class: u.Class, LastMinute: &u.LastMinute, Today: &u.Today}
		if u.PerMinute > 0 {
			one.PerMinute = &u.PerMinute
		}
		out = append(out, one)
	}
	return out
}

func milliseconds(d time.Duration) *decimal.Decimal {
	if d <= 0 {
		return nil
	}
	ms, err := decimal.New(d.Microseconds(), 3)
	if err != nil {
		return nil
	}
	return &ms
}

func (o operations) entities(s *datasources.Connected) []*schema.SourceEntity {
	var out []*schema.SourceEntity
	type copied interface {
		EntityCopy(entity string) *schema.EntityCopy
	}
	if c, ok := ability[copied](s.Source); ok && c.EntityCopy("Customer") != nil { // for the directory
		out = append(out, &schema.SourceEntity{Name: "Customer", Upstream: "copy of its customers", Copy: c.EntityCopy("Customer")})
	}
	for i := range s.Description().Entities {
		e := &s.Description().Entities[i]
		se := &schema.SourceEntity{Name: e.Name, Upstream: o.cfg.masked(e.Upstream)}
		for _, c := range e.Columns {
			if len(c.Ops) > 0 {
				se.Filters = append(se.Filters, c.Name)
			}
			if c.Sortable {
				se.Orders = append(se.Orders, c.Name)
			}
		}
		for _, r := range e.Relations {
			se.Relations = append(se.Relations, string(r.Relation))
		}
		if c, ok := ability[copied](s.Source); ok {
			se.Copy = c.EntityCopy(e.Name)
		}
		out = append(out, se)
	}
	for _, e := range out {
		o.segmentState(s.Name, e)
	}
	return out
}

// Coverage is Query.coverage: the directory's counts, and how the links between
// documents were resolved since the start, as far as the request may know.
func (o operations) Coverage(ctx context.Context) []*schema.Coverage {
	out := o.directory.Coverage()
	now := time.Now()
	for _, h := range o.loaders.Links.All() {
		out = append(out, &schema.Coverage{
			Source: h.Source, Entity: h.Relation, Records: &h.Looked, Linked: &h.Linked, Unmatched: &h.Unmatched, Ambiguous: &h.Ambiguous, AsOf: now,
		})
	}
	return o.shown(ctx).Coverage(out)
}

// health answers /readyz.
type health struct{ *app }

// Ready reports whether requests should come here.
func (h health) Ready() (bool, string) {
	select {
	case <-h.closing:
		return false, "shutting down"
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := h.store.ServerKey(ctx); err != nil {
		return false, "the store does not answer"
	}
	return true, ""
}

// Sources returns each system's state.
func (h health) Sources() []web.SourceHealth {
	out := make([]web.SourceHealth, len(h.sources))
	for i, s := range h.sources {
		st := s.Status()
		out[i] = web.SourceHealth{Name: s.Name, Kind: s.Kind, State: st.State, LastError: string(st.LastCode)}
		filling := "filling"
		if s.Supply == schema.SupplyPush {
			filling = "waiting" // for the first push, which may never come
		}
		if _, ok := indexer(s.Source); ok {
			out[i].Directory = filling
			if asOf, _, _ := h.directory.Status(s.Name); !asOf.IsZero() {
				out[i].Directory, out[i].AsOf = "filled", &asOf
			}
		}
		if isKept(s) {
			out[i].Copy, out[i].AsOf = filling, nil
			if !st.AsOf.IsZero() {
				out[i].Copy, out[i].AsOf = "filled", &st.AsOf
			}
		}
	}
	return out
}

// Policies returns which version of the policies is in force.
func (h health) Policies() web.PolicyHealth {
	s := h.policies.Status()
	return web.PolicyHealth{Version: s.Version, LoadedAt: s.LoadedAt, Refused: s.Error != nil}
}

// Directory returns "behind" while this instance cannot take over what others saved:
// the store does not answer, or the others have other rules or sources.
func (h health) Directory() string {
	if _, err := h.directory.Behind(); err != nil {
		return "behind"
	}
	return ""
}

// Quota returns "degraded" while each instance counts its share.
func (h health) Quota() string {
	if h.quota.Degraded() {
		return "degraded"
	}
	return ""
}

// entityOfField returns the entity a field of the graph yields: Customer.orders
// and Invoice.order are both Order.
func entityOfField(field string) string {
	switch field {
	case "boleto", "boletos":
		return "Boleto"
	case "contact", "contacts":
		return "Contact"
	case "deliveryNote", "deliveryNotes":
		return "DeliveryNote"
	case "invoice", "invoices":
		return "Invoice"
	case "order", "orders":
		return "Order"
	case "payable", "payables":
		return "Payable"
	case "payment", "payments":
		return "Payment"
	case "product", "products":
		return "Product"
	case "purchaseOrder", "purchaseOrders":
		return "PurchaseOrder"
	case "quote", "quotes":
		return "Quote"
	case "ticket", "tickets":
		return "Ticket"
	case "articles":
		return "Article"
	}
	return ""
}
