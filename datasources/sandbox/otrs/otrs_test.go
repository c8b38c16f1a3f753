package otrs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/otrs"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// tickets returns the ids of the customer's tickets that carry the key, sorted as text.
func (d *desk) tickets(customer int) []string {
	var ids []string
	for _, id := range d.world.TicketIDs(customer) {
		if key := d.world.CustomerIDOf(d.world.Head(int(id))); key != nil && *key == d.world.DeskKey(customer) {
			ids = append(ids, strconv.Itoa(int(id)))
		}
	}
	return ids
}

func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}

func TestSearch(t *testing.T) {
	d := newDesk(t, otrs.Options{})
	busy, awkward := d.world.DeskKey(world.BusyCustomer), d.world.DeskKey(world.AwkwardCustomer)
	lower := d.world.DeskKey(world.LowercaseCustomer)
	ofBusy, ofAwkward, ofLower := d.tickets(world.BusyCustomer), d.tickets(world.AwkwardCustomer), d.tickets(world.LowercaseCustomer)
	strays := func(key string) (ids []string) {
		for _, id := range d.world.TicketIDs(0) {
			if k := d.world.CustomerIDOf(d.world.Head(int(id))); k != nil && *k == key {
				ids = append(ids, strconv.Itoa(int(id)))
			}
		}
		return ids
	}
	all := d.world.TicketCount()
	var withOrder *world.Ticket
	for _, id := range ofBusy {
		n, _ := strconv.Atoi(id)
		if x := d.world.Ticket(n, false); x.OrderNumber != "" && x.Flags&world.TicketBrokenOrder == 0 {
			withOrder = x
		}
	}
	var ofOrder, ofBroken []string
	brokenOrder := ""
	for _, h := range d.world.Heads() {
		if d.world.OrderNumberOf(&h) == withOrder.OrderNumber {
			ofOrder = append(ofOrder, strconv.Itoa(int(h.ID)))
		}
		if h.Flags&world.TicketBrokenOrder != 0 {
			brokenOrder, ofBroken = d.world.OrderNumberOf(&h), []string{strconv.Itoa(int(h.ID))}
		}
	}
	exact := []struct {
		name, filter string
		want         []string
	}{
		{"raw key", fmt.Sprintf(`"CustomerIDRaw":%q,"Limit":1000`, busy), ofBusy},
		{"raw keys", fmt.Sprintf(`"CustomerIDRaw":[%q,%q],"Limit":1000`, busy, awkward), slices.Concat(ofBusy, ofAwkward)},
		{"raw key of an unknown company", `"CustomerIDRaw":"GHOST-2"`, strays("GHOST-2")},
		{"raw is case-sensitive", fmt.Sprintf(`"CustomerIDRaw":%q`, strings.ToUpper(lower)), nil},
		{"raw knows no wildcard", `"CustomerIDRaw":"C000*"`, nil},
		{"raw finds the awkward code", fmt.Sprintf(`"CustomerIDRaw":%q`, world.AwkwardCode), ofAwkward},
		{"the query language does not", fmt.Sprintf(`"CustomerID":%q`, world.AwkwardCode), nil},
		{"but with a wildcard it does", `"CustomerID":"r&d*"`, ofAwkward},
		{"CustomerID ignores case", fmt.Sprintf(`"CustomerID":%q`, strings.ToUpper(lower)), ofLower},
		{"CustomerID or", fmt.Sprintf(`"CustomerID":"(%s||%s)"`, lower, "nobody"), ofLower},
		{"CustomerID and not", fmt.Sprintf(`"CustomerID":"%s&&!%s"`, lower, lower), nil},
		{"comma is not split", fmt.Sprintf(`"CustomerID":"%s,%s"`, lower, busy), nil},
		{"ticket ids keep the existing", `"TicketID":[3,"5",999999]`, []string{"3", "5"}},
		{"a text among the ids finds nothing", `"TicketID":[3,"abc"]`, nil},
		{"order number", fmt.Sprintf(`"DynamicField":{"Name":"OrderNumber","Equals":%q},"Limit":1000`, withOrder.OrderNumber), ofOrder},
		{"order numbers, old form", fmt.Sprintf(`"DynamicField_OrderNumber":{"Equals":[%q,"SO-1"]},"Limit":1000`, withOrder.OrderNumber), ofOrder},
		{"two fields are and", fmt.Sprintf(`"DynamicField":[{"Name":"OrderNumber","Equals":%q},{"Name":"OrderNumber","Empty":1}]`, withOrder.OrderNumber), nil},
		{"broken order number", fmt.Sprintf(`"DynamicField":{"Name":"OrderNumber","Equals":%q}`, brokenOrder), ofBroken},
		{"ticket number", fmt.Sprintf(`"TicketNumber":%q`, withOrder.Number), []string{strconv.Itoa(int(withOrder.ID))}},
		{"unknown state", `"States":["open","no such"]`, nil},
		{"documented state type", `"StateType":"Closed"`, nil},
		{"bad sort", `"SortBy":"NoSuch"`, nil},
		{"bad direction", `"SortBy":"Age","OrderBy":"down"`, nil},
		{"bad limit", `"Limit":"abc"`, nil},
		{"ISO date", `"TicketLastChangeTimeNewerDate":"2026-01-01T00:00:00Z"`, nil},
		{"impossible date", `"TicketCreateTimeNewerDate":"2026-02-31 00:00:00"`, nil},
		{"future", `"TicketLastChangeTimeNewerDate":"2199-01-01 00:00:00"`, nil},
	}
	for _, c := range exact {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := sorted(d.search(c.filter)); !slices.Equal(got, sorted(c.want)) {
				t.Errorf("got %d %.100v, want %d %.100v", len(got), got, len(c.want), c.want)
			}
		})
	}
	counts := []struct {
		name, filter string
		want         int
	}{
		{"no filter has the default limit", ``, 500},
		{"limit 0 is the default", `"Limit":0`, 500},
		{"limit", `"Limit":100000`, all},
		{"limit as text", `"Limit":"7"`, 7},
		{"empty list is dropped", `"CustomerIDRaw":[],"Limit":100000`, all},
		{"empty text is dropped", `"CustomerID":"","Limit":100000`, all},
		{"empty ids are dropped", `"TicketID":[],"Limit":100000`, all},
		{"unknown parameter is dropped", `"State":"open","Limit":100000`, all},
		{"unknown field is dropped", `"DynamicField":{"Name":"NoSuch","Equals":"x"},"Limit":100000`, all},
		{"scalar field is dropped", `"DynamicField_OrderNumber":"SO-1","Limit":100000`, all},
		{"all state types", `"StateType":["new","open","closed","pending reminder","pending auto","merged","removed"],"Limit":100000`, all},
		{"all changed since the beginning", `"TicketLastChangeTimeNewerDate":"2024-01-01 00:00:00","Limit":100000`, all},
		{"title without wildcard", `"Title":"x"`, 0},
	}
	for _, c := range counts {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := d.search(c.filter); len(got) != c.want {
				t.Errorf("got %d, want %d", len(got), c.want)
			}
		})
	}
}

func TestSearchOrder(t *testing.T) {
	d := newDesk(t, otrs.Options{})
	changed := func(id string) int64 {
		n, _ := strconv.Atoi(id)
		return d.world.Head(n).Changed
	}
	const sync = `"SortBy":["Changed","TicketNumber"],"OrderBy":["Up","Up"],"Limit":100000`
	first := d.search(sync)
	if !slices.IsSortedFunc(first, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		if c := changed(a) - changed(b); c != 0 {
			return int(c)
		}
		return x - y
	}) {
		t.Error("not sorted by (Changed, TicketNumber)")
	}
	if again := d.search(sync); !slices.Equal(first, again) {
		t.Error("two calls with the tie-break differ")
	}
	untied := `"SortBy":"Changed","OrderBy":"Up","Limit":100000`
	a, b := d.search(untied), d.search(untied)
	if slices.Equal(a, b) {
		t.Error("ties came in a stable order without a tie-break")
	}
	if !slices.IsSortedFunc(a, func(x, y string) int { return int(changed(x) - changed(y)) }) {
		t.Error("not sorted by Changed")
	}
	if page := d.search(`"SortBy":["Changed","TicketNumber"],"OrderBy":["Up","Up"],"Limit":40`); !slices.Equal(page, first[:40]) {
		t.Errorf("the limited answer is not the head of the whole: %v", page)
	}
	// Both ends of a window are inclusive.
	at := time.Unix(changed(first[100]), 0).UTC().Format(time.DateTime)
	window := d.search(fmt.Sprintf(`"TicketLastChangeTimeNewerDate":%q,"TicketLastChangeTimeOlderDate":%q`, at, at))
	var want []string
	for _, id := range first {
		if changed(id) == changed(first[100]) {
			want = append(want, id)
		}
	}
	if !slices.Equal(sorted(window), sorted(want)) {
		t.Errorf("window of one second: got %v, want %v", window, want)
	}
}

func TestZone(t *testing.T) {
	zone := time.FixedZone("EEST", 3*3600)
	d := newDesk(t, otrs.Options{Zone: zone})
	h := d.world.Head(100)
	local := time.Unix(h.Changed, 0).In(zone).Format(time.DateTime)
	if body := d.get("/Ticket/100?SessionID=" + d.session).body; !strings.Contains(body, `"Changed":"`+local+`"`) {
		t.Errorf("Changed is not %s in %s", local, body)
	}
	if ids := d.search(fmt.Sprintf(`"TicketLastChangeTimeNewerDate":%q,"TicketLastChangeTimeOlderDate":%q`, local, local)); !slices.Contains(ids, "100") {
		t.Errorf("not found at its local second: %v", ids)
	}
}

func TestGet(t *testing.T) {
	d := newDesk(t, otrs.Options{})
	get := func(params string) (ids []int, code string) {
		var reply struct {
			Ticket []struct{ TicketID int }
			Error  struct{ ErrorCode string }
		}
		d.decode(d.post("/TicketGet", fmt.Sprintf(`{"SessionID":%q,%s}`, d.session, params)), &reply)
		for _, x := range reply.Ticket {
			ids = append(ids, x.TicketID)
		}
		return ids, reply.Error.ErrorCode
	}
	for _, c := range []struct {
		name, params string
		want         []int
		code         string
	}{
		{"order and duplicates", `"TicketID":["9",4,"9"]`, []int{9, 4, 9}, ""},
		{"commas", `"TicketID":"9, 4"`, []int{9, 4}, ""},
		{"one bad id fails all", `"TicketID":[9,999999]`, nil, "TicketGet.AccessDenied"},
		{"a text", `"TicketID":"abc"`, nil, "TicketGet.AccessDenied"},
		{"empty list", `"TicketID":[]`, nil, "TicketGet.WrongStructure"},
		{"object", `"TicketID":{"a":1}`, nil, "TicketGet.WrongStructure"},
		{"missing", `"DynamicFields":1`, nil, "TicketGet.MissingParameter"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if ids, code := get(c.params); !slices.Equal(ids, c.want) || code != c.code {
				t.Errorf("got %v %q, want %v %q", ids, code, c.want, c.code)
			}
		})
	}
	t.Run("case=articles", func(t *testing.T) {
		id := d.find(func(x *world.Ticket) bool { return len(x.Articles) == 5 })
		senders := func(flags string) (list []string) {
			var reply struct {
				Ticket []struct{ Article []struct{ SenderType string } }
			}
			d.decode(d.get("/Ticket/"+id+"?SessionID="+d.session+"&AllArticles=1"+flags), &reply)
			for _, a := range reply.Ticket[0].Article {
				list = append(list, a.SenderType)
			}
			return list
		}
		for flags, want := range map[string][]string{
			"":                                  {"customer", "agent", "customer", "agent", "customer"},
			"&ArticleSenderType=agent":          {"agent", "agent"},
			"&ArticleOrder=DESC&ArticleLimit=2": {"customer", "agent"},
		} {
			if got := senders(flags); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", flags, got, want)
			}
		}
	})
	t.Run("case=deleted", func(t *testing.T) {
		d.Delete(12)
		if _, code := get(`"TicketID":12`); code != "TicketGet.AccessDenied" {
			t.Errorf("got %q", code)
		}
		if ids := d.search(`"TicketID":[12,13]`); !slices.Equal(ids, []string{"13"}) {
			t.Errorf("got %v", ids)
		}
	})
}

func TestRights(t *testing.T) {
	d := newDesk(t, otrs.Options{})
	var billing string
	for _, h := range d.world.Heads() {
		if d.world.Queues[h.Queue].Name == "Billing" {
			billing = strconv.Itoa(int(h.ID))
		}
	}
	all := d.search(`"Limit":100000`)
	d.session = d.login(otrs.LimitedUser, otrs.DefaultPassword)
	if some := d.search(`"Limit":100000`); len(some) >= len(all) || slices.Contains(some, billing) {
		t.Errorf("the limited agent sees %d of %d", len(some), len(all))
	}
	if a := d.get("/Ticket/" + billing + "?SessionID=" + d.session); !strings.Contains(a.body, "TicketGet.AccessDenied") {
		t.Errorf("got %s", a.body)
	}
	person := d.world.Customer(world.BusyCustomer).Contacts[0]
	d.session = d.open(fmt.Sprintf(`{"CustomerUserLogin":%q,"Password":%q}`, person.Login, otrs.CustomerPassword))
	if own := d.search(`"Limit":100000`); !slices.Equal(sorted(own), sorted(d.tickets(world.BusyCustomer))) {
		t.Errorf("the customer user sees %d tickets", len(own))
	}
}

func TestAuth(t *testing.T) {
	header := http.Header{"X-Otrs-Header-Userlogin": {otrs.DefaultUser}, "X-Otrs-Header-Password": {otrs.DefaultPassword}}
	login := "UserLogin=" + otrs.DefaultUser + "&Password=" + otrs.DefaultPassword
	for _, c := range []struct {
		name    string
		variant otrs.Variant
		query   string
		header  http.Header
		ok      bool
	}{
		{"login per call", otrs.Znuny65, login, nil, true},
		{"login per call, OTOBO", otrs.OTOBO11, login, nil, true},
		{"headers", otrs.Znuny65, "", header, true},
		{"headers, OTOBO", otrs.OTOBO11, "", header, false},
		{"headers, old", otrs.Old, "", header, false},
		{"nothing", otrs.Znuny65, "", nil, false},
		{"wrong password", otrs.Znuny65, "UserLogin=trama&Password=x", nil, false},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			d := newDesk(t, otrs.Options{Variant: c.variant})
			if c.header == nil {
				c.header = http.Header{}
			}
			a := d.send(t, http.MethodGet, d.BasePath()+"/Ticket?Limit=1&"+c.query, c.header, "")
			if a.status != 200 || strings.Contains(a.body, "TicketSearch.AuthFail") == c.ok {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
	t.Run("case=expired", func(t *testing.T) {
		d := newDesk(t, otrs.Options{})
		d.ExpireSessions()
		if a := d.get("/Ticket?SessionID=" + d.session); !strings.Contains(a.body, `"ErrorCode":"TicketSearch.AuthFail"`) {
			t.Error(a.body)
		}
	})
	t.Run("case=idle", func(t *testing.T) {
		now := world.End
		d := newDesk(t, otrs.Options{Now: func() time.Time { return now }})
		now = now.Add(2*time.Hour + time.Second)
		if a := d.get("/Ticket?SessionID=" + d.session); !strings.Contains(a.body, "AuthFail") {
			t.Error(a.body)
		}
	})
	t.Run("case=another address destroys the session", func(t *testing.T) {
		d := newDesk(t, otrs.Options{})
		r := httptest.NewRequest(http.MethodGet, d.BasePath()+"/Ticket?Limit=1&SessionID="+d.session, nil) // from 192.0.2.1
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), "AuthFail") {
			t.Error(w.Body)
		}
		if a := d.get("/Ticket?SessionID=" + d.session); !strings.Contains(a.body, "AuthFail") {
			t.Error("the session survived", a.body)
		}
	})
}

func TestVariants(t *testing.T) {
	key := `"CustomerIDRaw":"no such key","Limit":3`
	for _, c := range []struct {
		name     string
		opts     otrs.Options
		sorted   bool
		closes   bool
		unknown  int // tickets found for an impossible CustomerIDRaw
		plainTxt int // status of a POST without content type
	}{
		{"znuny", otrs.Options{}, true, true, 0, 500},
		{"znuny keep-alive", otrs.Options{KeepAlive: true}, true, false, 0, 500},
		{"otobo", otrs.Options{Variant: otrs.OTOBO11}, false, false, 0, 200},
		{"old", otrs.Options{Variant: otrs.Old}, false, true, 3, 500},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			d := newDesk(t, c.opts)
			if got := d.search(key); len(got) != c.unknown {
				t.Errorf("an impossible CustomerIDRaw found %d", len(got))
			}
			same := true
			for range 5 {
				a := d.get("/Ticket/5?DynamicFields=1&SessionID=" + d.session)
				if a.close != c.closes {
					t.Errorf("Connection: close is %v", a.close)
				}
				same = same && strings.HasPrefix(a.body, `{"Ticket":[{"Age":`)
			}
			if same != c.sorted {
				t.Errorf("keys sorted: %v, want %v", same, c.sorted)
			}
			a := d.send(t, http.MethodPost, d.BasePath()+"/TicketSearch", http.Header{}, fmt.Sprintf(`{"SessionID":%q}`, d.session))
			if a.status != c.plainTxt {
				t.Errorf("POST without content type: got %d, want %d", a.status, c.plainTxt)
			}
		})
	}
}

func TestNoPostRoutes(t *testing.T) {
	d := newDesk(t, otrs.Options{NoPostRoutes: true})
	for _, path := range []string{"/TicketSearch", "/TicketGet"} {
		a := d.post(path, fmt.Sprintf(`{"SessionID":%q}`, d.session))
		if a.status != 500 || a.contentType != "text/plain; charset=UTF-8" || !strings.Contains(a.body, "'"+path+"'") {
			t.Errorf("%s: got %d %s %s", path, a.status, a.contentType, a.body)
		}
	}
	ids := d.ids(d.get("/Ticket?SessionID=" + d.session + "&CustomerIDRaw=" + url.QueryEscape(world.AwkwardCode)))
	if !slices.Equal(sorted(ids), sorted(d.tickets(world.AwkwardCustomer))) {
		t.Errorf("got %v", ids)
	}
}

func TestMergedParameters(t *testing.T) {
	d := newDesk(t, otrs.Options{})
	// Path wins over query, query over body.
	if a := d.get("/Ticket/5?TicketID=6&SessionID=" + d.session); !strings.Contains(a.body, `"TicketID":5,`) {
		t.Error("path does not win over query")
	}
	if ids := d.ids(d.post("/TicketSearch?TicketID=5", fmt.Sprintf(`{"SessionID":%q,"TicketID":6}`, d.session))); !slices.Equal(ids, []string{"5"}) {
		t.Errorf("query does not win over body: %v", ids)
	}
	if ids := d.ids(d.get("/Ticket?SessionID=" + d.session + ";TicketID=7")); !slices.Equal(ids, []string{"7"}) {
		t.Errorf("; is no separator: %v", ids)
	}
	// A plus that is not encoded is a space: the awkward code is not found.
	if ids := d.ids(d.get("/Ticket?SessionID=" + d.session + "&CustomerIDRaw=R%26D+Co")); ids != nil {
		t.Errorf("+ is no space: %v", ids)
	}
	if a := d.send(t, http.MethodGet, d.BasePath()+"/Ticket?SessionID="+d.session, http.Header{}, `{"Limit":1}`); len(d.ids(a)) != 500 {
		t.Error("the body of a GET is not ignored")
	}
}

func TestBrokenConnections(t *testing.T) {
	d := newDesk(t, otrs.Options{})
	raw := func(request string) string {
		conn, err := net.Dial("tcp", d.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, request)
		b, _ := io.ReadAll(conn)
		return string(b)
	}
	if got := raw("GET /otrs/nph-genericinterface.pl/Webservice/Nope/Ticket HTTP/1.1\r\nHost: x\r\n\r\n"); got != "" {
		t.Errorf("unknown web service: got %q", got)
	}
	body := `[{"SessionID":"x"}]`
	got := raw(fmt.Sprintf("POST %s/TicketGet HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", d.BasePath(), len(body), body))
	if !strings.HasPrefix(got, "<!DOCTYPE HTML") {
		t.Errorf("array root: got %.80q", got)
	}
}

func TestURLLength(t *testing.T) {
	d := newDesk(t, otrs.Options{})
	path := func(n int) string {
		p := "/TicketList?SessionID=" + d.session + "&TicketID=2"
		for len("GET ")+len(d.BasePath())+len(p)+len(" HTTP/1.1") < n {
			p += ",2"
		}
		return p
	}
	if a := d.get(path(8150)); a.status != 200 {
		t.Errorf("8150 bytes: got %d", a.status)
	}
	if a := d.get(path(8300)); a.status != 414 || !strings.HasPrefix(a.contentType, "text/html") {
		t.Errorf("8300 bytes: got %d %s", a.status, a.contentType)
	}
}

func TestWrites(t *testing.T) {
	now := world.End
	d := newDesk(t, otrs.Options{Now: func() time.Time { return now }})
	person := d.world.Customer(world.BusyCustomer).Contacts[0]
	now = now.Add(time.Minute)
	a := d.post("/Ticket", fmt.Sprintf(`{"SessionID":%q,"Ticket":{"Title":"Привет","Queue":"Support","State":"new","Priority":"3 normal","CustomerUser":%q},
		"Article":[{"Subject":"a","Body":"b","ContentType":"text/plain; charset=utf8"},{"Subject":"c","Body":"d","ContentType":"text/plain; charset=utf8"}],
		"DynamicField":[{"Name":"OrderNumber","Value":"SO-NEW"}]}`, d.session, person.Login))
	var made struct {
		TicketID     string
		TicketNumber string
		ArticleID    []int
	}
	d.decode(a, &made)
	if len(made.ArticleID) != 2 {
		t.Fatal(a.body)
	}
	find := map[string]string{
		"raw key":      fmt.Sprintf(`"CustomerIDRaw":%q,"Limit":1`, d.world.DeskKey(world.BusyCustomer)),
		"order":        `"DynamicField":{"Name":"OrderNumber","Equals":"SO-NEW"}`,
		"number":       fmt.Sprintf(`"TicketNumber":%q`, made.TicketNumber),
		"change time":  fmt.Sprintf(`"TicketLastChangeTimeNewerDate":%q`, now.Format(time.DateTime)),
		"title":        `"Title":"прив*"`,
		"article text": `"MIMEBase_Subject":"c"`,
	}
	for name, filter := range find {
		if ids := d.search(filter); !slices.Equal(ids, []string{made.TicketID}) {
			t.Errorf("by %s: got %v, want %s", name, ids, made.TicketID)
		}
	}
	// An update that changes nothing does not move Changed; one that does, does.
	before := now
	now = now.Add(time.Minute)
	id, _ := strconv.Atoi(made.TicketID)
	changedSince := func(at time.Time) []string {
		return d.search(fmt.Sprintf(`"TicketLastChangeTimeNewerDate":%q`, at.Format(time.DateTime)))
	}
	d.patch(id, `{"Ticket":{"State":"new"}}`)
	if ids := changedSince(before.Add(time.Second)); ids != nil {
		t.Errorf("nothing was changed, yet %v", ids)
	}
	d.patch(id, `{"Ticket":{"State":"open"}}`)
	if ids := changedSince(now); !slices.Equal(ids, []string{made.TicketID}) {
		t.Errorf("got %v", ids)
	}
	var got struct {
		Ticket []struct {
			State      string
			CustomerID string
			Article    []struct{ Subject string }
		}
	}
	d.decode(d.get("/Ticket/"+made.TicketID+"?AllArticles=1&SessionID="+d.session), &got)
	if x := got.Ticket[0]; x.State != "open" || x.CustomerID != d.world.DeskKey(world.BusyCustomer) || len(x.Article) != 2 {
		t.Errorf("got %+v", x)
	}
}

func TestEveryTicketIsValidJSON(t *testing.T) {
	for _, v := range []otrs.Variant{otrs.Znuny65, otrs.OTOBO11} {
		d := newDesk(t, otrs.Options{Variant: v})
		ids := make([]int, d.world.TicketCount())
		for i := range ids {
			ids[i] = i + 2
		}
		list, _ := json.Marshal(ids)
		var reply struct {
			Ticket []struct {
				TicketID   int
				CustomerID *string
				TimeUnit   int
				Article    []struct{ TimeUnit int }
			}
		}
		d.decode(d.post("/TicketGet", fmt.Sprintf(`{"SessionID":%q,"TicketID":%s,"DynamicFields":1,"Extended":1,"AllArticles":1,"Attachments":1}`, d.session, list)), &reply)
		for i, x := range reply.Ticket {
			units := 0
			for _, a := range x.Article {
				units += a.TimeUnit
			}
			if x.TicketID != ids[i] || units != x.TimeUnit {
				t.Fatalf("ticket %d: id %d, units %d of %d", ids[i], x.TicketID, x.TimeUnit, units)
			}
		}
		if len(reply.Ticket) != len(ids) {
			t.Errorf("got %d tickets", len(reply.Ticket))
		}
	}
}

func BenchmarkTicketGet50(b *testing.B) {
	s := otrs.New(world.New(1, 500), otrs.Options{})
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = strconv.Itoa(10 + i*7)
	}
	url := s.BasePath() + "/TicketList?UserLogin=" + otrs.DefaultUser + "&Password=" + otrs.DefaultPassword + "&DynamicFields=1&TicketID=" + strings.Join(ids, ",")
	for b.Loop() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		if w.Body.Len() < 1000 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	s := otrs.New(world.New(1, 100_000), otrs.Options{})
	for name, query := range map[string]string{
		"unfiltered":  "Limit=500",
		"raw key":     "CustomerIDRaw=C00042",
		"change time": "TicketLastChangeTimeNewerDate=2026-09-01%2000:00:00&SortBy=Changed&SortBy=TicketNumber&OrderBy=Up&OrderBy=Up&Limit=1000",
	} {
		b.Run(name, func(b *testing.B) {
			url := s.BasePath() + "/Ticket?UserLogin=" + otrs.DefaultUser + "&Password=" + otrs.DefaultPassword + "&" + query
			for b.Loop() {
				w := httptest.NewRecorder()
				s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
				if w.Body.Len() < 10 {
					b.Fatal(w.Body)
				}
			}
		})
	}
}

func TestConcurrent(t *testing.T) {
	d := newDesk(t, otrs.Options{KeepAlive: true})
	login := fmt.Sprintf(`"UserLogin":%q,"Password":%q`, otrs.DefaultUser, otrs.DefaultPassword)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 25 {
				id := 2 + (g*25+i)%d.world.TicketCount()
				switch i % 4 {
				case 0:
					d.Touch(id)
				case 1:
					d.ExpireSessions()
				default:
					body := fmt.Sprintf(`{%s,"TicketID":%d,"Ticket":{"Title":"t%d"},"DynamicField":{"Name":"OrderNumber","Value":"SO-%d"}}`, login, id, i, i)
					_ = d.serve("/TicketUpdate", body)
				}
				for path, filter := range map[string]string{
					"/TicketSearch": `"CustomerID":"c*","DynamicField":{"Name":"OrderNumber","Like":"SO-1*"},"Limit":5`,
					"/TicketGet":    fmt.Sprintf(`"TicketID":%d,"AllArticles":1`, id),
				} {
					if body := d.serve(path, "{"+login+","+filter+"}"); strings.Contains(body, "Error") {
						t.Error(body)
					}
				}
			}
		})
	}
	wg.Wait()
}

// serve posts to the handler itself, without a connection.
func (d *desk) serve(path, body string) string {
	r := httptest.NewRequest(http.MethodPost, d.BasePath()+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Body.String()
}

// FuzzSearch wants an answer to any filter: ids, nothing, or a text that says what could not be read.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{
		`"CustomerID":"((a||b)&&!c*"`, `"CustomerID":["!","&&","(",")","+","a b"]`, `"CustomerID":"!!!!(((("`, `"TicketID":[null,{},[],1.5]`, `"Limit":-1`,
		`"DynamicField":[[],{"Name":1,"Equals":{}},{"Name":"Amount","GreaterThan":["",null]}]`, `"SortBy":[],"OrderBy":["x"]`, `"TicketNumber":"*%*"`,
		`"TicketCreateTimeNewerMinutes":"99999999999999999999"`, `"Title":"%","Fulltext":["*"]`, `"States":{"a":1},"Queues":[["x"]],"DynamicField_":{}`,
	} {
		f.Add(seed)
	}
	d := &desk{Server: otrs.New(world.New(1, 20), otrs.Options{})}
	login := fmt.Sprintf(`{"UserLogin":%q,"Password":%q,`, otrs.DefaultUser, otrs.DefaultPassword)
	f.Fuzz(func(t *testing.T, filter string) {
		body := d.serve("/TicketSearch", login+filter+"}")
		var reply map[string]any
		if err := json.Unmarshal([]byte(body), &reply); err != nil && !strings.HasPrefix(body, "Error while decoding") {
			t.Errorf("got %.200q", body)
		}
	})
}
