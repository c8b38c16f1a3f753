package otrs

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Variant is the product that is faked (wire/otrs.md, Variants).
type Variant uint8

// The variants.
const (
	Znuny65 Variant = iota // sorted keys, header authentication, Connection: close
	OTOBO11                // random key order, keep-alive, no header authentication
	Old                    // OTRS 6 or Znuny 6.0: random key order, no header authentication, CustomerIDRaw unknown and so dropped
)

// Options set up a fake desk. The zero Options are a Znuny 6.5 with all routes.
type Options struct {
	Variant Variant
	// Service is the web service's name in the path; "" means Trama. WebserviceID/1 leads to it, too.
	Service string
	// User and Password are the agent who sees every queue; "" means DefaultUser and DefaultPassword.
	User, Password string
	// Now is the server's clock. Nil means the later of the real clock and the world's end, so that the world's dates are never in the server's future.
	Now func() time.Time
	// Zone is the server's OTRSTimeZone: all times of the wire are its wall clock. Nil means UTC, OTRS's default.
	Zone *time.Location
	// NoPostRoutes leaves out POST /TicketSearch and POST /TicketGet, which are not in the vendor's example service.
	NoPostRoutes bool
	// KeepAlive sets the transport option of that name; without it a Znuny closes the connection after each answer.
	KeepAlive bool
	// AnyAddress switches SessionCheckRemoteIP off.
	AnyAddress bool
}

// Credentials of the fake's users.
const (
	// DefaultUser is the agent who sees all queues.
	DefaultUser = "trama"
	// DefaultPassword is DefaultUser's password.
	DefaultPassword = "trama-demo-otrs" // a demo password, printed by the demo
	// LimitedUser is an agent who does not see the queue Billing; its password is DefaultPassword.
	LimitedUser = "limited"
	// CustomerPassword is the password of every customer user (their logins are in world.Person.Login).
	CustomerPassword = "customer-demo"
)

// Server is a fake desk. It is safe for concurrent use.
type Server struct {
	world *world.World
	opts  Options

	mu       sync.RWMutex // guards all below
	heads    []world.TicketHead
	extras   map[int32]*extra
	sessions map[string]*session
	writes   int

	requests  atomic.Uint64
	keysOnce  sync.Once
	keys      map[string][]int32 // lower-cased CustomerID -> customers
	ghosts    map[string][]int32 // CustomerID of the strays -> ticket ids
	broken    map[string][]int32 // order numbers that exist nowhere -> ticket ids
	brokenOne sync.Once
}

// extra is what a ticket has beyond its world: it was created or changed through the fake.
type extra struct {
	deleted      bool
	created      bool
	title        *string
	customerID   *string
	customerUser *string
	fields       map[string]any // dynamic fields: string or []string; nil = unset
	articles     []world.Article
}

// New returns a fake desk over a world.
func New(w *world.World, opts Options) *Server {
	if opts.Service == "" {
		opts.Service = "Trama"
	}
	if opts.User == "" {
		opts.User = DefaultUser
	}
	if opts.Password == "" {
		opts.Password = DefaultPassword
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Now == nil {
		opts.Now = func() time.Time {
			if now := time.Now(); now.After(world.End) {
				return now
			}
			return world.End
		}
	}
	heads := w.Heads()
	return &Server{world: w, opts: opts, heads: append(make([]world.TicketHead, 0, len(heads)), heads...), extras: map[int32]*extra{}, sessions: map[string]*session{}}
}

// BasePath returns the path under which the operations' routes lie.
func (s *Server) BasePath() string {
	return "/otrs/nph-genericinterface.pl/Webservice/" + s.opts.Service
}

// Route names a request's operation for faults.Options: few names, no ids.
func Route(r *http.Request) string {
	path := r.URL.Path
	if _, after, ok := strings.Cut(path, "/nph-genericinterface.pl/"); ok {
		path = after
	}
	parts := strings.SplitN(path, "/", 5) // Webservice, name, resource, id
	if len(parts) < 3 {
		return r.Method + " /"
	}
	name := r.Method + " /" + parts[2]
	if len(parts) > 3 {
		name += "/:id"
	}
	return name
}

// ErrorBody is an error object for faults.Options: status 200, as OTRS does it. A session is refused; any other operation fails for a
// reason that a new login does not mend (for AuthFail there is [Server.ExpireSessions]).
func ErrorBody(r *http.Request) (contentType string, body []byte) {
	op, reason := "TicketGet", "NotTicketData"
	switch route := Route(r); {
	case strings.Contains(route, "/Session"):
		op, reason = "SessionCreate", "AuthFail"
	case strings.HasSuffix(route, "/TicketSearch"), route == "GET /Ticket":
		op = "TicketSearch"
	}
	return jsonType, []byte(`{"Error":{"ErrorCode":"` + op + `.` + reason + `","ErrorMessage":"` + op + `: sandbox fault"}}`)
}

const (
	jsonType = "application/json; charset=UTF-8"
	textType = "text/plain; charset=UTF-8"

	maxRequestLine = 8190 // Apache's LimitRequestLine
	maxBody        = 100 << 20
)

// operation is one operation behind a route.
type operation func(s *Server, r *request) reply

// reply is an answer before it is sent.
type reply struct {
	status      int
	contentType string
	body        []byte
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	apache := s.opts.Variant != OTOBO11
	if apache && len(r.Method)+len(r.RequestURI)+len(" HTTP/1.1")+1 > maxRequestLine {
		rw.Header().Set("Connection", "close")
		send(rw, r, reply{http.StatusRequestURITooLong, "text/html; charset=iso-8859-1", []byte(uriTooLong)})
		return
	}
	path, ok := s.path(r.URL.Path)
	if !ok {
		if strings.Contains(r.URL.Path, "/nph-genericinterface.pl/") {
			// An unknown web service: Znuny closes without a word, OTOBO says 500 and nothing else (#18).
			if apache {
				panic(http.ErrAbortHandler)
			}
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		send(rw, r, reply{http.StatusNotFound, "text/html; charset=iso-8859-1", []byte(notFound)})
		return
	}
	if apache && !s.opts.KeepAlive {
		rw.Header().Set("Connection", "close")
	}
	if apache {
		rw.Header()["Date"] = nil // the answer is made by an nph script
	}
	op, name, params := s.route(r.Method, path)
	if op == nil {
		send(rw, r, text("HTTP::REST Error while determine Operation for request URI '"+path+"'."))
		return
	}
	req, fault := s.read(r, name, params)
	switch {
	case fault == errArrayRoot && apache:
		brokenAnswer(rw)
	case fault != "":
		send(rw, r, text(fault))
	default:
		send(rw, r, op(s, req))
	}
}

// path returns the operation's path below the web service.
func (s *Server) path(p string) (string, bool) {
	for _, prefix := range []string{"/otrs", "/znuny", "/otobo"} {
		rest, ok := strings.CutPrefix(p, prefix+"/nph-genericinterface.pl/")
		if !ok {
			continue
		}
		for _, service := range []string{"Webservice/" + s.opts.Service, "WebserviceID/1"} {
			if below, ok := strings.CutPrefix(rest, service); ok && (below == "" || below[0] == '/') {
				return below, true
			}
		}
	}
	return "", false
}

// route finds the operation; name is the operation's name in error codes. A trailing slash is another route, and unknown (#19).
func (s *Server) route(method, path string) (op operation, name string, params map[string]any) {
	resource, id, hasID := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if hasID && (id == "" || strings.Contains(id, "/")) {
		return nil, "", nil
	}
	byID := func(key string) map[string]any { return map[string]any{key: id} }
	switch {
	case resource == "Session" && method == http.MethodPost && !hasID:
		return (*Server).sessionCreate, "SessionCreate", nil
	case resource == "Session" && method == http.MethodGet && hasID:
		return (*Server).sessionGet, "SessionGet", byID("SessionID")
	case resource == "Session" && method == http.MethodDelete && hasID && s.opts.Variant == Znuny65:
		return (*Server).sessionRemove, "SessionRemove", byID("SessionID")
	case resource == "Ticket" && method == http.MethodGet && !hasID:
		return (*Server).ticketSearch, "TicketSearch", nil
	case resource == "Ticket" && method == http.MethodGet:
		return (*Server).ticketGet, "TicketGet", byID("TicketID")
	case resource == "TicketList" && method == http.MethodGet && !hasID:
		return (*Server).ticketGet, "TicketGet", nil
	case resource == "TicketSearch" && method == http.MethodPost && !hasID && !s.opts.NoPostRoutes:
		return (*Server).ticketSearch, "TicketSearch", nil
	case resource == "TicketGet" && method == http.MethodPost && !hasID && !s.opts.NoPostRoutes:
		return (*Server).ticketGet, "TicketGet", nil
	case resource == "Ticket" && method == http.MethodPost && !hasID:
		return (*Server).ticketCreate, "TicketCreate", nil
	case resource == "Ticket" && (method == http.MethodPatch || method == http.MethodPut) && hasID:
		return (*Server).ticketUpdate, "TicketUpdate", byID("TicketID")
	case resource == "TicketUpdate" && method == http.MethodPost && !hasID:
		return (*Server).ticketUpdate, "TicketUpdate", nil
	}
	return nil, "", nil
}

func text(message string) reply {
	return reply{http.StatusInternalServerError, textType, []byte(message)}
}

func ok(body []byte) reply { return reply{http.StatusOK, jsonType, body} }

// failed is an error as OTRS sends it: with status 200.
func (s *Server) failed(op, reason, message string) reply {
	e := s.encoder()
	e.begin()
	e.key("Error")
	e.begin()
	e.str("ErrorCode", op+"."+reason)
	e.str("ErrorMessage", op+": "+message)
	e.end()
	e.end()
	return ok(e.b)
}

func send(rw http.ResponseWriter, r *http.Request, a reply) {
	h := rw.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	rw.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = rw.Write(a.body)
	}
}

// brokenAnswer is what the peer of a crashed Znuny request gets: HTML without any status line (#158).
func brokenAnswer(rw http.ResponseWriter) {
	hijacker, ok := rw.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(conn, internalError)
	_ = conn.Close()
}

// Touch moves a ticket's Changed to the server's clock, as any agent's edit does; ok is false if there is no such ticket.
func (s *Server) Touch(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.head(int32(id))
	if h == nil {
		return false
	}
	h.Changed = s.opts.Now().Unix()
	return true
}

// Delete removes a ticket for good: it leaves no trace (#174, #175).
func (s *Server) Delete(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head(int32(id)) == nil {
		return false
	}
	s.extra(int32(id)).deleted = true
	return true
}

// head returns a living ticket's head, nil if there is none. The caller holds mu.
func (s *Server) head(id int32) *world.TicketHead {
	if len(s.heads) == 0 {
		return nil
	}
	i := int(id - s.heads[0].ID)
	if i < 0 || i >= len(s.heads) {
		return nil
	}
	if x := s.extras[id]; x != nil && x.deleted {
		return nil
	}
	return &s.heads[i]
}

// extra returns a ticket's extra, making it if need be. The caller holds mu for writing.
func (s *Server) extra(id int32) *extra {
	x := s.extras[id]
	if x == nil {
		x = &extra{}
		s.extras[id] = x
	}
	return x
}

const doctype = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
`

const uriTooLong = doctype + `<title>414 Request-URI Too Long</title>
</head><body>
<h1>Request-URI Too Long</h1>
<p>The requested URL's length exceeds the capacity
limit for this server.<br />
</p>
</body></html>
`

const notFound = doctype + `<title>404 Not Found</title>
</head><body>
<h1>Not Found</h1>
<p>The requested URL was not found on this server.</p>
</body></html>
`

const internalError = doctype + `<title>500 Internal Server Error</title>
</head><body>
<h1>Internal Server Error</h1>
</body></html>
`
