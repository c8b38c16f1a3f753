package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// The waits of Run. A source that failed is asked again soon, then less and less
// often, at the latest when its time has come anyway.
const (
	firstRetry = time.Second
	flushEvery = time.Minute
	// followEvery is how often other instances' changes are looked for when nobody
	// says that there are any (Notice).
	followEvery = 15 * time.Second
	// yield is how long an instance with another configuration lets the others read.
	yield     = 10 * time.Second
	lastFlush = 5 * time.Second
)

// Run reads the index of every source at once, and again every Config.Every,
// until ctx ends; then it waits for its readings and writes what was not written
// yet. A source that fails keeps its old records. Nobody need wait for it: until
// a source is read, its coverage says so.
func (d *Directory) Run(ctx context.Context, indexers map[string]datasources.CustomerIndexer) error {
	for name := range indexers {
		if _, err := d.Load(name); err != nil {
			return fmt.Errorf("run the directory: %w", err)
		}
	}
	d.Attend(indexers)
	var wait sync.WaitGroup
	wait.Go(func() { d.read(ctx, indexers) })
	wait.Go(func() { d.follow(ctx) })
	wait.Go(func() {
		for sleep(ctx, flushEvery) {
			if err := d.flush(ctx); err != nil && ctx.Err() == nil {
				d.deps.Log.WarnContext(ctx, "could not save seen keys", "error", err)
			}
		}
	})
	wait.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	return d.flush(last)
}

// runner is what Deps.Runner is asked for.
const runner = "directory"

// read reads the sources' indexes whenever this instance may.
func (d *Directory) read(ctx context.Context, indexers map[string]datasources.CustomerIndexer) {
	for ctx.Err() == nil {
		run, release := ctx, func() {}
		if d.deps.Runner != nil {
			var err error
			if run, release, err = d.deps.Runner(ctx, runner); err != nil {
				if ctx.Err() == nil {
					d.deps.Log.ErrorContext(ctx, "this instance will not read customers", "error", err)
				}
				return
			}
		}
		d.readUnder(run, indexers)
		release()
		if _, err := d.Behind(); errors.Is(err, errOtherSetup) && !sleep(ctx, yield) {
			return
		}
	}
}

// readUnder reads until ctx ends, or until this instance turns out to have another
// configuration than the one that saved last: then that one has to read.
func (d *Directory) readUnder(ctx context.Context, indexers map[string]datasources.CustomerIndexer) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d.stopReading.Store(&stop)
	defer d.stopReading.Store(nil)
	_ = d.Sync(ctx) // what was read before it; Behind tells
	var wait sync.WaitGroup
	for name, ix := range indexers {
		wait.Go(func() { d.refresh(ctx, name, ix) })
	}
	wait.Wait()
	<-ctx.Done() // also where there is nothing to read
}

// refresh reads one source's index again and again.
func (d *Directory) refresh(ctx context.Context, name string, ix datasources.CustomerIndexer) {
	retry := firstRetry
	for {
		wait := d.cfg.Every
		err := d.Replace(ctx, name, ix)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait = min(retry, d.cfg.Every)
			retry = min(2*retry, d.cfg.Every)
			if !retryable(err) {
				wait = d.cfg.Every // a refused login, asked again and again, locks the account
			}
			d.deps.Log.WarnContext(ctx, "could not read customer index", "source", name, "error", err, "next", wait)
		default:
			retry = firstRetry
		}
		if !d.pause(ctx, name, wait) {
			return
		}
	}
}

// Poke makes a running directory read a source's index now: its copy has just
// changed. It does not wait.
func (d *Directory) Poke(source string) {
	if src := d.snapshot.Load().source(source); src >= 0 {
		select {
		case d.pokes[src] <- struct{}{}:
		default: // it is about to read anyway
		}
	}
}

// pause waits until the next reading is due or asked for, and reports false when
// ctx ended first.
func (d *Directory) pause(ctx context.Context, source string, wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	case <-d.pokes[d.snapshot.Load().source(source)]:
		return true
	}
}

// retryable reports whether the same reading may succeed soon: not when the
// source refused us.
func retryable(err error) bool {
	var e *schema.Error
	return !errors.As(err, &e) || e.Retryable || e.Code != schema.SourceUnavailable
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
