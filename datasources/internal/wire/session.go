package wire

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

const (
	loginTimeout = 30 * time.Second
	// How long a failed login is remembered, and up to how long when the source
	// refuses it again and again: wrong credentials do not heal, and accounts lock.
	loginPause    = time.Second
	maxLoginPause = time.Minute
)

// Session keeps the one login of a connector, whatever T it consists of (a
// SessionID, a cookie set, a token), for all its callers. The zero value is not
// usable, see NewSession. It is safe for concurrent use.
type Session[T any] struct {
	// Source is the name in errors that are the session's own. Set it before the
	// first use.
	Source string

	login func(ctx context.Context) (T, error)

	mu       sync.Mutex // guards the rest
	val      T
	gen      uint64 // of val; the first is 1
	live     bool   // val may be used
	pending  *login[T]
	err      error // why there is none, until retryAt
	retryAt  time.Time
	refusals int // failed logins in a row that were the source's decision

	refusedGen uint64 // a new session the source did not honour either
	trustAt    time.Time
}

// login is one login under way. Its fields are set before done is closed.
type login[T any] struct {
	done chan struct{}
	val  T
	gen  uint64
	err  error
}

// NewSession makes a session that logs in with login when it is first needed.
// login runs under a context of its own, with a deadline of 30s, in the flow
// datasources.SharedFlow and with none of a request's values: it belongs to no caller. Its errors are passed on to all who
// wait.
func NewSession[T any](login func(ctx context.Context) (T, error)) *Session[T] {
	return &Session[T]{login: login}
}

// Get returns the session's value and its generation, and logs in when there is
// none: one login at a time, shared by all who wait. Each waiter honours its own
// ctx; one who leaves fails nobody else. A failed login is remembered for a
// second, and longer while refusals repeat, so that a storm of callers does not
// lock the account. Errors are *schema.Error as far as login's are.
func (s *Session[T]) Get(ctx context.Context) (val T, gen uint64, err error) {
	var none T
	s.mu.Lock()
	if s.live {
		val, gen = s.val, s.gen
		s.mu.Unlock()
		return val, gen, nil
	}
	if s.err != nil && time.Now().Before(s.retryAt) {
		err = s.err
		s.mu.Unlock()
		return none, 0, err
	}
	if err := ctx.Err(); err != nil {
		s.mu.Unlock()
		return none, 0, ctxError(s.Source, "login", err)
	}
	l := s.pending
	if l == nil {
		l = &login[T]{done: make(chan struct{})}
		s.pending = l
		go s.run(l)
	}
	s.mu.Unlock()
	select {
	case <-l.done:
		if l.err != nil {
			return none, 0, l.err
		}
		return l.val, l.gen, nil
	case <-ctx.Done():
		return none, 0, ctxError(s.Source, "login", ctx.Err())
	}
}

// run makes one login and wakes those who wait. It ends with the login, which
// its deadline bounds.
func (s *Session[T]) run(l *login[T]) {
	// Everybody waits for it: it shall not queue as background work.
	ctx, cancel := context.WithTimeout(datasources.WithFlow(context.Background(), datasources.SharedFlow), loginTimeout)
	defer cancel()
	func() {
		// It is not a request's goroutine, so nobody above would recover it.
		defer func() {
			if p := recover(); p != nil {
				l.err = schema.Errorf(schema.Internal, "login failed").Because(fmt.Errorf("wire: login panicked: %v", p))
			}
		}()
		l.val, l.err = s.login(ctx)
	}()
	s.mu.Lock()
	s.pending = nil
	if l.err == nil {
		s.gen++
		l.gen = s.gen
		s.val, s.live, s.err, s.refusals = l.val, true, nil, 0
	} else {
		s.remember(l.err, IsRefused(l.err) || IsBounced(l.err))
	}
	s.mu.Unlock()
	close(l.done)
}

// remember is called with mu held.
func (s *Session[T]) remember(err error, isRefusal bool) {
	pause := loginPause
	if isRefusal {
		pause = min(loginPause<<min(s.refusals, 10), maxLoginPause)
		s.refusals++
	}
	s.err, s.retryAt = err, time.Now().Add(pause)
}

// Drop forgets the session if it is still of that generation: of many callers
// who were bounced by one session, only the first ends it.
func (s *Session[T]) Drop(gen uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live && s.gen == gen {
		var none T
		s.val, s.live = none, false
	}
}

// refuse notes that a session was bounced although a new login had just made it.
// It stays: the source may honour it for other calls.
func (s *Session[T]) refuse(gen uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusedGen, s.trustAt = gen, time.Now().Add(loginPause)
}

// isRefused reports whether a new login was of no use a moment ago. Without it a
// call that is always bounced would log in each time, and fill the source's
// table of sessions.
func (s *Session[T]) isRefused(gen uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusedGen == gen && time.Now().Before(s.trustAt)
}

// WithSession runs f with the session's value. When f's error IsBounced, it
// drops the session, logs in once more and runs f once more; a second bounce is
// SOURCE_UNAVAILABLE, and so is a first one for a second after that.
func WithSession[T any](ctx context.Context, s *Session[T], f func(ctx context.Context, val T) error) error {
	val, gen, err := s.Get(ctx)
	if err != nil {
		return err
	}
	if err = f(ctx, val); !IsBounced(err) {
		return err
	}
	if s.isRefused(gen) {
		return s.refused(err)
	}
	s.Drop(gen)
	if val, gen, err = s.Get(ctx); err != nil {
		return err
	}
	if err = f(ctx, val); !IsBounced(err) {
		return err
	}
	s.refuse(gen)
	return s.refused(err)
}

// refused is of another kind than Bounced: a caller further up shall not try
// again.
func (s *Session[T]) refused(err error) error {
	source := s.Source
	var e *schema.Error
	if errors.As(err, &e) && e.Source != "" {
		source = e.Source
	}
	return schema.SourceErrorf(schema.SourceUnavailable, source, "%s: session refused", nameOf(source)).
		Because(newVerdict(OutcomeUnavailable, fmt.Errorf("bounced by a new session: %s", causeText(err))))
}
