package quota

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"time"

	"github.com/trama-graph/trama/policies"
)

const (
	// heldFor is how long a reservation counts that nobody settles, because its
	// process died: as long as an agreement lets an operation take at most.
	heldFor = time.Hour
	// heldWait is what a caller waits for whom only answers under way leave nothing.
	heldWait = time.Second
)

// Reservation is rows of a day that are set aside for one answer, so that answers
// made at the same time have no more together than is left. A nil one is of an
// account that agreed to no rows a day.
type Reservation struct {
	limiter *Limiter
	account string
	day     int64
	rows    int64
	member  string // of the sorted set in Redis, "" when it is not there
	settled sync.Once
}

// Max returns how many rows the answer may have at most: 1 or more, and 0 for any
// number, when no rows a day are agreed or none were asked for.
func (r *Reservation) Max() int64 {
	if r == nil {
		return 0
	}
	return r.rows
}

// Settle counts the rows that the answer had, on the day they were set aside of,
// and gives the rest back. Only the first call does something. It is called on
// every way out, with 0 for what was never answered, and goes on when ctx has
// ended. What is not settled counts for an hour, or until this process ends where
// there is no Redis.
func (r *Reservation) Settle(ctx context.Context, rows int64) {
	if r == nil {
		return
	}
	r.settled.Do(func() { r.limiter.addRows(ctx, r.account, r.day, max(0, rows), r) })
}

// Reserve sets rows aside for an answer of at most that many: with 0 none, less than
// 0 all that are left, for an answer of which nobody knows. There may be fewer left:
// Max of the reservation is what the answer may have. Who has reserved settles. The
// error is LIMITED, retryable, with Wait: until midnight UTC when the day's rows are used
// up, a second when what is left is set aside for answers under way. State is as
// with Call. A nil principal is UNAUTHENTICATED.
func (l *Limiter) Reserve(ctx context.Context, p *policies.Principal, most int64) (*Reservation, State, error) {
	if p == nil {
		return nil, State{}, nobody()
	}
	a, account := &p.Agreement, accountOf(p)
	if a.RowsPerDay <= 0 {
		return nil, l.seen(account, a), nil
	}
	l.learnRows(ctx, account)
	switch {
	case most == 0:
		_, day := l.clock()
		return &Reservation{limiter: l, account: account, day: day}, l.seen(account, a), nil
	case most < 0:
		most = greatest
	}
	r, held := l.hold(ctx, account, min(a.RowsPerDay, greatest), most)
	s := l.seen(account, a)
	if r.rows > 0 {
		return r, s, nil
	}
	wait := s.Rows.Reset
	text := "%d rows a day"
	if held > 0 {
		wait, text = heldWait, "%d rows a day, and what is left of them is set aside for answers under way"
	}
	s, err := l.refuse(s, s.Rows, wait, text, a.RowsPerDay)
	return nil, s, err
}

// hold sets rows aside, in Redis or of this instance's share. Where it could set
// none aside, held is what others have set aside.
func (l *Limiter) hold(ctx context.Context, account string, agreed, most int64) (r *Reservation, held int64) {
	now, day := l.clock()
	r = &Reservation{limiter: l, account: account, day: day}
	if l.remote != nil {
		l.mu.Lock()
		c := &l.counters.get(account, now, day).rows
		base, mine := c.base, c.mine
		l.mu.Unlock()
		id := rand.Text()
		if l.remote.do(ctx, func(ctx context.Context) (err error) {
			r.rows, held, err = l.remote.hold(ctx, account, id, date(day), l.cfg.Now(), heldRequest{agreed: agreed - mine, base: base, most: most})
			return err
		}) {
			if r.rows > 0 {
				r.member = member(id, r.rows)
				l.keepHeld(account, day, r.rows)
			}
			return r, held
		}
		r.rows, held = 0, 0
		now, r.day = l.clock() // Redis may have taken until after midnight
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.counters.get(account, now, r.day).rows
	_, left := c.window(agreed, l.cfg.Instances)
	r.rows = max(0, min(most, left-c.held))
	if left > 0 {
		held = c.held
	}
	c.held += r.rows
	return r, held
}

// keepHeld notes here what was set aside in Redis: when Redis is lost before it is
// settled, it is not given out a second time.
func (l *Limiter) keepHeld(account string, day, n int64) {
	now, today := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := &l.counters.get(account, now, today).rows; r.day == day {
		r.held += n
	}
}

func date(day int64) time.Time { return time.Unix(day*86_400, 0).UTC() }

// member names a reservation in Redis and says how many rows it is of.
func member(id string, rows int64) string { return id + ":" + strconv.FormatInt(rows, 10) }
