// Package faults is the middleware with which every fake of the demo sandbox can be made slow, broken or silent at run
// time, and which counts what it was asked.
//
// The faults are those that the wire pages report of real systems: a login page with status 200 (wire/creatio.md §2,
// wire/onec.md §8), an error object with status 200 (wire/otrs.md, Errors), a connection closed without an answer
// (wire/otrs.md, Errors), a first call that takes half a minute (wire/onec.md §8), 429 with Retry-After
// (wire/operand.md §4). The package knows no system: what an error looks like is given to it.
package faults

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Mode is what goes wrong.
type Mode uint8

// The modes.
const (
	None        Mode = iota
	Drop             // the connection is reset without an answer
	Hang             // no answer until the client gives up, the fault is changed, or the sandbox closes
	LoginPage        // 200 with an HTML login page
	Garbage          // 200 with the right content type and a body that is not JSON
	ServerError      // 500 with a text
	ErrorBody        // 200 with the system's own error object
	HalfBody         // the right answer, cut in its middle, the connection then reset
	Limited          // 429 with Retry-After
	Unavailable      // 503 with Retry-After
	EmptyBody        // 200 with the right content type and no body
)

var modeNames = [...]string{"none", "drop", "hang", "login-page", "garbage", "server-error", "error-body", "half-body", "limited", "unavailable", "empty-body"}

// String returns the mode's name as [ParseMode] reads it.
func (m Mode) String() string { return modeNames[m] }

// ParseMode returns the mode of a name.
func ParseMode(name string) (Mode, bool) {
	for m, n := range modeNames {
		if n == name {
			return Mode(m), true
		}
	}
	return None, false
}

// Fault is one switched-on fault. The zero Fault is none.
type Fault struct {
	Mode Mode
	// Times bounds the fault to the next so many requests that it meets; 0 means until it is changed.
	Times int
	// Every makes it meet only every n-th request; 0 and 1 mean each.
	Every int
	// Route restricts it to the requests whose route (as Calls counts it) is this one; "" means all.
	Route string
	// RetryAfter is what Limited and Unavailable announce; 0 means one second.
	RetryAfter time.Duration
}

// Options are what a switch has to know of its system.
type Options struct {
	// Route names the route of a request, so that calls can be counted by it. It must return few distinct names. Nil means method and path.
	Route func(*http.Request) string
	// ErrorBody returns the system's own error object for mode ErrorBody. Nil means {"error":"sandbox"}.
	ErrorBody func(*http.Request) (contentType string, body []byte)
	// ContentType is what the system answers with; it is used by Garbage and EmptyBody. "" means application/json.
	ContentType string
	// Latency is added to every answer from the start.
	Latency time.Duration
}

// Switch stands before one fake. All its methods may be called at any time from any goroutine.
type Switch struct {
	opts   Options
	closed chan struct{}

	mu      sync.Mutex // guards all below
	latency time.Duration
	fault   Fault
	met     int           // requests the fault's route and switch-on have seen
	changed chan struct{} // closed when the fault is changed, so that hanging requests let go
	calls   map[string]int
	active  int
	most    int
	once    sync.Once
}

// New returns a switch with no fault.
func New(opts Options) *Switch {
	if opts.Route == nil {
		opts.Route = func(r *http.Request) string { return r.Method + " " + r.URL.Path }
	}
	if opts.ErrorBody == nil {
		opts.ErrorBody = func(*http.Request) (string, []byte) { return "application/json", []byte(`{"error":"sandbox"}`) }
	}
	if opts.ContentType == "" {
		opts.ContentType = "application/json"
	}
	return &Switch{opts: opts, closed: make(chan struct{}), latency: opts.Latency, changed: make(chan struct{}), calls: map[string]int{}}
}

// Set switches a fault on, in the place of the one before. Requests that hang are let go and answered with 503.
func (s *Switch) Set(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.met = f, 0
	close(s.changed)
	s.changed = make(chan struct{})
}

// SetMode switches a fault of that mode on for all requests.
func (s *Switch) SetMode(m Mode) { s.Set(Fault{Mode: m}) }

// Clear switches the fault off; the latency stays.
func (s *Switch) Clear() { s.Set(Fault{}) }

// SetLatency sets what is added to every answer from now on.
func (s *Switch) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// Calls returns how often each route was asked since the last Reset, failed requests included.
func (s *Switch) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// Total returns the number of all requests since the last Reset.
func (s *Switch) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := 0
	for _, n := range s.calls {
		sum += n
	}
	return sum
}

// MaxConcurrent returns the most requests that were under way at once since the last Reset.
func (s *Switch) MaxConcurrent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Reset forgets all counts. It changes neither fault nor latency.
func (s *Switch) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
	s.most = s.active
}

// Close lets every hanging or waiting request go, for good; a closed switch adds no latency and does not hang.
func (s *Switch) Close() { s.once.Do(func() { close(s.closed) }) }

// enter counts a request and returns what is to happen to it.
func (s *Switch) enter(route string) (latency time.Duration, f Fault, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[route]++
	s.active++
	s.most = max(s.most, s.active)
	f = s.fault
	if f.Mode == None || f.Route != "" && f.Route != route {
		return s.latency, Fault{}, s.changed
	}
	s.met++
	if f.Every > 1 && s.met%f.Every != 0 {
		return s.latency, Fault{}, s.changed
	}
	if f.Times > 0 {
		if s.fault.Times--; s.fault.Times == 0 {
			s.fault = Fault{}
		}
	}
	return s.latency, f, s.changed
}

func (s *Switch) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
}

// Wrap returns next behind the switch.
func (s *Switch) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		latency, f, changed := s.enter(s.opts.Route(r))
		defer s.leave()
		if latency > 0 {
			timer := time.NewTimer(latency)
			select {
			case <-timer.C:
			case <-s.closed:
			case <-r.Context().Done():
			}
			timer.Stop()
		}
		if f.Mode == None {
			next.ServeHTTP(rw, r)
			return
		}
		s.fail(rw, r, f, changed, next)
	})
}

func (s *Switch) fail(rw http.ResponseWriter, r *http.Request, f Fault, changed <-chan struct{}, next http.Handler) {
	switch f.Mode {
	case Drop:
		drop(rw)
	case Hang:
		// The body must be read, or the server does not notice that the client has gone.
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-changed:
			http.Error(rw, "sandbox: fault was changed", http.StatusServiceUnavailable)
		case <-s.closed:
			drop(rw)
		case <-r.Context().Done():
		}
	case LoginPage:
		answer(rw, http.StatusOK, "text/html; charset=utf-8", []byte(loginPage))
	case Garbage:
		answer(rw, http.StatusOK, s.opts.ContentType, []byte("\x1f\x8b{\"value\":[{\"Id\":<<<"))
	case EmptyBody:
		answer(rw, http.StatusOK, s.opts.ContentType, nil)
	case ServerError:
		answer(rw, http.StatusInternalServerError, "text/plain; charset=utf-8", []byte("Internal Server Error"))
	case ErrorBody:
		contentType, body := s.opts.ErrorBody(r)
		answer(rw, http.StatusOK, contentType, body)
	case Limited, Unavailable:
		wait := max(f.RetryAfter, time.Second)
		rw.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		status := http.StatusTooManyRequests
		if f.Mode == Unavailable {
			status = http.StatusServiceUnavailable
		}
		answer(rw, status, "text/plain; charset=utf-8", []byte(http.StatusText(status)))
	case HalfBody:
		whole := &recorder{header: rw.Header(), status: http.StatusOK}
		next.ServeHTTP(whole, r)
		rw.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
		rw.WriteHeader(whole.status)
		_, _ = rw.Write(whole.body.Bytes()[:whole.body.Len()/2])
		if flusher, ok := rw.(http.Flusher); ok {
			flusher.Flush()
		}
		drop(rw)
	default:
		next.ServeHTTP(rw, r)
	}
}

// drop resets the connection: the client sees neither an answer nor a clean end.
func drop(rw http.ResponseWriter) {
	if hijacker, ok := rw.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // the server closes the connection without logging
}

func answer(rw http.ResponseWriter, status int, contentType string, body []byte) {
	rw.Header().Set("Content-Type", contentType)
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(status)
	_, _ = rw.Write(body)
}

// recorder keeps an answer so that half of it can be sent.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

const loginPage = `<!DOCTYPE html>
<html lang="en"><head><title>Log in</title></head>
<body><form method="post" action="/login"><label>User <input name="user"></label>
<label>Password <input name="password" type="password"></label><button>Log in</button></form></body></html>
`
