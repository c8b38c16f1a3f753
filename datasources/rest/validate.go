package rest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/internal/login"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// validator collects mistakes with their keys.
type validator struct {
	c    *Config
	errs []error
}

func (v *validator) bad(key, format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

// under adds mistakes whose keys are below a key.
func (v *validator) under(key string, errs []error) {
	for _, err := range errs {
		v.errs = append(v.errs, fmt.Errorf("%s.%w", key, err))
	}
}

func (v *validator) inRange(key string, n, from, to int) {
	if n < from || n > to {
		v.bad(key, "%d is not between %d and %d", n, from, to)
	}
}

// Validate reports all mistakes together, each with its key.
func (c Config) Validate() error {
	c = c.withDefaults()
	v := &validator{c: &c}
	if c.Name == "" {
		v.bad("name", "missing")
	}
	if _, err := baseOf(c.URL); err != nil {
		v.bad("url", "%s", err)
	}
	v.under("auth", c.Auth.Validate())
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if !login.IsHeaderName(name) || !login.IsHeaderValue(c.Headers[name]) {
			v.bad("headers."+name, "is no header")
		}
	}
	v.inRange("rate.per_minute", c.Rate.PerMinute, 0, 1_000_000)
	v.inRange("rate.burst", c.Rate.Burst, 0, 1_000_000)
	v.inRange("concurrency", c.Concurrency, 1, 64)
	v.inRange("retries", c.Retries, 0, 10)
	v.inRange("local_bound", c.LocalBound, 1, 1_000_000)
	v.inRange("memory_bound", c.MemoryBound, 1, 10_000_000)
	if c.Timeout < 0 {
		v.bad("timeout", "is negative")
	}
	if c.MaxBody < 1024 || c.MaxBody > 1<<30 {
		v.bad("max_body", "%d is not between 1024 and %d", c.MaxBody, 1<<30)
	}
	v.reply()
	v.paging("paging", c.paging(Paging{}))
	v.under("locale", mapping.CheckLocale(c.Locale))
	if c.Currency != "" && !mapping.IsCurrency(c.Currency) {
		v.bad("currency", "expected an ISO 4217 code")
	}
	if c.Country != "" && (len(c.Country) != 2 || c.Country != strings.ToUpper(c.Country)) {
		v.bad("country", "expected an ISO 3166 code of two letters")
	}
	if len(c.Entities) == 0 {
		v.bad("entities", "missing: there is nothing to read")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Entities)) {
		v.entity(name, c.Entities[name])
	}
	return errors.Join(v.errs...)
}

func (v *validator) reply() {
	r := &v.c.Reply
	v.errs = append(v.errs, mapping.CheckPaths("reply.list_at", r.ListAt)...)
	v.errs = append(v.errs, mapping.CheckPaths("reply.success_at", r.SuccessAt)...)
	v.errs = append(v.errs, mapping.CheckPaths("reply.error_at", r.ErrorAt)...)
	for _, list := range []struct {
		key      string
		statuses []int
	}{{"reply.empty_statuses", r.EmptyStatuses}, {"reply.not_enabled_statuses", r.NotEnabledStatuses}} {
		for i, s := range list.statuses {
			key := fmt.Sprintf("%s[%d]", list.key, i)
			switch {
			case s < 400 || s > 499 || s == http.StatusUnauthorized || s == http.StatusTooManyRequests:
				v.bad(key, "%d cannot mean that: expected a status of 400 to 499 other than 401 and 429", s)
			case list.key == "reply.empty_statuses" && slices.Contains(r.NotEnabledStatuses, s):
				v.bad(key, "%d means two things", s)
			}
		}
	}
}

func (v *validator) paging(key string, p Paging) {
	needs := func(name, value string) {
		if value == "" {
			v.bad(key+"."+name, "missing for the style %s", p.Style)
		}
	}
	switch p.Style {
	case PagingNone:
	case PagingPage:
		needs("page_param", p.PageParam)
	case PagingOffset:
		needs("offset_param", p.OffsetParam)
	case PagingCursor:
		needs("cursor_param", p.CursorParam)
		if len(p.CursorAt) == 0 {
			v.bad(key+".cursor_at", "missing for the style cursor")
		}
	default:
		v.bad(key+".style", "unknown, expected page, offset, cursor or none")
	}
	v.errs = append(v.errs, mapping.CheckPaths(key+".cursor_at", p.CursorAt)...)
	v.errs = append(v.errs, mapping.CheckPaths(key+".total_at", p.TotalAt)...)
	v.inRange(key+".first", p.First, 0, 1)
	v.inRange(key+".size", p.Size, 1, 100_000)
	v.inRange(key+".max_pages", p.MaxPages, 1, 10_000_000)
}

func (v *validator) entity(name string, e Entity) {
	key := "entities." + name
	if !slices.Contains(mapping.Entities(), name) {
		v.bad(key, "unknown entity%s", schema.DidYouMean(name, mapping.Entities()))
		return
	}
	v.resource(key, name, e)
	v.relations(key, name, e)
	v.orders(key, name, e)
	if _, ok := e.Fields["stock"]; ok && e.Stock.isSet() {
		v.bad(key+".stock", "the stock is in fields.stock too")
	}
	for i, r := range e.More {
		at := fmt.Sprintf("%s.more[%d]", key, i)
		v.resource(at, name, r)
		if r.SinceParam != "" || r.Follow != (Follow{}) {
			v.bad(at, "a further resource has no since_param and no follow: several are only joined when they are read whole")
		}
		if len(r.More) > 0 || r.Stock.isSet() || r.Keys.Param != "" || len(r.Relations) > 0 || len(r.Orders) > 0 {
			v.bad(at, "a further resource has no more, stock, keys, relations or orders")
		}
		if join := joinColumn(name); !r.isBare() && !hasField(r.Fields, join) {
			v.bad(at+".fields."+join, "missing: the records are joined by it")
		}
	}
	if join := joinColumn(name); len(e.More) > 0 && !e.isBare() && !hasField(e.Fields, join) {
		v.bad(key+".fields."+join, "missing: the records are joined by it")
	}
	if !e.Stock.isSet() {
		return
	}
	if name != "Product" {
		v.bad(key+".stock", "only products have stock")
		return
	}
	v.resource(key+".stock", mapping.StockEntity, e.Stock.entity())
	if !e.isBare() && !hasField(e.Fields, "sku") {
		v.bad(key+".fields.sku", "missing: stocks are joined by it")
	}
}

// isBare reports whether a resource is only there to say that it is not enabled.
func (e *Entity) isBare() bool { return e.Disabled && e.Path == "" && len(e.Fields) == 0 }

func (v *validator) resource(key, table string, e Entity) {
	if e.isBare() {
		return
	}
	switch {
	case e.Path == "":
		v.bad(key+".path", "missing")
	case strings.ContainsAny(e.Path, "?#{}") || strings.Contains(e.Path, "://"):
		v.bad(key+".path", "expected a path without host, query and braces")
	case !login.IsHeaderValue(e.Path):
		v.bad(key+".path", "has signs that no address may hold")
	}
	switch cmp.Or(e.Method, v.c.Method, http.MethodGet) {
	case http.MethodGet:
		if len(e.Body) > 0 {
			v.bad(key+".body", "a GET has none")
		}
		if e.ParamsIn == "body" {
			v.bad(key+".params_in", "a GET has no body")
		}
	case http.MethodPost:
	default:
		v.bad(key+".method", "expected GET or POST")
	}
	if !slices.Contains([]string{"", "query", "body"}, e.ParamsIn) {
		v.bad(key+".params_in", "expected query or body")
	}
	v.errs = append(v.errs, mapping.CheckPaths(key+".list_at", e.ListAt)...)
	v.body(key+".body", e.Body)
	v.paging(key+".paging", v.c.paging(e.Paging))
	v.under(key+".fields", mapping.Check(table, e.Fields))
	v.window(key+".window", e.Window)
	v.follow(key, e)
	v.keys(key+".keys", e.Keys)
	for _, rel := range slices.Sorted(maps.Keys(e.Relations)) {
		v.keys(key+".relations."+rel, e.Relations[rel])
	}
}

func (v *validator) body(key string, body map[string]any) {
	if err := checkNesting(body); err != nil {
		v.bad(key, "%s", err)
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		switch body[name].(type) {
		case nil, string, bool, int, int64, uint64, float64:
		default:
			v.bad(key+"."+name, "expected a single value: nest by dots in the name")
		}
	}
}

func (v *validator) window(key string, w Window) {
	if w == (Window{}) {
		return
	}
	if w.FromParam == "" && w.ToParam == "" {
		v.bad(key, "has neither from_param nor to_param")
	}
	if w.FromParam != "" && w.ToParam != "" && w.From >= w.To {
		v.bad(key+".from", "is not before to")
	}
	if w.Format != "" {
		if err := mapping.CheckLayout(w.Format); err != nil || w.Format == mapping.DotNet {
			v.bad(key+".format", `expected a layout such as "2006-01-02", unix or unix_ms`)
		}
	}
}

func (v *validator) follow(key string, e Entity) {
	f := e.Follow
	if e.SinceParam != "" && !hasField(e.Fields, "updatedAt") {
		v.bad(key+".since_param", "fields.updatedAt is not set: nothing would tell how far was read")
	}
	if e.SinceParam == "" {
		if f.Format != "" {
			v.bad(key+".follow.format", "is of no use without since_param")
		}
		if f.Overlap != 0 {
			v.bad(key+".follow.overlap", "is of no use without since_param")
		}
	} else if err := mapping.CheckLayout(v.c.sinceFormat(e)); err != nil || v.c.sinceFormat(e) == mapping.DotNet {
		v.bad(key+".follow.format", `expected a layout such as "2006-01-02T15:04:05", unix or unix_ms`)
	}
	if f.Overlap < 0 || f.Overlap > 24*time.Hour {
		v.bad(key+".follow.overlap", "%s is not between 0s and 24h", f.Overlap)
	}
	if f.Back < 0 {
		v.bad(key+".follow.back", "is negative")
	}
	if f.Ahead < 0 {
		v.bad(key+".follow.ahead", "is negative")
	}
	if f.Back == 0 && f.Ahead == 0 {
		return
	}
	switch {
	case e.SinceParam != "":
		v.bad(key+".follow", "back and ahead are of no use beside since_param")
	case e.Window == (Window{}):
		v.bad(key+".follow", "back and ahead need a window, of which they are a part")
	}
}

func (v *validator) keys(key string, k Keys) {
	if k == (Keys{}) {
		return
	}
	if k.Param == "" {
		v.bad(key+".param", "missing")
	}
	switch k.Style {
	case "", KeysComma, KeysRepeat, KeysBrackets:
		if k.Template != "" {
			v.bad(key+".template", "is only for the style template")
		}
	case KeysTemplate:
		if !strings.Contains(k.Template, keysMark) {
			v.bad(key+".template", "does not say where %s go", keysMark)
		}
	default:
		v.bad(key+".style", "unknown, expected comma, repeat, brackets or template")
	}
	if len(k.Quote) > 1 || strings.Trim(k.Quote, "'\"`") != "" {
		v.bad(key+".quote", "expected one quote")
	}
	if _, err := regexp.Compile(k.Pattern); err != nil {
		v.bad(key+".pattern", "not a regular expression (RE2)")
	}
	v.inRange(key+".batch", k.Batch, 0, 1000)
}

// relations checks that rows can be told apart by what they are asked by.
func (v *validator) relations(key, name string, e Entity) {
	for _, rel := range slices.Sorted(maps.Keys(e.Relations)) {
		at := key + ".relations." + rel
		if !slices.Contains(relations(), rel) {
			v.bad(at, "unknown relation%s", schema.DidYouMean(rel, relations()))
			continue
		}
		column := rel
		switch {
		case rel == "number" && name == "Product":
			column = "sku"
		case strings.HasSuffix(rel, "Number"):
			continue // a field or a link rule, see Open
		}
		if !hasField(e.Fields, column) {
			v.bad(at, "fields.%s is not set: the reply's rows could not be told apart", column)
		}
	}
}

func (v *validator) orders(key, name string, e Entity) {
	for _, column := range slices.Sorted(maps.Keys(e.Orders)) {
		at, o := key+".orders."+column, e.Orders[column]
		if !hasField(e.Fields, column) || !isSortable(name, column) {
			v.bad(at, "rows cannot be sorted by it: expected the name of a field that is a time or an amount")
		}
		if len(o.Asc) == 0 || len(o.Desc) == 0 {
			v.bad(at, "needs the parameters for both asc and desc")
		}
	}
}
