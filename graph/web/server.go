package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
)

// Authenticator lets tokens in.
type Authenticator interface {
	// Verify returns who a token is, or UNAUTHENTICATED or FORBIDDEN.
	Verify(ctx context.Context, token string, from netip.Addr) (*policies.Principal, error)
}

// Config is what the doors are made of.
type Config struct {
	Schema graphql.ExecutableSchema
	Engine *engine.Engine
	Auth   Authenticator
	Plan   plan.Options
	Limits guard.Limits
	// Prepare gives a request's context what its resolvers need.
	Prepare func(ctx context.Context) context.Context
	// Finish adds extensions to an answer.
	Finish  func(ctx context.Context, p *plan.Plan, r *engine.Result)
	Health  Health
	Metrics http.Handler
	// Observe is told of each operation, for metrics; nil = nobody is.
	Observe func(Observation)
	Log     *slog.Logger
	MaxBody int64         // bytes of a request, default 1 MiB
	Timeout time.Duration // of one operation, default 30 s
	// WriteTimeout is how long a client may take to read its answer, default 1 min.
	WriteTimeout time.Duration
	Tokens       int // lexical tokens of a document, default 10,000
}

// Observation is one answered operation.
type Observation struct {
	Operation string // its name; "" when it has none
	Status    int
	Took      time.Duration
	Errors    int
	Codes     []string
}

// Server is the handler of all doors.
type Server struct {
	cfg  Config
	mux  *http.ServeMux
	docs *lru.LRU[*ast.QueryDocument]
}

// documents is how many parsed documents are kept, and keptDocument how long one
// may be: together they bound what strange clients can make us remember.
const (
	documents    = 1000
	keptDocument = 16 << 10
)

// New makes the doors.
func New(cfg Config) *Server {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.WriteTimeout == 0 {
		cfg.WriteTimeout = time.Minute
	}
	if cfg.Tokens == 0 {
		cfg.Tokens = 10_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), docs: lru.New[*ast.QueryDocument](documents)}
	s.mux.HandleFunc("/graphql", s.graphql)
	s.mux.HandleFunc("GET /healthz", s.healthz)
	s.mux.HandleFunc("GET /readyz", s.readyz)
	if cfg.Metrics != nil {
		s.mux.Handle("GET /metrics", cfg.Metrics)
	}
	s.mux.HandleFunc("GET /{$}", s.home)
	return s
}

// ServeHTTP logs each request and opens the door it asks for.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := &recorder{ResponseWriter: w, entry: &entry{}}
	r = r.WithContext(context.WithValue(r.Context(), entryKey{}, rec.entry))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	defer s.finish(rec, r, start)
	s.mux.ServeHTTP(rec, r)
}
