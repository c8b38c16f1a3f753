package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/directory"
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
	// Implies are facts, "Invoice.customer = Order.customer": an order's invoices are
	// its customer's.
	Implies []string `yaml:"implies"`

	Alerts    alertsConfig      `yaml:"alerts"`
	Policies  policiesConfig    `yaml:"policies"`
	Scope     map[string]string `yaml:"scope"`
	Instances int               `yaml:"instances"`
	Datasets  datasetsConfig    `yaml:"datasets"`

	progress func(copies.Progress) // of readings, for trama sync
	secrets  []string              // what the file refers to
}

// policiesConfig says where the operator's own policy files are.
type policiesConfig struct {
	Dir   string        `yaml:"dir"`
	Every time.Duration `yaml:"every"` // how often they are looked at
}

// datasetsConfig says where the operator's own datasets are, and how tables are read.
type datasetsConfig struct {
	Dir      string        `yaml:"dir"`       // of *.graphql
	PageRows int           `yaml:"page_rows"` // of a page of /odata, at least
	Timeout  time.Duration `yaml:"timeout"`   // of one answer
}

// alertsConfig says when segments in trouble are raised, and who is told.
type alertsConfig struct {
	Webhook string        `yaml:"webhook"`
	Secret  string        `yaml:"secret"` // its bodies are signed with
	Every   time.Duration `yaml:"every"`
	Raise   time.Duration `yaml:"raise"`
	Clear   time.Duration `yaml:"clear"`
	// MinCoverage is the share of a source's customers that must be joined with the
	// others', from 0 to 1; 0 = none must.
	MinCoverage float64 `yaml:"min_coverage"`
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
	// Hard is until when an old row is served while it is read again, StaleIfError
	// until when it stands in for a source that does not answer.
	Hard         time.Duration `yaml:"hard"`
	StaleIfError time.Duration `yaml:"stale_if_error"`
	Bytes        int64         `yaml:"bytes"` // in this process
	Rows         int           `yaml:"rows"`
	// Answers bounds the bytes of whole answers that are kept, 0 = none is.
	Answers int64 `yaml:"answers"`
	// InvalidateSecret is what messages at /invalidate are signed with; "" = there is
	// no such door.
	InvalidateSecret string `yaml:"invalidate_secret"`
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
	PushMemory  int64         `yaml:"push_memory"` // bytes of all pushes under way
}

type directoryConfig struct {
	Rules       []string          `yaml:"rules"`
	Owner       map[string]string `yaml:"owner"`
	Every       time.Duration     `yaml:"every"`
	SharedLimit int               `yaml:"shared_limit"`
	Suggest     []string          `yaml:"suggest"`
	Strategies  map[string]string `yaml:"strategies"`
	MaxLoss     float64           `yaml:"max_loss"`
	FreeMail    []string          `yaml:"free_mail"`
	SharedBoxes []string          `yaml:"shared_boxes"`
}

type linkConfig struct {
	Source   string     `yaml:"source"`
	Relation string     `yaml:"relation"`
	By       []linkRule `yaml:"by"`
}

// linkRule is a field, or {field, pattern}.
type linkRule struct {
	Field   string `yaml:"field" short:"true"`
	Pattern string `yaml:"pattern"`
}

func defaultConfig() config {
	return config{
		Listen:   "127.0.0.1:8080",
		Store:    storeConfig{URL: "sqlite:trama.db"},
		Cache:    cacheConfig{TTL: 30 * time.Second, Absent: 10 * time.Second, Answers: 64 << 20},
		CacheDir: filepath.Join(os.TempDir(), "trama"),
		Log:      logConfig{Level: "info"},
		Policies: policiesConfig{Every: time.Second}, Instances: 1,
		Datasets: datasetsConfig{PageRows: 10_000, Timeout: 10 * time.Minute},
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
	c, d, err := decodeConfig(text, env)
	if err != nil {
		return c, err
	}
	d.errs = append(d.errs, c.check()...)
	c.secrets = d.secrets
	return c, errors.Join(someOf(d.masked(d.errs))...)
}

// readAccessConfig reads what commands need that manage accounts and tokens: the
// store, the policies and the scopes. The sources' part may be wrong, and their
// secrets need not be there: a leaked token must be stopped without them.
func readAccessConfig(path string) (config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return config{}, fmt.Errorf("read the configuration: %w", err)
	}
	c, d, err := decodeConfig(text, os.LookupEnv)
	if err != nil {
		return c, err
	}
	errs := slices.DeleteFunc(d.errs, func(err error) bool {
		key, _, _ := strings.Cut(err.Error(), ":")
		key, _, _ = strings.Cut(key, ".")
		return key != "store" && key != "policies" && key != "scope"
	})
	c.secrets = d.secrets
	return c, errors.Join(someOf(d.masked(append(errs, c.checkAccess()...)))...)
}

// decodeConfig reads the file; mistakes of single keys are in the decoder.
func decodeConfig(text []byte, env func(string) (string, bool)) (config, *decoder, error) {
	c := defaultConfig()
	var doc yaml.Node
	docs := yaml.NewDecoder(bytes.NewReader(markReferences(text)))
	if err := docs.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return c, nil, fmt.Errorf("the configuration is not YAML: %w", err)
	}
	if err := docs.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return c, nil, errors.New("the configuration has more than one document")
	}
	if len(doc.Content) == 0 {
		return c, nil, errors.New("the configuration is empty")
	}
	d := &decoder{env: env}
	d.decode(doc.Content[0], reflect.ValueOf(&c).Elem(), "")
	return c, d, nil
}

// mostMistakes is how many mistakes are shown.
const mostMistakes = 50

func someOf(errs []error) []error {
	if n := len(errs) - mostMistakes; n > 0 {
		errs = append(errs[:mostMistakes:mostMistakes], fmt.Errorf("and %d more", n))
	}
	return errs
}

// masked is a text without what the configuration refers to.
func (c *config) masked(text string) string {
	for _, s := range c.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	return text
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
		} else if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(c.PublicURL, "#") {
			bad("public_url", "want no login, query or fragment: the links in answers begin with it")
		}
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log.level", "want debug, info, warn or error, not %q", c.Log.Level)
	}
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"depth", int64(c.Limits.Depth)},
		{"aliases", int64(c.Limits.Aliases)},
		{"root_fields", int64(c.Limits.RootFields)},
		{"page_size", int64(c.Limits.PageSize)},
		{"default_page", int64(c.Limits.DefaultPage)},
		{"cost", c.Limits.Cost},
		{"body", c.Limits.Body},
		{"tokens", int64(c.Limits.Tokens)},
		{"timeout", int64(c.Limits.Timeout)},
		{"link_bound", int64(c.Limits.LinkBound)},
	} {
		if limit.value <= 0 {
			bad("limits."+limit.name, "must be more than 0")
		}
	}
	if c.Datasets.PageRows < 1 || c.Datasets.PageRows > maxPageRows {
		bad("datasets.page_rows", "must be between 1 and %d", maxPageRows)
	}
	if c.Datasets.Timeout <= 0 {
		bad("datasets.timeout", "must be more than 0")
	}
	if c.Limits.DefaultPage > c.Limits.PageSize {
		bad("limits.default_page", "is larger than limits.page_size")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		bad("listen", "want HOST:PORT, not %q", c.Listen)
	} else if _, err := strconv.ParseUint(c.Listen[strings.LastIndexByte(c.Listen, ':')+1:], 10, 16); err != nil {
		bad("listen", "the port of %q is none", c.Listen)
	}
	if c.Cache.Absent < 0 {
		bad("cache.absent", "must not be negative")
	}
	if n := len(c.Cache.InvalidateSecret); n > 0 && n < 16 {
		bad("cache.invalidate_secret", "want at least 16 characters")
	}
	if c.Cache.Hard < 0 || c.Cache.Bytes < 0 || c.Cache.Answers < 0 || c.Limits.PushMemory < 0 {
		bad("cache", "hard, bytes, answers and limits.push_memory must not be negative")
	}
	if c.Cache.Rows < 0 {
		bad("cache.rows", "must not be negative")
	}
	if c.Directory.Every < 0 || (c.Directory.Every > 0 && c.Directory.Every < time.Second) {
		bad("directory.every", "must be at least 1s")
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
	errs = append(errs, c.checkDirectory()...)
	errs = append(errs, c.checkDocuments(names)...)
	errs = append(errs, c.checkAccess()...)
	errs = append(errs, c.checkAlerts()...)
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
		if first := slices.IndexFunc(c.Links, func(o linkConfig) bool { return o.Source == l.Source && o.Relation == l.Relation }); first < i {
			bad(path, "says again what links[%d] says; put the fields into one list", first)
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
	if _, err := c.implied(); err != nil {
		errs = append(errs, err)
	}
	return errs
}

var (
	sourceName    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	linkRelations = []string{
		"Ticket.order", "Order.quote", "Invoice.order", "Payment.invoice", "Payment.order", "Boleto.invoice", "DeliveryNote.order",
		"Quote.orders", "Order.invoices", // the same links, held by the other side
	}
)

func knownLink(relation string) bool { return slices.Contains(linkRelations, relation) }

// directory is the directory's part. Which sources list their customers is not
// known before they are open; those with a customer_key do not.
func (c *config) directory() directory.Config {
	d := directory.Config{
		Rules: c.Directory.Rules, Owner: c.Directory.Owner, Every: c.Directory.Every, SharedLimit: c.Directory.SharedLimit,
		Suggest: c.Directory.Suggest, Strategies: c.Directory.Strategies, MaxLoss: c.Directory.MaxLoss, FreeMail: c.Directory.FreeMail, SharedBoxes: c.Directory.SharedBoxes,
	}
	for _, s := range c.Sources {
		if s.Supply == "listed" {
			continue
		}
		d.Sources = append(d.Sources, directory.SourceConfig{
			Name: s.Name, Kind: s.Kind, Country: s.Country, Indexed: s.CustomerKey == "", AssumedFrom: s.CustomerKey, OwnTaxIDs: s.OwnTaxIDs, UntrustedTimes: s.UntrustedTimes,
		})
	}
	return d
}

// checkDirectory reports the directory's mistakes under the paths of the file.
func (c *config) checkDirectory() []error {
	err := c.directory().Validate()
	if err == nil {
		return nil
	}
	var errs []error
	for _, line := range strings.Split(err.Error(), "\n") {
		if rest, ok := strings.CutPrefix(line, "directory.sources["); ok {
			line = "sources[" + strings.Replace(rest, "].assumed_from", "].customer_key", 1)
			if strings.Contains(line, "].name:") {
				continue // said already
			}
		}
		errs = append(errs, errors.New(line))
	}
	return errs
}

// checkDocuments finds sources and records that do not exist.
func (c *config) checkDocuments(names map[string]bool) []error {
	var errs []error
	for entity, sources := range c.Documents {
		path := "documents." + entity
		if !slices.Contains(documentEntities, entity) {
			errs = append(errs, fmt.Errorf("%s: unknown kind of record, want one of %s", path, strings.Join(documentEntities, ", ")))
			continue
		}
		for i, name := range sources {
			if !names[name] {
				errs = append(errs, fmt.Errorf("%s[%d]: there is no source %q", path, i, name))
			}
			if slices.Index(sources, name) < i {
				errs = append(errs, fmt.Errorf("%s[%d]: %q is named twice", path, i, name))
			}
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

var documentEntities = []string{
	"Boleto", "Contact", "DeliveryNote", "Invoice", "Order", "Payable", "Payment", "Product", "PurchaseOrder", "Quote", "Ticket",
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
	for i := range c.Sources {
		s := &c.Sources[i]
		if s.kind == nil || s.kind.links == nil {
			continue
		}
		for relation, preset := range s.kind.links(s.settings) {
			if rules[s.Name] == nil {
				rules[s.Name] = map[string]datasources.LinkRules{}
			}
			if rules[s.Name][relation] == nil {
				rules[s.Name][relation] = preset
			}
		}
	}
	return rules
}
