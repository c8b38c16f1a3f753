package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
)

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

// directoryTexts: whatever a source's keys look like, what comes with them is saved.
func directoryTexts(t *testing.T, open func() Store) {
	s := opened(t, open)
	odd := directory.RecordRef{Source: "crm", RecordID: "a\x00b\xffc"}
	must(t, s.SaveDirectory(t.Context(), &directory.Changes{
		Golden:  []directory.Golden{{Seq: 1, ID: "c_one", CreatedAt: when}},
		Members: []directory.MemberChange{member(odd, 1, 1, []byte{0}), member(c1, 1, 1, []byte("c"))},
		Seen:    []directory.RecordRef{odd, {Source: "desk", RecordID: "K1"}},
		Events:  []directory.Event{{At: when, Kind: "link", Customer: "c_one", Record: odd, Reason: "\x00"}},
	}))
	if l := load(t, s); len(l.Members) != 2 || len(l.Seen) != 2 {
		t.Errorf("saved %+v", l)
	}
}
