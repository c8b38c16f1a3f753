package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// The world of the tests of tables: a list of things that comes in parts, and datasets
// over it.

const thingsSDL = `
directive @goField(forceResolver: Boolean, name: String, omittable: Boolean, batch: Boolean) on INPUT_FIELD_DEFINITION | FIELD_DEFINITION
directive @reads(field: String!) on INPUT_FIELD_DEFINITION | ENUM_VALUE | ARGUMENT_DEFINITION
type Query { things(first: Int, after: String): ThingPage  node(id: ID!): Node }
type ThingPage { nodes: [Thing!] totalCount: Int pageInfo: PageInfo! missing: [String!] }
type PageInfo { hasNextPage: Boolean! }
interface Node { id: ID! }
type Thing implements Node {
  id: ID!
  source: String
  name: String
  note: String
  secret: String
  owner: Thing @goField(forceResolver: true, batch: true)
  parts: [Part!]
}
type Part { sku: String }`

type (
	thing struct {
		ID, Source, Name, Note, Secret string
		Parts                          []*thingPart
		Faults                         *schema.Faults
	}
	thingPart  struct{ Sku string }
	thingsNode interface{ IsNode() }
)

func (*thing) IsNode()                          {}
func (t *thing) Spoilt() *schema.Faults         { return t.Faults }
func (t *thing) Identity() (source, key string) { return t.Source, t.ID }

// things are the resolvers: n rows whose names are long.
type things struct {
	n, long int
	total   int // of totalCount; 0: nobody knows
	cursor  func(i int) string
	// on is called for each part, and may make it fail or leave a source out.
	on    func(ctx context.Context, part int, page *schema.Page[thing]) error
	owner func(ctx context.Context) error
	spoil *schema.Faults // of the row a key leads to

	asked atomic.Int64 // the largest first
}

type (
	thingsQuery struct{ *things }
	thingsThing struct{ *things }
)

func (x *things) Query() interface {
	Things(ctx context.Context, first *int, after *string) (*schema.Page[thing], error)
	Node(ctx context.Context, id string) (thingsNode, error)
} {
	return thingsQuery{x}
}

func (x *things) Thing() interface {
	Owner(ctx context.Context, objs []*thing) ([]*thing, error)
} {
	return thingsThing{x}
}

func (x thingsQuery) Node(_ context.Context, id string) (thingsNode, error) {
	t := x.thing(0)
	t.ID, t.Faults = id, x.spoil
	return t, nil
}

func (x thingsThing) Owner(ctx context.Context, objs []*thing) ([]*thing, error) {
	if x.owner != nil {
		if err := x.owner(ctx); err != nil {
			return nil, err
		}
	}
	out := make([]*thing, len(objs))
	for i := range objs {
		out[i] = &thing{ID: "o", Name: "owner"}
	}
	return out, nil
}

func (x *things) thing(i int) *thing {
	return &thing{ID: strconv.Itoa(i), Source: "a", Name: fmt.Sprint("n", i), Note: strings.Repeat("x", x.long), Secret: "s"}
}

func (x thingsQuery) Things(ctx context.Context, first *int, after *string) (*schema.Page[thing], error) {
	from, left := 0, x.n
	if after != nil {
		i, err := strconv.Atoi(strings.Trim(*after, "."))
		if err != nil {
			return nil, schema.Errorf(schema.BadRequest, "after is no cursor")
		}
		from = i + 1
	}
	if first != nil {
		x.asked.Store(max(x.asked.Load(), int64(*first)))
		left = min(left, from+*first)
	}
	if first == nil && plan.Part(ctx) == 0 {
		left = min(left, from+50) // as any list that declares no page
	}
	return x.part(ctx, &schema.Page[thing]{}, plan.Part(ctx), 0, from, left)
}

func (x thingsQuery) part(ctx context.Context, before *schema.Page[thing], size, number, from, to int) (*schema.Page[thing], error) {
	end := to
	if size > 0 {
		end = min(from+size, to)
	}
	page := &schema.Page[thing]{Missing: before.Missing}
	for i := from; i < end; i++ {
		page.Nodes = append(page.Nodes, x.thing(i))
	}
	page.CursorOf = func(t *thing) string {
		i, _ := strconv.Atoi(t.ID)
		if x.cursor != nil {
			return x.cursor(i)
		}
		return t.ID
	}
	if x.total > 0 {
		page.TotalCount = &x.total
	}
	if x.on != nil {
		if err := x.on(ctx, number, page); err != nil {
			return nil, err
		}
	}
	if end >= to {
		before.Follow(page, nil)
		return page, nil
	}
	before.Follow(page, func(ctx context.Context) (*schema.Page[thing], error) {
		return x.part(ctx, page, size, number+1, end, to)
	})
	return page, nil
}

// thingsTexts are the datasets.
var thingsTexts = map[string]string{
	"things": `query things @dataset(grain: "things") { things { nodes { name note secret } } }`,
	"owned":  `query owned @dataset(grain: "things") { things { nodes { name owner { name } } } }`,
	"loose":  `query loose @dataset(grain: "things", partial: true) { things { nodes { name note owner { name } } } }`,
	"parts":  `query parts @dataset(grain: "things.parts") { things { nodes { name parts { sku } } } }`,
	"summed": `query summed @dataset { things { nodes { id name } }
		a: things @per(id: "owner.id") { nodes { id @count(as: "a") owner { id } } } b: things @per(id: "owner.id") { nodes { id @count(as: "b") owner { id } } }
		c: things @per(id: "owner.id") { nodes { id @count(as: "c") owner { id } } } d: things @per(id: "owner.id") { nodes { id @count(as: "d") owner { id } } } }`,
	"counted": `query counted @dataset { things { nodes { id name } } again: things @per(id: "id") { nodes { id @count(as: "n") } } }`,
	"grouped": `query grouped @dataset(grain: "things") { things { nodes { name @by id @count(as: "n") } } }`,
}

// feedWorld is a server of these tables.
type feedWorld struct {
	*httptest.Server
	log *lines
}

// lines is a log that tests look into.
type lines struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func feedServer(t testing.TB, x *things, change func(*web.Config)) *feedWorld {
	t.Helper()
	s, e, g := engineOf(t, thingsSDL, x, engine.Options{Window: 100, Types: map[string]any{"Thing": (*thing)(nil)}})
	all := policies.NewView(g, "all", func(string, string, policies.Action) (*policies.Rule, bool) { return nil, true })
	sealer, err := seal.New(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	catalogue, problems := dataset.Load(thingsTexts, s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	log := &lines{}
	cfg := web.Config{
		Access: func(_ context.Context, p *policies.Principal) (*policies.Access, error) {
			return &policies.Access{Principal: p, View: all}, nil
		},
		Schema:     func(*policies.View) (*ast.Schema, error) { return s, nil },
		Executable: func(s *ast.Schema) graphql.ExecutableSchema { return executable{s} },
		Engine:     e, Auth: holders{"t": {TokenID: "t", Account: "a"}, "u": {TokenID: "u", Account: "b"}},
		Plan: plan.Options{Relations: e.Relation}, Log: slog.New(slog.NewTextHandler(log, nil)),
		Feed: web.FeedConfig{Catalogue: func() *dataset.Catalogue { return catalogue }, Seal: sealer, PageRows: 250},
	}
	if change != nil {
		change(&cfg)
	}
	srv := httptest.NewServer(web.New(cfg))
	t.Cleanup(srv.Close)
	return &feedWorld{srv, log}
}

// get asks as the token t; the error is that the answer broke off.
func (w *feedWorld) get(t testing.TB, path string) (*http.Response, string, error) {
	t.Helper()
	return w.getAs(t, "t", path)
}

func (w *feedWorld) getAs(t testing.TB, token, path string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.ReplaceAll(path, " ", "%20"), nil)
	if !strings.HasPrefix(path, "http") {
		req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+strings.ReplaceAll(path, " ", "%20"), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("anybody", token)
	resp, err := w.Client().Do(req)
	if err != nil {
		return &http.Response{Header: http.Header{}}, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// odataPage is a page as JSON.
type odataPage struct {
	Context string           `json:"@odata.context"`
	Count   *int             `json:"@odata.count"`
	Value   []map[string]any `json:"value"`
	Next    string           `json:"@odata.nextLink"`
}

func (w *feedWorld) page(t testing.TB, path string) odataPage {
	t.Helper()
	resp, body, err := w.get(t, path)
	var p odataPage
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %v %.300s", path, err, resp.Status, body)
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// pages follows the next links, and returns the names of all rows.
func (w *feedWorld) pages(t testing.TB, path string) (names []string, pages int) {
	t.Helper()
	for path != "" {
		p := w.page(t, path)
		for _, row := range p.Value {
			names = append(names, fmt.Sprint(row["name"]))
		}
		path, pages = p.Next, pages+1
		if pages > 100 {
			t.Fatal("the pages have no end")
		}
	}
	return names, pages
}

// away is a source that does not answer.
func away() error {
	return schema.SourceErrorf(schema.SourceUnavailable, "books", "books did not answer")
}

// deadline keeps a test that hangs from hanging for long.
const deadline = 20 * time.Second

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
