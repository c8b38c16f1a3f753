package cache

import (
	"context"
	"errors"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"
)

// lookup finds entries in L1 and then, all together, in L2. Missing keys are
// absent from the result.
func lookup[T any](ctx context.Context, c *Cache, keys []string) map[string]*entry[T] {
	found := make(map[string]*entry[T], len(keys))
	var far []string
	for _, k := range keys {
		v, ok := c.l1.GetIfPresent(k)
		if e, typed := v.(*entry[T]); ok && typed && c.fresh(e.Read, len(e.Rows)) {
			found[k] = e
			c.hits1.Add(1)
			continue
		}
		far = append(far, k)
	}
	for k, b := range c.getMany(ctx, far) {
		e := new(entry[T])
		if err := c.l2.Unmarshal(b, e); err != nil || !c.fresh(e.Read, len(e.Rows)) {
			continue
		}
		found[k] = e
		c.l1.Set(k, e)
		c.hits2.Add(1)
	}
	c.misses.Add(uint64(len(keys) - len(found)))
	return found
}

// getMany reads encoded entries: one MGET, or the local cache one by one.
func (c *Cache) getMany(ctx context.Context, keys []string) map[string][]byte {
	if len(keys) == 0 {
		return nil
	}
	found := make(map[string][]byte)
	if c.cfg.Redis == nil {
		for _, k := range keys {
			var b []byte // taken out encoded, as from Redis
			if err := c.l2.Get(ctx, k, &b); err == nil {
				found[k] = b
			}
		}
		return found
	}
	if !c.redisUp() {
		return nil
	}
	values, err := c.cfg.Redis.MGet(ctx, keys...).Result()
	if err != nil {
		if ctx.Err() == nil {
			c.redisFailed(err)
		}
		return nil
	}
	for i, v := range values {
		if s, ok := v.(string); ok {
			found[keys[i]] = []byte(s)
		}
	}
	return found
}

// remember puts an entry into L1 and hands it to the writer. When the writer is
// behind, the entry stays in this process only.
func remember[T any](c *Cache, key string, e *entry[T]) {
	e.Read = c.cfg.Now()
	c.l1.Set(key, e)
	ttl := c.cfg.TTL
	if len(e.Rows) == 0 {
		ttl = c.cfg.Absent
	}
	select {
	case <-c.stop:
	case c.writes <- write{key, e, max(ttl, minTTL)}:
	default:
		c.dropped.Add(1)
	}
}

// batchWrites is how many entries go to Redis in one pipeline.
const batchWrites = 200

// writer encodes and writes entries in the background, many at a time: no
// answer waits for it.
func (c *Cache) writer() {
	defer close(c.done)
	for {
		select {
		case <-c.stop:
			if batch := c.waiting(nil); len(batch) > 0 {
				c.setMany(batch)
			}
			return
		case first := <-c.writes:
			c.setMany(c.waiting([]write{first}))
		}
	}
}

// waiting adds what is in the queue to a batch.
func (c *Cache) waiting(batch []write) []write {
	for len(batch) < batchWrites {
		select {
		case w := <-c.writes:
			batch = append(batch, w)
		default:
			return batch
		}
	}
	return batch
}

func (c *Cache) setMany(batch []write) {
	ctx := context.Background() // writes outlive the request that caused them
	if c.cfg.Redis == nil {
		for _, w := range batch {
			if err := c.l2.Set(&rediscache.Item{Ctx: ctx, Key: w.key, Value: w.value, TTL: w.ttl}); err == nil {
				c.written.Add(1)
			}
		}
		return
	}
	if !c.redisUp() {
		c.dropped.Add(uint64(len(batch)))
		return
	}
	_, err := c.cfg.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, w := range batch {
			b, err := c.l2.Marshal(w.value)
			if err != nil {
				return err
			}
			p.Set(ctx, w.key, b, w.ttl)
		}
		return nil
	})
	switch {
	case err == nil:
		c.written.Add(uint64(len(batch)))
	case !errors.Is(err, redis.Nil):
		c.redisFailed(err)
	}
}
