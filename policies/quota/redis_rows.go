package quota

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// rowsKept is how much longer than its day a sum of rows is kept: the clock of
// another instance may be behind.
const rowsKept = time.Hour

// rows returns today's sum of an account, false when there is none yet.
func (r *remote) rows(ctx context.Context, account string, day time.Time) (int64, bool, error) {
	text, err := r.rdb.Get(ctx, rowsKey(account, day)).Result()
	if errors.Is(err, redis.Nil) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, false, errAnswer
	}
	return n, true, nil
}

// begin sets today's sum where there is none.
func (r *remote) begin(ctx context.Context, account string, day, now time.Time, n int64) error {
	err := r.rdb.SetArgs(ctx, rowsKey(account, day), n, redis.SetArgs{Mode: "NX", TTL: untilGone(day, now)}).Err()
	if errors.Is(err, redis.Nil) { // somebody was quicker
		return nil
	}
	return err
}

// add adds to a day's sum and returns it. In the same transaction it takes a
// reservation away, "" for none: nobody sees both or neither.
func (r *remote) add(ctx context.Context, account string, day, now time.Time, n int64, held string) (int64, error) {
	var sum *redis.IntCmd
	_, err := r.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		sum = p.IncrBy(ctx, rowsKey(account, day), n)
		p.Expire(ctx, rowsKey(account, day), untilGone(day, now))
		if held != "" {
			p.ZRem(ctx, heldKey(account, day), held)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return sum.Val(), nil
}

// heldRequest is what a reservation is decided by beside what Redis knows.
type heldRequest struct {
	agreed int64 // of a day, without what was counted here and not sent yet
	base   int64 // what was counted as far as is known here: Redis may have been emptied
	most   int64 // that are asked for
}

// hold is the script that sets rows aside. Reservations are members of a sorted
// set by the time they end; what is left of dead processes goes first. Their number
// is that of the answers under way.
var holdScript = redis.NewScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
local used = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[2]))
local held = 0
for _, m in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  held = held + tonumber(string.match(m, ':(%d+)$'))
end
local n = math.min(tonumber(ARGV[3]), tonumber(ARGV[1]) - used - held)
if n <= 0 then
  if used >= tonumber(ARGV[1]) then held = 0 end
  return {0, held}
end
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[6] .. ':' .. string.format('%.0f', n))
redis.call('EXPIRE', KEYS[2], ARGV[7])
return {n, held}
`)

// hold sets rows of a day aside under an id and returns how many, and how many
// others have set aside unless all are used.
func (r *remote) hold(ctx context.Context, account, id string, day, now time.Time, q heldRequest) (rows, held int64, err error) {
	list, err := holdScript.Run(ctx, r.rdb, []string{rowsKey(account, day), heldKey(account, day)},
		q.agreed, q.base, q.most, now.Unix(), now.Add(heldFor).Unix(), id, int64(heldFor/time.Second)).Int64Slice()
	if err != nil {
		return 0, 0, err
	}
	if len(list) != 2 || list[0] < 0 || list[0] > q.most || list[1] < 0 {
		return 0, 0, errAnswer
	}
	return list[0], list[1], nil
}

func rowsKey(account string, day time.Time) string {
	return prefix + "rows:" + account + ":" + day.Format(time.DateOnly)
}

func heldKey(account string, day time.Time) string {
	return prefix + "held:" + account + ":" + day.Format(time.DateOnly)
}

// untilGone is relative, since Redis has a clock of its own.
func untilGone(day, now time.Time) time.Duration {
	return max(time.Minute, day.AddDate(0, 0, 1).Sub(now)+rowsKept).Round(time.Second)
}
