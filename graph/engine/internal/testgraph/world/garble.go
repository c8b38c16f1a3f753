package world

import "github.com/trama-graph/trama/schema"

// Spoilt is what of a customer cannot be shown.
func (b *Base) Spoilt() *schema.Faults { return b.Faults }

// Spoilt is what of a ticket cannot be shown.
func (t *Ticket) Spoilt() *schema.Faults { return t.Faults }

// Garble gives some customers and tickets faults, of values that are there: how often,
// 0 to 1.
func (w *World) Garble(often float64) {
	of := func(kind, id string, fields ...string) *schema.Faults {
		d := w.Roll("garbled", kind, id)
		var f *schema.Faults
		for _, field := range fields {
			if d.Float64() < often {
				f = f.With(field)
			}
		}
		return f
	}
	for _, c := range w.Customers {
		c.Faults = of("customer", c.ID,
			"name", "label", "status", "mustStatus", "score", "rank", "active", "born", "joined", "balance", "code", "mustCode", "money", "mustMoney", "tags", "notes", "grid", "parts",
			"partValues", "created_at", "greet", "risky", "riskyMoney", "level", "tickets", "mustTickets", "ticketList", "manager", "boss", "related", "best", "comment", "friend")
	}
	for _, t := range w.Tickets {
		t.Faults = of("ticket", t.ID, "title", "open", "status", "customer", "mustCustomer", "subject", "watchers")
	}
}
