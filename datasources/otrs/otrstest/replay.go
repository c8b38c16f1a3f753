package otrstest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Replay answers from recordings. A request must be equal to the recorded one in
// method, path and parameters; any other fails the test, and so does a recording
// nobody asked for.
type Replay struct {
	URL string

	t    testing.TB
	mu   sync.Mutex // guards the rest
	recs []Recording
	used []int
}

// NewReplay starts a server for the recordings.
func NewReplay(t testing.TB, recs ...Recording) *Replay {
	t.Helper()
	p := &Replay{t: t, recs: recs, used: make([]int, len(recs))}
	srv := httptest.NewServer(p)
	p.URL = srv.URL
	t.Cleanup(func() {
		srv.Close()
		for i, n := range p.used {
			if n == 0 {
				t.Errorf("nobody asked for %s", recs[i].ID())
			}
		}
	})
	return p
}

// Used is how often the i-th recording was asked for.
func (p *Replay) Used(i int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used[i]
}

// ServeHTTP answers with the recorded bytes.
func (p *Replay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, err := Params(r)
	if err != nil {
		p.t.Errorf("unreadable request %s %s: %v", r.Method, r.URL.Path, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.recs {
		rec := &p.recs[i]
		req := rec.request()
		if req == nil || req.Method != r.Method || req.URL.Path != r.URL.Path {
			continue
		}
		if want, err := Params(req); err != nil || !same(want, asked) {
			continue
		}
		p.used[i]++
		rec.answer(w)
		return
	}
	p.t.Errorf("nobody expected %s %s with %v", r.Method, r.URL.Path, asked)
	http.Error(w, "nobody expected this", http.StatusTeapot)
}

func (r *Recording) answer(w http.ResponseWriter) {
	if r.Status == 0 {
		// The server closed the connection.
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			c.Close()
		}
		return
	}
	if r.ContentType != "" {
		w.Header().Set("Content-Type", r.ContentType)
	} else {
		w.Header()["Content-Type"] = nil
	}
	// None where none was recorded.
	w.Header()["Date"] = nil
	if r.Date != "" {
		w.Header().Set("Date", r.Date)
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Reply)
}
