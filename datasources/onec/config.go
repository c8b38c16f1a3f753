package onec

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// Config is one 1C base. Secrets come resolved and are never printed.
type Config struct {
	// Name is the source's name in the graph, errors and logs.
	Name string `yaml:"name"`
	// URL ends in /odata/standard.odata/.
	URL      string `yaml:"url"`
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// Zone is the wall clock of the 1C server, as IANA names it: dates have no
	// zone there (1C OData facts, §1).
	Zone string `yaml:"zone"`
	// Country is the ISO 3166 code of customers whose address names none; ""
	// leaves it open.
	Country string `yaml:"country"`
	// Currency is the ISO 4217 code of documents that name none.
	Currency string `yaml:"currency"`

	// Objects names an object where the candidates do not: {order: Document_X}.
	Objects map[string]string `yaml:"objects"`
	// Fields names a field where the candidates do not: {order.number: Номер}.
	Fields map[string]string `yaml:"fields"`
	// Invoices are the objects that are the graph's invoices: bill, sale, tax.
	Invoices []string `yaml:"invoices"`

	// Follow is how a copy keeps up with the base.
	Follow Follow `yaml:"follow"`

	// Deleted shows documents marked for deletion too.
	Deleted bool `yaml:"deleted"`
	// AllowedOnly leaves rows out which 1C's row-level rights hide, instead of
	// failing.
	AllowedOnly bool `yaml:"allowed_only"`

	// Batch is the most keys in one call, MaxQuery the most bytes of its encoded
	// query: IIS refuses 2,048 with a 404 (1C OData facts, §6). Behind Apache
	// 100 and 8,000 do.
	Batch    int `yaml:"batch"`
	MaxQuery int `yaml:"max_query"`
	// Page is the number of rows in one call.
	Page int `yaml:"page"`
	// LocalBound is how many rows are read at most to filter or group them here.
	LocalBound int `yaml:"local_bound"`

	// Timeout of one call: the first after a pause takes half a minute.
	Timeout time.Duration `yaml:"timeout"`
	// MetadataTimeout is for $metadata only.
	MetadataTimeout time.Duration `yaml:"metadata_timeout"`
	// Concurrency is how many calls are under way at once; each may hold a
	// licence of the base.
	Concurrency int `yaml:"concurrency"`
	// Rate is what was agreed with the base's owner, 0 = nothing.
	Rate Rate `yaml:"rate"`
}

// String shows no secret.
func (c Config) String() string {
	return fmt.Sprintf("onec %s at %s", c.Name, wire.Redact(c.URL))
}

// LogValue shows no secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Follow is how a copy keeps up with the base. 1C keeps no time of the last change
// ("1C:Enterprise — standard OData interface", §7, option A).
type Follow struct {
	// Window is how far before the newest document the changes of documents are
	// looked for, default 960h (40 days). Changes of older ones are found by the
	// sweep.
	Window time.Duration `yaml:"window"`
	// Sweep is keys (default) where a sweep reads keys and versions and then what
	// differs, rows where it reads everything.
	Sweep string `yaml:"sweep"`
}

// What a sweep reads.
const (
	sweepKeys = "keys"
	sweepRows = "rows"
)

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
	// Links are the rules of this source by relation: "Invoice.order".
	Links map[string]datasources.LinkRules
	// CacheDir is where what was learned from $metadata is kept, "" = nowhere.
	CacheDir string
}

// The bounds of the settings.
const (
	maxBatch   = 100
	minQuery   = 600
	maxQuery   = 8000
	maxPage    = 5000
	minWindow  = 24 * time.Hour
	maxWindow  = 366 * 24 * time.Hour
	queryShare = 2 // a filter may use a half of the query, keys need the rest
)

// DefaultConfig returns the settings of a base behind IIS, which has the
// narrowest limits.
func DefaultConfig() Config {
	return Config{
		Invoices:        []string{conceptBill},
		Follow:          Follow{Window: 40 * 24 * time.Hour, Sweep: sweepKeys},
		Batch:           25,
		MaxQuery:        2000,
		Page:            500,
		LocalBound:      5000,
		Timeout:         60 * time.Second,
		MetadataTimeout: 120 * time.Second,
		Concurrency:     4,
	}
}

// withDefaults fills what is zero.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	if len(c.Invoices) == 0 {
		c.Invoices = d.Invoices
	}
	c.Follow.Window = cmp.Or(c.Follow.Window, d.Follow.Window)
	c.Follow.Sweep = cmp.Or(c.Follow.Sweep, d.Follow.Sweep)
	c.Batch = cmp.Or(c.Batch, d.Batch)
	c.MaxQuery = cmp.Or(c.MaxQuery, d.MaxQuery)
	c.Page = cmp.Or(c.Page, d.Page)
	c.LocalBound = cmp.Or(c.LocalBound, d.LocalBound)
	c.Timeout = cmp.Or(c.Timeout, d.Timeout)
	c.MetadataTimeout = cmp.Or(c.MetadataTimeout, d.MetadataTimeout)
	c.Concurrency = cmp.Or(c.Concurrency, d.Concurrency)
	c.Country = strings.ToUpper(c.Country)
	c.Currency = strings.ToUpper(c.Currency)
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
	if strings.Contains(c.User, ":") {
		bad("user", "may not contain a colon")
	}
	if c.Zone == "" {
		bad("zone", "missing: 1C writes times of its own wall clock")
	} else if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		bad("zone", "unknown, expected a name such as Europe/Chisinau")
	}
	if c.Country != "" && !isUpper(c.Country, 2) {
		bad("country", "expected an ISO 3166 code of two letters")
	}
	if c.Currency != "" && !isISO(c.Currency) {
		bad("currency", "expected an ISO 4217 code")
	}
	c.validateNames(bad)
	inRange := func(key string, n, from, to int) {
		if n < from || n > to {
			bad(key, "%d is not between %d and %d", n, from, to)
		}
	}
	inRange("batch", c.Batch, 1, maxBatch)
	inRange("max_query", c.MaxQuery, minQuery, maxQuery)
	inRange("page", c.Page, 1, maxPage)
	inRange("local_bound", c.LocalBound, 1, 1_000_000)
	inRange("concurrency", c.Concurrency, 1, 64)
	inRange("rate.per_minute", c.Rate.PerMinute, 0, 1_000_000)
	inRange("rate.burst", c.Rate.Burst, 0, 1_000_000)
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"timeout", c.Timeout}, {"metadata_timeout", c.MetadataTimeout}} {
		if d.d < 0 {
			bad(d.key, "is negative")
		}
	}
	if w := c.Follow.Window; w < minWindow || w > maxWindow {
		bad("follow.window", "%s is not between %s and %s", w, minWindow, maxWindow)
	}
	if c.Follow.Sweep != sweepKeys && c.Follow.Sweep != sweepRows {
		bad("follow.sweep", "expected keys or rows")
	}
	return errors.Join(errs...)
}

func (c Config) validateNames(bad func(key, format string, args ...any)) {
	known := concepts()
	names := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
	for _, key := range slices.Sorted(maps.Keys(c.Objects)) {
		if def := known[key]; def.from == nil {
			bad("objects."+key, "unknown object, expected one of %s", strings.Replace(names, conceptLine+", ", "", 1))
		} else if !isName(c.Objects[key]) {
			bad("objects."+key, "is not the name of a 1C object")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Fields)) {
		concept, field, _ := strings.Cut(key, ".")
		def, ok := known[concept]
		switch {
		case !ok:
			bad("fields."+key, "unknown object, expected one of %s", names)
		case def.field(field) == nil:
			bad("fields."+key, "unknown field, expected one of %s", strings.Join(def.fieldNames(), ", "))
		default:
			for name := range strings.SplitSeq(c.Fields[key], ",") {
				if !isName(strings.TrimSpace(name)) {
					bad("fields."+key, "is not the name of a 1C field")
				}
			}
		}
	}
	for i, name := range c.Invoices {
		if _, ok := invoiceKind(name); !ok {
			bad(fmt.Sprintf("invoices[%d]", i), "expected bill, sale or tax")
		} else if slices.Contains(c.Invoices[:i], name) {
			bad(fmt.Sprintf("invoices[%d]", i), "is there twice")
		}
	}
}

// base returns the address with a slash at its end, to which names are joined.
func (c Config) base() (*url.URL, error) {
	return wire.Root(c.URL, "https://host/base/odata/standard.odata/", "user and password")
}

func isUpper(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}
