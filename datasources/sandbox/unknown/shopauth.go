package unknown

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

const keyName = "DOLAPIKEY"

// noKey and badKey are Dolibarr's texts (htdocs/api/class/api_access.class.php).
const (
	noKey  = "Failed to login to API. Neither parameter 'HTTP_DOLAPIKEY' nor 'Authentication: Bearer' found on HTTP header (and no parameter DOLAPIKEY in URL)."
	badKey = "Error user not valid (not found with api key or bad status or bad validity dates) (conf->entity=1)"
)

func (s *Shop) authorize(r *http.Request, params map[string]string) *shopError {
	given, want := "", s.opts.Key
	switch s.opts.Auth {
	case HeaderKey:
		given = r.Header.Get(keyName)
	case BearerKey:
		given, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	case QueryKey:
		given = params[keyName]
	case SessionLogin:
		given = r.Header.Get(keyName)
		if given != "" && s.sessions.has(given) {
			want = given
		} else {
			want = ""
		}
	}
	switch {
	case given == "":
		return &shopError{http.StatusUnauthorized, noKey}
	case given != want:
		return &shopError{http.StatusUnauthorized, badKey}
	}
	return nil
}

// maxLoginBody bounds what a caller may send to log in.
const maxLoginBody = 4 << 10

// login answers POST /login.
func (s *Shop) login(w http.ResponseWriter, r *http.Request) ([]byte, *shopError) {
	if s.opts.Auth != SessionLogin {
		return nil, &shopError{http.StatusForbidden, "Error login APIs are disabled. You must get the token from backoffice to be able to use APIs"}
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &shopError{http.StatusMethodNotAllowed, ""}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLoginBody))
	if err != nil {
		return nil, badRequest("Request body too large")
	}
	var given struct{ Login, Password *string }
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, badRequest("Error parsing JSON request body")
	}
	switch {
	case given.Login == nil:
		return nil, badRequest("`login` is required.")
	case given.Password == nil:
		return nil, badRequest("`password` is required.")
	case *given.Login != s.opts.User || *given.Password != s.opts.Password:
		return nil, &shopError{http.StatusForbidden, "Access denied"}
	}
	token := s.sessions.open()
	return s.wrap([]byte(`{"success":{"code":200,"token":"`+token+`","entity":1,"message":"Welcome `+s.opts.User+` - Token is new"}}`), 1, nil), nil
}

// ExpireSessions makes all tokens that were given out worthless; a caller has to log in again.
func (s *Shop) ExpireSessions() { s.sessions.expire() }

// Logins returns how often somebody logged in.
func (s *Shop) Logins() int { return s.sessions.count() }

// maxSessions is how many tokens are good at a time: the oldest falls out.
const maxSessions = 64

// sessions are the tokens that were given out. The tokens are no secrets: the shop is a fake.
type sessions struct {
	mu    sync.Mutex // guards both
	given int
	live  []string
}

func (s *sessions) open() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given++
	token := fmt.Sprintf("%08x%08x", s.given*2654435761%(1<<32), s.given)
	if len(s.live) == maxSessions {
		s.live = s.live[1:]
	}
	s.live = append(s.live, token)
	return token
}

func (s *sessions) has(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.live {
		if t == token {
			return true
		}
	}
	return false
}

func (s *sessions) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = nil
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given
}
