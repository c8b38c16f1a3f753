package directory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unique"

	"github.com/trama-graph/trama/schema"
)

// maxGone bounds the conflicts that are remembered after they are gone: the
// newest are kept.
const maxGone = 10_000

// maxNote bounds what a person may write about a conflict, in bytes.
const maxNote = 2000

// book remembers the conflicts: since when they are there, and what was said about
// them. It is written after the store has taken the change, by whoever holds the
// directory's lock.
type book struct {
	mu   sync.RWMutex
	rows map[string]*bookRow // mu guards it; rows are replaced, never changed
	dead int                 // of rows: gone; mu guards it
	// values are the keys of conflicts about values; mu guards it.
	values map[string]bool
}

// bookRow is a ConflictState in less room: there may be hundreds of thousands,
// nearly all open and untouched.
type bookRow struct {
	first int64 // microseconds
	kind  schema.ConflictKind
	field string
	said  *ConflictState
}

// take remembers a state as the store has it.
func (b *book) take(c ConflictState) {
	row := &bookRow{first: c.FirstSeen.UnixMicro(), kind: schema.ConflictKind(unique.Make(string(c.Kind)).Value()), field: unique.Make(c.Field).Value()}
	if c.State != StateOpen || c.Author != "" || c.Kind == schema.ConflictValue {
		row.said = &c
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rows == nil {
		b.rows, b.values = map[string]*bookRow{}, map[string]bool{}
	}
	if c.Kind == schema.ConflictValue {
		b.values[c.Key] = true
	}
	if was := b.rows[c.Key]; was.isGone() {
		b.dead--
	}
	if row.isGone() {
		b.dead++
	}
	b.rows[c.Key] = row
}

func (b *book) forget(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rows[key].isGone() {
		b.dead--
	}
	delete(b.rows, key)
	delete(b.values, key)
}

func (r *bookRow) isGone() bool { return r != nil && r.said != nil && !r.said.LastSeen.IsZero() }

// state returns what is known of a conflict that is there; LastSeen is zero.
func (b *book) state(key string) ConflictState {
	b.mu.RLock()
	row := b.rows[key]
	b.mu.RUnlock()
	switch {
	case row == nil:
		return ConflictState{Key: key, State: StateOpen}
	case row.said != nil && !row.isGone():
		c := *row.said
		c.Records = nil
		return c
	}
	return ConflictState{Key: key, State: StateOpen, FirstSeen: time.UnixMicro(row.first).UTC()}
}

// gone returns the conflicts that are gone, the last first.
func (b *book) gone(f ConflictFilter) []ConflictState {
	var list []ConflictState
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.dead == 0 {
		return nil
	}
	for _, row := range b.rows {
		if !row.isGone() || f.Kind != "" && f.Kind != row.said.Kind {
			continue
		}
		if f.Source != "" && !slices.ContainsFunc(row.said.Records, func(r RecordRef) bool { return r.Source == f.Source }) {
			continue
		}
		list = append(list, *row.said)
	}
	slices.SortFunc(list, byGone)
	return list
}

func byGone(a, b ConflictState) int {
	return cmp.Or(b.LastSeen.Compare(a.LastSeen), strings.Compare(a.Key, b.Key))
}

// noter lists what the store must learn of a snapshot's conflicts: those that are
// new or back, and those that are gone.
type noter struct {
	d       *Directory
	s       *snapshot
	c       *Changes
	now     time.Time
	present map[string]bool
}

// noteConflicts notes all conflicts of a snapshot.
func (d *Directory) noteConflicts(s *snapshot, c *Changes, prev *snapshot) {
	n := noter{d: d, s: s, c: c, now: d.deps.Now(), present: make(map[string]bool, len(s.conflicts))}
	for _, x := range s.conflicts {
		n.there(s.conflictKey(x.kind, x.field, x.recs), x.kind, x.field, x.recs)
	}
	n.whole()
	d.book.mu.RLock()
	rows := maps.Clone(d.book.rows)
	d.book.mu.RUnlock()
	n.gone(prev, prev.conflictsByKey(), rows)
}

// there notes a conflict that is there.
func (n *noter) there(key string, kind schema.ConflictKind, field string, recs []int32) {
	n.present[key] = true
	n.d.book.mu.RLock()
	row := n.d.book.rows[key]
	n.d.book.mu.RUnlock()
	if row != nil && !row.isGone() {
		return
	}
	st := ConflictState{Key: key, Kind: kind, Field: field, Records: n.s.someRefs(recs), State: StateOpen, FirstSeen: n.now}
	if row != nil {
		st.FirstSeen = time.UnixMicro(row.first).UTC()
	}
	n.c.Conflicts = append(n.c.Conflicts, st)
}

// whole notes the conflicts about whole sources.
func (n *noter) whole() {
	for src := range n.s.cfg.Sources {
		if n.s.unmatched(int32(src)) > 0 {
			n.there(n.s.wholeKey(ConflictUnmatched, int32(src)), ConflictUnmatched, "", nil)
		}
		if _, held := n.d.losses.of(n.s.cfg.Sources[src].Name); held {
			n.there(n.s.wholeKey(ConflictSourceShrank, int32(src)), ConflictSourceShrank, "", nil)
		}
	}
}

// gone notes those of the rows that are not there any more, of which was tells what
// they were, and forgets the oldest.
func (n *noter) gone(prev *snapshot, was map[string]conflict, rows map[string]*bookRow) {
	died := 0
	for key, row := range rows {
		if row == nil || n.present[key] || row.isGone() {
			continue
		}
		st := ConflictState{Key: key, Kind: row.kind, Field: row.field, FirstSeen: time.UnixMicro(row.first).UTC()}
		if row.said != nil {
			st = *row.said
		}
		if st.Kind == schema.ConflictValue && n.s.hasValueConflict(key, st) {
			continue
		}
		if x, ok := was[key]; ok {
			st.Records = prev.someRefs(x.recs)
		}
		st.State, st.LastSeen = StateResolved, n.now
		n.c.Conflicts = append(n.c.Conflicts, st)
		died++
	}
	slices.SortFunc(n.c.Conflicts, func(a, b ConflictState) int { return strings.Compare(a.Key, b.Key) })
	n.d.book.mu.RLock()
	defer n.d.book.mu.RUnlock()
	dead := n.d.book.dead + died
	if dead <= maxGone {
		return
	}
	var old []ConflictState
	for _, row := range n.d.book.rows {
		if row.isGone() && !n.present[row.said.Key] {
			old = append(old, *row.said)
		}
	}
	slices.SortFunc(old, byGone)
	for k := dead - maxGone; k > 0 && len(old) > 0; k-- {
		n.c.Forgotten = append(n.c.Forgotten, old[len(old)-1].Key)
		old = old[:len(old)-1]
	}
}

func (s *snapshot) conflictsByKey() map[string]conflict {
	if s == nil {
		return nil
	}
	list := make(map[string]conflict, len(s.conflicts))
	for _, c := range s.conflicts {
		list[s.conflictKey(c.kind, c.field, c.recs)] = c
	}
	return list
}

func (s *snapshot) someRefs(recs []int32) []RecordRef {
	refs := make([]RecordRef, 0, min(len(recs), maxConflictRecords))
	for _, rec := range recs[:min(len(recs), maxConflictRecords)] {
		refs = append(refs, s.refOf(rec))
	}
	return refs
}

// hasValueConflict reports whether a conflict about a value, of which somebody
// said something, is still there.
func (s *snapshot) hasValueConflict(key string, st ConflictState) bool {
	if len(st.Records) == 0 {
		return false
	}
	rec := s.find(st.Records[0])
	if rec < 0 {
		return false
	}
	c := s.differing(s.of(s.cluster.at(rec)), st.Field)
	return c != nil && s.conflictKey(c.kind, c.field, c.recs) == key
}

// SetConflictState records what a person says about a conflict that is there:
// open, accepted, resolved or ignored. NOT_FOUND when there is none of that key.
// One that he calls resolved and that is still there after the next reading stays
// as he said: it opens again only after it was gone.
func (d *Directory) SetConflictState(ctx context.Context, key string, state State, author, note string) error {
	switch {
	case author == "":
		return schema.Errorf(schema.BadRequest, "the state of a conflict needs its author")
	case len(note) > maxNote:
		return schema.Errorf(schema.BadRequest, "a note has at most %d bytes", maxNote)
	case state != StateOpen && state != StateAccepted && state != StateResolved && state != StateIgnored:
		return schema.Errorf(schema.BadRequest, "there is no state %q of a conflict", state)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.snapshot.Load()
	kind, field, recs, err := d.findConflict(ctx, s, key)
	if err != nil {
		return err
	}
	now := d.deps.Now()
	st := d.book.state(key)
	st.Key, st.Kind, st.Field, st.Records = key, kind, field, s.someRefs(recs)
	st.State, st.Author, st.Note, st.At = state, author, note, now
	if st.FirstSeen.IsZero() {
		st.FirstSeen = now
	}
	e := Event{At: now, Kind: "conflict", Other: key, Rule: string(state), Author: author, Reason: note}
	if len(recs) > 0 {
		e.Customer, e.Record = s.id(s.cluster.at(recs[0])), s.refOf(recs[0])
	}
	if err := d.save(ctx, &Changes{Conflicts: []ConflictState{st}, Events: []Event{e}}); err != nil {
		return fmt.Errorf("save the state of a conflict: %w", err)
	}
	return nil
}

// findConflict finds a conflict that is there by its key.
func (d *Directory) findConflict(ctx context.Context, s *snapshot, key string) (kind schema.ConflictKind, field string, recs []int32, err error) {
	for src := range s.cfg.Sources {
		_, held := d.losses.of(s.cfg.Sources[src].Name)
		switch {
		case s.unmatched(int32(src)) > 0 && key == s.wholeKey(ConflictUnmatched, int32(src)):
			return ConflictUnmatched, "", nil, nil
		case held && key == s.wholeKey(ConflictSourceShrank, int32(src)):
			return ConflictSourceShrank, "", nil, nil
		}
	}
	if c, ok := s.conflictsByKey()[key]; ok {
		return c.kind, c.field, c.recs, nil
	}
	var found *conflict
	err = s.eachValueConflict(ctx, scope{source: -1, customer: -1}, func(k func() string, c *conflict) error {
		if k() == key {
			found = c
		}
		return nil
	})
	switch {
	case err != nil:
		return "", "", nil, err
	case found == nil:
		return "", "", nil, schema.Errorf(schema.NotFound, "there is no such conflict")
	}
	return found.kind, found.field, found.recs, nil
}

// remember takes what the store has taken.
func (d *Directory) remember(c *Changes) {
	for i := range c.Conflicts {
		d.book.take(c.Conflicts[i])
	}
	for _, key := range c.Forgotten {
		d.book.forget(key)
	}
	for _, l := range c.Losses {
		d.losses.take(l)
	}
	for _, source := range c.NoLoss {
		d.losses.drop(source)
	}
	if len(c.Conflicts) > 0 || len(c.Forgotten) > 0 || len(c.Losses) > 0 || len(c.NoLoss) > 0 {
		d.edition.Add(1)
	}
}
