package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// The times of a session, all of one order: the process stops before the server
// lets go.
const (
	// beatEvery is how often a session asks the server for a sign of life.
	beatEvery = time.Second
	// sessionLease is how long after the last question that was answered a process
	// may still believe in its rights.
	sessionLease = 4500 * time.Millisecond
	// sessionLimit is how long the server keeps a session it hears nothing of.
	sessionLimit = 6 * time.Second
)

// sessionSettings make the server end a session whose process does not speak: it
// was stopped (idle_session_timeout, PostgreSQL 14 and later; its host would go on
// to acknowledge probes), or the network is cut. A server that does not know a
// setting is not asked for it. Milliseconds, but for the keepalives' seconds.
const sessionSettings = `SELECT set_config(k.name, k.value, false) FROM pg_settings JOIN (VALUES
	('idle_session_timeout', '%[1]d'), ('tcp_user_timeout', '%[1]d'), ('statement_timeout', '4000'),
	('tcp_keepalives_idle', '3'), ('tcp_keepalives_interval', '1'), ('tcp_keepalives_count', '3')) AS k (name, value) USING (name)`

// rightKey makes the number of a right's lock. It is made of the schema, too, so
// that two Tramas in two schemas of one database have rights of their own.
const rightKey = "hashtextextended(current_schema() || ':' || $1, 1953656163)"

var (
	// errReplica says that locks would be granted here, and mean nothing.
	errReplica = errors.New("this server is a replica")
	// errPooler says that a pooler gives questions to other connections than the one
	// on which the rights lie.
	errPooler = errors.New("a pooler stands between that does not keep sessions")
)

// session is the connection on which rights lie. One goroutine speaks on it, so
// that the server's end is seen as soon as it comes.
type session struct {
	over context.Context //nolint:containedctx // ends with the session
	end  context.CancelCauseFunc

	conn *pgx.Conn // of run's goroutine only
	pid  uint32
	asks chan ask
	done chan struct{} // closed when run has ended
	held atomic.Int64
}

// ask is a question to the goroutine of a session.
type ask struct {
	query  string
	name   string
	answer chan reply // of one place: the asker may have gone
}

type reply struct {
	yes bool
	err error
}

// openSession connects beside the pool.
func openSession(ctx context.Context, s *Store) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionLease)
	defer cancel()
	began := time.Now()
	x := &session{asks: make(chan ask), done: make(chan struct{})}
	cfg := s.dial.Copy()
	cfg.RuntimeParams["application_name"] = "trama rights"
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec // nothing is prepared: there are few statements
	connected, dial := atomic.Bool{}, cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if connected.Load() {
			// pgx would connect once more to cancel a question to a server that does not
			// answer. The end of the session is enough.
			return nil, ErrLost
		}
		return dial(ctx, network, address)
	}
	var err error
	if x.conn, err = pgx.ConnectConfig(ctx, cfg); err != nil {
		return nil, err
	}
	connected.Store(true)
	if _, err = x.conn.Exec(ctx, fmt.Sprintf(sessionSettings, sessionLimit.Milliseconds())); err == nil {
		x.pid, err = x.beat(ctx)
	}
	if err != nil {
		x.hangUp()
		return nil, err
	}
	x.over, x.end = context.WithCancelCause(context.Background())
	go x.run(began)
	return x, nil
}

// run speaks on the connection until it breaks or is closed. sent is when the last
// question was sent that was answered: the server cannot have given up on us
// before sessionLimit from then.
func (x *session) run(sent time.Time) {
	defer close(x.done)
	defer x.hangUp()
	due := sent.Add(beatEvery)
	for {
		a, err := x.listen(due)
		if err == nil {
			err = context.Cause(x.over)
		}
		if err == nil {
			now := time.Now()
			ctx, cancel := context.WithDeadline(x.over, sent.Add(sessionLease))
			err = x.speak(ctx, a, &due)
			cancel()
			sent = now
		} else if a != nil {
			a.answer <- reply{err: err}
		}
		if err != nil {
			x.end(fmt.Errorf("%w: %w", ErrLost, err))
			return
		}
	}
}

// speak asks what somebody wants to know, and makes sure that the session is what
// it was when that is due.
func (x *session) speak(ctx context.Context, a *ask, due *time.Time) error {
	if a != nil {
		var yes bool
		err := x.conn.QueryRow(ctx, a.query, a.name).Scan(&yes)
		a.answer <- reply{yes, err}
		if err != nil {
			return err
		}
	}
	if time.Now().Before(*due) {
		return nil
	}
	*due = time.Now().Add(beatEvery)
	pid, err := x.beat(ctx)
	if err == nil && pid != x.pid {
		err = errPooler
	}
	return err
}

// listen waits for a question, nil when none came in time. Meanwhile it reads: a
// server that stops says so, and a connection that breaks is seen at once.
func (x *session) listen(until time.Time) (*ask, error) {
	wait, cancel := context.WithDeadline(x.over, until)
	defer cancel()
	var next *ask
	var asked sync.WaitGroup
	asked.Go(func() {
		select {
		case a := <-x.asks:
			next = &a
			cancel()
		case <-wait.Done():
		}
	})
	var err error
	for err == nil { // what others notify is of no interest
		_, err = x.conn.WaitForNotification(wait)
	}
	expected := wait.Err() != nil && !x.conn.IsClosed()
	cancel()
	asked.Wait()
	if expected {
		err = nil
	}
	return next, err
}

// beat asks the server for a sign of life, and which of its processes it comes
// from.
func (x *session) beat(ctx context.Context) (pid uint32, err error) {
	var isReplica bool
	err = x.conn.QueryRow(ctx, "SELECT pg_backend_pid(), pg_is_in_recovery()").Scan(&pid, &isReplica)
	if err == nil && isReplica {
		err = errReplica
	}
	return pid, err
}

// try asks for a right once.
func (x *session) try(ctx context.Context, name string) (bool, error) {
	yes, err := x.ask(ctx, ask{query: "SELECT NOT pg_is_in_recovery() AND pg_try_advisory_lock(" + rightKey + ")", name: name})
	if yes {
		x.held.Add(1)
	}
	return yes, err
}

// release gives a right back. A session that is over has none.
func (x *session) release(name string) {
	// The session ends by itself when the server does not answer.
	_, _ = x.ask(context.Background(), ask{query: "SELECT pg_advisory_unlock(" + rightKey + ")", name: name})
	x.held.Add(-1)
}

// count is how many rights lie on the session.
func (x *session) count() int64 { return x.held.Load() }

// ask waits for an answer even when ctx ends: a right that was granted has to be
// known, and the session ends when the server does not answer.
func (x *session) ask(ctx context.Context, a ask) (bool, error) {
	a.answer = make(chan reply, 1)
	select {
	case x.asks <- a:
	case <-x.done:
		return false, ErrLost
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	r := <-a.answer
	return r.yes, r.err
}

// close ends the session and waits for it.
func (x *session) close() {
	x.end(errClosed)
	<-x.done
}

// hangUp closes the connection at once: the server sees it, and there is nothing
// to be said to one that does not answer.
func (x *session) hangUp() {
	_ = x.conn.PgConn().Conn().Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = x.conn.Close(ctx)
}
