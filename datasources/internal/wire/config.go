package wire

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Defaults of a Config.
const (
	DefaultTimeout     = 10 * time.Second
	DefaultConcurrency = 8
	DefaultMaxBody     = 32 << 20
	DefaultRetries     = 2
	DefaultRetryBudget = 0.2
)

// Config is the configuration of one source's client. Zero values take the
// defaults named. It is read-only after New.
type Config struct {
	// Source is the name in errors, logs and metrics. Required.
	Source string
	// Base is what the paths of calls are joined to. Required, http or https.
	// Its userinfo is sent as basic authentication, unless a header
	// Authorization is given.
	Base *url.URL
	// Timeout of one attempt, from the sending to the last byte of the reply,
	// default 10s. The context's deadline holds beside it.
	Timeout time.Duration
	// Concurrency is how many calls are under way at once, default 8. Further
	// callers queue within their context's deadline, or for Timeout when it has
	// none, and are served fairly by datasources.FlowOf; at most Waiting of them, and
	// a quarter of that of one flow.
	Concurrency int
	// Waiting is how many calls may queue, default 65,536: one question about hundreds
	// of customers makes hundreds of calls, and one token may ask dozens at once.
	Waiting int
	// PerMinute is the agreed number of calls a minute, 0 = none agreed. Repeated
	// attempts count. Burst is how many may go at once after a pause, default
	// PerMinute/10, at least 1.
	PerMinute int
	Burst     int
	// MaxBody is the largest reply in bytes, after decompression, default 32 MiB.
	MaxBody int64
	// Retries is how many further attempts a read gets, default 2, negative none.
	Retries int
	// RetryBudget is the share of calls that may be repeated attempts, default
	// 0.2; a few are always allowed, so that a rarely called source is retried too.
	RetryBudget float64
	// Breaker says when the source is left alone.
	Breaker BreakerConfig
	// Header is sent with each call; a call's own header of the same name
	// replaces it.
	Header http.Header
	// Transport is what carries the calls, default a transport of its own: keep
	// alive, no proxy from the environment, as many idle connections as
	// Concurrency. Redirects are never followed, whatever is set here.
	Transport http.RoundTripper
	// Jar keeps cookies, nil = none are kept.
	Jar http.CookieJar
	// Log gets a debug line for each attempt and a warning when the breaker
	// opens, nil discards.
	Log *slog.Logger
	// Observe is called after each attempt, and when a call is turned away
	// without one; nil = none. It must be quick and safe for concurrent use.
	Observe func(Observation)
	// Now is the clock of budgets, Retry-After and Status, default time.Now.
	// Timers and the breaker use the real one.
	Now func() time.Time
}

func (cfg *Config) validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("wire: "+format, args...)) }
	if cfg.Source == "" {
		fail("source: missing")
	}
	switch b := cfg.Base; {
	case b == nil:
		fail("base: missing")
	case b.Scheme != "http" && b.Scheme != "https", b.Host == "":
		fail("base: must be an http or https address")
	case b.RawQuery != "" || b.Fragment != "":
		fail("base: must have no query and no fragment")
	}
	for _, f := range []struct {
		name string
		bad  bool
	}{
		{"timeout", cfg.Timeout < 0},
		{"concurrency", cfg.Concurrency < 0},
		{"per_minute", cfg.PerMinute < 0},
		{"burst", cfg.Burst < 0},
		{"max_body", cfg.MaxBody < 0},
		{"retry_budget", cfg.RetryBudget < 0},
		{"breaker", cfg.Breaker.Calls < 0 || cfg.Breaker.Window < 0 || cfg.Breaker.Open < 0 || cfg.Breaker.Trials < 0},
	} {
		if f.bad {
			fail("%s: must not be negative", f.name)
		}
	}
	if cfg.Breaker.Ratio < 0 || cfg.Breaker.Ratio > 1 {
		fail("breaker: ratio must be between 0 and 1")
	}
	return errors.Join(errs...)
}

func (cfg *Config) setDefaults() {
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	cfg.Concurrency = cmp.Or(cfg.Concurrency, DefaultConcurrency)
	cfg.Burst = cmp.Or(cfg.Burst, max(1, cfg.PerMinute/10))
	cfg.MaxBody = cmp.Or(cfg.MaxBody, DefaultMaxBody)
	cfg.Retries = cmp.Or(cfg.Retries, DefaultRetries)
	cfg.RetryBudget = cmp.Or(cfg.RetryBudget, DefaultRetryBudget)
	cfg.Breaker.Calls = cmp.Or(cfg.Breaker.Calls, 5)
	cfg.Breaker.Ratio = cmp.Or(cfg.Breaker.Ratio, 0.5)
	cfg.Breaker.Window = cmp.Or(cfg.Breaker.Window, 10*time.Second)
	cfg.Breaker.Open = cmp.Or(cfg.Breaker.Open, 5*time.Second)
	cfg.Breaker.Trials = cmp.Or(cfg.Breaker.Trials, 1)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
}
