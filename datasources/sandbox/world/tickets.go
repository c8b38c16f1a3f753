package world

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// firstTicketID is 2: the ticket 1 of a fresh OTRS is the vendor's welcome, which somebody has deleted.
const firstTicketID = 2

// makeHeads makes the head of every ticket and numbers them in the order of creation, as a real desk does.
func (w *World) makeHeads() {
	all := int(w.tickets[w.n+1])
	w.heads = make([]TicketHead, 0, all)
	for i := 0; i <= w.n; i++ {
		id, contacts, orders := identity{created: Begin}, 1, 0
		if i > 0 {
			id, contacts, orders = w.identity(i), w.ContactCount(i), int(w.orders[i+1]-w.orders[i])
		}
		for k := range int(w.tickets[i+1] - w.tickets[i]) {
			w.heads = append(w.heads, w.head(i, k, id, contacts, orders))
		}
	}
	slices.SortFunc(w.heads, func(a, b TicketHead) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Index, b.Index))
	})
	w.ticketIDs = make([]int32, all)
	w.articleIDs = make([]int32, all+1)
	daily, today := int32(0), int64(-1)
	for p := range w.heads {
		h := &w.heads[p]
		if d := h.Created / 86400; d != today {
			today, daily = d, 0
		}
		daily++
		h.ID, h.Serial = int32(p+firstTicketID), daily
		w.ticketIDs[w.tickets[h.Customer]+int32(h.Index)] = h.ID
		w.articleIDs[p+1] = w.articleIDs[p] + int32(w.articleCount(h))
	}
}

func (w *World) head(i, k int, id identity, contacts, orders int) TicketHead {
	r := w.rng(topicTicket, i, k)
	created := moment(&r, id.created, End.AddDate(0, 0, -1))
	if r.chance(4) {
		created = bulkAfter(created) // a monitoring system's burst
	}
	h := TicketHead{Customer: int32(i), Index: uint16(k), Created: created.Unix()}
	h.Queue = uint8(r.weighted(queueWeights...))
	h.Priority = uint8(1 + r.weighted(3, 10, 62, 20, 5))
	h.Owner = uint8(r.n(len(w.Staff)))
	h.Contact = uint8(r.n(contacts))
	if End.Sub(created) < 14*24*time.Hour {
		h.State = uint8(r.weighted(35, 40, 15, 2, 8))
	} else {
		h.State = uint8(r.weighted(3, 9, 66, 8, 6, 3, 5))
	}
	changed := created.Add(time.Duration(r.n(20*24*3600)) * time.Second)
	switch {
	case h.State == 0 && r.chance(60):
		changed = created
	case r.chance(6):
		changed = bulkAfter(created) // a bulk action: many tickets of one second
	}
	h.Changed = earlier(changed, End).Unix()
	if r.chance(55) {
		h.Flags |= TicketLocked
	}
	if i == 0 {
		h.Flags |= [...]TicketFlags{TicketNullCustomer, TicketEmptyCustomer, TicketOtherCompany}[k%3]
		return h
	}
	if r.chance(1) && k > 0 {
		h.Flags |= TicketNullCustomer // the agent forgot to set it
	}
	switch {
	case orders > 0 && r.chance(35):
		h.Flags |= TicketHasOrder
	case r.chance(2):
		h.Flags |= TicketHasOrder | TicketBrokenOrder
	}
	return h
}

func (w *World) articleCount(h *TicketHead) int {
	r := w.rng(topicTicketText, int(h.Customer), int(h.Index))
	return 1 + r.weighted(30, 32, 18, 12, 8)
}

// ticketNumber prints OTRS's DateChecksum number: date, system id, daily counter, check digit.
func ticketNumber(h *TicketHead) string {
	t := time.Unix(h.Created, 0).UTC()
	body := make([]byte, 0, 16)
	body = t.AppendFormat(body, "20060102")
	body = append(body, '1', '0')
	body = append(body, pad(int(h.Serial), 5)...)
	sum, mult := 0, 1
	for _, c := range body {
		sum += mult * int(c-'0')
		mult = 3 - mult
	}
	check := 10 - sum%10
	if check == 10 {
		check = 1
	}
	return string(append(body, byte('0'+check)))
}

// Number returns the TicketNumber.
func (h *TicketHead) Number() string { return ticketNumber(h) }

// CustomerIDOf returns the ticket's CustomerID: nil, "" or a key.
func (w *World) CustomerIDOf(h *TicketHead) *string {
	var s string
	switch {
	case h.Flags&TicketNullCustomer != 0:
		return nil
	case h.Flags&TicketEmptyCustomer != 0:
	case h.Flags&TicketOtherCompany != 0:
		s = "GHOST-" + itoa(int(h.Index)%7)
	default:
		s = w.deskKey(int(h.Customer))
	}
	return &s
}

// OrderNumberOf returns the ticket's dynamic field OrderNumber, "" if it is unset.
func (w *World) OrderNumberOf(h *TicketHead) string {
	if h.Flags&TicketHasOrder == 0 {
		return ""
	}
	i := int(h.Customer)
	r := w.rng(topicTicketText, i, int(h.Index)+1<<20)
	if h.Flags&TicketBrokenOrder != 0 {
		return "SO-2022-" + pad(800_000+r.n(99_999), 6)
	}
	id := w.identity(i)
	n := int(w.orders[i+1] - w.orders[i])
	for try, k := 0, r.n(n); try < n; try, k = try+1, (k+1)%n {
		if o := w.orderHead(i, k, id); o.inCRM {
			return w.orderNumber(i, k, &o)
		}
	}
	return "" // all orders of the customer are in the books only: nobody knows their CRM number
}

// Ticket returns the ticket with an id, nil if there is none. With articles false it leaves Articles empty.
func (w *World) Ticket(id int, articles bool) *Ticket {
	h := w.Head(id)
	if h == nil {
		return nil
	}
	i, k := int(h.Customer), int(h.Index)
	t := &Ticket{TicketHead: *h, Number: ticketNumber(h), CustomerID: w.CustomerIDOf(h), OrderNumber: w.OrderNumberOf(h)}
	country := MD
	from, to := "Demo Guest <guest@example.net>", w.Queues[h.Queue].Name
	r := w.rng(topicTicketText, i, k)
	n := 1 + r.weighted(30, 32, 18, 12, 8)
	if i > 0 {
		idn := w.identity(i)
		country = idn.country
		p := w.contact(i, int(h.Contact), idn)
		if idn.russian {
			country = RU
		}
		t.CustomerUser = &p.Login
		from = p.First + " " + p.Last + " <" + p.Email + ">"
	} else if h.Flags&TicketNullCustomer == 0 {
		none := ""
		t.CustomerUser = &none // an unknown customer user (wire/otrs.md, TicketGet)
	}
	text := ticketTexts[country]
	subject := pick(&r, text.subjects)
	t.Title = subject
	if t.OrderNumber != "" && r.chance(60) {
		t.Title = subject + " " + t.OrderNumber
	}
	if w.Queues[h.Queue].GroupID == 4 { // Billing
		t.Amount = fmt.Sprintf("%d.%02d", 10+r.n(9000), r.n(100))
		for range r.n(3) {
			t.InvoiceIDs = append(t.InvoiceIDs, "INV-"+itoa(1+r.n(9)))
		}
		t.DueDate = day(time.Unix(h.Created, 0).UTC().AddDate(0, 0, 14))
	}
	for a := 1; a < n; a += 2 {
		t.TimeUnit += w.timeUnit(i, k, a)
	}
	if !articles {
		return t
	}
	agent := w.Staff[h.Owner]
	first := int(w.articleIDs[id-firstTicketID])
	at, span := h.Created, h.Changed-h.Created
	for a := range n {
		x := Article{ID: first + a + 1, Number: a + 1, Sender: SenderCustomer, IsVisible: true, From: from, To: to, Subject: t.Title}
		x.Created = time.Unix(at+span*int64(a)/int64(max(n-1, 1)), 0).UTC()
		x.Body = strings.Join([]string{text.hello, subject + ". " + pick(&r, text.bodies), text.bye}, "\n\n")
		if a%2 == 1 {
			x.Sender, x.From, x.To, x.Subject = SenderAgent, agent.First+" "+agent.Last+" <support@trama-demo.example>", from, "Re: "+t.Title
			x.Body = strings.Join([]string{text.hello, pick(&r, text.answers), agent.First}, "\n\n")
			x.TimeUnit = w.timeUnit(i, k, a)
			x.IsVisible = !r.chance(20) // an internal note
		}
		if a == 0 && r.chance(8) {
			x.Attachment = &Attachment{Filename: "invoice-" + itoa(k) + ".pdf", ContentType: "application/pdf", Content: []byte("%PDF-1.4\n% demo file of the sandbox\n%%EOF\n")}
		}
		t.Articles = append(t.Articles, x)
	}
	return t
}

// timeUnit is the time an agent accounted for his a-th article of a ticket.
func (w *World) timeUnit(customer, ticket, a int) int {
	r := w.rng(topicTicketText, customer, ticket+(a+2)<<20)
	return r.n(30)
}

type ticketText struct {
	hello, bye                string
	subjects, bodies, answers []string
}
