package rest

import (
	"cmp"
	"net/http"

	"github.com/trama-graph/trama/datasources/internal/mapping"
)

// resource is one path of the system, understood. It is read-only.
type resource struct {
	entity string // Order
	key    string // in the config: entities.Order.more[0]
	call   string // in logs and metrics: "Order crm"
	label  string // for people: "crm: GET /crm/commandes"
	pack   string
	cfg    Entity

	method string
	header http.Header // of its calls, never changed
	query  []param     // of all its calls
	// patterns are those of the keys, by their texts: a call is no time to compile.
	patterns map[string]*keyPattern
	inBody   bool
	paging   Paging
	isSized  bool // a page of fewer records than Size is the last
	listAt   []mapping.Path
	cursorAt []mapping.Path
	totalAt  []mapping.Path
	idAt     []mapping.Path // of the record's key
	// isPlain: nothing but a plan looks into the records of an answer, so that only
	// what the plan reads need be kept of them.
	isPlain bool
}

// newResource understands one resource of a valid config.
func newResource(c *Config, entity, key string, e Entity) *resource {
	r := &resource{entity: entity, key: key, pack: e.Package, cfg: e, paging: c.paging(e.Paging), call: entity}
	r.method = cmp.Or(e.Method, c.Method, http.MethodGet)
	r.header = http.Header{"Accept": {"application/json"}}
	if r.method == http.MethodPost {
		r.header.Set("Content-Type", "application/json")
	}
	r.query = params(e.Query)
	r.patterns = map[string]*keyPattern{}
	r.learn(e.Keys.Pattern)
	for _, k := range e.Relations {
		r.learn(k.Pattern)
	}
	r.inBody = e.ParamsIn == "body" || e.ParamsIn == "" && r.method == http.MethodPost
	r.label = r.method + " " + e.Path
	if e.Path == "" {
		r.label = "nothing"
	}
	if e.Package != "" {
		r.label = e.Package + ": " + r.label
		r.call += " " + e.Package
	}
	// Without a parameter for it, the system decides on the size, unless the config
	// tells it.
	r.isSized = r.paging.SizeParam != "" || cmp.Or(e.Paging.Size, ownSize(c, e)) > 0
	list := e.ListAt
	if len(list) == 0 {
		list = c.Reply.ListAt
	}
	r.listAt = paths(list)
	r.cursorAt, r.totalAt = paths(r.paging.CursorAt), paths(r.paging.TotalAt)
	r.idAt = paths(e.Fields["id"].At)
	r.isPlain = true
	for _, at := range [][]mapping.Path{r.listAt, r.cursorAt, r.totalAt, paths(c.Reply.SuccessAt), paths(c.Reply.ErrorAt)} {
		r.isPlain = r.isPlain && mapping.Plain(at)
	}
	return r
}

// learn compiles a pattern of keys.
func (r *resource) learn(pattern string) {
	if pattern == "" {
		return
	}
	if p := newKeyPattern(pattern); p != nil { // Validate refuses any other
		r.patterns[pattern] = p
	}
}

// isKey reports whether a key looks as every key does there.
func (r *resource) isKey(k *Keys, key string) bool {
	p := r.patternOf(k)
	return p == nil || p.matches(key)
}

// patternOf is the pattern of keys, nil = they may look like anything.
func (r *resource) patternOf(k *Keys) *keyPattern {
	if k.Pattern == "" {
		return nil
	}
	return r.patterns[k.Pattern]
}

func ownSize(c *Config, e Entity) int {
	if e.Paging.Style != "" {
		return 0
	}
	return c.Paging.Size
}

// paths reads paths that Validate has checked.
func paths(texts []string) []mapping.Path {
	list, _ := mapping.ParsePaths(texts)
	return list
}

// packageName is what is not enabled when this resource is not.
func (r *resource) packageName() string { return cmp.Or(r.pack, r.entity) }

// keyBatch is the most keys in one call: not more than fit one page.
func (r *resource) keyBatch(k Keys) int {
	n := cmp.Or(k.Batch, defaultBatch)
	if r.isSized && r.paging.Style != PagingNone {
		n = min(n, r.paging.Size)
	}
	return n
}
