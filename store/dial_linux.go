package store

import (
	"strings"
	"syscall"
)

// userTimeout is TCP_USER_TIMEOUT of linux/tcp.h, which package syscall does not
// have.
const userTimeout = 0x12

// boundUnacknowledged bounds how long what was sent may stay unacknowledged: no
// probes are sent meanwhile, and Linux would try for a quarter of an hour.
func boundUnacknowledged(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var err error
	limit := probeAfter + probes*probeEvery
	if e := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, int(limit.Milliseconds()))
	}); e != nil {
		return e
	}
	return err
}
