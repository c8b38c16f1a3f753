package canary_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/trama-graph/trama/e2e/canary"
)

// TestScannerFindsEverything hides a canary of each kind in each of the usual ways.
func TestScannerFindsEverything(t *testing.T) {
	w := canary.New()
	kinds := map[string]*canary.Cell{}
	for _, c := range w.Cells() {
		switch {
		case strings.HasPrefix(c.Canary, "canary-"):
			kinds["text"] = c
		case strings.HasPrefix(c.Canary, "20"):
			kinds["moment"] = c
		case strings.HasPrefix(c.Canary, "10"):
			kinds["fiscal number"] = c
		case strings.HasPrefix(c.Canary, "19"):
			kinds["number"] = c
		default:
			kinds["currency"] = c
		}
	}
	hide := map[string]func(string) string{
		"plain":           func(s string) string { return `{"a":"` + s + `"}` },
		"upper case":      func(s string) string { return `{"a":"` + strings.ToUpper(s) + `"}` },
		"in a text":       func(s string) string { return `x="` + s + `".` },
		"base64":          func(s string) string { return base64.StdEncoding.EncodeToString([]byte(`{"a":"` + s + `"}`)) },
		"base64 unpadded": func(s string) string { return "id=" + base64.RawURLEncoding.EncodeToString([]byte(`["`+s+`"]`)) },
		"hex":             func(s string) string { return hex.EncodeToString([]byte(`["` + s + `"]`)) },
		"address":         func(s string) string { return "?a=" + url.QueryEscape(`["`+s+`"]`) },
	}
	for kind, c := range kinds {
		for way, f := range hide {
			t.Run("case="+kind+" "+way, func(t *testing.T) {
				found := w.Scanner().Find(f(c.Canary))
				if len(found) != 1 || found[0].Cell != c {
					t.Errorf("%s is found %d times in %s", c.Canary, len(found), f(c.Canary))
				}
			})
		}
	}
	if len(kinds) != 5 {
		t.Errorf("%d kinds", len(kinds))
	}
}

func TestScannerFindsNothingElse(t *testing.T) {
	s := canary.New().Scanner()
	for _, text := range []string{
		`{"time":"2026-11-22T03:26:58.190012345Z","took":1234567890}`, `"2032-01-01T00:00:00Z"`, `canary`, `trm_live_abc_0123456789abcdef`, `{"EUR":1}`, `…3456`,
	} {
		if found := s.Find(text); len(found) > 0 {
			t.Errorf("%s in %s", found[0].Label, text)
		}
	}
}

// TestCellsAreUnique holds the one thing everything rests on.
func TestCellsAreUnique(t *testing.T) {
	w := canary.New()
	seen := map[string]string{}
	for _, c := range w.Cells() {
		if of, twice := seen[c.Canary]; twice {
			t.Errorf("%s is %s and %s", c.Canary, of, c.Label)
		}
		seen[c.Canary] = c.Label
	}
	if len(seen) < 900 {
		t.Errorf("%d cells", len(seen))
	}
}

func TestServerGivesRowsByWhatIsAsked(t *testing.T) {
	w := canary.New()
	ask := func(path, key string) (int, string) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("X-Key", key)
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	rows := func(path string) int {
		var a struct{ Data []map[string]any }
		status, body := ask(path, canary.Key)
		if err := json.Unmarshal([]byte(body), &a); err != nil || status != http.StatusOK {
			t.Fatal(status, body)
		}
		return len(a.Data)
	}
	order := w.Of("Order")[0]
	for _, c := range []struct {
		name, path string
		want       int
	}{
		{"a ghost beside two", "/alpha/order", 3},
		{"the copied system", "/beta/order", 2},
		{"by key", "/alpha/order?by_id=" + order.Key + ",nobody", 1},
		{"by link", "/alpha/invoice?by_order=" + order.Key, 1},
		{"of nobody", "/alpha/order?by_customer=nobody", 0},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := rows(c.path); got != c.want {
				t.Errorf("%d rows, want %d", got, c.want)
			}
		})
	}
	w.Vanish()
	if got := rows("/alpha/order"); got != 2 {
		t.Errorf("%d rows without the ghost", got)
	}
	if status, _ := ask("/alpha/order", "wrong"); status != http.StatusUnauthorized {
		t.Errorf("status %d with a wrong key", status)
	}
	w.Break(true)
	if status, body := ask("/alpha/order", canary.Key); status != http.StatusInternalServerError || !strings.Contains(body, canary.Rage) {
		t.Errorf("a broken system says %d %s", status, body)
	}
	if status, _ := ask("/beta/order", canary.Key); status != http.StatusOK {
		t.Errorf("the other one fails as well: %d", status)
	}
}
