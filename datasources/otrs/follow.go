package otrs

import (
	"context"
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
	// newestTickets is how many tickets are looked at for the newest change: one
	// of them may be deleted between the search and its TicketGet.
	newestTickets = 5
)

// Head implements datasources.Follower: a place a little before the newest change
// the server knows. It makes one search and one TicketGet; a server without
// tickets has a head too. A server that cannot search or sort by the time of the
// change is NOT_ENABLED.
func (r *tickets) Head(ctx context.Context) (datasources.Cursor, error) {
	ab, err := r.follows(ctx)
	if err != nil || ab.empty {
		return mark{}.cursor(), err
	}
	at, err := r.c.newest(ctx, ab)
	if err != nil {
		return "", r.c.asSource(err)
	}
	return mark{From: r.placeBefore(at, commitLag)}.cursor(), nil
}

// Since gives the tickets that changed, oldest first, as "OTRS / Znuny / OTOBO
// Generic Interface", "Incremental sync by change time" says. When nothing
// changed it makes one search, and a TicketGet for the tickets of the last
// seconds, which are read again; a page of changes is one search and a TicketGet
// for each batch, and a reading of more than a page three calls more. Deleted
// tickets leave no trace: ScanKeys finds them. Merged ones are there, with the
// state type MERGED.
//
// BAD_REQUEST is also the answer when the tickets given last are there with an
// earlier change: the server was set back to an earlier state. SOURCE_INVALID
// says that the server's clock is behind its last change, where its search finds
// nothing.
func (r *tickets) Since(ctx context.Context, cursor datasources.Cursor) (datasources.Changes[schema.Ticket], error) {
	none := datasources.Changes[schema.Ticket]{Next: cursor}
	from, err := readMark(cursor)
	if err != nil {
		return none, schema.SourceErrorf(schema.BadRequest, r.c.name, "the mark does not belong to %s", r.c.name).Because(err)
	}
	ab, err := r.follows(ctx)
	if err != nil {
		return none, err
	}
	if ab.empty {
		none.Next = from.cursor()
		return none, nil
	}
	// Enough for those that come again and twice as many, so that a crowded second
	// takes few searches: the server has no offset.
	limit := min(r.c.cfg.SyncPage+2*len(from.Seen), maxSyncLimit)
	for {
		s, err := r.step(ctx, ab, from, limit)
		if err != nil {
			return none, r.c.asSource(err)
		}
		// A full page with nothing new lies within one second.
		if len(s.Items) > 0 || !s.More {
			return s, nil
		}
		if from, err = readMark(s.Next); err != nil {
			return none, r.c.asSource(err)
		}
		if limit >= maxSyncLimit {
			return none, r.c.unsupported("follow so many changes of one second")
		}
		limit = min(2*limit, maxSyncLimit)
	}
}

// follows returns what the server can do when changes can be followed with it.
func (r *tickets) follows(ctx context.Context) (*abilities, error) {
	ab, err := r.c.abilities(ctx)
	if err == nil && !ab.empty && !ab.changed {
		err = schema.SourceErrorf(schema.NotEnabled, r.c.name, "%s cannot tell which tickets changed", r.c.name)
	}
	return ab, err
}

// newest is the time of the last change the server knows, of those that show
// tickets. One that sorts them by creation and finds none when it shall sort by
// change does not know that sort: it answers a bad one with nothing (#68).
func (c *client) newest(ctx context.Context, ab *abilities) (time.Time, error) {
	var last time.Time
	for range 3 {
		ids, err := c.search(ctx, ab, params{paramSort: []string{sortChanged, sortNumber}, paramOrder: []string{"Down", "Down"}, paramLimit: newestTickets})
		if err != nil {
			return last, err
		}
		if len(ids) == 0 {
			return last, schema.SourceErrorf(schema.NotEnabled, c.name, "%s cannot sort tickets by their last change", c.name)
		}
		found, err := getAll(ctx, c, ab, ids, want{}, func(t *ticketObject) (time.Time, error) { return parseTime(string(t.Changed), c.zone) })
		if err != nil {
			return last, err
		}
		for _, at := range found {
			last = later(last, at)
		}
		if len(found) > 0 {
			return last, nil
		}
	}
	return last, schema.SourceErrorf(schema.SourceUnavailable, c.name, "%s does not show the tickets it finds", c.name)
}

// placeBefore is the second a search begins with to find what changed at at, and
// lag before it.
func (r *tickets) placeBefore(at time.Time, lag time.Duration) string {
	if at.IsZero() {
		return ""
	}
	return wall(unambiguous(at.Add(-lag), r.c.zone), r.c.zone)
}

// part is what one search found.
type part struct {
	tickets []schema.Ticket // in the search's order
	ids     int
	last    time.Time     // of the tickets' changes
	took    time.Duration // from before the search until all tickets were here
}

// read makes one search from the mark on.
func (r *tickets) read(ctx context.Context, ab *abilities, m mark, limit int) (part, error) {
	search := params{paramSort: []string{sortChanged, sortNumber}, paramOrder: []string{"Up", "Up"}, paramLimit: limit}
	if m.From != "" {
		search[changedNewer] = m.From
	}
	begun := r.c.now()
	ids, err := r.c.search(ctx, ab, search)
	if err != nil {
		return part{}, err
	}
	mp := r.mapper(nil)
	out := part{ids: len(ids)}
	// A crowded second is more than may wait for a place at once.
	for some := range slices.Chunk(ids, r.c.cfg.Batch*r.c.cfg.Concurrency) {
		found, err := getAll(ctx, r.c, ab, some, mp.want(), mp.ticket)
		if err != nil {
			return part{}, err
		}
		out.tickets = append(out.tickets, found...)
	}
	out.took = max(0, r.c.now().Sub(begun))
	for i := range out.tickets {
		out.last = later(out.last, out.tickets[i].UpdatedAt)
	}
	return out, nil
}

// step gives what one search finds behind the mark.
func (r *tickets) step(ctx context.Context, ab *abilities, m mark, limit int) (datasources.Changes[schema.Ticket], error) {
	var out datasources.Changes[schema.Ticket]
	p, err := r.read(ctx, ab, m, limit)
	if err != nil {
		return out, err
	}
	out.Items = m.fresh(p.tickets)
	// As many as that may have been cut off, by the server's own limit too.
	isLong := p.ids >= limit || p.ids >= r.c.cfg.SyncPage && len(out.Items) > 0
	if isLong && m.Until == "" {
		// A ticket that changes between the search and its TicketGet has a time of
		// then, far behind those that were cut off. It is told by a place that was
		// known before.
		at, err := r.c.newest(ctx, ab)
		if err != nil {
			return out, err
		}
		m.Until = r.placeBefore(at, commitLag)
		if p, err = r.read(ctx, ab, m, limit); err != nil {
			return out, err
		}
		out.Items = m.fresh(p.tickets)
	}
	var next mark
	out.More = p.ids >= limit || len(out.Items) > 0 && m.Until != "" && p.last.Before(r.time(m.Until))
	switch {
	case out.More:
		next, err = r.goOn(p, m)
	case len(p.tickets) == 0:
		next = mark{From: m.From, Seen: m.Seen}
		if p.ids == 0 {
			next.Seen, err = r.whereTo(ctx, ab, m)
		}
	default:
		next = r.upToDate(p, m)
	}
	if err != nil {
		return out, err
	}
	out.Next = next.cursor()
	slices.SortStableFunc(out.Items, func(a, b schema.Ticket) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	return out, nil
}

// fresh are the tickets that were not given as they are now.
func (m *mark) fresh(found []schema.Ticket) []schema.Ticket {
	return slices.DeleteFunc(slices.Clone(found), func(t schema.Ticket) bool { return m.sees(&t) })
}

// time is a time of a mark, which was parsed when the mark was read or comes from
// a ticket.
func (r *tickets) time(text string) time.Time {
	at, err := parseTime(text, r.c.zone)
	if err != nil {
		return time.Time{}
	}
	return at
}

// goOn is the mark behind a page that was cut off. Of the tickets changed before
// Until the search told the truth about their places; the last of them is how far
// the page reaches.
func (r *tickets) goOn(p part, m mark) (mark, error) {
	until := r.time(m.Until)
	var place time.Time
	for i := range p.tickets {
		at := p.tickets[i].UpdatedAt
		if !at.Before(until) {
			continue
		}
		// The hour that clocks repeat is in disorder for us.
		if at.Before(place.Add(-time.Hour)) {
			return m, r.c.unsorted()
		}
		place = later(place, at)
	}
	next := mark{From: m.From, Until: m.Until}
	if at := r.placeBefore(place, 0); at != "" && r.time(at).After(r.time(m.From)) {
		next.From = at
	} else if !p.last.Before(until) {
		// The page lies behind Until: it is moved on.
		next.Until = ""
	}
	r.see(&next, p)
	// Those behind the page's end come again with another page.
	here := make(map[string]bool, len(p.tickets))
	for i := range p.tickets {
		here[p.tickets[i].Key] = true
	}
	for key, digest := range m.Seen {
		if !here[key] {
			next.Seen[key] = digest
		}
	}
	return next, nil
}

// upToDate is the mark behind all there is. It begins a little before the last
// change, and before all that may have changed since its ticket was read.
func (r *tickets) upToDate(p part, m mark) mark {
	next := mark{From: m.From}
	lag := commitLag + p.took.Truncate(time.Second)
	if at := r.placeBefore(p.last, lag); at != "" && r.time(at).After(r.time(m.From)) {
		next.From = at
	}
	r.see(&next, p)
	return next
}

// see remembers the tickets the next search will find again.
func (r *tickets) see(m *mark, p part) {
	from := r.time(m.From)
	m.Seen = map[string]string{}
	for i := range p.tickets {
		if t := &p.tickets[i]; !t.UpdatedAt.Before(from) {
			m.Seen[t.Key] = digestOf(t)
		}
	}
}

// whereTo finds out why a search does not find the tickets that were given last,
// and returns those that are still there. Deleted ones leave no trace, and are no
// reason to do anything.
func (r *tickets) whereTo(ctx context.Context, ab *abilities, m mark) (map[string]string, error) {
	ids := make([]string, 0, len(m.Seen))
	for key := range m.Seen {
		ids = append(ids, key)
	}
	slices.Sort(ids)
	if ids = ids[:min(len(ids), r.c.cfg.Batch)]; len(ids) == 0 {
		return nil, nil
	}
	mp := r.mapper(nil)
	found, err := getAll(ctx, r.c, ab, ids, mp.want(), mp.ticket)
	if err != nil {
		return nil, err
	}
	left := map[string]string{}
	var unchanged []string
	for i := range found {
		t := &found[i]
		left[t.Key] = m.Seen[t.Key]
		switch {
		case t.UpdatedAt.Before(r.time(m.From)):
			return nil, schema.SourceErrorf(schema.BadRequest, r.c.name, "%s went back in time: its last changes are not there any more", r.c.name)
		case m.sees(t):
			unchanged = append(unchanged, t.Key)
		}
	}
	search := params{paramLimit: len(unchanged)}
	if !ab.ticketIDs || !search.set(paramTicketID, unchanged...) {
		return left, nil
	}
	// One that was archived is not to be found, and that is right.
	if ids, err = r.c.search(ctx, ab, search); err != nil || len(ids) == 0 {
		return left, err
	}
	return nil, schema.SourceErrorf(schema.SourceInvalid, r.c.name, "%s has its clock behind its last change: what changes until then cannot be found", r.c.name)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
