package web_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// holders are the tokens there are.
type holders map[string]policies.Principal

func (h holders) Verify(_ context.Context, token string, _ netip.Addr) (*policies.Principal, error) {
	p, ok := h[token]
	if !ok {
		return nil, schema.Errorf(schema.Unauthenticated, "the token is not valid")
	}
	return &p, nil
}

func sourceToken(name string) policies.Principal {
	return policies.Principal{TokenID: "t-" + name, Account: name, Role: policies.RoleSource, Claims: map[string]string{policies.ClaimSource: name}}
}

// shelf keeps what was pushed whole, and refuses records that are no JSON.
type shelf struct {
	mu      sync.Mutex
	records []string
	calls   int
	fail    error
	held    atomic.Int64
	discard bool
}

func (s *shelf) Push(_ context.Context, source string, records iter.Seq2[[]byte, error], all bool) (web.PushReport, error) {
	var got []string
	var r web.PushReport
	i := 0
	for raw, err := range records {
		if err != nil {
			return web.PushReport{}, err
		}
		s.held.Store(int64(len(raw)))
		if !json.Valid(raw) {
			r.Refused++
			r.Results = append(r.Results, web.PushOutcome{Index: i, Result: "refused", Code: "BAD_REQUEST", Message: "not well-formed JSON"})
		} else if r.Stored++; !s.discard {
			got = append(got, source+" "+string(raw))
		}
		i++
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		return web.PushReport{}, s.fail
	}
	if all && r.Refused > 0 {
		r.Stored = 0
		return r, schema.Errorf(schema.BadRequest, "nothing was stored: %d records were refused", r.Refused)
	}
	s.records = append(s.records, got...)
	return r, nil
}

func (s *shelf) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.records
	s.records = nil
	return out
}

type told struct {
	mu   sync.Mutex
	list []web.PushRefused
}

func (x *told) add(_ context.Context, _ *policies.Principal, r web.PushRefused) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.list = append(x.list, r)
}

func newDoor(t testing.TB, cfg web.PushConfig) *httptest.Server {
	t.Helper()
	admin := policies.Principal{TokenID: "t-admin", Account: "admin", Role: "admin", Packages: []string{"admin"}}
	liar := policies.Principal{TokenID: "t-liar", Account: "liar", Role: "member", Claims: map[string]string{policies.ClaimSource: "erp"}}
	s := httptest.NewServer(web.New(web.Config{
		Auth:  holders{"erp": sourceToken("erp"), "crm": sourceToken("crm"), "admin": admin, "liar": liar},
		Push:  cfg,
		Login: func(_ context.Context, p *policies.Principal) any { return p.Account },
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// send makes one request and returns its status, headers and body.
func send(t testing.TB, s *httptest.Server, method, path, token string, body io.Reader, headers ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	tr := &http.Transport{DisableKeepAlives: true}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Do(r)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

func TestPushDoor(t *testing.T) {
	two := "{\"a\":1}\n{\"a\":\"}\\\"{\"}\n"
	const gz = "Content-Encoding"
	array := []string{"Content-Type", "application/json; charset=utf-8"}
	long := `{"a":"` + strings.Repeat("x", 2000) + `"}`
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		code       string
		stored     int
	}{
		"two lines":                      {"", two, nil, 200, "", 2},
		"no end of the last line":        {"", strings.TrimSpace(two), nil, 200, "", 2},
		"empty lines and CRLF":           {"", "\r\n{}\r\n\n  \n{}\r\n", nil, 200, "", 2},
		"nothing":                        {"", "", nil, 200, "", 0},
		"gzip":                           {"", zipped(two), []string{gz, "gzip"}, 200, "", 2},
		"gzip in two members":            {"", zipped("{}\n") + zipped("{}\n"), []string{gz, "gzip"}, 200, "", 2},
		"one line is no JSON":            {"", "{}\nrubbish\n{}\n", nil, 200, "", 2},
		"all or nothing":                 {"?atomic=all", "{}\nrubbish\n{}\n", nil, 422, "BAD_REQUEST", 0},
		"all":                            {"?atomic=all", two, nil, 200, "", 2},
		"unknown parameter":              {"?atomic=some", two, nil, 400, "BAD_REQUEST", 0},
		"array":                          {"", `[{"a":[1,"]"]}, {}]`, array, 200, "", 2},
		"empty array":                    {"", " [ ] \n", array, 200, "", 0},
		"array, zipped":                  {"", zipped(`[{}]`), append([]string{gz, "gzip"}, array...), 200, "", 1},
		"array not closed":               {"", `[{},{}`, array, 400, "BAD_REQUEST", 0},
		"array ends in a comma":          {"", `[{},`, array, 400, "BAD_REQUEST", 0},
		"array ends in an object":        {"", `[{},{"a":`, array, 400, "BAD_REQUEST", 0},
		"more behind the array":          {"", `[{}] {}`, array, 400, "BAD_REQUEST", 0},
		"array of numbers":               {"", `[1]`, array, 400, "BAD_REQUEST", 0},
		"array without commas":           {"", `[{}{}]`, array, 400, "BAD_REQUEST", 0},
		"an object for an array":         {"", `{}`, array, 400, "BAD_REQUEST", 0},
		"the last line is cut":           {"", two + `{"a":`, nil, 400, "BAD_REQUEST", 0},
		"the last line is cut in a text": {"", two + `{"a":"}`, nil, 400, "BAD_REQUEST", 0},
		"gzip cut off":                   {"", zipped(two)[:20], []string{gz, "gzip"}, 400, "BAD_REQUEST", 0},
		"gzip without its checksum":      {"", zipped(two)[:len(zipped(two))-8], []string{gz, "gzip"}, 400, "BAD_REQUEST", 0},
		"gzip damaged":                   {"", zipped(two)[:len(zipped(two))-8] + "12345678", []string{gz, "gzip"}, 400, "BAD_REQUEST", 0},
		"rubbish behind gzip":            {"", zipped(two) + "rubbish", []string{gz, "gzip"}, 400, "BAD_REQUEST", 0},
		"no gzip":                        {"", two, []string{gz, "gzip"}, 400, "BAD_REQUEST", 0},
		"deflate":                        {"", two, []string{gz, "deflate"}, 415, "BAD_REQUEST", 0},
		"a form":                         {"", two, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "BAD_REQUEST", 0},
		"latin1":                         {"", two, []string{"Content-Type", "application/x-ndjson; charset=latin1"}, 415, "BAD_REQUEST", 0},
		"a huge record":                  {"", "{}\n" + long + "\n{}\n", nil, 413, "LIMITED", 0},
		"a huge record in an array":      {"", "[{}," + long + "]", array, 413, "LIMITED", 0},
		"a huge line without end":        {"", strings.Repeat("x", 5000), nil, 413, "LIMITED", 0},
		"a huge batch":                   {"", strings.Repeat("{}\n", 10_000), nil, 413, "LIMITED", 0},
		"a bomb":                         {"", zipped(strings.Repeat("{}\n", 1_000_000)), []string{gz, "gzip"}, 413, "LIMITED", 0},
		"a bomb of spaces":               {"", zipped(strings.Repeat("\n", 1_000_000)), []string{gz, "gzip"}, 413, "LIMITED", 0},
		"a bomb of spaces in an array":   {"", zipped("[" + strings.Repeat(" ", 1_000_000)), append([]string{gz, "gzip"}, array...), 413, "LIMITED", 0},
	} {
		t.Run("case="+name, func(t *testing.T) {
			sh := &shelf{}
			s := newDoor(t, web.PushConfig{Pusher: sh, MaxRecord: 1000, MaxBatch: 20_000})
			status, h, body := send(t, s, "POST", "/push/erp"+c.path, "erp", strings.NewReader(c.body), c.headers...)
			if status != c.status || c.code != "" && !strings.Contains(body, `"code":"`+c.code+`"`) {
				t.Errorf("got %d %s, want %d %s", status, body, c.status, c.code)
			}
			if got := sh.take(); len(got) != c.stored {
				t.Errorf("stored %q", got)
			}
			if status == 200 {
				var answer struct {
					Source  string
					Stored  int
					Results []any
				}
				if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Source != "erp" || answer.Stored != c.stored || answer.Results == nil {
					t.Errorf("got %s, %v", body, err)
				}
			}
			if h.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("got %v", h)
			}
		})
	}
}

// Whoever is not the source learns nothing, not even whether there is one.
func TestPushDoorIsTheSources(t *testing.T) {
	sh, x := &shelf{}, &told{}
	s := newDoor(t, web.PushConfig{Pusher: sh, Refused: x.add})
	const record = `{"entity":"Order"}`
	for name, c := range map[string]struct {
		method, path, token string
		status              int
	}{
		"no token":                          {"POST", "/push/erp", "", 401},
		"no valid token":                    {"POST", "/push/erp", "nobody", 401},
		"another source's":                  {"POST", "/push/erp", "crm", 403},
		"of a source that does not exist":   {"POST", "/push/nothing", "crm", 403},
		"an administrator's":                {"POST", "/push/erp", "admin", 403},
		"a member's that claims":            {"POST", "/push/erp", "liar", 403},
		"a source's at /graphql":            {"POST", "/graphql", "erp", 403},
		"a source's at /graphql by GET":     {"GET", "/graphql?query={__typename}", "erp", 403},
		"a source's at /v1/login":           {"GET", "/v1/login", "erp", 200},
		"GET":                               {"GET", "/push/erp", "erp", 405},
		"no source":                         {"POST", "/push/", "erp", 404},
		"more behind the source":            {"POST", "/push/erp/x", "erp", 404},
		"a source with a slash in its name": {"POST", "/push/%2e%2e%2fgraphql", "erp", 403},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if status, _, body := send(t, s, c.method, c.path, c.token, strings.NewReader(record)); status != c.status {
				t.Errorf("got %d %s, want %d", status, body, c.status)
			}
		})
	}
	status, h, body := send(t, s, "POST", "/push/erp", "crm", strings.NewReader(record))
	status2, h2, body2 := send(t, s, "POST", "/push/nothing", "crm", strings.NewReader(record))
	h.Del("Date")
	h2.Del("Date")
	if status != status2 || body != body2 || fmt.Sprint(h) != fmt.Sprint(h2) {
		t.Errorf("got %d %s %v and %d %s %v", status, body, h, status2, body2, h2)
	}
	if got := sh.take(); got != nil || sh.calls != 0 {
		t.Errorf("stored %q", got)
	}
	byCode := map[schema.Code]int{}
	for _, r := range x.list {
		byCode[r.Code]++
	}
	// One for each of the three tokens, however often they came.
	if byCode[schema.Forbidden] != 4 {
		t.Errorf("told %+v", x.list)
	}
}

func TestPushDoorSaysWhy(t *testing.T) {
	busy := schema.SourceErrorf(schema.Limited, "erp", "too much")
	busy.Wait = 1500 * time.Millisecond
	for name, c := range map[string]struct {
		err    error
		status int
		header string
	}{
		"busy":        {busy, 429, "2"},
		"too large":   {schema.Errorf(schema.Limited, "send smaller batches"), 413, ""},
		"store away":  {schema.SourceErrorf(schema.SourceUnavailable, "erp", "push it again").Because(errors.New("secret")), 503, "5"},
		"not pushed":  {schema.Errorf(schema.NotEnabled, "erp is not supplied by push"), 404, ""},
		"a bug":       {errors.New("secret"), 500, ""},
		"a bad batch": {schema.Errorf(schema.BadRequest, "no"), 400, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := newDoor(t, web.PushConfig{Pusher: &shelf{fail: c.err}})
			status, h, body := send(t, s, "POST", "/push/erp", "erp", strings.NewReader("{}"))
			if status != c.status || h.Get("Retry-After") != c.header || strings.Contains(body, "secret") {
				t.Errorf("got %d %q %s", status, h.Get("Retry-After"), body)
			}
		})
	}
}

// A connection that is cut anywhere stores nothing, whatever the body is written in.
func TestPushDoorCut(t *testing.T) {
	sh := &shelf{}
	s := newDoor(t, web.PushConfig{Pusher: sh})
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "{\"n\":%d}\n", i)
	}
	plain := b.String()
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 150 {
		body, encoding, media := plain, "", "application/x-ndjson"
		switch i % 3 {
		case 1:
			body, encoding = zipped(plain), "Content-Encoding: gzip\r\n"
		case 2:
			body, media = "["+strings.ReplaceAll(strings.TrimSpace(plain), "\n", ",")+"]", "application/json"
		}
		at := rnd.IntN(len(body))
		if i%10 == 0 {
			at = strings.LastIndexByte(body[:at+1], '\n') + 1 // between two records
		}
		length := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body[:at])
		if i%2 == 0 { // chunked, and the last chunk is missing
			length = fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", at, body[:at])
			if at == 0 {
				length = "Transfer-Encoding: chunked\r\n\r\n"
			}
		}
		raw(t, s, "POST /push/erp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer erp\r\nContent-Type: "+media+"\r\n"+encoding+length, true)
	}
	if got := sh.take(); got != nil || sh.calls != 0 {
		t.Errorf("%d batches, %d records were stored", sh.calls, len(got))
	}
	if status, _, _ := send(t, s, "POST", "/push/erp", "erp", strings.NewReader(plain)); status != 200 || len(sh.take()) != 200 {
		t.Errorf("got %d", status)
	}
}

// raw writes a request as it is, ends its own half of the connection and returns the
// first line of the answer.
func raw(t testing.TB, s *httptest.Server, request string, ends bool) string {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	if ends {
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	line, _ := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line)
}

// Who sends nothing, or too little, is cut off.
func TestPushDoorSlowSender(t *testing.T) {
	sh := &shelf{}
	s := newDoor(t, web.PushConfig{Pusher: sh, Idle: 100 * time.Millisecond, Whole: 400 * time.Millisecond})
	head := "POST /push/erp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer erp\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100000\r\n\r\n{}\n"
	if line := raw(t, s, head, false); line != "HTTP/1.1 408 Request Timeout" {
		t.Errorf("silent: got %q", line)
	}
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	answered := make(chan string)
	go func() {
		line, _ := bufio.NewReader(c).ReadString('\n')
		answered <- strings.TrimSpace(line)
	}()
	if _, err := io.WriteString(c, head); err != nil {
		t.Fatal(err)
	}
	drip := time.NewTicker(50 * time.Millisecond)
	defer drip.Stop()
	for {
		select {
		case <-drip.C:
			_, _ = io.WriteString(c, "{}\n")
			continue
		case line := <-answered:
			if line != "HTTP/1.1 408 Request Timeout" || time.Since(began) > 5*time.Second {
				t.Errorf("dripping: got %q after %s", line, time.Since(began))
			}
		}
		break
	}
	if sh.calls != 0 {
		t.Error("a batch was stored")
	}
}

// Eight bodies of 8 MB and more at the same time, half of them bombs: what the door holds is
// a record and a window of each.
func TestPushDoorMemory(t *testing.T) {
	sh := &shelf{discard: true}
	s := newDoor(t, web.PushConfig{Pusher: sh, MaxBatch: 8 << 20})
	record := `{"a":"` + strings.Repeat("x", 20_000) + `"}` + "\n"
	small := zipped(strings.Repeat(record, 400))
	bomb := zipped(strings.Repeat("\n", 12<<20))
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	var peak uint64
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
		}
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			body, want := small, 200
			if i%2 == 0 {
				body, want = bomb, 413
			}
			if status, _, answer := send(t, s, "POST", "/push/erp", "erp", strings.NewReader(body), "Content-Encoding", "gzip"); status != want {
				t.Errorf("got %d %s", status, answer)
			}
		})
	}
	wg.Wait()
	close(done)
	watching.Wait()
	grown := int64(peak) - int64(before.HeapAlloc)
	t.Logf("the heap grew by %d KiB at most", grown>>10)
	if grown > 8<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

// FuzzPushBody feeds bodies: the door answers, and what it hands over is what
// encoding/json finds in them.
func FuzzPushBody(f *testing.F) {
	for _, s := range []string{"{}\n{}", "{\"a\":\"}\"}\n", `[{},{"a":[{}]}]`, "[", "[{}", "{", "\n\n", "{}\r\n", "[{}]x", "{}}\n{}"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, isArray bool) {
		sh := &shelf{}
		h := web.New(web.Config{Auth: holders{"erp": sourceToken("erp")}, Push: web.PushConfig{Pusher: sh, MaxRecord: 1000, MaxBatch: 5000}})
		r := httptest.NewRequest("POST", "/push/erp", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer erp")
		r.Header.Set("Content-Type", "application/x-ndjson")
		if isArray {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 && w.Code != 413 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		got := sh.take()
		var want []json.RawMessage
		if isArray && json.Unmarshal(body, &want) == nil && w.Code == 200 && len(got) != len(want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if w.Code != 200 && got != nil {
			t.Errorf("%d, and %q", w.Code, got)
		}
	})
}
