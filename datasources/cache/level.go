package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// level is the answer to one question for one list of parents, all of which were kept:
// a page of customers that is looked at again asks the same of the same parents, and
// is found under one name instead of under one for each parent. It is good until the
// first of its entries is not fresh any more or anything of the source changes, and is
// weighed with its rows, since it holds them if they are pushed out.
type level[T any] struct {
	rows  datasources.Rows[T]
	n     int // rows
	size  int
	at    uint64 // the last change of the source
	made  time.Time
	until time.Time
}

func (l *level[T]) bytes() int                  { return l.size }
func (l *level[T]) count() int                  { return l.n }
func (l *level[T]) isAbsence() bool             { return false }
func (l *level[T]) ends() (time.Duration, bool) { return l.until.Sub(l.made), true }

// A level has from leastLevel parents, whose keys are mostLevel bytes at most, and on
// the stack roomForLevel.
const (
	leastLevel   = 4
	mostLevel    = 64 << 10
	roomForLevel = 1 << 10
)

// askedAgain remembers the last levels that were asked for and might have been kept,
// so that only what comes a second time is. A slot that is lost costs a level.
type askedAgain [64]atomic.Uint64

func (a *askedAgain) is(of digest) bool {
	h := binary.LittleEndian.Uint64(of[:])
	return a[h%uint64(len(a))].Swap(h) == h
}

// levelName names a level; false for a list that is too short or long to be one.
func levelName(of digest, parents []string) (digest, bool) {
	if len(parents) < leastLevel {
		return digest{}, false
	}
	size := len(of)
	for _, p := range parents {
		size += len(p) + binary.MaxVarintLen64
	}
	if size > mostLevel {
		return digest{}, false
	}
	var room [roomForLevel]byte
	b := append(room[:0], of[:]...)
	for _, p := range parents {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	sum := sha256.Sum256(b)
	return digest(sum[:]), true
}

// level gives the rows of a level that is kept and good.
func (r *reader[T, P]) level(of digest, parents int) (datasources.Rows[T], bool) {
	v, _ := r.c.l1.GetIfPresent(name{of: of})
	l, ok := v.(*level[T])
	if !ok || l.at != r.marks.last.Load() {
		return datasources.Rows[T]{}, false
	}
	if now := r.c.cfg.Now(); now.Before(l.made) || !now.Before(l.until) {
		return datasources.Rows[T]{}, false
	}
	r.c.count.hits1.Add(uint64(parents))
	return l.rows, true
}

// keepLevel keeps an answer of which all was fresh in this process.
func (r *reader[T, P]) keepLevel(of digest, got *answer[T], rows *datasources.Rows[T]) {
	// Rows that Trama keeps itself are as good as their reader says at the time.
	if !got.isKept || r.keeper != nil || !r.again.is(of) {
		return
	}
	l := &level[T]{rows: *rows, at: got.at, made: got.now}
	l.size = overhead + len(got.parts)*(3+1+1)*8
	for _, e := range got.parts {
		soft := r.c.cfg.TTL
		if len(e.Rows) == 0 {
			soft = r.c.cfg.Absent
		}
		if until := e.Read.Add(soft); l.until.IsZero() || until.Before(l.until) {
			l.until = until
		}
		l.size += e.size
		l.n += len(e.Rows)
	}
	if l.size <= r.c.largest() && l.until.After(l.made) {
		put(r.c, name{of: of}, l)
	}
}
