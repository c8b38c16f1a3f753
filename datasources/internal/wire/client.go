package wire

import (
	"cmp"
	"context"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Client calls one source. It is safe for concurrent use.
type Client struct {
	cfg     Config
	base    string // without userinfo and trailing slash
	headers http.Header
	log     *slog.Logger
	owned   *http.Transport // nil when the transport was given

	queue   *queue
	breaker *breaker
	gate    *gate
	retries *retryBudget
	repeat  failsafe.Executor[*attempt]
	health  health
	closed  atomic.Bool
}

// New makes a client. It reports all mistakes in cfg together and makes no call.
func New(cfg Config) (*Client, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	c := &Client{cfg: cfg, headers: http.Header{}, log: cfg.Log}
	base := *cfg.Base
	base.User = nil
	c.base = strings.TrimRight(base.String(), "/")
	for name, values := range cfg.Header {
		c.headers[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if u := cfg.Base.User; u != nil && c.headers.Get("Authorization") == "" {
		password, _ := u.Password()
		c.headers.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	if c.headers.Get("User-Agent") == "" {
		c.headers.Set("User-Agent", "Trama")
	}
	if cfg.Transport == nil {
		c.owned = newTransport(cfg.Concurrency)
		c.cfg.Transport = c.owned
	}
	c.breaker = newBreaker(cfg.Breaker)
	c.gate = newGate(cfg.PerMinute, cfg.Burst, cfg.Now)
	c.queue = newQueue(cfg.Concurrency, c.gate)
	if cfg.Waiting > 0 {
		c.queue.most, c.queue.mostFlow = cfg.Waiting, max(1, cfg.Waiting/4)
	}
	c.retries = newRetryBudget(cfg.RetryBudget, cfg.Now)
	c.repeat = newRepeat()
	return c, nil
}

func newTransport(idle int) *http.Transport {
	return &http.Transport{
		// A proxy from the environment would see the credentials of every source.
		Proxy:                  nil,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           idle,
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    5 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		// Decompression is done here, where the limit counts the real bytes.
		DisableCompression: true,
	}
}

// Do makes the call and returns Decode's verdict as a *schema.Error with Source
// set, nil for success. The message is for clients and holds nothing of the
// upstream; the redacted cause is in Err, for the log. The codes are
// SOURCE_UNAVAILABLE, SOURCE_TIMEOUT, SOURCE_LIMITED, SOURCE_INVALID, or that of
// a *schema.Error Decode returned.
//
// Wait is set when the breaker is open, when the agreed rate is used up and when
// the upstream said how long to wait. A queue that is full is SOURCE_LIMITED. Nothing sleeps past ctx's deadline: when
// the wait would, the error comes at once. An error by ctx satisfies errors.Is
// with ctx.Err(); a cancelled context is SOURCE_UNAVAILABLE, a passed deadline
// SOURCE_TIMEOUT.
func (c *Client) Do(ctx context.Context, call Call) error {
	call.Method = cmp.Or(call.Method, http.MethodGet)
	if call.Timeout <= 0 {
		call.Timeout = c.cfg.Timeout
	}
	if call.MaxBody <= 0 {
		call.MaxBody = c.cfg.MaxBody
	}
	if call.Decode == nil {
		call.Decode = StatusVerdict
	}
	var err *schema.Error
	if call.Read && c.cfg.Retries > 0 {
		err = c.repeated(ctx, &call)
	} else {
		err = c.once(ctx, &call, 1).err
	}
	// A nil *schema.Error in an error would not be nil.
	if err == nil {
		return nil
	}
	return err
}

// Status tells how the source is doing as known from its last calls, without a
// call. Calls and Failures count attempts that were sent; refused and bounced
// ones are not failures.
func (c *Client) Status() datasources.Status {
	s := c.health.status()
	s.Breaker = c.breaker.state()
	switch s.Breaker {
	case "open":
		s.State = "down"
	case "half-open":
		s.State = "degraded"
	}
	return s
}

// Close drops idle connections; later calls fail with SOURCE_UNAVAILABLE. It
// does not interrupt calls under way, and may be called twice.
func (c *Client) Close() error {
	c.closed.Store(true)
	if c.owned != nil {
		c.owned.CloseIdleConnections()
	}
	return nil
}
