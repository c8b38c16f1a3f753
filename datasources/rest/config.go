package rest

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/login"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// The parts of a Config that the declarative connectors share, by names a preset
// can use.
type (
	// Auth is how the system wants to know who asks.
	Auth = login.Config
	// Exchange is the login of a session.
	Exchange = login.Exchange
	// Locale is how the system writes numbers and times.
	Locale = mapping.Locale
	// Field says where a column comes from.
	Field = mapping.Field
	// Fields are the columns of an entity by their SDL names.
	Fields = mapping.Fields
)

// Config is one system with a JSON interface over HTTP. Secrets come resolved and
// are never printed. Begin with DefaultConfig.
type Config struct {
	// Name is the source's name in the graph, errors and logs.
	Name string `yaml:"name"`
	// URL is what all paths are joined to.
	URL  string `yaml:"url"`
	Auth Auth   `yaml:"auth"`
	// Method is GET or POST, for resources that say nothing; default GET.
	Method string `yaml:"method"`
	// Headers are sent with every call.
	Headers map[string]string `yaml:"headers"`
	// Rate is what was agreed with the system's owner, 0 = nothing.
	Rate Rate `yaml:"rate"`
	// Concurrency is how many calls are under way at once, default 2.
	Concurrency int `yaml:"concurrency"`
	// Timeout of one call, default 30s.
	Timeout time.Duration `yaml:"timeout"`
	// Retries is how many further attempts a call gets, default 2; 0 = none.
	Retries int `yaml:"retries"`
	// MaxBody is the largest reply in bytes, default 32 MiB.
	MaxBody int64 `yaml:"max_body"`

	// Reply says how answers are wrapped, Paging how lists go on, Locale how
	// values are written.
	Reply  Reply  `yaml:"reply"`
	Paging Paging `yaml:"paging"`
	Locale Locale `yaml:"locale"`
	// Currency is the ISO 4217 code of amounts whose record names none, Country
	// the ISO 3166 code of customers whose record names none.
	Currency string `yaml:"currency"`
	Country  string `yaml:"country"`

	// LocalBound is how many rows are read at most to filter, sort or group them
	// here, default 5,000.
	LocalBound int `yaml:"local_bound"`
	// MemoryBound is how many rows of further resources, and how many stocks, are
	// kept in memory while the first resource is read, default 200,000.
	MemoryBound int `yaml:"memory_bound"`

	// Entities are what the system has, by the names of the graph: Customer,
	// Contact, Ticket, Quote, Order, Invoice, Payment, Payable, Boleto, Product,
	// DeliveryNote, PurchaseOrder.
	Entities map[string]Entity `yaml:"entities"`
}

// Rate is an agreed number of calls.
type Rate struct {
	PerMinute int `yaml:"per_minute"`
	// Burst is how many may go at once after a pause, default a tenth of
	// PerMinute.
	Burst int `yaml:"burst"`
}

// Reply says how answers are wrapped.
type Reply struct {
	// ListAt are the paths that may hold the records, default data, items, $. The
	// first that holds a list, or null, is taken; "records.*" is the only list
	// among the members of records.
	ListAt []string `yaml:"list_at" short:"true"`
	// SuccessAt are the paths that may say whether the call succeeded: false, 0,
	// "false", "0", "no" or "error" there is a failure.
	SuccessAt []string `yaml:"success_at" short:"true"`
	// ErrorAt are the paths that may hold an error: anything but null, false, 0, an
	// empty text, list or object there is a failure.
	ErrorAt []string `yaml:"error_at" short:"true"`
	// EmptyStatuses are HTTP statuses that mean an empty list: [404].
	EmptyStatuses []int `yaml:"empty_statuses"`
	// NotEnabledStatuses are HTTP statuses that mean that the package was not
	// bought: [403].
	NotEnabledStatuses []int `yaml:"not_enabled_statuses"`
}

// The styles of paging.
const (
	PagingNone   = "none"
	PagingPage   = "page"
	PagingOffset = "offset"
	PagingCursor = "cursor"
)

// Paging says how a list goes on.
type Paging struct {
	// Style is page, offset, cursor or none; default none.
	Style string `yaml:"style"`
	// PageParam, OffsetParam and CursorParam are the parameters of their styles,
	// SizeParam that of the page's size, "" = it is not sent.
	PageParam   string `yaml:"page_param"`
	OffsetParam string `yaml:"offset_param"`
	CursorParam string `yaml:"cursor_param"`
	SizeParam   string `yaml:"size_param"`
	// CursorAt are the paths in the reply that may hold the next cursor.
	CursorAt []string `yaml:"cursor_at" short:"true"`
	// First is the number of the first page, default 0.
	First int `yaml:"first"`
	// Size is the number of records of a page, default 100. A page of fewer records
	// than the first one is the last.
	Size int `yaml:"size"`
	// TotalAt are the paths in the reply that may hold the number of all records.
	TotalAt []string `yaml:"total_at" short:"true"`
	// MaxPages ends a list that does not end, default 10,000.
	MaxPages int `yaml:"max_pages"`
}

// Entity is how the system has one kind of record: a resource, and what more
// there is of it.
type Entity struct {
	// Package is a label: what is bought apart, counted apart and named when it is
	// not enabled.
	Package string `yaml:"package"`
	// Disabled says that the package was not bought: every read answers NOT_ENABLED.
	Disabled bool `yaml:"disabled"`
	// Placeholder says that the path is a guess: every read is refused until it is
	// set, or confirmed by placeholder: false.
	Placeholder bool `yaml:"placeholder"`

	// Path is joined to the source's address. Method replaces that of the source.
	Path   string `yaml:"path"`
	Method string `yaml:"method"`
	// Query and Body are sent with each call; dots in a name of the body nest it:
	// {filter.active: true}.
	Query map[string]string `yaml:"query"`
	Body  map[string]any    `yaml:"body"`
	// ParamsIn says where pages, keys, orders and windows go: query or body;
	// default query for GET, body for POST.
	ParamsIn string `yaml:"params_in"`
	// ListAt replaces that of the source's reply.
	ListAt []string `yaml:"list_at" short:"true"`
	// Paging replaces that of the source: as a whole when it has a style, key by
	// key otherwise.
	Paging Paging `yaml:"paging"`

	// Fields are the columns.
	Fields Fields `yaml:"fields"`
	// Keys says how many records are asked for at once by id.
	Keys Keys `yaml:"keys"`
	// Relations say the same by the column of a child that holds its parent's key
	// (customer, order, quote, invoice) or a number (number, orderNumber,
	// quoteNumber, invoiceNumber).
	Relations map[string]Keys `yaml:"relations"`
	// Orders are the parameters by which the system sorts: {date: {asc: {sort:
	// date}, desc: {sort: -date}}}.
	Orders map[string]Order `yaml:"orders"`
	// Window narrows lists to a time around now. The source then has no more than
	// that: what leaves the window leaves a copy.
	Window Window `yaml:"window"`
	// SinceParam is a filter by the time of the last change, not before its value: a
	// copy follows the entity by it. It needs fields.updatedAt.
	SinceParam string `yaml:"since_param"`
	// Follow is how a copy follows the entity.
	Follow Follow `yaml:"follow"`

	// More are further resources of the same records, without more of their own.
	// The first enabled resource gives the rows; the others fill what is empty in
	// them, by number (sku, a customer's code), and add the rows only they have.
	More []Entity `yaml:"more"`
	// Stock is a list of stocks beside the products.
	Stock Stock `yaml:"stock"`
}

// Follow is how a copy keeps up with an entity between the readings of all of it:
// by the times of changes where there is a since_param, else by reading a part of
// the window.
type Follow struct {
	// Format is how the value of since_param is written: a layout, unix or unix_ms.
	// Default is the first of the dates of fields.updatedAt, else of the locale.
	Format string `yaml:"format"`
	// Overlap is how far before the newest change is looked again, for records that
	// were committed late, default 5m.
	Overlap time.Duration `yaml:"overlap"`
	// Back and Ahead are the part of the window around now that is read often:
	// back: 1440h, ahead: 1440h. The whole window is read by sweeps.
	Back  time.Duration `yaml:"back"`
	Ahead time.Duration `yaml:"ahead"`
}

// Stock is a resource of stocks, joined to products by sku. Its fields are sku,
// warehouse, available, physical, reserved, expected and asOf.
type Stock struct {
	Package     string            `yaml:"package"`
	Disabled    bool              `yaml:"disabled"`
	Placeholder bool              `yaml:"placeholder"`
	Path        string            `yaml:"path"`
	Method      string            `yaml:"method"`
	Query       map[string]string `yaml:"query"`
	Body        map[string]any    `yaml:"body"`
	ParamsIn    string            `yaml:"params_in"`
	ListAt      []string          `yaml:"list_at" short:"true"`
	Paging      Paging            `yaml:"paging"`
	Fields      Fields            `yaml:"fields"`
}

// The styles of a parameter of many keys.
const (
	KeysComma    = "comma"    // ids=1,2,3; a text in a body
	KeysRepeat   = "repeat"   // id=1&id=2; a list in a body
	KeysBrackets = "brackets" // id[]=1&id[]=2; a list in a body
	KeysTemplate = "template" // filter=(t.id:in:1,2,3)
)

// Keys says how many records are asked for at once.
type Keys struct {
	// Param is the parameter. "" = they cannot be asked for.
	Param string `yaml:"param"`
	// Style is comma, repeat, brackets or template; default comma.
	Style string `yaml:"style"`
	// Template is the parameter's value for the style template: {keys} stands for
	// the keys, joined by commas.
	Template string `yaml:"template"`
	// Quote is put around each key.
	Quote string `yaml:"quote"`
	// Pattern is what every key looks like there, as a regular expression (RE2): one
	// that does not match is nobody's, and is not asked for. "" = anything.
	Pattern string `yaml:"pattern"`
	// Batch is the most keys in one call, default 50; a page's size bounds it too.
	Batch int `yaml:"batch"`
}

// Order is the parameters by which the system sorts by one column.
type Order struct {
	Asc  map[string]string `yaml:"asc"`
	Desc map[string]string `yaml:"desc"`
}

// Window is a time around now.
type Window struct {
	FromParam string `yaml:"from_param"`
	ToParam   string `yaml:"to_param"`
	// From and To are added to now: from: -17520h, to: 8760h.
	From time.Duration `yaml:"from"`
	To   time.Duration `yaml:"to"`
	// Format is a layout, or unix or unix_ms; default 2006-01-02. Times are in the
	// locale's zone.
	Format string `yaml:"format"`
}

// Deps is what the source is given beside its config.
type Deps struct {
	// Kind is what the source says it is, for presets; "" = rest.
	Kind string
	// Log may be nil.
	Log *slog.Logger
	// Observe is told of each call, nil = nobody.
	Observe func(wire.Observation)
	// Transport carries the calls, nil = the usual one.
	Transport http.RoundTripper
	// Now is the clock, nil = time.Now.
	Now func() time.Time
	// Links are the rules of this source by relation: "Invoice.order". Their
	// fields are paths in the record.
	Links map[string]datasources.LinkRules
}

// The defaults.
const (
	defaultConcurrency = 2
	defaultTimeout     = 30 * time.Second
	defaultRetries     = 2
	defaultMaxBody     = 32 << 20
	defaultLocalBound  = 5000
	defaultMemory      = 200_000
	defaultSize        = 100
	defaultMaxPages    = 10_000
	defaultBatch       = 50
	defaultOverlap     = 5 * time.Minute
)

// DefaultConfig returns what holds where the config says nothing.
func DefaultConfig() Config {
	return Config{
		Concurrency: defaultConcurrency, Timeout: defaultTimeout, Retries: defaultRetries, MaxBody: defaultMaxBody,
		LocalBound: defaultLocalBound, MemoryBound: defaultMemory,
	}
}

// String shows no secret.
func (c Config) String() string { return fmt.Sprintf("rest %s at %s", c.Name, wire.Redact(c.URL)) }

// GoString shows no secret.
func (c Config) GoString() string { return c.String() }

// LogValue shows no secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// withDefaults fills what is zero. Retries are not: 0 means none.
func (c Config) withDefaults() Config {
	c.Concurrency = cmp.Or(c.Concurrency, defaultConcurrency)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.MaxBody = cmp.Or(c.MaxBody, defaultMaxBody)
	c.LocalBound = cmp.Or(c.LocalBound, defaultLocalBound)
	c.MemoryBound = cmp.Or(c.MemoryBound, defaultMemory)
	if len(c.Reply.ListAt) == 0 {
		c.Reply.ListAt = []string{"data", "items", "$"}
	}
	return c
}

// paging is what holds for a resource: its own as a whole when it has a style,
// else the source's with what the resource sets.
func (c *Config) paging(own Paging) Paging {
	p := own
	if own.Style == "" {
		p = c.Paging
		p.PageParam = cmp.Or(own.PageParam, p.PageParam)
		p.OffsetParam = cmp.Or(own.OffsetParam, p.OffsetParam)
		p.CursorParam = cmp.Or(own.CursorParam, p.CursorParam)
		p.SizeParam = cmp.Or(own.SizeParam, p.SizeParam)
		p.First = cmp.Or(own.First, p.First)
		p.Size = cmp.Or(own.Size, p.Size)
		p.MaxPages = cmp.Or(own.MaxPages, p.MaxPages)
		if len(own.CursorAt) > 0 {
			p.CursorAt = own.CursorAt
		}
		if len(own.TotalAt) > 0 {
			p.TotalAt = own.TotalAt
		}
	}
	p.Style = cmp.Or(p.Style, PagingNone)
	p.Size = cmp.Or(p.Size, defaultSize)
	p.MaxPages = cmp.Or(p.MaxPages, defaultMaxPages)
	return p
}

// resources are an entity's own and its further ones, in the order of authority.
func (e *Entity) resources() []Entity { return append([]Entity{*e}, e.More...) }

// entity is the stock's resource in the shape of the others.
func (s *Stock) entity() Entity {
	return Entity{
		Package: s.Package, Disabled: s.Disabled, Placeholder: s.Placeholder, Path: s.Path, Method: s.Method,
		Query: s.Query, Body: s.Body, ParamsIn: s.ParamsIn, ListAt: s.ListAt, Paging: s.Paging, Fields: s.Fields,
	}
}

// isSet reports whether stocks are configured at all.
func (s *Stock) isSet() bool { return s.Path != "" || s.Fields != nil || s.Disabled || s.Placeholder }
