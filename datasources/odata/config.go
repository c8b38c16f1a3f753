package odata

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/login"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// Config is one OData service. Secrets come resolved and are never printed.
type Config struct {
	// Name is the source's name in the graph, errors and logs.
	Name string `yaml:"name"`
	// URL is the service root: what stands before /$metadata.
	URL string `yaml:"url"`
	// Version is 2, 3 or 4; 0 = $metadata tells.
	Version int `yaml:"version"`
	// Auth is how calls are let in.
	Auth login.Config `yaml:"auth"`
	// Headers are sent with every call.
	Headers map[string]string `yaml:"headers"`

	// Rate is what was agreed with the system's owner, 0 = nothing.
	Rate Rate `yaml:"rate"`
	// Concurrency is how many calls are under way at once, default 4.
	Concurrency int `yaml:"concurrency"`
	// Timeout of one call, default 30s; MetadataTimeout that of $metadata, default
	// 2m.
	Timeout         time.Duration `yaml:"timeout"`
	MetadataTimeout time.Duration `yaml:"metadata_timeout"`
	// Retries is how many further attempts a read gets, default 2, negative none.
	Retries int `yaml:"retries"`
	// MaxBody is the largest reply in bytes, default 32 MiB.
	MaxBody int64 `yaml:"max_body"`

	// MaxURL is the most bytes of an encoded path and query, default 2000: IIS
	// refuses a query of 2,048 with a 404.
	MaxURL int `yaml:"max_url"`
	// Batch is the most keys in one call, default 50.
	Batch int `yaml:"batch"`
	// Page is the number of rows in one call, default 500.
	Page int `yaml:"page"`
	// LocalBound is how many rows are read at most to filter, sort or group them
	// here, default 5000.
	LocalBound int `yaml:"local_bound"`
	// Overlap is how far before the newest change a copy looks again for rows that
	// were committed late, default 2m.
	Overlap time.Duration `yaml:"overlap"`

	// In says whether many keys are asked for by the operator in of version 4:
	// yes, no, or auto (default), which tries it once.
	In string `yaml:"in"`
	// Collation is how the server compares texts for equality: unknown (default) or
	// exact. Equality is left to it in any case and checked again here; only with
	// exact are rows counted by it.
	Collation string `yaml:"collation"`
	// Search is whether contains and startswith are left to the server: no
	// (default); plain, where its collation ignores letter case, as the graph does;
	// tolower, where it knows that function.
	Search string `yaml:"search"`
	// Nulls is compare (default) where the server knows "eq null"; never, where it
	// does not and nothing that lists are sorted by is ever empty.
	Nulls string `yaml:"nulls"`
	// Metadata is yes (default), or no, where the service shows no $metadata:
	// version and entities.….types are required then.
	Metadata string `yaml:"metadata"`

	// Zone is the wall clock of Edm.DateTime, as IANA names it, default UTC.
	Zone string `yaml:"zone"`
	// Locale is for texts that hold numbers or dates; its zone is Zone by default.
	Locale mapping.Locale `yaml:"locale"`
	// Currency is the ISO 4217 code of documents that name none.
	Currency string `yaml:"currency"`
	// Country is the ISO 3166 code of customers that name none.
	Country string `yaml:"country"`

	// Entities are what the service has, by the graph's names: Order, Customer.
	Entities map[string]Entity `yaml:"entities"`
}

// Entity is where an entity of the graph lies in the service.
type Entity struct {
	// Set is the entity set, or a path to one: "companies(…)/salesOrders".
	Set string `yaml:"set"`
	// Key are the properties of the key, default what $metadata says. A key of
	// several is shown as "a,b".
	Key []string `yaml:"key"`
	// Filter holds for every read, in the words of the service: "Kind eq 'SO'".
	Filter string `yaml:"filter"`
	// Changed is the property of the time of the last change, by which a copy follows
	// the service and finds what was changed; default the property of updatedAt, by
	// which it follows only. "none" = there is none that can be relied on.
	Changed string `yaml:"changed"`
	// ETag says that the service gives every record an ETag that is another one after
	// any change: a copy finds by it what was changed.
	ETag bool `yaml:"etag"`
	// Types are the types of properties $metadata does not tell, by their path.
	Types map[string]string `yaml:"types"`
	// Fields are the columns; candidates are paths as "Partner/ID".
	Fields mapping.Fields `yaml:"fields"`
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
	// Links are the rules of this source by relation: "Invoice.order". Their fields
	// are paths as those of Entity.Fields.
	Links map[string]datasources.LinkRules
}

// The words of the settings.
const (
	wordAuto    = "auto"
	wordYes     = "yes"
	wordNo      = "no"
	wordUnknown = "unknown"
	wordExact   = "exact"
	wordCompare = "compare"
	wordNever   = "never"
	wordNone    = "none"
)

// DefaultConfig returns the settings of a service behind IIS, which has the
// narrowest limits.
func DefaultConfig() Config {
	return Config{
		Concurrency: 4, Timeout: 30 * time.Second, MetadataTimeout: 2 * time.Minute, Retries: wire.DefaultRetries, MaxBody: wire.DefaultMaxBody,
		MaxURL: 2000, Batch: 50, Page: 500, LocalBound: 5000, Overlap: 2 * time.Minute,
		In: wordAuto, Collation: wordUnknown, Search: searchNo, Nulls: wordCompare, Metadata: wordYes,
	}
}

// String shows no secret.
func (c Config) String() string { return fmt.Sprintf("odata %s at %s", c.Name, wire.Redact(c.URL)) }

// LogValue shows no secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// lists are the candidates of fields that hold lists of records.
func (e *Entity) lists(entity string) []string {
	var paths []string
	for _, col := range mapping.Columns(entity) {
		if col.Type != mapping.Nested {
			continue
		}
		for _, at := range e.Fields[col.Name].At {
			paths = append(paths, joinPath(splitPath(at)))
		}
	}
	return paths
}

// names are the configured entities, sorted.
func (c *Config) names() []string { return slices.Sorted(maps.Keys(c.Entities)) }
