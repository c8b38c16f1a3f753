//go:build unix

package load

import (
	"os"
	"syscall"
)

// Locked runs f while it holds a lock file, so that two benchmarks on one machine
// take turns; path "" = without one.
func Locked(path string, f func() error) error {
	if path == "" {
		return f()
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer file.Close() // which ends the lock
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return f()
}
