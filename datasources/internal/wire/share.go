package wire

import (
	"golang.org/x/time/rate"

	"github.com/trama-graph/trama/datasources"
)

var _ datasources.Paced = (*Client)(nil)

// Demand implements datasources.Paced.
func (c *Client) Demand() datasources.Demand {
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	return datasources.Demand{PerMinute: c.cfg.PerMinute, Asked: c.queue.asked, Waiting: c.queue.waiting}
}

// SetShare implements datasources.Paced: this process makes a share of the agreed
// calls. Where none were agreed it changes nothing. One call can always go out, at
// however low a rate. Who waits already keeps his place.
func (c *Client) SetShare(share float64) {
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	c.queue.gate.setShare(share, c.cfg.PerMinute, c.cfg.Burst)
}

// leastShare keeps a wait for the rate finite.
const leastShare = 1e-3

// setShare makes the rate, and how much of it may go at once, smaller.
func (g *gate) setShare(share float64, perMinute, burst int) {
	share = min(max(share, leastShare), 1)
	if !(share > 0) || g.limiter == nil { // what is no number is no share
		return
	}
	now := g.now()
	g.limiter.SetLimitAt(now, rate.Limit(float64(perMinute)/60*share))
	g.limiter.SetBurstAt(now, max(1, int(float64(burst)*share)))
}
