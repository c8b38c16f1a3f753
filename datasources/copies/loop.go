package copies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trama-graph/trama/schema"
)

// firstRetry is the wait after a failure; it doubles up to Config.Every.
const firstRetry = time.Second

// acceptFor is how long the consent to deletions of Sync holds: longer than any
// reading takes.
const acceptFor = 24 * time.Hour

// Options are what Sync is asked for.
type Options struct {
	// AcceptDeletions lets this pass delete as much as it finds missing. Beside a
	// running server, whose loop will do the reading, Store.AcceptDeletions says the
	// same.
	AcceptDeletions bool
	Progress        func(Progress) // called in Sync's goroutine, nil = nobody listens
}

// Run reads every entity at once that is due, and again every Config.Every,
// until ctx ends: one after the other, customers first, so that they do not fight
// over the agreed calls. A source that fails is asked again soon, then less and
// less often; the copy is served on. Deps.Progress is called in Run's goroutine.
//
// One process should run the loop: `trama serve` and `trama sync` take the
// store's lock for it. Should two do so all the same, nothing is lost or
// doubled: each page says which page it follows, and who comes late is told
// ErrOvertaken and waits for his next turn.
func (c *Copy) Run(ctx context.Context) error {
	jobs := c.jobs(true)
	for {
		now := c.deps.Now()
		if next := earliest(jobs); next != nil && !next.due.After(now) {
			if err := c.work(ctx, next, c.deps.Progress); ctx.Err() != nil || err != nil {
				return err
			}
			continue
		}
		if !sleep(ctx, untilFirst(jobs, now)) {
			return nil
		}
	}
}

// Sync reads every entity once, and once more where a reading did not meet rows
// that it may have missed. A reading that was interrupted is gone on with: it
// tells how things were after its beginning, as AsOf says. The errors of all
// entities are returned together. While the source asks to wait, it waits, but
// never past ctx's deadline.
func (c *Copy) Sync(ctx context.Context, o Options) error {
	if o.AcceptDeletions {
		if err := c.deps.store.AcceptDeletions(ctx, c.cfg.Name, c.deps.Now().Add(acceptFor)); err != nil {
			return fmt.Errorf("accept deletions: %w", err)
		}
		defer func() {
			// What was not used is taken back: it was meant for this pass.
			if err := c.deps.store.AcceptDeletions(context.WithoutCancel(ctx), c.cfg.Name, time.Time{}); err != nil {
				c.deps.Log.WarnContext(ctx, "could not withdraw the consent to deletions", "source", c.cfg.Name, "err", err)
			}
		}()
	}
	var errs []error
	for _, j := range c.jobs(false) {
		for !j.done {
			if err := c.work(ctx, j, o.Progress); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return errors.Join(append(errs, fmt.Errorf("sync %s: %w", c.cfg.Name, ctx.Err()))...)
			}
			wait := j.due.Sub(c.deps.Now())
			if j.done || wait <= 0 {
				continue
			}
			if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
				j.done = true // j.err says how long to wait
			} else {
				sleep(ctx, wait)
			}
		}
		if j.err != nil {
			errs = append(errs, fmt.Errorf("sync %s of %s: %w", j.s.entity, c.cfg.Name, j.err))
		}
	}
	return errors.Join(errs...)
}

// job is when an entity is read next.
type job struct {
	s       *set
	due     time.Time
	retry   time.Duration
	confirm bool  // the next reading confirms the last one
	pages   int64 // of its reading when the source last wanted fewer calls
	done    bool  // Sync need not read it again
	err     error // of the last reading
}

// jobs makes one for each entity. With rested, those whose last reading is recent
// wait for their time, so that a restart does not read everything again.
func (c *Copy) jobs(rested bool) []*job {
	now := c.deps.Now()
	out := make([]*job, len(c.sets))
	for i, s := range c.sets {
		out[i] = &job{s: s, due: now, retry: firstRetry}
		state := s.snapshot()
		if due := state.AsOf.Add(c.cfg.Every); rested && state.Complete > 0 && !state.Running && due.After(now) && due.Before(now.Add(c.cfg.Every)) {
			out[i].due = due
		}
	}
	return out
}

// earliest is the job that has been due the longest, nil when there is none. Were
// the first in the list taken, two entities whose readings take longer than Every
// would leave no time for a third.
func earliest(jobs []*job) *job {
	var first *job
	for _, j := range jobs {
		if first == nil || j.due.Before(first.due) {
			first = j
		}
	}
	return first
}

func untilFirst(jobs []*job, now time.Time) time.Duration {
	wait := time.Hour // a copy of nothing has nothing to do
	for i, j := range jobs {
		if d := j.due.Sub(now); i == 0 || d < wait {
			wait = d
		}
	}
	return wait
}

// work reads one entity and says when it is due again. It returns an error only
// when ctx ended while another reading was under way.
func (c *Copy) work(ctx context.Context, j *job, progress func(Progress)) error {
	select {
	case <-c.turn:
	case <-ctx.Done():
		return nil
	}
	defer func() { c.turn <- struct{}{} }()
	if ctx.Err() != nil {
		return nil
	}
	last := Progress{Source: c.cfg.Name, Entity: j.s.entity}
	report := func(state Set, step Step) {
		if j.confirm && step == Reading {
			step = Confirming
		}
		last.Step, last.Rows, last.Pages, last.Changed, last.Resumed = step, state.Seen, state.Pages, state.Changed, state.Resumed
		last.Missing, last.Refused, last.Took = 0, 0, c.deps.Now().Sub(state.Started)
		if progress != nil {
			progress(last)
		}
	}
	out, err := c.run(ctx, j.s, report)
	if ctx.Err() != nil {
		return nil
	}
	now := c.deps.Now()
	if err == nil {
		c.complete(ctx, j, out, now)
		last.Doubtful = out.set.isDoubtful()
		last.Step, last.Rows, last.Changed, last.Deleted, last.Missing, last.Refused, last.Took = Done, out.set.Seen, out.set.Changed, out.deleted, out.set.Missing, out.set.Refused, out.set.Took
	} else {
		last.Step, last.Err = c.failed(ctx, j, err, now), err
	}
	if last.Wait = j.due.Sub(now); progress != nil {
		progress(last)
	}
	return nil
}

// complete takes down a reading that came to its end.
func (c *Copy) complete(ctx context.Context, j *job, out outcome, now time.Time) {
	j.err, j.retry = nil, firstRetry
	j.s.fail(nil)
	j.confirm = out.again && !j.confirm
	j.done = !j.confirm
	j.due = now
	if j.done {
		// After a reading that takes longer than Every the source has a rest. A clock
		// that was set back meanwhile does not put the next one off.
		j.due = later(earlier(out.set.Started, now).Add(c.cfg.Every), now.Add(c.cfg.Every/4))
	}
	attrs := []any{"source", c.cfg.Name, "entity", j.s.entity, "rows", out.set.Rows, "changed", out.set.Changed, "deleted", out.deleted, "missing", out.set.Missing, "took", out.set.Took}
	switch {
	case out.set.Refused > 0:
		c.deps.Log.ErrorContext(ctx, "refused to delete so many rows at once", append(attrs, "refused", out.set.Refused)...)
	case out.set.isDoubtful():
		c.deps.Log.WarnContext(ctx, "read a copy that may have ended too early", attrs...)
	case out.set.Changed+out.deleted > 0:
		c.deps.Log.InfoContext(ctx, "read copy", attrs...)
	default:
		c.deps.Log.DebugContext(ctx, "read copy", attrs...)
	}
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

// failed takes down a reading that did not come to its end.
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
	if isNews := j.s.fail(e); step == NotEnabled {
		if isNews {
			c.deps.Log.InfoContext(ctx, "found that an entity is not enabled", "source", c.cfg.Name, "entity", j.s.entity)
		}
	} else if isNews {
		c.deps.Log.WarnContext(ctx, "could not read copy", "source", c.cfg.Name, "entity", j.s.entity, "code", e.Code, "err", err, "cause", e.Err, "next", wait)
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

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
