package cache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// maxPending is how many tags wait for Redis to come back; beyond, whole sources
// are meant.
const maxPending = 1000

// maxShared is how many tags Redis tells apart. Beyond, the oldest fifth becomes a
// floor under which every entry counts as changed.
const maxShared = 20_000

// shared is what the processes agree on by Redis: changes are numbered, and for
// each tag the number of its last change is kept. An entry carries the last number
// its process knew before it was read, and is good when none of its tags has a
// higher one.
type shared struct {
	mu      sync.Mutex    // held while Redis is asked
	applied atomic.Uint64 // changes up to this number are known here
	floor   atomic.Uint64 // entries below are not good

	wait sync.Mutex // guards the rest
	tags []pending  // not yet in Redis
}

type pending struct {
	tag    Tag
	erased bool
}

func (s *shared) add(list []Tag, erased bool) {
	s.wait.Lock()
	defer s.wait.Unlock()
	for _, tag := range list {
		s.tags = append(s.tags, pending{tag, erased})
	}
	if len(s.tags) <= maxPending {
		return
	}
	whole := map[string]bool{}
	for _, p := range s.tags {
		whole[p.tag.Source] = whole[p.tag.Source] || p.erased
	}
	s.tags = s.tags[:0]
	for source, erased := range whole {
		s.tags = append(s.tags, pending{Tag{Source: source}, erased})
	}
}

func (s *shared) waiting() int {
	s.wait.Lock()
	defer s.wait.Unlock()
	return len(s.tags)
}

// take takes the waiting tags, back puts them to the front again.
func (s *shared) take() []pending {
	s.wait.Lock()
	defer s.wait.Unlock()
	list := s.tags
	s.tags = nil
	return list
}

func (s *shared) back(list []pending) {
	s.wait.Lock()
	s.tags = append(list, s.tags...)
	s.wait.Unlock()
	s.add(nil, false)
}

// The names of what is shared. The braces keep them on one node of a cluster.
func (c *Cache) sharedKeys() []string {
	p := "{" + c.cfg.Prefix + ":tags}:"
	return []string{p + "number", p + "floor", p + "last"}
}

func (c *Cache) channel() string { return c.cfg.Prefix + ":invalidate" }

// exchange puts changes into Redis and gives those that the caller does not know.
// A Redis that has lost its memory begins above everything that was ever counted,
// by its own clock, with all that was before below the floor.
//
//	KEYS number, floor, last (a sorted set: tag by number)
//	ARGV what the caller knows, how many tags are kept, channel, how many are told
//	     at most, his tags
var exchange = redis.NewScript(`
local function text(n) return string.format('%.0f', n) end
local known = tonumber(ARGV[1])
local number = tonumber(redis.call('GET', KEYS[1]) or '0')
if number == nil or number == 0 or number < known then
  local t = redis.call('TIME')
  number = math.max(tonumber(t[1]) * 1000000 + tonumber(t[2]), known + 1)
  redis.call('SET', KEYS[1], text(number))
  redis.call('SET', KEYS[2], text(number))
  redis.call('DEL', KEYS[3])
end
if #ARGV > 4 then
  number = number + 1
  redis.call('SET', KEYS[1], text(number))
  for i = 5, #ARGV do
    redis.call('ZADD', KEYS[3], text(number), ARGV[i])
  end
  local max = tonumber(ARGV[2])
  local have = redis.call('ZCARD', KEYS[3])
  if have > max then
    local drop = have - math.floor(max * 4 / 5)
    local at = redis.call('ZRANGE', KEYS[3], drop - 1, drop - 1, 'WITHSCORES')
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', text(tonumber(at[2])))
    redis.call('SET', KEYS[2], text(tonumber(at[2])))
  end
  redis.call('PUBLISH', ARGV[3], text(number))
end
local floor = redis.call('GET', KEYS[2]) or '0'
local news = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. text(known), '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
return {text(number), floor, news}
`)

var (
	errReply = errors.New("cache: an unexpected reply of redis")
	errAway  = errors.New("cache: redis is left alone")
)

// maxTold is how many tags are told in one round: an instance that starts, or was
// away for long, shall not fail for Redis's answer being long. It is more than one
// exchange puts in under one number.
const maxTold = 2 * maxPending

// align sends what waits and learns what others have sent. It reports whether this
// process now knows all that Redis does.
func (c *Cache) align(ctx context.Context) bool {
	s := &c.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		isAll, err := c.exchanged(ctx)
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, errAway) {
				c.redisFailed(err)
			}
			return false
		}
		if isAll {
			c.redisWorked()
			return s.waiting() == 0
		}
	}
}

// exchanged does one exchange; its lock is held. It reports whether there is no
// more to be told.
func (c *Cache) exchanged(ctx context.Context) (isAll bool, err error) {
	s := &c.shared
	if !c.redisUp() {
		return false, errAway
	}
	list := s.take()
	known := s.applied.Load()
	args := []any{strconv.FormatUint(known, 10), maxShared, c.channel(), maxTold}
	for _, p := range list {
		args = append(args, encodeTag(p))
	}
	reply, err := exchange.Run(ctx, c.cfg.Redis, c.sharedKeys(), args...).Slice()
	var number, floor uint64
	var news []told
	if err == nil {
		number, floor, news, err = readReply(reply)
	}
	if err != nil {
		s.back(list)
		return false, err
	}
	for _, p := range list {
		c.tags.shared(p.tag, p.erased, number)
	}
	c.count.sent.Add(uint64(len(list)))
	if floor > known && (known > 0 || c.count.entries.Load() > 0) {
		c.tags.changedAll() // what was said in between is not known and never will be
	}
	news, upTo := complete(news, number)
	if upTo <= known && upTo < number {
		c.tags.changedAll() // not ours: so many under one number
		upTo = number
	}
	for _, t := range news {
		if p, ok := decodeTag(t.text); ok && c.tags.told(p.tag, p.erased, t.number) {
			c.count.received.Add(1)
		}
	}
	// A source that was put in meanwhile has set it to 0: all is to be told again.
	s.applied.CompareAndSwap(known, upTo)
	s.floor.Store(floor)
	return upTo == number, nil
}

// complete drops the last number of a list that was cut off, whose tags may not all
// be there, and gives up to where the rest is whole.
func complete(news []told, number uint64) ([]told, uint64) {
	if len(news) < maxTold {
		return news, number
	}
	last := news[len(news)-1].number
	for len(news) > 0 && news[len(news)-1].number == last {
		news = news[:len(news)-1]
	}
	if len(news) == 0 {
		return nil, 0
	}
	return news, news[len(news)-1].number
}

// told is a tag as it is kept in Redis.
type told struct {
	text   string
	number uint64
}

// maxNumber is the largest whole number a script of Redis can count to.
const maxNumber = 1 << 53

// readReply reads what exchange gave. Whatever lies in Redis under these names, it
// is an error or numbers in their bounds.
func readReply(reply []any) (number, floor uint64, news []told, err error) {
	if len(reply) != 3 {
		return 0, 0, nil, errReply
	}
	if number, err = readNumber(reply[0]); err != nil {
		return 0, 0, nil, err
	}
	if floor, err = readNumber(reply[1]); err != nil {
		return 0, 0, nil, err
	}
	list, ok := reply[2].([]any)
	if !ok {
		return 0, 0, nil, errReply
	}
	for i := 0; i+1 < len(list); i += 2 {
		text, ok := list[i].(string)
		if !ok {
			return 0, 0, nil, errReply
		}
		n, err := readNumber(list[i+1])
		if err != nil {
			return 0, 0, nil, err
		}
		news = append(news, told{text, min(n, number)})
	}
	return number, floor, news, nil
}

func readNumber(v any) (uint64, error) {
	s, ok := v.(string)
	if !ok {
		return 0, errReply
	}
	f, err := strconv.ParseFloat(s, 64) // scores come as "1.7e+15"
	if err != nil || math.IsNaN(f) || f < 0 || f > maxNumber {
		return 0, fmt.Errorf("%w: not a number", errReply)
	}
	return uint64(f), nil
}

// A tag in Redis: i or e, source, entity, customer. The customer is last, since
// his key may hold anything.
func encodeTag(p pending) string {
	kind := "i"
	if p.erased {
		kind = "e"
	}
	return kind + p.tag.Source + "\x00" + p.tag.Entity + "\x00" + p.tag.Customer
}

func decodeTag(s string) (pending, bool) {
	if len(s) > 4*maxTagText || s == "" || (s[0] != 'i' && s[0] != 'e') {
		return pending{}, false
	}
	parts := strings.SplitN(s[1:], "\x00", 3)
	if len(parts) != 3 || parts[0] == "" || strings.Contains(parts[1], "\x01") {
		return pending{}, false
	}
	return pending{Tag{parts[0], parts[1], parts[2]}, s[0] == 'e'}, true
}
