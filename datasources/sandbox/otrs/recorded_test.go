package otrs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/otrs"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// exchange is one pair recorded from a real Znuny 6.5.1, its credentials and ids replaced by {{placeholders}}, its long lists cut.
type exchange struct {
	N           int
	Name        string
	Method      string
	Path        string
	Headers     map[string]string
	Body        string
	Status      int
	ContentType string
	Exact       bool // the answer must be the recorded one to the byte; else its shape must be
	Answer      string
}

// recordedAt is the server's clock of the recording.
var recordedAt = time.Date(2026, 11, 21, 19, 20, 8, 0, time.UTC)

func TestRecorded(t *testing.T) {
	raw, err := os.ReadFile("testdata/znuny.json")
	if err != nil {
		t.Fatal(err)
	}
	var exchanges []exchange
	if err := json.Unmarshal(raw, &exchanges); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, otrs.Options{Now: func() time.Time { return recordedAt }})
	for id := 2; id < 8; id++ {
		d.Touch(id)
	}
	d.patch(9, `{"DynamicField":{"Name":"OrderNumber","Value":"SO-01005"}}`)
	d.patch(10, `{"DynamicField":{"Name":"OrderNumber","Value":"SO-01006"}}`)
	fill := strings.NewReplacer(
		"{{session}}", d.session, "{{user}}", otrs.DefaultUser, "{{password}}", otrs.DefaultPassword,
		"{{customer}}", d.world.Customer(world.BusyCustomer).Contacts[0].Login, "{{customerPassword}}", otrs.CustomerPassword,
		"{{number}}", d.world.Head(212).Number(), "{{fresh}}", d.find(func(x *world.Ticket) bool {
			return d.world.States[x.State].Type == "new" && x.Flags&world.TicketLocked != 0 && len(x.Articles) == 1 && x.Articles[0].Attachment == nil
		}), "{{file}}", d.find(func(x *world.Ticket) bool { return x.Articles[0].Attachment != nil && len(x.InvoiceIDs) > 0 }),
	)
	for _, x := range exchanges {
		t.Run(fmt.Sprintf("case=%d %s", x.N, x.Name), func(t *testing.T) {
			headers := http.Header{}
			for k, v := range x.Headers {
				headers.Set(k, fill.Replace(v))
			}
			got := d.send(t, x.Method, fill.Replace(x.Path), headers, fill.Replace(x.Body))
			if got.status != x.Status || got.contentType != x.ContentType {
				t.Errorf("got %d %q, want %d %q\n%s", got.status, got.contentType, x.Status, x.ContentType, got.body)
			}
			if x.Exact {
				if got.body != x.Answer {
					t.Errorf("got\n%s\nwant\n%s", got.body, x.Answer)
				}
				return
			}
			compareShapes(t, got.body, x.Answer)
		})
	}
}

// compareShapes wants the same members with values of the same types. Where the recording happens to hold only one of the types that
// wire/otrs.md gives a member, the others are allowed too.
func compareShapes(t *testing.T, got, want string) {
	t.Helper()
	g, w := shape(t, got), shape(t, want)
	optional := []string{".Ticket[].DynamicField[].Value[]"}
	allowed := map[string][]string{
		".Ticket[].CustomerID": {"null"}, ".Ticket[].CustomerUserID": {"null"}, ".Ticket[].DynamicField[].Value": {"null", "string", "list"},
	}
	for path, types := range g {
		if w[path] == nil && !slices.Contains(optional, path) {
			t.Errorf("%s: not in the recording", path)
			continue
		}
		for kind := range types {
			if !w[path][kind] && !slices.Contains(allowed[path], kind) && w[path] != nil {
				t.Errorf("%s: got a %s, the recording has %v", path, kind, w[path])
			}
		}
	}
	for path := range w {
		if g[path] == nil && !slices.Contains(optional, path) {
			t.Errorf("%s: missing", path)
		}
	}
}

// shape maps each path of a JSON text to the types found there.
func shape(t *testing.T, text string) map[string]map[string]bool {
	t.Helper()
	var root any
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	found := map[string]map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		kind := "null"
		switch v := v.(type) {
		case map[string]any:
			kind = "object"
			for k, x := range v {
				walk(path+"."+k, x)
			}
		case []any:
			kind = "list"
			for _, x := range v {
				walk(path+"[]", x)
			}
		case string:
			kind = "string"
		case float64:
			kind = "number"
		case bool:
			kind = "bool"
		}
		if found[path] == nil {
			found[path] = map[string]bool{}
		}
		found[path][kind] = true
	}
	walk("", root)
	return found
}

// desk is a fake behind a listener, with a session.
type desk struct {
	*otrs.Server
	t       *testing.T
	http    *httptest.Server
	world   *world.World
	session string
}

type answer struct {
	status            int
	contentType, body string
	header            http.Header
	close             bool
}

func newDesk(t *testing.T, opts otrs.Options) *desk {
	t.Helper()
	w := world.New(1, 300)
	d := &desk{Server: otrs.New(w, opts), t: t, world: w}
	d.http = httptest.NewServer(d.Server)
	t.Cleanup(d.http.Close)
	d.session = d.login(otrs.DefaultUser, otrs.DefaultPassword)
	return d
}

func (d *desk) login(user, password string) string {
	d.t.Helper()
	return d.open(fmt.Sprintf(`{"UserLogin":%q,"Password":%q}`, user, password))
}

func (d *desk) open(body string) string {
	d.t.Helper()
	var reply struct{ SessionID string }
	d.decode(d.post("/Session", body), &reply)
	if len(reply.SessionID) != 32 {
		d.t.Fatalf("session id %q", reply.SessionID)
	}
	return reply.SessionID
}

func (d *desk) send(t *testing.T, method, path string, header http.Header, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, d.http.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		r.Body = http.NoBody
		r.ContentLength = 0
	}
	r.Header = header
	res, err := d.http.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: res.StatusCode, contentType: res.Header.Get("Content-Type"), body: string(b), header: res.Header, close: res.Close}
}

func (d *desk) get(path string) answer {
	d.t.Helper()
	return d.send(d.t, http.MethodGet, d.BasePath()+path, http.Header{}, "")
}

func (d *desk) post(path, body string) answer {
	d.t.Helper()
	return d.send(d.t, http.MethodPost, d.BasePath()+path, http.Header{"Content-Type": {"application/json"}}, body)
}

// patch updates a ticket with the desk's session.
func (d *desk) patch(id int, body string) {
	d.t.Helper()
	body = strings.Replace(body, "{", fmt.Sprintf(`{"SessionID":%q,`, d.session), 1)
	a := d.send(d.t, http.MethodPatch, fmt.Sprintf("%s/Ticket/%d", d.BasePath(), id), http.Header{"Content-Type": {"application/json"}}, body)
	if strings.Contains(a.body, "Error") {
		d.t.Fatal(a.body)
	}
}

func (d *desk) decode(a answer, v any) {
	d.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		d.t.Fatalf("%v in %.200s", err, a.body)
	}
}

// search posts a TicketSearch with the desk's session; filter is the inside of the JSON object.
func (d *desk) search(filter string) []string {
	d.t.Helper()
	body := fmt.Sprintf(`{"SessionID":%q`, d.session)
	if filter != "" {
		body += "," + filter
	}
	return d.ids(d.post("/TicketSearch", body+"}"))
}

func (d *desk) ids(a answer) []string {
	d.t.Helper()
	var reply struct {
		TicketID []string
		Error    any
	}
	d.decode(a, &reply)
	if reply.Error != nil {
		d.t.Fatal(a.body)
	}
	return reply.TicketID
}

// find returns the id of a ticket for which is holds.
func (d *desk) find(is func(*world.Ticket) bool) string {
	d.t.Helper()
	for _, h := range d.world.Heads() {
		if x := d.world.Ticket(int(h.ID), true); is(x) {
			return fmt.Sprint(h.ID)
		}
	}
	d.t.Fatal("no such ticket in the world")
	return ""
}
