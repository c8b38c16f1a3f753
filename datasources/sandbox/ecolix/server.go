package ecolix

import (
	"crypto/subtle"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// maxBody bounds what a request may bring.
const maxBody = 1 << 20

// Server is a fake Ecolix. It is safe for concurrent use.
type Server struct {
	opts      Options
	d         Dialect
	names     map[string]string
	endpoints map[string]endpoint
	lists     map[string]*table
	index     func() index // built at the first request

	mu     sync.RWMutex // guards memory
	memory memory

	gate   sync.Mutex // guards calls and spent
	calls  map[Package]int
	minute int64 // Unix minute that spent counts
	spent  map[Package]int
}

// index is what is made of the world once.
type index struct {
	erp   *world.ERP
	flaws map[flawAt]*world.ERPFlaw
}

// New returns an ERP that knows the French customers of the world. It panics on a Dialect.Fields that names an unknown field.
func New(w *world.World, o Options) *Server {
	s := &Server{opts: o.withDefaults(), d: o.Dialect.withDefaults(), endpoints: endpoints(), calls: map[Package]int{}, spent: map[Package]int{}}
	s.names = s.d.names()
	s.lists = s.tables()
	s.memory.updates, s.memory.accepted, s.memory.purchases = map[int]clientChange{}, map[int]time.Time{}, map[int]purchaseChange{}
	s.index = sync.OnceValue(func() index {
		x := index{erp: world.NewERP(w), flaws: map[flawAt]*world.ERPFlaw{}}
		for _, f := range x.erp.Flaws() {
			x.flaws[flawAt{f.Record, f.Pos}] = &f
		}
		return x
	})
	return s
}

var _ http.Handler = (*Server)(nil)

// Dialect returns the dialect with its defaults filled in.
func (s *Server) Dialect() Dialect { return s.d }

// ERP returns what the ERP knows of the world: the truth that its answers are to be compared with.
func (s *Server) ERP() *world.ERP { return s.index().erp }

// Flaws is the answer sheet: every record that is not served as the world has it.
func (s *Server) Flaws() []world.ERPFlaw { return s.index().erp.Flaws() }

// Calls returns how many calls each package has had from callers with a valid key, refused ones included.
func (s *Server) Calls() map[Package]int {
	s.gate.Lock()
	defer s.gate.Unlock()
	return maps.Clone(s.calls)
}

// Imports returns all accepted imports in the order of their serials.
func (s *Server) Imports() []Import {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.memory.imports)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := s.serve(w, r)
	h := w.Header()
	for k, v := range out.header {
		h.Set(k, v)
	}
	h.Set("Content-Type", jsonType)
	h.Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body) // the client is gone; nobody is left to tell
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) reply {
	a := locate(r.URL.Path, s.endpoints)
	if a.pkg == "" {
		return s.fail(&failure{status: http.StatusNotFound, text: "Ressource inconnue : " + r.URL.Path, gate: true})
	}
	if out, ok := s.authorize(r, a.pkg); !ok {
		return out
	}
	wait := s.count(a.pkg)
	if wait > 0 {
		out := s.fail(&failure{status: http.StatusTooManyRequests, text: "Nombre d'appels par minute dépassé", gate: true})
		out.header = map[string]string{"Retry-After": strconv.Itoa(int((wait + time.Second - 1) / time.Second))}
		return out
	}
	if slices.Contains(s.opts.NotBought, a.pkg) {
		return s.notBought(a.pkg)
	}
	at, ok := s.endpoints[a.pattern]
	if !ok {
		return s.fail(&failure{status: http.StatusNotFound, text: "Ressource inconnue : " + r.URL.Path, gate: true})
	}
	var body []byte
	if r.Method != http.MethodGet {
		var err error
		if body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return s.fail(&failure{status: http.StatusRequestEntityTooLarge, text: "Requête trop volumineuse", gate: true})
			}
			return s.fail(&failure{status: http.StatusBadRequest, text: "Requête illisible", gate: true})
		}
	}
	return s.dispatch(r, a, at, body)
}

// dispatch does what method and address mean together.
func (s *Server) dispatch(r *http.Request, a address, at endpoint, body []byte) reply {
	isPost := r.Method == http.MethodPost || at.puts && (r.Method == http.MethodPut || r.Method == http.MethodPatch)
	switch {
	case r.Method == http.MethodGet && at.single != "":
		return s.single(s.lists[at.single], a.id)
	case r.Method == http.MethodGet && at.list != "" && s.d.Reads == ReadsGET:
		return s.list(s.lists[at.list], queryParams(r.URL.Query()))
	case r.Method == http.MethodPost && at.list != "" && s.d.Reads == ReadsPOST:
		p, ok := bodyParams(body)
		if at.submit == nil || ok && s.areKnown(p) {
			if !ok {
				return s.fail(bad("Corps de requête JSON attendu"))
			}
			return s.list(s.lists[at.list], p)
		}
	}
	if isPost && at.submit != nil {
		return s.take(r, a, at.submit, body)
	}
	out := s.fail(&failure{status: http.StatusMethodNotAllowed, text: "Méthode " + r.Method + " non autorisée", gate: true})
	out.header = map[string]string{"Allow": s.allowed(at)}
	return out
}

func (s *Server) allowed(at endpoint) string {
	var methods []string
	if at.single != "" || at.list != "" && s.d.Reads == ReadsGET {
		methods = append(methods, http.MethodGet)
	}
	if at.submit != nil || at.list != "" && s.d.Reads == ReadsPOST {
		methods = append(methods, http.MethodPost)
	}
	if at.puts {
		methods = append(methods, http.MethodPut, http.MethodPatch)
	}
	return strings.Join(methods, ", ")
}

// authorize compares the key where the dialect wants it.
func (s *Server) authorize(r *http.Request, p Package) (reply, bool) {
	user, given, challenge := s.d.AuthName, "", ""
	switch s.d.Auth {
	case AuthHeader:
		given = r.Header.Get(s.d.AuthName)
	case AuthQuery:
		given = r.URL.Query().Get(s.d.AuthName)
	case AuthBearer:
		challenge = "Bearer"
		given, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	case AuthBasic:
		challenge = `Basic realm="Ecolix"`
		user, given, _ = r.BasicAuth()
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(s.opts.key(p))) == 1 && user == s.d.AuthName {
		return reply{}, true
	}
	out := s.fail(&failure{status: http.StatusUnauthorized, text: "Clé API invalide pour le module " + string(p), gate: true})
	if challenge != "" {
		out.header = map[string]string{"WWW-Authenticate": challenge}
	}
	return out, false
}

// notBought answers for a package that the customer does not have: a normal state (wire/ecolix.md §1).
func (s *Server) notBought(p Package) reply {
	f := &failure{status: http.StatusForbidden, text: "Le module « " + string(p) + " » n'est pas activé pour votre licence", gate: true}
	switch s.d.NotBought {
	case NotBoughtMissing:
		f.status = http.StatusNotFound
	case NotBoughtBody:
		f.status = http.StatusOK
	}
	return s.fail(f)
}

// count counts a call and returns how long the caller has to wait if it is one too many: the vendor's clause is about calls a minute,
// so the minutes are those of the clock and not a bucket.
func (s *Server) count(p Package) time.Duration {
	now := s.opts.Now()
	s.gate.Lock()
	defer s.gate.Unlock()
	s.calls[p]++
	if s.opts.PerMinute < 0 {
		return 0
	}
	if minute := now.Unix() / 60; minute != s.minute {
		s.minute = minute
		clear(s.spent)
	}
	if s.spent[p] >= s.opts.PerMinute {
		return now.Truncate(time.Minute).Add(time.Minute).Sub(now)
	}
	s.spent[p]++
	return 0
}

func (s *Server) encoder() *encoder {
	return &encoder{d: &s.d, names: s.names, zone: s.opts.Zone}
}

// read calls f with what a request sees; imports wait meanwhile.
func (s *Server) read(f func(v *view)) {
	v := s.view()
	s.mu.RLock()
	defer s.mu.RUnlock()
	f(v)
}

func (s *Server) view() *view {
	x := s.index()
	return &view{erp: x.erp, flaws: x.flaws, memory: &s.memory}
}

// now is the server's clock on whole seconds: the wire has no fractions.
func (s *Server) now() time.Time { return s.opts.Now().Truncate(time.Second) }
