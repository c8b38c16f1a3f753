package web_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/schema"
)

// miser lets one operation be paid and no other.
type miser struct {
	*quota.Limiter
	asked atomic.Int64
}

func (m *miser) Cost(context.Context, *policies.Principal, int64) (quota.State, error) {
	if m.asked.Add(1)%12 == 1 {
		return quota.State{}, nil
	}
	e := schema.Errorf(schema.Limited, "too much a minute")
	e.Retryable, e.Wait = true, 7*time.Second
	return quota.State{}, e
}

// TestListsAreRefusedTogether holds that lists that are read at the same time are refused
// at the same time: the race detector looks at what they tell the client.
func TestListsAreRefusedTogether(t *testing.T) {
	limiter := quota.New(quota.Config{Instances: 1})
	t.Cleanup(func() { limiter.Close() })
	m := &miser{Limiter: limiter}
	w := feedServer(t, &things{n: 10}, func(c *web.Config) { c.Quota = m })
	for range 20 {
		m.asked.Store(0)
		resp, body, err := w.get(t, "/odata/summed")
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "7" || !strings.Contains(body, "LIMITED") {
			t.Fatalf("%v %s %v %.200s", err, resp.Status, resp.Header, body)
		}
	}
}

// TestRowsOfADay holds that a table takes no more of the day than it has read and some:
// others of the account are answered while it is read, and what it has had is counted.
func TestRowsOfADay(t *testing.T) {
	limiter := quota.New(quota.Config{Instances: 1})
	t.Cleanup(func() { limiter.Close() })
	agreed := policies.Agreement{RowsPerDay: 70_000}
	slowly, other := policies.Principal{TokenID: "t", Account: "a", Agreement: agreed}, policies.Principal{TokenID: "u", Account: "b", Agreement: agreed}
	w := feedServer(t, &things{n: 30_000}, func(c *web.Config) { c.Quota, c.Auth = limiter, holders{"t": slowly, "u": other} })
	left := func() int64 { return limiter.State(t.Context(), &other).Rows.Remaining }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/export/things.ndjson", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer t")
	slow, err := w.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp, body, err := w.get(t, "/odata/things?$top=1"); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("beside a slow reader: %v %s %.200s", err, resp.Status, body)
	}
	slow.Body.Close()
	for _, want := range []int64{40_000, 10_000} {
		if _, body, err := w.getAs(t, "u", "/export/things.ndjson"); err != nil || strings.Count(body, "\n") != 30_000 {
			t.Fatalf("%v, %d rows", err, strings.Count(body, "\n"))
		}
		eventually(t, func() bool { return left() == want })
	}
	if resp, body, err := w.getAs(t, "u", "/export/things.ndjson"); err == nil && !strings.Contains(body, "LIMITED") {
		t.Errorf("more than the day has: %s, %d rows", resp.Status, strings.Count(body, "\n"))
	}
}

// TestRowsOfAFile holds that the rows of an agreement are those of the file, and not what
// is read for it.
func TestRowsOfAFile(t *testing.T) {
	w := feedServer(t, &things{n: 1000}, func(c *web.Config) {
		c.Auth = holders{"t": {TokenID: "t", Account: "a", Agreement: policies.Agreement{MaxRows: 100}}}
	})
	for path, rows := range map[string]int{
		"things.ndjson?$top=5": 5, "things.ndjson?$filter=name eq 'n700'": 1, "things.ndjson?$skip=950&$top=20": 20, "things.ndjson?$orderby=name&$top=7": 7,
		"things.ndjson": -1, "things.ndjson?$orderby=name": -1, "grouped.ndjson": -1, "things.ndjson?$top=101": -1,
	} {
		resp, body, err := w.get(t, "/export/"+path)
		if isRefused := resp.StatusCode == http.StatusBadRequest && strings.Contains(body, "LIMITED"); err != nil || isRefused != (rows < 0) {
			t.Errorf("%s: %v %s %.200s", path, err, resp.Status, body)
		} else if !isRefused && strings.Count(body, "\n") != rows {
			t.Errorf("%s: %d rows", path, strings.Count(body, "\n"))
		}
	}
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for range 200 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("waited in vain")
}
