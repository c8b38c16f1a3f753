package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

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
	// Access decides what a principal may see, once for each request.
	Access func(ctx context.Context, p *policies.Principal) (*policies.Access, error)
	// Schema makes the schema of a view, and Executable what runs over one.
	Schema     func(v *policies.View) (*ast.Schema, error)
	Executable func(s *ast.Schema) graphql.ExecutableSchema
	Engine     *engine.Engine
	Auth       Authenticator
	// Quota counts calls, cost and rows against what was agreed; nil counts nothing.
	Quota Quota
	// Login says who a token is, as JSON.
	Login  func(ctx context.Context, p *policies.Principal) any
	Plan   plan.Options
	Limits guard.Limits
	// Prepare gives a request's context what its resolvers need.
	Prepare func(ctx context.Context) context.Context
	// Finish adds extensions to an answer.
	Finish  func(ctx context.Context, p *plan.Plan, r *engine.Result, took time.Duration)
	Health  Health
	Metrics http.Handler
	// Observe is told of each operation, for metrics; nil = nobody is.
	Observe func(Observation)
	// Usage is told of each operation; nil = nobody is.
	Usage Recorder
	// Answers keeps whole answers; the zero value keeps none. It needs Full.
	Answers AnswersConfig
	// Push is the door of sources that are pushed.
	Push PushConfig
	// Invalidate is the door of sources that say what has changed.
	Invalidate InvalidateConfig
	// Feed is the doors of tables.
	Feed FeedConfig
	// Full and Graph are the schema of somebody who sees everything, to tell a denied
	// name from one that does not exist, for the audit, and a record of a source from
	// what the server itself knows.
	Full    *ast.Schema
	Graph   *policies.Graph
	Log     *slog.Logger
	MaxBody int64         // bytes of a request, default 1 MiB
	Timeout time.Duration // of one operation, default 30 s
	// WriteTimeout is how long a client may keep the server waiting while it reads its
	// answer, default 1 min, and a second more for each 64 KiB of it. One that takes
	// longer, or that takes nothing for as long, is cut off.
	WriteTimeout time.Duration
	// LongAnswers is how many answers of one account may be sent while they are made, at
	// the same time, default 8. The next is LIMITED.
	LongAnswers int
	Tokens      int // lexical tokens of a document, default 10,000
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
	cfg    Config
	mux    *http.ServeMux
	views  *views
	silent *rules.Rules

	senders senders
	places  *places
	answers *answers // nil: none are kept

	feedPlaces  *places
	sums        *keptSums
	unknownBase sync.Once // guards the warning that public_url is missing
}

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
	if cfg.LongAnswers == 0 {
		cfg.LongAnswers = defaultLongAnswers
	}
	if cfg.Tokens == 0 {
		cfg.Tokens = 10_000
	}
	cfg.Push.setDefaults()
	cfg.Feed.setDefaults()
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), silent: silentRules(), places: newPlaces(cfg.LongAnswers, 0), feedPlaces: newPlaces(cfg.LongAnswers, cfg.Feed.Answers)}
	s.sums = newKeptSums(cfg.Feed.GroupBytes, cfg.Feed.Disk)
	s.views, s.answers = newViews(&s.cfg), newAnswers(&s.cfg)
	s.tryDisk()
	s.mux.HandleFunc("/graphql", s.graphql)
	s.mux.HandleFunc("GET /v1/login", s.login)
	s.mux.HandleFunc("GET /healthz", s.healthz)
	s.mux.HandleFunc("GET /readyz", s.readyz)
	if cfg.Push.Pusher != nil {
		s.mux.HandleFunc("POST /push/{source}", (&pushDoor{s, newTellings(cfg.Push.Refused)}).push)
	}
	if len(cfg.Invalidate.Secret) > 0 {
		s.mux.HandleFunc("POST /invalidate", s.invalidate)
	}
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
	if at := s.cfg.Feed.atRoot(r); !s.serveFeed(rec, at) {
		s.mux.ServeHTTP(rec, at)
	}
}
