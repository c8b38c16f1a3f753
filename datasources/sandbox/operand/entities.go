package operand

import (
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func (s *store) writeClient(e *row, k int, gone bool) {
	c := &s.clients[k]
	jobs, late := 0, 0
	if c.Customer != 0 {
		for _, j := range s.world.AgencyJobs(c.Customer) {
			jobs++
			if j.IsLate() {
				late++
			}
		}
	}
	e.id("idClient", Clients, c.ID)
	e.id("idPerson", Persons, c.PersonID)
	e.text("namePerson", c.Name)
	e.text("nationalDocument", c.NationalDocument)
	e.situation(!c.IsInactive)
	e.number("totalJobs", jobs)
	e.number("lateJobs", late)
	e.deleted(c.IsDeleted || gone)
}

// personID: the client's own person, then his contacts; suppliers are persons, too.
func (s *store) personID(k int) int {
	p := s.persons[k]
	if p.client < 0 {
		return s.suppliers[-1-p.client].ID
	}
	return s.clients[p.client].PersonID + 1 + int(p.contact)
}

func (s *store) writePerson(e *row, k int, _ bool) {
	p := s.persons[k]
	client, name, document, mail, phone := 0, "", "", "", ""
	isActive := true
	switch {
	case p.client < 0:
		name, document = s.suppliers[-1-p.client].Name, s.suppliers[-1-p.client].Document
	case p.contact < 0:
		c := &s.clients[p.client]
		client, name, document, isActive = c.ID, c.Name, c.NationalDocument, !c.IsInactive
	default:
		c := &s.clients[p.client]
		who := s.world.Customer(c.Customer).Contacts[p.contact]
		client, name, mail, phone = c.ID, who.First+" "+who.Last, who.Email, who.Phone
	}
	e.id("idPerson", Persons, s.personID(k))
	e.id("idClient", Clients, client)
	e.text("namePerson", name)
	e.text("nationalDocument", document)
	e.text("email", mail)
	e.text("phone", phone)
	e.situation(isActive)
}

func (s *store) jobOwner(k int) (client int, situation string) {
	if s.jobs[k].IsClosed() {
		return s.jobs[k].ClientID, "closed"
	}
	return s.jobs[k].ClientID, "active"
}

func (s *store) writeJob(e *row, k int, gone bool) {
	j := &s.jobs[k]
	e.id("id", Jobs, j.ID)
	e.number("itemId", j.ItemID)
	e.text("title", j.Title)
	e.number("statusId", j.Status+1)
	e.text("statusName", world.AgencyJobStatus[j.Status])
	e.id("clientId", Clients, j.ClientID)
	e.id("projectId", Projects, j.ProjectID)
	e.instant("deadline", j.Deadline)
	e.instant("createdAt", j.Created)
	e.instant("updatedAt", j.Updated)
	e.minutes("estimatedTime", j.Estimated)
	e.minutes("workedTime", j.Worked)
	e.number("openedTasks", j.OpenedTasks)
	e.number("closedTasks", j.ClosedTasks)
	e.number("canceledTasks", j.Cancelled)
	e.deleted(j.IsDeleted || gone)
	e.text("taskType", "job")
}

func (s *store) taskID(k int) int { return s.jobs[s.tasks[k].job].ID*10 + int(s.tasks[k].k) }

func (s *store) writeTask(e *row, k int, gone bool) {
	j, n := &s.jobs[s.tasks[k].job], int(s.tasks[k].k)
	status := "Aberta"
	switch {
	case n >= j.OpenedTasks+j.ClosedTasks:
		status = "Cancelada"
	case n >= j.OpenedTasks:
		status = "Concluída"
	}
	var deadline time.Time
	if n == 0 {
		deadline = j.Deadline
	}
	e.id("id", Tasks, s.taskID(k))
	e.id("jobId", Jobs, j.ID)
	e.text("title", "Etapa "+strconv.Itoa(n+1))
	e.text("statusName", status)
	e.instant("deadline", deadline)
	e.deleted(j.IsDeleted || gone)
}

// writeProject writes the project of the job at k.
func (s *store) writeProject(e *row, k int) {
	j := &s.jobs[k]
	e.id("id", Projects, j.ProjectID)
	e.id("clientId", Clients, j.ClientID)
	e.text("title", "Projeto "+j.Title)
	e.situation(true)
}
