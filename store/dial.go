package store

import (
	"net"
	"time"
)

// A connection to a server that is cut off is given up after about as long. Without
// it a call that was sent would wait until its own deadline.
const (
	probeAfter = 10 * time.Second
	probeEvery = 5 * time.Second
	probes     = 3
)

// dialer makes connections that notice a network that is cut.
func dialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: probeAfter, Interval: probeEvery, Count: probes},
		Control:         boundUnacknowledged,
	}
}
