package unknown

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// LedgerBase is the path of the service root.
const LedgerBase = "/ledger.svc/"

// The credentials of a ledger whose options name none.
const (
	LedgerUser     = "ledger"
	LedgerPassword = "ledger-sandbox"
	LedgerToken    = "ledger-sandbox-token"
)

// LedgerAuth is how a ledger's callers prove themselves. Only the one way is accepted.
type LedgerAuth uint8

// The ways.
const (
	BasicAuth LedgerAuth = iota
	BearerToken
)

// LongURL is what is answered where an address is too long.
type LongURL uint8

// The answers.
const (
	URITooLong  LongURL = iota // 414, as most web servers do
	IISNotFound                // 404 with a page of HTML, as IIS does (sub-status 404.14 and 404.15, which no client sees)
)

// LedgerOptions choose the variant. The zero value is version 4 in UTC with pages of 50.
type LedgerOptions struct {
	Version        int // 2, 3 or 4; 0 is 4
	Auth           LedgerAuth
	User, Password string // of BasicAuth
	Token          string // of BearerToken

	// PageSize is the number of rows from which on a list is cut and goes on behind a link; 0 is 50, a negative number cuts none.
	PageSize int
	// RelativeNext prints links to the next page relative to the service root, as versions 3 and 4 may.
	RelativeNext bool
	// MaxURL is the greatest length of path and query as they were sent; 0 is 8190, a negative number none.
	MaxURL  int
	LongURL LongURL
	// NoIn refuses the operator in, which version 4.01 brought and many services of version 4 lack.
	NoIn bool
	// MaxNodes bounds the parts of a $filter (ASP.NET's MaxNodeCount, there 100 by default); 0 is no bound but that of the
	// address.
	MaxNodes int
	// Zone is the wall clock of the server. Versions 2 and 3 print and read times by it and do not say so; version 4 prints
	// them with its offset. Nil is UTC.
	Zone *time.Location
}

func (o LedgerOptions) withDefaults() LedgerOptions {
	o.Version = cmp.Or(o.Version, 4)
	if o.Version < 2 || o.Version > 4 {
		panic(fmt.Sprintf("unknown: there is no OData version %d", o.Version))
	}
	o.User, o.Password, o.Token = cmp.Or(o.User, LedgerUser), cmp.Or(o.Password, LedgerPassword), cmp.Or(o.Token, LedgerToken)
	o.PageSize, o.MaxURL = cmp.Or(o.PageSize, 50), cmp.Or(o.MaxURL, 8190)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return o
}

// Ledger is a fake OData service. It is safe for concurrent use.
type Ledger struct {
	opts     LedgerOptions
	world    *world.World
	sets     []*entitySet // in the order of $metadata
	byName   map[string]*entitySet
	metadata []byte
}

var _ http.Handler = (*Ledger)(nil)

// NewLedger returns a ledger of the customers whom the world's books know. It panics on a version that does not exist.
func NewLedger(w *world.World, o LedgerOptions) *Ledger {
	l := &Ledger{opts: o.withDefaults(), world: w, byName: map[string]*entitySet{}}
	l.fill()
	l.metadata = l.printMetadata()
	return l
}

// Records returns all rows of an entity set (BusinessPartners, SalesOrders, SalesOrderItems, SalesInvoices, SalesInvoiceItems,
// IncomingPayments or Materials) in the order of their keys; nil for any other name.
func (l *Ledger) Records(set string) []Record {
	t := l.byName[set]
	if t == nil {
		return nil
	}
	return append([]Record(nil), t.recs...)
}

// Record returns the row of an entity set with an ID.
func (l *Ledger) Record(set, id string) (Record, bool) {
	if t := l.byName[set]; t != nil {
		if i, ok := t.byID[id]; ok {
			return t.recs[i], true
		}
	}
	return Record{}, false
}

// reply is one answer of the ledger.
type reply struct {
	status      int
	contentType string
	body        []byte
}

// ServeHTTP answers one request.
func (l *Ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := l.serve(w, r)
	h := w.Header()
	h.Set("Content-Type", out.contentType)
	if l.opts.Version == 4 {
		h.Set("OData-Version", "4.0")
	} else {
		h.Set("DataServiceVersion", fmt.Sprintf("%d.0", l.opts.Version))
	}
	w.WriteHeader(out.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.body) // the client is gone; nobody is left to tell
	}
}

func (l *Ledger) serve(w http.ResponseWriter, r *http.Request) reply {
	uri := r.RequestURI
	if uri == "" { // not from the network
		uri = r.URL.RequestURI()
	}
	if l.opts.MaxURL > 0 && len(uri) > l.opts.MaxURL {
		return l.tooLong()
	}
	if !l.isAuthorized(r) {
		w.Header().Set("WWW-Authenticate", map[LedgerAuth]string{BasicAuth: `Basic realm="ledger"`, BearerToken: `Bearer`}[l.opts.Auth])
		return page(http.StatusUnauthorized, "Logon failed")
	}
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), LedgerBase)
	if !ok {
		if r.URL.Path+"/" != LedgerBase {
			return page(http.StatusNotFound, "Not Found")
		}
		path = ""
	}
	params, fail := l.params(r.URL.RawQuery)
	f := l.format(r, params)
	if fail == nil {
		fail = f.fail
	}
	if fail == nil && r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", http.MethodGet)
		fail = &odataError{http.StatusMethodNotAllowed, "", "Method " + r.Method + " is not allowed for this resource"}
	}
	var out reply
	if fail == nil {
		out, fail = l.resource(path, params, f, root(r))
	}
	if fail != nil {
		return l.failure(fail, f)
	}
	return out
}

func (l *Ledger) isAuthorized(r *http.Request) bool {
	if l.opts.Auth == BearerToken {
		return r.Header.Get("Authorization") == "Bearer "+l.opts.Token
	}
	user, password, ok := r.BasicAuth()
	return ok && user == l.opts.User && password == l.opts.Password
}

// root is the absolute address of the service root as the caller wrote it.
func root(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host, Path: LedgerBase}).String()
}
