package web

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/graph/report"
)

const (
	// keptFor is how long what was added up for a page waits for the next one to be asked.
	keptFor = 3 * time.Minute
	// keptMost is how many wait over all, keptOfOne how many of one account. The one that
	// has waited longest gives way.
	keptMost  = 32
	keptOfOne = 4
)

// keptSums keep what tables were added up to, from page to page of one answer: for who
// began it, and nobody else. It is safe for use by several goroutines.
//
// Pages are the same without: then each adds up again. What is kept is of the moment the
// first page was made in, and says so in asOf; it holds what its token may see and
// nothing more, and a token that may see something else since has another view, or other
// claims, and finds nothing here.
//
// Whoever makes an answer goes first: where it finds no room on disk, what is kept here
// gives way.
type keptSums struct {
	memory, disk int64 // that all may take together
	diskOfOne    int64 // that those of one account may

	mu   sync.Mutex // guards the rest
	list map[string]*keptSum
}

type keptSum struct {
	sums         *dataset.Aggregator
	account      string
	owner        string
	memory, disk int64
	since        time.Time
	timer        *time.Timer
}

// newKeptSums keep as much in memory, and on the disk half of what it has, an eighth of
// one account.
func newKeptSums(memory int64, disk *spill.Disk) *keptSums {
	k := &keptSums{memory: memory, disk: disk.Most() / 2, diskOfOne: disk.Most() / 8, list: map[string]*keptSum{}}
	disk.OnFull(k.giveWay)
	return k
}

// giveWay lets go what has waited longest of what is on disk; false where nothing is. The
// disk calls it, without its mutex, which closing takes.
func (k *keptSums) giveWay() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dropOldest(func(x *keptSum) bool { return x.disk > 0 })
}

// keep takes sums over; false where they take too much, then they are the caller's.
func (k *keptSums) keep(name string, s *keptSum) bool {
	s.memory, s.disk = s.sums.Held()
	if s.memory > k.memory || s.disk > k.diskOfOne {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.list[name] != nil {
		return false // another request for the same page was faster
	}
	of := func(x *keptSum) bool { return x.account == s.account }
	ofAny := func(*keptSum) bool { return true }
	for n, disk := k.count(of); n >= keptOfOne || disk+s.disk > k.diskOfOne; n, disk = k.count(of) {
		k.dropOldest(of)
	}
	for len(k.list) >= keptMost || !k.hasRoom(s) {
		k.dropOldest(ofAny)
	}
	s.since = time.Now()
	s.timer = time.AfterFunc(keptFor, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.list[name] == s {
			k.drop(name)
		}
	})
	k.list[name] = s
	return true
}

// count is how many there are, and what they have on disk.
func (k *keptSums) count(of func(*keptSum) bool) (n int, disk int64) {
	for _, s := range k.list {
		if of(s) {
			n, disk = n+1, disk+s.disk
		}
	}
	return n, disk
}

func (k *keptSums) hasRoom(s *keptSum) bool {
	memory, disk := s.memory, s.disk
	for _, x := range k.list {
		memory, disk = memory+x.memory, disk+x.disk
	}
	return memory <= k.memory && disk <= k.disk
}

// dropOldest lets one go; false where there is none.
func (k *keptSums) dropOldest(of func(*keptSum) bool) bool {
	oldest := ""
	for name, s := range k.list {
		if of(s) && (oldest == "" || s.since.Before(k.list[oldest].since)) {
			oldest = name
		}
	}
	if oldest == "" {
		return false
	}
	k.drop(oldest)
	return true
}

func (k *keptSums) drop(name string) {
	s := k.list[name]
	delete(k.list, name)
	s.timer.Stop()
	_ = s.sums.Close() // what was put aside is gone either way
}

// resume hands sums over to their owner.
func (k *keptSums) resume(name, owner string) *dataset.Aggregator {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.list[name]
	if s == nil || s.owner != owner {
		return nil
	}
	delete(k.list, name)
	s.timer.Stop()
	return s.sums
}

var _ report.Keeper = (*feedRunner)(nil)

// Keep keeps sums for the next pages of the answer.
func (r *feedRunner) Keep(a *dataset.Aggregator, name []byte) []byte {
	if len(name) == 0 {
		name = make([]byte, 16)
		_, _ = rand.Read(name) // it cannot fail
	}
	if !r.sums.keep(string(name), &keptSum{sums: a, account: r.who.Account, owner: r.owner()}) {
		_ = a.Close() // what was put aside is gone either way
		return nil
	}
	return name
}

// Resume takes what Keep was given for who asks now.
func (r *feedRunner) Resume(name []byte) *dataset.Aggregator {
	return r.sums.resume(string(name), r.owner())
}

// owner is all that decides what an answer may hold: who asks, what he may see of which
// table, and the claims that say which rows are his.
func (r *feedRunner) owner() string {
	var b strings.Builder
	for _, text := range []string{r.who.Account, r.who.TokenID, r.access.View.Hash(), cmp.Or(r.table.Name, "-")} {
		b.WriteString(text + "\x00")
	}
	for _, q := range r.table.Queries {
		b.WriteString(q.Text + "\x00")
	}
	for _, claim := range slices.Sorted(maps.Keys(r.who.Claims)) {
		b.WriteString(claim + "\x00" + r.who.Claims[claim] + "\x00")
	}
	return b.String()
}
