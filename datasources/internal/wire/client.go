package wire

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Observation is one attempt for the metrics.
type Observation = datasources.Observation

// Call is one logical upstream call.
type Call struct {
	// Name is a constant for logs, metrics and messages: "TicketSearch".
	Name string
	// Method is the HTTP method, default GET.
	Method string
	// URL is a path, with its query, which is joined to Base ("TicketGet?x=1",
	// with or without a leading slash), or an absolute address; already encoded.
	// An absolute address must have the scheme and host of Base: what an upstream
	// calls the next page may not carry our credentials elsewhere.
	URL string
	// Header is sent beside Config.Header and replaces it by name.
	Header http.Header
	// Credentials are sent beside Header and replace it by name. Neither is changed,
	// so that both may be shared by many calls; their names are in canonical form.
	Credentials http.Header
	Body        []byte
	// Read says that the call may be repeated safely, whatever its method.
	Read bool
	// Timeout and MaxBody replace those of Config, for metadata and slow tables.
	Timeout time.Duration
	MaxBody int64
	// Accept are the media types the decoder understands ("application/json"),
	// empty = any. A 2xx reply of another type is Invalid before Decode is
	// called; a reply with no type passes unless it looks like HTML, and other
	// statuses always reach Decode. They are sent as the header Accept unless
	// Header has one. Leave it empty where a 200 with a login page means Bounced.
	Accept []string
	// Decode gives the verdict on a reply; nil error = success. It is called once
	// per attempt that brought a reply, in the caller's goroutine, and holds one of
	// the Concurrency places: it may not call the same client. The body is its to
	// keep. A nil Decode is StatusVerdict.
	Decode func(r *Reply) error
}

// Reply is what the upstream answered, redirects included.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte   // whole, decompressed, without a byte order mark
	URL    *url.URL // what was asked, without userinfo
}

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

// attempt is one attempt's end.
type attempt struct {
	outcome Outcome
	final   bool // of no use to repeat
	wait    time.Duration
	err     *schema.Error // nil for success

	again bool // decided by repeated
	delay time.Duration
}

// once makes one attempt: breaker, queue for the rate and a place, call, verdict.
// The order is such that nobody waits for a source that is left alone, that a wait
// which cannot fit is refused before it begins, and that a trial of the breaker is
// not spent in the queue.
func (c *Client) once(ctx context.Context, call *Call, n int) *attempt {
	o := Observation{Source: c.cfg.Source, Name: call.Name, Attempt: n}
	turnedAway := func(v *verdict) *attempt { return c.settle(ctx, call, nil, v, v, unknown, &o) }

	if c.closed.Load() {
		return turnedAway(&verdict{outcome: OutcomeUnavailable, final: true, text: "client closed"})
	}
	if err := ctx.Err(); err != nil {
		return turnedAway(ctxVerdict(err))
	}
	if d := c.breaker.openFor(); d > 0 {
		return turnedAway(openVerdict(d))
	}
	slot, v := c.queue.enter(ctx, datasources.FlowOf(ctx), c.patience(ctx, call))
	if v != nil {
		return turnedAway(v)
	}
	defer c.queue.leave(slot)
	p, wait, ok := c.breaker.try()
	for !ok {
		trial := c.breaker.trial()
		if trial == nil {
			p, wait, ok = c.breaker.try() // it may have ended in between
			break
		}
		select {
		case <-trial:
		case <-ctx.Done():
			trial = nil
		}
		if p, wait, ok = c.breaker.try(); trial == nil {
			break
		}
	}
	if !ok {
		slot.undo()
		return turnedAway(openVerdict(wait))
	}
	learned := unknown
	// Also when a Decode panics: a lost trial would keep the breaker open for ever.
	defer func() { c.noteState(ctx, c.breaker.done(p, learned)) }()

	start := time.Now()
	attemptCtx, cancel := context.WithTimeout(ctx, call.Timeout)
	defer cancel()
	req, v := c.request(attemptCtx, call)
	if v != nil {
		slot.undo()
		return turnedAway(v)
	}
	err := c.exchange(ctx, call, req, &o)
	o.Took = time.Since(start)
	if err == nil {
		learned = succeeded
		return c.settle(ctx, call, req, nil, nil, learned, &o)
	}
	v = classify(ctx, err)
	learned = v.effect(o.Took, call.Timeout)
	if v.outcome == OutcomeLimited {
		c.gate.pause(v.wait)
	}
	return c.settle(ctx, call, req, v, err, learned, &o)
}

// patience is how long a call may wait before it is sent.
func (c *Client) patience(ctx context.Context, call *Call) time.Duration {
	if d, ok := ctx.Deadline(); ok {
		return time.Until(d)
	}
	return call.Timeout
}

// request makes the HTTP request of one attempt, under the attempt's context.
func (c *Client) request(ctx context.Context, call *Call) (*http.Request, *verdict) {
	address := call.URL
	if !isAbsolute(address) {
		address = strings.TrimLeft(address, "/")
		// The base itself is asked for with the slash it was configured with.
		if address != "" && address[0] != '?' || strings.HasSuffix(c.cfg.Base.Path, "/") {
			address = "/" + address
		}
		address = c.base + address
	}
	var body io.Reader
	if call.Body != nil {
		body = bytes.NewReader(call.Body)
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, address, body)
	if err != nil {
		// The error repeats the address.
		return nil, newVerdict(OutcomeRefused, errors.New("address or method cannot be used"))
	}
	req.URL.User, req.URL.Fragment = nil, ""
	if b := c.cfg.Base; req.URL.Scheme != b.Scheme || req.URL.Host != b.Host && !strings.EqualFold(hostPort(req.URL), hostPort(b)) {
		return nil, newVerdict(OutcomeRefused, errors.New("address of another host than the source's"))
	}
	for name, values := range c.headers {
		req.Header[name] = values
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if len(call.Accept) > 0 {
		req.Header.Set("Accept", strings.Join(call.Accept, ", "))
	}
	for name, values := range call.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	for name, values := range call.Credentials {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if c.cfg.Jar != nil {
		// Before a transport may see the header: its slices are shared.
		req.Header["Cookie"] = slices.Clone(req.Header["Cookie"])
		for _, k := range c.cfg.Jar.Cookies(req.URL) {
			req.AddCookie(k)
		}
		if len(req.Header["Cookie"]) == 0 {
			delete(req.Header, "Cookie")
		}
	}
	return req, nil
}

func isAbsolute(address string) bool {
	scheme, _, ok := strings.Cut(address, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" && u.Scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	return u.Hostname() + ":" + port
}

// exchange sends the request, reads the reply and asks for the verdict. The
// transport is used without http.Client, which follows redirects, and fails on
// those it cannot parse. ctx is the caller's, not the attempt's.
func (c *Client) exchange(ctx context.Context, call *Call, req *http.Request, o *Observation) error {
	attemptCtx := req.Context()
	resp, err := c.cfg.Transport.RoundTrip(req)
	if err != nil {
		return transportVerdict(ctx, attemptCtx, err, OutcomeUnavailable)
	}
	defer resp.Body.Close()
	o.Status = resp.StatusCode
	if c.cfg.Jar != nil {
		if k := resp.Cookies(); len(k) > 0 {
			c.cfg.Jar.SetCookies(req.URL, k)
		}
	}
	body, err := readBody(resp, req.Method, call.MaxBody)
	o.Bytes = len(body)
	if err != nil {
		var v *verdict
		if errors.As(err, &v) {
			return v
		}
		// Half a body makes no sense, except when it is the connection that broke.
		outcome := OutcomeInvalid
		var broken *net.OpError
		if errors.As(err, &broken) {
			outcome = OutcomeUnavailable
		}
		return transportVerdict(ctx, attemptCtx, fmt.Errorf("read the reply: %w", err), outcome)
	}
	r := &Reply{Status: resp.StatusCode, Header: resp.Header, Body: body, URL: req.URL}
	if r.Status >= 200 && r.Status < 300 && len(body) > 0 && !isAccepted(r, call.Accept) {
		return newVerdict(OutcomeInvalid, fmt.Errorf("content type %q instead of %s", ContentType(r.Header), strings.Join(call.Accept, ", ")))
	}
	return call.Decode(r)
}

func isAccepted(r *Reply, accept []string) bool {
	if len(accept) == 0 {
		return true
	}
	got := ContentType(r.Header)
	if got == "" {
		return !LooksLikeHTML(r.Body)
	}
	for _, want := range accept {
		want, _, _ = strings.Cut(strings.ToLower(want), ";")
		want = strings.TrimSpace(want)
		if want == got || want == "*/*" || strings.HasSuffix(want, "/*") && strings.HasPrefix(got, want[:len(want)-1]) {
			return true
		}
	}
	return false
}

var unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// readBody reads a whole reply. It stops at limit without reading on, and counts
// what comes out of the compression, not what goes in.
func readBody(resp *http.Response, method string, limit int64) ([]byte, error) {
	if method == http.MethodHead || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified {
		return nil, nil
	}
	src, size := io.Reader(resp.Body), resp.ContentLength
	switch e := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); e {
	case "", "identity":
		if size > limit {
			return nil, oversize(limit)
		}
	case "gzip", "x-gzip":
		z := unzippers.Get().(*gzip.Reader)
		defer unzippers.Put(z)
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		if err := z.Reset(resp.Body); err != nil {
			if errors.Is(err, io.EOF) {
				return nil, nil
			}
			return nil, err
		}
		src, size = z, 4*size
	default:
		return nil, newVerdict(OutcomeInvalid, errors.New("content encoding nobody asked for"))
	}
	// The upstream's word for the size is trusted up to a megabyte.
	b, err := readAll(bodyOf(int(min(max(size, 0), limit, 1<<20))+bytes.MinRead), src, limit)
	if err != nil {
		return b, err
	}
	if int64(len(b)) > limit {
		return nil, oversize(limit)
	}
	if src == resp.Body && size >= 0 && int64(len(b)) < size {
		return b, io.ErrUnexpectedEOF
	}
	return bytes.TrimPrefix(b, bom), nil
}

// readAll appends what src gives to b, at most one byte more than limit.
func readAll(b []byte, src io.Reader, limit int64) ([]byte, error) {
	for int64(len(b)) <= limit {
		if len(b) == cap(b) {
			b = slices.Grow(b, max(len(b), bytes.MinRead))
		}
		n, err := src.Read(b[len(b):min(int64(cap(b)), limit+1)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

var errOversize = errors.New("reply of more")

// oversize is no failure of the source: it was we who asked for so much. The
// next attempt would bring the same.
func oversize(limit int64) *verdict {
	v := newVerdict(OutcomeInvalid, fmt.Errorf("%w than %d bytes", errOversize, limit))
	v.final, v.ours = true, true
	return v
}

// settle turns an attempt's end into what is returned, logged and measured.
// req is nil when nothing was sent, v nil for success; err is what Decode
// returned, or v itself.
func (c *Client) settle(ctx context.Context, call *Call, req *http.Request, v *verdict, err error, learned effect, o *Observation) *attempt {
	a := &attempt{outcome: OutcomeOK}
	if v != nil {
		a = &attempt{outcome: v.outcome, final: v.final, wait: v.wait, err: c.report(call, req, v, err)}
		o.Code = a.err.Code
	}
	o.Outcome = a.outcome
	if req != nil {
		c.health.note(o, learned, c.cfg.Now())
	}
	if c.log.Enabled(ctx, slog.LevelDebug) {
		attrs := []slog.Attr{
			slog.String("source", o.Source), slog.String("call", o.Name), slog.String("outcome", string(o.Outcome)),
			slog.Int("status", o.Status), slog.Duration("took", o.Took), slog.Int("bytes", o.Bytes), slog.Int("attempt", o.Attempt),
		}
		if a.err != nil {
			attrs = append(attrs, slog.String("err", a.err.Err.Error()))
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, "called source", attrs...)
	}
	if c.cfg.Observe != nil {
		c.cfg.Observe(*o)
	}
	return a
}

func (c *Client) noteState(ctx context.Context, state string) {
	switch state {
	case "":
	case "open":
		c.log.WarnContext(ctx, "left source alone", "source", c.cfg.Source, "for", c.cfg.Breaker.Open)
	default:
		c.log.InfoContext(ctx, "changed breaker", "source", c.cfg.Source, "state", state)
	}
}

// report makes the error for the client, with the cause for the log inside.
func (c *Client) report(call *Call, req *http.Request, v *verdict, err error) *schema.Error {
	headers := c.headers
	var asked *url.URL
	if req != nil {
		headers, asked = req.Header, req.URL
	}
	cause := &verdict{outcome: v.outcome, wait: v.wait, final: v.final, ours: v.ours, full: v.full, err: v.err}
	if err != error(v) { //nolint:errorlint // the value itself is asked for, not what it wraps
		cause.err = err
	}
	cause.text = clip(scrub(Redact(causeText(err)), secrets(c.cfg.Base, asked, headers, call.Body)))
	var given *schema.Error
	if errors.As(err, &given) {
		e := *given
		e.Source = cmp.Or(e.Source, c.cfg.Source)
		e.Wait = max(e.Wait, v.wait)
		e.Err = cause
		return &e
	}
	return sourceError(c.cfg.Source, cmp.Or(call.Name, "a call"), cause)
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
