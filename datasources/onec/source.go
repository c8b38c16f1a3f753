package onec

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// source is one 1C base.
type source struct {
	cfg    Config
	zone   *time.Location
	log    *slog.Logger
	now    func() time.Time
	links  map[string]datasources.LinkRules
	client *client
	works  *works
	cache  cache
	desc   datasources.Description
	line   line

	names  *shared[*model]
	tables map[string]*shared[table] // small catalogues by concept

	orders     *reader[schema.Order, *schema.Order]
	invoices   *reader[schema.Invoice, *schema.Invoice]
	payments   *reader[schema.Payment, *schema.Payment]
	deliveries *reader[schema.DeliveryNote, *schema.DeliveryNote]
	products   *reader[schema.Product, *schema.Product]

	mu       sync.Mutex // guards forgotAt
	forgotAt time.Time  // when the names were last forgotten because a property was missing
}

var (
	_ datasources.Source          = (*source)(nil)
	_ datasources.CustomerIndexer = (*source)(nil)
)

// Open makes the source. It makes no call: an address that does not answer is
// found out by Probe or by the first read.
func Open(_ context.Context, cfg Config, deps Deps) (datasources.Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	deps.Log = discard(deps.Log)
	c, err := newClient(&cfg, &deps)
	if err != nil {
		return nil, err
	}
	s := &source{
		cfg: cfg, zone: zone, log: deps.Log, now: deps.Now, links: deps.Links,
		client: c, works: newWorks(), cache: newCache(deps.CacheDir, cfg.Name, cfg.URL),
	}
	c.changed = s.forget
	s.desc = s.describe()
	s.names = &shared[*model]{
		source: cfg.Name, works: s.works, now: s.now, load: s.discover,
		timeout: 2 * (cfg.Timeout + cfg.MetadataTimeout), // each read may be repeated once
	}
	s.tables = map[string]*shared[table]{}
	for _, concept := range []string{conceptCurrency, conceptState, conceptUnit, tableFolder} {
		s.tables[concept] = &shared[table]{
			source: cfg.Name, works: s.works, now: s.now, life: tableLife, timeout: 4 * cfg.Timeout,
			load: func(ctx context.Context) (table, error) { return s.readTable(ctx, concept) },
		}
	}
	s.line = cfg.line()
	s.openReaders()
	return s, nil
}

func (s *source) openReaders() {
	s.orders = newReader[schema.Order](s, "Order", []string{conceptOrder}, orderOf)
	s.invoices = newReader[schema.Invoice](s, "Invoice", s.cfg.Invoices, invoiceOf)
	s.invoices.prefixed = true
	s.payments = newReader[schema.Payment](s, "Payment", []string{conceptPayment}, paymentOf)
	s.deliveries = newReader[schema.DeliveryNote](s, "DeliveryNote", []string{conceptSale}, deliveryOf)
	s.products = s.productReader()
	s.orders.finish = func(ctx context.Context, _ *model, items []schema.Order, _ datasources.Fields) error {
		return s.finishLines(ctx, linesOf(items, func(x *schema.Order) []*schema.OrderLine { return x.Lines }))
	}
	s.deliveries.finish = func(ctx context.Context, _ *model, items []schema.DeliveryNote, _ datasources.Fields) error {
		return s.finishLines(ctx, linesOf(items, func(x *schema.DeliveryNote) []*schema.OrderLine { return x.Lines }))
	}
	s.invoices.finish = s.finishInvoices
}

// Describe implements datasources.Source.
func (s *source) Describe() datasources.Description { return s.desc }

// Reader implements datasources.Source.
func (s *source) Reader(entity string) any {
	switch entity {
	case "Order":
		return s.orders
	case "Invoice":
		return s.invoices
	case "Payment":
		return s.payments
	case "DeliveryNote":
		return s.deliveries
	case "Product":
		return s.products
	}
	return nil
}

// Status implements datasources.Source.
func (s *source) Status() datasources.Status {
	st := s.client.wire.Status()
	if at := s.client.lockedOut.Load(); at != nil {
		// It answers, but nothing we could use.
		st.State, st.LastCode, st.LastErrorAt = "down", schema.SourceUnavailable, *at
	}
	return st
}

// Close implements datasources.Source.
func (s *source) Close() error {
	s.works.end()
	return s.client.wire.Close()
}

// needed are the objects this source looks for.
func (s *source) needed() []string {
	list := []string{conceptCustomer, conceptOrder, conceptSale, conceptPayment, conceptProduct, conceptCurrency, conceptState, conceptUnit}
	for _, c := range s.cfg.Invoices {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// emptyLife is how long an empty composition is believed: setting it is the
// first thing done about the error.
const emptyLife = time.Minute

// model returns what the base was found to have, and finds it out first when
// needed.
func (s *source) model(ctx context.Context) (*model, error) {
	m, at, err := s.names.get(ctx)
	if err == nil && m.published == 0 && s.now().Sub(at) >= emptyLife {
		m, _, err = s.names.newer(ctx, at)
	}
	if err != nil {
		return nil, asError(s.cfg.Name, err)
	}
	if m.published == 0 {
		return nil, nothingPublished(s.cfg.Name)
	}
	return m, nil
}

// discover reads the names of the base: the service document always, $metadata
// when it is not known for this fingerprint.
func (s *source) discover(ctx context.Context) (*model, error) {
	published, err := s.client.service(ctx)
	if err != nil {
		return nil, err
	}
	needed := s.needed()
	wanted := wantedSets(&s.cfg, needed, published)
	mark := fingerprint(published, wanted)
	found, known := s.cache.load(mark)
	if !known && len(wanted) > 0 {
		start := s.now()
		if found, err = s.client.metadata(ctx, wanted); err != nil {
			return nil, err
		}
		if err := s.cache.store(mark, found); err != nil {
			s.log.WarnContext(ctx, "could not keep names on disk", "source", s.cfg.Name, "error", err)
		}
		s.log.InfoContext(ctx, "read metadata", "source", s.cfg.Name, "sets", len(found), "took", s.now().Sub(start))
	}
	m := resolve(&s.cfg, needed, published, found)
	s.reportLinks(m)
	if known {
		m.report(datasources.OK, "$metadata", "unchanged since it was last read")
	}
	return m, nil
}

// forgetPause keeps a base whose answers contradict its own $metadata from
// being asked for it again and again.
const forgetPause = 10 * time.Minute

// forget drops what was learned from $metadata.
func (s *source) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); s.forgotAt.IsZero() || now.Sub(s.forgotAt) >= forgetPause {
		s.forgotAt = now
		s.cache.drop()
		s.names.drop()
	}
}
