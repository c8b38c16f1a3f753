package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/guard"
)

// config is the configuration file. It is read-only after it was read.
type config struct {
	Listen    string          `yaml:"listen"`
	PublicURL string          `yaml:"public_url"`
	Store     storeConfig     `yaml:"store"`
	Redis     redisConfig     `yaml:"redis"`
	Cache     cacheConfig     `yaml:"cache"`
	CacheDir  string          `yaml:"cache_dir"`
	Log       logConfig       `yaml:"log"`
	Limits    limitsConfig    `yaml:"limits"`
	Sources   []sourceConfig  `yaml:"sources"`
	Directory directoryConfig `yaml:"directory"`

	Documents datasources.Documents `yaml:"documents"`
	Links     []linkConfig          `yaml:"links"`
}

type storeConfig struct {
	URL string `yaml:"url"`
}

type redisConfig struct {
	URL string `yaml:"url"`
}

type cacheConfig struct {
	TTL    time.Duration `yaml:"ttl"`
	Absent time.Duration `yaml:"absent"`
	Rows   int           `yaml:"rows"`
}

type logConfig struct {
	Level string `yaml:"level"`
}

type limitsConfig struct {
	Depth       int           `yaml:"depth"`
	Aliases     int           `yaml:"aliases"`
	RootFields  int           `yaml:"root_fields"`
	PageSize    int           `yaml:"page_size"`
	DefaultPage int           `yaml:"default_page"`
	Cost        int64         `yaml:"cost"`
	Body        int64         `yaml:"body"`
	Tokens      int           `yaml:"tokens"`
	Timeout     time.Duration `yaml:"timeout"`
	LinkBound   int           `yaml:"link_bound"`
}

// sourceConfig is what every source has; settings is the connector's own part.
type sourceConfig struct {
	Name   string `yaml:"name"`
	Kind   string `yaml:"kind"`
	Supply string `yaml:"supply"`
	// Country scopes fiscal numbers that do not tell theirs.
	Country string `yaml:"country"`
	// CustomerKey says which field of which other source this one's customer key
	// equals, where it has no list of customers: "crm.code".
	CustomerKey string   `yaml:"customer_key"`
	OwnTaxIDs   []string `yaml:"own_tax_ids"`

	kind     *sourceKind
	settings any
}

type directoryConfig struct {
	Rules       []string          `yaml:"rules"`
	Owner       map[string]string `yaml:"owner"`
	Every       time.Duration     `yaml:"every"`
	SharedLimit int               `yaml:"shared_limit"`
}

type linkConfig struct {
	Source   string     `yaml:"source"`
	Relation string     `yaml:"relation"`
	By       []linkRule `yaml:"by"`
}

// linkRule is a field, or {field, pattern}.
type linkRule struct {
	Field   string `yaml:"field"`
	Pattern string `yaml:"pattern"`
}

func defaultConfig() config {
	return config{
		Listen:   "127.0.0.1:8080",
		Store:    storeConfig{URL: "sqlite:trama.db"},
		Cache:    cacheConfig{TTL: 30 * time.Second, Absent: 10 * time.Second, Rows: 200_000},
		CacheDir: filepath.Join(os.TempDir(), "trama"),
		Log:      logConfig{Level: "info"},
		Limits: limitsConfig{
			Depth: guard.DefaultLimits.Depth, Aliases: guard.DefaultLimits.Aliases, RootFields: guard.DefaultLimits.RootFields,
			PageSize: guard.DefaultLimits.PageSize, DefaultPage: 50, Cost: 20_000_000, Body: 1 << 20, Tokens: 10_000,
			Timeout: 30 * time.Second, LinkBound: 1000,
		},
	}
}

// readConfig reads a file. All mistakes are reported together, each with its
// path.
func readConfig(path string) (config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return config{}, fmt.Errorf("read the configuration: %w", err)
	}
	return parseConfig(text, os.LookupEnv)
}

func parseConfig(text []byte, env func(string) (string, bool)) (config, error) {
	c := defaultConfig()
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return c, fmt.Errorf("the configuration is not YAML: %w", err)
	}
	if len(doc.Content) == 0 {
		return c, errors.New("the configuration is empty")
	}
	d := &decoder{env: env}
	d.decode(doc.Content[0], reflect.ValueOf(&c).Elem(), "")
	d.errs = append(d.errs, c.check()...)
	return c, errors.Join(d.errs...)
}

// check finds what the types cannot say.
func (c *config) check() []error {
	var errs []error
	bad := func(path, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			bad("public_url", "want http:// or https:// and a host")
		}
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log.level", "want debug, info, warn or error, not %q", c.Log.Level)
	}
	for name, n := range map[string]int{
		"depth": c.Limits.Depth, "aliases": c.Limits.Aliases, "root_fields": c.Limits.RootFields, "page_size": c.Limits.PageSize,
		"default_page": c.Limits.DefaultPage, "tokens": c.Limits.Tokens, "link_bound": c.Limits.LinkBound,
	} {
		if n <= 0 {
			bad("limits."+name, "must be more than 0")
		}
	}
	if c.Limits.DefaultPage > c.Limits.PageSize {
		bad("limits.default_page", "is larger than limits.page_size")
	}
	if c.Cache.TTL < 0 || (c.Cache.TTL > 0 && c.Cache.TTL < time.Second) {
		bad("cache.ttl", "must be 0 (nothing is kept) or at least 1s")
	}
	if len(c.Sources) == 0 {
		bad("sources", "none is configured")
	}
	names := map[string]bool{}
	for i := range c.Sources {
		errs = append(errs, c.Sources[i].check(fmt.Sprintf("sources[%d]", i), names)...)
	}
	for i, l := range c.Links {
		path := fmt.Sprintf("links[%d]", i)
		if !names[l.Source] {
			bad(path+".source", "there is no source %q", l.Source)
		}
		if !knownLink(l.Relation) {
			bad(path+".relation", "unknown relation %q, want one of %s", l.Relation, strings.Join(linkRelations, ", "))
		}
		if len(l.By) == 0 {
			bad(path+".by", "names no field")
		}
		for j, r := range l.By {
			if r.Field == "" {
				bad(fmt.Sprintf("%s.by[%d].field", path, j), "missing")
			}
			if p, err := regexp.Compile(r.Pattern); err != nil {
				bad(fmt.Sprintf("%s.by[%d].pattern", path, j), "not a regular expression (RE2)")
			} else if p.NumSubexp() > 1 {
				bad(fmt.Sprintf("%s.by[%d].pattern", path, j), "has more than one group")
			}
		}
	}
	return errs
}

var (
	sourceName    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	linkRelations = []string{
		"Ticket.order", "Order.quote", "Invoice.order", "Payment.invoice", "Payment.order", "Boleto.invoice", "DeliveryNote.order",
	}
)

func knownLink(relation string) bool { return slices.Contains(linkRelations, relation) }

func (s *sourceConfig) check(path string, names map[string]bool) []error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s.%s: %s", path, key, fmt.Sprintf(format, args...)))
	}
	switch {
	case !sourceName.MatchString(s.Name):
		bad("name", "want lower-case letters, digits, - and _, at most 32, not %q", s.Name)
	case names[s.Name]:
		bad("name", "%q is used twice", s.Name)
	}
	names[s.Name] = true
	switch s.Supply {
	case "live":
	case "copy", "push", "listed":
		bad("supply", "%q is not available in this version; write live", s.Supply)
	default:
		bad("supply", "want live, not %q", s.Supply)
	}
	if s.kind == nil {
		bad("kind", "want one of %s, not %q", strings.Join(kindNames(), ", "), s.Kind)
		return errs
	}
	if err := s.kind.validate(s.settings); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			errs = append(errs, fmt.Errorf("%s.%s", path, strings.TrimPrefix(line, ".")))
		}
	}
	return errs
}

// linkRules returns the rules by source and relation.
func (c *config) linkRules() map[string]map[string]datasources.LinkRules {
	rules := map[string]map[string]datasources.LinkRules{}
	for _, l := range c.Links {
		if rules[l.Source] == nil {
			rules[l.Source] = map[string]datasources.LinkRules{}
		}
		for _, by := range l.By {
			r := datasources.LinkRule{Field: by.Field}
			if by.Pattern != "" {
				r.Pattern = regexp.MustCompile(by.Pattern)
			}
			rules[l.Source][l.Relation] = append(rules[l.Source][l.Relation], r)
		}
	}
	return rules
}
