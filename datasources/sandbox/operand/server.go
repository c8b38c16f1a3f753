package operand

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Server is a fake Operand. It is safe for concurrent use.
type Server struct {
	opts    Options
	dialect Dialect
	zone    *time.Location
	tables  map[Resource]*table
	names   map[Resource]map[string]string
	paths   map[string]Resource
	byJob   map[int][]int32 // positions of the tasks of a job

	mu       sync.Mutex // guards all below and the tables' order
	token    string
	off      bool
	sessions []session // oldest first
	traffic  traffic
	deleted  map[rowKey]bool
	repeat   bool              // the offset is ignored
	html     int               // status of the HTML page that answers everything, 0 if none
	denied   map[Resource]bool // what the token has no module for
}

type rowKey struct {
	resource Resource
	id       int
}

// New returns the agency's ERP of a world. It builds the lists at once; a page costs the same whatever its offset.
func New(w *world.World, opts Options) *Server {
	s := &Server{opts: opts.withDefaults(), zone: Zone(), deleted: map[rowKey]bool{}, denied: map[Resource]bool{}, byJob: map[int][]int32{}}
	s.dialect = s.opts.Dialect.withDefaults()
	s.token = s.opts.Token
	s.traffic.calls = map[string]int{}
	rows := newStore(w, opts.NoDirt)
	s.tables = rows.tables()
	for _, k := range s.tables[Tasks].order {
		job := rows.jobs[rows.tasks[k].job].ID
		s.byJob[job] = append(s.byJob[job], k)
	}
	s.names = make(map[Resource]map[string]string)
	for _, r := range Resources() {
		s.names[r] = make(map[string]string)
		for _, field := range fields(r) {
			s.names[r][field] = s.dialect.Name(r, field)
		}
	}
	s.paths = routes(s.opts.Paths)
	return s
}

var _ http.Handler = (*Server)(nil)

// IgnoreOffset makes every page the first one, as a route does that has never heard of the offset: who reads until a page is
// short reads forever.
func (s *Server) IgnoreOffset(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repeat = on
}

// HTMLError answers everything with an HTML page of that status, 200 included; 0 stops it.
func (s *Server) HTMLError(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.html = status
}

// Forbid takes the modules of these resources from the token: they are answered with 403 and a live session. Those of an
// earlier call are given back; without arguments all are.
func (s *Server) Forbid(resources ...Resource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = map[Resource]bool{}
	for _, r := range resources {
		s.denied[r] = true
	}
}

// Remove takes a row away for good, which only reading its window again shows. ok is false if there is none of that id.
func (s *Server) Remove(r Resource, id int) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[r]
	if t == nil || !t.remove(id) {
		return false
	}
	if r == Tasks {
		job := id / 10
		s.byJob[job] = slices.DeleteFunc(slices.Clone(s.byJob[job]), func(k int32) bool { return t.id(int(k)) == id })
	}
	return true
}

// MarkDeleted sets isDeleted of a row, whether it exists or not. Payments, persons and projects have no such field.
func (s *Server) MarkDeleted(r Resource, id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleted[rowKey{r, id}] = true
}

// Count returns the number of rows of a resource.
func (s *Server) Count(r Resource) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tables[r]; t != nil {
		return len(t.order)
	}
	return 0
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, in := s.enter(s.Route(r))
	defer s.leave()
	if in {
		out = s.serve(r)
	}
	h := w.Header()
	h.Set("Content-Type", out.contentType)
	h.Set("Content-Length", strconv.Itoa(len(out.body)))
	if out.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(out.retryAfter))
	}
	w.WriteHeader(out.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.body) // the client is gone; nobody is left to tell
	}
}

func (s *Server) serve(r *http.Request) reply {
	s.mu.Lock()
	html := s.html
	s.mu.Unlock()
	if html != 0 {
		return htmlError(html)
	}
	resource, job, ok := s.find(r.URL.Path)
	isLogin := r.URL.Path == s.dialect.LoginPath
	switch {
	case !ok && !isLogin:
		return wrongRoute()
	case r.Method != http.MethodGet: // read-only (wire/operand.md §4, A11)
		return page(http.StatusMethodNotAllowed, "405 | Method Not Allowed")
	case isLogin:
		return s.login(r)
	}
	if out, ok := s.authorize(r); !ok {
		return out
	}
	s.mu.Lock()
	denied := s.denied[resource]
	s.mu.Unlock()
	if denied {
		return noModule(resource)
	}
	return s.list(resource, job, r.URL.Query())
}

// find returns the resource of a path; job is not 0 for the tasks of one job.
func (s *Server) find(path string) (r Resource, job int, ok bool) {
	if r, ok := s.paths[path]; ok {
		return r, 0, true
	}
	job, ok = jobTasks(path, s.opts.Paths[Jobs])
	return Tasks, job, ok
}

// jobTasks reads /beta/jobs/{id}/tasks; an id may be prefixed.
func jobTasks(path, jobs string) (job int, ok bool) {
	rest, under := strings.CutPrefix(path, jobs+"/")
	id, isTasks := strings.CutSuffix(rest, "/tasks")
	if !under || !isTasks {
		return 0, false
	}
	job, err := strconv.Atoi(strings.TrimPrefix(id, string(Jobs[:3])+"-"))
	return job, err == nil && job > 0
}

// routes turns paths around.
func routes(paths map[Resource]string) map[string]Resource {
	m := make(map[string]Resource, len(paths))
	for r, path := range paths {
		m[path] = r
	}
	return m
}

// Route names a request for faults.Options by the paths of this server: few names, no ids, and never what stands in the query,
// where a login has its token.
func (s *Server) Route(r *http.Request) string {
	if r.URL.Path == s.dialect.LoginPath {
		return method(r) + " /login"
	}
	resource, job, ok := s.find(r.URL.Path)
	switch {
	case !ok:
		return method(r) + " other"
	case job != 0:
		return method(r) + " " + s.opts.Paths[Jobs] + "/:id/tasks"
	}
	return method(r) + " " + s.opts.Paths[resource]
}

// Route is Server.Route for a server with the default paths.
func Route(r *http.Request) string {
	if r.URL.Path == "/login" {
		return method(r) + " /login"
	}
	for _, resource := range Resources() {
		if path := DefaultPath(resource); path == r.URL.Path {
			return method(r) + " " + path
		}
	}
	if _, ok := jobTasks(r.URL.Path, DefaultPath(Jobs)); ok {
		return method(r) + " " + DefaultPath(Jobs) + "/:id/tasks"
	}
	return method(r) + " other"
}

// method keeps the names of routes few: a client may invent methods.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return r.Method
	}
	return "OTHER"
}
