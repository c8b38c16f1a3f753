package operand_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Everything at once: the race detector is the judge, and no answer may be torn.
func TestConcurrentUse(t *testing.T) {
	server := operand.New(world.New(1, 500), operand.Options{SessionCalls: 20, RatePerMinute: 5000, MaxParallel: 8})
	do := func(path, session string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Op-Auth-Token", session)
		server.ServeHTTP(w, r)
		return w
	}
	var wg sync.WaitGroup
	for k := range 6 {
		wg.Go(func() {
			session := ""
			for n := range 60 {
				w := do(operand.DefaultPath(operand.Resources()[(n+k)%10])+"?offset="+url.QueryEscape(strings.Repeat("1", n%3)), session)
				switch w.Code {
				case 200:
					if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
						t.Errorf("torn: %.100s", w.Body)
					}
				case 401:
					var reply struct{ Token string }
					_ = json.Unmarshal(do("/login?tokenAccess="+operand.DefaultToken, "").Body.Bytes(), &reply)
					session = reply.Token
				case 403, 429:
				default:
					t.Errorf("status %d", w.Code)
				}
			}
		})
	}
	wg.Go(func() {
		for n := range 100 {
			server.MarkDeleted(operand.Receivables, 91+n)
			server.Remove(operand.Receivables, 91+n)
			server.Remove(operand.Tasks, n)
			server.IgnoreOffset(n%2 == 0)
			server.HTMLError([]int{0, 0, 200}[n%3])
			server.Forbid(operand.Resources()[:n%4]...)
			if n%10 == 0 {
				server.ExpireSessions()
				server.ReplaceToken(operand.DefaultToken)
				server.SwitchOff()
				server.SwitchOn()
				server.ResetCalls()
			}
			server.Calls()
			server.Count(operand.Jobs)
		}
		server.HTMLError(0)
	})
	wg.Wait()
}

// FuzzList asks with whatever query: the answer is a page or a refusal, and always JSON.
func FuzzList(f *testing.F) {
	server := operand.New(world.New(1, 60), operand.Options{})
	login := httptest.NewRecorder()
	server.ServeHTTP(login, httptest.NewRequest(http.MethodGet, "/login?tokenAccess="+operand.DefaultToken, nil))
	var reply struct{ Token string }
	if err := json.Unmarshal(login.Body.Bytes(), &reply); err != nil {
		f.Fatal(err)
	}
	for _, q := range []string{
		"", "limit=100&offset=0", "limit=-1&offset=-1", "dueDateStart=2025-01-01&dueDateEnd=2025-12-31", "dueDateStart=0001-01-01", "dueDateEnd=9999-12-31",
		"dueDateStart=31/02/2026", "clientIds[]=486&situations[]=active", "limit=9223372036854775807&offset=9223372036854775807", "%zz", "a;b", "offset=1&offset=2",
	} {
		for k := range operand.Resources() {
			f.Add(uint8(k), q)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		resource := operand.Resources()[int(which)%len(operand.Resources())]
		r := httptest.NewRequest(http.MethodGet, operand.DefaultPath(resource), nil)
		r.URL.RawQuery = query
		r.Header.Set("Op-Auth-Token", reply.Token)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s?%s: %d %.200s", resource, query, w.Code, w.Body)
		}
	})
}
