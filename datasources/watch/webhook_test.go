package watch_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/watch"
)

func TestWebhook(t *testing.T) {
	var body []byte
	var signature string
	var calls atomic.Int32
	var answer atomic.Int32
	answer.Store(http.StatusNoContent)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, _ = io.ReadAll(r.Body)
		signature = r.Header.Get(watch.SignatureHeader)
		if r.URL.RequestURI() != "/hook?key=s3cret" || r.Method != http.MethodPost {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		w.Header().Set("Location", elsewhere.URL)
		w.WriteHeader(int(answer.Load()))
	}))
	defer srv.Close()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	w, err := watch.NewWebhook(watch.WebhookConfig{URL: srv.URL + "/hook?key=s3cret", Secret: "shh", Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	failing := watch.Watched{Reading: watch.Reading{Segment: books, State: watch.Failing, Code: "SOURCE_TIMEOUT"}, Raised: watch.Failing, Since: at}
	fine := watch.Watched{Reading: watch.Reading{Segment: watch.Segment{Source: "crm", Entity: "Order"}}, Raised: watch.Fine, Since: at}
	if err := w.Tell(t.Context(), []watch.Watched{failing}, []watch.Watched{failing, fine}); err != nil {
		t.Fatal(err)
	}
	if want := watch.Sign([]byte("shh"), at, body); signature != want {
		t.Errorf("signed %s, want %s", signature, want)
	}
	var m watch.Message
	if err := json.Unmarshal(body, &m); err != nil || m.Status != "firing" || len(m.Changed) != 1 || len(m.Open) != 1 || m.Open[0].Code != "SOURCE_TIMEOUT" {
		t.Errorf("%s: %v", body, err)
	}
	if err := w.Tell(t.Context(), []watch.Watched{fine}, []watch.Watched{fine}); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &m); err != nil || m.Status != "resolved" || len(m.Open) != 0 {
		t.Errorf("%s: %v", body, err)
	}
	for _, status := range []int32{http.StatusInternalServerError, http.StatusFound, http.StatusForbidden} {
		answer.Store(status)
		calls.Store(0)
		err := w.Tell(t.Context(), []watch.Watched{fine}, nil)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("status %d: %v", status, err)
		}
		if status == http.StatusInternalServerError && calls.Load() < 2 {
			t.Error("it was not tried again")
		}
	}
}

func TestWebhookAddress(t *testing.T) {
	for _, address := range []string{"", "example.com/hook", "ftp://example.com/s3cret", "://s3cret"} {
		if _, err := watch.NewWebhook(watch.WebhookConfig{URL: address}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
