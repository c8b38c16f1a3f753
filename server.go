// Trama puts one GraphQL schema in front of the systems a company keeps its
// tickets, customers, orders and books in. This file builds the parts and runs
// them: it is the only place that knows everybody. The commands stand beside it
// in cmd_*.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata" // zones of sources, where the system has no database of them

	"github.com/99designs/gqlgen/graphql"
	"github.com/redis/go-redis/v9"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/budget"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/datasources/watch"
	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset/library"
	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/scalar"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/resolvers"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	redis.SetLogger(silence{})   // what fails is said in the log, once
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// silence is a logger of a library that has nothing to say.
type silence struct{}

// Printf drops the line.
func (silence) Printf(context.Context, string, ...any) {}

// app is the running product: what build made out of a configuration.
type app struct {
	cfg       config
	log       *slog.Logger
	store     *store.Store
	tokens    *tokens.Service
	graph     *policies.Graph // the fields policies speak of
	policies  *policies.Engine
	masker    *policies.Masker
	quota     *quota.Limiter
	usage     *usage.Recorder
	sources   []*datasources.Connected
	copies    []*copies.Copy               // of those that are copied
	pushed    map[string]*copies.Pushed    // of those that send their records
	paced     map[string]datasources.Paced // of those that are called
	catalog   *datasources.Catalog
	directory *directory.Directory
	cache     *cache.Cache
	redis     *redis.Client
	loaders   *loaders.Config
	web       *web.Server
	metrics   *metrics
	watcher   *watch.Watcher
	budget    *budget.Shared // nil with one instance
	library   *library.Library
	listings  *listings // of the library, for each view
	closing   chan struct{}
	kept      *keptApart // of trama check, else nil

	closers []func() error // in the order they were opened
}

// build makes the parts. No source is called: one that cannot be reached does not
// keep the others from starting. env is "live" or "test" and is part of every
// token.
func build(ctx context.Context, cfg config, env string, log *slog.Logger) (_ *app, err error) {
	a := &app{cfg: cfg, log: log, metrics: newMetrics(), closing: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.store, err = store.Open(ctx, cfg.Store.URL, store.Deps{Log: log}); err != nil {
		return nil, err
	}
	a.onClose(a.store.Close)
	if err := a.store.Lock(); err != nil {
		return nil, err
	}
	key, err := a.store.ServerKey(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.openPolicies(ctx, key, env); err != nil {
		return nil, err
	}
	if err := a.openCache(); err != nil {
		return nil, err
	}
	a.openUsage()
	if err := a.openSources(ctx); err != nil {
		return nil, err
	}
	if err := a.openDirectory(ctx); err != nil {
		return nil, err
	}
	a.openBudget()
	if err := a.openWatch(); err != nil {
		return nil, err
	}
	if err := a.openLibrary(ctx); err != nil {
		return nil, err
	}
	return a, a.openDoors(key)
}

// buildQuiet makes what is needed to look at the directory and decide: beside a
// running server, too.
func buildQuiet(ctx context.Context, cfg config, log *slog.Logger) (_ *app, err error) {
	a := &app{cfg: cfg, log: log, metrics: newMetrics(), closing: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.store, err = store.Open(ctx, cfg.Store.URL, store.Deps{Log: log}); err != nil {
		return nil, err
	}
	a.onClose(a.store.Close)
	if err := a.openCache(); err != nil {
		return nil, err
	}
	if err := a.openSources(ctx); err != nil {
		return nil, err
	}
	return a, a.openDirectory(ctx)
}

func (a *app) onClose(f func() error) { a.closers = append(a.closers, f) }

// close ends the parts, the last opened first.
func (a *app) close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// openPolicies opens what decides who may see what, and who gets in.
func (a *app) openPolicies(ctx context.Context, key []byte, env string) error {
	var err error
	if a.graph, err = graphOf(); err != nil {
		return err
	}
	a.masker = policies.NewMasker(key)
	a.tokens = tokens.New(a.store, key, env, time.Now,
		append(grants(func() *policies.Engine { return a.policies }), tokens.WithLog(a.log), tokens.WithSources(a.cfg.pushedNames))...)
	a.policies, err = policies.Open(ctx, policies.Options{
		Graph: a.graph, Shipped: packages.FS, Dir: a.cfg.policyDir(), Scopes: a.cfg.Scope, Log: a.log, Audit: a.observed,
	})
	if err != nil {
		return fmt.Errorf("read the policies: %w", err)
	}
	a.metrics.policies(a.policies)
	return nil
}

// openUsage opens what counts, and what limits by it.
func (a *app) openUsage() {
	a.usage = usage.New(usage.Config{Store: a.store, Log: a.log, Schema: graph.Public(), Audit: a.audited})
	a.quota = quota.New(quota.Config{Redis: a.redis, Instances: a.cfg.Instances, Log: a.log, Rows: a.usage.RowsToday})
	a.onClose(a.quota.Close)
	a.metrics.quota(a.quota)
}

func (a *app) openCache() error {
	if a.cfg.Redis.URL != "" {
		o, err := redis.ParseURL(a.cfg.Redis.URL)
		if err != nil {
			return errors.New("redis.url: want redis://HOST:PORT/DB") // the cause may show a password
		}
		// A Redis that is away may cost milliseconds, not seconds.
		o.MaxRetries, o.DialerRetries = -1, 1
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout = 150*time.Millisecond, 150*time.Millisecond, 150*time.Millisecond
		a.redis = redis.NewClient(o)
		a.onClose(a.redis.Close)
	}
	c, err := cache.New(cache.Config{
		TTL: a.cfg.Cache.TTL, Absent: a.cfg.Cache.Absent, Hard: a.cfg.Cache.Hard, StaleIfError: a.cfg.Cache.StaleIfError,
		Bytes: a.cfg.Cache.Bytes, Rows: a.cfg.Cache.Rows, Redis: a.redis, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.cache = c
	a.metrics.cache(c)
	a.onClose(c.Close)
	return nil
}

func (a *app) openDirectory(ctx context.Context) error {
	d, err := directory.Open(ctx, a.directoryConfig(), a.store, directory.Deps{Log: a.log, Runner: a.elected})
	if err != nil {
		return err
	}
	a.directory = d
	a.onClose(func() error { return d.Close(context.Background()) })
	return nil
}

// directoryConfig is the directory's part of the configuration, with what is known
// of the sources since they are open.
func (a *app) directoryConfig() directory.Config {
	c := a.cfg.directory()
	for i := range c.Sources {
		if s := a.catalog.Source(c.Sources[i].Name); s != nil {
			_, c.Sources[i].Indexed = indexer(s.Source)
		}
	}
	assumeCustomerKeys(c.Sources)
	return c
}

// assumeCustomerKeys completes sources that list no customers and do not say
// whose key they use: it is the human code of the first CRM, else of the first
// source that lists customers, as people type what they can read.
func assumeCustomerKeys(sources []directory.SourceConfig) {
	first := ""
	for _, s := range sources {
		if s.Indexed && (first == "" || s.Kind == "creatio") {
			first = s.Name
			if s.Kind == "creatio" {
				break
			}
		}
	}
	for i := range sources {
		if s := &sources[i]; !s.Indexed && s.AssumedFrom == "" && first != "" {
			s.AssumedFrom = first + ".code"
		}
	}
}

// people is the directory as the loaders ask it.
type people struct{ *directory.Directory }

// ByTaxID returns the customers with a fiscal number.
func (p people) ByTaxID(ctx context.Context, taxID string) ([]string, error) {
	return p.Find(ctx, directory.By{TaxID: taxID})
}

// ByEmail returns the customers with an e-mail address.
func (p people) ByEmail(ctx context.Context, email string) ([]string, error) {
	return p.Find(ctx, directory.By{Email: email})
}

func (a *app) openDoors(key []byte) error {
	sealer, err := seal.New(key)
	if err != nil {
		return err
	}
	a.loaders = &loaders.Config{
		Catalog: a.catalog, Directory: people{a.directory}, Seal: sealer, Links: &loaders.LinkStats{},
		DefaultPage: a.cfg.Limits.DefaultPage, MaxPage: a.cfg.Limits.PageSize, LinkBound: a.cfg.Limits.LinkBound,
		Columns: plan.Columns, Total: plan.Total, Window: plan.Window, Part: plan.Part, Whole: plan.Whole, Narrow: plan.Narrow, Batches: a.metrics.batch, Spare: &loaders.Spare{}, Log: a.log,
	}
	if a.loaders.Implied, err = a.cfg.implied(); err != nil {
		return err
	}
	root := &resolvers.Resolver{Operations: operations{a}, Administration: administration{a}, Stewardship: stewardship{a}, Library: librarian{a}}
	a.metrics.registry.MustRegister(newSourcesCollector(operations{a}.all))
	executable := func(s *ast.Schema) graphql.ExecutableSchema {
		return graph.NewExecutableSchema(graph.Config{Resolvers: root, Schema: s})
	}
	eng, err := newEngine(executable(graph.Public()), root, a.log)
	if err != nil {
		return err
	}
	a.web = web.New(web.Config{
		Access: a.access, Schema: graph.For, Executable: executable, Engine: eng, Auth: a.tokens, Quota: a.quota, Login: a.login,
		Answers:    web.AnswersConfig{Bytes: a.cfg.Cache.Answers, Validity: validity{a.cache, a.directory}},
		Push:       web.PushConfig{Pusher: pusher{a}, Refused: a.pushRefused},
		Invalidate: web.InvalidateConfig{Secret: []byte(a.cfg.Cache.InvalidateSecret), Forget: a.invalidated},
		Feed:       a.feed(sealer),
		Health:     health{a}, Metrics: a.metrics.handler(), Observe: a.metrics.operation, Usage: a.usage, Full: graph.Public(), Graph: a.graph,
		Plan: plan.Options{
			PageSize: a.cfg.Limits.DefaultPage, Relations: eng.Relation, Prices: prices{a.catalog}, Reads: guard.Reads(a.graph), Sensitive: graph.Sensitive(),
		},
		Limits: guard.Limits{
			Depth: a.cfg.Limits.Depth, Aliases: a.cfg.Limits.Aliases, RootFields: a.cfg.Limits.RootFields,
			PageSize: a.cfg.Limits.PageSize, Nodes: guard.DefaultLimits.Nodes, Cost: a.cfg.Limits.Cost,
			Tokens: a.cfg.Limits.Tokens, Time: a.cfg.Limits.Timeout,
		},
		Prepare: func(ctx context.Context) context.Context {
			p := policies.From(ctx)
			return loaders.With(datasources.WithFlow(ctx, p.TokenID), loaders.New(a.loadersFor(p)))
		},
		Finish: extend,
		Log:    a.log, MaxBody: a.cfg.Limits.Body, Timeout: a.cfg.Limits.Timeout, Tokens: a.cfg.Limits.Tokens,
	})
	a.metrics.answers(a.web)
	return nil
}

// forget lets go of the rows of a window of a long answer that was written.
func forget(ctx context.Context, window int) { loaders.From(ctx).Forget(window) }

// firstWindow is how many rows of a long answer are joined before its first byte.
const firstWindow = 125

func newEngine(es graphql.ExecutableSchema, root graph.ResolverRoot, log *slog.Logger) (*engine.Engine, error) {
	return engine.New(es, root, engine.Options{Log: log, Present: present(log), Row: dressed, Matcher: fulfils, Ahead: resolvers.Ahead(), Forget: forget, FirstWindow: firstWindow, Scalars: map[string]engine.Scalar{
		"String":   engine.Text(scalar.MarshalText, scalar.UnmarshalText),
		"Currency": engine.Text(scalar.MarshalText, scalar.UnmarshalText),
		"Decimal":  engine.ScalarOf(scalar.MarshalDecimal, scalar.UnmarshalDecimal, scalar.AppendDecimal).NeverNull(),
		"DateTime": engine.ScalarOf(scalar.MarshalDateTime, scalar.UnmarshalDateTime, scalar.AppendDateTime),
	}})
}

// run keeps the directory fresh and serves until ctx ends, then lets running
// requests finish.
func (a *app) run(ctx context.Context, ready func(addr net.Addr)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := a.directory.Run(work, a.whenFilled(a.indexers())); err != nil && work.Err() == nil {
			a.log.ErrorContext(work, "keeping the directory failed", "err", err)
		}
	})
	for _, c := range a.copies {
		wait.Go(func() {
			if err := c.Run(work); err != nil && work.Err() == nil {
				a.log.ErrorContext(work, "keeping a copy failed", "source", c.Describe().Name, "err", err)
			}
		})
	}
	for _, p := range a.pushed {
		wait.Go(func() { a.keep(work, "keeping what was pushed", p.Run) })
	}
	for _, s := range a.sources {
		wait.Go(func() { a.probe(work, s) })
	}
	wait.Go(func() { a.followInstances(work) })
	wait.Go(func() { a.keep(work, "watching the segments", a.runWatch) })
	if a.budget != nil {
		wait.Go(func() { a.keep(work, "sharing the sources' rates", a.budget.Run) })
	}
	wait.Go(func() { a.policies.Watch(work, a.cfg.Policies.Every) })
	wait.Go(func() { a.reloadOnSignal(work) })
	wait.Go(func() { a.keep(work, "noting the use of tokens", a.tokens.Run) })
	wait.Go(func() { a.keep(work, "keeping the usage", a.usage.Run) })
	srv := &http.Server{
		Handler: a.web, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	wait.Go(func() { failed <- srv.Serve(listener) })
	a.log.InfoContext(ctx, "started", "listen", listener.Addr().String(), "sources", len(a.sources))
	if ready != nil {
		ready(listener.Addr())
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
		close(a.closing)
		err = shutdown(srv)
		a.log.Info("stopped") //nolint:sloglint // the context has ended
	}
	cancel()
	wait.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// maxHeader is the longest address with all headers: that of a table with a long filter,
// 200,000 bytes (odata.Limits), and room for what proxies add.
const maxHeader = 256 << 10

// grace is how long running requests may take to finish.
const grace = 15 * time.Second

func shutdown(srv *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("requests that were still running after %s were broken off", grace)
	}
	if err != nil {
		return errors.Join(err, srv.Close())
	}
	return nil
}

// probe asks a source what it can do, for the log. It may fail: the connector
// probes again before its first use.
func (a *app) probe(ctx context.Context, s *datasources.Connected) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	findings, err := s.Probe(ctx)
	if err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "source did not answer at the start", "source", s.Name, "code", schema.CodeOf(err), "err", cause(err))
	}
	for _, f := range findings {
		if f.Level != datasources.OK {
			a.log.WarnContext(ctx, "probed source", "source", s.Name, "subject", a.cfg.masked(f.Subject), "result", a.cfg.masked(f.Result))
		}
	}
}

func (a *app) indexers() map[string]datasources.CustomerIndexer {
	list := map[string]datasources.CustomerIndexer{}
	for _, s := range a.sources {
		if ix, ok := indexer(s.Source); ok {
			list[s.Name] = ix
		}
	}
	return list
}

// cause is an error with what lies under its client's message, for the log.
func cause(err error) string {
	var e *schema.Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return err.Error()
}
