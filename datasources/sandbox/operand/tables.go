package operand

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// table is one resource: where its rows are and how one is written. The order is fixed when the server is built, so that a page
// is a slice of it and costs the same at whatever offset. Only order changes later, under the server's lock.
type table struct {
	order []int32 // positions of the rows by (due, id); without due days by id
	due   []int32 // by position: due day in days since 1970, noDue if blank; nil if the resource knows no window
	id    func(k int) int
	write func(e *row, k int, isDeleted bool) // isDeleted: marked by Server.MarkDeleted
	dirt  func(k int) *world.AgencyDirt
	owner func(k int) (client int, situation string) // of jobs, for their filters
}

const noDue = math.MinInt32

// store holds the rows of the whole agency.
type store struct {
	world     *world.World
	clients   []world.AgencyAccount
	byID      map[int]int32 // client id to index into clients
	suppliers []world.AgencySupplier

	invoices    []world.AgencyInvoice
	receivables []*world.AgencyReceivable // of invoices, then the dirty ones
	payments    []payment
	payables    []world.AgencyPayable
	jobs        []world.AgencyJob
	persons     []person
	tasks       []task
	dirt        map[int]*world.AgencyDirt // by receivable id
}

type (
	payment struct {
		of *world.AgencyReceivable
		k  int
	}
	person struct {
		client  int32 // index into clients; suppliers follow as negative numbers
		contact int32 // index into Customer.Contacts, −1 for the client itself
	}
	task struct{ job, k int32 }
)

func newStore(w *world.World, noDirt bool) *store {
	s := &store{world: w, clients: w.AgencyClients(), suppliers: w.AgencySuppliers(), payables: w.AgencyPayables(), dirt: map[int]*world.AgencyDirt{}}
	s.byID = make(map[int]int32, len(s.clients))
	for k := range s.suppliers {
		s.persons = append(s.persons, person{int32(-1 - k), -1})
	}
	for k, c := range s.clients {
		s.byID[c.ID] = int32(k)
		s.persons = append(s.persons, person{int32(k), -1})
		if c.Customer == 0 {
			continue
		}
		for contact := range w.ContactCount(c.Customer) {
			s.persons = append(s.persons, person{int32(k), int32(contact)})
		}
		s.invoices = append(s.invoices, w.AgencyInvoices(c.Customer)...)
		s.jobs = append(s.jobs, w.AgencyJobs(c.Customer)...)
	}
	for i := range s.invoices { // only now: append has moved them
		for k := range s.invoices[i].Receivables {
			s.receivables = append(s.receivables, &s.invoices[i].Receivables[k])
		}
	}
	if !noDirt {
		for _, d := range w.AgencyDirt() {
			if d.Receivable != nil {
				s.dirt[d.ID] = &d
				s.receivables = append(s.receivables, d.Receivable)
			}
		}
	}
	for _, x := range s.receivables {
		for k := range x.Payments {
			s.payments = append(s.payments, payment{x, k})
		}
	}
	for i := range s.jobs {
		for k := range s.jobs[i].OpenedTasks + s.jobs[i].ClosedTasks + s.jobs[i].Cancelled {
			s.tasks = append(s.tasks, task{int32(i), int32(k)})
		}
	}
	return s
}

// tables builds the resources over the store.
func (s *store) tables() map[Resource]*table {
	var boletos []*world.AgencyReceivable
	for _, x := range s.receivables {
		if x.Boleto != nil {
			boletos = append(boletos, x)
		}
	}
	var projects []int32 // the first job of each
	for k := range s.jobs {
		if k == 0 || s.jobs[k].ProjectID != s.jobs[k-1].ProjectID {
			projects = append(projects, int32(k))
		}
	}
	m := map[Resource]*table{
		Clients:     {id: func(k int) int { return s.clients[k].ID }, write: s.writeClient},
		Persons:     {id: s.personID, write: s.writePerson},
		Jobs:        {id: func(k int) int { return s.jobs[k].ID }, write: s.writeJob, owner: s.jobOwner},
		Tasks:       {id: s.taskID, write: s.writeTask},
		Projects:    {id: func(k int) int { return s.jobs[projects[k]].ProjectID }, write: func(e *row, k int, _ bool) { s.writeProject(e, int(projects[k])) }},
		Receivables: {id: func(k int) int { return s.receivables[k].ID }, write: s.writeReceivable},
		Payables:    {id: func(k int) int { return s.payables[k].ID }, write: s.writePayable},
		Invoices:    {id: func(k int) int { return s.invoices[k].ID }, write: s.writeInvoice},
		Boletos:     {id: func(k int) int { return boletos[k].Boleto.ID }, write: func(e *row, k int, gone bool) { s.writeBoleto(e, boletos[k], gone) }},
		Payments:    {id: func(k int) int { return s.payments[k].of.Payments[s.payments[k].k].ID }, write: s.writePayment},
	}
	m[Receivables].dirt = func(k int) *world.AgencyDirt { return s.dirt[s.receivables[k].ID] }
	m[Clients].arrange(len(s.clients), nil)
	m[Persons].arrange(len(s.persons), nil)
	m[Jobs].arrange(len(s.jobs), nil)
	m[Tasks].arrange(len(s.tasks), nil)
	m[Projects].arrange(len(projects), nil)
	m[Receivables].arrange(len(s.receivables), func(k int) time.Time { return s.receivables[k].Due })
	m[Payables].arrange(len(s.payables), func(k int) time.Time { return s.payables[k].Due })
	m[Invoices].arrange(len(s.invoices), func(k int) time.Time { return s.invoices[k].Due })
	m[Boletos].arrange(len(boletos), func(k int) time.Time { return boletos[k].Due })
	m[Payments].arrange(len(s.payments), func(k int) time.Time { return s.payments[k].of.Due })
	return m
}

// arrange puts n rows in order; due is nil for a resource without due days.
func (t *table) arrange(n int, due func(k int) time.Time) {
	t.order = make([]int32, n)
	for k := range t.order {
		t.order[k] = int32(k)
	}
	if due == nil {
		slices.SortFunc(t.order, func(a, b int32) int { return cmp.Compare(t.id(int(a)), t.id(int(b))) })
		return
	}
	t.due = make([]int32, n)
	for k := range t.due {
		t.due[k] = dayNumber(due(k))
	}
	slices.SortFunc(t.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.due[a], t.due[b]), cmp.Compare(t.id(int(a)), t.id(int(b))))
	})
}

func dayNumber(t time.Time) int32 {
	if t.IsZero() {
		return noDue
	}
	return int32(t.Unix() / (24 * 60 * 60))
}

// window returns the rows whose due day is in [from, to], days since 1970. Rows without one are in no window.
func (t *table) window(from, to int32) []int32 {
	if t.due == nil {
		return t.order
	}
	at := func(day int32) int {
		k, _ := slices.BinarySearchFunc(t.order, day, func(k, day int32) int { return cmp.Compare(t.due[k], day) })
		return k
	}
	begin, end := at(max(from, noDue+1)), len(t.order)
	if to < math.MaxInt32 {
		end = at(to + 1)
	}
	return t.order[begin:max(begin, end)]
}

// remove takes the row of an id out of the list; false means there is none. Replies that are being written keep the old list.
func (t *table) remove(id int) bool {
	for p, k := range t.order {
		if t.id(int(k)) == id {
			t.order = slices.Concat(t.order[:p], t.order[p+1:])
			return true
		}
	}
	return false
}
