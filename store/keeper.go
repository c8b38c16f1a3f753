package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// postgresKeeper holds the right to keep customers in a PostgreSQL database: a lock
// that lies on one connection and ends with it.
type postgresKeeper struct {
	s    *Store
	mu   sync.Mutex // guards conn
	conn *sql.Conn  // nil when the lock was lost
}

// keeperTimeout bounds how long the server may take to answer for its lock.
const keeperTimeout = 10 * time.Second

// lockPostgres is Lock with PostgreSQL.
func (s *Store) lockPostgres() error {
	ctx, cancel := context.WithTimeout(context.Background(), keeperTimeout)
	defer cancel()
	k := &postgresKeeper{s: s}
	if err := k.take(ctx); err != nil {
		return err
	}
	s.lock, s.keeper = k, k
	return nil
}

// take takes the lock on a connection of its own.
func (k *postgresKeeper) take(ctx context.Context) error {
	conn, err := k.s.w.Conn(ctx)
	if err != nil {
		return k.s.failed("lock", err)
	}
	var got bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(?, hashtext(current_schema()))", customersLock).Scan(&got); err != nil {
		return errors.Join(k.s.failed("lock", err), conn.Close())
	}
	if !got {
		return errors.Join(fmt.Errorf("store %s: %w; ask that one, or give this one a store of its own", k.s.name, ErrLocked), conn.Close())
	}
	k.conn = conn
	return nil
}

// check makes sure that the lock is still held: the server may have been started
// anew since, and another process taken it. nil keeps nothing and is fine.
func (k *postgresKeeper) check(ctx context.Context) error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn != nil {
		_, err := k.conn.ExecContext(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return k.s.failed("check the lock", err)
		}
		_ = k.conn.Close() // it is broken
		k.conn = nil
	}
	return k.take(ctx)
}

// Close implements io.Closer.
func (k *postgresKeeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), keeperTimeout)
	defer cancel()
	_, err := k.conn.ExecContext(ctx, "SELECT pg_advisory_unlock(?, hashtext(current_schema()))", customersLock)
	err = errors.Join(err, k.conn.Close())
	k.conn = nil
	return err
}
