package operand

import (
	"crypto/rand"
	"net/http"
	"slices"
)

// maxSessions bounds what logging in over and over can make grow; the oldest session is forgotten.
const maxSessions = 256

// session is one login.
type session struct {
	token string
	calls int // answered so far
}

// ExpireSessions makes every session invalid, as a restart does. Their lifetime is not known (wire/operand.md §2).
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = nil
}

// Sessions returns the number of live sessions.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// ReplaceToken generates the panel token again: from now on a login with the old one is refused. Live sessions end with it or
// not, as Options.ReplaceKillsSessions says.
func (s *Server) ReplaceToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
	if s.opts.ReplaceKillsSessions {
		s.sessions = nil
	}
}

// SwitchOff switches the API off in the panel: everything, a login too, is answered with 403.
func (s *Server) SwitchOff() { s.setOff(true) }

// SwitchOn switches it on again. Sessions have ended.
func (s *Server) SwitchOn() { s.setOff(false) }

func (s *Server) setOff(off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = off
	s.sessions = nil
}

func (s *Server) login(r *http.Request) reply {
	given := r.URL.Query().Get(s.dialect.LoginParam)
	s.mu.Lock()
	off, right := s.off, given != "" && given == s.token
	var token string
	if right && !off {
		token = "s3ss" + rand.Text() + rand.Text()
		s.sessions = append(s.sessions, session{token: token})
		if len(s.sessions) > maxSessions {
			s.sessions = slices.Delete(s.sessions, 0, len(s.sessions)-maxSessions)
		}
	}
	s.mu.Unlock()
	switch {
	case off:
		return switchedOff()
	case !right:
		return badToken(given)
	}
	quoted := string(appendText(nil, token))
	switch s.dialect.Login {
	case LoginAuth:
		return success([]byte(`{"auth":` + quoted + `}`))
	case LoginDataToken:
		return success([]byte(`{"data":{"token":` + quoted + `}}`))
	case LoginRecordsToken:
		return success([]byte(`{"records":{"token":` + quoted + `}}`))
	case LoginString:
		return success([]byte(quoted))
	case LoginPlain:
		return reply{status: http.StatusOK, contentType: "text/plain; charset=utf-8", body: []byte(token + "\n")}
	}
	return success([]byte(`{"token":` + quoted + `}`))
}

// authorize counts one call against the session that the request names.
func (s *Server) authorize(r *http.Request) (reply, bool) {
	given := r.Header.Get(s.dialect.AuthHeader)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return switchedOff(), false
	}
	k := slices.IndexFunc(s.sessions, func(x session) bool { return x.token == given })
	if k < 0 || given == "" {
		return deadSession(s.dialect.DeadSession, given), false
	}
	if s.sessions[k].calls++; s.opts.SessionCalls > 0 && s.sessions[k].calls > s.opts.SessionCalls {
		s.sessions = slices.Delete(s.sessions, k, k+1)
		return deadSession(s.dialect.DeadSession, given), false
	}
	return reply{}, true
}
