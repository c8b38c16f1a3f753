package otrstest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Layout is the form of the server's times.
const Layout = "2006-01-02 15:04:05"

// Ticket is a ticket as TicketGet sends it with everything asked for.
type Ticket map[string]any

// Quirks are what a server lacks, or does in another way.
type Quirks struct {
	NoPost        bool // the two POST routes were not made
	NoGet         bool
	NoRaw         bool // CustomerIDRaw is not known
	NoTicketIDs   bool // TicketID is not known to TicketSearch
	NoNumberLists bool // TicketNumber as a list is ignored
	NoDates       bool // time filters are not known
	OldFields     bool // DynamicField_NAME only
	NoFields      bool // no dynamic field filters
	NoLimit       bool // Limit is ignored
	NoSort        bool // SortBy is ignored
	FoldCase      bool // the database does not tell letter case
	NoHeaders     bool // the headers do not log in
}

// Asked is one request the desk got.
type Asked struct {
	Op, Method string
	Params     map[string][]string
	Length     int // of path and query
}

// Desk is a small help desk. Its fields are set before the first request; use Do
// to change them later.
type Desk struct {
	URL    string
	Quirks Quirks

	t        testing.TB
	mu       sync.Mutex // guards the rest
	tickets  []Ticket
	denied   map[string]bool
	sessions map[string]bool
	logins   int
	asked    []Asked
	now      time.Time

	// Hook answers in the desk's place when it returns true.
	Hook func(w http.ResponseWriter, a Asked) bool
	// Login and Password are what the desk accepts.
	Login, Password string
}

// NewDesk starts a desk with these tickets.
func NewDesk(t testing.TB, tickets []Ticket) *Desk {
	t.Helper()
	d := &Desk{
		t: t, tickets: tickets, denied: map[string]bool{}, sessions: map[string]bool{},
		now: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), Login: "api", Password: "apipw",
	}
	srv := httptest.NewServer(d)
	t.Cleanup(srv.Close)
	d.URL = srv.URL + "/otrs/nph-genericinterface.pl/Webservice/Trama"
	return d
}

// Do changes the desk while it runs.
func (d *Desk) Do(f func(tickets *[]Ticket, denied map[string]bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.tickets, d.denied)
}

// EndSessions forgets all sessions, as a restart does.
func (d *Desk) EndSessions() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.sessions)
}

// Logins is how many sessions were made.
func (d *Desk) Logins() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logins
}

// Take returns what was asked since the last time.
func (d *Desk) Take() []Asked {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.asked
	d.asked = nil
	return a
}

// Now is the desk's clock.
func (d *Desk) Now() time.Time { return d.now }

// ServeHTTP is the web service.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := Asked{Method: r.Method, Length: len(r.URL.RequestURI())}
	_, path, _ := strings.Cut(r.URL.Path, "/Webservice/Trama")
	switch {
	case r.Method == http.MethodPost && path == "/Session":
		a.Op = "SessionCreate"
	case r.Method == http.MethodPost && path == "/TicketSearch" && !d.Quirks.NoPost, r.Method == http.MethodGet && path == "/Ticket" && !d.Quirks.NoGet:
		a.Op = "TicketSearch"
	case r.Method == http.MethodPost && path == "/TicketGet" && !d.Quirks.NoPost, r.Method == http.MethodGet && path == "/TicketList" && !d.Quirks.NoGet:
		a.Op = "TicketGet"
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/Ticket/") && !d.Quirks.NoGet:
		a.Op = "TicketGet"
	default:
		if !d.Quirks.NoPost && !d.Quirks.NoGet {
			d.t.Errorf("nobody expected %s %s", r.Method, r.URL.Path)
		}
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "HTTP::REST Error while determine Operation for request URI '%s'.", path)
		return
	}
	if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		d.t.Errorf("POST with content type %q", r.Header.Get("Content-Type"))
	}
	session := cmp.Or(readSession(r), r.URL.Query().Get("SessionID"))
	var err error
	if a.Params, err = Params(r); err != nil {
		d.t.Errorf("unreadable request: %v", err)
	}
	if ids, ok := strings.CutPrefix(path, "/Ticket/"); ok {
		a.Params["TicketID"] = strings.Split(ids, ",")
	}
	w.Header().Set("Date", d.now.Format(http.TimeFormat))
	d.mu.Lock()
	d.asked = append(d.asked, a)
	hook := d.Hook
	d.mu.Unlock()
	if hook != nil && hook(w, a) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(d.answer(a, session, r.Header))
}

func readSession(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return ""
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var object struct{ SessionID string }
	_ = json.Unmarshal(body, &object)
	return object.SessionID
}

func (d *Desk) answer(a Asked, session string, h http.Header) []byte {
	login := first(a.Params["UserLogin"]) == d.Login && first(a.Params["Password"]) == d.Password
	if !d.Quirks.NoHeaders && h.Get("X-OTRS-Header-UserLogin") == d.Login && h.Get("X-OTRS-Header-Password") == d.Password {
		login = true
	}
	if a.Op == "SessionCreate" {
		if !login {
			return fault(a.Op, "AuthFail")
		}
		d.logins++
		s := fmt.Sprintf("session%025d", d.logins)
		d.sessions[s] = true
		return encode(map[string]any{"SessionID": s})
	}
	if !login && !d.sessions[session] {
		return fault(a.Op, "AuthFail")
	}
	for name, list := range a.Params {
		if len(list) == 0 || slices.Contains(list, "") {
			d.t.Errorf("%s with an empty %s", a.Op, name)
		}
	}
	if a.Op == "TicketSearch" {
		return d.search(a.Params)
	}
	return d.get(a.Params)
}

func fault(op, reason string) []byte {
	return encode(map[string]any{"Error": map[string]any{"ErrorCode": op + "." + reason, "ErrorMessage": op + ": secret text of the upstream"}})
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (t Ticket) text(name string) string {
	switch v := t[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func (t Ticket) field(name string) []string {
	list, _ := t["DynamicField"].([]any)
	for _, f := range list {
		if m := f.(map[string]any); m["Name"] == name {
			switch v := m["Value"].(type) {
			case string:
				return []string{v}
			case []any:
				var out []string
				for _, x := range v {
					out = append(out, fmt.Sprint(x))
				}
				return out
			}
		}
	}
	return nil
}

// get answers TicketGet: all of the tickets, or AccessDenied.
func (d *Desk) get(p map[string][]string) []byte {
	ids := p["TicketID"]
	if len(ids) == 0 {
		return fault("TicketGet", "MissingParameter")
	}
	at := make(map[string]int, len(d.tickets))
	for i, t := range d.tickets {
		at[t.text("TicketID")] = i
	}
	var out []Ticket
	for _, id := range ids {
		i, ok := at[id]
		if !ok || d.denied[id] {
			return fault("TicketGet", "AccessDenied")
		}
		t := Ticket{}
		for name, v := range d.tickets[i] {
			switch name {
			case "DynamicField":
				if first(p["DynamicFields"]) != "1" {
					continue
				}
			case "Closed", "FirstLock", "FirstResponse", "SolutionInMin":
				if first(p["Extended"]) != "1" {
					continue
				}
			case "Article":
				if first(p["AllArticles"]) != "1" {
					continue
				}
			}
			t[name] = v
		}
		out = append(out, t)
	}
	return encode(map[string]any{"Ticket": out})
}
