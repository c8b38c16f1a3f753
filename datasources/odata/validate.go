package odata

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// The bounds of the settings.
const (
	maxBatch = 1000
	minURL   = 600
	maxURL   = 32_000
	maxPage  = 10_000
	maxLocal = 1_000_000
)

// withDefaults fills what is zero.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	c.Concurrency = cmp.Or(c.Concurrency, d.Concurrency)
	c.Timeout = cmp.Or(c.Timeout, d.Timeout)
	c.MetadataTimeout = cmp.Or(c.MetadataTimeout, d.MetadataTimeout)
	c.Retries = cmp.Or(c.Retries, d.Retries)
	c.MaxBody = cmp.Or(c.MaxBody, d.MaxBody)
	c.MaxURL = cmp.Or(c.MaxURL, d.MaxURL)
	c.Batch = cmp.Or(c.Batch, d.Batch)
	c.Page = cmp.Or(c.Page, d.Page)
	c.LocalBound = cmp.Or(c.LocalBound, d.LocalBound)
	c.Overlap = cmp.Or(c.Overlap, d.Overlap)
	c.In = cmp.Or(c.In, d.In)
	c.Collation = cmp.Or(c.Collation, d.Collation)
	c.Search = cmp.Or(c.Search, d.Search)
	c.Nulls = cmp.Or(c.Nulls, d.Nulls)
	c.Metadata = cmp.Or(c.Metadata, d.Metadata)
	c.Zone = cmp.Or(c.Zone, c.Locale.Zone, "UTC")
	c.Locale.Zone = cmp.Or(c.Locale.Zone, c.Zone)
	c.Country = strings.ToUpper(c.Country)
	c.Currency = strings.ToUpper(c.Currency)
	return c
}

// mistakes collects what is wrong, each with its key.
type mistakes struct{ errs []error }

func (m *mistakes) bad(key, format string, args ...any) {
	m.errs = append(m.errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

// under takes over what others found below a key.
func (m *mistakes) under(key string, errs []error) {
	for _, err := range errs {
		m.errs = append(m.errs, fmt.Errorf("%s.%w", key, err))
	}
}

func (m *mistakes) oneOf(key, word string, words ...string) {
	if !slices.Contains(words, word) {
		m.bad(key, "expected %s%s", strings.Join(words, ", "), schema.DidYouMean(word, words))
	}
}

func (m *mistakes) inRange(key string, n, from, to int) {
	if n < from || n > to {
		m.bad(key, "%d is not between %d and %d", n, from, to)
	}
}

// Validate reports all mistakes together, each with its key.
func (c Config) Validate() error {
	c = c.withDefaults()
	m := &mistakes{}
	if c.Name == "" {
		m.bad("name", "missing")
	}
	if _, err := c.base(); err != nil {
		m.bad("url", "%s", err)
	}
	if c.Version != 0 && (c.Version < int(v2) || c.Version > int(v4)) {
		m.bad("version", "expected 2, 3 or 4")
	}
	m.under("auth", c.Auth.Validate())
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if !isHeader(name, c.Headers[name]) {
			m.bad("headers."+name, "is no header")
		}
	}
	m.inRange("rate.per_minute", c.Rate.PerMinute, 0, 1_000_000)
	m.inRange("rate.burst", c.Rate.Burst, 0, 1_000_000)
	m.inRange("concurrency", c.Concurrency, 1, 64)
	m.inRange("retries", c.Retries, -1, 10)
	m.inRange("max_url", c.MaxURL, minURL, maxURL)
	m.inRange("batch", c.Batch, 1, maxBatch)
	m.inRange("page", c.Page, 1, maxPage)
	m.inRange("local_bound", c.LocalBound, 1, maxLocal)
	if c.MaxBody < 1<<10 || c.MaxBody > 1<<30 {
		m.bad("max_body", "expected from 1 KiB to 1 GiB")
	}
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"timeout", c.Timeout}, {"metadata_timeout", c.MetadataTimeout}} {
		if d.d < 0 {
			m.bad(d.key, "is negative")
		}
	}
	if c.Overlap < 0 || c.Overlap > 24*time.Hour {
		m.bad("overlap", "%s is not between 0s and 24h", c.Overlap)
	}
	m.oneOf("in", c.In, wordAuto, wordYes, wordNo)
	m.oneOf("collation", c.Collation, wordUnknown, wordExact)
	m.oneOf("search", c.Search, searchNo, searchPlain, searchLower)
	m.oneOf("nulls", c.Nulls, wordCompare, wordNever)
	m.oneOf("metadata", c.Metadata, wordYes, wordNo)
	if c.Search == searchPlain && c.Collation == wordExact {
		m.bad("search", "plain needs a server that ignores letter case, which collation: exact denies; say tolower")
	}
	if c.In == wordYes && (c.Version == int(v2) || c.Version == int(v3)) {
		m.bad("in", "version %d has no such operator", c.Version)
	}
	if c.Metadata == wordNo && c.Version == 0 {
		m.bad("version", "missing: without $metadata nobody else can tell")
	}
	if _, err := mapping.ZoneOf(c.Zone); err != nil {
		m.bad("zone", "%s", err)
	}
	m.under("locale", mapping.CheckLocale(c.Locale))
	if c.Currency != "" && !mapping.IsCurrency(c.Currency) {
		m.bad("currency", "expected an ISO 4217 code")
	}
	if c.Country != "" && (len(c.Country) != 2 || strings.Trim(c.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		m.bad("country", "expected an ISO 3166 code of two letters")
	}
	if len(c.Entities) == 0 {
		m.bad("entities", "missing")
	}
	for _, name := range c.names() {
		e := c.Entities[name]
		c.checkEntity(m, name, &e)
	}
	return errors.Join(m.errs...)
}

func (c *Config) checkEntity(m *mistakes, name string, e *Entity) {
	key := "entities." + name
	if mapping.Columns(name) == nil || name == mapping.StockEntity {
		m.bad(key, "is no entity that can be mapped%s", schema.DidYouMean(name, mapping.Entities()))
		return
	}
	if !isSet(e.Set) {
		m.bad(key+".set", "expected the name of an entity set")
	}
	for i, k := range e.Key {
		if !isPath(k) || len(splitPath(k)) != 1 {
			m.bad(fmt.Sprintf("%s.key[%d]", key, i), "expected the name of a property")
		} else if slices.Contains(e.Key[:i], k) {
			m.bad(fmt.Sprintf("%s.key[%d]", key, i), "is there twice")
		}
	}
	if strings.ContainsAny(e.Filter, "\r\n&#") || strings.Count(e.Filter, "'")%2 != 0 {
		m.bad(key+".filter", "is no filter: unbalanced quotes, or a sign no filter has")
	}
	if length(e.Filter) > c.MaxURL/2 {
		m.bad(key+".filter", "is longer than a half of max_url")
	}
	if e.Changed != "" && !isPath(e.Changed) {
		m.bad(key+".changed", "expected the path of a property, or none")
	}
	for _, path := range slices.Sorted(maps.Keys(e.Types)) {
		word := e.Types[path]
		if !isPath(path) {
			m.bad(key+".types."+path, "expected the path of a property")
		}
		if _, ok := edmOf(word); !ok && word != "Collection" {
			m.bad(key+".types."+path, "expected an EDM type such as Edm.String, Complex or Collection")
		}
	}
	if c.Metadata == wordNo && len(e.Types) == 0 {
		m.bad(key+".types", "missing: without $metadata nobody else can tell")
	}
	if c.Metadata == wordNo && len(e.Key) == 0 && len(e.Fields["id"].At) == 0 {
		m.bad(key+".key", "missing: without $metadata nobody else can tell")
	}
	m.under(key+".fields", e.check(name))
	if len(e.Key) > 0 && len(e.Fields["id"].At) > 0 {
		m.bad(key+".fields.id", "and key exclude each other")
	}
}

// check reports mistakes in the fields. The key is known from elsewhere, so that
// id need not be among them.
func (e *Entity) check(name string) []error {
	fields := maps.Clone(e.Fields)
	if fields == nil {
		fields = mapping.Fields{}
	}
	if _, ok := fields["id"]; !ok {
		fields["id"] = mapping.Field{At: []string{"id"}}
	}
	return append(mapping.Check(name, fields), checkPaths("", e.Fields)...)
}

// checkPaths reports candidates that cannot be paths of properties.
func checkPaths(prefix string, fields mapping.Fields) []error {
	m := &mistakes{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name]
		for i, at := range f.At {
			if at != "" && !isPath(at) {
				m.bad(fmt.Sprintf("%s%s.at[%d]", prefix, name, i), "expected a path of names such as Partner/ID")
			}
		}
		m.errs = append(m.errs, checkPaths(prefix+name+".fields.", f.Fields)...)
	}
	return m.errs
}

// isSet reports whether a text can be an entity set or a path to one.
func isSet(set string) bool {
	return set != "" && len(set) <= 512 && !strings.ContainsAny(set, "?#&\\\"<>\r\n\t") && !strings.Contains(set, "..") && !strings.HasPrefix(set, "/") && !strings.Contains(set, "://")
}

// base returns the service root with a slash at its end.
func (c *Config) base() (*url.URL, error) {
	return wire.Root(c.URL, "https://host/odata/v4/", "auth")
}

// header are the configured headers and the protocol's own.
func (c *Config) header() http.Header {
	h := http.Header{}
	for name, value := range c.Headers {
		h.Set(name, value)
	}
	return h
}

// isHeader reports whether a header can be sent as it is.
func isHeader(name, value string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] == 0x7f {
			return false
		}
	}
	return name != ""
}
