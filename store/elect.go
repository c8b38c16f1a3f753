package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrLost is the cause of the end of what Elect has granted, when this process may
// have lost it.
var ErrLost = errors.New("store: the right was lost, another instance may have it")

// errClosed ends waiting for a right when the store is closed.
var errClosed = errors.New("store: closed")

// How rights are waited for. With the times of a session they bound how long
// nobody has a right whose holder is gone: by sessionLimit + tryEvery, and by
// maxHandicap for every right that is taken over at once.
const (
	tryEvery = time.Second
	// handicapEach is how long a process that has just got a right waits before it
	// tries for another, for every right it has, so that they spread over the
	// instances; maxHandicap bounds it.
	handicapEach = 100 * time.Millisecond
	maxHandicap  = 300 * time.Millisecond
	// restPeriod is how long a process lets others try after it gave a right back.
	restPeriod = 2 * tryEvery
)

// Elect waits until this process has the right name, such as "source:books" or
// "directory", which only one of all processes on the database has at a time. run
// ends when ctx does, or, with the cause ErrLost, when the right may be lost: the
// server was started anew, cannot be reached, or does not answer. The server gives
// it to another process later than that: what is done under run is done alone.
// Only a process that was stopped and wakes up may find its run still open for a
// moment; what it writes then has to be guarded by what it knows of the database,
// as copies and the directory do.
//
// release gives the right back, whether run has ended or not; it has to be called
// when nothing is done under it any more. The error is only ever that of ctx, or
// that the store was closed.
//
// With PostgreSQL rights are advisory locks on one connection for all of a
// process's rights, beside those of the pool. With SQLite, where one process is
// alone on its file, they are granted at once.
func (s *Store) Elect(ctx context.Context, name string) (run context.Context, release func(), err error) {
	leave, err := s.rights.enter(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	if !s.isPostgres {
		run, cancel := context.WithCancelCause(ctx)
		return run, sync.OnceFunc(func() {
			cancel(context.Canceled)
			leave()
		}), nil
	}
	g, err := s.rights.wait(ctx, s, name)
	if err != nil {
		leave()
		return nil, nil, err
	}
	run, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(g.session.over, func() { cancel(ErrLost) })
	if g.session.over.Err() != nil { // AfterFunc runs beside us
		cancel(ErrLost)
	}
	return run, sync.OnceFunc(func() {
		stop()
		cancel(context.Canceled)
		s.rights.give(g)
		leave()
	}), nil
}

// rights are what this process has, and what it waits for. The zero value is
// ready.
type rights struct {
	mu      sync.Mutex
	inside  map[string]chan struct{} // by name, of one place: one of this process at a time
	rested  map[string]time.Time     // when this process may try again for a right it gave back
	free    time.Time                // when it may try again for any
	trying  chan struct{}            // of one place: so that free is known before the next try
	session *session                 // nil when there is none
	isAway  bool                     // it was logged
	closed  chan struct{}            // closed with the store
}

// grant is a right that this process has.
type grant struct {
	session *session
	name    string
}

// init makes what the zero value has not. mu is held.
func (r *rights) init() {
	if r.closed == nil {
		r.inside, r.rested = map[string]chan struct{}{}, map[string]time.Time{}
		r.trying, r.closed = make(chan struct{}, 1), make(chan struct{})
	}
}

// enter lets one goroutine of this process at a time want a right: the server
// would grant it to the same connection twice.
func (r *rights) enter(ctx context.Context, name string) (leave func(), err error) {
	r.mu.Lock()
	r.init()
	door, ok := r.inside[name]
	if !ok {
		door = make(chan struct{}, 1)
		r.inside[name] = door
	}
	closed := r.closed
	r.mu.Unlock()
	select {
	case <-closed:
		return nil, errClosed
	default:
	}
	select {
	case door <- struct{}{}:
		return func() { <-door }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-closed:
		return nil, errClosed
	}
}

// wait tries until this process has the right.
func (r *rights) wait(ctx context.Context, s *Store, name string) (grant, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := r.onClose(func() { cancel(errClosed) })
	defer stop()
	for {
		session, got, err := r.try(ctx, s, name)
		switch {
		case ctx.Err() != nil:
			if got {
				r.give(grant{session, name})
			}
			return grant{}, context.Cause(ctx)
		case got:
			return grant{session, name}, nil
		}
		r.tell(ctx, s, err)
		if !pause(ctx, tryEvery) {
			return grant{}, context.Cause(ctx)
		}
	}
}

// try asks for the right once, when this process may.
func (r *rights) try(ctx context.Context, s *Store, name string) (*session, bool, error) {
	select {
	case r.trying <- struct{}{}:
		defer func() { <-r.trying }()
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
	r.mu.Lock()
	rest, wait := time.Until(r.rested[name]), time.Until(r.free)
	r.mu.Unlock()
	if rest > 0 { // others may try first
		return nil, false, nil
	}
	if !pause(ctx, wait) {
		return nil, false, context.Cause(ctx)
	}
	session, err := r.connect(ctx, s)
	if err != nil {
		return nil, false, err
	}
	got, err := session.try(ctx, name)
	if got {
		r.mu.Lock()
		r.free = time.Now().Add(min(time.Duration(session.count())*handicapEach, maxHandicap))
		r.mu.Unlock()
	}
	return session, got, err
}

// tell logs once that the database is away, and once that it is back.
func (r *rights) tell(ctx context.Context, s *Store, err error) {
	r.mu.Lock()
	was := r.isAway
	r.isAway = err != nil
	r.mu.Unlock()
	switch {
	case err != nil && !was:
		s.log.WarnContext(ctx, "cannot ask for the right to read sources", "error", s.failed("elect", err))
	case err == nil && was:
		s.log.InfoContext(ctx, "asks again for the right to read sources")
	}
}

// connect returns the session, and makes one when there is none. Only try calls
// it, so that one at a time does so.
func (r *rights) connect(ctx context.Context, s *Store) (*session, error) {
	r.mu.Lock()
	session := r.session
	r.mu.Unlock()
	if session != nil && session.over.Err() == nil {
		return session, nil
	}
	session, err := openSession(ctx, s)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.closed:
		session.close()
		return nil, errClosed
	default:
	}
	r.session = session
	return session, nil
}

// give gives a right back, and lets others try first.
func (r *rights) give(g grant) {
	r.mu.Lock()
	r.rested[g.name] = time.Now().Add(restPeriod)
	r.mu.Unlock()
	g.session.release(g.name)
}

// onClose calls f when the rights are closed, unless stop was called before.
func (r *rights) onClose(f func()) (stop func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	closed, done := r.closed, make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		select {
		case <-closed:
			f()
		case <-done:
		}
	})
	return func() {
		close(done)
		wait.Wait()
	}
}

// close ends the session and with it every right of this process.
func (r *rights) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	select {
	case <-r.closed:
		return
	default:
		close(r.closed)
	}
	if r.session != nil {
		r.session.close()
	}
}
