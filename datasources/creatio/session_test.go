package creatio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/schema"
)

func list(t *testing.T, o *opened) error {
	t.Helper()
	_, err := orders(t, o).List(t.Context(), datasources.Query{Fields: usual, First: 5})
	return err
}

func TestSessionBounceLogsInOnce(t *testing.T) {
	for name, gone := range map[string]func(w http.ResponseWriter){
		"401":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) },
		"page": html,
		"redirect": func(w http.ResponseWriter) {
			w.Header().Set("Location", "/Login/NuiLogin.aspx?ReturnUrl=x")
			w.WriteHeader(302)
		},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := world(t, 10)
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasPrefix(r.URL.Path, "/0/odata/") && !f.admitted(r) {
					gone(w)
					return true
				}
				return false
			}
			o := f.open(nil)
			o.warm(f)
			f.bounce()
			var wait sync.WaitGroup
			var failed atomic.Int32
			for range 20 {
				wait.Go(func() {
					if list(t, o) != nil {
						failed.Add(1)
					}
				})
			}
			wait.Wait()
			if f.loginCount() != 2 || failed.Load() != 0 {
				t.Errorf("got %d logins and %d failures, want 2 and 0", f.loginCount(), failed.Load())
			}
		})
	}
}

func TestBouncedTwiceIsUnavailable(t *testing.T) {
	f := world(t, 3)
	o := f.open(nil)
	o.warm(f)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/0/odata/Order" {
			html(w)
			return true
		}
		return false
	}
	wantCode(t, list(t, o), schema.SourceUnavailable)
	if f.loginCount() != 2 {
		t.Errorf("got %d logins, want 2", f.loginCount())
	}
}

func TestLoginRefused(t *testing.T) {
	for name, c := range map[string]struct {
		reply string
		code  schema.Code
	}{
		"wrong password": {`{"Code":1,"Message":"wrong password s3cret-Pa55word","Exception":{}}`, schema.SourceUnavailable},
		"quoted code":    {`{"Code":"2"}`, schema.SourceUnavailable},
		"no code":        {`{"Message":""}`, schema.SourceInvalid},
		"null code":      {`{"Code":null}`, schema.SourceInvalid},
		"no cookies":     {`{"Code":0}`, schema.SourceInvalid},
		"html":           {`<html><body>hello</body></html>`, schema.SourceInvalid},
		"half":           {`{"Code":`, schema.SourceInvalid},
		"array":          {`[]`, schema.SourceInvalid},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := newFake(t)
			logins := 0
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/Login") {
					logins++
					io.WriteString(w, c.reply)
				} else {
					t.Errorf("a call without a login: %s", r.URL.Path)
				}
				return true
			}
			o := f.open(nil)
			err := list(t, o)
			wantCode(t, err, c.code)
			if strings.Contains(err.Error(), "password") || logins != 1 {
				t.Errorf("got %q after %d logins", err, logins)
			}
			found, err := o.Probe(t.Context())
			if err == nil || len(found) != 1 || found[0].Level != datasources.Fail {
				t.Errorf("got %+v, %v", found, err)
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	f := world(t, 3)
	var mu sync.Mutex
	now, tokens, current := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 0, ""
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Form.Get("grant_type") != "client_credentials" || r.Form.Get("client_secret") != "very-secret-value" || r.URL.Path != "/connect/token" || r.Header.Get("BPMCSRF") != "" {
			t.Errorf("malformed token request %v", r.URL)
		}
		mu.Lock()
		defer mu.Unlock()
		tokens++
		current = fmt.Sprintf("token-value-%d", tokens)
		json.NewEncoder(w).Encode(map[string]any{"access_token": current, "token_type": "Bearer", "expires_in": 3600})
	}))
	defer identity.Close()
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+current || r.Header.Get("Cookie") != "" || r.Header.Get("BPMCSRF") != "" {
			w.WriteHeader(401)
			return true
		}
		if r.URL.Path == "/0/odata/$metadata" {
			io.WriteString(w, f.metadata())
			return true
		}
		status, body := f.answer(strings.TrimPrefix(r.URL.Path, "/0/odata/"), r.URL.RawQuery)
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}
	o := f.open(func(c *creatio.Config, d *creatio.Deps) {
		c.User, c.Password, c.ClientID, c.ClientSecret, c.TokenURL = "", "", "trama", "very-secret-value", identity.URL+"/connect/token"
		d.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	step := func(d time.Duration, want int) {
		t.Helper()
		mu.Lock()
		now = now.Add(d)
		mu.Unlock()
		if err := list(t, o); err != nil {
			t.Fatal(err)
		}
		if mu.Lock(); tokens != want {
			t.Errorf("got %d tokens, want %d", tokens, want)
		}
		mu.Unlock()
	}
	step(0, 1)
	step(3569*time.Second, 1)
	step(time.Second, 2) // 30 seconds before its end
	mu.Lock()
	current = "revoked"
	mu.Unlock()
	step(0, 3)
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.log.String(); strings.Contains(s, "very-secret") || strings.Contains(s, "token-value") {
		t.Error("the log holds a secret")
	}
}

func TestTokenAtTheApplicationHost(t *testing.T) {
	f := newFake(t)
	f.hook = func(w http.ResponseWriter, _ *http.Request) bool { html(w); return true }
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) {
		c.User, c.Password, c.ClientID, c.ClientSecret, c.TokenURL = "", "", "trama", "very-secret-value", f.server.URL+"/connect/token"
	})
	err := list(t, o)
	wantCode(t, err, schema.SourceInvalid)
	if !strings.Contains(err.Error(), "not that of a login or token service") {
		t.Errorf("got %q", err)
	}
}

func TestPathProbe(t *testing.T) {
	for name, c := range map[string]struct {
		path, set string
		first     func(w http.ResponseWriter)
		code      schema.Code
	}{
		"framework":     {path: "/0/odata"},
		"core":          {path: "/odata"},
		"core, page":    {path: "/odata", first: html},
		"core, moved":   {path: "/odata", first: func(w http.ResponseWriter) { w.Header().Set("Location", "/Login"); w.WriteHeader(302) }},
		"core, json":    {path: "/odata", first: func(w http.ResponseWriter) { w.Write([]byte(`{"a":1}`)) }},
		"configured":    {path: "/crm/odata", set: "/crm/odata/"},
		"nowhere":       {path: "/elsewhere", code: schema.SourceInvalid},
		"half document": {path: "/odata", first: func(w http.ResponseWriter) { w.Write([]byte(`<edmx:Edmx><Schema`)) }},
		"down":          {path: "/odata", first: func(w http.ResponseWriter) { w.WriteHeader(503) }, code: schema.SourceUnavailable},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := world(t, 3)
			f.path = c.path
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if c.first != nil && strings.HasPrefix(r.URL.Path, "/0/") {
					c.first(w)
					return true
				}
				return false
			}
			o := f.open(func(cfg *creatio.Config, _ *creatio.Deps) { cfg.ODataPath = c.set })
			wantCode(t, list(t, o), c.code)
			if n := f.loginCount(); n != 1 {
				t.Errorf("got %d logins, want 1", n)
			}
		})
	}
}

func TestMetadataIsReadOnceForAll(t *testing.T) {
	f := world(t, 10)
	var reads atomic.Int32
	f.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "$metadata") {
			reads.Add(1)
		}
		return false
	}
	o := f.open(nil)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if err := list(t, o); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	statuses := 0
	for _, c := range f.took() {
		if c == "GET OrderStatus" {
			statuses++
		}
	}
	if reads.Load() != 1 || statuses != 1 || f.loginCount() != 1 {
		t.Errorf("got %d metadata, %d lookup reads, %d logins, want one of each", reads.Load(), statuses, f.loginCount())
	}
}

func TestCancelledCallerHarmsNobody(t *testing.T) {
	f := world(t, 3)
	started, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	f.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "$metadata") {
			once.Do(func() { close(started) })
			<-release
		}
		return false
	}
	o := f.open(nil)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := orders(t, o).List(ctx, datasources.Query{Fields: usual, First: 5})
		left <- err
	}()
	stayed := make(chan error, 1)
	<-started
	go func() { stayed <- list(t, o) }()
	cancel()
	err := <-left
	wantCode(t, err, schema.SourceUnavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a cancelled context inside", err)
	}
	close(release)
	if err := <-stayed; err != nil {
		t.Errorf("the other caller failed: %v", err)
	}
}

func TestCloseEndsWhatRuns(t *testing.T) {
	f := world(t, 3)
	started := make(chan struct{})
	var once sync.Once
	f.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "$metadata") {
			once.Do(func() { close(started) })
			<-r.Context().Done()
		}
		return false
	}
	o := f.open(nil)
	left := make(chan error, 1)
	go func() { left <- list(t, o) }()
	<-started
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-left, schema.SourceUnavailable)
	wantCode(t, list(t, o), schema.SourceUnavailable)
}
