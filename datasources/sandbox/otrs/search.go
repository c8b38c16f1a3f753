package otrs

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

const defaultLimit = 500

// search is a TicketSearch as it is understood: what was unknown or empty is not in it any more.
type search struct {
	narrowed bool
	ids      []int32                        // the candidates, if narrowed
	tests    []func(*world.TicketHead) bool // cheap
	late     []func(*world.TicketHead) bool // dear: asked in the order of the answer, until the limit is reached
	order    []func(a, b *world.TicketHead) int
	limit    int
}

// narrow restricts the candidates to ids.
func (q *search) narrow(ids []int32) {
	if !q.narrowed {
		q.narrowed, q.ids = true, ids
		return
	}
	in := make(map[int32]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	q.test(func(h *world.TicketHead) bool { return in[h.ID] })
}

func (q *search) test(f func(*world.TicketHead) bool) { q.tests = append(q.tests, f) }

// oneOf tests that a small number of the head is in a set.
func (q *search) oneOf(set map[int]bool, of func(*world.TicketHead) int) {
	q.test(func(h *world.TicketHead) bool { return set[of(h)] })
}

// ticketSearch answers ids only, as strings; no hit is an empty object (#29, #50, #51).
func (s *Server) ticketSearch(r *request) reply {
	u := s.who(r)
	if u == nil {
		return s.failed(r.op, "AuthFail", "Authorization failing!")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	q, valid := s.understand(r)
	if !valid {
		return ok([]byte("{}"))
	}
	found := s.find(q, u)
	if len(found) == 0 {
		return ok([]byte("{}"))
	}
	b := make([]byte, 0, 16+9*len(found))
	b = append(b, `{"TicketID":[`...)
	for i, h := range found {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = strconv.AppendInt(b, int64(h.ID), 10)
		b = append(b, '"')
	}
	return ok(append(b, "]}"...))
}

// find runs a search.
func (s *Server) find(q *search, u *user) []*world.TicketHead {
	seed := s.requests.Add(1) * 0x9e3779b97f4a7c15
	shuffle := func(id int32) uint64 {
		x := (uint64(id) ^ seed) * 0xbf58476d1ce4e5b9
		return x ^ x>>29
	}
	before := func(a, b *world.TicketHead) int {
		for _, f := range q.order {
			if c := f(a, b); c != 0 {
				return c
			}
		}
		// Ties come in no stable order, as the database pleases (#20, wire/otrs.md).
		return cmp.Compare(shuffle(a.ID), shuffle(b.ID))
	}
	passes := func(h *world.TicketHead) bool {
		for _, f := range q.tests {
			if !f(h) {
				return false
			}
		}
		return s.mayRead(u, h)
	}
	best := top{before: before, limit: q.limit}
	if len(q.late) > 0 {
		best.limit = len(s.heads)
	}
	if q.narrowed {
		for _, id := range q.ids {
			if h := s.head(id); h != nil && passes(h) {
				best.add(h)
			}
		}
	} else {
		checkDeleted, last := len(s.extras) > 0, len(s.heads)-1
		backwards := last > 0 && before(&s.heads[last], &s.heads[0]) < 0 // from the better end: the heap then refuses most
		for i := range s.heads {
			h := &s.heads[i]
			if backwards {
				h = &s.heads[last-i]
			}
			if checkDeleted && s.head(h.ID) == nil {
				continue
			}
			if passes(h) {
				best.add(h)
			}
		}
	}
	found := best.sorted()
	if len(q.late) == 0 {
		return found
	}
	kept := found[:0]
next:
	for _, h := range found {
		for _, f := range q.late {
			if !f(h) {
				continue next
			}
		}
		if kept = append(kept, h); len(kept) == q.limit {
			break
		}
	}
	return kept
}

// top keeps the first limit tickets of an order: a heap whose root is the last of them.
type top struct {
	before func(a, b *world.TicketHead) int
	limit  int
	heap   []*world.TicketHead
	isHeap bool
}

func (t *top) add(h *world.TicketHead) {
	if len(t.heap) < t.limit {
		t.heap = append(t.heap, h)
		return
	}
	if !t.isHeap {
		t.isHeap = true
		for i := len(t.heap)/2 - 1; i >= 0; i-- {
			t.sink(i)
		}
	}
	if t.before(h, t.heap[0]) < 0 {
		t.heap[0] = h
		t.sink(0)
	}
}

func (t *top) sink(i int) {
	for {
		last, l, r := i, 2*i+1, 2*i+2
		if l < len(t.heap) && t.before(t.heap[l], t.heap[last]) > 0 {
			last = l
		}
		if r < len(t.heap) && t.before(t.heap[r], t.heap[last]) > 0 {
			last = r
		}
		if last == i {
			return
		}
		t.heap[i], t.heap[last] = t.heap[last], t.heap[i]
		i = last
	}
}

func (t *top) sorted() []*world.TicketHead {
	slices.SortFunc(t.heap, t.before)
	return t.heap
}

// understand reads a search. What it does not know and what is empty is dropped; valid is false as soon as a value is wrong:
// the answer is then empty, without an error (wire/otrs.md, TicketSearch).
func (s *Server) understand(r *request) (q *search, valid bool) {
	q = &search{limit: defaultLimit}
	if v := r.list("TicketID"); len(v) > 0 {
		ids := make([]int32, 0, len(v))
		seen := make(map[int32]bool, len(v))
		for _, x := range v {
			id, err := strconv.ParseInt(x, 10, 32)
			if err != nil {
				return nil, false
			}
			if !seen[int32(id)] {
				seen[int32(id)] = true
				ids = append(ids, int32(id))
			}
		}
		q.narrow(ids)
	}
	if v := r.list("TicketNumber"); len(v) > 0 {
		s.filterNumbers(q, v)
	}
	if v := r.list("CustomerIDRaw"); len(v) > 0 && s.opts.Variant != Old {
		q.narrow(s.byCustomerRaw(v))
	}
	if v := r.list("CustomerID"); len(v) > 0 {
		q.narrow(s.byCustomer(v))
	}
	if v := r.list("CustomerUserLogin"); len(v) > 0 {
		s.filterLogins(q, v)
	}
	ok := s.filterVocabulary(q, r) && s.filterTimes(q, r) && s.filterFields(q, r) && s.sorting(q, r)
	if !ok {
		return nil, false
	}
	s.filterTexts(q, r)
	if v := r.list("Limit"); len(v) > 0 {
		n, err := strconv.Atoi(v[0])
		if err != nil || n < 0 {
			return nil, false // #70
		}
		if n > 0 { // 0 is the default (#69)
			q.limit = n
		}
	}
	return q, true
}

func (s *Server) filterNumbers(q *search, values []string) {
	var ids []int32
	var patterns []string
	for _, v := range values {
		if strings.ContainsAny(v, "*%") {
			patterns = append(patterns, v)
		} else if id := s.byNumber(v); id != 0 {
			ids = append(ids, id)
		}
	}
	if len(patterns) == 0 {
		q.narrow(ids)
		return
	}
	q.late = append(q.late, func(h *world.TicketHead) bool {
		return slices.Contains(ids, h.ID) || slices.ContainsFunc(patterns, func(p string) bool { return like(p, h.Number()) })
	})
}

func (s *Server) filterLogins(q *search, values []string) {
	var ids []int32
	wild := false
	for i, v := range values {
		values[i] = strings.ToLower(v)
		if strings.ContainsAny(v, "*%") {
			wild = true
		} else if ref, ok := s.world.CustomerUser(values[i]); ok {
			ids = append(ids, s.world.TicketIDs(ref.Customer)...)
		}
	}
	is := func(h *world.TicketHead) bool {
		t := s.ticket(h, false)
		return t.CustomerUser != nil && slices.ContainsFunc(values, func(v string) bool { return like(v, strings.ToLower(*t.CustomerUser)) })
	}
	if wild {
		q.late = append(q.late, is)
		return
	}
	q.narrow(s.checked(ids, is))
}

// filterVocabulary reads the filters whose values are the desk's own words: queues, states, priorities and the like.
func (s *Server) filterVocabulary(q *search, r *request) bool {
	type vocabulary struct {
		names, ids string
		lookup     func(name string) []int // none: unknown
		of         func(*world.TicketHead) int
	}
	w := s.world
	one := func(id int, ok bool) []int {
		if !ok {
			return nil
		}
		return []int{id}
	}
	lists := []vocabulary{
		{"Queues", "QueueIDs", func(name string) []int {
			var ids []int
			for _, x := range w.Queues {
				if x.Name == name {
					ids = append(ids, x.ID)
				}
			}
			if len(ids) > 0 && r.isSet("UseSubQueues") {
				for _, x := range w.Queues {
					if strings.HasPrefix(x.Name, name+"::") {
						ids = append(ids, x.ID)
					}
				}
			}
			return ids
		}, func(h *world.TicketHead) int { return w.Queues[h.Queue].ID }},
		{"States", "StateIDs", func(name string) []int {
			for _, x := range w.States {
				if x.Name == name {
					return []int{x.ID}
				}
			}
			return nil
		}, func(h *world.TicketHead) int { return w.States[h.State].ID }},
		{"Priorities", "PriorityIDs", func(name string) []int {
			for p := uint8(1); p <= 5; p++ {
				if world.PriorityName(p) == name {
					return []int{int(p)}
				}
			}
			return nil
		}, func(h *world.TicketHead) int { return int(h.Priority) }},
		{"Locks", "LockIDs", func(name string) []int {
			return one(map[string]int{"unlock": 1, "lock": 2}[name], name == "unlock" || name == "lock")
		}, func(h *world.TicketHead) int { return lockID(h) }},
		{"Types", "TypeIDs", func(name string) []int { return one(1, name == "Unclassified") }, func(*world.TicketHead) int { return 1 }},
		{"Services", "ServiceIDs", func(string) []int { return nil }, func(*world.TicketHead) int { return 0 }},
		{"SLAs", "SLAIDs", func(string) []int { return nil }, func(*world.TicketHead) int { return 0 }},
		{"", "OwnerIDs", nil, func(h *world.TicketHead) int { return ownerID(h) }},
		{"", "ResponsibleIDs", nil, func(*world.TicketHead) int { return 1 }},
	}
	for _, v := range lists {
		if names := r.list(v.names); v.names != "" && len(names) > 0 {
			set := map[int]bool{}
			for _, name := range names {
				ids := v.lookup(name)
				if len(ids) == 0 {
					return false // one unknown name and nothing is found (#40, #167)
				}
				for _, id := range ids {
					set[id] = true
				}
			}
			q.oneOf(set, v.of)
		}
		if ids := r.list(v.ids); len(ids) > 0 {
			set := map[int]bool{}
			for _, x := range ids {
				id, err := strconv.Atoi(x)
				if err != nil {
					return false
				}
				set[id] = true
			}
			q.oneOf(set, v.of)
		}
	}
	// StateType knows the types' own names only: the documented Open and Closed find nothing (#41, #134).
	if types := r.list("StateType"); len(types) > 0 {
		set := map[int]bool{}
		for _, x := range w.States {
			if slices.Contains(types, x.Type) {
				set[x.ID] = true
			}
		}
		if len(set) == 0 {
			return false
		}
		q.oneOf(set, func(h *world.TicketHead) int { return w.States[h.State].ID })
	}
	return true
}

// ownerID is the agent's user id: 1 is root, 2 and 3 are the fake's own logins.
func ownerID(h *world.TicketHead) int { return int(h.Owner) + 4 }

func lockID(h *world.TicketHead) int {
	if h.Flags&world.TicketLocked != 0 {
		return 2
	}
	return 1
}

var dateTime = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}$`)

// filterTimes reads the time filters. Both ends are inclusive, to the second (#147, #148).
func (s *Server) filterTimes(q *search, r *request) bool {
	now := s.opts.Now().Unix()
	// Of each kind: the first and last second that count. History entries (TicketChangeTime) and articles are taken to lie
	// between creation and last change.
	created := func(h *world.TicketHead) int64 { return h.Created }
	changed := func(h *world.TicketHead) int64 { return h.Changed }
	kinds := []struct {
		name        string
		first, last func(*world.TicketHead) int64
		has         func(*world.TicketHead) bool
	}{
		{"TicketCreateTime", created, created, nil},
		{"TicketLastChangeTime", changed, changed, nil},
		{"TicketChangeTime", created, changed, nil},
		{"ArticleCreateTime", created, changed, nil},
		{"TicketCloseTime", changed, changed, s.isClosed},
		{"TicketPendingTime", s.pendingUntil, s.pendingUntil, func(h *world.TicketHead) bool { return s.pendingUntil(h) > 0 }},
	}
	for _, k := range kinds {
		for _, newer := range []bool{true, false} {
			suffix := "Older"
			if newer {
				suffix = "Newer"
			}
			var limit int64
			date, isDate := r.scalar(k.name + suffix + "Date")
			minutes, isMinutes := r.scalar(k.name + suffix + "Minutes")
			switch {
			case isDate:
				t, err := time.ParseInLocation("2006-1-2 15:4:5", date, s.opts.Zone)
				if err != nil || !dateTime.MatchString(date) {
					return false // #62
				}
				limit = t.Unix()
				if newer && limit > now && k.name != "TicketPendingTime" {
					return false // #61
				}
			case isMinutes:
				n, err := strconv.Atoi(minutes)
				if err != nil {
					return false
				}
				limit = now - int64(n)*60
			default:
				continue
			}
			q.test(func(h *world.TicketHead) bool {
				if k.has != nil && !k.has(h) {
					return false
				}
				if newer {
					return k.last(h) >= limit
				}
				return k.first(h) <= limit
			})
		}
	}
	return true
}

// fieldTest is one operator on a dynamic field.
type fieldTest struct {
	name, op string
	values   []string
}

var fieldOperators = []string{"Equals", "Like", "GreaterThan", "GreaterThanEquals", "SmallerThan", "SmallerThanEquals", "Empty"}

// filterFields reads the dynamic field filters, in both forms. Anything that is not an object, names an unknown field or has no
// operator is dropped (#57, #58).
func (s *Server) filterFields(q *search, r *request) bool {
	var tests []fieldTest
	read := func(name string, operators map[string]any) {
		if !slices.Contains(fieldNames, name) {
			return
		}
		for _, op := range fieldOperators {
			if v := texts(operators[op]); len(v) > 0 {
				tests = append(tests, fieldTest{name, op, v})
			}
		}
	}
	object := func(v any) {
		if o, ok := v.(map[string]any); ok {
			name, _ := asText(o["Name"])
			read(name, o)
		}
	}
	switch v := r.params["DynamicField"].(type) {
	case map[string]any:
		object(v)
	case []any:
		for _, x := range v {
			object(x)
		}
	}
	for k, v := range r.params {
		if name, isOld := strings.CutPrefix(k, "DynamicField_"); isOld {
			if o, ok := v.(map[string]any); ok {
				read(name, o)
			}
		}
	}
	for _, t := range tests {
		if t.name == "OrderNumber" && t.op == "Equals" {
			q.narrow(s.byOrder(t.values))
			continue
		}
		for i := range t.values {
			if t.op == "Like" {
				t.values[i] = strings.ToLower(t.values[i])
			}
		}
		q.late = append(q.late, func(h *world.TicketHead) bool { return t.holds(s.field(h, nil, t.name)) })
	}
	return true
}

func (t *fieldTest) holds(has []string) bool {
	if t.op == "Empty" {
		return (t.values[0] != "0") == (len(has) == 0)
	}
	for _, v := range has {
		for _, want := range t.values {
			c := strings.Compare(v, want)
			switch {
			case t.op == "Equals" && c == 0,
				t.op == "Like" && like(want, strings.ToLower(v)),
				t.op == "GreaterThan" && c > 0,
				t.op == "GreaterThanEquals" && c >= 0,
				t.op == "SmallerThan" && c < 0,
				t.op == "SmallerThanEquals" && c <= 0:
				return true
			}
		}
	}
	return false
}

// filterTexts reads title and article filters: LIKE without case, * and % as wildcards (#48, #49, #59).
func (s *Server) filterTexts(q *search, r *request) {
	late := func(name string, articles bool, of func(*world.Ticket) []string) {
		values := r.list(name)
		if len(values) == 0 {
			return
		}
		for i := range values {
			values[i] = strings.ToLower(values[i])
		}
		q.late = append(q.late, func(h *world.TicketHead) bool {
			for _, text := range of(s.ticket(h, articles)) {
				text = strings.ToLower(text)
				if slices.ContainsFunc(values, func(v string) bool { return like(v, text) }) {
					return true
				}
			}
			return false
		})
	}
	ofArticles := func(get func(*world.Article) string) func(*world.Ticket) []string {
		return func(t *world.Ticket) (all []string) {
			for i := range t.Articles {
				all = append(all, get(&t.Articles[i]))
			}
			return all
		}
	}
	late("Title", false, func(t *world.Ticket) []string { return []string{t.Title} })
	late("MIMEBase_From", true, ofArticles(func(a *world.Article) string { return a.From }))
	late("MIMEBase_To", true, ofArticles(func(a *world.Article) string { return a.To }))
	late("MIMEBase_Cc", true, ofArticles(func(*world.Article) string { return "" }))
	late("MIMEBase_Subject", true, ofArticles(func(a *world.Article) string { return a.Subject }))
	late("MIMEBase_Body", true, ofArticles(func(a *world.Article) string { return a.Body }))
	if words := r.list("Fulltext"); len(words) > 0 {
		q.late = append(q.late, func(h *world.TicketHead) bool {
			t := s.ticket(h, true)
			text := t.Title
			for _, a := range t.Articles {
				text += "\n" + a.From + "\n" + a.To + "\n" + a.Subject + "\n" + a.Body
			}
			text = strings.ToLower(text)
			return !slices.ContainsFunc(words, func(x string) bool { return !strings.Contains(text, strings.Trim(strings.ToLower(x), "*%")) })
		})
	}
}

// sorting reads SortBy and OrderBy; the default is Age Down, the youngest first (#20).
func (s *Server) sorting(q *search, r *request) bool {
	by, directions := r.list("SortBy"), r.list("OrderBy")
	if len(by) == 0 {
		by = []string{"Age"}
	}
	for i, name := range by {
		direction := "Down"
		if i < len(directions) {
			direction = directions[i]
		}
		if direction != "Up" && direction != "Down" {
			return false
		}
		f := s.comparison(name)
		if f == nil {
			return false // #68
		}
		if direction == "Down" {
			up := f
			f = func(a, b *world.TicketHead) int { return up(b, a) }
		}
		q.order = append(q.order, f)
	}
	return true
}

func (s *Server) comparison(name string) func(a, b *world.TicketHead) int {
	byText := func(of func(*world.TicketHead) string) func(a, b *world.TicketHead) int {
		return func(a, b *world.TicketHead) int { return cmp.Compare(of(a), of(b)) }
	}
	byNumber := func(of func(*world.TicketHead) int64) func(a, b *world.TicketHead) int {
		return func(a, b *world.TicketHead) int { return cmp.Compare(of(a), of(b)) }
	}
	w := s.world
	switch name {
	case "Age", "Created":
		return byNumber(func(h *world.TicketHead) int64 { return h.Created })
	case "Changed":
		return byNumber(func(h *world.TicketHead) int64 { return h.Changed })
	case "TicketNumber", "Ticket":
		return byNumber(func(h *world.TicketHead) int64 { return int64(h.ID) }) // numbers grow with ids
	case "Priority":
		return byNumber(func(h *world.TicketHead) int64 { return int64(h.Priority) })
	case "PendingTime":
		return byNumber(s.pendingUntil)
	case "Lock":
		return byNumber(func(h *world.TicketHead) int64 { return int64(lockID(h)) })
	case "Queue":
		return byText(func(h *world.TicketHead) string { return w.Queues[h.Queue].Name })
	case "State":
		return byText(func(h *world.TicketHead) string { return w.States[h.State].Name })
	case "Owner":
		return byText(func(h *world.TicketHead) string { return w.Staff[h.Owner].Login })
	case "CustomerID":
		return byText(func(h *world.TicketHead) string {
			if id := s.customerID(h); id != nil {
				return *id
			}
			return ""
		})
	case "Title":
		return byText(func(h *world.TicketHead) string { return s.ticket(h, false).Title })
	case "Type", "Responsible", "Service", "SLA", "EscalationTime", "EscalationResponseTime", "EscalationUpdateTime", "EscalationSolutionTime":
		return func(a, b *world.TicketHead) int { return 0 } // the same for all tickets here
	}
	if field, ok := strings.CutPrefix(name, "DynamicField_"); ok && slices.Contains(fieldNames, field) {
		return byText(func(h *world.TicketHead) string { return strings.Join(s.field(h, nil, field), ",") })
	}
	return nil
}
