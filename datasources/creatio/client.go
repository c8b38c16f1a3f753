package creatio

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

const (
	jsonType = "application/json"
	// What the wire page gives as limits, §3 and §4.
	maxRows  = 20000 // in one reply
	maxParts = 100   // requests in one $batch
	maxChain = 30    // keys in one or-chain
	maxQuery = 2000  // bytes of an address's query, IIS takes 2,048
	// A reply of a whole $batch, and $metadata of a grown site, are large.
	maxBody         = 64 << 20
	metadataTimeout = 2 * time.Minute
	lookupTimeout   = time.Minute
)

// source is one Creatio site.
type source struct {
	cfg   Config
	zone  *time.Location
	log   *slog.Logger
	now   func() time.Time
	watch func(wire.Observation)

	base      *url.URL
	client    *wire.Client
	tokens    *wire.Client // of the identity service, nil with a forms login
	tokenPath string
	session   *wire.Session[pass]
	jobs      *jobs

	shapes  map[string]*shape
	desc    datasources.Description
	readers map[string]any
	lookups *lookups
	people  people

	sites   flight[*site]
	mu      sync.Mutex // guards current
	current *site

	date    atomic.Int64 // the site's clock in its last reply, Unix seconds, 0 = it told none
	noBatch atomic.Bool  // the site has no $batch
	noText  atomic.Bool  // the site does not evaluate tolower
}

var (
	_ datasources.Source           = (*source)(nil)
	_ datasources.CustomerIndexer  = (*source)(nil)
	_ datasources.CustomerFollower = (*source)(nil)
)

// Open makes the source. It makes no call: an unreachable site shows itself in
// Probe and in the first use. Its errors are mistakes in cfg and in deps.Links.
func Open(_ context.Context, cfg Config, deps Deps) (datasources.Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := checkLinks(deps.Links); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	base, err := url.Parse(strings.TrimSuffix(cfg.URL, "/"))
	if err != nil {
		return nil, fmt.Errorf("url: not an address")
	}
	s := &source{cfg: cfg, zone: zone, log: deps.Log, now: deps.Now, watch: deps.Observe, base: base, jobs: newJobs()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.client, err = s.newClient(base, deps); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	login := s.formsLogin
	if cfg.ClientID != "" {
		login = s.tokenLogin
		if err := s.openTokens(deps); err != nil {
			return nil, err
		}
	}
	s.session = wire.NewSession(login)
	s.session.Source = cfg.Name
	s.sites = flight[*site]{jobs: s.jobs, limit: metadataTimeout + 30*time.Second, load: s.findSite}
	s.shapes = shapesOf(cfg, deps.Links)
	s.desc = describe(cfg, zone, s.shapes)
	s.lookups = newLookups(s)
	s.readers = s.openReaders()
	return s, nil
}

func (s *source) newClient(base *url.URL, deps Deps) (*wire.Client, error) {
	return wire.New(wire.Config{
		Source: s.cfg.Name, Base: base, Timeout: s.cfg.Timeout, Concurrency: s.cfg.Concurrency,
		PerMinute: s.cfg.Rate.PerMinute, Burst: s.cfg.Rate.Burst, MaxBody: maxBody,
		Transport: deps.Transport, Log: deps.Log, Observe: deps.Observe, Now: deps.Now,
	})
}

// openTokens makes a client of its own for the identity service, which is
// another host: the site's client carries nothing there.
func (s *source) openTokens(deps Deps) error {
	u, err := url.Parse(s.cfg.TokenURL)
	if err != nil {
		return fmt.Errorf("token_url: not an address")
	}
	s.tokenPath = strings.TrimPrefix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		s.tokenPath += "?" + u.RawQuery
	}
	if s.tokens, err = s.newClient(&url.URL{Scheme: u.Scheme, Host: u.Host}, deps); err != nil {
		return fmt.Errorf("token_url: %w", err)
	}
	return nil
}

// Describe returns what a site of the configured shape has. Columns a particular
// site lacks are null there; Probe names them.
func (s *source) Describe() datasources.Description { return s.desc }

// Reader returns the reader of an entity, nil when there is none.
func (s *source) Reader(entity string) any { return s.readers[entity] }

// Status tells how the site is doing, without a call.
func (s *source) Status() datasources.Status { return s.client.Status() }

// Close ends what runs in the background, then the connections. Creatio's
// session ends by itself.
func (s *source) Close() error {
	s.jobs.stop()
	err := s.client.Close()
	if s.tokens != nil {
		if e := s.tokens.Close(); err == nil {
			err = e
		}
	}
	return err
}

// call makes one call of the OData service within the session. path is relative
// to the site's address and encoded. decode judges the reply from its status on.
func (s *source) call(ctx context.Context, c wire.Call, decode func(*wire.Reply) error) error {
	if err := s.fresh(ctx); err != nil {
		return s.named(err)
	}
	err := wire.WithSession(ctx, s.session, func(ctx context.Context, p pass) error { return s.send(ctx, c, p, decode) })
	return s.named(err)
}

// send makes one call with one pass.
func (s *source) send(ctx context.Context, c wire.Call, p pass, decode func(*wire.Reply) error) error {
	path, _, _ := strings.Cut(c.URL, "?")
	h := p.header(s.address(path))
	for name, values := range c.Header {
		h[name] = values
	}
	if h.Get("Accept") == "" {
		h.Set("Accept", jsonType)
	}
	c.Header, c.Read = h, true
	c.Decode = func(r *wire.Reply) error {
		p.keep(r)
		s.noteClock(r.Header)
		return decode(r)
	}
	return s.client.Do(ctx, c)
}

// get reads one address and hands the body of a good reply to decode.
func (s *source) get(ctx context.Context, name, path string, decode func(body []byte) error) error {
	return s.call(ctx, wire.Call{Name: name, Method: http.MethodGet, URL: path}, func(r *wire.Reply) error {
		if err := verdict(s.cfg.Name, r); err != nil {
			return err
		}
		return decode(r.Body)
	})
}

// address is where a path of the site is, for cookies and next links.
func (s *source) address(path string) *url.URL {
	return &url.URL{Scheme: s.base.Scheme, Host: s.base.Host, Path: strings.TrimSuffix(s.base.Path, "/") + "/" + path}
}

// noteClock remembers the site's clock.
func (s *source) noteClock(h http.Header) {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		s.date.Store(at.Unix())
	}
}

// notAhead is a row's time, or the site's clock where that is earlier: behind a
// row that was imported with a time to come, no change would ever be seen.
func (s *source) notAhead(at time.Time) time.Time {
	if unix := s.date.Load(); unix > 0 {
		if now := time.Unix(unix+1, 0).UTC(); now.Before(at) {
			return now
		}
	}
	return at
}
