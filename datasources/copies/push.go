package copies

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"time"

	"github.com/trama-graph/trama/schema"
)

// What became of a pushed record, in words.
const (
	WasOlder   = "older"   // a newer version was there, or came in the same batch
	WasRefused = "refused" // see Code, Path and Message
)

// PushReport is what became of a batch.
type PushReport struct {
	Stored  int // new, or newer than what was there
	Same    int // this version was there
	Older   int
	Refused int
	Deleted int // that did not come again in a full push which has ended
	// Results are those that were older or refused, in the order of the batch.
	Results []PushOutcome
}

// PushOutcome is what became of a record that was not stored. Entity and ID are
// what the sender wrote, "" when they could not be read.
type PushOutcome struct {
	Index   int // in the batch, from 0
	Entity  string
	ID      string
	Result  string // older, refused
	Code    string // of a refused one: BAD_REQUEST, LIMITED, CONFLICT, NOT_ENABLED
	Path    string // of the field, "" = the whole record
	Message string // never holds a value
}

// PushOptions are how a batch is taken.
type PushOptions struct {
	// All stores nothing when one record is refused.
	All bool
}

// PushRecords gives records that are in memory to Push.
func PushRecords[T ~[]byte](records []T) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Push takes a batch of records, one JSON object each (docs/push.md), and stores
// those that are newer than what is there in one transaction. A record is valid
// until the next one is asked for; an error in its place ends the batch: nothing is
// stored, and the error is returned.
//
// The error is LIMITED with Wait when others push too much at the moment, LIMITED
// without when the batch is too large, SOURCE_UNAVAILABLE when it could not be kept,
// and BAD_REQUEST beside the report when Options.All was asked for and a record was
// refused. Otherwise refused records do not stop the others.
func (x *Pushed) Push(ctx context.Context, records iter.Seq2[[]byte, error], o PushOptions) (PushReport, error) {
	select {
	case x.slots <- struct{}{}:
		defer func() { <-x.slots }()
	default:
		return PushReport{}, x.busy("%s is being pushed to already: wait for the answer before the next batch")
	}
	b := newPushBatch(x)
	defer func() { x.memory.give(b.held) }()
	for raw, err := range records {
		if err == nil {
			err = b.add(raw)
		}
		if err != nil {
			return PushReport{}, err
		}
	}
	if o.All && b.report.Refused > 0 {
		return b.none()
	}
	if err := b.save(ctx, o.All); err != nil {
		return PushReport{}, err
	}
	if !b.saved {
		return b.none()
	}
	return b.finish(), nil
}

// busy is told to who should come again soon.
func (x *Pushed) busy(format string) error {
	e := schema.SourceErrorf(schema.Limited, x.cfg.Name, format, x.cfg.Name)
	e.Retryable, e.Wait = true, time.Second
	return e
}

// pushBatch is a batch being read. Of an id that comes twice the greater version is
// kept.
type pushBatch struct {
	x       *Pushed
	n       int // records so far
	sets    []*PushedSet
	entity  []string
	origins [][]int        // for each row of each set its place in the batch
	at      map[string]int // sets by entity
	keys    []map[string]int
	// currentAt is the place of what said that a set is current.
	currentAt map[int]int
	held      int64 // bytes
	report    PushReport
	saved     bool
}

func newPushBatch(x *Pushed) *pushBatch {
	return &pushBatch{x: x, at: map[string]int{}, currentAt: map[int]int{}}
}

func (b *pushBatch) add(raw []byte) error {
	i := b.n
	if b.n++; b.n > b.x.cfg.MaxRecords {
		return schema.SourceErrorf(schema.Limited, b.x.cfg.Name, "more than %d records: send smaller batches", b.x.cfg.MaxRecords)
	}
	p, err := b.x.read(raw)
	if w := p.weight(); b.x.memory.take(w) {
		b.held += w
	} else {
		return b.x.busy("too much is being pushed at the moment, to %s or others: try again")
	}
	if err != nil {
		b.refuse(i, &p, err)
		return nil
	}
	s := b.set(p.entity)
	if p.isMark() {
		b.mark(i, s, &p)
		return nil
	}
	b.keep(i, s, &p)
	return nil
}

// set returns the place of an entity's set.
func (b *pushBatch) set(entity string) int {
	s, ok := b.at[entity]
	if !ok {
		s = len(b.sets)
		b.at[entity] = s
		b.sets = append(b.sets, &PushedSet{ID: b.x.c.byEntity[entity].id, KeepDeleted: b.x.c.keeps(b.x.c.byEntity[entity])})
		b.entity, b.origins, b.keys = append(b.entity, entity), append(b.origins, nil), append(b.keys, map[string]int{})
	}
	return s
}

// mark takes in what is said of a whole entity. Within a batch full is said before all
// records, and current behind them.
func (b *pushBatch) mark(i, s int, p *pushed) {
	if p.full {
		b.sets[s].Full = true
		return
	}
	b.sets[s].Current, b.currentAt[s] = true, i
	if b.sets[s].Most = b.x.mostDeleted; p.accept {
		b.sets[s].Most = nil
	}
}

// keep takes a record in, unless a newer version came before in the same batch.
func (b *pushBatch) keep(i, s int, p *pushed) {
	set := b.sets[s]
	at, again := b.keys[s][p.id]
	if !again {
		b.keys[s][p.id] = len(set.Rows)
		set.Rows = append(set.Rows, PushedRow{Row: p.row, Deleted: p.deleted})
		b.origins[s] = append(b.origins[s], i)
		return
	}
	switch before := set.Rows[at].Version; {
	case before[0] != p.version[0]:
		b.refuse(i, p, errKind)
	case before == p.version && set.Rows[at].Deleted != p.deleted: // as where it is there
		b.older(i, p.entity, p.id)
	case before == p.version && !bytes.Equal(set.Rows[at].Hash, p.row.Hash):
		b.refuse(i, p, errDiffers)
	case before == p.version:
		b.report.Same++
	case before > p.version:
		b.older(i, p.entity, p.id)
	default:
		b.older(b.origins[s][at], p.entity, p.id)
		set.Rows[at], b.origins[s][at] = PushedRow{Row: p.row, Deleted: p.deleted}, i
	}
}

// errKind: which of a number and a time is the greater, nobody can say.
var errKind = &pushError{
	code: schema.Conflict, path: "version",
	err: errors.New("of another kind than the version before: numbers and times cannot be compared"),
}

// errDiffers: which of two records of one version is the right one, nobody can say.
var errDiffers = &pushError{
	code: schema.Conflict, path: "version",
	err: errors.New("another record with this version is there: a record that changed has a greater one"),
}

func (b *pushBatch) older(i int, entity, id string) {
	b.report.Older++
	b.report.Results = append(b.report.Results, PushOutcome{Index: i, Entity: entity, ID: id, Result: WasOlder})
}

func (b *pushBatch) refuse(i int, p *pushed, err error) {
	e := &pushError{code: schema.BadRequest, err: errNotObject}
	errors.As(err, &e)
	b.report.Refused++
	b.report.Results = append(b.report.Results, PushOutcome{
		Index: i, Entity: p.entity, ID: p.id, Result: WasRefused, Code: string(e.code), Path: e.path, Message: e.err.Error(),
	})
	b.x.refusals.add(p.entity, e)
}

// none is the answer when all or nothing was asked for.
func (b *pushBatch) none() (PushReport, error) {
	b.report.Stored, b.report.Same, b.report.Older, b.report.Deleted = 0, 0, 0, 0
	kept := b.report.Results[:0]
	for _, r := range b.report.Results {
		if r.Result == WasRefused {
			kept = append(kept, r)
		}
	}
	b.report.Results = kept
	return b.finish(), schema.SourceErrorf(schema.BadRequest, b.x.cfg.Name, "nothing was stored: %d of %d records were refused", b.report.Refused, b.n)
}
