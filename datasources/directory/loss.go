package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/trama-graph/trama/schema"
)

// A source that answers with an empty list, or a part of one, and says that this
// is all (a filter gone wrong, rights taken away, a restored backup) would empty
// the directory and part every customer; one that gives as many records under other
// ids (it was set up anew, another key is read) would do the same, and orphan every
// decision made by hand. Such a reading is held back: the old
// records stay, the source counts as failed, and a conflict tells. A second reading
// like it proves nothing, since the same mistake gives the same answer; an operator
// decides.

// handful is how many living records may go at once without a question.
const handful = 20

// losses are the held readings, by source.
type losses struct {
	mu   sync.Mutex
	held map[string]Loss // mu guards it
}

func (l *losses) of(source string) (Loss, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, ok := l.held[source]
	return x, ok
}

func (l *losses) take(x Loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.Had == 0 { // it was settled
		delete(l.held, x.Source)
		return
	}
	if l.held == nil {
		l.held = map[string]Loss{}
	}
	l.held[x.Source] = x
}

func (l *losses) drop(source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, source)
}

// isLoss reports whether a reading that still has so many of the living records there
// were loses more than is believed.
func (c *Config) isLoss(had, kept int) bool {
	return had-kept > handful && float64(kept) < float64(had)*(1-c.MaxLoss)
}

// hasOtherIDs tells of a held reading that it did not shrink: it has enough records,
// but not those that are known.
func (d *Directory) hasOtherIDs(l Loss) bool { return !d.cfg.isLoss(l.Had, l.Got) }

// survivors counts living records.
type survivors struct {
	had  int // before
	kept int // of these, those that live on under their id
	got  int // after, with the new ones
}

// surviving compares the records of a source with those of a new reading, both sorted
// by id. New records make up for none that is lost.
func surviving(old, recs []record) survivors {
	var n survivors
	at := 0
	for _, r := range old {
		if r.isDeleted() {
			continue
		}
		n.had++
		for at < len(recs) && recs[at].id() < r.id() {
			at++
		}
		if at < len(recs) && recs[at].id() == r.id() && !recs[at].isDeleted() {
			n.kept++
		}
	}
	for _, r := range recs {
		if !r.isDeleted() {
			n.got++
		}
	}
	return n
}

// covers reports whether what was accepted of a held reading allows this one: it loses
// no more, and is not the other kind of loss.
func (d *Directory) covers(was Loss, n survivors) bool {
	if was.Author == "" {
		return false
	}
	if d.hasOtherIDs(was) {
		return n.got >= was.Got
	}
	return n.kept >= was.Got && (d.cfg.isLoss(n.had, n.got) || n.got-n.kept <= handful)
}

// admit decides whether a reading may take the place of the records there are: nil,
// or the error that holds it back. isHeld tells that a held one is now settled.
// The caller holds the directory's lock.
func (d *Directory) admit(ctx context.Context, src int32, n survivors) (isHeld bool, err error) {
	name := d.cfg.Sources[src].Name
	was, isHeld := d.losses.of(name)
	if !d.cfg.isLoss(n.had, n.kept) {
		return isHeld, nil
	}
	got := n.got
	if d.cfg.isLoss(n.had, n.got) { // it shrank: what came new is no comfort
		got = n.kept
	}
	if r, ok := d.st.(LossReader); ok && isHeld && was.Author == "" {
		if now, ok, err := r.DirectoryLoss(ctx, name); err == nil && ok {
			was = now // accepted on another instance
		}
	}
	if isHeld && d.covers(was, n) {
		return true, nil
	}
	if !isHeld || was.Got != got || was.Had != n.had || was.Author != "" {
		was = Loss{Source: name, Had: n.had, Got: got, At: d.deps.Now()}
		c := &Changes{
			Losses: []Loss{was}, Events: []Event{{At: was.At, Kind: "held", Record: RecordRef{Source: name}, Records: n.got}},
		}
		if key := d.snapshot.Load().wholeKey(ConflictSourceShrank, src); !isHeld {
			st := d.book.state(key)
			st.Key, st.Kind, st.State = key, ConflictSourceShrank, StateOpen
			if st.FirstSeen.IsZero() {
				st.FirstSeen = was.At
			}
			c.Conflicts = []ConflictState{st}
		}
		if err := d.save(ctx, c); err != nil {
			return false, fmt.Errorf("save a held reading: %w", err)
		}
	}
	return false, schema.SourceErrorf(schema.SourceInvalid, name,
		"%s gave %d customers, and only %d of the %d that are known: the reading is held until it is accepted", name, n.got, n.kept, n.had)
}

// settle notes that no reading of a source is held any more, and that the conflict is
// gone.
func (d *Directory) settle(s *snapshot, src int32, c *Changes) {
	c.NoLoss = []string{d.cfg.Sources[src].Name}
	key := s.wholeKey(ConflictSourceShrank, src)
	st := d.book.state(key)
	st.Key, st.Kind, st.State, st.LastSeen = key, ConflictSourceShrank, StateResolved, d.deps.Now()
	if st.FirstSeen.IsZero() {
		st.FirstSeen = st.LastSeen
	}
	c.Conflicts = slices.DeleteFunc(c.Conflicts, func(x ConflictState) bool { return x.Key == key })
	at, _ := slices.BinarySearchFunc(c.Conflicts, key, func(x ConflictState, key string) int { return strings.Compare(x.Key, key) })
	c.Conflicts = slices.Insert(c.Conflicts, at, st)
}

// AcceptLoss lets the next reading of a source take the place of its records,
// though it loses as many as the held one did, but not more; that one of other ids may
// have any. NOT_FOUND when no reading is held. The source is read at once.
func (d *Directory) AcceptLoss(ctx context.Context, source, author string) error {
	if author == "" {
		return schema.Errorf(schema.BadRequest, "accepting needs its author")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l, held := d.losses.of(source)
	if !held {
		return schema.Errorf(schema.NotFound, "no reading of %s is held", source)
	}
	l.Author = author
	e := Event{At: d.deps.Now(), Kind: "accepted", Record: RecordRef{Source: source}, Author: author, Records: l.Got}
	if err := d.save(ctx, &Changes{Losses: []Loss{l}, Events: []Event{e}}); err != nil {
		return fmt.Errorf("accept a held reading: %w", err)
	}
	d.Poke(source)
	return nil
}

// Held returns the reading of a source that is held back.
func (d *Directory) Held(source string) (Loss, bool) { return d.losses.of(source) }
