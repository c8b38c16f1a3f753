package cache

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// pollEvery is how often Redis is asked for changes whose message did not come.
const pollEvery = time.Second

// quietRounds is after how many rounds without even an answer to a ping a
// subscription is made anew: its connection may be dead without saying so.
const quietRounds = 4

// listen hears of other processes' changes until ctx ends. A message only says
// that there is something; what it is is asked for, so that messages that are
// lost, doubled or not ours do no harm.
func (c *Cache) listen(ctx context.Context) {
	for ctx.Err() == nil {
		c.subscribed(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(pollEvery / 4):
		}
	}
}

// subscribed hears on one subscription until it fails.
func (c *Cache) subscribed(ctx context.Context) {
	ps := c.cfg.Redis.Subscribe(ctx, c.channel())
	defer ps.Close()
	// A receive does not end with its context.
	defer context.AfterFunc(ctx, func() { ps.Close() })()
	polled := time.Time{}
	for quiet := 0; quiet < quietRounds && ctx.Err() == nil; {
		if time.Since(polled) >= pollEvery {
			c.align(ctx)
			polled = time.Now()
		}
		msg, err := ps.ReceiveTimeout(ctx, pollEvery)
		var network net.Error
		switch {
		case err == nil:
			quiet = 0
			if m, ok := msg.(*redis.Message); ok && c.isNews(m.Payload) {
				c.align(ctx)
			}
		case errors.As(err, &network) && network.Timeout():
			quiet++
			if ps.Ping(ctx) != nil {
				return
			}
		default:
			if time.Since(polled) >= pollEvery {
				c.align(ctx)
			}
			return
		}
	}
}

// isNews reports whether a message tells of a change that is not known.
func (c *Cache) isNews(payload string) bool {
	if len(payload) > 20 {
		return false
	}
	n, err := strconv.ParseUint(payload, 10, 64)
	return err == nil && n > c.shared.applied.Load() && n <= maxNumber
}
