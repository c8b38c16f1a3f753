package odata

import (
	"context"
	"sync"
)

// operator knows whether the service has "in". It came with version 4.01, many
// servers of 4.0 have it too, and the others answer it with 400, 500 or 501: in
// doubt the first call finds out, and the calls beside it wait for that.
type operator struct {
	mu     sync.Mutex    // guards the rest
	state  string        // wordYes, wordNo, wordAuto
	trial  chan struct{} // closed when the trial under way has ended
	isOnly bool          // the config decided
}

func (o *operator) begin(word string) {
	o.state, o.isOnly = word, word != wordAuto
}

// learn takes what $metadata says.
func (o *operator) learn(v version, is401 bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case v < v4:
		o.state = wordNo
	case !o.isOnly && is401:
		o.state = wordYes
	}
}

// use tells whether to ask by in. When the answer is a trial, the caller must end
// it with tell; others wait until then.
func (o *operator) use(ctx context.Context) (yes, isTrial bool, err error) {
	for {
		o.mu.Lock()
		if o.state != wordAuto {
			yes = o.state == wordYes
			o.mu.Unlock()
			return yes, false, nil
		}
		if o.trial == nil {
			o.trial = make(chan struct{})
			o.mu.Unlock()
			return true, true, nil
		}
		trial := o.trial
		o.mu.Unlock()
		select {
		case <-trial:
		case <-ctx.Done():
			return false, false, ctx.Err()
		}
	}
}

// tell ends a trial: state is what was learned, wordAuto for nothing.
func (o *operator) tell(state string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state = state
	close(o.trial)
	o.trial = nil
}
