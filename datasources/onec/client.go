package onec

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// maxMetadata bounds $metadata: four times the largest that was measured.
const maxMetadata = 64 << 20

// client speaks the protocol; what is asked and what the answer means for the
// graph is decided elsewhere.
type client struct {
	wire *wire.Client
	cfg  *Config
	// longest is how long an encoded query may be. It only shrinks, when the web
	// server refuses a shorter one than was configured.
	longest atomic.Int64
	// lockedOut is when the login was refused, nil when the last call was let in.
	lockedOut atomic.Pointer[time.Time]
	now       func() time.Time
	// clock is what the web server last said the time was, nil = it did not.
	clock atomic.Pointer[time.Time]
	// changed is called when a property is missing that $metadata had.
	changed func()
}

func newClient(cfg *Config, deps *Deps) (*client, error) {
	base, err := cfg.base()
	if err != nil {
		return nil, err
	}
	login := base64.StdEncoding.EncodeToString([]byte(cfg.User + ":" + cfg.Password))
	w, err := wire.New(wire.Config{
		Source:      cfg.Name,
		Base:        base,
		Timeout:     cfg.Timeout,
		Concurrency: cfg.Concurrency,
		PerMinute:   cfg.Rate.PerMinute,
		Burst:       cfg.Rate.Burst,
		Header:      http.Header{"Authorization": {"Basic " + login}},
		Transport:   deps.Transport,
		Log:         deps.Log,
		Observe:     deps.Observe,
		Now:         deps.Now,
	})
	if err != nil {
		return nil, err
	}
	c := &client{wire: w, cfg: cfg, now: deps.Now, changed: func() {}}
	c.longest.Store(int64(cfg.MaxQuery))
	return c, nil
}

// request is one read of a set.
type request struct {
	name   string // for logs: a constant
	set    string
	cols   []string
	filter string // plain text, "" = all
	order  string
	top    int
	skip   int
}

// query returns the encoded query.
func (q request) query(allowedOnly bool) string {
	var b strings.Builder
	b.WriteString("$format=json")
	add := func(name, value string) {
		if value != "" {
			b.WriteString("&" + name + "=" + wire.QueryEscape20(value))
		}
	}
	// Always explicit: a wide table may fail otherwise (1C OData facts, §3).
	add("$select", strings.Join(q.cols, ","))
	add("$filter", q.filter)
	add("$orderby", q.order)
	if q.top > 0 {
		add("$top", strconv.Itoa(q.top))
	}
	if q.skip > 0 {
		add("$skip", strconv.Itoa(q.skip))
	}
	if allowedOnly {
		b.WriteString("&allowedOnly=true")
	}
	return b.String()
}

// rows reads one reply. check judges the rows while the reply can still be
// refused as a whole; nil accepts all.
func (c *client) rows(ctx context.Context, q request, check func([]row) error) ([]row, error) {
	cols := newColumns(q.cols...)
	var rows []row
	err := c.do(ctx, wire.Call{
		Name:   q.name,
		URL:    wire.QueryEscape20(q.set) + "?" + q.query(c.cfg.AllowedOnly),
		Header: http.Header{"Accept": {"application/json;odata=nometadata"}},
		Read:   true,
		Accept: []string{"application/json"},
	}, func(body []byte) error {
		var err error
		if rows, err = decodeRows(body, cols); err != nil {
			return err
		}
		if q.top > 0 && len(rows) > q.top {
			return foreign()
		}
		if check != nil {
			return check(rows)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// count asks how many rows match. The reply is a bare number behind a byte order
// mark, which wire removes (1C OData facts, §1).
func (c *client) count(ctx context.Context, set, filter string) (int, error) {
	q := ""
	if filter != "" {
		q = "?$filter=" + wire.QueryEscape20(filter)
	}
	if c.cfg.AllowedOnly {
		q += map[bool]string{true: "?", false: "&"}[q == ""] + "allowedOnly=true"
	}
	n := 0
	err := c.do(ctx, wire.Call{
		Name:   "$count",
		URL:    wire.QueryEscape20(set) + "/$count" + q,
		Header: http.Header{"Accept": {"text/plain, */*"}},
		Read:   true,
	}, func(body []byte) error {
		text := strings.TrimSpace(string(bytes.TrimPrefix(body, []byte("\ufeff"))))
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 0 {
			return errors.New("count is not a number")
		}
		return nil
	})
	return n, err
}

// service reads the names of all published sets, about 100 KB.
func (c *client) service(ctx context.Context) ([]string, error) {
	var names []string
	err := c.do(ctx, wire.Call{
		Name:   "service",
		URL:    "?$format=json",
		Header: http.Header{"Accept": {"application/json;odata=nometadata"}},
		Read:   true,
		Accept: []string{"application/json"},
	}, func(body []byte) error {
		var err error
		names, err = decodeService(body)
		return err
	})
	return names, err
}

// metadata reads the properties of the wanted sets.
func (c *client) metadata(ctx context.Context, wanted map[string]bool) (map[string]properties, error) {
	var found map[string]properties
	err := c.do(ctx, wire.Call{
		Name:    "$metadata",
		URL:     "$metadata",
		Header:  http.Header{"Accept": {"application/xml, */*"}},
		Read:    true,
		Timeout: c.cfg.MetadataTimeout,
		MaxBody: maxMetadata,
	}, func(body []byte) error {
		var err error
		found, err = decodeMetadata(bytes.NewReader(body), wanted)
		return err
	})
	return found, err
}

func (c *client) do(ctx context.Context, call wire.Call, decode func(body []byte) error) error {
	call.Decode = func(r *wire.Reply) error {
		if at, err := http.ParseTime(r.Header.Get("Date")); err == nil {
			c.clock.Store(&at)
		}
		if err := verdict(c.cfg.Name, r); err != nil {
			return err
		}
		if err := decode(r.Body); err != nil {
			return wire.Invalid(err)
		}
		return nil
	}
	err := c.wire.Do(ctx, call)
	switch {
	case errors.Is(err, errProperty):
		c.changed()
	case errors.Is(err, errLogin):
		now := c.now()
		c.lockedOut.Store(&now)
	case err == nil:
		c.lockedOut.Store(nil)
	}
	return err
}

// time is the base's, as its web server last told it; ours where it does not tell.
func (c *client) time() time.Time {
	if at := c.clock.Load(); at != nil {
		return *at
	}
	return c.now()
}

// shrink remembers that a query of n bytes was too long, and how many fit now.
func (c *client) shrink(n int) {
	for {
		old := c.longest.Load()
		if int64(n) >= old || c.longest.CompareAndSwap(old, int64(n)) {
			return
		}
	}
}

// discard is the logger of a source that was given none.
func discard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// asError makes sure that whatever leaves has a code and the source's name.
func asError(source string, err error) error {
	if err == nil {
		return nil
	}
	var e *schema.Error
	if errors.As(err, &e) && e.Source != "" {
		return err
	}
	return schema.SourceErrorf(schema.SourceInvalid, source, "%s gave an answer that could not be read", source).Because(err)
}
