package odata

import (
	"context"
	"log/slog"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// source is one OData service.
type source struct {
	cfg    Config
	zone   *time.Location
	log    *slog.Logger
	now    func() time.Time
	links  map[string]datasources.LinkRules
	trust  trust
	client *client
	ledger *mapping.Ledger
	desc   datasources.Description
	system *once[*system]
	// operator is whether many keys are asked for by in: it is found out once.
	operator operator
	readers  map[string]any
}

// customers is a source that has customers too.
type customers struct {
	*source
	table *table[datasources.CustomerRecord]
}

var (
	_ datasources.Source          = (*source)(nil)
	_ datasources.Reporter        = (*source)(nil)
	_ datasources.Meter           = (*source)(nil)
	_ datasources.Source          = (*customers)(nil)
	_ datasources.CustomerIndexer = (*customers)(nil)
	_ datasources.CustomerScanner = (*customers)(nil)
)

// system is what was found out about the service.
type system struct {
	version version
	layouts map[string]*layout
	failed  map[string]error // entities that cannot be read
}

// Open makes the source. It makes no call: an address that does not answer is
// found out by Probe or by the first read. Errors are mistakes of the config.
func Open(_ context.Context, cfg Config, deps Deps) (datasources.Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if deps.Now == nil {
		deps.Now = time.Now
	}
	deps.Log = discard(deps.Log)
	s := &source{
		cfg: cfg, zone: cfg.location(), log: deps.Log, now: deps.Now, links: deps.Links,
		trust:  trust{exact: cfg.Collation == wordExact, search: cfg.Search, noNull: cfg.Nulls == wordNever},
		ledger: mapping.NewLedger(deps.Now), readers: map[string]any{},
	}
	var err error
	if s.client, err = newClient(&s.cfg, &deps); err != nil {
		return nil, err
	}
	s.operator.begin(cfg.In)
	s.desc = s.describe()
	s.system = &once[*system]{
		source: cfg.Name, now: deps.Now, load: s.discover,
		timeout: 2*cfg.MetadataTimeout + cfg.Timeout, // it may be repeated once
	}
	for i := range s.desc.Entities {
		name := s.desc.Entities[i].Name
		s.readers[name] = s.reader(name)
	}
	if _, ok := cfg.Entities["Customer"]; ok {
		return &customers{source: s, table: newTable[datasources.CustomerRecord](s, "Customer", func(c *datasources.CustomerRecord) string { return c.ID })}, nil
	}
	return s, nil
}

func (s *source) reader(name string) any {
	switch name {
	case "Boleto":
		return newReader[schema.Boleto](s, name)
	case "Contact":
		return newReader[schema.Contact](s, name)
	case "DeliveryNote":
		return newReader[schema.DeliveryNote](s, name)
	case "Invoice":
		return newReader[schema.Invoice](s, name)
	case "Order":
		return newReader[schema.Order](s, name)
	case "Payable":
		return newReader[schema.Payable](s, name)
	case "Payment":
		return newReader[schema.Payment](s, name)
	case "Product":
		return newReader[schema.Product](s, name)
	case "PurchaseOrder":
		return newReader[schema.PurchaseOrder](s, name)
	case "Quote":
		return newReader[schema.Quote](s, name)
	case "Ticket":
		return newReader[schema.Ticket](s, name)
	}
	return nil
}

// discover reads $metadata and finds what the config names in it.
func (s *source) discover(ctx context.Context) (*system, error) {
	m := &model{sets: map[string]string{}, types: map[string]*structType{}, enums: map[string][]string{}}
	if s.cfg.Metadata == wordYes {
		start := s.now()
		var err error
		if m, err = s.client.metadata(ctx); err != nil {
			return nil, err
		}
		s.log.InfoContext(ctx, "read metadata", "source", s.cfg.Name, "sets", len(m.sets), "types", len(m.types), "took", s.now().Sub(start))
	}
	sys := &system{version: version(s.cfg.Version), layouts: map[string]*layout{}, failed: map[string]error{}}
	if sys.version == 0 {
		sys.version = m.version
	}
	if sys.version == 0 {
		return nil, schema.SourceErrorf(schema.NotEnabled, s.cfg.Name, "%s does not say which version of OData it speaks: set version", s.cfg.Name)
	}
	s.operator.learn(sys.version, m.in)
	for _, name := range s.cfg.names() {
		l, err := s.lay(m, sys.version, name)
		if err != nil {
			sys.failed[name] = err
			s.ledger.Add(name, "", problemNoSet, 1)
			continue
		}
		for _, field := range l.missing {
			s.ledger.Add(name, field, mapping.NeverThere, 1)
		}
		sys.layouts[name] = l
	}
	return sys, nil
}

// problemNoSet is the kind of a problem: the entity cannot be read at all.
const problemNoSet = "set or key not there"

// layout returns how an entity lies in the system.
func (s *source) layout(ctx context.Context, entity string) (*layout, version, error) {
	sys, err := s.system.get(ctx)
	if err != nil {
		return nil, 0, err
	}
	if err := sys.failed[entity]; err != nil {
		return nil, 0, err
	}
	return sys.layouts[entity], sys.version, nil
}

// Describe implements datasources.Source.
func (s *source) Describe() datasources.Description { return s.desc }

// Reader implements datasources.Source.
func (s *source) Reader(entity string) any { return s.readers[entity] }

// Problems implements datasources.Reporter.
func (s *source) Problems() []datasources.Problem { return s.ledger.Problems() }

// Usage implements datasources.Meter.
func (s *source) Usage() []datasources.Usage { return s.client.usage.report() }

// Status implements datasources.Source.
func (s *source) Status() datasources.Status {
	st := s.client.wire.Status()
	if st.Note = s.client.auth.Note(); st.Note != "" {
		// It answers, but nothing we could use.
		st.State, st.LastCode = "down", schema.SourceUnavailable
	}
	return st
}

// Close implements datasources.Source.
func (s *source) Close() error {
	s.system.close()
	return s.client.wire.Close()
}
