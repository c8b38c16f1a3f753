package otrs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

// outcome names what an error does: its reason, and what retries and sessions
// make of it.
func outcome(err error) string {
	var e *replyError
	what := ""
	if errors.As(err, &e) {
		what = " " + e.code
	}
	for _, x := range []error{errNoRoute, errRequest, errLogin} {
		if errors.Is(err, x) {
			what += " (" + x.Error() + ")"
		}
	}
	kind := "other"
	switch {
	case wire.IsBounced(err):
		kind = "bounced"
	case wire.IsTooLong(err):
		kind = "too long"
	case wire.IsRefused(err):
		kind = "refused"
	case schema.CodeOf(err) == schema.SourceUnavailable:
		kind = "unavailable"
	}
	if isDenied(err) {
		what += " (denied)"
	}
	return kind + what
}

func show(ids []string) string { return fmt.Sprintf("%d ids %s", len(ids), strings.Join(ids, " ")) }

func showTickets(rows []schema.Ticket) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d tickets", len(rows))
	for _, r := range rows {
		fmt.Fprintf(&b, " %s/%s/%s/%s", r.Key, r.Number, r.CustomerKey, r.StateType)
	}
	return b.String()
}

// checkIDs compares with what a reader without our decoder sees in the reply.
func checkIDs(t *testing.T, rec *otrstest.Recording, ids []string) {
	t.Helper()
	var plain struct{ TicketID []any }
	if err := json.Unmarshal(rec.Reply, &plain); err != nil {
		t.Fatal(err)
	}
	want := make([]string, 0, len(plain.TicketID))
	for _, x := range plain.TicketID {
		want = append(want, fmt.Sprint(x))
	}
	if !slices.Equal(ids, want) {
		t.Errorf("got %v, want %v", ids, want)
	}
}

// checkTickets compares each column of each ticket with the reply.
func checkTickets(t *testing.T, rec *otrstest.Recording) {
	t.Helper()
	var plain struct{ Ticket []map[string]any }
	d := json.NewDecoder(bytes.NewReader(rec.Reply))
	d.UseNumber()
	if err := d.Decode(&plain); err != nil {
		t.Fatal(err)
	}
	objects, err := decodeTickets(rec.Reply)
	if err != nil {
		t.Fatal(err)
	}
	m := &ticketMapper{source: "helpdesk", zone: DefaultConfig().zone(), fields: nil}
	for i := range objects {
		row, err := m.ticket(&objects[i])
		if err != nil {
			t.Fatal(err)
		}
		o := plain.Ticket[i]
		for _, x := range []struct{ got, name string }{
			{row.Key, "TicketID"},
			{row.Number, "TicketNumber"},
			{row.Title, "Title"},
			{row.State, "State"},
			{row.Queue, "Queue"},
			{row.Priority, "Priority"},
			{row.Type, "Type"},
			{row.Lock, "Lock"},
			{row.Owner, "Owner"},
			{row.Responsible, "Responsible"},
			{row.CustomerKey, "CustomerID"},
			{row.CustomerUser, "CustomerUserID"},
			{row.Service, "Service"},
			{stamp(row.CreatedAt), "Created"},
			{stamp(row.UpdatedAt), "Changed"},
			{stamp(row.ClosedAt), "Closed"},
		} {
			want := ""
			if v := o[x.name]; v != nil {
				want = fmt.Sprint(v)
			}
			if x.got != want {
				t.Errorf("ticket %s: %s is %q, want %q", row.Key, x.name, x.got, want)
			}
		}
	}
}
