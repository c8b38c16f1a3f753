package otrs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

// The whole way from ByKeys to the recorded bytes and back, on both systems. The
// probe was not recorded: its answers are those the page gives.
func TestReplayByKeys(t *testing.T) {
	for _, c := range []struct {
		system, name string
		keys         []string
		orders       map[string]string
	}{
		{"znuny", "get-post-50-df", ids(11, 60), map[string]string{"11": "SO-01009", "60": "SO-01058"}},
		{"otobo", "get-post-two", []string{"6", "7"}, map[string]string{"6": "SO-01004", "7": "SO-01005"}},
	} {
		t.Run("system="+c.system, func(t *testing.T) {
			recs := otrstest.Load(t, "testdata/recorded")
			pick := func(name string) otrstest.Recording {
				i := slices.IndexFunc(recs, func(r otrstest.Recording) bool { return r.System == c.system && r.Name == name })
				return recs[i]
			}
			get := pick(c.name)
			base := get.Path[:strings.LastIndex(get.Path, "/")]
			all := []otrstest.Recording{pick("session-create-agent"), get}
			for _, p := range []struct{ path, asked, reply string }{
				{"/TicketSearch", `"Limit":1,"SortBy":["Age","TicketNumber"],"OrderBy":["Down","Down"]`, `{"TicketID":["6"]}`},
				{"/TicketSearch", `"Limit":1,"CustomerIDRaw":"trama-probe-7c41e09b"`, `{}`},
				{"/TicketSearch", `"Limit":1,"TicketID":"0"`, `{}`},
				{"/TicketSearch", `"Limit":1,"TicketNumber":["trama-probe-7c41e09b","trama-probe-7c41e09b-2"]`, `{}`},
				{"/TicketSearch", `"Limit":1,"TicketCreateTimeNewerDate":"` + farAhead(t, get) + `"`, `{}`},
				{"/TicketSearch", `"Limit":1,"TicketLastChangeTimeNewerDate":"` + farAhead(t, get) + `"`, `{}`},
				{"/TicketSearch", `"Limit":1,"DynamicField":{"Name":"OrderNumber","Equals":["trama-probe-7c41e09b"]}`, `{}`},
				{"/TicketGet", `"TicketID":["6"]`, string(pick("get-one").Reply)},
			} {
				stub := get
				stub.Name, stub.Path, stub.Cut = "probe", base+p.path, false
				stub.Request, stub.Reply = []byte(`{"SessionID":"x",`+p.asked+`}`), []byte(p.reply)
				all = append(all, stub)
			}
			replay := otrstest.NewReplay(t, all...)
			cfg := config(replay.URL + base)
			s, err := otrs.Open(t.Context(), cfg, otrs.Deps{Links: orderLinks("DynamicField.OrderNumber"), Now: fixedNow})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			rows := must[schema.Ticket](t)(datasources.ReaderOf[schema.Ticket](s, "Ticket").ByKeys(t.Context(), c.keys, datasources.NewFields("title", "orderNumber")))
			wantKeys(t, rows.Items, c.keys...)
			for _, x := range rows.Items {
				if want, ok := c.orders[x.Key]; ok && !slices.Equal(x.OrderNumbers, []string{want}) {
					t.Errorf("ticket %s is about %v, want %s", x.Key, x.OrderNumbers, want)
				}
			}
			if replay.Used(0) != 1 || replay.Used(1) != 1 {
				t.Errorf("%d logins, %d gets", replay.Used(0), replay.Used(1))
			}
		})
	}
}

func fixedNow() time.Time { return time.Date(2026, 11, 21, 19, 40, 0, 0, time.UTC) }

// farAhead is the impossible time of the probe: a year ahead of the server's
// clock, as far as its replies tell it.
func farAhead(t *testing.T, rec otrstest.Recording) string {
	t.Helper()
	now := fixedNow()
	if rec.Date != "" {
		var err error
		if now, err = time.Parse(time.RFC1123, rec.Date); err != nil {
			t.Fatal(err)
		}
	}
	return now.Add(366 * 24 * time.Hour).Format(otrstest.Layout)
}
