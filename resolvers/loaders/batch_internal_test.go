package loaders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// echo is a batch of a request that answers with its keys, and writes down which were
// asked at once.
type echo struct {
	*batch[string]
	mu    sync.Mutex // guards asked
	asked [][]string
	on    func(keys []string) // called in each read
}

func newEcho() *echo {
	e := &echo{}
	e.batch = batchOf(New(&Config{}), batchKey{}, func(_ context.Context, keys []string) []result[string] {
		e.mu.Lock()
		e.asked = append(e.asked, slices.Clone(keys))
		e.mu.Unlock()
		if e.on != nil {
			e.on(keys)
		}
		out := make([]result[string], len(keys))
		for i, k := range keys {
			out[i].value = strings.ToUpper(k)
			if k == "bad" {
				out[i].err = errors.New("this key alone")
			}
		}
		return out
	})
	return e
}

// check loads keys and wants their answers, in their order.
func (e *echo) check(t interface {
	Helper()
	Errorf(format string, args ...any)
	Context() context.Context
}, keys ...string,
) {
	t.Helper()
	found := e.load(t.Context(), keysOf(keys...))
	if len(found.of) != len(keys) {
		t.Errorf("%d answers for %d keys", len(found.of), len(keys))
		return
	}
	for i, k := range keys {
		if r := found.of[i]; r.value != strings.ToUpper(k) || (r.err != nil) != (k == "bad") {
			t.Errorf("%q is answered %q, %v", k, r.value, r.err)
		}
	}
}

func TestBatchAsksForNoKeyTwice(t *testing.T) {
	for _, c := range []struct {
		name  string
		sets  []string
		asked []string
	}{
		{"one set", []string{"a b c"}, []string{"a b c"}},
		{"none", []string{""}, nil},
		{"the same set", []string{"a b c", "a b c"}, []string{"a b c"}},
		{"in another order", []string{"a b c", "c a b"}, []string{"a b c"}},
		{"a part", []string{"a b c", "b"}, []string{"a b c"}},
		{"more", []string{"a b", "b c a d"}, []string{"a b", "c d"}},
		{"an error of a key", []string{"a bad", "bad b", "bad a"}, []string{"a bad", "b"}},
		{"many sets", []string{"a", "b", "c", "d", "e", "f", "g a", "b h", "a b c d e f g h", "h i"}, []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			e := newEcho()
			var got []string
			for _, set := range c.sets {
				e.check(t, strings.Fields(set)...)
			}
			for _, keys := range e.asked {
				got = append(got, strings.Join(keys, " "))
			}
			if !slices.Equal(got, c.asked) {
				t.Errorf("asked %q, want %q", got, c.asked)
			}
		})
	}
}

// TestBatchWhileAnotherReads asks for keys that another field is reading: they are
// waited for, and only the others are asked.
func TestBatchWhileAnotherReads(t *testing.T) {
	e := newEcho()
	began, others := make(chan struct{}), make(chan struct{})
	e.on = func(keys []string) {
		if keys[0] == "a" {
			close(began)
			<-others // which end only after theirs was asked beside this
		} else {
			close(others)
		}
	}
	var wait sync.WaitGroup
	wait.Go(func() { e.check(t, "a", "b") })
	<-began
	e.check(t, "b", "c", "a")
	wait.Wait()
	if want := "[[a b] [c]]"; fmt.Sprint(e.asked) != want {
		t.Errorf("asked %v, want %s", e.asked, want)
	}
}

// TestBatchSideBySide asks for sets of any keys side by side: each is answered, and no
// key is asked for twice.
func TestBatchSideBySide(t *testing.T) {
	all := names(30)
	rapid.Check(t, func(rt *rapid.T) {
		e := newEcho()
		sets := rapid.SliceOfN(rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, 20, rapid.ID), 1, 12).Draw(rt, "sets")
		var wait sync.WaitGroup
		for _, set := range sets {
			wait.Go(func() { e.check(t, set...) })
		}
		wait.Wait()
		once := map[string]bool{}
		for _, k := range slices.Concat(e.asked...) {
			if once[k] {
				rt.Fatalf("%q was asked for twice", k)
			}
			once[k] = true
		}
	})
}

// TestBatchPanics wants the error for all who waited for a read that panicked, and its
// keys to be asked for anew after it.
func TestBatchPanics(t *testing.T) {
	e := newEcho()
	e.check(t, "z") // what was read before stays
	began, onward := make(chan struct{}), make(chan struct{})
	e.on = func(keys []string) {
		if keys[0] == "a" {
			close(began)
			<-onward
			panic("the reader")
		}
		close(onward)
	}
	fails := func(keys ...string) {
		found := e.load(t.Context(), keysOf(keys...))
		for i, k := range keys {
			if isBad := k == "a" || k == "b" && keys[0] == "a"; (found.of[i].err != nil) != isBad {
				t.Errorf("%q: %q, %v", k, found.of[i].value, found.of[i].err)
			}
		}
	}
	var wait sync.WaitGroup
	wait.Go(func() { fails("a", "b") })
	<-began
	fails("a", "z", "c")
	wait.Wait()
	e.on = nil
	e.check(t, "a", "b", "c")
	if want := "[[z] [a b] [c] [a b]]"; fmt.Sprint(e.asked) != want {
		t.Errorf("asked %v, want %s", e.asked, want)
	}
}
