package copies

import (
	"context"
	"errors"
	"time"

	"github.com/trama-graph/trama/schema"
)

// job is when an entity is read, or followed, next.
type job struct {
	s       *set
	due     time.Time
	retry   time.Duration
	confirm bool  // the next reading confirms the last one
	full    bool  // it is not read by its keys
	pages   int64 // of its reading when the source last wanted fewer calls
	done    bool  // Sync need not read it again
	err     error // of the last reading

	reading *job // of the same set, for a job that follows; nil for one that reads
}

func (j *job) activity() activity {
	if j.reading != nil {
		return theFollowing
	}
	return theReading
}

// jobs makes one for each entity, and before them one for each that can be
// followed. With rested, those whose last reading is recent wait for their time, so
// that a restart does not read everything again; an entity that is followed does so
// in any case.
func (c *Copy) jobs(rested bool) []*job {
	now := c.deps.Now()
	var following, reading []*job
	for _, s := range c.sets {
		state := s.snapshot()
		r := &job{s: s, due: now, retry: firstRetry}
		if (rested || c.hasCursor(s, &state)) && state.Complete > 0 && !state.Running {
			r.due = rest(now, state.Started, c.every(s, &state))
		}
		reading = append(reading, r)
		if s.changes == nil {
			continue
		}
		f := &job{s: s, due: now, retry: firstRetry, reading: r}
		if rested {
			f.due = rest(now, state.Followed, c.cfg.Every)
		}
		following = append(following, f)
	}
	return append(following, reading...)
}

// rest is when something is due again that was last begun at a time: now, when
// that is long ago, or cannot have been.
func rest(now, last time.Time, every time.Duration) time.Time {
	if due := last.Add(every); due.After(now) && due.Before(now.Add(every)) {
		return due
	}
	return now
}

// isReady reports whether a job can be done at all.
func (c *Copy) isReady(j *job) bool { return j.reading == nil || c.canFollow(j.s) }

// earliest is the job that has been due the longest, nil when there is none. Were
// the first in the list taken, two entities whose readings take longer than Every
// would leave no time for a third.
func (c *Copy) earliest(jobs []*job) *job {
	var first *job
	for _, j := range jobs {
		if c.isReady(j) && (first == nil || j.due.Before(first.due)) {
			first = j
		}
	}
	return first
}

// longestSleep is how long the loop sleeps when it has nothing to do.
const longestSleep = time.Hour

// work does a job and says when it is due again. jobs are all there are: those who
// follow are done between the pages of a reading. It does nothing when ctx ends
// while another reading is under way.
func (c *Copy) work(ctx context.Context, j *job, jobs []*job, progress func(Progress)) {
	select {
	case <-c.turn:
	case <-ctx.Done():
		return
	}
	defer func() { c.turn <- struct{}{} }()
	switch {
	case ctx.Err() != nil:
	case j.reading != nil:
		c.workFollowing(ctx, j, progress)
	default:
		c.workReading(ctx, j, jobs, progress)
	}
}

func (c *Copy) workReading(ctx context.Context, j *job, jobs []*job, progress func(Progress)) {
	last := Progress{Source: c.cfg.Name, Entity: j.s.entity}
	tell := func() {
		if progress != nil {
			progress(last)
		}
	}
	report := func(state Set, step Step) {
		if j.confirm {
			step = Confirming
		}
		last.Step, last.Rows, last.Pages, last.Changed, last.Resumed = step, state.Seen, state.Pages, state.Changed, state.Resumed
		last.Missing, last.Refused, last.Held, last.Took = 0, 0, 0, c.deps.Now().Sub(state.Started)
		tell()
	}
	between := func(ctx context.Context) {
		for _, f := range jobs {
			// A page that was read ahead of its turn is older than what would be followed.
			isAhead := f.s == j.s && f.s.ahead
			if f.reading != nil && !isAhead && !f.due.After(c.deps.Now()) && c.isReady(f) && ctx.Err() == nil {
				c.workFollowing(ctx, f, progress)
			}
		}
	}
	out, err := c.run(ctx, &reading{s: j.s, full: j.full, report: report, between: between})
	if ctx.Err() != nil {
		return
	}
	now := c.deps.Now()
	if err == nil {
		c.complete(ctx, j, out, now)
		last.Doubtful = out.set.isDoubtful()
		last.Step, last.Rows, last.Changed, last.Deleted, last.Missing, last.Refused, last.Held, last.Took = Done, out.set.Seen, out.set.Changed, out.deleted, out.set.Missing, out.set.Refused, out.set.Held, out.set.Took
	} else {
		last.Step, last.Err = c.failed(ctx, j, err, now), err
	}
	last.Wait = j.due.Sub(now)
	tell()
}

func (c *Copy) workFollowing(ctx context.Context, j *job, progress func(Progress)) {
	last := Progress{Source: c.cfg.Name, Entity: j.s.entity}
	report := func(f *followed, step Step) {
		last.Step, last.Rows, last.Pages, last.Changed, last.Deleted, last.Refused, last.Held = step, f.rows, f.pages, f.changed, f.deleted, f.refused, f.set.Held
		last.Took = c.deps.Now().Sub(f.began)
		if progress != nil {
			progress(last)
		}
	}
	out, err := c.follow(ctx, j.s, func(f *followed) { report(f, Following) })
	if out.changed+out.deleted > 0 {
		c.deps.Changed(j.s.entity) // what was saved is, whatever came then
	}
	if ctx.Err() != nil {
		return
	}
	now := c.deps.Now()
	step := Followed
	switch {
	case errors.Is(err, errCursor):
		// What has changed since is not known, so all is read anew.
		j.retry, j.err, j.done, j.due = firstRetry, nil, true, now.Add(c.cfg.Every)
		j.s.fail(theFollowing, nil)
		j.reading.due, j.reading.done = now, false
	case err != nil:
		step, last.Err = c.failed(ctx, j, err, now), err
	default:
		c.completeFollowing(ctx, j, &out, now)
	}
	last.Wait = j.due.Sub(now)
	report(&out, step)
}

// completeFollowing takes down a following that came to its end.
func (c *Copy) completeFollowing(ctx context.Context, j *job, out *followed, now time.Time) {
	j.err, j.retry, j.done = nil, firstRetry, !out.more
	j.s.fail(theFollowing, nil)
	c.noteFailure(ctx, j.s, "")
	if j.due = now; j.done {
		j.due = again(out.began, now, c.cfg.Every)
	}
	j.s.mu.Lock()
	j.s.took = now.Sub(out.began)
	if out.refused > 0 {
		j.s.refused = out.refused
	}
	j.s.mu.Unlock()
	attrs := []any{"source", c.cfg.Name, "entity", j.s.entity, "rows", out.set.Rows, "changed", out.changed, "deleted", out.deleted, "took", now.Sub(out.began)}
	switch {
	case out.refused > 0:
		// A reading sees whether they are gone, and asks the operator.
		j.reading.due, j.reading.done = now, false
		c.deps.Log.ErrorContext(ctx, "refused to delete so many rows at once", append(attrs, "refused", out.refused)...)
	case len(out.garbled.held) > 0:
		c.tellHeld(ctx, &out.garbled, attrs, out.set.Held)
	case out.changed+out.deleted > 0:
		c.deps.Log.InfoContext(ctx, "followed copy", attrs...)
	default:
		c.deps.Log.DebugContext(ctx, "followed copy", attrs...)
	}
}

// noteFailure tells the other instances how the last reading or following ended, when
// that is news to the store.
func (c *Copy) noteFailure(ctx context.Context, s *set, code schema.Code) {
	if e := s.failure(); e != nil {
		code = e.Code // of the two activities one may go on failing
	}
	state, column := s.snapshot(), s.refusedColumn()
	if column == "" && state.Running && state.Garbled != "" {
		// A reading that was refused, by another process or before it failed for something
		// else, has not ended since: what it would have brought is not here.
		column = state.Garbled
		if code == "" {
			code = state.Failure
		}
	}
	if state.Failure == code && state.Garbled == column {
		return
	}
	if err := c.deps.store.NoteFailure(ctx, s.id, code, column); err != nil {
		return // the store is away: the next end says it again
	}
	state = s.snapshot()
	whole := state.Whole()
	if state.Failure, state.Garbled = code, column; column != "" {
		state.AsOf = whole
	}
	s.note(state)
}

// complete takes down a reading that came to its end.
func (c *Copy) complete(ctx context.Context, j *job, out outcome, now time.Time) {
	j.err, j.retry = nil, firstRetry
	j.s.fail(theReading, nil)
	c.noteFailure(ctx, j.s, "")
	j.confirm = out.again && !j.confirm
	j.done = !j.confirm
	if j.due = now; j.done {
		j.full = false
		j.due = again(out.set.Started, now, c.every(j.s, &out.set))
	}
	attrs := []any{"source", c.cfg.Name, "entity", j.s.entity, "rows", out.set.Rows, "changed", out.set.Changed, "deleted", out.deleted, "missing", out.set.Missing, "took", out.set.Took, "bykeys", out.set.isByKeys()}
	switch {
	case out.set.Refused > 0:
		c.deps.Log.ErrorContext(ctx, "refused to delete so many rows at once", append(attrs, "refused", out.set.Refused)...)
	case len(j.s.garbled.held) > 0:
		c.tellHeld(ctx, &j.s.garbled, attrs, out.set.Held)
	case out.set.isDoubtful():
		c.deps.Log.WarnContext(ctx, "read a copy that may have ended too early", attrs...)
	case out.set.Changed+out.deleted > 0:
		c.deps.Log.InfoContext(ctx, "read copy", attrs...)
	default:
		c.deps.Log.DebugContext(ctx, "read copy", attrs...)
	}
}

// again is when something that began at a time is due again. After what takes
// longer than every the source has a rest. A clock that was set back meanwhile does
// not put the next one off.
func again(began, now time.Time, every time.Duration) time.Time {
	return later(earlier(began, now).Add(every), now.Add(every/4))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// failed takes down a reading or a following that did not come to its end.
func (c *Copy) failed(ctx context.Context, j *job, err error, now time.Time) Step {
	var e *schema.Error
	if !errors.As(err, &e) {
		e = schema.SourceErrorf(schema.Internal, c.cfg.Name, "the copy of %s could not be written", c.cfg.Name).Because(err)
		e.Retryable = true
	}
	wait, step := j.retry, Failed
	switch {
	case e.Code == schema.NotEnabled:
		wait, step, j.done = c.cfg.Every, NotEnabled, true
		if err := c.deps.store.Refuse(ctx, j.s.id, e.Code); err != nil {
			c.deps.Log.WarnContext(ctx, "could not remember that an entity is not enabled", "source", c.cfg.Name, "entity", j.s.entity, "err", err)
		}
		state := j.s.snapshot()
		state.Refusal = e.Code
		j.s.note(state)
	case e.Code == schema.SourceLimited:
		wait, step, j.err = c.limitedFor(j, e.Wait), Waiting, err // the same reading goes on at its mark
	case errors.Is(err, ErrOvertaken), !e.Retryable:
		// Who was refused a login and asks again and again has his account locked.
		wait, j.err, j.done = c.cfg.Every, err, true
	default:
		wait = max(wait, min(e.Wait, c.cfg.Every))
		j.retry, j.err, j.done = min(2*j.retry, c.cfg.Every), err, true
	}
	j.due = now.Add(wait)
	isNews := j.s.fail(j.activity(), e)
	if e.Code != schema.NotEnabled && !errors.Is(err, ErrOvertaken) { // which are no failures of the source
		c.noteFailure(ctx, j.s, e.Code)
	}
	if !isNews {
		return step
	}
	attrs := []any{"source", c.cfg.Name, "entity", j.s.entity}
	failure := append(attrs, "code", e.Code, "err", err, "cause", e.Err, "next", wait)
	switch {
	case step == NotEnabled:
		c.deps.Log.InfoContext(ctx, "found that an entity is not enabled", attrs...)
	case j.reading != nil:
		c.deps.Log.WarnContext(ctx, "could not follow copy", failure...)
	default:
		c.deps.Log.WarnContext(ctx, "could not read copy", failure...)
	}
	return step
}

// longestPause bounds how long a source that wants fewer calls is left alone, where
// Every is less: one that says "next year" is asked again.
const longestPause = time.Minute

// limitedFor is how long to leave a source alone that wants fewer calls. One that
// does not say for how long is asked less and less often while nothing comes.
func (c *Copy) limitedFor(j *job, asked time.Duration) time.Duration {
	if asked > 0 {
		return max(min(asked, max(c.cfg.Every, longestPause)), firstRetry)
	}
	if pages := j.s.snapshot().Pages; pages != j.pages {
		j.pages, j.retry = pages, firstRetry
	}
	wait := j.retry
	j.retry = min(2*j.retry, c.cfg.Every)
	return wait
}
