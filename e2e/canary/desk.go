package canary

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Desk is a help desk of the OTRS family: the only kind that has articles.
const Desk = "desk"

// desk makes a ticket of each customer with two articles, the second of which the
// customer must not see.
func (w *World) desk() {
	for i := range 2 {
		r := &Row{Type: "Ticket", Name: fmt.Sprintf("ticket-d%d", i+1), Source: Desk, Key: strconv.Itoa(4711 + i), Golden: i + 1, Texts: map[string]string{"source": Desk}, Links: map[string]*Row{}, record: map[string]any{}}
		w.Rows = append(w.Rows, r)
		customer := w.find("Customer", Alpha, i+1)
		r.Links["customer"], r.Links["order"] = customer, w.find("Order", Alpha, i+1)
		code := customer.record["code"].(string)
		cell := w.texts[code[:len("canary-0000")]]
		cell.Paths = append(cell.Paths, Path{r, []Field{{"Ticket", "customerNumber"}}})
		r.record["CustomerID"], r.Texts["customerNumber"] = code, code
		for theirs, ours := range map[string]string{
			"TicketNumber": "number", "Title": "title", "State": "state", "Priority": "priority", "Queue": "queue", "Type": "type", "Service": "service", "Lock": "lock",
			"Owner": "owner", "Responsible": "responsible", "CustomerUserID": "customerUser",
		} {
			c := w.text("Ticket."+ours+" of "+r.Name, "")
			c.Paths = []Path{{r, []Field{{"Ticket", ours}}}}
			r.record[theirs], r.Texts[ours] = c.Canary, c.Canary
		}
		r.record["StateType"], r.Texts["stateType"] = "open", "OPEN"
		for theirs, ours := range map[string]string{"Created": "createdAt", "Changed": "updatedAt", "Closed": "closedAt"} {
			c := w.moment("Ticket." + ours + " of " + r.Name)
			c.Paths = []Path{{r, []Field{{"Ticket", ours}}}}
			r.record[theirs], r.Texts[ours] = deskTime(c), c.Canary
		}
		r.record["TicketID"], r.record["LockID"], r.record["TypeID"] = 4711+i, 1, 1
		r.record["DynamicField"] = []any{map[string]any{"Name": "OrderNumber", "Value": r.Links["order"].Texts["number"]}}
		r.record["Article"] = []any{w.article(r, 1), w.article(r, 2)}
	}
}

func (w *World) article(ticket *Row, n int) map[string]any {
	a := map[string]any{
		"ArticleID": 10*ticket.Golden + n, "ArticleNumber": n, "TicketID": ticket.record["TicketID"], "CommunicationChannelID": 1, "IsVisibleForCustomer": 2 - n,
		"MimeType": "text/plain", "ContentType": "text/plain; charset=utf8", "Charset": "utf8", "SenderTypeID": "1", "SenderType": "agent",
	}
	for theirs, ours := range map[string]string{"Subject": "subject", "Body": "body", "From": "from", "To": "to", "Cc": "cc"} {
		c := w.text(fmt.Sprintf("Article.%s of %d of %s", ours, n, ticket.Name), "")
		c.Paths = []Path{{ticket, []Field{{"Ticket", "articles"}, {"Article", ours}}}}
		a[theirs] = c.Canary
	}
	c := w.moment(fmt.Sprintf("Article.createdAt of %d of %s", n, ticket.Name))
	c.Paths = []Path{{ticket, []Field{{"Ticket", "articles"}, {"Article", "createdAt"}}}}
	a["CreateTime"], a["ChangeTime"] = deskTime(c), deskTime(c)
	return a
}

func deskTime(c *Cell) string {
	return strings.TrimSuffix(strings.Replace(c.Canary, "T", " ", 1), "Z")
}

// serveDesk answers SessionCreate, TicketSearch and TicketGet, as far as a reader of
// two tickets can tell.
func (w *World) serveDesk(rw http.ResponseWriter, r *http.Request) {
	params := map[string]any{}
	_ = json.NewDecoder(r.Body).Decode(&params)
	send := func(v any) { _ = json.NewEncoder(rw).Encode(v) }
	fail := func(code string) {
		send(map[string]any{"Error": map[string]any{"ErrorCode": code, "ErrorMessage": code + ": " + Rage}})
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/Session"):
		if params["UserLogin"] != "trama" || params["Password"] != Key {
			fail("SessionCreate.AuthFail")
			return
		}
		send(map[string]any{"SessionID": "session-" + Key})
	case params["SessionID"] != "session-"+Key:
		fail("TicketSearch.AuthFail")
	case strings.HasSuffix(r.URL.Path, "/TicketSearch"):
		found := map[string]any{}
		if ids := w.search(params); len(ids) > 0 {
			found["TicketID"] = ids
		}
		send(found)
	case strings.HasSuffix(r.URL.Path, "/TicketGet"):
		tickets := []any{}
		for _, id := range list(params["TicketID"]) {
			t := w.ticket(id)
			if t == nil {
				fail("TicketGet.AccessDenied")
				return
			}
			shown := map[string]any{}
			for k, v := range t.record {
				if k != "Article" || fmt.Sprint(params["AllArticles"]) == "1" {
					shown[k] = v
				}
			}
			tickets = append(tickets, shown)
		}
		send(map[string]any{"Ticket": tickets})
	default:
		rw.WriteHeader(http.StatusInternalServerError)
	}
}

func (w *World) ticket(id string) *Row {
	for _, r := range w.Rows {
		if r.Source == Desk && r.Key == id {
			return r
		}
	}
	return nil
}

// search finds tickets as TicketSearch does: every filter it knows must hold, and
// what it does not know is dropped.
func (w *World) search(params map[string]any) []string {
	var found []*Row
	for _, r := range w.Rows {
		if r.Source == Desk && r.found(params) {
			found = append(found, r)
		}
	}
	column := "Created"
	if by := list(params["SortBy"]); len(by) > 0 && by[0] == "Changed" {
		column = "Changed"
	}
	slices.SortFunc(found, func(a, b *Row) int {
		c := cmp.Compare(a.record[column].(string), b.record[column].(string))
		if by := list(params["OrderBy"]); len(by) > 0 && by[0] == "Up" {
			return c
		}
		return -c
	})
	var ids []string
	for _, r := range found {
		ids = append(ids, r.Key)
	}
	if limit := list(params["Limit"]); len(limit) > 0 {
		if n, err := strconv.Atoi(limit[0]); err != nil {
			return nil
		} else if n > 0 {
			ids = ids[:min(n, len(ids))]
		}
	}
	return ids
}

func (r *Row) found(params map[string]any) bool {
	for param, column := range map[string]string{
		"TicketID": "TicketID", "TicketNumber": "TicketNumber", "CustomerIDRaw": "CustomerID", "CustomerID": "CustomerID", "States": "State", "Queues": "Queue",
		"Priorities": "Priority", "Types": "Type", "StateType": "StateType",
	} {
		if want := list(params[param]); len(want) > 0 && !slices.Contains(want, fmt.Sprint(r.record[column])) {
			return false
		}
	}
	for param, column := range map[string]string{"TicketCreateTime": "Created", "TicketLastChangeTime": "Changed"} {
		have, _ := time.Parse(time.DateTime, r.record[column].(string))
		for _, end := range []string{"Newer", "Older"} {
			if want := list(params[param+end+"Date"]); len(want) > 0 {
				limit, err := time.Parse("2006-1-2 15:4:5", want[0])
				if err != nil || end == "Newer" && have.Before(limit) || end == "Older" && have.After(limit) {
					return false
				}
			}
		}
	}
	if field, ok := params["DynamicField_OrderNumber"].(map[string]any); ok {
		if want := list(field["Equals"]); len(want) > 0 && !slices.Contains(want, r.Links["order"].Texts["number"]) {
			return false
		}
	}
	return true
}

// list is a parameter as a list of texts.
func list(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, one := range v {
			out = append(out, fmt.Sprint(one))
		}
		return out
	}
	return strings.Split(fmt.Sprint(v), ",")
}
