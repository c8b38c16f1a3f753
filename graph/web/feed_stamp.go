package web

import (
	"time"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/schema"
)

// origin is where records come from.
type origin struct{ entity, source string }

// stamp fills the columns each table begins with, as far as the records tell: how old
// the oldest record of a row is, and when the latest of them changed. That is not known
// where one of them does not tell.
func (r *feedRunner) stamp(q *dataset.Query, cells []schema.Value, width int) {
	if len(q.Records) == 0 {
		return
	}
	// Opening an id is dear: records of one source all have one age, and rows of one
	// record mostly stand together.
	type seen struct {
		isOnly bool
		id     string
		at     time.Time
	}
	last := make([]seen, len(q.Records))
	for i := range q.Records {
		last[i].at, last[i].isOnly = r.onlyAge(q.Records[i].Type)
	}
	for ; len(cells) >= width; cells = cells[width:] {
		var oldest, latest time.Time
		isKnown := true
		for i := range q.Records {
			id := &cells[dataset.FixedColumns+q.Records[i].ID]
			if id.IsNull() {
				continue
			}
			if !last[i].isOnly && last[i].id != id.Str {
				last[i].id, last[i].at = id.Str, r.ageOf(id.Str)
			}
			if at := last[i].at; !at.IsZero() && (oldest.IsZero() || at.Before(oldest)) {
				oldest = at
			}
			if c := q.Records[i].Changed; c < 0 || cells[dataset.FixedColumns+c].IsNull() {
				isKnown = false
			} else if at := cells[dataset.FixedColumns+c].Time; at.After(latest) {
				latest = at
			}
		}
		cells[dataset.AsOfColumn] = schema.Time(oldest)
		if cells[dataset.ModifiedAtColumn] = schema.Null; isKnown {
			cells[dataset.ModifiedAtColumn] = schema.Time(latest)
		}
	}
}

// ageOf is how old a record is, in the state its source had when the answer began.
func (r *feedRunner) ageOf(id string) time.Time {
	c := &r.cfg.Feed
	if c.Origin == nil || c.AsOf == nil {
		return time.Time{}
	}
	entity, source, ok := c.Origin(id)
	if !ok {
		return time.Time{}
	}
	return r.age(origin{entity, source})
}

// onlyAge is how old all records of an entity are, false where they have several sources.
func (r *feedRunner) onlyAge(entity string) (time.Time, bool) {
	c := &r.cfg.Feed
	if c.Only == nil || c.AsOf == nil {
		return time.Time{}, false
	}
	source, ok := c.Only(entity)
	if !ok {
		return time.Time{}, false
	}
	return r.age(origin{entity, source}), true
}

// age is the age of records, looked up once in an answer.
func (r *feedRunner) age(of origin) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, known := r.asOf[of]
	if !known {
		at = r.cfg.Feed.AsOf(of.entity, of.source)
		r.asOf[of] = at
	}
	return at
}
