package otrstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Recorded returns the tickets of a recorded TicketGet, as they were sent.
func Recorded(t testing.TB, dir, file string) []Ticket {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	var reply struct{ Ticket []Ticket }
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&reply); err != nil {
		t.Fatal(err)
	}
	return reply.Ticket
}

// Made makes n tickets with the ids 1 to n, spread over customers; perSecond of
// them are made in the same second. State, queue and order number follow from the
// id.
func Made(n, perSecond int, customers ...string) []Ticket {
	states := []struct{ name, kind string }{
		{"new", "new"}, {"open", "open"}, {"closed successful", "closed"}, {"pending reminder", "pending reminder"}, {"pending auto close+", "pending auto"},
	}
	queues := []string{"Support", "Billing", "Raw"}
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	out := make([]Ticket, 0, n)
	for i := 1; i <= n; i++ {
		at := begin.Add(time.Duration((i-1)/perSecond) * time.Second).Format(Layout)
		s := states[i%len(states)]
		t := Ticket{
			"TicketID": i, "TicketNumber": fmt.Sprintf("20261101%08d", i), "Title": fmt.Sprintf("Ticket %d", i),
			"State": s.name, "StateType": s.kind, "Queue": queues[i%len(queues)], "Priority": "3 normal", "Type": "Unclassified",
			"Lock": "unlock", "Owner": "api", "Responsible": "api", "CustomerID": customers[i%len(customers)], "CustomerUserID": nil,
			"Created": at, "Changed": at, "ServiceID": "",
			"DynamicField": []any{
				map[string]any{"Name": "OrderNumber", "Value": fmt.Sprintf("SO-%d", i)},
				map[string]any{"Name": "Second", "Value": nil},
			},
		}
		if s.kind == "closed" {
			t["Closed"] = at
		}
		out = append(out, t)
	}
	return out
}
