// Package storetest is the suite every kind of database behind package store
// passes. It is for tests only.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// Store is what the rooms above ask of a store.
type Store interface {
	directory.Store
	tokens.Store
	copies.Store
	ServerKey(ctx context.Context) ([]byte, error)
	DirectoryEvents(ctx context.Context, customer string, limit int) ([]directory.Event, error)
	Close() error
}

// Run runs the suite. prepare makes an empty database and returns how to open it,
// which the suite may do several times; the suite closes what it opens.
func Run(t *testing.T, prepare func(t *testing.T) (open func() Store)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, open func() Store)
	}{
		{"server key", serverKey},
		{"directory", directoryRoundTrip},
		{"directory all or nothing", directoryAtomic},
		{"directory failing intake", directoryIntake},
		{"tokens", tokenRoundTrip},
		{"tokens one active", oneActive},
		{"concurrent", concurrent},
		{"copies reading", copyReading},
		{"copies overtaken", copyOvertaken},
		{"copies all or nothing", copyAtomic},
		{"copies ends", copyEnds},
		{"copies deletions accepted", copyAccepted},
		{"copies layouts", copyLayouts},
		{"copies order of values", copyOrder},
		{"copies apart", copyApart},
	} {
		t.Run("case="+c.name, func(t *testing.T) { c.test(t, prepare(t)) })
	}
}

// opened opens the database until the test ends.
func opened(t *testing.T, open func() Store) Store {
	t.Helper()
	s := open()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func serverKey(t *testing.T, open func() Store) {
	first := open()
	key, err := first.ServerKey(t.Context())
	must(t, err)
	if len(key) != 64 || slices.Equal(key, make([]byte, 64)) {
		t.Errorf("a key of %d bytes", len(key))
	}
	must(t, first.Close())
	again, err := opened(t, open).ServerKey(t.Context())
	must(t, err)
	if !slices.Equal(again, key) {
		t.Error("another key after a restart")
	}
}

// loaded is everything a store remembers of the directory.
type loaded struct {
	Golden    []directory.Golden
	Members   []directory.Member
	Kept      []directory.Kept
	Decisions []directory.Decision
	Seen      []directory.RecordRef
	ReadAt    map[string]time.Time
}

func load(t *testing.T, s Store) loaded {
	t.Helper()
	l := loaded{ReadAt: map[string]time.Time{}}
	must(t, s.LoadDirectory(t.Context(), directory.Intake{
		Golden: func(g directory.Golden) error { l.Golden = append(l.Golden, g); return nil },
		Member: func(m directory.Member) error {
			if m.Data != nil { // valid during the call only
				m.Data = append([]byte{}, m.Data...)
			}
			l.Members = append(l.Members, m)
			return nil
		},
		Kept:     func(k directory.Kept) error { l.Kept = append(l.Kept, k); return nil },
		Decision: func(d directory.Decision) error { l.Decisions = append(l.Decisions, d); return nil },
		Seen: func(source, key string) error {
			l.Seen = append(l.Seen, directory.RecordRef{Source: source, RecordID: key})
			return nil
		},
		ReadAt: func(source string, at time.Time) error { l.ReadAt[source] = at; return nil },
	}))
	slices.SortFunc(l.Members, func(a, b directory.Member) int {
		return slices.Compare([]string{a.Source, a.RecordID}, []string{b.Source, b.RecordID})
	})
	return l
}

var (
	when = time.Date(2025, 3, 4, 5, 6, 7, 8000, time.UTC) // to the microsecond
	c1   = directory.RecordRef{Source: "crm", RecordID: "c'1 ©"}
	b1   = directory.RecordRef{Source: "books", RecordID: "b1"}
)

func member(r directory.RecordRef, customer, origin int64, data []byte) directory.MemberChange {
	return directory.MemberChange{Member: directory.Member{Source: r.Source, RecordID: r.RecordID, Customer: customer, Origin: origin, Data: data}}
}

func directoryRoundTrip(t *testing.T, open func() Store) {
	ctx, s := t.Context(), open()
	if got := load(t, s); !reflect.DeepEqual(got, loaded{ReadAt: map[string]time.Time{}}) {
		t.Errorf("an empty store has %+v", got)
	}
	kept := directory.Kept{Deleted: b1, Other: c1, Rule: "R2"}
	decision := directory.Decision{A: b1, B: c1, Verdict: directory.SameCustomer, Author: "ana", Reason: "ok", At: when}
	must(t, s.SaveDirectory(ctx, &directory.Changes{
		Golden:    []directory.Golden{{Seq: 1, ID: "c_one", CreatedAt: when}, {Seq: 2, ID: "c_two", CreatedAt: when}},
		Members:   []directory.MemberChange{member(c1, 1, 1, []byte{1, 0, 255}), member(b1, 2, 2, []byte("b"))},
		Kept:      []directory.Kept{kept},
		Decisions: []directory.Decision{decision},
		Seen:      []directory.RecordRef{{Source: "desk", RecordID: "K1"}},
		ReadAt:    map[string]time.Time{"crm": when},
		Events:    []directory.Event{{At: when, Kind: "link", Customer: "c_one", Record: b1, With: c1, Rule: "R0", Author: "ana", Reason: "ok"}},
	}))
	must(t, s.Close())
	s = opened(t, open)
	want := loaded{
		Golden:    []directory.Golden{{Seq: 1, ID: "c_one", CreatedAt: when}, {Seq: 2, ID: "c_two", CreatedAt: when}},
		Members:   []directory.Member{member(b1, 2, 2, []byte("b")).Member, member(c1, 1, 1, []byte{1, 0, 255}).Member},
		Kept:      []directory.Kept{kept},
		Decisions: []directory.Decision{decision},
		Seen:      []directory.RecordRef{{Source: "desk", RecordID: "K1"}},
		ReadAt:    map[string]time.Time{"crm": when},
	}
	if got := load(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("saved\n got %+v\nwant %+v", got, want)
	}

	decision.Verdict = directory.NotTheSame
	moved := member(c1, 2, 1, nil)
	moved.KeepData = true
	must(t, s.SaveDirectory(ctx, &directory.Changes{
		Golden:    []directory.Golden{{Seq: 1, ID: "c_one", CreatedAt: when, MergedInto: 2}},
		Members:   []directory.MemberChange{moved, member(b1, 2, 2, nil)},
		Unkept:    []directory.RecordRef{b1},
		Decisions: []directory.Decision{decision},
		Seen:      []directory.RecordRef{{Source: "desk", RecordID: "K1"}},
		ReadAt:    map[string]time.Time{"crm": when.Add(time.Hour)},
		Events:    []directory.Event{{At: when, Kind: "merged", Customer: "c_two", Other: "c_one", Records: 3}},
	}))
	want.Golden[0].MergedInto = 2
	want.Members = []directory.Member{member(b1, 2, 2, nil).Member, member(c1, 2, 1, []byte{1, 0, 255}).Member}
	want.Kept, want.Decisions, want.ReadAt["crm"] = nil, []directory.Decision{decision}, when.Add(time.Hour)
	if got := load(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("changed\n got %+v\nwant %+v", got, want)
	}
	must(t, s.SaveDirectory(ctx, &directory.Changes{
		Golden:    []directory.Golden{{Seq: 1, ID: "c_one", CreatedAt: when}},
		Withdrawn: [][2]directory.RecordRef{{b1, c1}},
	}))
	if got := load(t, s); got.Golden[0].MergedInto != 0 || got.Decisions != nil {
		t.Errorf("undone %+v", got)
	}
	events, err := s.DirectoryEvents(ctx, "", 10)
	must(t, err)
	if len(events) != 2 || events[0].Kind != "merged" || events[0].Records != 3 || events[1].With != c1 || !events[1].At.Equal(when) {
		t.Errorf("history %+v", events)
	}
	if events, err = s.DirectoryEvents(ctx, "c_one", 1); err != nil || len(events) != 1 || events[0].Author != "ana" {
		t.Errorf("history of one %+v, %v", events, err)
	}
}

func directoryAtomic(t *testing.T, open func() Store) {
	s := opened(t, open)
	// The second member's customer does not exist.
	err := s.SaveDirectory(t.Context(), &directory.Changes{
		Golden:  []directory.Golden{{Seq: 1, ID: "c_one", CreatedAt: when}},
		Members: []directory.MemberChange{member(c1, 1, 1, []byte("c")), member(b1, 7, 7, []byte("b"))},
	})
	if err == nil {
		t.Error("a record without a customer was saved")
	}
	if got := load(t, s); len(got.Golden)+len(got.Members) != 0 {
		t.Errorf("half of it was saved: %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.SaveDirectory(ctx, &directory.Changes{Golden: []directory.Golden{{Seq: 1, ID: "c_one", CreatedAt: when}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

func directoryIntake(t *testing.T, open func() Store) {
	s := opened(t, open)
	must(t, s.SaveDirectory(t.Context(), &directory.Changes{Golden: []directory.Golden{{Seq: 1, ID: "c_one", CreatedAt: when}}}))
	full := errors.New("full")
	if err := s.LoadDirectory(t.Context(), directory.Intake{Golden: func(directory.Golden) error { return full }}); !errors.Is(err, full) {
		t.Errorf("error %v, want the intake's", err)
	}
}

func tokenRoundTrip(t *testing.T, open func() Store) {
	ctx, s := t.Context(), open()
	full := tokens.Token{
		ID: "A1", SecretHMAC: []byte{0, 1, 255}, Account: "shop", Packages: []string{"ecommerce", "own-orders"}, Claims: map[string]string{"customer": "c_1"},
		Networks: []string{"10.0.0.0/8"}, State: tokens.Active, CreatedBy: "root", CreatedAt: when, ExpiresAt: when.Add(time.Hour), LastUsedAt: when, StateBy: "root", StateAt: when,
	}
	bare := tokens.Token{
		ID: "A2", SecretHMAC: []byte{2}, Account: "bi", State: tokens.Disabled, CreatedBy: "root", CreatedAt: when.Add(time.Second), StateBy: "root", StateAt: when,
		Packages: []string{}, Networks: []string{}, Claims: map[string]string{},
	}
	must(t, s.PutToken(ctx, bare, full))
	must(t, s.Close())
	s = opened(t, open)
	for _, want := range []tokens.Token{full, bare} {
		got, err := s.TokenByID(ctx, want.ID)
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if _, err := s.TokenByID(ctx, "A3"); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("a token that does not exist: %v", err)
	}
	list, err := s.Tokens(ctx, "")
	if err != nil || len(list) != 2 || list[0].ID != "A1" {
		t.Errorf("all tokens %+v, %v", list, err)
	}
	if list, err = s.Tokens(ctx, "bi"); err != nil || len(list) != 1 || list[0].ID != "A2" {
		t.Errorf("an account's tokens %+v, %v", list, err)
	}
	full.State, full.StateBy, full.LastUsedAt = tokens.Disabled, "ana", when.Add(time.Hour)
	must(t, s.PutToken(ctx, full))
	if got, err := s.TokenByID(ctx, "A1"); err != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("changed %+v, %v", got, err)
	}
}

func oneActive(t *testing.T, open func() Store) {
	ctx, s := t.Context(), opened(t, open)
	token := func(id string, state tokens.State) tokens.Token {
		return tokens.Token{ID: id, SecretHMAC: []byte{1}, Account: "shop", State: state, CreatedBy: "root", CreatedAt: when, StateBy: "root", StateAt: when}
	}
	must(t, s.PutToken(ctx, token("A1", tokens.Active)))
	if err := s.PutToken(ctx, token("A2", tokens.Overlapping), token("A3", tokens.Active)); schema.CodeOf(err) != schema.Conflict {
		t.Errorf("a second active token: %v", err)
	}
	if list, _ := s.Tokens(ctx, "shop"); len(list) != 1 {
		t.Errorf("half of a refused change was saved: %+v", list)
	}
	must(t, s.PutToken(ctx, token("A1", tokens.Replaced), token("A2", tokens.Active)))
	if err := s.PutToken(ctx, token("A4", "unknown")); err == nil || schema.CodeOf(err) == schema.Conflict {
		t.Errorf("an unknown state: %v", err)
	}
}

// concurrent: readers and writers at once, in two openings of one database.
func concurrent(t *testing.T, open func() Store) {
	stores := []Store{opened(t, open), opened(t, open)}
	var wait sync.WaitGroup
	var mu sync.Mutex
	keys := map[string]bool{}
	for i := range 8 {
		s := stores[i%2]
		wait.Go(func() {
			key, err := s.ServerKey(t.Context())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			keys[string(key)] = true
			mu.Unlock()
			for range 5 {
				if err := s.SaveDirectory(t.Context(), &directory.Changes{Seen: []directory.RecordRef{{Source: "desk", RecordID: string(rune('a' + i))}}}); err != nil {
					t.Error(err)
				}
				if _, err := s.Tokens(t.Context(), ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if len(keys) != 1 {
		t.Errorf("%d server keys", len(keys))
	}
	if got := load(t, stores[0]); len(got.Seen) != 8 {
		t.Errorf("%d keys seen, want 8", len(got.Seen))
	}
}
