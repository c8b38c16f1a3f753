//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock makes this process the only server on an SQLite file: it has nobody who
// tells two of them what the other has changed. Tokens may be managed beside it.
// The lock ends with Close, or with the process. On PostgreSQL, where several
// instances may run, it does nothing.
func (s *Store) Lock() error {
	if s.isPostgres {
		return nil
	}
	f, err := os.OpenFile(s.name+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return s.failed("lock", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.Join(fmt.Errorf("store %s: %w; ask that one, or give this one a store of its own", s.name, ErrLocked), f.Close())
	}
	if err != nil {
		return errors.Join(s.failed("lock", err), f.Close())
	}
	s.lock = f
	return nil
}
