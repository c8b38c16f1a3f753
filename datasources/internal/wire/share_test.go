package wire

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// A share of the rate lets that part of the calls out, and the whole again later.
func TestShareOfTheRate(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c, err := New(Config{Source: "erp", Base: base, PerMinute: 600, Burst: 20, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	minute := func() (n int) {
		for range 600 { // asked every tenth of a second
			now = now.Add(100 * time.Millisecond)
			if c.queue.gate.limiter.AllowN(now, 1) {
				n++
			}
		}
		return n
	}
	drain := func() {
		for c.queue.gate.limiter.AllowN(now, 1) {
		}
	}
	for _, x := range []struct {
		share float64
		want  int
	}{{1, 600}, {.5, 300}, {.1, 60}, {0, 1}, {1, 600}, {7, 600}} {
		c.SetShare(x.share)
		drain()
		if got := minute(); got < x.want-2 || got > x.want+2 {
			t.Errorf("a share of %v let %d calls a minute out, want %d", x.share, got, x.want)
		}
	}
	if err := c.Do(t.Context(), Call{Name: "x"}); err != nil {
		t.Fatal(err)
	}
	if d := c.Demand(); d.Asked != 1 || d.PerMinute != 600 || d.Waiting != 0 {
		t.Errorf("the demand is %+v", d)
	}
}
