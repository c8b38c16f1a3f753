package creatio

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const loginPath = "/Login/"

// maxSessions bounds what somebody who keeps logging in can make grow.
const maxSessions = 4096

// session is one login by form.
type session struct {
	loader, csrf string
	until        time.Time // zero: no end
}

// cookieNames are the names of the three cookies that matter. The Core build's are other ones; assumed, the sources only
// say that they differ.
func (s *Server) cookieNames() (loader, auth, csrf string) {
	if s.opts.Core {
		return "BPMSESSIONID", ".AspNetCore.Cookies", "BPMCSRF"
	}
	return "BPMLOADER", ".ASPXAUTH", "BPMCSRF"
}

// login is AuthService.svc/Login. A wrong password is no HTTP error: the answer is 200 with a Code other than zero.
func (s *Server) login(w http.ResponseWriter, r *http.Request) reply {
	if r.Method != http.MethodPost {
		return iisPage(http.StatusMethodNotAllowed, "405 - HTTP verb used to access this page is not allowed.")
	}
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" {
		// WCF cannot pick a formatter; assumed to be a bad request page as for any WCF service.
		return iisPage(http.StatusBadRequest, "Request Error")
	}
	var in struct{ UserName, UserPassword string }
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil || json.Unmarshal(body, &in) != nil {
		return iisPage(http.StatusBadRequest, "Request Error")
	}
	if !same(in.UserName, s.opts.User) || !same(in.UserPassword, s.opts.Password) {
		return reply{status: http.StatusOK, contentType: errorType, body: []byte(`{"Code":1,"Message":"You have entered an incorrect password or login. Please try again.",` +
			`"Exception":{"HelpLink":null,"InnerException":null,"Message":"You have entered an incorrect password or login. Please try again.","StackTrace":null,"Type":"System.Security.Authentication.InvalidCredentialException"},` +
			`"PasswordChangeUrl":null,"RedirectUrl":null}`)}
	}
	loader, auth, csrf := s.cookieNames()
	key, one := rand.Text(), session{loader: rand.Text(), csrf: rand.Text()}
	if s.opts.SessionLife > 0 {
		one.until = s.opts.Now().Add(s.opts.SessionLife)
	}
	s.mu.Lock()
	if len(s.sessions) >= maxSessions {
		clear(s.sessions)
	}
	s.sessions[key] = one
	s.mu.Unlock()
	cookies := []*http.Cookie{
		{Name: loader, Value: one.loader, HttpOnly: true},
		{Name: auth, Value: key, HttpOnly: true},
		{Name: "UserName", Value: url.QueryEscape(in.UserName)},
	}
	if !s.opts.CSRFOff {
		cookies = append(cookies, &http.Cookie{Name: csrf, Value: one.csrf})
	}
	for _, c := range cookies {
		c.Path = "/"
		http.SetCookie(w, c)
	}
	return reply{status: http.StatusOK, contentType: errorType, body: []byte(`{"Code":0,"Message":"","Exception":null,"PasswordChangeUrl":null,"RedirectUrl":null}`)}
}

// token is the identity service's token endpoint.
func (s *Server) token(r *http.Request) reply {
	fail := func(code string) reply {
		return reply{status: http.StatusBadRequest, contentType: errorType, body: []byte(`{"error":"` + code + `"}`)}
	}
	if r.Method != http.MethodPost {
		return reply{status: http.StatusMethodNotAllowed, contentType: errorType}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return fail("invalid_request")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return fail("invalid_request")
	}
	if form.Get("grant_type") != "client_credentials" {
		return fail("unsupported_grant_type")
	}
	if !same(form.Get("client_id"), s.opts.ClientID) || !same(form.Get("client_secret"), s.opts.ClientSecret) {
		return fail("invalid_client")
	}
	const life = time.Hour
	t := rand.Text() + rand.Text()
	s.mu.Lock()
	if len(s.tokens) >= maxSessions {
		clear(s.tokens)
	}
	s.tokens[t] = s.opts.Now().Add(life)
	s.mu.Unlock()
	return reply{status: http.StatusOK, contentType: errorType, body: []byte(`{"access_token":"` + t + `","token_type":"Bearer","expires_in":3600}`)}
}

// authorize checks the session or the token of a data request.
func (s *Server) authorize(r *http.Request) (reply, bool) {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && s.opts.ClientID != "" {
		s.mu.Lock()
		until, known := s.tokens[bearer]
		s.mu.Unlock()
		if !known || !s.opts.Now().Before(until) {
			return reply{status: http.StatusUnauthorized, contentType: errorType, header: map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`}}, false
		}
		return reply{}, true
	}
	loader, auth, csrf := s.cookieNames()
	value := func(name string) string {
		if c, err := r.Cookie(name); err == nil {
			return c.Value
		}
		return ""
	}
	s.mu.Lock()
	one, ok := s.sessions[value(auth)]
	s.mu.Unlock()
	// Without ForceUseSession the request would be served outside the session of its cookies; assumed to look like none.
	if !ok || !same(value(loader), one.loader) || !strings.EqualFold(r.Header.Get("ForceUseSession"), "true") ||
		!one.until.IsZero() && !s.opts.Now().Before(one.until) {
		return s.bounced(r), false
	}
	if !s.opts.CSRFOff && (!same(r.Header.Get("BPMCSRF"), one.csrf) || !same(value(csrf), one.csrf)) {
		return iisPage(http.StatusForbidden, "403 - Forbidden: Access is denied."), false
	}
	return reply{}, true
}

func (s *Server) bounced(r *http.Request) reply {
	switch s.opts.Bounce {
	case BounceRedirect:
		return reply{status: http.StatusFound, contentType: htmlType, header: map[string]string{"Location": loginPath + "NuiLogin.aspx?ReturnUrl=" + url.QueryEscape(r.URL.Path)}}
	case BounceHTML:
		return loginPage()
	}
	return iisPage(http.StatusUnauthorized, "401 - Unauthorized: Access is denied due to invalid credentials.")
}

// ExpireSessions ends all sessions and tokens, as a restart of the application pool does.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
	clear(s.tokens)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
