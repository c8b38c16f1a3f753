//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock makes this process the one that keeps customers in the database: two
// would give the same customer two ids. Tokens may be managed beside it. The lock
// ends with Close, or with the process.
func (s *Store) Lock() error {
	if s.isPostgres {
		return s.lockPostgres()
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
