package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLearner holds that what could not be taken over is tried again, later and later,
// until it can be; that it is told once, and is no more tried behind that.
func TestLearner(t *testing.T) {
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	left := map[string]int{"datasets": 8, "policies": 2, "directory": 0} // times that it fails
	tried := map[string]int{}
	l := newLearner(func(_ context.Context, name string) error {
		tried[name]++
		if left[name]--; left[name] >= 0 {
			return errors.New("the database is away")
		}
		return nil
	}, slog.New(slog.NewTextHandler(&log, nil)))
	var waits []time.Duration
	idle := make(chan struct{})
	l.pause = func(ctx context.Context, d time.Duration) bool {
		waits = append(waits, d)
		return ctx.Err() == nil
	}
	for _, name := range []string{"datasets", "policies", "directory"} {
		l.learn(ctx, name)
	}
	go func() {
		l.run(ctx)
		close(idle)
	}()
	for deadline := time.Now().Add(10 * time.Second); len(l.waiting()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("something was given up")
		}
	}
	cancel()
	<-idle
	const s = time.Second
	if want := []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s, 30 * s}; !slices.Equal(waits, want) {
		t.Errorf("it waited %v, want %v", waits, want)
	}
	if tried["datasets"] != 9 || tried["policies"] != 3 || tried["directory"] != 1 {
		t.Errorf("tried %v", tried)
	}
	if failed, taken := strings.Count(log.String(), "tries again"), strings.Count(log.String(), "took over"); failed != 2 || taken != 2 {
		t.Errorf("told %d times that it failed, %d times that it did not: %s", failed, taken, &log)
	}
}

// TestLearnerOfNews holds that a further change ends the trying of the one before, and
// that the end of the server does.
func TestLearnerOfNews(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	isAway := true
	l := newLearner(func(context.Context, string) error {
		if isAway {
			return errors.New("away")
		}
		return nil
	}, slog.New(slog.DiscardHandler))
	l.learn(ctx, "datasets")
	if got := l.waiting(); !slices.Equal(got, []string{"datasets"}) {
		t.Errorf("%v wait", got)
	}
	isAway = false
	l.learn(ctx, "datasets")
	if got := l.waiting(); len(got) > 0 {
		t.Errorf("%v wait", got)
	}
	isAway = true
	l.learn(ctx, "datasets")
	done := make(chan struct{})
	go func() {
		l.run(ctx)
		close(done)
	}()
	cancel()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("it goes on behind the end")
	}
}
