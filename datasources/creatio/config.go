package creatio

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/currency"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// Config is how one Creatio site is reached and read. It is read-only after
// Open. Secrets are plain texts here, already resolved.
type Config struct {
	// Name is the configured name of the source.
	Name string `yaml:"name"`
	// URL is the site's address without /0: https://crm.example.com.
	URL string `yaml:"url"`
	// User and Password log in by forms.
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// ClientID, ClientSecret and TokenURL log in by OAuth client credentials,
	// instead of User and Password. TokenURL is the identity service's
	// …/connect/token; the application's own host answers HTML there.
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
	TokenURL     string `yaml:"token_url"`
	// Zone is the zone of times the site sends without one.
	Zone string `yaml:"zone"`
	// ODataPath is the service's path ("/0/odata"); empty = probed.
	ODataPath string `yaml:"odata_path"`
	// BaseCurrency is the currency of amounts whose table has no currency column,
	// as ISO 4217 has it.
	BaseCurrency string `yaml:"base_currency"`
	// QuoteNumber is the column of Opportunity people quote.
	QuoteNumber string `yaml:"quote_number"`
	// TaxID is where the fiscal number is: "AccountBillingInfo.INN", or a column
	// of Account; empty = the first of the usual ones the site has.
	TaxID string `yaml:"tax_id"`
	// ForeignIDs says which columns of Account (or "AccountBillingInfo.X") hold the
	// customer's id in another system, by that source's name or kind; nil =
	// {Uid1C: onec} where the site has that column, empty = none.
	ForeignIDs map[string]string `yaml:"foreign_ids"`
	// Columns replaces upstream columns: {Order.number: UsrNumber}.
	Columns map[string]string `yaml:"columns"`
	// Currencies and Countries give the ISO code of lookup texts that do not say
	// it themselves: {lei: MDL}.
	Currencies map[string]string `yaml:"currencies"`
	Countries  map[string]string `yaml:"countries"`
	// Cases reads the table Case as tickets.
	Cases bool `yaml:"cases"`
	// PageSize is the number of rows in one reply of a list. It must not be larger
	// than the site's own limit, which cuts replies off without a word.
	PageSize int `yaml:"page_size"`
	// LookupRefresh is how long lookup tables are taken as they are.
	LookupRefresh time.Duration `yaml:"lookup_refresh"`
	// Overlap is how far before the last seen change Since looks again, for rows
	// whose transaction was committed late.
	Overlap time.Duration `yaml:"overlap"`
	// Timeout of one call, and how many are under way at once.
	Timeout     time.Duration `yaml:"timeout"`
	Concurrency int           `yaml:"concurrency"`
	// Rate is the agreed number of calls; 0 = none agreed.
	Rate Rate `yaml:"rate"`
}

// Rate is an agreed number of calls.
type Rate struct {
	PerMinute int `yaml:"per_minute"`
	Burst     int `yaml:"burst"`
}

// Deps are what the process gives every connector. Zero values are usable.
type Deps struct {
	Log       *slog.Logger
	Observe   func(wire.Observation)
	Transport http.RoundTripper
	Now       func() time.Time
	// Links are the rules by relation, "Invoice.order".
	Links    map[string]datasources.LinkRules
	CacheDir string // not used: nothing of Creatio is kept on disk
}

// Default returns the configuration's defaults.
func Default() Config {
	return Config{
		Zone:          "UTC",
		QuoteNumber:   "Title",
		PageSize:      1000,
		LookupRefresh: time.Hour,
		Overlap:       2 * time.Minute,
		Timeout:       30 * time.Second,
		Concurrency:   8,
	}
}

// String shows no secret.
func (c Config) String() string {
	return fmt.Sprintf("creatio %s at %s", c.Name, wire.Redact(c.URL))
}

// GoString shows no secret either, for %#v.
func (c Config) GoString() string { return c.String() }

// LogValue shows no secret in a log.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	pathText   = regexp.MustCompile(`^/?[A-Za-z0-9._~/-]+$`)
	alpha2     = regexp.MustCompile(`^[A-Z]{2}$`)
)

// Validate reports all mistakes together, each with its key.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf(key+": "+format, args...))
	}
	if c.Name == "" {
		bad("name", "missing")
	}
	c.validateAddress(bad)
	c.validateLogin(bad)
	if _, err := time.LoadLocation(c.Zone); err != nil {
		bad("zone", "unknown time zone %q", c.Zone)
	}
	if c.ODataPath != "" && !pathText.MatchString(c.ODataPath) {
		bad("odata_path", "not a path such as /0/odata")
	}
	if c.BaseCurrency != "" && !isCurrency(c.BaseCurrency) {
		bad("base_currency", "%q is not an ISO 4217 code", c.BaseCurrency)
	}
	if !identifier.MatchString(c.QuoteNumber) {
		bad("quote_number", "%q is not a column name", c.QuoteNumber)
	}
	c.validateColumns(bad)
	for _, n := range []struct {
		key       string
		value     int
		low, high int
	}{
		{"page_size", c.PageSize, 1, maxRows},
		{"concurrency", c.Concurrency, 1, 64},
		{"rate.per_minute", c.Rate.PerMinute, 0, 1 << 20},
		{"rate.burst", c.Rate.Burst, 0, 1 << 20},
	} {
		if n.value < n.low || n.value > n.high {
			bad(n.key, "must be from %d to %d", n.low, n.high)
		}
	}
	for _, d := range []struct {
		key       string
		value     time.Duration
		low, high time.Duration
	}{
		{"lookup_refresh", c.LookupRefresh, lookupPause, 7 * 24 * time.Hour},
		{"overlap", c.Overlap, 0, 24 * time.Hour},
		{"timeout", c.Timeout, time.Millisecond, 10 * time.Minute},
	} {
		if d.value < d.low || d.value > d.high {
			bad(d.key, "must be from %s to %s", d.low, d.high)
		}
	}
	return errors.Join(errs...)
}

func (c Config) validateAddress(bad func(key, format string, args ...any)) {
	switch u, err := url.Parse(c.URL); {
	case c.URL == "":
		bad("url", "missing")
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		bad("url", "not an http or https address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		bad("url", "must have neither credentials nor query; use user and password")
	default:
		p := strings.TrimSuffix(u.Path, "/")
		if strings.HasSuffix(p, "/0") || strings.HasSuffix(p, "/odata") {
			bad("url", "leave out /0 and /odata: the connector finds them, or set odata_path")
		}
	}
}

func (c Config) validateLogin(bad func(key, format string, args ...any)) {
	oauth := c.ClientID != "" || c.ClientSecret != "" || c.TokenURL != ""
	forms := c.User != "" || c.Password != ""
	switch {
	case oauth && forms:
		bad("client_id", "set either user and password, or client_id, client_secret and token_url")
	case oauth:
		need(bad, "client_id", c.ClientID)
		need(bad, "client_secret", c.ClientSecret)
		need(bad, "token_url", c.TokenURL)
		if u, err := url.Parse(c.TokenURL); c.TokenURL != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil) {
			bad("token_url", "not an http or https address")
		}
	default:
		need(bad, "user", c.User)
		need(bad, "password", c.Password)
	}
}

func need(bad func(key, format string, args ...any), key, value string) {
	if value == "" {
		bad(key, "missing")
	}
}

func (c Config) validateColumns(bad func(key, format string, args ...any)) {
	known := overridable()
	for _, key := range slices.Sorted(maps.Keys(c.Columns)) {
		if !known[key] {
			bad("columns."+key, "unknown; it is written as Entity.field, for example Order.number")
		}
		if !identifier.MatchString(c.Columns[key]) {
			bad("columns."+key, "%q is not a column name", c.Columns[key])
		}
	}
	if c.TaxID != "" {
		if _, _, ok := accountPath(c.TaxID); !ok {
			bad("tax_id", "must be a column of Account or AccountBillingInfo.COLUMN")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.ForeignIDs)) {
		if _, _, ok := accountPath(key); !ok {
			bad("foreign_ids."+key, "must be a column of Account or AccountBillingInfo.COLUMN")
		}
		if c.ForeignIDs[key] == "" {
			bad("foreign_ids."+key, "missing the source it belongs to")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Currencies)) {
		if !isCurrency(c.Currencies[key]) {
			bad("currencies."+key, "%q is not an ISO 4217 code", c.Currencies[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Countries)) {
		if !alpha2.MatchString(c.Countries[key]) {
			bad("countries."+key, "%q is not an ISO 3166 code of two letters", c.Countries[key])
		}
	}
}

// accountPath splits "AccountBillingInfo.INN" and "UsrTaxId".
func accountPath(path string) (set, column string, ok bool) {
	set, column, dotted := strings.Cut(path, ".")
	if !dotted {
		set, column = setAccount, path
	}
	ok = (set == setAccount || set == setBilling) && identifier.MatchString(column)
	return set, column, ok
}

func isCurrency(code string) bool {
	if len(code) != 3 || code != strings.ToUpper(code) {
		return false
	}
	_, err := currency.ParseISO(code)
	return err == nil
}

// checkLinks reports rules that name no column.
func checkLinks(links map[string]datasources.LinkRules) error {
	var errs []error
	for _, relation := range slices.Sorted(maps.Keys(links)) {
		for _, rule := range links[relation] {
			if !identifier.MatchString(rule.Field) {
				errs = append(errs, fmt.Errorf("links %s: %q is not a column name", relation, rule.Field))
			}
		}
	}
	return errors.Join(errs...)
}

func (c Config) override(key, fallback string) string { return cmp.Or(c.Columns[key], fallback) }
