package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// TestPlaces holds whose long answers count together, and that nothing is kept of who
// has none.
func TestPlaces(t *testing.T) {
	p := newPlaces(2, 0)
	type who = policies.Principal
	var leaves []func()
	for i, c := range []struct {
		who     who
		refused bool
	}{
		{who: who{Account: "a", TokenID: "1"}},
		{who: who{Account: "a", TokenID: "2"}},
		{who: who{Account: "a", TokenID: "3"}, refused: true},
		{who: who{Account: "b", TokenID: "4"}},
		{who: who{TokenID: "5"}},
		{who: who{TokenID: "5"}},
		{who: who{TokenID: "5"}, refused: true},
		{who: who{TokenID: "6"}},
	} {
		leave, err := p.enter(&c.who)
		if (schema.CodeOf(err) == schema.Limited) != c.refused || (err == nil) == c.refused {
			t.Errorf("case=%d: got %v", i, err)
		}
		if err == nil {
			leaves = append(leaves, leave)
		}
	}
	leaves[0]()
	again, err := p.enter(&who{Account: "a"})
	if err != nil {
		t.Errorf("a place that was given back: %v", err)
	}
	again()
	for _, leave := range leaves[1:] {
		leave()
	}
	if len(p.taken) != 0 {
		t.Errorf("left are %v", p.taken)
	}
}

// TestPlacesTogether holds the bound and the end of all, whoever comes at the same time.
func TestPlacesTogether(t *testing.T) {
	p := newPlaces(3, 0)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for range 500 {
				leave, err := p.enter(&policies.Principal{Account: fmt.Sprint(i % 2)})
				if err != nil {
					continue
				}
				p.mu.Lock()
				if n := p.taken[fmt.Sprint(i%2)]; n > 3 || n < 1 {
					t.Errorf("%d are taken", n)
				}
				p.mu.Unlock()
				leave()
			}
		})
	}
	wait.Wait()
	if len(p.taken) != 0 {
		t.Errorf("left are %v", p.taken)
	}
}

// TestAPlaceIsGivenBack holds that a long answer has its place while it is written, and
// not after, however it ends; and what the refusal is where there is none.
func TestAPlaceIsGivenBack(t *testing.T) {
	who := &policies.Principal{Account: "a"}
	ctx := policies.WithAccess(t.Context(), &policies.Access{Principal: who})
	send := func(s *Server, w http.ResponseWriter, finish func()) (sent *stream, thrown any, err error) {
		defer func() { thrown = recover() }()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", nil)
		sent, err = s.sendLong(ctx, target{w, r, plainJSON}, false, &engine.Result{}, finish)
		return sent, nil, err
	}
	for _, c := range []struct {
		name   string
		finish func()
		throws bool
	}{
		{name: "written", finish: func() {}},
		{name: "panicked", finish: func() { panic("x") }, throws: true},
		{name: "aborted", finish: func() { panic(http.ErrAbortHandler) }, throws: true},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			s := New(Config{LongAnswers: 1})
			during := 0
			_, thrown, err := send(s, httptest.NewRecorder(), func() {
				during = s.places.taken["a"]
				c.finish()
			})
			if err != nil || (thrown != nil) != c.throws || during != 1 || len(s.places.taken) != 0 {
				t.Errorf("%v, thrown %v, %d places were taken, left are %v", err, thrown, during, s.places.taken)
			}
		})
	}
	t.Run("case=none is left", func(t *testing.T) {
		s := New(Config{})
		for range defaultLongAnswers {
			leave, err := s.places.enter(who)
			if err != nil {
				t.Fatal(err)
			}
			defer leave()
		}
		w := httptest.NewRecorder()
		sent, _, err := send(s, w, func() { t.Error("it was written") })
		var f *refusal
		if sent != nil || !errors.As(err, &f) || f.status != http.StatusTooManyRequests || f.err.Code != schema.Limited ||
			w.Header().Get("Retry-After") != "5" || w.Body.Len() > 0 {
			t.Errorf("got %v, %v, %s", err, w.Header(), w.Body)
		}
	})
}
