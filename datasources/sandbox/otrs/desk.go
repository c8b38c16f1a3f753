package otrs

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// This file answers what a ticket holds: the world's facts, and over them what was written through the fake. All its methods
// want the caller to hold mu.

// Names of the dynamic fields, sorted: TicketGet lists all of them, the product's own too (#75).
var fieldNames = []string{
	"Amount", "DueDate", "InvoiceIDs", "OrderNumber", "ProcessManagementActivityID", "ProcessManagementAttachment",
	"ProcessManagementProcessID", "TicketCalendarEndTime", "TicketCalendarStartTime",
}

func (s *Server) customerID(h *world.TicketHead) *string {
	if x := s.extras[h.ID]; x != nil && (x.created || x.customerID != nil) {
		return x.customerID
	}
	return s.world.CustomerIDOf(h)
}

// ticket returns the whole ticket with what was written over it.
func (s *Server) ticket(h *world.TicketHead, articles bool) *world.Ticket {
	x := s.extras[h.ID]
	var t *world.Ticket
	if x != nil && x.created {
		t = &world.Ticket{Number: h.Number()}
	} else {
		t = s.world.Ticket(int(h.ID), articles)
	}
	t.TicketHead = *h
	if x == nil {
		return t
	}
	if x.title != nil {
		t.Title = *x.title
	}
	if x.customerID != nil {
		t.CustomerID = x.customerID
	}
	if x.customerUser != nil {
		t.CustomerUser = x.customerUser
	}
	for _, a := range x.articles {
		t.TimeUnit += a.TimeUnit
	}
	if articles {
		t.Articles = append(t.Articles, x.articles...)
	}
	return t
}

// field returns the values of a dynamic field, nil if it is unset.
func (s *Server) field(h *world.TicketHead, t *world.Ticket, name string) []string {
	x := s.extras[h.ID]
	if x != nil {
		if v, ok := x.fields[name]; ok {
			return texts(v)
		}
		if x.created {
			return nil
		}
	}
	one := func(v string) []string {
		if v == "" {
			return nil
		}
		return []string{v}
	}
	if name == "OrderNumber" {
		if t != nil {
			return one(t.OrderNumber)
		}
		return one(s.world.OrderNumberOf(h))
	}
	if s.world.Queues[h.Queue].GroupID != billingGroup && x == nil {
		return nil // the world sets the others for billing tickets only
	}
	if t == nil {
		t = s.world.Ticket(int(h.ID), false)
	}
	switch name {
	case "Amount":
		return one(t.Amount)
	case "InvoiceIDs":
		return t.InvoiceIDs
	case "DueDate":
		if !t.DueDate.IsZero() {
			return one(t.DueDate.Format(time.DateTime))
		}
	}
	return nil
}

const billingGroup = 4

func (s *Server) mayRead(u *user, h *world.TicketHead) bool {
	if u.limited {
		return s.world.Queues[h.Queue].GroupID != billingGroup
	}
	if u.isCustomer() {
		id := s.customerID(h)
		return id != nil && *id == u.company && u.company != ""
	}
	return true
}

// index builds the look-ups over the world's CustomerIDs at their first use.
func (s *Server) index() {
	s.keysOnce.Do(func() {
		s.keys, s.ghosts = make(map[string][]int32, s.world.Customers()), map[string][]int32{}
		for i := 1; i <= s.world.Customers(); i++ {
			if key := s.world.DeskKey(i); key != "" {
				key = strings.ToLower(key)
				s.keys[key] = append(s.keys[key], int32(i))
			}
		}
		for _, id := range s.world.TicketIDs(0) {
			if key := s.world.CustomerIDOf(s.world.Head(int(id))); key != nil {
				s.ghosts[*key] = append(s.ghosts[*key], id)
			}
		}
	})
}

// rewritten returns the tickets that were created or changed through the fake: the world's look-ups do not know of them.
func (s *Server) rewritten(keep func(*world.TicketHead) bool) (ids []int32) {
	for id := range s.extras {
		if h := s.head(id); h != nil && keep(h) {
			ids = append(ids, id)
		}
	}
	return ids
}

// byCustomerRaw returns the tickets whose CustomerID is exactly one of the keys.
func (s *Server) byCustomerRaw(keys []string) (ids []int32) {
	s.index()
	wanted := make(map[string]bool, len(keys))
	for _, key := range keys {
		if wanted[key] {
			continue
		}
		wanted[key] = true
		if i, ok := s.world.CustomerByDeskKey(key); ok {
			ids = append(ids, s.world.TicketIDs(i)...)
		}
		ids = append(ids, s.ghosts[key]...)
	}
	return s.checked(ids, func(h *world.TicketHead) bool {
		id := s.customerID(h)
		return id != nil && wanted[*id]
	})
}

// byCustomer returns the tickets whose CustomerID meets one of the conditions.
func (s *Server) byCustomer(values []string) (ids []int32) {
	s.index()
	meets := func(lower string) bool { return false }
	literals := true
	for _, v := range values {
		c, before := parseCondition(v), meets
		meets = func(lower string) bool { return before(lower) || c.matches(lower) }
		if c.literal == "" {
			literals = false
			continue
		}
		for _, i := range s.keys[c.literal] {
			ids = append(ids, s.world.TicketIDs(int(i))...)
		}
	}
	if !literals {
		ids = nil
		for key, customers := range s.keys {
			if meets(key) {
				for _, i := range customers {
					ids = append(ids, s.world.TicketIDs(int(i))...)
				}
			}
		}
	}
	for key, list := range s.ghosts {
		if meets(strings.ToLower(key)) {
			ids = append(ids, list...)
		}
	}
	return s.checked(ids, func(h *world.TicketHead) bool {
		id := s.customerID(h)
		return id != nil && meets(strings.ToLower(*id))
	})
}

// byOrder returns the tickets whose dynamic field OrderNumber is one of the numbers.
func (s *Server) byOrder(numbers []string) (ids []int32) {
	s.brokenOne.Do(func() {
		s.broken = map[string][]int32{}
		heads := s.world.Heads()
		for i := range heads {
			if heads[i].Flags&world.TicketBrokenOrder != 0 {
				n := s.world.OrderNumberOf(&heads[i])
				s.broken[n] = append(s.broken[n], heads[i].ID)
			}
		}
	})
	wanted, customers := make(map[string]bool, len(numbers)), map[int]bool{}
	for _, n := range numbers {
		wanted[n] = true
		for _, ref := range s.world.OrdersByNumber(n) {
			if !customers[ref.Customer] {
				customers[ref.Customer] = true
				ids = append(ids, s.world.TicketIDs(ref.Customer)...)
			}
		}
		ids = append(ids, s.broken[n]...)
	}
	return s.checked(ids, func(h *world.TicketHead) bool {
		v := s.field(h, nil, "OrderNumber")
		return len(v) == 1 && wanted[v[0]]
	})
}

// checked returns the living tickets of ids and of the rewritten ones that hold, each once.
func (s *Server) checked(ids []int32, holds func(*world.TicketHead) bool) []int32 {
	seen := make(map[int32]bool, len(ids))
	kept := ids[:0:0]
	for _, id := range append(ids, s.rewritten(holds)...) {
		if h := s.head(id); h != nil && !seen[id] && holds(h) {
			seen[id] = true
			kept = append(kept, id)
		}
	}
	return kept
}

// byNumber returns the id of the ticket with a TicketNumber, 0 if there is none.
func (s *Server) byNumber(number string) int32 {
	i := sort.Search(len(s.heads), func(i int) bool { return s.heads[i].Number() >= number })
	if i < len(s.heads) && s.heads[i].Number() == number {
		return s.heads[i].ID
	}
	return 0
}

// pendingUntil is when a pending ticket is to be looked at again: three days after its last change, 0 for the others.
func (s *Server) pendingUntil(h *world.TicketHead) int64 {
	if strings.HasPrefix(s.world.States[h.State].Type, "pending") {
		return h.Changed + 3*86400
	}
	return 0
}

func (s *Server) isClosed(h *world.TicketHead) bool {
	t := s.world.States[h.State].Type
	return t == "closed" || t == "merged" || t == "removed"
}

func itoa(i int) string { return strconv.Itoa(i) }
