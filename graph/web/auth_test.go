package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// nowhere is where nobody can be looked up.
type nowhere struct{}

func (nowhere) Verify(context.Context, string, netip.Addr) (*policies.Principal, error) {
	e := schema.Errorf(schema.SourceUnavailable, "Trama's own store is away")
	e.Retryable, e.Wait = true, time.Second
	return nil, e
}

// TestStoreAway: a store that is away is told at every door, so that another instance
// is asked, or the client comes again.
func TestStoreAway(t *testing.T) {
	var log bytes.Buffer
	h := web.New(web.Config{Auth: nowhere{}, Push: web.PushConfig{Pusher: &shelf{}}, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	for _, c := range []struct{ name, method, path, media, body string }{
		{"a query", http.MethodPost, "/graphql", "application/json", `{"query": "{ sources { name } }"}`},
		{"a push", http.MethodPost, "/push/erp", "application/x-ndjson", `{}`},
		{"a login", http.MethodGet, "/v1/login", "", ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			log.Reset()
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("Authorization", "Bearer t")
			r.Header.Set("Content-Type", c.media)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			var answer struct {
				Errors []struct {
					Message    string
					Extensions struct {
						Code       schema.Code
						Source     string
						RetryAfter int
						Retryable  bool
					}
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Errors) != 1 {
				t.Fatalf("%v: %s", err, w.Body)
			}
			e := answer.Errors[0].Extensions
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || e.Code != schema.SourceUnavailable || e.RetryAfter != 1 || !e.Retryable || e.Source != "" {
				t.Errorf("%d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
			}
			if log.Len() > 0 { // whose store it is logs that it is away
				t.Errorf("logged %s", log.String())
			}
		})
	}
}
