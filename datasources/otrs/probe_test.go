package otrs_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name   string
		quirks otrstest.Quirks
		empty  bool
		code   schema.Code
		want   []string // "level subject: begin of the result"
	}{
		{name: "all there", want: []string{
			"ok login: ok", "ok TicketSearch: POST /TicketSearch", "ok TicketGet: POST /TicketGet", "ok TicketSearch CustomerIDRaw: ok",
			"ok TicketSearch TicketID: ok", "ok TicketSearch TicketNumber: ok", "ok TicketSearch TicketCreateTimeNewerDate: ok",
			"ok TicketSearch TicketLastChangeTimeNewerDate: ok", "ok TicketSearch DynamicField OrderNumber: ok", "ok letter case: told apart",
		}},
		{name: "stock routes", quirks: otrstest.Quirks{NoPost: true}, want: []string{
			"warn TicketSearch: no route POST /TicketSearch", "ok TicketSearch: GET /Ticket", "warn TicketGet: no route POST /TicketGet", "ok TicketGet: GET /TicketList",
			"warn TicketSearch DynamicField OrderNumber: needs the POST route",
		}},
		{name: "old", quirks: otrstest.Quirks{NoRaw: true, NoTicketIDs: true, NoNumberLists: true, OldFields: true}, want: []string{
			"warn TicketSearch CustomerIDRaw: ignored", "warn TicketSearch TicketID: ignored", "warn TicketSearch TicketNumber: ignores lists", "ok TicketSearch DynamicField OrderNumber: ok",
		}},
		{name: "no such field", quirks: otrstest.Quirks{NoFields: true}, want: []string{"fail TicketSearch DynamicField OrderNumber: ignored"}},
		{name: "no times", quirks: otrstest.Quirks{NoDates: true}, want: []string{
			"warn TicketSearch TicketCreateTimeNewerDate: ignored", "warn TicketSearch TicketLastChangeTimeNewerDate: ignored",
		}},
		{name: "loose collation", quirks: otrstest.Quirks{FoldCase: true}, want: []string{"ok letter case: not told apart"}},
		{name: "limit ignored", quirks: otrstest.Quirks{NoLimit: true}, code: schema.SourceUnavailable, want: []string{"fail TicketSearch: ignores Limit"}},
		{name: "no routes", quirks: otrstest.Quirks{NoPost: true, NoGet: true}, code: schema.SourceUnavailable, want: []string{"fail TicketSearch: has no route"}},
		{name: "no tickets", empty: true, want: []string{"warn TicketSearch: no ticket to be seen"}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			n := 20
			if c.empty {
				n = 0
			}
			desk := otrstest.NewDesk(t, otrstest.Made(n, 1, "ACME"))
			desk.Quirks = c.quirks
			o := open(t, desk, nil)
			found, err := o.Probe(t.Context())
			if got := schema.CodeOf(err); got != c.code {
				t.Fatalf("got %q (%v), want %q", got, err, c.code)
			}
			var lines []string
			for _, f := range found {
				lines = append(lines, fmt.Sprintf("%s %s: %s", f.Level, f.Subject, f.Result))
			}
			for _, w := range c.want {
				if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, w) }) {
					t.Errorf("no %q in\n%s", w, strings.Join(lines, "\n"))
				}
			}
			if c.code == "" && !c.empty {
				desk.Take()
				if _, err := o.Probe(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// An empty desk proves nothing. It answers with nothing, and is probed as soon as
// there is something to be seen.
func TestProbeEmpty(t *testing.T) {
	desk := otrstest.NewDesk(t, nil)
	desk.Quirks = otrstest.Quirks{NoRaw: true}
	o := open(t, desk, nil)
	rows := list(t, o, datasources.Query{First: 5, Total: true})
	if len(rows.Items) != 0 || rows.Totals[0] != 0 {
		t.Error("tickets of an empty desk")
	}
	by := customer(t, o, []string{"ACME", "GLOBEX"}, datasources.Query{First: 5, Total: true})
	if len(by.Items) != 0 || len(by.Offsets) != 3 {
		t.Errorf("offsets %v", by.Offsets)
	}
	desk.Do(func(tickets *[]otrstest.Ticket, _ map[string]bool) {
		*tickets = otrstest.Made(10, 1, "ACME", "GLOBEX", "R&D+Co")
	})
	got, err := o.tickets.ByParent(t.Context(), "customer", []string{"ACME", "R&D+Co"}, datasources.Query{First: 50})
	if err == nil {
		t.Error("a key with an ampersand was asked for on a server that would misread it")
	}
	for _, x := range got.Parent(0) {
		if x.CustomerKey != "ACME" {
			t.Errorf("ticket of %s", x.CustomerKey)
		}
	}
}

// A source that is away does not stop Open, and is probed when it comes back.
func TestProbeAgain(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(10, 1, "ACME"))
	away := true
	desk.Hook = func(w http.ResponseWriter, a otrstest.Asked) bool {
		if away {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return away
	}
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.Auth = "password" })
	_, err := o.tickets.ByKeys(t.Context(), []string{"1"}, nil)
	wantCode(t, err, schema.SourceUnavailable)
	found, err := o.Probe(t.Context())
	wantCode(t, err, schema.SourceUnavailable)
	if !slices.ContainsFunc(found, func(f datasources.Finding) bool { return f.Level == datasources.Fail }) {
		t.Errorf("found %v", found)
	}
}

// A GET route may hold the ids in its path, as the stock example's does.
func TestStockRoute(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Recorded(t, "testdata/recorded", "83-get-two-comma-path.res.json"))
	desk.Quirks = otrstest.Quirks{NoPost: true}
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) {
		cfg.Routes.Search, cfg.Routes.Get, cfg.Routes.GetGet = "-", "-", "/Ticket/:TicketID"
	}).warm(t, desk)
	rows := must[schema.Ticket](t)(o.tickets.ByKeys(t.Context(), []string{"6", "7"}, datasources.NewFields()))
	wantKeys(t, rows.Items, "6", "7")
	wantCalls(t, desk, 0, 1)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
