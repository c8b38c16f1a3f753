package otrs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

const (
	// commitLag is how far behind the last change a copy that is up to date
	// begins again: a change may be committed after a later one was seen.
	commitLag = 5 * time.Second
	// maxSyncLimit is the most tickets of one second a copy can get past.
	maxSyncLimit = 50_000
)

// mark is how far changes were read. From is a time of the server's wall clock,
// taken from a ticket and never from our clock: one ahead of the server's would
// find nothing, silently. Seen are the tickets at or behind From that were given
// out, with the change they had then.
type mark struct {
	From string            `json:"from"`
	Seen map[string]string `json:"seen,omitempty"`
}

// Since gives the tickets that changed, oldest first: one search and a TicketGet
// for each batch. It reads the last second again, and drops what it gave before
// by ticket and change. Deleted tickets leave no trace.
func (r *tickets) Since(ctx context.Context, cursor datasources.Cursor) (datasources.Changes[schema.Ticket], error) {
	none := datasources.Changes[schema.Ticket]{Next: cursor}
	from, err := readMark(cursor)
	if err != nil {
		return none, schema.SourceErrorf(schema.BadRequest, r.c.name, "the mark does not belong to %s", r.c.name).Because(err)
	}
	ab, err := r.c.abilities(ctx)
	if err != nil || ab.empty {
		return none, err
	}
	if !ab.changed {
		return none, r.c.unsupported("tell which Ticket changed")
	}
	for limit := r.c.cfg.SyncPage; ; limit *= 2 {
		if limit > maxSyncLimit {
			return none, r.c.unsupported("follow so many changes of one second")
		}
		step, err := r.step(ctx, ab, from, limit)
		if err != nil {
			return none, r.c.asSource(err)
		}
		// A full page with nothing new lies within one second, and there is no
		// offset: more is asked for.
		if len(step.Items) > 0 || !step.More {
			return step, nil
		}
	}
}

// step makes one search from the mark on.
func (r *tickets) step(ctx context.Context, ab *abilities, from mark, limit int) (datasources.Changes[schema.Ticket], error) {
	var out datasources.Changes[schema.Ticket]
	search := params{paramSort: []string{sortChanged, sortNumber}, paramOrder: []string{"Up", "Up"}, paramLimit: limit}
	if from.From != "" {
		search[changedNewer] = from.From
	}
	ids, err := r.c.search(ctx, ab, search)
	if err != nil {
		return out, err
	}
	m := r.mapper(nil)
	found, err := getAll(ctx, r.c, ab, ids, m.want(), m.ticket)
	if err != nil {
		return out, err
	}
	out.More = len(ids) >= limit
	begin, err := parseTime(from.From, r.c.zone)
	if err != nil {
		return out, err
	}
	last := begin
	for i := range found {
		last = later(last, found[i].UpdatedAt)
	}
	if last.IsZero() || len(found) == 0 {
		out.Next = from.cursor()
		return out, nil
	}
	next := from.after(found, last, out.More, r.c.zone)
	out.Next = next.cursor()
	out.Items = slices.DeleteFunc(found, func(t schema.Ticket) bool {
		return from.Seen[t.Key] == t.UpdatedAt.Format(time.RFC3339)
	})
	slices.SortStableFunc(out.Items, func(a, b schema.Ticket) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	return out, nil
}

// after is the mark behind the tickets found, the last of which changed at last.
// While there is more it lies at that second; a copy that is up to date begins a
// little before it. Seen reaches back so far in any case.
func (m mark) after(found []schema.Ticket, last time.Time, isMore bool, zone *time.Location) mark {
	cut := last.Add(-commitLag)
	next := mark{From: cut.In(zone).Format(timeLayout), Seen: map[string]string{}}
	if isMore {
		next.From = last.In(zone).Format(timeLayout)
	}
	oldest := cut.Format(time.RFC3339)
	for key, at := range m.Seen {
		if at >= oldest {
			next.Seen[key] = at
		}
	}
	for i := range found {
		if at := found[i].UpdatedAt.Format(time.RFC3339); at >= oldest {
			next.Seen[found[i].Key] = at
		}
	}
	return next
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (m mark) cursor() datasources.Cursor {
	if m.From == "" {
		return ""
	}
	// Two texts and a map of texts always encode.
	b, _ := json.Marshal(m)
	return datasources.Cursor(b)
}

func readMark(c datasources.Cursor) (mark, error) {
	var m mark
	if c == "" {
		return m, nil
	}
	if err := json.Unmarshal([]byte(c), &m); err != nil {
		return m, fmt.Errorf("otrs: mark: %w", err)
	}
	if _, err := parseTime(m.From, time.UTC); err != nil {
		return m, err
	}
	return m, nil
}
