package unknown

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// ShopBase is the path under which the shop's interface is published.
const ShopBase = "/api/index.php"

// The credentials of a shop whose options name none.
const (
	ShopKey      = "shop-sandbox-key"
	ShopUser     = "api"
	ShopPassword = "shop-sandbox"
)

// ShopAuth is how a shop's callers prove themselves. Only the one way is accepted.
type ShopAuth uint8

// The ways.
const (
	HeaderKey    ShopAuth = iota // header DOLAPIKEY: KEY
	BearerKey                    // header Authorization: Bearer KEY
	QueryKey                     // query parameter DOLAPIKEY=KEY
	SessionLogin                 // POST /login with {"login","password"}; the token of the answer is then the header DOLAPIKEY
)

// ShopPaging is how a shop's lists are cut.
type ShopPaging uint8

// The styles. All take limit, which is 100 unless said and everything if 0.
const (
	// PageNumber takes page, from 0. The answer is a bare array; with pagination_data=true it is
	// {"data":[…],"pagination":{"total","page","page_count","limit"}}.
	PageNumber ShopPaging = iota
	// Offset takes offset, from 0. The answer is {"items":[…],"count":TOTAL}.
	Offset
	// Cursor takes starting_after. The answer is {"data":[…],"has_more":BOOL,"next_cursor":"…" or null}. A cursor is good for
	// the query that gave it and no other.
	Cursor
)

// ShopOptions choose the variant. The zero value is a shop as Dolibarr is delivered, in UTC.
type ShopOptions struct {
	Auth           ShopAuth
	Key            string // of all ways but SessionLogin
	User, Password string // of SessionLogin

	Paging ShopPaging
	// MaxLimit cuts every limit above it, without a word. 0 cuts none.
	MaxLimit int
	// EmptyArray answers an empty list with [], as new versions do; without it with 404, as old ones do.
	EmptyArray bool
	// ErrorsInBody answers everything with 200 and {"data","metadata":{"rowcount","issuccess"},"error"}: a failure is seen by
	// issuccess alone (the style of ESI Gescom, wire/ecolix.md §2), and an empty list is a success. What paging says of itself
	// stands in metadata.
	ErrorsInBody bool
	// IgnoreFilters takes thirdparty_ids and sqlfilters for parameters it does not know, which it ignores like any other.
	IgnoreFilters bool
	// Zone is the wall clock of the server, which decides where a day begins. Nil is UTC.
	Zone *time.Location
}

func (o ShopOptions) withDefaults() ShopOptions {
	o.Key = cmp.Or(o.Key, ShopKey)
	o.User, o.Password = cmp.Or(o.User, ShopUser), cmp.Or(o.Password, ShopPassword)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return o
}

// Shop is a fake shop. It is safe for concurrent use.
type Shop struct {
	opts     ShopOptions
	world    *world.World
	sets     map[string]*shopSet
	sessions sessions
}

var _ http.Handler = (*Shop)(nil)

// NewShop returns a shop that sells to the customers whom the world's books know.
func NewShop(w *world.World, o ShopOptions) *Shop {
	s := &Shop{opts: o.withDefaults(), world: w}
	s.fill()
	return s
}

// Records returns all rows of a resource (thirdparties, products, orders, invoices, shipments or proposals) by ascending id;
// nil for any other name.
func (s *Shop) Records(resource string) []Record {
	set := s.sets[resource]
	if set == nil {
		return nil
	}
	list := make([]Record, len(set.rows))
	for i := range set.rows {
		list[i] = set.rows[i].rec
	}
	return list
}

// Record returns the row of a resource with an id.
func (s *Shop) Record(resource, id string) (Record, bool) {
	if set := s.sets[resource]; set != nil {
		if i, ok := set.byID[id]; ok {
			return set.rows[i].rec, true
		}
	}
	return Record{}, false
}

// ServeHTTP answers one request.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := s.serve(w, r)
	status := http.StatusOK
	if err != nil {
		status, body = s.failure(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone; nobody is left to tell
	}
}

func (s *Shop) serve(w http.ResponseWriter, r *http.Request) ([]byte, *shopError) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), ShopBase)
	if !ok {
		return nil, notFound("")
	}
	path = strings.Trim(path, "/")
	if path == "login" {
		return s.login(w, r)
	}
	params, fail := shopParams(r.URL.RawQuery)
	if fail != nil {
		return nil, fail
	}
	if fail := s.authorize(r, params); fail != nil {
		return nil, fail
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", http.MethodGet)
		return nil, &shopError{http.StatusMethodNotAllowed, ""}
	}
	if path == "status" {
		return s.wrap([]byte(`{"success":{"code":200,"dolibarr_version":"20.0.1","access_locked":"0"}}`), 1, nil), nil
	}
	steps, fail := segments(path)
	if fail != nil {
		return nil, fail
	}
	set := s.sets[steps[0]]
	switch {
	case set == nil:
		return nil, notFound("")
	case len(steps) == 1:
		return s.list(set, params)
	}
	return s.one(set, steps[1:], params)
}

// one answers RESOURCE/ID, RESOURCE/ref/NUMBER, RESOURCE/ID/lines and invoices/ID/payments.
func (s *Shop) one(set *shopSet, steps []string, params map[string]string) ([]byte, *shopError) {
	var row int
	var ok bool
	switch {
	case steps[0] == "ref" && len(steps) == 2 && set.name != "thirdparties":
		row, ok = set.byNumber[steps[1]]
		steps = steps[1:]
	case !digits(steps[0]):
		return nil, badRequest("Invalid value specified for `id`. Expecting integer value")
	default:
		row, ok = set.byID[steps[0]]
	}
	if !ok {
		return nil, notFound(set.singular + " not found")
	}
	switch {
	case len(steps) == 1:
		return s.wrap(set.object(row, listOptions{linked: true, properties: properties(params)}), 1, nil), nil
	case len(steps) == 2 && steps[1] == "lines" && set.hasLines():
		for _, m := range set.render(set.rows[row].rec, true) {
			if m.name == "lines" {
				return s.wrap(m.raw, 1, nil), nil
			}
		}
	case len(steps) == 2 && steps[1] == "payments" && set.name == "invoices":
		return s.wrap(s.payments(set.rows[row].rec), 1, nil), nil
	}
	return nil, notFound("")
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 18
}
