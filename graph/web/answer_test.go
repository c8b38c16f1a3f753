package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"hash"
	"hash/maphash"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/usage"
)

const shelfSDL = `
directive @goField(forceResolver: Boolean, name: String, omittable: Boolean, batch: Boolean) on INPUT_FIELD_DEFINITION | FIELD_DEFINITION
type Query { books(first: Int): BookPage }
type BookPage { nodes: [Book!]! pageInfo: PageInfo! }
type PageInfo { hasNextPage: Boolean! }
type Book { id: ID! title: String! next: Book @goField(forceResolver: true, batch: true) }`

type (
	bookPage struct {
		Nodes    []*book
		PageInfo *bookPageInfo
	}
	bookPageInfo struct{ HasNextPage bool }
	book         struct{ ID, Title string }
)

// library is the resolver root of the schema above.
type library struct {
	title string
	calls atomic.Int64
	on    func(ctx context.Context, calls int64)
}

type (
	libraryQuery struct{ *library }
	libraryBook  struct{ *library }
)

// The engine finds resolvers as interfaces, as the generated root has them.
func (l *library) Query() interface {
	Books(ctx context.Context, first *int) (*bookPage, error)
} {
	return libraryQuery{l}
}

func (l *library) Book() interface {
	Next(ctx context.Context, objs []*book) ([]*book, error)
} {
	return libraryBook{l}
}

func (l libraryQuery) Books(_ context.Context, first *int) (*bookPage, error) {
	p := &bookPage{PageInfo: &bookPageInfo{}}
	for i := range *first {
		p.Nodes = append(p.Nodes, &book{fmt.Sprint(i), l.title})
	}
	return p, nil
}

func (l libraryBook) Next(ctx context.Context, objs []*book) ([]*book, error) {
	n := l.calls.Add(1)
	if l.on != nil {
		l.on(ctx, n)
	}
	out := make([]*book, len(objs))
	for i, o := range objs {
		out[i] = &book{o.ID + "'", l.title}
	}
	return out, nil
}

// executable is a schema that nothing but the engine runs.
type executable struct{ schema *ast.Schema }

func (e executable) Schema() *ast.Schema { return e.schema }

func (executable) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (executable) Exec(context.Context) graphql.ResponseHandler {
	panic("the generated executor is not there")
}

// counted keeps what the usage is told.
type counted struct {
	seed maphash.Seed
	told atomic.Pointer[usage.Operation]
}

func (c *counted) Record(o usage.Operation)                     { c.told.Store(&o) }
func (c *counted) Inputs(string, string, map[string]any) uint64 { return 1 }
func (c *counted) Digest(data []byte) uint64                    { return maphash.Bytes(c.seed, data) }

func (c *counted) Digester() hash.Hash64 {
	h := new(maphash.Hash)
	h.SetSeed(c.seed)
	return h
}

// libraryServer serves the library to the token "t".
func libraryServer(t *testing.T, l *library, change func(*web.Config)) (*httptest.Server, *counted) {
	t.Helper()
	s, e, g := engineOf(t, shelfSDL, l, engine.Options{Window: 100})
	all := policies.NewView(g, "1", func(string, string, policies.Action) (*policies.Rule, bool) { return nil, true })
	u := &counted{seed: maphash.MakeSeed()}
	cfg := web.Config{
		Access: func(_ context.Context, p *policies.Principal) (*policies.Access, error) {
			return &policies.Access{Principal: p, View: all}, nil
		},
		Schema:     func(*policies.View) (*ast.Schema, error) { return s, nil },
		Executable: func(s *ast.Schema) graphql.ExecutableSchema { return executable{s} },
		Engine:     e, Auth: holders{"t": {TokenID: "t", Account: "a"}}, Usage: u,
		Plan: plan.Options{Relations: e.Relation},
		Finish: func(_ context.Context, _ *plan.Plan, r *engine.Result, _ time.Duration) {
			r.SetExtension("rows", r.Rows())
		},
	}
	if change != nil {
		change(&cfg)
	}
	srv := httptest.NewServer(web.New(cfg))
	t.Cleanup(srv.Close)
	return srv, u
}

func askBooks(t *testing.T, srv *httptest.Server, first int, encoding string) (*http.Response, []byte, error) {
	t.Helper()
	resp := post(t.Context(), t, srv, "t", encoding, booksQuestion(first))
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp, got, err
}

// TestAnswers holds what the headers and bytes of short and long answers are, with
// gzip and without, and what the usage is told of them.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		first    int
		encoding string
		packed   bool
		streamed bool
	}{
		{"short", 2, "gzip", false, false},
		{"worth packing", 50, "gzip", true, false},
		{"not asked to be packed", 50, "br, identity", false, false},
		{"refused to be packed", 50, "gzip;q=0, *", false, false},
		{"long", 1000, "", false, true},
		{"long, packed", 1000, "br, gzip;q=0.5", true, true},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			srv, u := libraryServer(t, &library{title: "a title \"of\" a book"}, nil)
			resp, got, err := askBooks(t, srv, tt.first, tt.encoding)
			if err != nil || resp.StatusCode != 200 {
				t.Fatal(resp.Status, err)
			}
			h := resp.Header
			if (h.Get("Content-Encoding") == "gzip") != tt.packed || h.Get("Vary") != "Accept, Accept-Encoding, Authorization" {
				t.Errorf("headers are %v", h)
			}
			if tt.streamed == (resp.ContentLength == int64(len(got))) {
				t.Errorf("of %d bytes the length is given as %d", len(got), resp.ContentLength)
			}
			if tt.packed {
				z, err := gzip.NewReader(bytes.NewReader(got))
				if err != nil {
					t.Fatal(err)
				}
				if got, err = io.ReadAll(z); err != nil {
					t.Fatal(err)
				}
			}
			var answer struct {
				Data struct {
					Books struct {
						Nodes []struct{ Next struct{ ID string } }
					}
				}
				Extensions struct{ Rows int }
			}
			if err := json.Unmarshal(got, &answer); err != nil {
				t.Fatal(err)
			}
			nodes := answer.Data.Books.Nodes
			if len(nodes) != tt.first || nodes[len(nodes)-1].Next.ID != fmt.Sprintf("%d'", tt.first-1) || answer.Extensions.Rows != 2*tt.first {
				t.Errorf("got %d rows, counted %d: %s", len(nodes), answer.Extensions.Rows, got[max(0, len(got)-200):])
			}
			told := u.told.Load()
			if told == nil || told.Answer != u.Digest(got) || told.Rows != int64(2*tt.first) {
				t.Errorf("the usage was told %+v", told)
			}
		})
	}
}

// TestABrokenAnswerIsCutOff holds that what fails after the first byte is not an
// answer that looks whole: too many rows, told when half of them are written.
func TestABrokenAnswerIsCutOff(t *testing.T) {
	srv, u := libraryServer(t, &library{title: strings.Repeat("x", 500)}, func(c *web.Config) { c.Limits.ReplyRows = 1500 })
	for _, encoding := range []string{"", "gzip"} {
		resp, got, err := askBooks(t, srv, 1000, encoding)
		if err == nil || resp.StatusCode != 200 || len(got) == 0 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	if told := u.told.Load(); told == nil || told.Answer != 0 {
		t.Errorf("the usage was told %+v", told)
	}
	resp, got, err := askBooks(t, srv, 1501, "")
	if err != nil || resp.StatusCode != 200 || !bytes.Contains(got, []byte(`{"data":null,"errors":[{"message":"the answer has more than 1500 rows`)) {
		t.Errorf("%v: %s", err, got[:min(len(got), 200)])
	}
}

// TestAClientThatDoesNotRead holds that it is cut off by its deadline, that nothing is
// made for it beyond what lies in the sockets, and that it costs no memory.
func TestAClientThatDoesNotRead(t *testing.T) {
	l := &library{title: strings.Repeat("a title of a book ", 200)}
	srv, _ := libraryServer(t, l, func(c *web.Config) { c.WriteTimeout = 200 * time.Millisecond })
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	body := `{"query":"{ books(first: 30000) { nodes { id title next { id title } } } }"}` // 210 MB
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	one := make([]byte, 1)
	if _, err := conn.Read(one); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	srv.Config.SetKeepAlivesEnabled(false)
	srv.Close() // waits for the handler
	runtime.ReadMemStats(&after)
	if calls := l.calls.Load(); calls > 40 { // 4 MB of sockets, 700 KB a window
		t.Errorf("%d windows were made", calls)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}

// TestAClientThatGoesAway holds that the making ends with it.
func TestAClientThatGoesAway(t *testing.T) {
	gone := make(chan struct{})
	l := &library{title: "x"}
	l.on = func(ctx context.Context, calls int64) {
		if calls == 3 {
			close(gone)
			<-ctx.Done() // a source waits no longer than its caller
		}
	}
	srv, u := libraryServer(t, l, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-gone
		cancel()
	}()
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/graphql", strings.NewReader(`{"query":"{ books(first: 10000) { nodes { next { id } } } }"}`))
	req.Header.Set("Authorization", "Bearer t")
	req.Header.Set("Content-Type", "application/json")
	if resp, err := srv.Client().Do(req); err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	srv.Close()
	if calls := l.calls.Load(); calls > 4 {
		t.Errorf("%d windows were made", calls)
	}
	if told := u.told.Load(); told == nil || told.Answer != 0 {
		t.Errorf("the usage was told %+v", told)
	}
}
