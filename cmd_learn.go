package main

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// How long a learner waits before it tries again, at first and at most: each time twice
// as long.
const (
	learnAgain     = time.Second
	learnAgainMost = 30 * time.Second
)

// learner takes over what instances tell each other by counters. What could not be taken
// over is tried again until it can: a counter only speaks when it is raised the next time.
type learner struct {
	take  func(ctx context.Context, name string) error
	pause func(ctx context.Context, d time.Duration) bool // false: ctx has ended
	log   *slog.Logger
	wake  chan struct{} // something has failed

	taking sync.Mutex // held while something is taken over and that is noted
	mu     sync.Mutex // guards failed
	failed map[string]bool
}

func newLearner(take func(context.Context, string) error, log *slog.Logger) *learner {
	return &learner{take: take, pause: pause, log: log, wake: make(chan struct{}, 1), failed: map[string]bool{}}
}

// pause waits, and reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// learn takes something over because its counter was raised.
func (l *learner) learn(ctx context.Context, name string) {
	err := l.takeOver(ctx, name)
	if err == nil || ctx.Err() != nil {
		return
	}
	l.log.WarnContext(ctx, "could not take over what has changed, and tries again", "what", name, "err", err)
	select {
	case l.wake <- struct{}{}:
	default: // it is awake
	}
}

// run tries again what has failed, until ctx ends.
func (l *learner) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		for wait := learnAgain; len(l.waiting()) > 0; wait = min(2*wait, learnAgainMost) {
			if !l.pause(ctx, wait) {
				return
			}
			for _, name := range l.waiting() {
				if l.takeOver(ctx, name) != nil {
					continue // it was told when it failed first
				}
				l.log.InfoContext(ctx, "took over what has changed", "what", name)
			}
		}
	}
}

func (l *learner) takeOver(ctx context.Context, name string) error {
	l.taking.Lock()
	defer l.taking.Unlock()
	err := l.take(ctx, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed[name] = true // counters have few names
	} else {
		delete(l.failed, name)
	}
	return err
}

func (l *learner) waiting() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.failed))
}
