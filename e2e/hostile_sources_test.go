package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What must never come out again: what upstreams say, where they send us to and
// what we are known by.
const (
	upstreamText = "Mme Dupont owes 4242"
	elsewhere    = "evil.example"
	sharedSecret = "key-nobody-may-see"
)

// hostileReplies are answers to a list, by the source that turns bad in this way.
func hostileReplies() map[string]http.HandlerFunc {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	blank := bytes.Repeat([]byte{' '}, 1<<20)
	for range 200 {
		_, _ = z.Write(blank)
	}
	_ = z.Close()
	var calls atomic.Int64
	text := func(format string, args ...any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, format, args...) }
	}
	status := func(code int, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(code)
			fmt.Fprint(w, upstreamText)
		}
	}
	return map[string]http.HandlerFunc{
		"same-rows-new-cursors": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"data": [{"id": "r0"}, {"id": "r1"}], "next": "c%d"}`, calls.Add(1))
		},
		"empty-pages": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"data": [], "next": "c%d"}`, calls.Add(1))
		},
		"other-rows": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, rowsOf("x", 0, 400)) },
		"empty":      text(`{"data": []}`),
		"gzip-bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		},
		"nested":         text(`{"data": %s%s}`, strings.Repeat("[", 100_000), strings.Repeat("]", 100_000)),
		"object":         text(`{"data": {"0": {"id": "r0"}}}`),
		"without-ids":    text(`{"data": [{"number": %q}, {"number": "b"}]}`, upstreamText),
		"error-in-body":  text(`{"error": %q}`, upstreamText),
		"page":           text(`<html>%s</html>`, upstreamText),
		"half":           text(`{"data": [{"id": "r0", "number": "%s`, upstreamText),
		"elsewhere":      status(http.StatusFound, "Location", "https://"+elsewhere+"/?k="+sharedSecret),
		"failure":        status(http.StatusInternalServerError),
		"forbidden":      status(http.StatusForbidden),
		"limited":        status(http.StatusTooManyRequests),
		"limited-a-year": status(http.StatusTooManyRequests, "Retry-After", "31536000"),
		"cut-off": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
	}
}

func rowsOf(prefix string, from, to int) string {
	var list []string
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprintf(`{"id": "%s%d", "number": "%s-%d", "status": "open", "total": "%d.50", "date": "2026-01-02"}`, prefix, i, prefix, i, i))
	}
	return `{"data": [` + strings.Join(list, ", ") + `]}`
}

// TestCopiesOutliveHostileSources: sources are copied once and then turn bad, each
// in its own way. Their copies stay what they were, a source beside them is not
// touched, live questions fail with a code, and nothing of an upstream or a secret
// comes out anywhere.
func TestCopiesOutliveHostileSources(t *testing.T) {
	const rows = 60
	replies := hostileReplies()
	var isHostile atomic.Bool
	var mu sync.Mutex // guards asked
	asked := map[string]int{}
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		name = strings.TrimSuffix(name, "-live")
		if reply := replies[name]; reply != nil && isHostile.Load() {
			mu.Lock()
			asked[name]++
			mu.Unlock()
			reply(w, r)
			return
		}
		fmt.Fprint(w, rowsOf("r", 0, rows))
	}))
	defer up.Close()
	names := slices.Sorted(maps.Keys(replies))
	var yaml strings.Builder
	yaml.WriteString("log: {level: debug}\ncache: {ttl: 0s}\nsources:\n")
	for _, name := range append([]string{"good"}, names...) {
		for _, supply := range []string{"copy, every: 1s", "live"} {
			entity, as := "Order", name
			if supply == "live" {
				entity, as = "Invoice", name+"-live"
			}
			fmt.Fprintf(&yaml, `  - {name: %[1]s, kind: rest, supply: %[2]s, url: %[3]s/%[1]s, auth: {kind: bearer, value: %[4]s}, currency: EUR, timeout: 2s, max_body: 1048576, reply: {list_at: [data], error_at: error}, paging: {style: cursor, cursor_param: c, cursor_at: next}, entities: {%[5]s: {path: /rows, fields: {id: id, number: number, status: status, total: total, date: date}, keys: {param: ids}}}}
`, as, supply, up.URL, sharedSecret, entity)
		}
	}
	s := serve(t, yaml.String())
	s.copied(t)
	isHostile.Store(true)
	deadline := time.Now().Add(time.Minute)
	for waiting := true; waiting; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not all were asked again: %v", asked)
		}
		mu.Lock()
		waiting = len(asked) < len(names)
		for _, n := range []string{"other-rows", "empty", "gzip-bomb", "without-ids", "same-rows-new-cursors"} {
			waiting = waiting || asked[n] < 3
		}
		mu.Unlock()
	}
	var shown strings.Builder
	for _, name := range append([]string{"good"}, names...) {
		t.Run("case="+name, func(t *testing.T) {
			question := `query($s: String!) { orders(first: 1000, filter: {source: {eq: $s}}) { totalCount nodes { number } } }`
			a := s.ask(t, question, map[string]any{"s": name})
			if len(a.Errors) > 0 {
				t.Fatal(a.Errors[0])
			}
			kept := map[string]bool{}
			for _, n := range at(t, a.Data, "orders.nodes").([]any) {
				kept[fmt.Sprint(n.(map[string]any)["number"])] = true
			}
			for i := range rows {
				if want := fmt.Sprintf("r-%d", i); !kept[want] && !(name == "same-rows-new-cursors" && i < 2) { // those have changed
					t.Errorf("%s is gone", want)
				}
			}
			if total := int(at(t, a.Data, "orders.totalCount").(float64)); total != len(at(t, a.Data, "orders.nodes").([]any)) {
				t.Errorf("a total of %d", total)
			}
			live := s.ask(t, strings.Replace(question, "orders(", "invoices(", 1), map[string]any{"s": name + "-live"})
			fmt.Fprintln(&shown, live.Errors, live.Data)
			for _, e := range live.Errors {
				if e.Extensions["code"] == "INTERNAL" || e.Extensions["code"] == nil || e.Extensions["source"] != name+"-live" {
					t.Errorf("live: %+v", e)
				}
			}
			if isFine := name == "good" || name == "other-rows" || name == "empty"; isFine != (len(live.Errors) == 0) && name != "same-rows-new-cursors" {
				t.Errorf("live: %+v", live.Errors)
			}
		})
	}
	for _, n := range at(t, s.ask(t, `{ sources { name state } }`, nil).Data, "sources").([]any) {
		if m := n.(map[string]any); strings.HasPrefix(m["name"].(string), "good") && m["state"] != "UP" {
			t.Errorf("%s is %s", m["name"], m["state"])
		}
	}
	_, all := s.post(t, `{ sources { name note lastErrorCode problems { entity field kind count } usage { class } entities { upstream copy { lastErrorCode } } } }`, nil)
	_, ready := s.get(t, "/readyz")
	_, metrics := s.get(t, "/metrics")
	for where, text := range map[string]string{"the log": s.log.String(), "sources": string(all), "/readyz": ready, "/metrics": metrics, "an answer": shown.String()} {
		for _, secret := range []string{upstreamText, sharedSecret, "Dupont"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q", where, secret)
			}
		}
		if where != "the log" && (strings.Contains(text, elsewhere) || strings.Contains(text, up.URL)) {
			t.Errorf("%s holds an address", where)
		}
	}
	started := time.Now()
	s.stop()
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
	s.stopped = true
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s to stop", took)
	}
}
