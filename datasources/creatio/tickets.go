package creatio

import "github.com/trama-graph/trama/schema"

// ticketShape reads cases, where Config.Cases says so. What kind of state a
// status is, the wire page does not say.
func ticketShape() *shape {
	sh := newShape(
		"Ticket", "Case",
		column{field: "customer", up: "AccountId", kind: link},
		column{field: "number", up: "Number"},
		column{field: "title", up: "Subject"},
		column{field: "state", up: "StatusId", kind: lookup, table: "CaseStatus"},
		column{field: "priority", up: "PriorityId", kind: lookup, table: "CasePriority"},
	)
	sh.number = "number"
	sh.notes = "Cases, only with `cases: true`. The kind of state is not known."
	return sh
}

func buildTicket(b *builder, r *record) schema.Ticket {
	return schema.Ticket{
		Record:    b.record(r),
		Links:     b.links(r),
		Number:    b.text(r, "number"),
		Title:     b.text(r, "title"),
		State:     b.text(r, "state"),
		StateType: schema.TicketUnknown,
		Priority:  b.text(r, "priority"),
	}
}
