package world

import "time"

// AgencyJob is a job of the agency for a client (wire/operand.md §2). Times are instants; Estimated and Worked are minutes.
type AgencyJob struct {
	ID                                  int // Customer × 100 + ItemID
	ItemID                              int // number inside the client, not a key
	ClientID, ProjectID                 int
	Title                               string
	Status                              int // index into AgencyJobStatus
	Created, Updated                    time.Time
	Deadline                            time.Time // zero if none was agreed
	Estimated, Worked                   int
	OpenedTasks, ClosedTasks, Cancelled int
	IsDeleted                           bool
}

// AgencyJobStatus are the names of the states of a job: the last two are closed.
var AgencyJobStatus = [...]string{"Briefing", "Em criação", "Em aprovação", "Concluído", "Cancelado"}

// IsClosed says whether a job is done or cancelled.
func (j *AgencyJob) IsClosed() bool { return j.Status >= 3 }

// IsLate says whether an open job is past its deadline at the world's end.
func (j *AgencyJob) IsLate() bool {
	return !j.IsClosed() && !j.Deadline.IsZero() && j.Deadline.Before(End)
}

// AgencyJobs returns the jobs for a customer; nil if he is no client of the agency.
func (w *World) AgencyJobs(i int) []AgencyJob {
	client, ok := w.agencyAccount(i)
	if !ok {
		return nil
	}
	created := w.identity(i).created
	r := w.rng(topicAgencyJob, i, 0)
	list := make([]AgencyJob, r.weighted(15, 30, 25, 20, 10))
	for k := range list {
		j := AgencyJob{ID: i*100 + k + 1, ItemID: k + 1, ClientID: client.ID, ProjectID: i*10 + k/2, Title: pick(&r, agencyTexts)}
		j.Created = moment(&r, created, End.AddDate(0, 0, -1)).Truncate(time.Second)
		j.Updated = earlier(j.Created.Add(time.Duration(r.n(20*24*3600))*time.Second), End)
		j.Status = r.weighted(15, 25, 15, 40, 5)
		if r.chance(80) {
			j.Deadline = j.Created.Add(time.Duration(5+r.n(40)) * 24 * time.Hour)
		}
		j.Estimated, j.Worked = 30*(1+r.n(80)), r.n(3000)
		j.OpenedTasks, j.ClosedTasks, j.Cancelled = r.n(3), r.n(3), r.n(2)
		if j.IsClosed() {
			j.ClosedTasks, j.OpenedTasks = j.ClosedTasks+j.OpenedTasks, 0
		}
		j.IsDeleted = r.chance(4)
		list[k] = j
	}
	return list
}
