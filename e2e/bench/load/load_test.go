package load

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve answers with what a case wants, and counts.
func serve(t *testing.T, answer http.HandlerFunc) *Target {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return NewTarget("test", srv.URL, os.Getpid(), "Authorization: Bearer x")
}

// afterFirst gives an answer that is made once and kept.
func afterFirst(body string) http.HandlerFunc {
	var asked atomic.Bool
	return func(w http.ResponseWriter, _ *http.Request) {
		if asked.Swap(true) {
			w.Header().Set("Age", "0")
		}
		fmt.Fprint(w, body)
	}
}

func TestMeasure(t *testing.T) {
	body := `{"data":{"a":"` + strings.Repeat("x", 100_000) + `"}}`
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		errors int
		size   int
		kept   int
	}{
		{"with a length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			fmt.Fprint(w, body)
		}, 0, len(body), 0},
		{"in chunks", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, body[:10])
			w.(http.Flusher).Flush()
			fmt.Fprint(w, body[10:])
		}, 0, len(body), 0},
		{"closed each time", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			fmt.Fprint(w, body)
		}, 0, len(body), 0},
		{"kept", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Age", "0")
			fmt.Fprint(w, "{}")
		}, 0, 2, 4},
		{"kept from the second on", afterFirst("{}"), 0, 2, 3},
		{"a status", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 500) }, 4, 3, 0},
		{"errors", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"errors":[{}]}`) }, 4, 15, 0},
		{"without its token", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer x" {
				w.WriteHeader(401)
			}
			fmt.Fprint(w, "{}")
		}, 0, 2, 0},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			d := &Driver{}
			got, err := d.Measure(t.Context(), serve(t, tc.answer), Cell{Name: "q", Question: "{ a }", Connections: 2, Requests: 4})
			if err != nil {
				t.Fatal(err)
			}
			if got.Requests != 4 || got.Errors != tc.errors || got.Size != tc.size || got.Kept != tc.kept {
				t.Errorf("got %+v", got)
			}
			if got.RPS <= 0 || got.P50 <= 0 || got.First > got.Whole || got.Peak <= 0 {
				t.Errorf("times or memory are not there: %+v", got)
			}
		})
	}
}

func TestMeasureByTime(t *testing.T) {
	d := &Driver{Time: 50 * time.Millisecond, Warm: time.Millisecond}
	target := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":{}}`) })
	got, err := d.Round(t.Context(), []*Target{target, target}, Cell{Question: "{ a }", Connections: 1}, 1)
	if err != nil || len(got) != 2 || got[0].Requests == 0 || got[1].Requests == 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParseTarget(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		fails            bool
	}{
		{"whole", "us=http://127.0.0.1:80/graphql@12,13", "us [12 13]", false},
		{"without a name", "http://[::1]:80/a=b", "t1 []", false},
		{"somewhere else", "http://192.0.2.1:80/", "", true},
		{"by a name", "http://localhost:80/", "", true},
		{"encrypted", "https://127.0.0.1:80/", "", true},
		{"no process", "http://127.0.0.1:80/@x", "", true},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			got, err := ParseTarget(tc.text, "t1", nil)
			if (err != nil) != tc.fails {
				t.Fatalf("got %v", err)
			}
			if err == nil && fmt.Sprint(got.Name, " ", got.PIDs) != tc.want {
				t.Errorf("got %s %v, want %s", got.Name, got.PIDs, tc.want)
			}
		})
	}
}

func TestSame(t *testing.T) {
	for _, tc := range []struct {
		name, a, b, says string
	}{
		{"same", "abc", "abc", ""},
		{"differs", "abc", "abd", "byte 2 of 3 and 3"},
		{"shorter", "abc", "ab", "byte 2 of 3 and 2"},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			err := Same([]byte(tc.a), []byte(tc.b))
			if (err != nil) != (tc.says != "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q", err, tc.says)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	for _, tc := range []struct{ name, answer, want string }{
		{"data", `{"data":{"a": 1},"extensions":{}}`, `{"a": 1}`},
		{"errors", `{"data":{"a":1},"errors":[{"message":"x"}]}`, ""},
		{"nothing", `{}`, ""},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			target := serve(t, afterFirst(tc.answer))
			for _, isKept := range []bool{false, true} {
				got, err := Ask(t.Context(), target, "{ a }")
				if (err == nil) != (tc.want != "") {
					t.Fatalf("got %v", err)
				}
				if err == nil && (string(got.Data) != tc.want || got.IsKept != isKept) {
					t.Errorf("got %s, kept: %t, want %s and %t", got.Data, got.IsKept, tc.want, isKept)
				}
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		name   string
		values []float64
		want   float64
	}{{"odd", []float64{3, 1, 2}, 2}, {"even", []float64{4, 1, 2, 3}, 2.5}, {"one", []float64{7}, 7}} {
		t.Run("case="+tc.name, func(t *testing.T) {
			if got := Median(tc.values); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
