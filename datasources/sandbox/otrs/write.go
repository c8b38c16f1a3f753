package otrs

import (
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// firstWrittenArticle is above every article id of the worlds the demo builds.
const firstWrittenArticle = 10_000_000

// ticketCreate makes a ticket. There is no idempotency key: the same call twice makes two tickets (wire/otrs.md, TicketCreate).
func (s *Server) ticketCreate(r *request) reply {
	u := s.who(r)
	if u == nil {
		return s.failed(r.op, "AuthFail", "Authorization failing!")
	}
	t, okTicket := r.params["Ticket"].(map[string]any)
	if !okTicket || len(t) == 0 {
		return s.failed(r.op, "MissingParameter", "Ticket parameter is missing or not valid!")
	}
	articles, okArticle := s.articlesOf(r.params["Article"])
	if !okArticle || len(articles) == 0 {
		return s.failed(r.op, "MissingParameter", "Article parameter is missing or not valid!")
	}
	in := &request{params: t}
	title, okTitle := in.scalar("Title")
	if !okTitle {
		return s.failed(r.op, "MissingParameter", "Ticket->Title parameter is missing!")
	}
	login, okUser := in.scalar("CustomerUser")
	if !okUser {
		return s.failed(r.op, "MissingParameter", "Ticket->CustomerUser parameter is missing!")
	}
	now := s.opts.Now()
	h := world.TicketHead{Created: now.Unix(), Changed: now.Unix()}
	for _, need := range []struct{ name, id string }{{"Queue", "QueueID"}, {"State", "StateID"}, {"Priority", "PriorityID"}} {
		if !has(in, need.name) && !has(in, need.id) {
			return s.failed(r.op, "MissingParameter", "Ticket->"+need.id+" or Ticket->"+need.name+" parameter is required!")
		}
	}
	if bad := s.setHead(&h, in); bad != "" {
		return s.failed(r.op, "InvalidParameter", bad)
	}
	for _, a := range articles {
		if bad := checkArticle(a); bad != "" {
			return s.failed(r.op, "MissingParameter", bad)
		}
	}
	fields, bad := dynamicFields(r.params["DynamicField"])
	if bad {
		return s.failed(r.op, "InvalidParameter", "DynamicField->Name parameter is invalid!")
	}
	company := ""
	if ref, ok := s.world.CustomerUser(login); ok {
		company = s.world.DeskKey(ref.Customer)
	} else {
		login = "" // an unknown customer user is accepted, and leaves CustomerID "" (#103)
	}
	if explicit, ok := in.scalar("CustomerID"); ok {
		company = explicit // it wins over the customer user's company (#157)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	last := &s.heads[len(s.heads)-1]
	h.ID, h.Serial = last.ID+1, 1
	if last.Created/86400 == h.Created/86400 {
		h.Serial = last.Serial + 1
	}
	s.heads = append(s.heads, h)
	x := s.extra(h.ID)
	*x = extra{created: true, title: &title, customerID: &company, customerUser: &login, fields: fields}
	ids := s.addArticles(x, 0, articles, u, now)
	return s.written(r, &h, ids, false)
}

// ticketUpdate changes a ticket by TicketID or TicketNumber. Nothing to do is a success (#119).
func (s *Server) ticketUpdate(r *request) reply {
	u := s.who(r)
	if u == nil {
		return s.failed(r.op, "AuthFail", "Authorization failing!")
	}
	id, byID := r.scalar("TicketID")
	number, byNumber := r.scalar("TicketNumber")
	if !byID && !byNumber {
		return s.failed(r.op, "MissingParameter", "TicketID or TicketNumber is required!")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ticket := int32(0)
	if n, err := strconv.ParseInt(id, 10, 32); byID && err == nil {
		ticket = int32(n)
	} else if !byID {
		ticket = s.byNumber(number)
	}
	h := s.head(ticket)
	if h == nil || !s.mayRead(u, h) {
		return s.failed(r.op, "AccessDenied", "User does not have access to the ticket!")
	}
	t, _ := r.params["Ticket"].(map[string]any)
	in := &request{params: t}
	changed := *h
	if bad := s.setHead(&changed, in); bad != "" {
		return s.failed(r.op, "InvalidParameter", bad)
	}
	articles, okArticle := s.articlesOf(r.params["Article"])
	if r.params["Article"] != nil && !okArticle {
		return s.failed(r.op, "InvalidParameter", "Article parameter is not valid!")
	}
	for _, a := range articles {
		if bad := checkArticle(a); bad != "" {
			return s.failed(r.op, "MissingParameter", bad)
		}
	}
	fields, bad := dynamicFields(r.params["DynamicField"])
	if bad {
		return s.failed(r.op, "InvalidParameter", "DynamicField->Name parameter is invalid!")
	}
	before := s.ticket(h, true)
	moves := changed != *h || len(articles) > 0
	title, okTitle := in.scalar("Title")
	moves = moves || okTitle && title != before.Title
	company, okCompany := in.scalar("CustomerID")
	moves = moves || okCompany // even to the same (wire/otrs.md, Incremental sync)
	for name, v := range fields {
		moves = moves || strings.Join(texts(v), "\x00") != strings.Join(s.field(h, before, name), "\x00")
	}
	if !moves {
		return s.written(r, h, nil, !byID)
	}
	now := s.opts.Now()
	changed.Changed = max(now.Unix(), h.Changed)
	*h = changed
	x := s.extra(h.ID)
	if okTitle {
		x.title = &title
	}
	if okCompany {
		x.customerID = &company
	}
	if x.fields == nil {
		x.fields = map[string]any{}
	}
	for name, v := range fields {
		x.fields[name] = v
	}
	return s.written(r, h, s.addArticles(x, len(before.Articles), articles, u, now), !byID)
}

func has(r *request, name string) bool {
	_, ok := r.scalar(name)
	return ok
}

// setHead reads queue, state, priority and lock, by name or id; it returns what is wrong.
func (s *Server) setHead(h *world.TicketHead, in *request) (bad string) {
	pick := func(name string, n int, is func(i int, name, id string) bool) (int, bool) {
		text, okName := in.scalar(name)
		id, okID := in.scalar(name + "ID")
		if !okName && !okID {
			return -1, true
		}
		for i := range n {
			if is(i, text, id) {
				return i, true
			}
		}
		bad = "Ticket->" + name + "ID or Ticket->" + name + " parameter is invalid!"
		return -1, false
	}
	w := s.world
	if i, ok := pick("Queue", len(w.Queues), func(i int, name, id string) bool { return w.Queues[i].Name == name || itoa(w.Queues[i].ID) == id }); !ok {
		return bad
	} else if i >= 0 {
		h.Queue = uint8(i)
	}
	if i, ok := pick("State", len(w.States), func(i int, name, id string) bool { return w.States[i].Name == name || itoa(w.States[i].ID) == id }); !ok {
		return bad
	} else if i >= 0 {
		h.State = uint8(i)
	}
	if i, ok := pick("Priority", 5, func(i int, name, id string) bool { return world.PriorityName(uint8(i+1)) == name || itoa(i+1) == id }); !ok {
		return bad
	} else if i >= 0 {
		h.Priority = uint8(i + 1)
	}
	switch lock, _ := in.scalar("Lock"); lock {
	case "lock":
		h.Flags |= world.TicketLocked
	case "unlock":
		h.Flags &^= world.TicketLocked
	}
	return ""
}

// articlesOf reads one article or, on a Znuny, a list of them (#155); OTOBO takes one only.
func (s *Server) articlesOf(v any) (list []map[string]any, ok bool) {
	switch v := v.(type) {
	case map[string]any:
		return []map[string]any{v}, len(v) > 0
	case []any:
		if s.opts.Variant != Znuny65 {
			return nil, false
		}
		for _, x := range v {
			a, isObject := x.(map[string]any)
			if !isObject {
				return nil, false
			}
			list = append(list, a)
		}
		return list, true
	}
	return nil, false
}

func checkArticle(a map[string]any) (bad string) {
	in := &request{params: a}
	switch {
	case !has(in, "Subject"):
		return "Article->Subject parameter is missing!"
	case !has(in, "Body"):
		return "Article->Body parameter is missing!"
	case !has(in, "ContentType") && (!has(in, "MimeType") || !has(in, "Charset")):
		return "Article->ContentType or Ticket->MimeType and Article->Charset parameters are required!" // sic (#110)
	}
	return ""
}

// dynamicFields reads an object or a list of {Name, Value}; an unknown name is an error here, unlike in a search (#111).
func dynamicFields(v any) (fields map[string]any, bad bool) {
	var list []any
	switch v := v.(type) {
	case nil:
		return nil, false
	case map[string]any:
		list = []any{v}
	case []any:
		list = v
	}
	fields = map[string]any{}
	for _, x := range list {
		o, _ := x.(map[string]any)
		name, _ := asText(o["Name"])
		known := false
		for _, f := range fieldNames {
			known = known || f == name
		}
		if !known {
			return nil, true
		}
		fields[name] = o["Value"]
	}
	return fields, false
}

// addArticles appends articles to a ticket that has count of them.
func (s *Server) addArticles(x *extra, count int, articles []map[string]any, u *user, now time.Time) (ids []int) {
	for i, a := range articles {
		in := &request{params: a}
		s.writes++
		y := world.Article{ID: firstWrittenArticle + s.writes, Number: count + i + 1, Sender: world.SenderAgent, Created: now.UTC()}
		y.Subject, _ = in.scalar("Subject")
		y.Body, _ = in.scalar("Body")
		y.From, _ = in.scalar("From")
		y.To, _ = in.scalar("To")
		y.IsVisible = in.isSet("IsVisibleForCustomer")
		if units, ok := in.scalar("TimeUnit"); ok {
			y.TimeUnit, _ = strconv.Atoi(units)
		}
		if sender, _ := in.scalar("SenderType"); sender == "customer" || u.isCustomer() {
			y.Sender, y.IsVisible = world.SenderCustomer, true
		}
		x.articles = append(x.articles, y)
		ids = append(ids, y.ID)
	}
	return ids
}

// written is the answer to a write: ids are strings or numbers as it comes (#100, #102, #117).
func (s *Server) written(r *request, h *world.TicketHead, articles []int, byNumber bool) reply {
	e := s.encoder()
	e.begin()
	switch len(articles) {
	case 0:
	case 1:
		e.num("ArticleID", int64(articles[0]))
	default:
		e.key("ArticleID")
		e.list(len(articles), func(i int) { e.b = strconv.AppendInt(e.b, int64(articles[i]), 10) })
	}
	if byNumber {
		e.num("TicketID", int64(h.ID))
	} else {
		e.str("TicketID", itoa(int(h.ID)))
	}
	e.str("TicketNumber", h.Number())
	e.end()
	return ok(e.b)
}
