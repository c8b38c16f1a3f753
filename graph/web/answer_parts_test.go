package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// depot is a library whose list comes in parts: it makes books when they are asked for.
type depot struct {
	*library
	parts atomic.Int64
	on    func(ctx context.Context, part int64) // a further part is got
}

type depotQuery struct{ *depot }

func (d *depot) Query() interface {
	Books(ctx context.Context, first *int) (*schema.Page[book], error)
} {
	return depotQuery{d}
}

func (d depotQuery) Books(ctx context.Context, first *int) (*schema.Page[book], error) {
	return d.part(&schema.Page[book]{}, plan.Part(ctx), *first), nil
}

func (d depotQuery) part(before *schema.Page[book], size, left int) *schema.Page[book] {
	n := left
	if size > 0 {
		n = min(size, left)
	}
	page := &schema.Page[book]{}
	for range n {
		page.Nodes = append(page.Nodes, &book{fmt.Sprint(left), d.title})
		left--
	}
	if left == 0 {
		before.Follow(page, nil)
		return page
	}
	before.Follow(page, func(ctx context.Context) (*schema.Page[book], error) {
		part := d.parts.Add(1)
		if d.on != nil {
			d.on(ctx, part)
		}
		return d.part(page, size, left), nil
	})
	return page
}

const depotQuestion = `{"query":"{ books(first: 50000) { nodes { id title next { id title } } pageInfo { hasNextPage } } }"}`

// depotServer serves 50,000 books with what follows each, some 200 MB, in windows of a
// hundred, and tells the usage of every answer that ended.
func depotServer(t *testing.T, d *depot) (*httptest.Server, *counted) {
	t.Helper()
	_, e, _ := engineOf(t, shelfSDL, d, engine.Options{Window: 100})
	return libraryServer(t, d.library, func(c *web.Config) {
		c.Engine, c.Plan = e, plan.Options{Relations: e.Relation}
		c.Limits.PageSize, c.WriteTimeout = 50_000, 500*time.Millisecond
		c.Auth = holders{"t": {TokenID: "t", Account: "a", Agreement: policies.Agreement{}}}
	})
}

// grown is how much the heap and the goroutines have grown since an earlier state.
type state struct {
	heap       uint64
	goroutines int
}

func now() state {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return state{m.HeapAlloc, runtime.NumGoroutine()}
}

// TestALongListHoldsNothing holds that an answer of 200 MB over 50,000 rows is made with
// some megabytes, and that who stops reading it or goes away leaves nothing behind.
func TestALongListHoldsNothing(t *testing.T) {
	title := strings.Repeat("a title of a book ", 100)
	const much = 16 << 20
	t.Run("case=read to its end", func(t *testing.T) {
		d := &depot{library: &library{title: title}}
		var most uint64
		before := now()
		d.on = func(_ context.Context, part int64) {
			if part%50 == 0 {
				most = max(most, now().heap)
			}
		}
		srv, _ := depotServer(t, d)
		resp := askDepot(t.Context(), t, srv)
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil || n < 150<<20 || d.parts.Load() != 499 {
			t.Fatalf("%d bytes in %d parts: %v", n, d.parts.Load()+1, err)
		}
		if most == 0 || most > before.heap+much {
			t.Errorf("%d MB were held", (most-before.heap)>>20)
		}
	})
	t.Run("case=gone", func(t *testing.T) {
		d := &depot{library: &library{title: title}}
		ctx, cancel := context.WithCancel(t.Context())
		d.on = func(ctx context.Context, part int64) {
			if part == 30 {
				cancel()
				<-ctx.Done() // the server has seen it
			}
		}
		srv, u := depotServer(t, d)
		before := now()
		resp := askDepot(ctx, t, srv)
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		left(t, srv, u, before, much)
		if d.parts.Load() > 31 {
			t.Errorf("%d parts were got", d.parts.Load())
		}
	})
	t.Run("case=stops to read", func(t *testing.T) {
		d := &depot{library: &library{title: title}}
		srv, u := depotServer(t, d)
		before := now()
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(depotQuestion), depotQuestion)
		if _, err := bufio.NewReaderSize(conn, 16).ReadByte(); err != nil {
			t.Fatal(err)
		}
		left(t, srv, u, before, much)
		if n := d.parts.Load(); n > 60 { // what lies in the sockets, and two windows
			t.Errorf("%d parts were got", n)
		}
	})
}

func askDepot(ctx context.Context, t *testing.T, srv *httptest.Server) *http.Response {
	t.Helper()
	return post(ctx, t, srv, "t", "identity", depotQuestion)
}

// left waits for the server and holds that nothing of an answer is left.
func left(t *testing.T, srv *httptest.Server, u *counted, before state, much uint64) {
	t.Helper()
	srv.Client().CloseIdleConnections()
	srv.Config.SetKeepAlivesEnabled(false)
	srv.Close() // waits for the handler
	after := now()
	if after.heap > before.heap+much/4 || after.goroutines > before.goroutines {
		t.Errorf("%d MB and %d goroutines became %d and %d", before.heap>>20, before.goroutines, after.heap>>20, after.goroutines)
	}
	if told := u.told.Load(); told == nil || told.Answer != 0 {
		t.Errorf("the usage was told %+v", told)
	}
}
