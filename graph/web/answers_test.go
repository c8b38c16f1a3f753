package web_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

const lendingSDL = `
directive @cacheControl(maxAge: Int!) on QUERY
directive @goField(forceResolver: Boolean, name: String, omittable: Boolean, batch: Boolean) on INPUT_FIELD_DEFINITION | FIELD_DEFINITION
type Query { books(first: Int): BookPage card: Card }
interface Node { id: ID! }
type BookPage { nodes: [Book!]! pageInfo: PageInfo! }
type PageInfo { hasNextPage: Boolean! }
type Book implements Node { id: ID! title: String next: Book @goField(forceResolver: true, batch: true) }
type Card { name: String }`

// lending is a library of which answers are kept.
type lending struct {
	title  atomic.Pointer[string]
	reads  atomic.Int64
	fails  atomic.Bool
	torn   atomic.Bool // one of the following books is not found
	during func()      // a reading
}

type card struct{ Name string }

type (
	lendingQuery struct{ *lending }
	lendingBook  struct{ *lending }
)

func (l *lending) Query() interface {
	Books(ctx context.Context, first *int) (*bookPage, error)
	Card(ctx context.Context) (*card, error)
} {
	return lendingQuery{l}
}

func (l *lending) Book() interface {
	Next(ctx context.Context, objs []*book) ([]*book, error)
} {
	return lendingBook{l}
}

func (l lendingQuery) Card(context.Context) (*card, error) {
	l.reads.Add(1)
	return &card{"of somebody"}, nil
}

func (l lendingQuery) Books(_ context.Context, first *int) (*bookPage, error) {
	l.reads.Add(1)
	if l.fails.Load() {
		return nil, schema.SourceErrorf(schema.SourceUnavailable, "shelf", "shelf did not answer")
	}
	title, n := *l.title.Load(), 3
	if first != nil {
		n = *first
	}
	if l.during != nil {
		l.during()
	}
	p := &bookPage{PageInfo: &bookPageInfo{}}
	for i := range n {
		p.Nodes = append(p.Nodes, &book{strconv.Itoa(i), title})
	}
	return p, nil
}

func (l lendingBook) Next(_ context.Context, objs []*book) ([]*book, error) {
	if l.torn.Load() && slices.ContainsFunc(objs, func(b *book) bool { return b.ID == "40" }) {
		return nil, schema.SourceErrorf(schema.SourceUnavailable, "shelf", "shelf did not answer")
	}
	return slices.Clone(objs), nil
}

// changes are what a Validity knows of, in a test.
type changes struct {
	mu        sync.Mutex
	types     map[string]uint64
	n         uint64
	directory atomic.Uint64
	stale     atomic.Bool
}

func (c *changes) of(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	c.types[name] = c.n
}

func (c *changes) Mark() web.AnswerMark {
	c.mu.Lock()
	defer c.mu.Unlock()
	return web.AnswerMark{Rows: c.n, Directory: c.directory.Load()}
}

func (c *changes) Changed(since web.AnswerMark, types []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.directory.Load() != since.Directory || slices.ContainsFunc(types, func(t string) bool { return c.types[t] > since.Rows })
}

func (c *changes) Whole(context.Context) bool { return !c.stale.Load() }

// desk is a running server over a lending library.
type desk struct {
	*lending
	*changes
	srv     *httptest.Server
	web     *web.Server
	used    usedList
	clock   atomic.Int64 // seconds
	version atomic.Pointer[string]

	mu     sync.Mutex
	people map[string]policies.Principal // by their tokens
}

// usedList is what the usage was told.
type usedList struct {
	mu   sync.Mutex
	list []usage.Operation
}

func (u *usedList) Record(o usage.Operation) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = append(u.list, o)
}
func (*usedList) Inputs(string, string, map[string]any) uint64 { return 1 }
func (*usedList) Digest([]byte) uint64                         { return 1 }

func (d *desk) Verify(_ context.Context, token string, _ netip.Addr) (*policies.Principal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.people[token]
	if !ok {
		return nil, schema.Errorf(schema.Unauthenticated, "the token is not valid")
	}
	return &p, nil
}

func (d *desk) set(token string, p policies.Principal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.people[token] = p
}

// newDesk serves views by the first package: all, hash (the title under a mask) and mine
// (the book of a claim only).
func newDesk(t testing.TB, change func(*web.Config)) *desk {
	t.Helper()
	return newDeskOf(t, 100_000, change) // nothing is sent while it is made
}

// newDeskOf is newDesk with answers that are sent while they are made, where they have
// more than some rows.
func newDeskOf(t testing.TB, window int, change func(*web.Config)) *desk {
	t.Helper()
	d := &desk{lending: &lending{}, changes: &changes{types: map[string]uint64{}}, people: map[string]policies.Principal{}}
	title, version := "The Leopard", "1"
	d.title.Store(&title)
	d.version.Store(&version)
	s, e, g := engineOf(t, lendingSDL, d.lending, engine.Options{Window: window})
	view := func(name string) *policies.View {
		return policies.NewView(g, *d.version.Load(), func(typeName, field string, a policies.Action) (*policies.Rule, bool) {
			switch {
			case name == "hash" && typeName == "Book" && field == "title":
				return nil, a == "mask:hash"
			case name == "mine" && typeName == "Book" && field == "title":
				return &policies.Rule{Op: policies.FromClaim, Column: "id", Claim: "book"}, a == "read"
			}
			return nil, a == "read"
		})
	}
	masker := policies.NewMasker([]byte("a key of a test"))
	cfg := web.Config{
		Access: func(_ context.Context, p *policies.Principal) (*policies.Access, error) {
			name := p.Packages[0]
			if p.TokenID == "mine" { // policies may speak of single tokens
				name = "mine"
			}
			return &policies.Access{Principal: p, View: view(name), Masker: masker}, nil
		},
		Schema:     func(*policies.View) (*ast.Schema, error) { return s, nil },
		Executable: func(s *ast.Schema) graphql.ExecutableSchema { return executable{s} },
		Engine:     e, Auth: d, Usage: &d.used, Full: s, Graph: g,
		Plan:    plan.Options{Relations: e.Relation, PageSize: 20},
		Answers: web.AnswersConfig{Bytes: 16 << 20, Validity: d.changes, Now: func() time.Time { return time.Unix(d.clock.Load(), 0) }},
	}
	if change != nil {
		change(&cfg)
	}
	d.web = web.New(cfg)
	d.srv = httptest.NewServer(d.web)
	t.Cleanup(d.srv.Close)
	return d
}

// reader is somebody of a package.
func reader(account, view string, change ...func(p *policies.Principal)) policies.Principal {
	p := policies.Principal{
		TokenID: "of " + account, Account: account, Role: "member", Packages: []string{view}, Claims: map[string]string{"book": "1"},
		Agreement: policies.Agreement{Name: "desk", AnswerCache: time.Minute},
	}
	for _, f := range change {
		f(&p)
	}
	return p
}

type lent struct {
	status int
	header http.Header
	body   string
}

// isKept says that the answer was given before, as the client sees it.
func (l *lent) isKept() bool { return l.header.Get("Age") != "" }

func (d *desk) ask(t testing.TB, token, query string, more ...any) *lent {
	t.Helper()
	m := map[string]any{"query": query}
	encoding := ""
	for i := 0; i < len(more); i += 2 {
		if more[i] == "encoding" {
			encoding = more[i+1].(string)
		} else {
			m[more[i].(string)] = more[i+1]
		}
	}
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	resp := post(t.Context(), t, d.srv, token, encoding, string(body))
	defer resp.Body.Close()
	from := io.Reader(resp.Body)
	if resp.Header.Get("Content-Encoding") == "gzip" {
		if from, err = gzip.NewReader(resp.Body); err != nil {
			t.Fatal(err)
		}
	}
	got, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return &lent{resp.StatusCode, resp.Header, string(got)}
}

const shelfQuestion = `query Q($n: Int) @cacheControl(maxAge: 30) { books(first: $n) { nodes { id title } } } query Other @cacheControl(maxAge: 30) { books { nodes { id } } }`

// TestKeptAnswersOfWhom holds for whom an answer that was made for somebody is kept: for
// everybody who may see exactly the same, and nobody else.
func TestKeptAnswersOfWhom(t *testing.T) {
	with := func(f func(p *policies.Principal)) func(*policies.Principal) { return f }
	for _, c := range []struct {
		name          string
		first, second policies.Principal
		more          [2][]any
		version       string // of the policies, for the second
		isKept        bool
	}{
		{name: "himself", first: reader("a", "all"), second: reader("a", "all"), isKept: true},
		{name: "another account of the same", first: reader("a", "all"), second: reader("b", "all"), isKept: true},
		{name: "himself under a hash mask", first: reader("a", "hash"), second: reader("a", "hash"), isKept: true},
		{name: "another account under a hash mask", first: reader("a", "hash"), second: reader("b", "hash")},
		{name: "another view", first: reader("a", "all"), second: reader("a", "hash")},
		{name: "a token that policies speak of", first: reader("a", "all"), second: reader("a", "all", with(func(p *policies.Principal) { p.TokenID = "mine" }))},
		{name: "another package of the same view", first: reader("a", "all"), second: reader("a", "all", with(func(p *policies.Principal) { p.Packages = []string{"all", "admin"} }))},
		{name: "other rows", first: reader("a", "mine"), second: reader("a", "mine", with(func(p *policies.Principal) { p.Claims = map[string]string{"book": "2"} }))},
		{name: "a claim more", first: reader("a", "all"), second: reader("a", "all", with(func(p *policies.Principal) { p.Claims = map[string]string{"book": "1", "shop": "x"} }))},
		{name: "claims that run together", first: reader("a", "all", with(func(p *policies.Principal) { p.Claims = map[string]string{"a": `b","c":"d`} })), second: reader("a", "all", with(func(p *policies.Principal) { p.Claims = map[string]string{"a": "b", "c": "d"} }))},
		{name: "another role", first: reader("a", "all"), second: reader("a", "all", with(func(p *policies.Principal) { p.Role = "root" }))},
		{name: "other limits", first: reader("a", "all"), second: reader("a", "all", with(func(p *policies.Principal) { p.Agreement.MaxPage = 2 }))},
		{name: "nothing agreed", first: reader("a", "all"), second: reader("a", "all", with(func(p *policies.Principal) { p.Agreement.AnswerCache = 0 }))},
		{name: "a new token of the account", first: reader("a", "all"), second: reader("a", "all", with(func(p *policies.Principal) { p.TokenID = "another" })), isKept: true},
		{name: "other policies", first: reader("a", "all"), second: reader("a", "all"), version: "2"},
		{name: "other variables", first: reader("a", "all"), second: reader("a", "all"), more: [2][]any{{"variables", map[string]any{"n": 1}}, {"variables", map[string]any{"n": 2}}}},
		{name: "the same variables", first: reader("a", "all"), second: reader("a", "all"), more: [2][]any{{"variables", map[string]any{"n": 1}}, {"variables", map[string]any{"n": 1, "unused": true}}}, isKept: true},
		{name: "another operation", first: reader("a", "all"), second: reader("a", "all"), more: [2][]any{{}, {"operationName", "Other"}}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			d, fresh := newDesk(t, nil), newDesk(t, nil)
			d.set("1", c.first)
			d.set("2", c.second)
			fresh.set("2", c.second)
			name := []any{"operationName", "Q"}
			if first := d.ask(t, "1", shelfQuestion, append(name, c.more[0]...)...); first.status != http.StatusOK || first.isKept() {
				t.Fatalf("got %d %s", first.status, first.body)
			}
			if c.version != "" {
				d.version.Store(&c.version)
			}
			got, want := d.ask(t, "2", shelfQuestion, append(name, c.more[1]...)...), fresh.ask(t, "2", shelfQuestion, append(name, c.more[1]...)...)
			if got.body != want.body || got.status != want.status {
				t.Errorf("got %s\nwant %s", got.body, want.body)
			}
			if got.isKept() != c.isKept || (d.reads.Load() == 1) != c.isKept {
				t.Errorf("kept: %v after %d readings, want %v", got.isKept(), d.reads.Load(), c.isKept)
			}
		})
	}
}

// TestKeptAnswersOfWhat holds which answers are kept, and what ends them.
func TestKeptAnswersOfWhat(t *testing.T) {
	const plain = `query @cacheControl(maxAge: 30) { books { nodes { title } } }`
	for _, c := range []struct {
		name   string
		query  string
		before func(d *desk)
		after  func(d *desk) // the first, before the second
		isKept bool
	}{
		{name: "records", query: plain, isKept: true},
		{name: "with what the schema is", query: `query @cacheControl(maxAge: 30) { __typename books { nodes { title } } }`, isKept: true},
		{name: "not asked for", query: `{ books { nodes { title } } }`},
		{name: "for no time", query: `query @cacheControl(maxAge: 0) { books { nodes { title } } }`},
		{name: "for less than no time", query: `query @cacheControl(maxAge: -30) { books { nodes { title } } }`},
		{name: "something else", query: `query @cacheControl(maxAge: 30) { card { name } }`},
		{name: "records and something else", query: `query @cacheControl(maxAge: 30) { books { nodes { title } } card { name } }`},
		{name: "with an error", query: plain, before: func(d *desk) { d.fails.Store(true) }},
		{name: "with stale rows", query: plain, before: func(d *desk) { d.stale.Store(true) }},
		{name: "just before its time", query: plain, after: func(d *desk) { d.clock.Store(29) }, isKept: true},
		{name: "after its time", query: plain, after: func(d *desk) { d.clock.Store(30) }},
		{name: "a clock that went back", query: plain, after: func(d *desk) { d.clock.Store(-1) }},
		{name: "longer than agreed", query: strings.ReplaceAll(plain, "30", "3600"), after: func(d *desk) { d.clock.Store(60) }},
		{name: "as long as agreed", query: strings.ReplaceAll(plain, "30", "3600"), after: func(d *desk) { d.clock.Store(59) }, isKept: true},
		{name: "its records changed", query: plain, after: func(d *desk) { d.of("Book") }},
		{name: "its records changed, of which only the page was asked", query: `query @cacheControl(maxAge: 30) { books { pageInfo { hasNextPage } } }`, after: func(d *desk) { d.of("Book") }},
		{name: "its records changed meanwhile", query: plain, before: func(d *desk) { d.during = sync.OnceFunc(func() { d.of("Book") }) }},
		{name: "other records changed", query: plain, after: func(d *desk) { d.of("Chair") }, isKept: true},
		{name: "the directory changed", query: plain, after: func(d *desk) { d.directory.Add(1) }},
		{name: "too long", query: `query @cacheControl(maxAge: 30) { books(first: 20000) { nodes { id title next { id title } } } }`},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.set("t", reader("a", "all"))
			if c.before != nil {
				c.before(d)
			}
			first := d.ask(t, "t", c.query)
			if c.after != nil {
				c.after(d)
			}
			title := "The Leopard, second edition"
			d.title.Store(&title)
			read := d.reads.Load()
			second := d.ask(t, "t", c.query)
			if second.isKept() != c.isKept || (d.reads.Load() == read) != c.isKept {
				t.Fatalf("kept: %v, read: %v, want %v: %.300s", second.isKept(), d.reads.Load() > read, c.isKept, second.body)
			}
			if c.isKept && (second.body != first.body || second.status != first.status || strings.Contains(second.body, "second edition")) {
				t.Errorf("got %s\nwant %s", second.body, first.body)
			}
		})
	}
}

// TestKeptAnswersSayTheirAge holds what headers tell.
func TestKeptAnswersSayTheirAge(t *testing.T) {
	d := newDesk(t, nil)
	d.set("t", reader("a", "all"))
	const query = `query @cacheControl(maxAge: 30) { books(first: 100) { nodes { id title next { id title } } } }`
	plain := d.ask(t, "t", `{ books { nodes { title } } }`)
	if got := plain.header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("an answer nobody keeps says %q", got)
	}
	first := d.ask(t, "t", query)
	for i, encoding := range []string{"", "gzip", "gzip", ""} {
		d.clock.Add(7)
		got := d.ask(t, "t", query, "encoding", encoding)
		if got.body != first.body || got.header.Get("Content-Encoding") != encoding {
			t.Errorf("case=%d: got %q %.100s", i, got.header.Get("Content-Encoding"), got.body)
		}
		want := map[string]string{
			"Age": strconv.Itoa(7 * (i + 1)), "Cache-Control": "private, max-age=30", "Content-Type": first.header.Get("Content-Type"),
			"Vary": first.header.Get("Vary"),
		}
		for name, value := range want {
			if got.header.Get(name) != value {
				t.Errorf("case=%d: %s is %q, want %q", i, name, got.header.Get(name), value)
			}
		}
	}
	if first.header.Get("Cache-Control") != "private, max-age=30" || first.isKept() {
		t.Errorf("the first says %v", first.header)
	}
	d.fails.Store(true)
	d.of("Book")
	if got := d.ask(t, "t", query).header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("an error says %q", got)
	}
	if s := d.web.AnswerStats(); s.Hits != 4 || s.Misses != 2 || s.Outdated != 1 || s.Kept != 1 || s.Answers != 0 || s.Bytes != 0 {
		t.Errorf("got %+v", s)
	}
}

// TestKeptAnswersAreOfTokensThatAreGood holds that nobody gets one who is not let in,
// and that each counts for whom it was given.
func TestKeptAnswersAreOfTokensThatAreGood(t *testing.T) {
	limiter := quota.New(quota.Config{Instances: 1})
	t.Cleanup(func() { limiter.Close() })
	d := newDesk(t, func(c *web.Config) { c.Quota = limiter })
	agreed := func(p *policies.Principal) {
		p.Agreement.RowsPerDay, p.Agreement.CallsPerMinute, p.Agreement.CostPerMinute = 10, 4, 100_000
	}
	d.set("a", reader("a", "all", agreed))
	d.set("b", reader("b", "all", agreed))
	d.set("c", reader("c", "all", agreed))
	const query = `query @cacheControl(maxAge: 30) { books(first: 4) { nodes { title } } }`
	d.ask(t, "a", query)
	left := func(token string) (rows, cost int64) {
		d.mu.Lock()
		p := d.people[token]
		d.mu.Unlock()
		s := limiter.State(t.Context(), &p)
		return s.Rows.Remaining, s.Cost.Remaining
	}
	rowsOfOne, _ := left("a")
	for i := range 3 {
		got := d.ask(t, "b", query)
		rows, cost := left("b")
		if want := max(0, 10-int64(i+1)*(10-rowsOfOne)); i < 1 && (!got.isKept() || rows != want || cost != 100_000) {
			t.Errorf("call %d: kept %v, %d rows left, want %d; cost %d left", i, got.isKept(), rows, want, cost)
		}
		if i == 2 && (got.isKept() || !strings.Contains(got.body, string(schema.Limited))) {
			t.Errorf("more rows than are left: %d %s", got.status, got.body)
		}
	}
	d.used.mu.Lock()
	second := d.used.list[1]
	first := d.used.list[0]
	d.used.mu.Unlock()
	if second.Account != "b" || second.Token != "of b" || second.Rows != first.Rows || second.Cost != 0 || second.Hash != first.Hash || !slices.Equal(second.Fields, first.Fields) {
		t.Errorf("the usage was told %+v", second)
	}
	if got := d.ask(t, "c", query); !got.isKept() {
		t.Errorf("got %d %s", got.status, got.body)
	}
	for range 3 {
		d.ask(t, "c", query)
	}
	if got := d.ask(t, "c", query); got.status != http.StatusTooManyRequests || got.isKept() {
		t.Errorf("a call beyond the agreed ones: %d %s", got.status, got.body)
	}
	d.mu.Lock()
	delete(d.people, "a")
	d.mu.Unlock()
	if got := d.ask(t, "a", query); got.status != http.StatusUnauthorized || got.isKept() || strings.Contains(got.body, "Leopard") {
		t.Errorf("a token that was disabled: %d %s", got.status, got.body)
	}
}

// TestKeptAnswersAreBounded holds that they take no more than they may, whoever asks
// for whatever at the same time.
func TestKeptAnswersAreBounded(t *testing.T) {
	const bound = 256 << 10
	d := newDesk(t, func(c *web.Config) { c.Answers.Bytes = bound })
	d.set("t", reader("a", "all"))
	var wait sync.WaitGroup
	for w := range 4 {
		wait.Go(func() {
			for i := range 60 {
				n := 1 + (i*7+w)%200
				if i%3 == 0 {
					n = 5 // somebody asks the same all the time
				}
				want := strconv.Itoa(n - 1)
				got := d.ask(t, "t", `query($n: Int) @cacheControl(maxAge: 30) { books(first: $n) { nodes { id title } } }`,
					"variables", map[string]any{"n": n}, "encoding", []string{"", "gzip"}[i%2])
				if !strings.HasSuffix(got.body, `{"id":"`+want+`","title":"The Leopard"}]}}}`) {
					t.Errorf("%d: got %.100s", n, got.body)
				}
			}
		})
	}
	wait.Wait()
	if s := d.web.AnswerStats(); s.Bytes > bound || s.Bytes <= 0 || s.Answers == 0 || s.Hits == 0 || uint64(s.Answers) >= s.Kept {
		t.Errorf("got %+v", s)
	}
}
