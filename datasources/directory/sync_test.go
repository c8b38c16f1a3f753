package directory_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// databases are what instances may share, each opened anew by every call.
func databases(t *testing.T, run func(t *testing.T, open func() *store.Store)) {
	t.Helper()
	openAt := func(t *testing.T, address string) func() *store.Store {
		return func() *store.Store {
			s, err := store.Open(t.Context(), address, store.Deps{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		}
	}
	t.Run("case=sqlite", func(t *testing.T) {
		run(t, openAt(t, "sqlite:"+filepath.Join(t.TempDir(), "trama.db")))
	})
	t.Run("case=postgres", func(t *testing.T) { run(t, openAt(t, servicetest.Postgres(t))) })
}

func instance(t testing.TB, st directory.Store) *directory.Directory {
	t.Helper()
	d, err := directory.Open(t.Context(), config(), st, directory.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func follow(t testing.TB, d ...*directory.Directory) {
	t.Helper()
	for _, d := range d {
		if err := d.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// same makes sure that two instances show the same.
func same(t testing.TB, step string, a, b *directory.Directory) {
	t.Helper()
	if x, y := clusters(t, a), clusters(t, b); !slices.Equal(x, y) {
		t.Errorf("%s: customers\n one %q\nother %q", step, x, y)
	}
	if x, y := keys(t, a), keys(t, b); !maps.Equal(x, y) {
		t.Errorf("%s: ids\n one %q\nother %q", step, x, y)
	}
	if x, y := conflicts(t, a), conflicts(t, b); !slices.Equal(x, y) {
		t.Errorf("%s: conflicts\n one %q\nother %q", step, x, y)
	}
	if x, y := a.Decisions(), b.Decisions(); !reflect.DeepEqual(x, y) {
		t.Errorf("%s: decisions\n one %+v\nother %+v", step, x, y)
	}
	x, y := a.Coverage(), b.Coverage()
	for i := range x {
		if !reflect.DeepEqual(x[i], y[i]) {
			t.Errorf("%s: coverage\n one %+v\nother %+v", step, *x[i], *y[i])
		}
	}
}

// TestTwoInstances follows two instances through readings and decisions of either.
func TestTwoInstances(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		one, other := instance(t, open()), instance(t, open())
		crm, books := synthetic(300)
		replace(t, one, "crm", crm...)
		replace(t, one, "books", books...)
		if _, ok := other.Golden("crm", crm[0].ID); ok {
			t.Error("knows what nobody told")
		}
		follow(t, other)
		same(t, "filled", one, other)

		// A decision on the instance that does not read; then that one falls behind.
		if err := other.Deny(t.Context(), ref("crm", crm[5].ID), ref("books", books[5].ID), "ana", "no"); err != nil {
			t.Fatal(err)
		}
		follow(t, one)
		same(t, "denied", one, other)
		books[7].Deleted, books[8].TaxID, books[9].Name = true, "", "Another"
		replace(t, one, "books", books[:290]...)
		// It has not followed, and decides all the same.
		if err := other.Link(t.Context(), ref("crm", crm[8].ID), ref("books", books[8].ID), "ion", ""); err != nil {
			t.Fatal(err)
		}
		follow(t, one, other)
		same(t, "linked", one, other)
		if err := one.Withdraw(t.Context(), ref("crm", crm[5].ID), ref("books", books[5].ID), "ana", "yes"); err != nil {
			t.Fatal(err)
		}
		books[7].Deleted = false
		replace(t, one, "books", books...) // some come back
		replace(t, one, "erp")             // without customers, but read
		follow(t, other)
		same(t, "back", one, other)

		// The other one reads now, from what it knows; the first did not follow.
		replace(t, other, "crm", crm[10:]...)
		replace(t, one, "books", books[20:]...)
		follow(t, one, other)
		same(t, "turns", one, other)
		same(t, "as one that starts", one, instance(t, open()))

		one.Seen("helpdesk", []string{crm[50].Code})
		if err := one.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		follow(t, other)
		same(t, "seen", one, other)
	})
}

// saving is a store that does something before and after every change.
type saving struct {
	directory.Store
	before, after func() error
}

func (s *saving) SaveDirectory(ctx context.Context, c *directory.Changes) error {
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	err := s.Store.SaveDirectory(ctx, c)
	if err == nil && s.after != nil {
		err = s.after()
	}
	return err
}

// TestOvertaken: whoever saves from what is not there any more saves nothing, and
// makes his change anew; and not for ever.
func TestOvertaken(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		st := &saving{Store: open()}
		one, other := instance(t, st), instance(t, open())
		replace(t, one, "crm", rec{ID: "c1", TaxID: idno(1)}, rec{ID: "c2", TaxID: idno(2)}, rec{ID: "c3"})
		follow(t, other)
		n := 0
		st.before = func() error {
			if n++; n <= 2 {
				replace(t, other, "books", rec{ID: "b1", TaxID: idno(n)})
			}
			return nil
		}
		replace(t, one, "crm", rec{ID: "c1", TaxID: idno(1)}, rec{ID: "c2", TaxID: idno(2)}, rec{ID: "c4"})
		if n != 3 {
			t.Errorf("saved at the try %d, want 3", n)
		}
		follow(t, other)
		same(t, "overtaken twice", one, other)
		if got := together(t, one); !slices.Equal(got, []string{"books:b1+crm:c2"}) {
			t.Errorf("together %q", got)
		}
		n = 0
		st.before = func() error {
			n++
			replace(t, other, "books", rec{ID: "b1", TaxID: idno(n)})
			return nil
		}
		if err := one.Deny(t.Context(), ref("crm", "c1"), ref("crm", "c2"), "ana", ""); !errors.Is(err, directory.ErrOvertaken) {
			t.Errorf("decided beside somebody who is always faster: %v", err)
		}
		st.before = nil
		follow(t, one, other)
		same(t, "given up", one, other)
	})
}

// TestDiesBeforePublishing: what was saved by a process that ended at that moment is
// what the others show.
func TestDiesBeforePublishing(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		st := &saving{Store: open()}
		one, other := instance(t, st), instance(t, open())
		replace(t, one, "crm", rec{ID: "c1", TaxID: idno(1)})
		st.after = func() error { return errors.New("killed") }
		if err := one.Replace(t.Context(), "books", records{{ID: "b1", TaxID: idno(1)}}); err == nil {
			t.Fatal("it went on")
		}
		follow(t, other)
		if got := together(t, other); !slices.Equal(got, []string{"books:b1+crm:c1"}) {
			t.Errorf("together %q", got)
		}
		same(t, "started anew", instance(t, open()), other)
		// One whose answer from the database was lost goes on from what is there.
		st.after = nil
		replace(t, one, "books", rec{ID: "b1", TaxID: idno(1)}, rec{ID: "b2"})
		follow(t, one, other)
		same(t, "went on", one, other)
	})
}

// TestTwoDeciders: people who decide at once on two instances lose nothing.
func TestTwoDeciders(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		list := []*directory.Directory{instance(t, open()), instance(t, open())}
		var crm []rec
		for i := range 21 {
			crm = append(crm, rec{ID: fmt.Sprintf("c%02d", i)})
		}
		replace(t, list[0], "crm", crm...)
		var wait sync.WaitGroup
		for i := range 20 {
			d := list[i%2]
			wait.Go(func() {
				for {
					err := d.Link(context.Background(), ref("crm", crm[i].ID), ref("crm", crm[i+1].ID), "ana", "")
					if errors.Is(err, directory.ErrOvertaken) {
						continue // more of them at once than it tries for
					}
					if err != nil {
						t.Error(err)
					}
					return
				}
			})
		}
		wait.Wait()
		follow(t, list...)
		same(t, "decided", list[0], list[1])
		if n := len(list[0].Decisions()); n != 20 {
			t.Errorf("%d decisions", n)
		}
		if got := clusters(t, list[0]); len(got) != 1 {
			t.Errorf("customers %q", got)
		}
	})
}

// TestOtherSetup: an instance that links otherwise than the one that saved last
// answers from what it had, saves nothing, and goes on when that one is gone.
func TestOtherSetup(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		old := instance(t, open())
		replace(t, old, "crm", rec{ID: "c1", TaxID: idno(1)})
		replace(t, old, "books", rec{ID: "b1", TaxID: idno(1)})
		cfg := config()
		cfg.Rules = []string{directory.RuleManual}
		anew, err := directory.Open(t.Context(), cfg, open(), directory.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		if got := together(t, anew); len(got) != 0 {
			t.Errorf("the new one: %q", got)
		}
		if err := old.Sync(t.Context()); err == nil {
			t.Error("took over what it does not understand")
		}
		if since, err := old.Behind(); err == nil || since.IsZero() {
			t.Errorf("behind %v, %v", since, err)
		}
		if got := together(t, old); len(got) != 1 {
			t.Errorf("the old one: %q", got)
		}
		if err := old.Replace(t.Context(), "crm", records{{ID: "c1", TaxID: idno(1)}, {ID: "c2"}}); err == nil {
			t.Error("the old one saved")
		}
		replace(t, anew, "erp", rec{ID: "e1"})
		again := instance(t, open())
		follow(t, old)
		same(t, "back", old, again)
		if _, err := old.Behind(); err != nil {
			t.Errorf("still behind: %v", err)
		}
	})
}

// TestFailureIsTold: a source that fails is stale on every instance.
func TestFailureIsTold(t *testing.T) {
	databases(t, func(t *testing.T, open func() *store.Store) {
		one, other := instance(t, open()), instance(t, open())
		replace(t, one, "crm", rec{ID: "c1"})
		_ = one.Replace(t.Context(), "crm", halfway{nil, schema.SourceErrorf(schema.SourceTimeout, "crm", "crm did not answer")})
		follow(t, other)
		if at, n, err := other.Status("crm"); schema.CodeOf(err) != schema.SourceTimeout || n != 1 || at.IsZero() {
			t.Errorf("status %v %d %v", at, n, err)
		}
		if _, _, err := instance(t, open()).Status("crm"); schema.CodeOf(err) != schema.SourceTimeout {
			t.Errorf("after a restart: %v", err)
		}
		replace(t, one, "crm", rec{ID: "c1"})
		follow(t, other)
		if _, _, err := other.Status("crm"); err != nil {
			t.Errorf("after recovery: %v", err)
		}
	})
}
