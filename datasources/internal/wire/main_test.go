package wire_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder keeps what Observe was told.
type recorder struct {
	mu   sync.Mutex
	seen []wire.Observation
}

func (r *recorder) observe(o wire.Observation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, o)
}

func (r *recorder) outcomes() []wire.Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []wire.Outcome
	for _, o := range r.seen {
		out = append(out, o.Outcome)
	}
	return out
}

// upstream starts a server and a client of it. A nil Observe records.
func upstream(t testing.TB, h http.HandlerFunc, cfg wire.Config) (*wire.Client, *recorder) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Base != nil {
		base.User, base.Path = cfg.Base.User, cfg.Base.Path
	}
	cfg.Base = base
	return client(t, cfg)
}

func client(t testing.TB, cfg wire.Config) (*wire.Client, *recorder) {
	t.Helper()
	rec := &recorder{}
	if cfg.Source == "" {
		cfg.Source = "helpdesk"
	}
	if cfg.Observe == nil {
		cfg.Observe = rec.observe
	}
	c, err := wire.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, rec
}

// piped is upstream inside a synctest bubble: a real server and a real
// transport, joined by pipes, on which the bubble's clock can move.
func piped(t testing.TB, h http.HandlerFunc, cfg wire.Config) (*wire.Client, *recorder) {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
	srv.Start()
	tr := &http.Transport{DialContext: l.dial, DisableCompression: true}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		srv.Close()
	})
	cfg.Base, cfg.Transport = &url.URL{Scheme: "http", Host: "desk.test"}, tr
	return client(t, cfg)
}

type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func read(name string, decode func(*wire.Reply) error) wire.Call {
	return wire.Call{Name: name, URL: "/x", Read: true, Decode: decode}
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
