package creatio

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Server is a fake Creatio. It is safe for concurrent use.
type Server struct {
	opts   Options
	base   string // of OData, with both slashes
	world  *world.World
	names  []string // of the entity sets, in order
	hidden map[string]bool

	editing sync.Mutex // one edit at a time
	now     atomic.Pointer[state]

	metadata func() []byte

	mu       sync.Mutex // guards sessions and tokens
	sessions map[string]session
	tokens   map[string]time.Time
}

// New returns a Creatio that knows the customers of the world.
func New(w *world.World, opts Options) *Server {
	s := &Server{opts: opts.withDefaults(), world: w, base: "/0/odata/", hidden: map[string]bool{}, sessions: map[string]session{}, tokens: map[string]time.Time{}}
	if opts.Core {
		s.base = "/odata/"
	}
	for _, name := range opts.Hidden {
		s.hidden[name] = true
	}
	var tables map[string]*odatafake.Table
	tables, s.names = build(w, s.opts, nil)
	s.now.Store(&state{tables: tables})
	s.metadata = sync.OnceValue(func() []byte { return printMetadata(tables, s.names) })
	return s
}

var _ http.Handler = (*Server)(nil)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := s.serve(w, r)
	h := w.Header()
	for k, v := range out.header {
		h.Set(k, v)
	}
	h.Set("Content-Type", out.contentType)
	w.WriteHeader(out.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.body) // the client is gone; nobody is left to tell
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) reply {
	// IIS counts before anybody reads: sub-status 404.15.
	if s.opts.QueryLimit > 0 && len(r.URL.RawQuery) > s.opts.QueryLimit {
		return notFoundPage()
	}
	path := r.URL.Path
	switch {
	case path == "/ServiceModel/AuthService.svc/Login":
		return s.login(w, r)
	case path == s.opts.TokenPath && s.opts.ClientID != "":
		return s.token(r)
	case strings.HasSuffix(path, "/connect/token"):
		// The application host is no identity service: it shows its login page.
		return loginPage()
	case strings.HasPrefix(path, loginPath):
		return loginPage()
	case !strings.HasPrefix(path, s.base):
		return notFoundPage()
	}
	if out, ok := s.authorize(r); !ok {
		return out
	}
	rest := strings.TrimPrefix(path, s.base)
	if rest == "$batch" {
		return s.batch(r)
	}
	q := query{base: origin(r) + s.base, accept: r.Header.Get("Accept")}
	return s.resource(r.Method, rest, r.URL.RawQuery, q)
}

// origin returns scheme and host as the client wrote them.
func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host}).String()
}
