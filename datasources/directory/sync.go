package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trama-graph/trama/schema"
)

// Several instances share one store. Each has a snapshot of its own, made of the
// records, ids and decisions that are there at some version: linking depends on
// nothing else, so that all show the same customers. Whoever changes something says
// which version he knew; when another one was faster nothing is saved, and he makes
// his change again on what is there now.

// tries bounds how often a change is made again that others have overtaken.
const tries = 8

// lag is why an instance does not show what the store has.
type lag struct {
	since time.Time
	err   error
}

// repeat does once, and again after others have overtaken it and catchUp has
// learnt of that; mu is held.
func (d *Directory) repeat(ctx context.Context, catchUp, once func() error) error {
	for n := 1; ; n++ {
		err := once()
		if !errors.Is(err, ErrOvertaken) || n == tries || ctx.Err() != nil {
			return err
		}
		if err := catchUp(); err != nil {
			return err
		}
	}
}

// Sync takes over what other instances have saved since the last time. Without
// news it is one short question.
func (d *Directory) Sync(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.sync(ctx)
	switch was := d.behind.Load(); {
	case ctx.Err() != nil:
	case err == nil && was != nil:
		d.behind.Store(nil)
		d.deps.Log.InfoContext(ctx, "the directory follows the other instances again")
	case err != nil && was == nil:
		d.behind.Store(&lag{d.deps.Now(), err})
		d.deps.Log.WarnContext(ctx, "the directory does not follow the other instances", "error", err)
	case err != nil:
		d.behind.Store(&lag{was.since, err})
	}
	if stop := d.stopReading.Load(); stop != nil && errors.Is(err, errOtherSetup) {
		(*stop)()
	}
	return err
}

// Behind tells since when, and why, this instance does not show what the store
// has; nil when it does.
func (d *Directory) Behind() (since time.Time, err error) {
	if l := d.behind.Load(); l != nil {
		return l.since, l.err
	}
	return time.Time{}, nil
}

// Notice makes a running directory look for what others have changed. It does not
// wait.
func (d *Directory) Notice() {
	select {
	case d.notices <- struct{}{}:
	default: // it is about to look anyway
	}
}

// follow takes over what others have changed, when it is told or when it is time.
func (d *Directory) follow(ctx context.Context) {
	t := time.NewTicker(followEvery)
	defer t.Stop()
	for {
		_ = d.Sync(ctx) // Behind tells
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-d.notices:
		}
	}
}

// sync does it; mu is held.
func (d *Directory) sync(ctx context.Context) error {
	prev := d.snapshot.Load()
	n := newNews(d, prev)
	if err := d.st.LoadDirectory(ctx, n.intake(d.known)); err != nil {
		return fmt.Errorf("read what other instances have changed: %w", err)
	}
	if n.hasRecords || n.hasNewSource() {
		began := d.deps.Now()
		next, err := n.snapshot()
		if err != nil {
			return err
		}
		d.show(next)
		d.deps.Log.DebugContext(ctx, "took over what another instance has changed", "version", n.version.Records, "records", n.count,
			"customers", next.customers(), "took", d.deps.Now().Sub(began))
	}
	d.known = n.version
	n.note()
	return nil
}

// errOtherSetup says that the instance that saved last links otherwise: its
// configuration is another one, or its version of Trama. Ids that only this
// instance knows must not get out.
var errOtherSetup = errors.New("directory: another instance recognises customers by another configuration; this one answers from what it had")

// noteFailure tells the other instances that a source could not be read.
func (d *Directory) noteFailure(ctx context.Context, source string, cause error) {
	if ctx.Err() != nil {
		return
	}
	err := d.save(ctx, &Changes{Failed: map[string]schema.Code{source: schema.CodeOf(cause)}})
	if err != nil && ctx.Err() == nil {
		d.deps.Log.WarnContext(ctx, "could not tell other instances that a source failed", "source", source, "error", err)
	}
}

// failedElsewhere is why another instance could not read a source.
func failedElsewhere(code schema.Code, source string) error {
	return schema.SourceErrorf(code, source, "%s could not be read", source)
}
