// Package login puts the credentials of a declarative connector on its calls, and
// keeps the session where a system wants a login first. It is called by rest and
// odata, calls out through wire only, and never lets a secret, an address or the
// text of a refusal into an error or a log.
package login

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources/internal/mapping"
)

// The kinds of credentials.
const (
	None    = "none"
	Header  = "header"
	Bearer  = "bearer"
	Basic   = "basic"
	Query   = "query"
	Session = "session"
)

// Config is how a system wants to know who asks. Secrets come resolved and are
// never printed.
type Config struct {
	// Kind is none, header, bearer, basic, query or session; default none.
	Kind string `yaml:"kind"`
	// Name of the header or of the query's parameter, for header and query.
	Name string `yaml:"name"`
	// Value is the key or token, for header, bearer and query.
	Value string `yaml:"value"`
	// User and Password are for basic.
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// Login is the exchange that gives a session's token, for session.
	Login Exchange `yaml:"login"`
}

// Exchange is the call that turns credentials into a session's token.
type Exchange struct {
	// Method is GET, or POST when there is a body.
	Method string `yaml:"method"`
	// Path is joined to the source's address.
	Path string `yaml:"path"`
	// Query, Body (sent as JSON) and Headers may hold the credentials.
	Query   map[string]string `yaml:"query"`
	Body    map[string]string `yaml:"body"`
	Headers map[string]string `yaml:"headers"`
	// TokenAt are the paths in the reply that may hold the token, "$" for a reply
	// that is nothing but the token. The first that holds a text is taken.
	TokenAt []string `yaml:"token_at" short:"true"`
	// Header is what every later call carries the token in, behind Prefix
	// ("Bearer ").
	Header string `yaml:"header"`
	Prefix string `yaml:"prefix"`
}

// String shows no secret.
func (c Config) String() string { return "auth " + c.kind() }

// LogValue shows no secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// GoString shows no secret.
func (c Config) GoString() string { return c.String() }

// String shows no secret.
func (e Exchange) String() string { return "login" }

// GoString shows no secret.
func (e Exchange) GoString() string { return e.String() }

func (c Config) kind() string {
	if c.Kind == "" {
		return None
	}
	return c.Kind
}

// Validate reports all mistakes together, each with its key.
func (c Config) Validate() []error {
	v := &validator{}
	switch c.kind() {
	case None:
	case Header:
		v.header("name", c.Name)
		v.secret("value", c.Value)
	case Bearer:
		v.secret("value", c.Value)
	case Query:
		v.needs("name", c.Name)
		v.needs("value", c.Value)
	case Basic:
		v.needs("user", c.User)
		if strings.Contains(c.User, ":") {
			v.bad("user", "may not contain a colon")
		}
	case Session:
		v.exchange(&c.Login)
	default:
		v.bad("kind", "unknown, expected none, header, bearer, basic, query or session")
	}
	for _, x := range []struct {
		key   string
		isSet bool
		kinds []string
	}{
		{"name", c.Name != "", []string{Header, Query}},
		{"value", c.Value != "", []string{Header, Bearer, Query}},
		{"user", c.User != "", []string{Basic}},
		{"password", c.Password != "", []string{Basic}},
		{"login", c.Login.Path != "", []string{Session}},
	} {
		if x.isSet && !slices.Contains(x.kinds, c.kind()) {
			v.bad(x.key, "is of no use for %s", c.kind())
		}
	}
	return v.errs
}

type validator struct{ errs []error }

func (v *validator) bad(key, format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

func (v *validator) needs(key, value string) {
	if value == "" {
		v.bad(key, "missing")
	}
}

// secret checks a value that will stand in a header, without showing it.
func (v *validator) secret(key, value string) {
	v.needs(key, value)
	if !IsHeaderValue(value) {
		v.bad(key, "has signs that no header may hold")
	}
}

func (v *validator) header(key, name string) {
	v.needs(key, name)
	if name != "" && !IsHeaderName(name) {
		v.bad(key, "is no name of a header")
	}
}

func (v *validator) exchange(e *Exchange) {
	switch e.Method {
	case "", http.MethodGet, http.MethodPost, http.MethodPut:
	default:
		v.bad("login.method", "expected GET, POST or PUT")
	}
	if e.Method == http.MethodGet && len(e.Body) > 0 {
		v.bad("login.body", "a GET has none")
	}
	v.needs("login.path", e.Path)
	if strings.ContainsAny(e.Path, "?#") || strings.Contains(e.Path, "://") {
		v.bad("login.path", "expected a path without host and query: parameters go into login.query")
	}
	v.header("login.header", e.Header)
	if !IsHeaderValue(e.Prefix) {
		v.bad("login.prefix", "has signs that no header may hold")
	}
	if len(e.TokenAt) == 0 {
		v.bad("login.token_at", "missing")
	}
	v.errs = append(v.errs, mapping.CheckPaths("login.token_at", e.TokenAt)...)
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		v.header("login.headers."+name, name)
		v.secret("login.headers."+name, e.Headers[name])
	}
}

// IsHeaderName reports whether a text is a token of RFC 9110, §5.6.2.
func IsHeaderName(name string) bool {
	for i := range len(name) {
		c := name[i]
		isAlphanumeric := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !isAlphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}

// IsHeaderValue reports whether a text holds no control characters.
func IsHeaderValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
