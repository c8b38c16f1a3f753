package otrs

import (
	"crypto/rand"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// session is one login. OTRS binds it to the client's address by default, and to destroy it takes one request from another.
type session struct {
	user          user
	addr          string
	created, used time.Time
}

// user is who asks: an agent, or a customer user, who sees his company's tickets and visible articles only (#71, #82).
type user struct {
	login   string
	limited bool // an agent without the group of the queue Billing
	person  *world.Person
	company string // CustomerID of a customer user
	id      int
}

func (u *user) isCustomer() bool { return u.person != nil }

// Defaults of a fresh OTRS (wire/otrs.md, Authentication).
const (
	idleTime     = 7200 * time.Second
	absoluteTime = 57600 * time.Second
)

// ExpireSessions makes every session invalid, as a restart, an idle night or a second replica does.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

// Sessions returns the number of sessions.
func (s *Server) Sessions() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.sessions)
}

// login checks a user and password; nil means no.
func (s *Server) login(r *request) *user {
	password, _ := r.scalar("Password")
	if name, ok := r.scalar("UserLogin"); ok {
		switch {
		case name == s.opts.User && password == s.opts.Password:
			return &user{login: name, id: 2}
		case name == LimitedUser && password == DefaultPassword:
			return &user{login: name, limited: true, id: 3}
		}
		return nil
	}
	if name, ok := r.scalar("CustomerUserLogin"); ok && password == CustomerPassword {
		if ref, ok := s.world.CustomerUser(name); ok {
			p := s.world.Customer(ref.Customer).Contacts[ref.Index]
			return &user{login: name, person: &p, company: s.world.DeskKey(ref.Customer)}
		}
	}
	return nil
}

// who returns the request's user by session or by login and password (#23), nil if it may not ask.
func (s *Server) who(r *request) *user {
	id, ok := r.scalar("SessionID")
	if !ok {
		return s.login(r)
	}
	x := s.session(id, r.addr)
	if x == nil {
		return nil
	}
	return &x.user
}

// session returns a valid session and notes its use. A request from another address destroys it for everyone (#14, #141).
func (s *Server) session(id, addr string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sessions[id]
	if x == nil {
		return nil
	}
	now := s.opts.Now()
	if now.Sub(x.used) > idleTime || now.Sub(x.created) > absoluteTime || x.addr != addr && !s.opts.AnyAddress {
		delete(s.sessions, id)
		return nil
	}
	x.used = now
	return x
}

func (s *Server) sessionCreate(r *request) reply {
	_, agent := r.scalar("UserLogin")
	_, customer := r.scalar("CustomerUserLogin")
	if _, ok := r.scalar("Password"); !ok {
		return s.failed(r.op, "MissingParameter", "Password parameter is missing!")
	}
	if !agent && !customer {
		return s.failed(r.op, "MissingParameter", "UserLogin or CustomerUserLogin parameter is missing!")
	}
	u := s.login(r)
	if u == nil {
		return s.failed(r.op, "AuthFail", "Authorization failing!")
	}
	id := token()
	now := s.opts.Now()
	s.mu.Lock()
	s.sessions[id] = &session{user: *u, addr: r.addr, created: now, used: now}
	s.mu.Unlock()
	e := s.encoder()
	e.begin()
	e.str("SessionID", id)
	e.end()
	return ok(e.b)
}

// token returns 32 characters, as OTRS's session ids have.
func token() string { return (rand.Text() + rand.Text())[:32] }

func (s *Server) sessionGet(r *request) reply {
	id, _ := r.scalar("SessionID")
	x := s.session(id, r.addr)
	if x == nil {
		return s.failed(r.op, "SessionInvalid", "SessionID is Invalid!")
	}
	kind, mail, first, last := "User", x.user.login+"@trama-demo.example", "Trama", "Agent"
	if p := x.user.person; p != nil {
		kind, mail, first, last = "Customer", p.Email, p.First, p.Last
	}
	created := x.created.In(s.opts.Zone).Format(time.DateTime)
	rows := [][2]string{
		{"ChangeTime", created},
		{"CreateTime", created},
		{"SessionSource", "GenericInterface"},
		{"UserEmail", mail},
		{"UserFirstname", first},
		{"UserFullname", first + " " + last},
		{"UserID", itoa(x.user.id)},
		{"UserLastRequest", itoa(int(x.used.Unix()))},
		{"UserLastname", last},
		{"UserLogin", x.user.login},
		{"UserRemoteAddr", x.addr},
		{"UserRemoteUserAgent", "none"},
		{"UserSessionStart", itoa(int(x.created.Unix()))},
		{"UserTitle", ""},
		{"UserType", kind},
		{"ValidID", "1"},
	}
	e := s.encoder()
	e.begin()
	e.key("SessionData")
	e.list(len(rows), func(i int) {
		e.begin()
		e.str("Key", rows[i][0])
		if rows[i][0] == "UserTitle" { // values are strings or null (#12)
			e.null("Value", nil)
		} else {
			e.str("Value", rows[i][1])
		}
		e.end()
	})
	e.end()
	return ok(e.b)
}

// sessionRemove wants login and password besides the session (#131, #132).
func (s *Server) sessionRemove(r *request) reply {
	id, _ := r.scalar("SessionID")
	if s.login(r) == nil {
		return s.failed(r.op, "AuthFail", "Authorization failed!")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[id] == nil {
		return s.failed(r.op, "SessionInvalid", "SessionID is Invalid!")
	}
	delete(s.sessions, id)
	return ok([]byte(`{"Success":1}`))
}
