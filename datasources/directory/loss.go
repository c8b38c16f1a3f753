package directory

import (
	"context"
	"fmt"
	"sync"

	"github.com/trama-graph/trama/schema"
)

// A source that answers with an empty list, or a part of one, and says that this
// is all (a filter gone wrong, rights taken away, a restored backup) would empty
// the directory and part every customer. Such a reading is held back: the old
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

// isLoss reports whether a reading loses more than is believed.
func (c *Config) isLoss(had, got int) bool {
	return had-got > handful && float64(got) < float64(had)*(1-c.MaxLoss)
}

func living(recs []record) int {
	n := 0
	for _, r := range recs {
		if !r.isDeleted() {
			n++
		}
	}
	return n
}

// admit decides whether a reading may take the place of the records there are: nil,
// or the error that holds it back. isHeld tells that a held one is now settled.
// The caller holds the directory's lock.
func (d *Directory) admit(ctx context.Context, src int32, had, got int) (isHeld bool, err error) {
	name := d.cfg.Sources[src].Name
	was, isHeld := d.losses.of(name)
	if !d.cfg.isLoss(had, got) {
		return isHeld, nil
	}
	if r, ok := d.st.(LossReader); ok && isHeld && was.Author == "" {
		if now, ok, err := r.DirectoryLoss(ctx, name); err == nil && ok {
			was = now // accepted on another instance
		}
	}
	if isHeld && was.Author != "" && got >= was.Got {
		return true, nil
	}
	if !isHeld || was.Got != got || was.Had != had {
		was = Loss{Source: name, Had: had, Got: got, At: d.deps.Now()}
		c := &Changes{
			Losses: []Loss{was}, Events: []Event{{At: was.At, Kind: "held", Record: RecordRef{Source: name}, Records: got}},
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
		"%s gave %d customers after %d: the reading is held until it is accepted", name, got, had)
}

// AcceptLoss lets the next reading of a source take the place of its records,
// though it loses as many as the held one did, but not more. NOT_FOUND when no
// reading is held. The source is read at once.
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
