package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"reflect"
	"strings"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/klauspost/compress/s2"
	"github.com/redis/go-redis/v9"
)

type write struct {
	key   string
	value weighed
	ttl   time.Duration
}

// getMany reads encoded entries: one MGET, or the local cache one by one. What it
// gives may be judged by the changes known here: it asks in the same round whether
// there are others, and learns them first.
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
	var values *redis.SliceCmd
	var number *redis.StringCmd
	_, err := c.cfg.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		number = p.Get(ctx, c.sharedKeys()[0])
		values = p.MGet(ctx, keys...)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		if ctx.Err() == nil {
			c.redisFailed(err)
		}
		return nil
	}
	c.redisWorked()
	n, err := number.Uint64()
	if (err != nil || n != c.shared.applied.Load() || c.shared.waiting() > 0) && !c.align(ctx) {
		return nil
	}
	for i, v := range values.Val() {
		if s, ok := v.(string); ok && i < len(keys) {
			found[keys[i]] = []byte(s)
		}
	}
	return found
}

// errForeign is a value that is none of ours, or not of this name.
var errForeign = errors.New("cache: not an entry of this name")

// A kept value is a checksum of its name and body, and the body as go-redis/cache
// encodes it. The checksum finds what was cut off, mixed up or written by others.
const sumBytes = 4

func (c *Cache) encode(name string, value any) ([]byte, error) {
	body, err := c.l2.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode an entry: %w", err)
	}
	out := make([]byte, sumBytes, sumBytes+len(body))
	binary.BigEndian.PutUint32(out, checksum(name, body))
	return append(out, body...), nil
}

func checksum(name string, body []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte(name), table), table, body)
}

// decode reads a kept value. Whatever it is, it is an entry of this name or an
// error.
func decode[T any](c *Cache, name string, b []byte) (e *entry[T], err error) {
	if len(b) < sumBytes || binary.BigEndian.Uint32(b) != checksum(name, b[sumBytes:]) {
		return nil, errForeign
	}
	return decodeBody[T](c, b[sumBytes:])
}

func decodeBody[T any](c *Cache, body []byte) (e *entry[T], err error) {
	defer func() {
		if r := recover(); r != nil { // a decoder that gives up its own way
			e, err = nil, errForeign
		}
	}()
	const plain, compressed = 0, 1 // the last byte, as go-redis/cache has it
	n := len(body)
	if n == 0 || n > 2*c.largest() {
		return nil, errForeign
	}
	packed := body[:n-1]
	if body[n-1] == compressed {
		if size, err := s2.DecodedLen(packed); err != nil || size > 2*c.largest() {
			return nil, errForeign
		}
		if packed, err = s2.Decode(nil, packed); err != nil {
			return nil, errForeign
		}
	} else if body[n-1] != plain {
		return nil, errForeign
	}
	if !isSane(packed, 4*c.largest()/int(reflect.TypeFor[T]().Size())) {
		return nil, errForeign
	}
	body = append(packed[:len(packed):len(packed)], plain)
	e = new(entry[T])
	if err := c.l2.Unmarshal(body, e); err != nil {
		return nil, fmt.Errorf("%w: %w", errForeign, err)
	}
	return e, nil
}

// enqueue hands an entry to the writer. When the writer is behind, the entry stays
// in this process only.
func (c *Cache) enqueue(name string, e weighed, ttl time.Duration) {
	size := int64(e.bytes())
	if c.queued.Add(size) > c.cfg.Bytes/4 {
		c.queued.Add(-size)
		c.count.dropped.Add(1)
		return
	}
	select {
	case c.writes <- write{name, e, ttl}:
		return
	case <-c.stop:
	default:
		c.count.dropped.Add(1)
	}
	c.queued.Add(-size)
}

// batchWrites is how many entries go to Redis in one pipeline.
const batchWrites = 200

// writer encodes and writes entries in the background, many at a time: no
// answer waits for it.
func (c *Cache) writer() {
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
	for _, w := range batch {
		c.queued.Add(-int64(w.value.bytes()))
	}
	ctx := context.Background() // writes outlive the request that caused them
	if c.cfg.Redis == nil {
		for _, w := range batch {
			b, err := c.encode(w.key, w.value)
			if err == nil {
				err = c.l2.Set(&rediscache.Item{Ctx: ctx, Key: w.key, Value: b, TTL: w.ttl})
			}
			if err == nil {
				c.count.written.Add(1)
			}
		}
		return
	}
	if !c.redisUp() {
		c.count.dropped.Add(uint64(len(batch)))
		return
	}
	_, err := c.cfg.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, w := range batch {
			b, err := c.encode(w.key, w.value)
			if err != nil {
				continue // a row that cannot be encoded stays here
			}
			p.Set(ctx, w.key, b, w.ttl)
		}
		return nil
	})
	switch {
	case err == nil:
		c.count.written.Add(uint64(len(batch)))
	case strings.HasPrefix(err.Error(), "OOM"):
		c.count.dropped.Add(uint64(len(batch))) // it is full, and can still be read
	default:
		c.redisFailed(err)
	}
}
