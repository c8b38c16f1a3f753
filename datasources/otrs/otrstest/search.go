package otrstest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// search answers TicketSearch. What it does not know it ignores.
func (d *Desk) search(p map[string][]string) []byte {
	var hits []Ticket
	for _, t := range d.tickets {
		if d.denied[t.text("TicketID")] {
			continue
		}
		ok, nothing := d.matches(t, p)
		if nothing {
			return []byte("{}")
		}
		if ok {
			hits = append(hits, t)
		}
	}
	if !d.sort(hits, p) {
		return []byte("{}")
	}
	limit := 500
	if n, err := strconv.Atoi(first(p["Limit"])); err == nil && n > 0 {
		limit = n
	}
	if d.Quirks.NoLimit {
		limit = len(hits)
	}
	hits = hits[:min(len(hits), limit)]
	if len(hits) == 0 {
		return []byte("{}")
	}
	ids := make([]string, 0, len(hits))
	for _, t := range hits {
		ids = append(ids, t.text("TicketID"))
	}
	return encode(map[string]any{"TicketID": ids})
}

func (d *Desk) sort(hits []Ticket, p map[string][]string) bool {
	by, way := p["SortBy"], p["OrderBy"]
	if len(by) == 0 || d.Quirks.NoSort {
		by, way = []string{"Age"}, []string{"Down"}
	}
	columns := map[string]string{"Age": "Created", "Changed": "Changed", "TicketNumber": "TicketNumber", "Priority": "Priority"}
	for _, name := range by {
		if columns[name] == "" {
			return false
		}
	}
	slices.SortStableFunc(hits, func(a, b Ticket) int {
		for i, name := range by {
			c := cmp.Compare(a.text(columns[name]), b.text(columns[name]))
			if i < len(way) && way[i] == "Down" {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return true
}

func (d *Desk) equal(a, b string) bool {
	if d.Quirks.FoldCase {
		return strings.EqualFold(a, b)
	}
	return a == b
}

func (d *Desk) oneOf(v string, list []string) bool {
	return slices.ContainsFunc(list, func(w string) bool { return d.equal(v, w) })
}

// matches tells whether a ticket matches, and whether a value is such that the
// server answers {} whatever there is.
func (d *Desk) matches(t Ticket, p map[string][]string) (ok, nothing bool) {
	for name, list := range p {
		switch name {
		case "TicketID":
			if !d.Quirks.NoTicketIDs && !slices.Contains(list, t.text("TicketID")) {
				return false, false
			}
		case "TicketNumber":
			if d.Quirks.NoNumberLists && len(list) > 1 {
				continue
			}
			if !d.oneOf(t.text("TicketNumber"), list) {
				return false, false
			}
		case "CustomerIDRaw":
			if !d.Quirks.NoRaw && !d.oneOf(t.text("CustomerID"), list) {
				return false, false
			}
		case "CustomerID":
			if slices.ContainsFunc(list, func(s string) bool { return strings.ContainsAny(s, "*%&|!()+") }) {
				d.t.Errorf("CustomerID with a query in it")
			}
			if !slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, t.text("CustomerID")) }) {
				return false, false
			}
		case "States", "Queues", "Priorities", "Types":
			column := map[string]string{"States": "State", "Queues": "Queue", "Priorities": "Priority", "Types": "Type"}[name]
			for _, v := range list {
				if !slices.ContainsFunc(d.tickets, func(x Ticket) bool { return d.equal(x.text(column), v) }) {
					return false, true
				}
			}
			if !d.oneOf(t.text(column), list) {
				return false, false
			}
		case "StateType":
			if !slices.Contains(list, t.text("StateType")) {
				return false, false
			}
		case "TicketCreateTimeNewerDate", "TicketCreateTimeOlderDate", "TicketLastChangeTimeNewerDate", "TicketLastChangeTimeOlderDate":
			if d.Quirks.NoDates {
				continue
			}
			at, err := time.Parse(Layout, list[0])
			if err != nil || strings.Contains(name, "Newer") && at.After(d.now) {
				return false, true
			}
			v := t.text("Created")
			if strings.Contains(name, "LastChange") {
				v = t.text("Changed")
			}
			if strings.Contains(name, "Newer") && v < list[0] || strings.Contains(name, "Older") && v > list[0] {
				return false, false
			}
		default:
			if !d.byField(t, name, list) {
				return false, false
			}
		}
	}
	return true, false
}

func (d *Desk) byField(t Ticket, name string, list []string) bool {
	var f struct{ Name, Equals []string }
	switch {
	case d.Quirks.NoFields:
		return true
	case name == "DynamicField" && !d.Quirks.OldFields:
		_ = json.Unmarshal([]byte(list[0]), &f)
	case strings.HasPrefix(name, "DynamicField_"):
		_ = json.Unmarshal([]byte(list[0]), &f)
		f.Name = []string{strings.TrimPrefix(name, "DynamicField_")}
	default:
		return true
	}
	known := slices.ContainsFunc(d.tickets, func(x Ticket) bool { return x.field(first(f.Name)) != nil })
	if !known {
		return true
	}
	return slices.ContainsFunc(t.field(f.Name[0]), func(v string) bool { return d.oneOf(v, f.Equals) })
}
