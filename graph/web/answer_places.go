package web

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

const (
	// defaultLongAnswers is how many long answers of an account are under way at most.
	// Each holds the windows that are made ahead, some 10 to 16 MB: eight are enough to
	// fetch several lists at once, and slow readers of one account hold no more than
	// some 130 MB.
	defaultLongAnswers = 8
	// placeWait is what the next is told to wait. Nobody knows when one of them ends;
	// most are read within seconds.
	placeWait = 5 * time.Second
)

// errFull says that all accounts together have as many places as there are.
var errFull = errors.New("web: all places are taken")

// places bound the long answers that are under way: of each account and, where all is
// not 0, of all of them. It is safe for use by several goroutines.
type places struct {
	most, all int

	mu    sync.Mutex     // guards the rest
	taken map[string]int // by account, none of which has 0
	sum   int            // of taken
}

func newPlaces(most, all int) *places { return &places{most: most, all: all, taken: map[string]int{}} }

// enter takes a place, until leave is called, which is called once. The error is LIMITED
// with the wait, or errFull.
func (p *places) enter(who *policies.Principal) (leave func(), err error) {
	account := cmp.Or(who.Account, "token:"+who.TokenID)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[account] >= p.most {
		e := schema.Errorf(schema.Limited, "%d long answers are being sent to this account already: read them first", p.most)
		e.Retryable, e.Wait = true, placeWait
		return nil, e
	}
	if p.all > 0 && p.sum >= p.all {
		return nil, errFull
	}
	p.taken[account]++
	p.sum++
	return func() { p.leave(account) }, nil
}

func (p *places) leave(account string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sum--
	if p.taken[account]--; p.taken[account] <= 0 {
		delete(p.taken, account) // accounts come and go
	}
}
