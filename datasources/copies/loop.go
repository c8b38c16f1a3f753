package copies

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// firstRetry is the wait after a failure; it doubles up to Config.Every.
const firstRetry = time.Second

// Options are what Sync is asked for.
type Options struct {
	// AcceptDeletions lets this pass delete as much as it finds missing; it reads
	// everything, as with Full. Beside a running server, whose loop will do the
	// reading, Store.AcceptDeletions says the same.
	AcceptDeletions bool
	// AcceptGarbled lets this pass take values that cannot be read in the place of those
	// that could; it reads everything, as with Full. Beside a running server
	// Store.AcceptGarbled says the same.
	AcceptGarbled bool
	// Full reads everything in full, also what is followed.
	Full     bool
	Progress func(Progress) // called in Sync's goroutine, nil = nobody listens
}

// Run keeps the copy until ctx ends. It follows every entity whose changes the
// source tells, and reads the others in full, at once where that is due and again
// every Config.Every; every Config.Sweep it reads those that it follows as well.
// Entities come one after the other, customers first, so that they do not fight
// over the agreed calls; what is to be followed does not wait for a long reading,
// it comes between two of its pages. A source that fails is asked again soon, then
// less and less often; the copy is served on. Deps.Progress is called in Run's
// goroutine.
//
// Of several instances on one store the one that Deps.Runner lets reads, all others
// wait for their turn. All of them look up every Config.Poll what was written, so
// that Status, EntityCopy and Deps.Changed are those of the copy and not of who
// reads it. Should two read all the same, nothing is lost or doubled: each page
// says which page it follows, and who comes late is told ErrOvertaken and waits for
// his next turn.
func (c *Copy) Run(ctx context.Context) error {
	watched, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { c.watch(watched) })
	defer wait.Wait()
	defer stop()
	if c.deps.Runner == nil {
		c.loop(ctx)
		return nil
	}
	for isRefused := false; ctx.Err() == nil; {
		run, release, err := c.deps.Runner(ctx, c.cfg.Name)
		switch {
		case err == nil:
			if isRefused = false; c.takeOver(run) == nil {
				c.loop(run)
			}
			release()
			c.handOver()
		case ctx.Err() == nil && !isRefused:
			isRefused = true
			c.deps.Log.WarnContext(ctx, "could not ask for the right to read a source", "source", c.cfg.Name, "err", err)
		}
		// Who loses the right at once, or cannot ask for it, does not ask in a circle.
		sleep(ctx, firstRetry)
	}
	return nil
}

// takeOver finds out where the sets stand, which another instance has read so far.
func (c *Copy) takeOver(ctx context.Context) error {
	err := c.look(ctx)
	if err != nil && ctx.Err() == nil {
		c.deps.Log.WarnContext(ctx, "could not take over the reading of a source", "source", c.cfg.Name, "err", err)
	}
	c.forget()
	return err
}

// handOver ends what this instance knows beside the store: from now on another one
// reads.
func (c *Copy) handOver() {
	c.forget()
	for _, s := range c.sets {
		s.fail(theReading, nil)
		s.fail(theFollowing, nil)
	}
}

// forget drops what this process knows of the readings beside the store.
func (c *Copy) forget() {
	for _, s := range c.sets {
		s.mu.Lock()
		s.before, s.settled, s.refused, s.unusable = -1, -1, 0, 0
		s.mu.Unlock()
	}
}

// loop does what is due until ctx ends.
func (c *Copy) loop(ctx context.Context) {
	for jobs := c.jobs(true); ctx.Err() == nil; {
		c.purgeDue(ctx)
		c.hasten(ctx, jobs)
		next := c.earliest(jobs)
		wait := longestSleep // a copy of nothing has nothing to do
		if next != nil {
			wait = next.due.Sub(c.deps.Now())
		}
		if wait <= 0 {
			c.work(ctx, next, jobs, c.deps.Progress)
		} else {
			c.rest(ctx, wait)
		}
	}
}

// hasten puts readings forward for which somebody consented to deletions or to garbled
// values: only a reading decides on them, and that of an entity which is followed may be
// a day away.
// It does so once for each consent, which outlasts a reading that still doubts.
func (c *Copy) hasten(ctx context.Context, jobs []*job) {
	now := c.deps.Now()
	for _, j := range jobs {
		if j.reading != nil || !j.s.takeGrant(now) {
			continue
		}
		if state := j.s.snapshot(); c.accepts(&state) {
			c.deps.Log.InfoContext(ctx, "found consent to garbled values", "source", c.cfg.Name, "entity", j.s.entity, "until", state.AcceptGarbled)
		}
		if j.due.After(now) {
			j.due, j.done = now, false
		}
	}
}

// rest waits until something is due, or somebody consents to something.
func (c *Copy) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-c.granted:
	}
}

// Sync does once what is due: it follows what is followed, and reads the rest,
// also once more where a reading did not meet rows that it may have missed. A
// reading that was interrupted is gone on with: it tells how things were after its
// beginning, as AsOf says. The errors of all entities are returned together. While
// the source asks to wait, it waits, but never past ctx's deadline. It does not ask
// Deps.Runner.
func (c *Copy) Sync(ctx context.Context, o Options) error {
	if o.AcceptDeletions {
		if err := c.deps.store.AcceptDeletions(ctx, c.cfg.Name, c.deps.Now().Add(c.cfg.Grant())); err != nil {
			return fmt.Errorf("accept deletions: %w", err)
		}
		defer func() {
			// What was not used is taken back: it was meant for this pass.
			if err := c.deps.store.AcceptDeletions(context.WithoutCancel(ctx), c.cfg.Name, time.Time{}); err != nil {
				c.deps.Log.WarnContext(ctx, "could not withdraw the consent to deletions", "source", c.cfg.Name, "err", err)
			}
		}()
	}
	if o.AcceptGarbled {
		if err := c.acceptGarbled(ctx, c.deps.Now().Add(c.cfg.Grant())); err != nil {
			return err
		}
		defer func() {
			if err := c.acceptGarbled(context.WithoutCancel(ctx), time.Time{}); err != nil {
				c.deps.Log.WarnContext(ctx, "could not withdraw the consent to garbled values", "source", c.cfg.Name, "err", err)
			}
		}()
	}
	defer c.purge(ctx)
	var errs []error
	for _, j := range c.jobs(false) {
		isFollowing := j.reading != nil
		j.full = o.Full
		if isFollowing && !c.canFollow(j.s) || !isFollowing && !o.Full && !o.AcceptDeletions && !o.AcceptGarbled && j.due.After(c.deps.Now()) {
			continue
		}
		if err := c.finish(ctx, j, o.Progress); err != nil {
			return errors.Join(append(errs, fmt.Errorf("sync %s: %w", c.cfg.Name, err))...)
		}
		if j.err != nil {
			errs = append(errs, fmt.Errorf("sync %s of %s: %w", j.s.entity, c.cfg.Name, j.err))
		}
	}
	return errors.Join(errs...)
}

// finish does a job until it is done. It fails when ctx ends.
func (c *Copy) finish(ctx context.Context, j *job, progress func(Progress)) error {
	for !j.done {
		if j.reading != nil && !c.canFollow(j.s) {
			return nil
		}
		c.work(ctx, j, nil, progress)
		if ctx.Err() != nil {
			return ctx.Err()
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
	return nil
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
