package otrs

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// never are the recordings a connector that only reads cannot meet, with the
// reason. What their replies would do to a decoder is tested all the same.
func never() map[string]string {
	const (
		writes  = "the connector does not write tickets"
		history = "the connector does not ask for the history"
		session = "the connector keeps its session and never asks what is in it or ends it"
	)
	reasons := map[string]string{
		"session-get": session, "session-get-invalid": session,
		"session-remove": session, "session-remove-by-session-only": session,
		"history": history, "history-two": history, "history-as-customer": history,
		"timeaccounting-no-permission":    "the connector does not ask for accounted times",
		"route-wrong-method":              "the connector sends GET and POST only",
		"head-request":                    "the connector sends GET and POST only",
		"options-request":                 "the connector sends GET and POST only",
		"create-include-ticket-data":      writes,
		"update-include-ticket-data":      writes,
		"session-create-empty-body":       "a login always has a body",
		"session-create-missing-password": "a password is required by the configuration",
	}
	for _, name := range []string{
		"create-ok", "create-as-customer", "create-unknown-customeruser", "create-missing-ticket", "create-missing-article",
		"create-missing-title", "create-missing-customeruser", "create-bad-queue", "create-bad-state", "create-missing-contenttype",
		"create-bad-dynamicfield", "create-ticket-as-array", "create-bad-session", "create-article-array", "create-queueid-stateid",
		"create-customerid-explicit", "update-state", "update-dynamicfield", "update-article", "update-by-ticketnumber",
		"update-close-post", "update-no-changes", "update-nothing-to-do-same-state", "update-bad-state", "update-bad-id",
		"update-missing-id", "update-forbidden", "update-bad-session",
	} {
		reasons[name] = writes
	}
	return reasons
}

// TestRecordings walks every recorded exchange. What the connector sends itself
// is sent by it to a server that replays the recording; of the others the reply
// is decoded. The golden says what became of each.
func TestRecordings(t *testing.T) {
	recs := otrstest.Load(t, "testdata/recorded")
	if len(recs) != 203 {
		t.Fatalf("got %d recordings, want 175 and 28", len(recs))
	}
	reasons, met := never(), map[string]bool{}
	var lines []string
	for i := range recs {
		rec := &recs[i]
		t.Run(strings.ReplaceAll(rec.ID(), " ", "_"), func(t *testing.T) {
			var line string
			if why, ok := reasons[rec.Name]; ok {
				met[rec.Name] = true
				mustNotBeTaken(t, rec)
				line = "never met: " + why
			} else {
				line = meet(t, rec)
			}
			lines = append(lines, rec.ID()+": "+line)
		})
	}
	for name := range reasons {
		if !met[name] {
			t.Errorf("%s is no recording", name)
		}
	}
	golden(t, "testdata/recordings.golden", strings.Join(lines, "\n")+"\n")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range max(len(g), len(w)) {
			if i >= len(g) || i >= len(w) || g[i] != w[i] {
				t.Fatalf("%s differs in line %d:\ngot  %.300s\nwant %.300s", file, i+1, at(g, i), at(w, i))
			}
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// mustNotBeTaken makes sure that no decoder takes the reply for an answer.
func mustNotBeTaken(t *testing.T, rec *otrstest.Recording) {
	t.Helper()
	if ids, err := decodeSearch(rec.Reply); err == nil && len(ids) > 0 {
		t.Errorf("decodeSearch took %d ids from it", len(ids))
	}
	if rows, err := decodeTickets(rec.Reply); err == nil {
		t.Errorf("decodeTickets took %d tickets from it", len(rows))
	}
	if _, err := decodeSession(rec.Reply); err == nil {
		t.Error("decodeSession took a session from it")
	}
}

var routePath = regexp.MustCompile(`^(.*/(?:Webservice/[^/]+|WebserviceID/\d+))(/[^?]*)`)

// meet has the connector make the recorded call, or decode its reply, and tells
// what came of it.
func meet(t *testing.T, rec *otrstest.Recording) string {
	t.Helper()
	parts := routePath.FindStringSubmatch(rec.Path)
	if parts == nil {
		t.Fatalf("path %s", rec.Path)
	}
	base, path := parts[1], parts[2]
	op := map[bool]string{true: opGet, false: opSearch}[strings.HasPrefix(path, "/TicketGet") || strings.HasPrefix(path, "/TicketList") || strings.HasPrefix(path, "/Ticket/")]
	if strings.HasPrefix(path, "/Session") {
		op = opSession
	}
	asked, err := rec.Ask()
	if err != nil {
		return decodeOnly(t, rec, op, "its request was not recorded whole, or is no JSON object")
	}
	setup, why := loginOf(rec, asked)
	if why == "" {
		why = vocabulary(op, asked)
	}
	if why == "" && rec.Cut && len(rec.Reply) == 0 {
		why = "its reply was not recorded"
	}
	if why == "" && hasEmpty(op, asked) {
		mustNotSend(t, op, asked)
		why = "the connector refuses to send an empty filter"
	}
	if why != "" {
		return decodeOnly(t, rec, op, why)
	}
	recs := []otrstest.Recording{*rec}
	if setup == authSession && op != opSession {
		recs = append(recs, sessionOf(t, rec.System, base))
	}
	replay := otrstest.NewReplay(t, recs...)
	cfg := DefaultConfig()
	cfg.Name, cfg.URL, cfg.User, cfg.Password, cfg.Auth = "helpdesk", replay.URL+base, "api", "apipw", setup
	if op == opSession {
		cfg.User, cfg.Password = asked[paramUser][0], asked[paramPassword][0]
	}
	cfg.Routes.Session = "/Session"
	c, err := newClient(cfg, Deps{Transport: fresh()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.wire.Close()
	ab := &abilities{search: route{rec.Method, path}, get: route{rec.Method, path}, ticketIDs: true}
	var got string
	switch op {
	case opSession:
		var s string
		s, err = c.login(t.Context())
		got = "session " + s
	case opSearch:
		got, err = meetSearch(t, c, ab, rec, asked)
	default:
		got, err = meetGet(t, c, ab, rec, asked)
	}
	if err != nil {
		got = outcome(err)
	}
	if n := len(recs); n > 1 && replay.Used(1) > 1 {
		got += fmt.Sprintf(" after %d logins and %d calls", replay.Used(1), replay.Used(0))
	}
	return "sent, " + got
}

func hasEmpty(op string, asked map[string][]string) bool {
	for _, list := range asked {
		if len(list) == 0 || slices.Contains(list, "") {
			return true
		}
	}
	return op == opGet && asked[paramTicketID] == nil
}

// mustNotSend makes sure that the connector does not send what the server would
// take for no filter at all.
func mustNotSend(t *testing.T, op string, asked map[string][]string) {
	t.Helper()
	c := newTestClient(t, otrstest.NewReplay(t).URL+"/Webservice/X")
	ab := &abilities{search: route{http.MethodPost, "/TicketSearch"}, get: route{http.MethodPost, "/TicketGet"}}
	var err error
	if op == opGet {
		m := &ticketMapper{zone: c.zone}
		_, err = getOnce(t.Context(), c, ab, asked[paramTicketID], want{}, m.ticket)
	} else {
		p := params{paramLimit: 2}
		for name, list := range asked {
			if name != paramSession && name != paramLimit {
				p[name] = list
			}
		}
		_, err = c.search(t.Context(), ab, p)
	}
	if err == nil {
		t.Error("it was sent")
	}
}

// fresh is a transport of its own that keeps nothing alive, as Znuny does.
func fresh() *http.Transport { return &http.Transport{DisableKeepAlives: true} }

func sessionOf(t *testing.T, system, base string) otrstest.Recording {
	t.Helper()
	for _, r := range otrstest.Load(t, "testdata/recorded") {
		if r.System == system && r.Name == "session-create-agent" {
			r.Path = base + "/Session"
			return r
		}
	}
	t.Fatal("no login was recorded")
	return otrstest.Recording{}
}

// loginOf tells which way of logging in makes the recorded request.
func loginOf(rec *otrstest.Recording, asked map[string][]string) (auth, why string) {
	_, session := asked[paramSession]
	_, user := asked[paramUser]
	_, password := asked[paramPassword]
	_, header := rec.Header["X-OTRS-Header-UserLogin"]
	switch {
	case strings.Contains(rec.Path, "/Session"):
		if !user || !password {
			return "", "it logs in as a customer, or not at all"
		}
		if rec.Header["Content-Type"] != "application/json; charset=utf-8" {
			return "", "the connector always says that it sends JSON"
		}
		return authSession, ""
	case session:
		return authSession, ""
	case user && password:
		return authPassword, ""
	case header:
		return authHeader, ""
	}
	return "", "the connector never calls without a login of its own kind"
}

// vocabulary tells why the connector would not send these parameters, "" when it
// does.
func vocabulary(op string, asked map[string][]string) string {
	known := map[string][]string{
		opSession: {paramUser, paramPassword},
		opGet:     {paramTicketID, paramDynamicFields, paramExtended, paramArticles},
		opSearch: {
			paramTicketID, paramNumber, paramCustomerRaw, paramCustomer, paramStates, paramStateType, paramQueues, paramPriorities,
			paramTypes, paramField, paramLimit, paramSort, paramOrder, createdNewer, createdOlder, changedNewer, changedOlder,
		},
	}[op]
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if name == paramSession || name == paramUser || name == paramPassword {
			continue
		}
		if !slices.Contains(known, name) {
			return "the connector does not send " + name
		}
	}
	if f := asked[paramField]; f != nil && (len(f) != 1 || !strings.Contains(f[0], `"Equals"`)) {
		return "the connector asks a dynamic field for equality only"
	}
	for _, name := range []string{paramDynamicFields, paramExtended, paramArticles} {
		if f := asked[name]; f != nil && f[0] != "1" {
			return "the connector sends " + name + " as 1 or not at all"
		}
	}
	if l := asked[paramLimit]; l != nil && !isID(l[0]) {
		return "the connector's Limit is a positive number"
	}
	return ""
}

func meetSearch(t *testing.T, c *client, ab *abilities, rec *otrstest.Recording, asked map[string][]string) (string, error) {
	t.Helper()
	p := params{}
	for name, list := range asked {
		switch name {
		case paramSession, paramUser, paramPassword:
		case paramLimit:
			n := 0
			_, _ = fmt.Sscan(list[0], &n)
			p[name] = n
		case createdNewer, createdOlder, changedNewer, changedOlder:
			p[name] = list[0]
		case paramField:
			var f struct{ Name, Equals []string }
			if err := json.Unmarshal([]byte(list[0]), &f); err != nil {
				t.Fatal(err)
			}
			p[name] = fieldFilter{name: f.Name[0], equals: f.Equals}
		default:
			p[name] = list
		}
	}
	ids, err := c.search(t.Context(), ab, p)
	if err != nil {
		return "", err
	}
	checkIDs(t, rec, ids)
	return show(ids), nil
}

func meetGet(t *testing.T, c *client, ab *abilities, rec *otrstest.Recording, asked map[string][]string) (string, error) {
	t.Helper()
	w := want{}
	for name, on := range map[string]*bool{paramDynamicFields: &w.dynamic, paramExtended: &w.extended, paramArticles: &w.articles} {
		*on = asked[name] != nil
	}
	ids := asked[paramTicketID]
	if strings.HasPrefix(routePath.FindStringSubmatch(rec.Path)[2], "/Ticket/") {
		ids = strings.Split(strings.TrimPrefix(routePath.FindStringSubmatch(rec.Path)[2], "/Ticket/"), ",")
		ab.get.path = "/Ticket/" + idInPath
	}
	m := &ticketMapper{source: c.name, zone: c.zone, fields: nil}
	rows, err := getOnce(t.Context(), c, ab, ids, w, m.ticket)
	if err != nil {
		return "", err
	}
	checkTickets(t, rec)
	return showTickets(rows), nil
}

// decodeOnly decodes the reply of a call the connector does not make so, as it
// would meet it in answer to one it makes.
func decodeOnly(t *testing.T, rec *otrstest.Recording, op, why string) string {
	t.Helper()
	prefix := "decoded (" + why + "), "
	if rec.Status == 0 {
		return prefix + "as a reply to us: " + replayed(t, rec)
	}
	c := &client{name: "helpdesk", session: wire.NewSession[string](nil)}
	reply := &wire.Reply{Status: rec.Status, Body: rec.Reply, Header: http.Header{"Content-Type": {rec.ContentType}}}
	if err := statusVerdict(reply); err != nil {
		return prefix + "as a reply to us: " + replayed(t, rec)
	}
	if rec.Cut && len(rec.Reply) == 0 {
		return prefix + "its reply was not recorded"
	}
	switch op {
	case opSession:
		s, err := decodeSession(rec.Reply)
		if err != nil {
			return prefix + outcome(c.verdict(err))
		}
		return prefix + "session " + s
	case opSearch:
		ids, err := decodeSearch(rec.Reply)
		if err != nil {
			return prefix + outcome(c.verdict(err))
		}
		checkIDs(t, rec, ids)
		return prefix + show(ids)
	}
	objects, err := decodeTickets(rec.Reply)
	if err != nil {
		return prefix + outcome(c.verdict(err))
	}
	checkTickets(t, rec)
	m := &ticketMapper{source: c.name, zone: DefaultConfig().zone(), fields: nil}
	var rows []schema.Ticket
	for i := range objects {
		row, err := m.ticket(&objects[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.articles(&objects[i]); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return prefix + showTickets(rows)
}

// replayed gives the reply to a search of ours, and says what became of it.
func replayed(t *testing.T, rec *otrstest.Recording) string {
	t.Helper()
	r := *rec
	r.Method, r.Path, r.Request = http.MethodPost, "/Webservice/X/TicketSearch", []byte(`{"Limit":1,"UserLogin":"api","Password":"apipw"}`)
	replay := otrstest.NewReplay(t, r)
	c := newTestClient(t, replay.URL+"/Webservice/X")
	_, err := c.search(t.Context(), &abilities{search: route{http.MethodPost, "/TicketSearch"}}, params{paramLimit: 1})
	return outcome(err)
}

func newTestClient(t *testing.T, address string) *client {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Name, cfg.URL, cfg.User, cfg.Password, cfg.Auth = "helpdesk", address, "api", "apipw", authPassword
	c, err := newClient(cfg, Deps{Transport: fresh()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.wire.Close() })
	return c
}
