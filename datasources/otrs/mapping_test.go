package otrs

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(timeLayout)
}

// TestMapping turns recorded tickets and articles into the schema's, with every
// column.
func TestMapping(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		t.Fatal(err)
	}
	m := &ticketMapper{source: "helpdesk", zone: zone, links: datasources.LinkRules{
		{Field: "DynamicField.OrderNumber"}, {Field: "DynamicField.InvoiceIDs"}, {Field: "Title", Pattern: regexp.MustCompile(`Seed (\d+)`)},
	}}
	type mapped struct {
		Recording string
		Tickets   []schema.Ticket
		Articles  []schema.Article
	}
	var all []mapped
	names := []string{"get-one-all", "get-one-all-attachment", "get-as-customer", "get-created", "get-post-20-all", "get-one"}
	for _, rec := range otrstest.Load(t, "testdata/recorded") {
		if !slices.Contains(names, rec.Name) {
			continue
		}
		objects, err := decodeTickets(rec.Reply)
		if err != nil {
			t.Fatal(err)
		}
		out := mapped{Recording: rec.ID()}
		for i := range objects[:min(len(objects), 4)] {
			x, err := m.ticket(&objects[i])
			if err != nil {
				t.Fatal(err)
			}
			out.Tickets = append(out.Tickets, x)
			a, err := m.articles(&objects[i])
			if err != nil {
				t.Fatal(err)
			}
			for k := range a {
				// The bulk of the text says nothing more.
				a[k].Body = a[k].Body[:min(len(a[k].Body), 40)]
			}
			out.Articles = append(out.Articles, a...)
		}
		all = append(all, out)
	}
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/mapping.golden", string(b)+"\n")
}

func TestOldArticles(t *testing.T) {
	m := &ticketMapper{source: "helpdesk", zone: time.UTC}
	o := &ticketObject{TicketID: "7", Article: json.RawMessage(`[
		{"ArticleID":"1","TicketID":"7","ArticleType":"email-external","ContentType":"text/html; charset=utf-8","Created":"2014-01-02 03:04:05","Body":"x"},
		{"ArticleID":2,"TicketID":7,"CommunicationChannelID":"99","IsVisibleForCustomer":"0","IsDeleted":0},
		{"ArticleID":3,"TicketID":7,"IsDeleted":1}]`)}
	got, err := m.articles(o)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d articles, %v", len(got), err)
	}
	a, b := got[0], got[1]
	if a.Channel != "email-external" || a.ContentType != "text/html" || stamp(a.CreatedAt) != "2014-01-02 03:04:05" || a.VisibleToCustomer != nil || *a.Position != 1 {
		t.Errorf("got %+v", a)
	}
	if b.Channel != "" || b.VisibleToCustomer == nil || *b.VisibleToCustomer || *b.Position != 2 {
		t.Errorf("got %+v", b)
	}
	for _, bad := range []string{
		`[{"ArticleID":1,"TicketID":8}]`, `[{"TicketID":7}]`, `[{"ArticleID":1,"ArticleNumber":0}]`, `[{"ArticleID":1,"ArticleNumber":1.5}]`,
		`[{"ArticleID":1,"CreateTime":"today"}]`, `{}`, `[{"ArticleID":1,"IsVisibleForCustomer":7}]`,
	} {
		o.Article = json.RawMessage(bad)
		if _, err := m.articles(o); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestFieldNames(t *testing.T) {
	for _, c := range []struct {
		fields []string
		want   []string
		fails  bool
	}{
		{nil, nil, false},
		{[]string{"DynamicField.A", "Title", "DynamicField.B", "DynamicField.A"}, []string{"A", "B"}, false},
		{[]string{"TicketNumber"}, nil, true},
		{[]string{"DynamicField."}, nil, true},
	} {
		var rules datasources.LinkRules
		for _, f := range c.fields {
			rules = append(rules, datasources.LinkRule{Field: f})
		}
		got, err := fieldNames(rules)
		if (err != nil) != c.fails || !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, %v", c.fields, got, err)
		}
	}
}

func TestStateTypes(t *testing.T) {
	for _, kind := range []schema.TicketStateType{schema.TicketNew, schema.TicketOpen, schema.TicketPending, schema.TicketClosed, schema.TicketMerged, schema.TicketRemoved} {
		names := stateTypes(string(kind))
		if len(names) == 0 {
			t.Errorf("%s cannot be asked for", kind)
		}
		for _, n := range names {
			if stateType(n) != kind || n != strings.ToLower(n) {
				t.Errorf("%s is %s", n, stateType(n))
			}
		}
	}
	if stateType("") != "" || stateType("custom") != schema.TicketUnknown || stateTypes("UNKNOWN") != nil {
		t.Error("unknown kinds")
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"ACME", "acme ", true}, {"Müller", "MULLER", true}, {"Ąż", "aż", true}, {"счёт", "СЧЕТ", true}, {"a", "b", false}, {"a b", "ab", false},
	} {
		if got := fold(c.a) == fold(c.b); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

func TestIsPlain(t *testing.T) {
	for s, want := range map[string]bool{
		"ACME": true, "Čapek-2": true, "a.b_c@d": true, "": false, "R&D": false, "a+b": false, "a*": false, "%": false, "a b": false, "!a": false, "(a)": false, `"a"`: false, "a|b": false,
	} {
		if got := isPlain(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// seeds are all recorded replies and some that were never seen.
func seeds(f *testing.F) {
	for _, rec := range otrstest.Load(f, "testdata/recorded") {
		if len(rec.Reply) < 8000 {
			f.Add(rec.Reply)
		}
	}
	for _, s := range []string{"", "{}", "[]", "null", `{"TicketID":[1e3]}`, `{"Ticket":[{"TicketID":"1","Article":[{"ArticleID":1}]}]}`, `{"Ticket":[{"TicketID":1,"DynamicField":[{"Name":1,"Value":[[]]}]}]}`, "{\"Error\":{\"ErrorCode\":\"\xff\"}}"} {
		f.Add([]byte(s))
	}
}

// Whatever comes, the decoders take it or refuse it, and what they take is whole.
func FuzzDecode(f *testing.F) {
	seeds(f)
	m := &ticketMapper{source: "helpdesk", zone: time.UTC, links: datasources.LinkRules{{Field: "DynamicField.OrderNumber"}, {Field: "Title"}}}
	f.Fuzz(func(t *testing.T, body []byte) {
		if ids, err := decodeSearch(body); err == nil {
			seen := map[string]bool{}
			for _, i := range ids {
				if !isID(i) || seen[i] {
					t.Errorf("id %q", i)
				}
				seen[i] = true
			}
		}
		if s, err := decodeSession(body); err == nil && s == "" {
			t.Error("an empty session")
		}
		objects, err := decodeTickets(body)
		if err != nil {
			return
		}
		for i := range objects {
			if x, err := m.ticket(&objects[i]); err == nil && !isID(x.Key) {
				t.Errorf("key %q", x.Key)
			}
			if articles, err := m.articles(&objects[i]); err == nil {
				for _, a := range articles {
					if !isID(a.Key) || a.TicketKey != string(objects[i].TicketID) {
						t.Errorf("article %q of %q", a.Key, a.TicketKey)
					}
				}
			}
		}
	})
}

// A mark is kept by others, and may come back in any shape.
func FuzzMark(f *testing.F) {
	f.Add("")
	f.Add(`{"from":"2026-11-21 19:16:28","seen":{"4":"2026-11-21T19:16:28Z"}}`)
	f.Fuzz(func(t *testing.T, c string) {
		m, err := readMark(datasources.Cursor(c))
		if err != nil {
			return
		}
		if again, err := readMark(m.cursor()); err != nil || again.From != m.From {
			t.Errorf("%q is not %q: %v", again.From, m.From, err)
		}
	})
}
