package creatio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

const (
	loginPath = "ServiceModel/AuthService.svc/Login" // without /0, on both builds
	csrfName  = "BPMCSRF"
	// A token is renewed this long before it ends ("Creatio facts", §2 B).
	renewEarly = 30 * time.Second
)

// pass is what a login gave: cookies, or a bearer token. It is shared by all
// callers; the jar locks itself, since the site renews cookies with any reply.
type pass struct {
	jar    http.CookieJar
	bearer string
	renew  time.Time // not used from then on, zero = until it is refused
}

// header returns what a call to u must carry. BPMCSRF is read from the jar each
// time; .NET with CSRF off has none, then the header is left out.
func (p pass) header(u *url.URL) http.Header {
	h := http.Header{}
	if p.bearer != "" {
		h.Set("Authorization", "Bearer "+p.bearer)
		return h
	}
	h.Set("ForceUseSession", "true")
	if p.jar == nil {
		return h
	}
	cookies := http.Request{Header: h}
	for _, c := range p.jar.Cookies(u) {
		cookies.AddCookie(c)
		if c.Name == csrfName {
			h.Set(csrfName, c.Value)
		}
	}
	return h
}

// keep stores the cookies of a reply: forms tickets slide.
func (p pass) keep(r *wire.Reply) {
	if p.jar == nil || r.URL == nil || len(r.Header["Set-Cookie"]) == 0 {
		return
	}
	reply := http.Response{Header: r.Header}
	p.jar.SetCookies(r.URL, reply.Cookies())
}

// formsLogin is "Creatio facts", §2 A. A wrong password is a 200 with a Code.
func (s *source) formsLogin(ctx context.Context) (pass, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return pass{}, fmt.Errorf("make a cookie jar: %w", err)
	}
	body, err := json.Marshal(map[string]string{"UserName": s.cfg.User, "UserPassword": s.cfg.Password})
	if err != nil {
		return pass{}, fmt.Errorf("encode the login: %w", err)
	}
	p := pass{jar: jar}
	err = s.client.Do(ctx, wire.Call{
		Name: "Login", Method: http.MethodPost, URL: loginPath, Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {jsonType}, "ForceUseSession": {"true"}},
		Decode: func(r *wire.Reply) error {
			if err := s.loginVerdict(r, judgeForms); err != nil {
				return err
			}
			p.keep(r)
			if r.URL != nil && len(r.Header["Set-Cookie"]) == 0 {
				return wire.Invalid(errors.New("creatio: the login set no cookie"))
			}
			return nil
		},
	})
	return p, err
}

// loginVerdict judges a login's status, then its body. 401 and 403 are wrong
// credentials here, not a lost session.
func (s *source) loginVerdict(r *wire.Reply, judge func(body []byte) error) error {
	refused := func(err error) error {
		e := schema.SourceErrorf(schema.SourceUnavailable, s.cfg.Name, "%s refused the login", s.cfg.Name).Because(err)
		e.Retryable = false
		return wire.Refused(e)
	}
	switch {
	case r.Status == http.StatusUnauthorized, r.Status == http.StatusForbidden, r.Status == http.StatusBadRequest:
		return refused(fmt.Errorf("status %d", r.Status))
	case r.Status >= 300 && r.Status < 400:
		return wire.Invalid(fmt.Errorf("the login is at another address: %w", wire.Redirect(r)))
	case wire.LooksLikeHTML(r.Body) && r.Status < 500:
		e := schema.SourceErrorf(schema.SourceInvalid, s.cfg.Name, "%s answers the login with a page: the address is not that of a login or token service", s.cfg.Name)
		return wire.Refused(e)
	}
	if err := wire.StatusVerdict(r); err != nil {
		return err
	}
	err := judge(r.Body)
	if errors.Is(err, errRefusedLogin) {
		return refused(err)
	}
	if err != nil {
		return wire.Invalid(err)
	}
	return nil
}

var errRefusedLogin = errors.New("creatio: login refused")

// judgeForms reads {"Code":0,…}. A reply without a Code is no login reply:
// taking its absence for 0 would let anybody's JSON pass.
func judgeForms(body []byte) error {
	var reply struct {
		Code json.RawMessage `json:"Code"`
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return fmt.Errorf("decode the login reply: %w", err)
	}
	code, err := strconv.Atoi(strings.Trim(string(reply.Code), `"`))
	switch {
	case err != nil:
		return errors.New("creatio: a login reply without a code")
	case code != 0:
		return fmt.Errorf("%w with code %d", errRefusedLogin, code)
	}
	return nil
}

// tokenLogin is "Creatio facts", §2 B.
func (s *source) tokenLogin(ctx context.Context) (pass, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {s.cfg.ClientID}, "client_secret": {s.cfg.ClientSecret}}
	var p pass
	err := s.tokens.Do(ctx, wire.Call{
		Name: "Token", Method: http.MethodPost, URL: s.tokenPath, Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {jsonType}},
		Decode: func(r *wire.Reply) error {
			return s.loginVerdict(r, func(body []byte) error {
				token, life, err := parseToken(body)
				if err != nil {
					return err
				}
				p = pass{bearer: token}
				if life > 0 {
					p.renew = s.now().Add(life - min(renewEarly, life/2))
				}
				return nil
			})
		},
	})
	return p, err
}

// parseToken reads the reply of the identity service. expires_in may be a number
// or a text, and 0 when it is not told.
func parseToken(body []byte) (token string, life time.Duration, err error) {
	var reply struct {
		Token  string          `json:"access_token"`
		Type   string          `json:"token_type"`
		Life   json.RawMessage `json:"expires_in"`
		Reason string          `json:"error"`
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return "", 0, fmt.Errorf("decode the token reply: %w", err)
	}
	switch {
	case reply.Reason != "":
		return "", 0, errRefusedLogin
	case reply.Token == "" || strings.ContainsFunc(reply.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", 0, errors.New("creatio: a token reply without a usable token")
	case !strings.EqualFold(reply.Type, "Bearer"):
		return "", 0, errors.New("creatio: a token of another type than Bearer")
	}
	life, err = parseLife(bytes.Trim(reply.Life, `"`))
	return reply.Token, life, err
}

func parseLife(text []byte) (time.Duration, error) {
	if len(text) == 0 || string(text) == "null" {
		return 0, nil
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < 0 {
		return 0, errors.New("creatio: a token whose lifetime is no number")
	}
	return time.Duration(min(n, int64(30*24*3600))) * time.Second, nil
}

// fresh ends a token that is about to end by itself, so that no call is wasted
// on being told so.
func (s *source) fresh(ctx context.Context) error {
	p, gen, err := s.session.Get(ctx)
	if err != nil {
		return err
	}
	if !p.renew.IsZero() && !s.now().Before(p.renew) {
		s.session.Drop(gen)
	}
	return nil
}
