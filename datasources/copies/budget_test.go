package copies_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// agreed is an upstream that gives pages of ten orders, and keeps the times of
// its calls.
type agreed struct {
	mu    sync.Mutex
	rows  int
	calls []time.Time
	limit func(call int) (retryAfter int) // 0 = answered
}

func (a *agreed) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, time.Now())
	reply := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r}
	if a.limit != nil {
		if wait := a.limit(len(a.calls)); wait > 0 {
			reply.StatusCode = http.StatusTooManyRequests
			reply.Header.Set("Retry-After", strconv.Itoa(wait))
			reply.Body = io.NopCloser(strings.NewReader("{}"))
			return reply, nil
		}
	}
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		return nil, err
	}
	var ids []int
	for i := page * 10; i < min(page*10+10, a.rows); i++ {
		ids = append(ids, i)
	}
	body, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	reply.Body = io.NopCloser(strings.NewReader(string(body)))
	return reply, nil
}

// most is the greatest number of calls in any time of this length.
func (a *agreed) most(d time.Duration) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	most := 0
	for i := range a.calls {
		n := 0
		for j := i; j < len(a.calls) && a.calls[j].Sub(a.calls[i]) < d; j++ {
			n++
		}
		most = max(most, n)
	}
	return most
}

// wired reads orders through the one way a connector calls its upstream.
type wired struct {
	orderTable
	client *wire.Client
}

func (w *wired) Scan(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[schema.Order]) error) error {
	page := 0
	if from != "" {
		var err error
		if page, err = strconv.Atoi(string(from)); err != nil {
			return err
		}
	}
	for {
		var ids []int
		err := w.client.Do(ctx, wire.Call{Name: "orders", URL: fmt.Sprintf("orders?page=%d", page), Read: true, Decode: func(r *wire.Reply) error {
			if err := wire.StatusVerdict(r); err != nil {
				return err
			}
			return json.Unmarshal(r.Body, &ids)
		}})
		if err != nil {
			return err
		}
		var items []schema.Order
		for _, i := range ids {
			items = append(items, order(i, "open"))
		}
		page++
		if err := f(datasources.Scanned[schema.Order]{Items: items, Mark: datasources.Mark(strconv.Itoa(page)), Last: len(ids) < 10}); err != nil || len(ids) < 10 {
			return err
		}
	}
}

func newWired(t *testing.T, a *agreed) *system {
	client, err := wire.New(wire.Config{Source: "erp", Base: &url.URL{Scheme: "http", Host: "erp.example.com"}, PerMinute: 30, Transport: a})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return &system{readers: map[string]any{"Order": &wired{client: client}}, entries: []datasources.Entity{entry("Order", newest, 10)}}
}

// TestBudget fills sixty pages within thirty calls a minute, in virtual time.
func TestBudget(t *testing.T) {
	for _, c := range []struct {
		name     string
		limit    func(int) int
		from, to time.Duration
	}{
		{"agreed rate", nil, 110 * time.Second, 130 * time.Second},
		{"told to wait", func(call int) int {
			if call == 30 {
				return 45
			}
			return 0
		}, 150 * time.Second, 180 * time.Second},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &agreed{rows: 595, limit: c.limit}
				cp := openCopy(t, copies.Config{}, newWired(t, a), newStore(t), copies.Deps{})
				began := time.Now()
				mustSync(t, cp)
				if took := time.Since(began); took < c.from || took > c.to {
					t.Errorf("it took %s", took)
				}
				if most := a.most(time.Minute); most > 33 { // the burst is a tenth
					t.Errorf("%d calls in a minute", most)
				}
				rows, err := datasources.ReaderOf[schema.Order](cp, "Order").List(t.Context(), datasources.Query{First: 1, Total: true})
				if err != nil || rows.Totals[0] != 595 {
					t.Errorf("%d rows, %v", rows.Totals[0], err)
				}
			})
		})
	}
}

// TestDeadline: who has less time than the source asks to wait is told so at
// once.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &agreed{rows: 595, limit: func(call int) int {
			if call == 4 {
				return 50
			}
			return 0
		}}
		cp := openCopy(t, copies.Config{}, newWired(t, a), newStore(t), copies.Deps{})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		err := cp.Sync(ctx, copies.Options{})
		if took := time.Since(began); schema.CodeOf(err) != schema.SourceLimited || took > 25*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		mustSync(t, cp)
		if n := len(a.calls); n != 61 {
			t.Errorf("%d calls for 60 pages, one of them refused", n)
		}
	})
}
