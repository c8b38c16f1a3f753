package login_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources/internal/login"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cr3t-p4nel-t0ken"

// open starts a server and makes its calls with cfg.
func open(t *testing.T, cfg login.Config, h http.HandlerFunc, log io.Writer, now func() time.Time) *login.Auth {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL + "/api")
	if err != nil {
		t.Fatal(err)
	}
	var logger *slog.Logger
	if log != nil {
		logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	c, err := wire.New(wire.Config{Source: "agency", Base: base, Retries: -1, Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if errs := cfg.Validate(); len(errs) > 0 {
		t.Fatal(errs)
	}
	a, err := login.New(cfg, "agency", c, now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func call() login.Call {
	return login.Call{Call: wire.Call{Name: "clients", URL: "/clients?limit=1", Read: true}}
}

func session() login.Config {
	return login.Config{Kind: login.Session, Login: login.Exchange{
		Path: "/login", Query: map[string]string{"tokenAccess": secret}, TokenAt: []string{"token", "auth", "data.token", "records.token", "$"}, Header: "Op-Auth-Token",
	}}
}

func TestKinds(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  login.Config
		want func(r *http.Request) bool
	}{
		"none":   {login.Config{}, func(r *http.Request) bool { return r.Header.Get("Authorization") == "" && r.URL.RawQuery == "limit=1" }},
		"header": {login.Config{Kind: "header", Name: "X-Api-Key", Value: secret}, func(r *http.Request) bool { return r.Header.Get("X-API-KEY") == secret }},
		"bearer": {login.Config{Kind: "bearer", Value: secret}, func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+secret }},
		"basic": {login.Config{Kind: "basic", User: "ü", Password: secret}, func(r *http.Request) bool {
			u, p, ok := r.BasicAuth()
			return ok && u == "ü" && p == secret
		}},
		"query": {login.Config{Kind: "query", Name: "api key", Value: "a&b=" + secret}, func(r *http.Request) bool {
			return r.URL.Query().Get("api key") == "a&b="+secret && r.URL.Query().Get("limit") == "1"
		}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			ok := false
			a := open(t, c.cfg, func(_ http.ResponseWriter, r *http.Request) { ok = c.want(r) }, nil, nil)
			if err := a.Do(t.Context(), call()); err != nil || !ok {
				t.Errorf("%v; right credentials: %t", err, ok)
			}
		})
	}
}

func TestRefusedKey(t *testing.T) {
	for _, status := range []int{401, 403} {
		t.Run(fmt.Sprintf("case=%d", status), func(t *testing.T) {
			calls := 0
			a := open(t, login.Config{Kind: "header", Name: "X-Key", Value: secret}, func(w http.ResponseWriter, _ *http.Request) {
				calls++
				if calls == 1 {
					http.Error(w, "key "+secret+" of Ion Popescu is unknown", status)
				}
			}, nil, nil)
			err := a.Do(t.Context(), call())
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != schema.SourceUnavailable || e.Retryable || e.Source != "agency" {
				t.Fatalf("got %+v", err)
			}
			if a.Note() != login.NoteKey || strings.Contains(e.Err.Error(), secret) || strings.Contains(e.Err.Error(), "Ion") {
				t.Errorf("note %q, cause %q", a.Note(), e.Err)
			}
			if err := a.Do(t.Context(), call()); err != nil || a.Note() != "" {
				t.Errorf("after a good call: %v, note %q", err, a.Note())
			}
		})
	}
}

func TestDenied(t *testing.T) {
	a := open(t, login.Config{Kind: "bearer", Value: secret}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, nil, nil)
	c := call()
	c.Denied = func(status int) error {
		return wire.Refused(schema.SourceErrorf(schema.NotEnabled, "agency", "package %d", status))
	}
	if err := a.Do(t.Context(), c); schema.CodeOf(err) != schema.NotEnabled || a.Note() != "" {
		t.Errorf("got %v, note %q", err, a.Note())
	}
}

// panel is a system with a login that counts.
type panel struct {
	logins, calls atomic.Int32
	reply         func(n int32) string // of the n-th login
	status        func(token string, n int32) int
}

func (p *panel) serve(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/login" {
			if r.URL.Query().Get("tokenAccess") != secret {
				t.Error("the login came without the panel's token")
			}
			io.WriteString(w, p.reply(p.logins.Add(1)))
			return
		}
		w.WriteHeader(p.status(r.Header.Get("Op-Auth-Token"), p.calls.Add(1)))
	}
}

func numbered(n int32) string { return fmt.Sprintf(`{"records":{"token":"sess-%d"}}`, n) }

func TestSession(t *testing.T) {
	for name, c := range map[string]struct {
		reply         func(int32) string
		status        func(token string, n int32) int
		logins, calls int32
		code          schema.Code
		note          string
	}{
		"one login for all":                   {numbered, func(token string, _ int32) int { return want(token == "sess-1", 200) }, 1, 3, "", ""},
		"expired with 401":                    {numbered, func(token string, n int32) int { return want(token == "sess-2", 200, n == 1, 401) }, 2, 4, "", ""},
		"expired with 403":                    {numbered, func(token string, n int32) int { return want(token == "sess-2", 200, n == 1, 403) }, 2, 4, "", ""},
		"refused for ever":                    {numbered, func(string, int32) int { return 401 }, 2, 4, schema.SourceUnavailable, login.NoteSession},
		"a bare string":                       {func(int32) string { return `"sess-1"` }, func(token string, _ int32) int { return want(token == "sess-1", 200) }, 1, 3, "", ""},
		"a bare text":                         {func(int32) string { return "sess-1\n" }, func(token string, _ int32) int { return want(token == "sess-1", 200) }, 1, 3, "", ""},
		"no token":                            {func(int32) string { return `{"error":"no"}` }, nil, 1, 0, schema.SourceUnavailable, login.NoteToken},
		"a token that would break the header": {func(int32) string { return `{"token":"a\r\nX-Evil: 1"}` }, nil, 1, 0, schema.SourceUnavailable, login.NoteToken},
		"a page":                              {func(int32) string { return `<html>log in</html>` }, nil, 1, 0, schema.SourceInvalid, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			p := &panel{reply: c.reply, status: c.status}
			a := open(t, session(), p.serve(t), nil, nil)
			var err error
			for range 3 {
				err = a.Do(t.Context(), call())
			}
			if schema.CodeOf(err) != c.code {
				t.Fatalf("got %v", err)
			}
			if p.logins.Load() != c.logins || p.calls.Load() != c.calls {
				t.Errorf("%d logins and %d calls, want %d and %d", p.logins.Load(), p.calls.Load(), c.logins, c.calls)
			}
			if a.Note() != c.note {
				t.Errorf("note %q, want %q", a.Note(), c.note)
			}
			var e *schema.Error
			if errors.As(err, &e) && c.note != "" && e.Retryable {
				t.Error("what an operator must heal is said to be retryable")
			}
		})
	}
}

// want picks the status whose condition holds, 500 otherwise.
func want(pairs ...any) int {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].(bool) {
			return pairs[i+1].(int)
		}
	}
	return 500
}

// TestSettledRefusal makes sure that a package which is not enabled does not cost
// a login each time it is asked, and is asked again later.
func TestSettledRefusal(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	p := &panel{reply: numbered, status: func(string, int32) int { return 403 }}
	a := open(t, session(), p.serve(t), nil, func() time.Time { return now })
	c := call()
	c.Denied = func(int) error { return wire.Refused(schema.SourceErrorf(schema.NotEnabled, "agency", "no")) }
	for range 5 {
		if err := a.Do(t.Context(), c); schema.CodeOf(err) != schema.NotEnabled {
			t.Fatal(err)
		}
	}
	if p.logins.Load() != 2 || p.calls.Load() != 6 {
		t.Errorf("%d logins, %d calls", p.logins.Load(), p.calls.Load())
	}
	now = now.Add(2 * time.Minute)
	if err := a.Do(t.Context(), c); schema.CodeOf(err) != schema.NotEnabled || p.logins.Load() != 3 {
		t.Errorf("later: %v, %d logins", err, p.logins.Load())
	}
}

// TestSecretsStayInside refuses the login in every way, and looks for the secrets
// in errors, their causes and the log.
func TestSecretsStayInside(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "bad "+r.URL.String(), http.StatusForbidden)
		},
		"broken": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "bad "+r.URL.String(), 500) },
		"redirected": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login?again="+secret, http.StatusFound)
		},
		"hung up": func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		},
		"half": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"token":"`+secret)
		},
	} {
		for _, kind := range []string{"session", "body", "query"} {
			t.Run("case="+name+"/"+kind, func(t *testing.T) {
				cfg := session()
				switch kind {
				case "body":
					cfg.Login.Query, cfg.Login.Body = nil, map[string]string{"pin": secret}
					cfg.Login.Headers = map[string]string{"X-Panel": secret}
				case "query":
					cfg = login.Config{Kind: login.Query, Name: "k", Value: secret}
				}
				var log bytes.Buffer
				a := open(t, cfg, h, &log, nil)
				err := a.Do(t.Context(), call())
				if err == nil {
					t.Fatal("it went well")
				}
				text := log.String() + fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, cfg.Login) + a.Note()
				for e := err; e != nil; e = errors.Unwrap(e) {
					text += "\n" + e.Error()
				}
				if strings.Contains(text, secret) {
					t.Errorf("the secret is in:\n%s", text)
				}
			})
		}
	}
}

func TestBodyLogin(t *testing.T) {
	cfg := login.Config{Kind: login.Session, Login: login.Exchange{
		Path: "/login", Body: map[string]string{"user": "api", "password": `q"uote`}, TokenAt: []string{"data.0.jwt"}, Header: "Authorization", Prefix: "Bearer ",
	}}
	a := open(t, cfg, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/login" {
			if r.Header.Get("Authorization") != "Bearer abc" {
				w.WriteHeader(401)
			}
			return
		}
		var got map[string]string
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.Method != http.MethodPost || got["user"] != "api" || got["password"] != `q"uote` {
			t.Errorf("login of %v by %s: %v", got, r.Method, err)
		}
		io.WriteString(w, `{"data":[{"jwt":"abc"}]}`)
	}, nil, nil)
	if err := a.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Do(t.Context(), call()); err != nil {
		t.Error(err)
	}
}

func TestCancelledLogin(t *testing.T) {
	p := &panel{reply: numbered, status: func(string, int32) int { return 200 }}
	a := open(t, session(), p.serve(t), nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Do(ctx, call()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  login.Config
		want []string
	}{
		"none":                {login.Config{}, nil},
		"unknown":             {login.Config{Kind: "oauth"}, []string{"kind: unknown"}},
		"header":              {login.Config{Kind: "header"}, []string{"name: missing", "value: missing"}},
		"a bad header":        {login.Config{Kind: "header", Name: "X Key", Value: "a\nb"}, []string{"name: is no name of a header", "value: has signs"}},
		"basic":               {login.Config{Kind: "basic", User: "a:b"}, []string{"user: may not contain a colon"}},
		"too much":            {login.Config{Kind: "bearer", Value: "x", User: "u", Login: login.Exchange{Path: "/login"}}, []string{"user: is of no use for bearer", "login: is of no use for bearer"}},
		"session":             {login.Config{Kind: "session"}, []string{"login.path: missing", "login.header: missing", "login.token_at: missing"}},
		"session, badly":      {login.Config{Kind: "session", Login: login.Exchange{Method: "GET", Path: "/login?x=1", Body: map[string]string{"a": "b"}, Header: "X", TokenAt: []string{"a..b"}}}, []string{"login.body: a GET has none", "login.path: expected a path", "login.token_at[0]: a step"}},
		"good":                {session(), nil},
		"query without value": {login.Config{Kind: "query", Name: "k"}, []string{"value: missing"}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			errs := c.cfg.Validate()
			if len(errs) != len(c.want) {
				t.Fatalf("got %v", errs)
			}
			for _, w := range c.want {
				if !strings.Contains(errors.Join(errs...).Error(), w) {
					t.Errorf("nothing says %q: %v", w, errs)
				}
			}
		})
	}
}
