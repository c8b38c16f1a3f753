package rest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/login"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

const customerEntity = "Customer"

// source is one system.
type source struct {
	cfg    Config
	kind   string
	zone   *time.Location
	log    *slog.Logger
	now    func() time.Time
	links  map[string]datasources.LinkRules
	client *wire.Client
	auth   *login.Auth
	ledger *mapping.Ledger
	usage  *usage
	// clock is what the web server last said the time was, nil = it did not.
	clock atomic.Pointer[clock]

	successAt, errorAt []mapping.Path

	entities []*entity // by name, Customer among them
	readers  map[string]any
	samplers map[string]sampler
	desc     datasources.Description
}

// customerSource is a source that has customers.
type customerSource struct {
	*source
	customers *table[datasources.CustomerRecord]
}

var (
	_ datasources.Source          = (*source)(nil)
	_ datasources.Reporter        = (*source)(nil)
	_ datasources.Meter           = (*source)(nil)
	_ datasources.CustomerIndexer = (*customerSource)(nil)
	_ datasources.CustomerScanner = (*customerSource)(nil)

	_ datasources.CustomerFollower = (*customerSource)(nil)
)

// Open makes the source. It makes no call: an address that does not answer is
// found out by Probe or by the first read. A source with an enabled Customer
// entity also lists customers (datasources.CustomerIndexer and CustomerScanner).
// All report problems (datasources.Reporter) and count their calls
// (datasources.Meter); every reader is a datasources.Scanner too.
func Open(_ context.Context, cfg Config, deps Deps) (datasources.Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	zone, err := mapping.ZoneOf(cfg.Locale.Zone)
	if err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	s := &source{
		cfg: cfg, kind: cmp.Or(deps.Kind, "rest"), zone: zone, log: deps.Log, now: deps.Now, links: deps.Links,
		ledger: mapping.NewLedger(deps.Now), readers: map[string]any{}, samplers: map[string]sampler{},
		successAt: paths(cfg.Reply.SuccessAt), errorAt: paths(cfg.Reply.ErrorAt),
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Entities)) {
		s.entities = append(s.entities, newEntity(&s.cfg, name, cfg.Entities[name]))
	}
	s.usage = newUsage(s)
	if err := s.connect(&deps); err != nil {
		return nil, err
	}
	if err := s.checkLinked(); err != nil {
		return nil, err
	}
	s.describe()
	var customers *table[datasources.CustomerRecord]
	for _, e := range s.entities {
		if e.name == customerEntity {
			if customers, err = newTable(s, e, customerShape()); err == nil {
				s.samplers[e.name] = customers
			}
		} else {
			err = s.open(e)
		}
		if err != nil {
			return nil, err
		}
	}
	if customers != nil && len(customers.e.from) > 0 {
		return &customerSource{source: s, customers: customers}, nil
	}
	return s, nil
}

// checkLinked refuses a relation by another document's number where no row would
// have one: the links are not known to Validate.
func (s *source) checkLinked() error {
	for _, e := range s.entities {
		for rel := range e.cfg.Relations {
			parent, ok := strings.CutSuffix(rel, "Number")
			if ok && !hasField(e.cfg.Fields, rel+"s") && len(s.links[e.name+"."+parent]) == 0 {
				return fmt.Errorf("entities.%s.relations.%s: neither fields.%ss nor a link %s.%s is set: the reply's rows could not be told apart", e.name, rel, rel, e.name, parent)
			}
		}
	}
	return nil
}

func (s *source) connect(deps *Deps) error {
	base, err := baseOf(s.cfg.URL)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	header := http.Header{}
	for name, value := range s.cfg.Headers {
		header.Set(name, value)
	}
	retries := s.cfg.Retries
	if retries == 0 {
		retries = -1
	}
	s.client, err = wire.New(wire.Config{
		Source: s.cfg.Name, Base: base, Timeout: s.cfg.Timeout, Concurrency: s.cfg.Concurrency,
		PerMinute: s.cfg.Rate.PerMinute, Burst: s.cfg.Rate.Burst, MaxBody: s.cfg.MaxBody, Retries: retries,
		Header: header, Transport: deps.Transport, Log: deps.Log, Now: deps.Now,
		Observe: func(o wire.Observation) {
			s.usage.observe(o)
			if deps.Observe != nil {
				deps.Observe(o)
			}
		},
	})
	if err != nil {
		return err
	}
	s.auth, err = login.New(s.cfg.Auth, s.cfg.Name, s.client, deps.Now)
	return err
}

// open makes the reader of an entity.
func (s *source) open(e *entity) error {
	switch e.name {
	case "Contact":
		return openReader[schema.Contact](s, e)
	case "Ticket":
		return openReader[schema.Ticket](s, e)
	case "Quote":
		return openReader[schema.Quote](s, e)
	case "Order":
		return openReader[schema.Order](s, e)
	case "Invoice":
		return openReader[schema.Invoice](s, e)
	case "Payment":
		return openReader[schema.Payment](s, e)
	case "Payable":
		return openReader[schema.Payable](s, e)
	case "Boleto":
		return openReader[schema.Boleto](s, e)
	case "Product":
		return openReader[schema.Product](s, e)
	case "DeliveryNote":
		return openReader[schema.DeliveryNote](s, e)
	case "PurchaseOrder":
		return openReader[schema.PurchaseOrder](s, e)
	}
	return fmt.Errorf("entities.%s: there is no such entity", e.name)
}

func openReader[T any, P datasources.EntityOf[T]](s *source, e *entity) error {
	r, err := newReader[T, P](s, e)
	if err != nil {
		return err
	}
	s.readers[e.name], s.samplers[e.name] = r, r.t
	return nil
}

// Describe implements datasources.Source.
func (s *source) Describe() datasources.Description { return s.desc }

// Reader implements datasources.Source.
func (s *source) Reader(entity string) any { return s.readers[entity] }

// Status implements datasources.Source.
func (s *source) Status() datasources.Status {
	st := s.client.Status()
	if st.Note = s.auth.Note(); st.Note != "" {
		// It answers, but nothing we could use.
		st.State = "down"
		st.LastCode = cmp.Or(st.LastCode, schema.SourceUnavailable)
	}
	return st
}

// Problems implements datasources.Reporter.
func (s *source) Problems() []datasources.Problem { return s.ledger.Problems() }

// Usage implements datasources.Meter.
func (s *source) Usage() []datasources.Usage { return s.usage.all() }

// time is the system's, as its web server last told it; ours where it does not tell.
func (s *source) time() time.Time {
	if at := s.clock.Load(); at != nil {
		return at.time
	}
	return s.now()
}

// clock is a time a web server told, and how it wrote it.
type clock struct {
	text string
	time time.Time
}

// tick takes down the time a web server tells. It is the same for all answers
// within a second.
func (s *source) tick(text string) {
	if last := s.clock.Load(); text == "" || last != nil && last.text == text {
		return
	}
	if at, err := http.ParseTime(text); err == nil {
		s.clock.Store(&clock{text, at})
	}
}

// Close implements datasources.Source.
func (s *source) Close() error { return s.client.Close() }

// ScanCustomers implements datasources.CustomerScanner.
func (s *customerSource) ScanCustomers(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[datasources.CustomerRecord]) error) error {
	return s.customers.scan(ctx, from, f)
}

// CustomersHead implements datasources.CustomerFollower.
func (s *customerSource) CustomersHead(ctx context.Context) (datasources.Cursor, error) {
	return s.customers.head(ctx)
}

// CustomersSince implements datasources.CustomerFollower.
func (s *customerSource) CustomersSince(ctx context.Context, c datasources.Cursor) (datasources.Changes[datasources.CustomerRecord], error) {
	return s.customers.since(ctx, c)
}

// IndexCustomers implements datasources.CustomerIndexer. A list that may not be
// whole is an error: customers that are missing in it would be taken for gone.
func (s *customerSource) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	return s.customers.scan(ctx, "", func(page datasources.Scanned[datasources.CustomerRecord]) error {
		if page.Last && page.Doubtful {
			return invalid(s.cfg.Name, customerEntity, errDoubtful)
		}
		if len(page.Items) == 0 {
			return nil
		}
		return f(page.Items)
	})
}

// baseOf reads the address all paths are joined to. Its errors do not repeat it: it
// may hold a password.
func baseOf(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil, errMissing
	case err != nil:
		return nil, errAddress
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errAddress
	case u.User != nil:
		return nil, errUserinfo
	case u.RawQuery != "", u.Fragment != "", strings.Contains(text, "?"):
		return nil, errQuery
	}
	return u, nil
}
