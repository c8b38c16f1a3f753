package odata

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources/internal/login"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// client speaks the protocol; what is asked and what the answer means for the
// graph is decided elsewhere.
type client struct {
	cfg   *Config
	base  *url.URL
	wire  *wire.Client
	auth  *login.Auth
	usage *usage
	// limit is how long an address may be. It only shrinks, when a shorter one than
	// was configured is refused.
	limit atomic.Int64
	// clock is what the web server last said the time was, nil = it did not.
	clock atomic.Pointer[time.Time]
	now   func() time.Time
}

// time is the service's, as its web server last told it; ours where it does not
// tell.
func (c *client) time() time.Time {
	if at := c.clock.Load(); at != nil {
		return *at
	}
	return c.now()
}

// longest is how long an address may be.
func (c *client) longest() int { return int(c.limit.Load()) }

// shorten takes down that an address of n bytes was too long.
func (c *client) shorten(n int) {
	for {
		old := c.limit.Load()
		to := max(minURL, int64(n)/2) // what is asked next is half as long
		if to >= old || c.limit.CompareAndSwap(old, to) {
			return
		}
	}
}

func newClient(cfg *Config, deps *Deps) (*client, error) {
	base, err := cfg.base()
	if err != nil {
		return nil, err
	}
	c := &client{cfg: cfg, base: base, now: deps.Now, usage: newUsage(cfg.Rate.PerMinute, cfg.location(), deps.Now)}
	c.limit.Store(int64(cfg.MaxURL))
	c.wire, err = wire.New(wire.Config{
		Source:      cfg.Name,
		Base:        base,
		Timeout:     cfg.Timeout,
		Concurrency: cfg.Concurrency,
		PerMinute:   cfg.Rate.PerMinute,
		Burst:       cfg.Rate.Burst,
		MaxBody:     cfg.MaxBody,
		Retries:     cfg.Retries,
		Header:      cfg.header(),
		Transport:   deps.Transport,
		Log:         deps.Log,
		Observe:     c.usage.observe(deps.Observe),
		Now:         deps.Now,
	})
	if err != nil {
		return nil, err
	}
	c.auth, err = login.New(cfg.Auth, cfg.Name, c.wire, deps.Now)
	return c, err
}

// protocol are the headers of a version. A server that speaks several answers in
// the one that is named.
func protocol(v version, size int) http.Header {
	switch v {
	case v4:
		h := http.Header{"Accept": {"application/json;odata.metadata=minimal"}, "Odata-Maxversion": {"4.01"}}
		if size > 0 {
			h.Set("Prefer", "odata.maxpagesize="+strconv.Itoa(size))
		}
		return h
	case v3:
		return http.Header{"Accept": {"application/json;odata=minimalmetadata"}, "Maxdataserviceversion": {"3.0"}}
	}
	return http.Header{"Accept": {"application/json"}, "Maxdataserviceversion": {"2.0"}}
}

// read makes one read, or follows what a server calls the next page of it, unless
// link is "". judge sees the page while the reply can still be refused as a whole.
// The caller frees the page.
func (c *client) read(ctx context.Context, v version, q request, link string, judge func(page) error) (page, error) {
	if link != "" {
		return c.get(ctx, v, q, link, true, judge)
	}
	return c.get(ctx, v, q, q.address(v), !q.isTrial, judge)
}

func (c *client) get(ctx context.Context, v version, q request, address string, mayRepeat bool, judge func(page) error) (page, error) {
	name := q.name
	var got page
	err := c.call(ctx, login.Call{Call: wire.Call{
		Name: name, URL: address, Header: protocol(v, c.cfg.Page), Read: mayRepeat,
		Decode: func(r *wire.Reply) error {
			if at, err := http.ParseTime(r.Header.Get("Date")); err == nil {
				c.clock.Store(&at)
			}
			if err := verdict(r, c.cfg.Name, name); err != nil {
				return err
			}
			if t := wire.ContentType(r.Header); strings.HasSuffix(t, "xml") {
				return wire.Invalid(errAtom)
			}
			p, err := decodePage(r.Body, q.shape)
			if err != nil {
				return err
			}
			if p.next != "" {
				if p.next, err = c.link(r.URL, p.next); err != nil {
					return wire.Invalid(err)
				}
			}
			if err := judge(p); err != nil {
				return err
			}
			got = p
			return nil
		},
	}})
	return got, err
}

// call adds what holds for all calls.
func (c *client) call(ctx context.Context, call login.Call) error {
	name := call.Name
	call.Denied = func(status int) error {
		if status != http.StatusForbidden {
			return nil
		}
		return wire.Refused(schema.SourceErrorf(schema.Forbidden, c.cfg.Name, "%s does not let this account read %s", c.cfg.Name, name).
			Because(fmt.Errorf("status %d", status)))
	}
	return asError(c.cfg.Name, c.auth.Do(ctx, call))
}

// count asks for the number of rows that match. Some servers put a byte order
// mark before it, which wire removes.
func (c *client) count(ctx context.Context, v version, q request) (int, error) {
	n := 0
	h := protocol(v, 0)
	h.Set("Accept", "text/plain, */*")
	err := c.call(ctx, login.Call{Call: wire.Call{
		Name: q.name, URL: q.counting(), Header: h, Read: true,
		Decode: func(r *wire.Reply) error {
			if err := verdict(r, c.cfg.Name, q.name); err != nil {
				return err
			}
			var err error
			if n, err = strconv.Atoi(strings.TrimSpace(string(r.Body))); err != nil || n < 0 {
				return wire.Invalid(errors.New("odata: the count is no number"))
			}
			return nil
		},
	}})
	return n, err
}

// link makes the path and query below the service root of a link to the next
// page, which is relative to what was asked. It may not lead to another host or
// out of the service: what follows would be asked with our credentials. Servers
// behind a proxy that ends TLS write http for https; the configured scheme and
// port are used.
func (c *client) link(asked *url.URL, next string) (string, error) {
	u, err := url.Parse(next)
	if err != nil || len(next) > maxLink {
		return "", errLink
	}
	if u = asked.ResolveReference(u); !strings.EqualFold(u.Hostname(), c.base.Hostname()) || u.User != nil {
		return "", errLink
	}
	path, ok := strings.CutPrefix(u.EscapedPath(), c.base.EscapedPath())
	if !ok || slices.Contains(strings.Split(u.Path, "/"), "..") { // decoded: a server may resolve it
		return "", errLink
	}
	query := u.RawQuery
	if c.cfg.Auth.Kind == login.Query {
		// It repeats what was asked, the key among it, which every call gets anew.
		var kept []string
		for part := range strings.SplitSeq(query, "&") {
			if name, _, _ := strings.Cut(part, "="); name != url.QueryEscape(c.cfg.Auth.Name) {
				kept = append(kept, part)
			}
		}
		query = strings.Join(kept, "&")
	}
	if query != "" {
		path += "?" + query
	}
	return path, nil
}

// maxLink bounds a link to the next page.
const maxLink = 16 << 10

// metadata reads $metadata, and the version its headers tell.
func (c *client) metadata(ctx context.Context) (*model, error) {
	var m *model
	err := c.call(ctx, login.Call{Call: wire.Call{
		Name: "$metadata", URL: "$metadata", Header: http.Header{"Accept": {"application/xml, text/xml, */*"}},
		Read: true, Timeout: c.cfg.MetadataTimeout, MaxBody: maxMetadata,
		Decode: func(r *wire.Reply) error {
			if err := verdict(r, c.cfg.Name, "$metadata"); err != nil {
				return err
			}
			var err error
			if m, err = parseMetadata(r.Body); err != nil {
				return wire.Invalid(err)
			}
			if m.version == 0 {
				m.version = versionOf(r.Header.Get("DataServiceVersion"))
			}
			if text := r.Header.Get("OData-Version"); m.version == 0 {
				m.version = versionOf(text)
			}
			return nil
		},
	}})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// discard is a log nobody reads, for callers who have none.
func discard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// location is the configured zone; the config was validated.
func (c *Config) location() *time.Location {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}
