package otrs

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// Config is one help desk. Secrets come resolved and are never printed.
type Config struct {
	// Name is the source's name in the graph, errors and logs.
	Name string `yaml:"name"`
	// URL ends in the name of the web service:
	// https://host/otrs/nph-genericinterface.pl/Webservice/Trama.
	URL      string `yaml:"url"`
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// Auth is how we log in: session, password (in each call) or header (in the
	// headers of each call, Znuny only).
	Auth string `yaml:"auth"`
	// Zone is the server's OTRSTimeZone, as IANA names it: its times have none.
	Zone string `yaml:"zone"`
	// Routes are those of the web service, which its administrator chose.
	Routes Routes `yaml:"routes"`

	// Batch is the most tickets in one TicketGet, ArticleBatch when articles are
	// asked for.
	Batch        int `yaml:"batch"`
	ArticleBatch int `yaml:"article_batch"`
	// FoundBound is how many tickets one search for several parents may find;
	// beyond that the parents are asked in smaller groups.
	FoundBound int `yaml:"found_bound"`
	// LocalBound is how many tickets are read at most to filter them here.
	LocalBound int `yaml:"local_bound"`
	// TotalBound is up to how many tickets a total is counted, by their ids.
	TotalBound int `yaml:"total_bound"`
	// SyncPage is how many changed tickets one step of a copy asks for.
	SyncPage int `yaml:"sync_page"`
	// Archived shows archived tickets in lists too.
	Archived bool `yaml:"archived"`

	// Timeout of one call.
	Timeout time.Duration `yaml:"timeout"`
	// Concurrency is how many calls are under way at once.
	Concurrency int `yaml:"concurrency"`
	// Rate is what was agreed with the operator, 0 = nothing.
	Rate Rate `yaml:"rate"`
}

// Routes are the paths of a web service's operations behind its URL. "-" says
// that there is none. A path may hold ":TicketID".
type Routes struct {
	Session   string `yaml:"session"`    // POST SessionCreate
	Search    string `yaml:"search"`     // POST TicketSearch
	Get       string `yaml:"get"`        // POST TicketGet
	SearchGet string `yaml:"search_get"` // GET TicketSearch
	GetGet    string `yaml:"get_get"`    // GET TicketGet
}

// Rate is an agreed number of calls.
type Rate struct {
	PerMinute int `yaml:"per_minute"`
	Burst     int `yaml:"burst"`
}

// Deps is what the source is given beside its config.
type Deps struct {
	// Log may be nil.
	Log *slog.Logger
	// Observe is told of each call, nil = nobody.
	Observe func(wire.Observation)
	// Transport carries the calls, nil = the usual one.
	Transport http.RoundTripper
	// Now is the clock, nil = time.Now.
	Now func() time.Time
	// Links are the rules of this source by relation: "Ticket.order". Their
	// fields are Title and DynamicField.NAME.
	Links map[string]datasources.LinkRules
	// CacheDir is not used: there is nothing to keep.
	CacheDir string
}

// The ways to log in.
const (
	authSession  = "session"
	authPassword = "password"
	authHeader   = "header"
)

// noRoute says that an operation has no route of a method.
const noRoute = "-"

// idInPath stands for the ids in a route's path.
const idInPath = ":TicketID"

// DefaultConfig returns the settings of a web service with the two POST routes
// we recommend and the stock GET routes.
func DefaultConfig() Config {
	return Config{
		Auth: authSession,
		Zone: "UTC",
		Routes: Routes{
			Session: "/Session", Search: "/TicketSearch", Get: "/TicketGet",
			SearchGet: "/Ticket", GetGet: "/TicketList",
		},
		Batch:        100,
		ArticleBatch: 25,
		FoundBound:   2000,
		LocalBound:   2000,
		TotalBound:   20_000,
		SyncPage:     500,
		Timeout:      15 * time.Second,
		// Measured: more calls at once do not answer sooner.
		Concurrency: 4,
	}
}

// withDefaults fills what is zero.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	c.Auth = cmp.Or(c.Auth, d.Auth)
	c.Zone = cmp.Or(c.Zone, d.Zone)
	c.Routes.Session = cmp.Or(c.Routes.Session, d.Routes.Session)
	c.Routes.Search = cmp.Or(c.Routes.Search, d.Routes.Search)
	c.Routes.Get = cmp.Or(c.Routes.Get, d.Routes.Get)
	c.Routes.SearchGet = cmp.Or(c.Routes.SearchGet, d.Routes.SearchGet)
	c.Routes.GetGet = cmp.Or(c.Routes.GetGet, d.Routes.GetGet)
	c.Batch = cmp.Or(c.Batch, d.Batch)
	c.ArticleBatch = cmp.Or(c.ArticleBatch, d.ArticleBatch)
	c.FoundBound = cmp.Or(c.FoundBound, d.FoundBound)
	c.LocalBound = cmp.Or(c.LocalBound, d.LocalBound)
	c.TotalBound = cmp.Or(c.TotalBound, d.TotalBound)
	c.SyncPage = cmp.Or(c.SyncPage, d.SyncPage)
	c.Timeout = cmp.Or(c.Timeout, d.Timeout)
	c.Concurrency = cmp.Or(c.Concurrency, d.Concurrency)
	return c
}

// Validate reports all mistakes together, each with its key.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if c.Name == "" {
		bad("name", "missing")
	}
	if _, err := c.base(); err != nil {
		bad("url", "%s", err)
	}
	if c.User == "" {
		bad("user", "missing")
	}
	if c.Password == "" {
		bad("password", "missing")
	}
	switch c.Auth {
	case authSession, authPassword, authHeader:
	default:
		bad("auth", "expected session, password or header")
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		bad("zone", "unknown, expected a name such as Europe/Chisinau")
	}
	c.validateRoutes(bad)
	inRange := func(key string, n, from, to int) {
		if n < from || n > to {
			bad(key, "%d is not between %d and %d", n, from, to)
		}
	}
	inRange("batch", c.Batch, 1, 1000)
	inRange("article_batch", c.ArticleBatch, 1, 200)
	inRange("found_bound", c.FoundBound, 1, 50_000)
	inRange("local_bound", c.LocalBound, 1, 100_000)
	inRange("total_bound", c.TotalBound, 1, 1_000_000)
	inRange("sync_page", c.SyncPage, 1, maxSyncLimit)
	inRange("concurrency", c.Concurrency, 1, 64)
	inRange("rate.per_minute", c.Rate.PerMinute, 0, 1_000_000)
	inRange("rate.burst", c.Rate.Burst, 0, 1_000_000)
	if c.Timeout < 0 {
		bad("timeout", "is negative")
	}
	return errors.Join(errs...)
}

func (c Config) validateRoutes(bad func(key, format string, args ...any)) {
	r := c.Routes
	for _, f := range []struct{ key, path string }{
		{"session", r.Session}, {"search", r.Search}, {"get", r.Get}, {"search_get", r.SearchGet}, {"get_get", r.GetGet},
	} {
		switch {
		case f.path == noRoute:
		case !strings.HasPrefix(f.path, "/"), strings.ContainsAny(f.path, "?#; \t\n"):
			bad("routes."+f.key, "expected a path such as /TicketSearch, or - for none")
		case strings.HasSuffix(f.path, "/"):
			// Unknown to the server (#19).
			bad("routes."+f.key, "may not end in a slash")
		case strings.Contains(f.path, ":") && (f.key != "get_get" || strings.Count(f.path, ":") != 1 || !strings.Contains(f.path, idInPath)):
			bad("routes."+f.key, "may hold no parameter but %s in get_get", idInPath)
		}
	}
	if r.Session == noRoute && c.Auth == authSession {
		bad("routes.session", "missing: auth is session")
	}
	if r.Search == noRoute && r.SearchGet == noRoute {
		bad("routes.search", "missing, and search_get too")
	}
	if r.Get == noRoute && r.GetGet == noRoute {
		bad("routes.get", "missing, and get_get too")
	}
}

// base returns the address of the web service, to which routes are joined.
func (c Config) base() (*url.URL, error) {
	if c.URL == "" {
		return nil, errors.New("missing")
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		// The parser's error repeats the address, which may hold a password.
		return nil, errors.New("is not an address")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("expected an address such as https://host/otrs/nph-genericinterface.pl/Webservice/NAME")
	case u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("may not have a query")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// zone is the server's time zone of a validated config.
func (c Config) zone() *time.Location {
	z, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.UTC
	}
	return z
}
