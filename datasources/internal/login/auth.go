package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// What an operator is told, see datasources.Status.Note.
const (
	NoteLogin   = "the login was refused: the token was replaced or the API was switched off"
	NoteKey     = "the credentials were refused: they were replaced, lack the right or were switched off"
	NoteSession = "a session just made was refused: the token was replaced or the API was switched off"
	NoteToken   = "the login answered, but nothing at login.token_at holds a token"
)

// LoginCall is the name of the login's call in logs and metrics.
const LoginCall = "login"

// settledFor is how long a refusal that outlived a new login is believed before
// the next login is tried for its sake.
const settledFor = time.Minute

// maxToken bounds what is sent along with every call.
const maxToken = 8 << 10

// Call is a wire.Call that carries credentials.
type Call struct {
	wire.Call
	// Denied gives the verdict on a 401 or 403 that is not the credentials' fault:
	// a package that was not bought. Nil, or a nil error, = they were refused.
	Denied func(status int) error
}

// Auth makes a source's calls with its credentials. It is safe for concurrent
// use.
type Auth struct {
	cfg    Config
	source string
	client *wire.Client
	now    func() time.Time
	fixed  http.Header // credentials of the kinds without a session
	query  string      // the same as a part of the address, "" = none

	session *wire.Session[string] // nil unless Kind is Session
	paths   []mapping.Path

	mu      sync.Mutex // guards the rest
	note    string
	settled map[string]time.Time // by the calls' names, which are constants
}

// New makes the calls of client carry the credentials. cfg must be valid; a nil
// clock is time.Now.
func New(cfg Config, source string, client *wire.Client, now func() time.Time) (*Auth, error) {
	if now == nil {
		now = time.Now
	}
	a := &Auth{cfg: cfg, source: source, client: client, now: now, settled: map[string]time.Time{}, fixed: cfg.credentials()}
	if cfg.kind() == Query {
		a.query = url.QueryEscape(cfg.Name) + "=" + url.QueryEscape(cfg.Value)
	}
	if cfg.kind() == Session {
		paths, err := mapping.ParsePaths(cfg.Login.TokenAt)
		if err != nil {
			return nil, fmt.Errorf("login.token_at%w", err)
		}
		a.paths = paths
		a.session = wire.NewSession(a.login)
		a.session.Source = source
	}
	return a, nil
}

// Note is what an operator should do about the last refusal, "" when there is
// nothing.
func (a *Auth) Note() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.note
}

// Login makes sure that there is a session; nothing where none is needed.
func (a *Auth) Login(ctx context.Context) error {
	if a.session == nil {
		return nil
	}
	_, _, err := a.session.Get(ctx)
	return err
}

// Do makes a call. 401 and 403 are judged before the call's own Decode: with a
// session they mean one new login and one replay; what is refused then, or
// without a session, is for Denied, and SOURCE_UNAVAILABLE that is not to be
// retried otherwise. Errors are those of wire.Client.Do.
func (a *Auth) Do(ctx context.Context, call Call) error {
	if a.session == nil {
		return a.client.Do(ctx, a.prepared(&call, a.fixed, false))
	}
	tries := 0
	return wire.WithSession(ctx, a.session, func(ctx context.Context, token string) error {
		tries++
		mayBounce := tries == 1 && !a.isSettled(call.Name)
		h := http.Header{}
		h.Set(a.cfg.Login.Header, a.cfg.Login.Prefix+token)
		return a.client.Do(ctx, a.prepared(&call, h, mayBounce))
	})
}

// credentials are the headers of the kinds without a session.
func (c *Config) credentials() http.Header {
	h := http.Header{}
	switch c.kind() {
	case Header:
		h.Set(c.Name, c.Value)
	case Bearer:
		h.Set("Authorization", "Bearer "+c.Value)
	case Basic:
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password)))
	}
	return h
}

// prepared is the call with credentials and with the judgement on refusals before
// its own.
func (a *Auth) prepared(call *Call, credentials http.Header, mayBounce bool) wire.Call {
	out := call.Call
	out.Credentials = credentials
	if a.query != "" {
		sign := "?"
		if strings.Contains(out.URL, "?") {
			sign = "&"
		}
		out.URL += sign + a.query
	}
	decode, name, denied := out.Decode, call.Name, call.Denied
	if decode == nil {
		decode = wire.StatusVerdict
	}
	out.Decode = func(r *wire.Reply) error {
		if r.Status != http.StatusUnauthorized && r.Status != http.StatusForbidden {
			err := decode(r)
			if err == nil {
				a.tell("")
			}
			return err
		}
		cause := fmt.Errorf("status %d", r.Status)
		if mayBounce {
			return wire.Bounced(cause)
		}
		if a.session != nil {
			a.settle(name)
		}
		if denied != nil {
			if err := denied(r.Status); err != nil {
				return err
			}
		}
		note := NoteKey
		if a.session != nil {
			note = NoteSession
		}
		return a.refused(note, cause)
	}
	return out
}

// refused is an error that time does not heal.
func (a *Auth) refused(note string, cause error) error {
	a.tell(note)
	e := schema.SourceErrorf(schema.SourceUnavailable, a.source, "%s refused the login", a.source)
	e.Retryable = false
	return wire.Refused(e.Because(cause))
}

func (a *Auth) tell(note string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.note = note
}

func (a *Auth) settle(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settled[name] = a.now()
}

func (a *Auth) isSettled(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.settled[name]
	return ok && a.now().Sub(at) < settledFor
}

// login makes the exchange.
func (a *Auth) login(ctx context.Context) (string, error) {
	e := &a.cfg.Login
	call := wire.Call{Name: LoginCall, Method: e.Method, URL: e.Path, Header: http.Header{}, Read: true}
	if len(e.Query) > 0 {
		q := url.Values{}
		for name, value := range e.Query {
			q.Set(name, value)
		}
		call.URL += "?" + q.Encode()
	}
	call.Header.Set("Accept", "application/json")
	if len(e.Body) > 0 {
		body, err := json.Marshal(e.Body)
		if err != nil {
			return "", schema.SourceErrorf(schema.SourceInvalid, a.source, "the login to %s cannot be written", a.source)
		}
		call.Body = body
		call.Header.Set("Content-Type", "application/json")
		if call.Method == "" {
			call.Method = http.MethodPost
		}
	}
	for name, value := range e.Headers {
		call.Header.Set(name, value)
	}
	token := ""
	call.Decode = func(r *wire.Reply) error {
		if r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden {
			return a.refused(NoteLogin, fmt.Errorf("status %d", r.Status))
		}
		if err := wire.StatusVerdict(r); err != nil {
			return err
		}
		if wire.LooksLikeHTML(r.Body) {
			return wire.Invalid(errors.New("an HTML page instead of a token"))
		}
		if token = tokenIn(r.Body, a.paths); token == "" {
			return a.refused(NoteToken, errors.New("no token in the reply"))
		}
		a.tell("")
		return nil
	}
	if err := a.client.Do(ctx, call); err != nil {
		return "", err
	}
	return token, nil
}

// tokenIn finds the token in the reply of a login, "" when there is none that can
// stand in a header.
func tokenIn(body []byte, paths []mapping.Path) string {
	doc, err := mapping.Parse(body)
	if err != nil {
		if mapping.HasPath(paths, "$") {
			return token(string(body))
		}
		return ""
	}
	for _, p := range paths {
		v := p.Find(doc.Root())
		if k := v.Kind(); k != mapping.Text && k != mapping.Number {
			continue
		}
		if t := token(v.String()); t != "" {
			return t
		}
	}
	return ""
}

func token(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > maxToken {
		return ""
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return ""
		}
	}
	return text
}
