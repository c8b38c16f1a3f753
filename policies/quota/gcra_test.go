package quota

import (
	"math"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"
)

// The arithmetic here and redis_rate's script, asked the same at the same times,
// decide alike: to the bit without slack, and with it but for what slack is for.
func TestSameAsRedisRate(t *testing.T) {
	m := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: m.Addr()})
	defer rdb.Close()
	rates := redis_rate.NewLimiter(rdb)
	origin := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC) // the script's
	rapid.Check(t, func(rt *rapid.T) {
		m.FlushAll()
		l := limit{rate: rapid.Int64Range(1, 2000).Draw(rt, "rate"), burst: rapid.Int64Range(1, 200).Draw(rt, "burst")}
		b, now := full(), time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.OneOf(rapid.Just[int64](0), rapid.Int64Range(0, 1000), rapid.Int64Range(0, 5_000_000)).Draw(rt, "µs")) * time.Microsecond)
			n := rapid.Int64Range(0, l.burst+1).Draw(rt, "n")
			m.SetTime(now)
			want, err := rates.AllowN(t.Context(), "x", redis_rate.Limit{Rate: int(l.rate), Burst: int(l.burst), Period: time.Minute}, int(n))
			if err != nil {
				rt.Fatal(err)
			}
			at := sinceMicros(now.Sub(origin))
			before, lenient := b, b
			got, withSlack := b.take(at, l, n, 0), lenient.take(at, l, n, slack)
			if got.ok != (want.RetryAfter < 0) || got.remaining != int64(want.Remaining) ||
				(got.reset-want.ResetAfter).Abs() > time.Millisecond || !got.ok && (got.retry-want.RetryAfter).Abs() > time.Millisecond {
				rt.Fatalf("took %d of %+v: got %+v, redis_rate %+v", n, l, got, want)
			}
			if got.ok != withSlack.ok || got.remaining != withSlack.remaining {
				emission := 60 / float64(l.rate)
				exact := (at - (math.Max(before.tat, at) + emission*float64(n) - emission*float64(l.burst))) / emission
				if math.Abs(exact-math.Round(exact)) > 2*slack {
					rt.Fatalf("with slack %+v, without %+v, exactly %g are left", withSlack, got, exact)
				}
			}
		}
	})
}

// A window never lets more pass than the burst and the rate allow.
func TestNeverMoreThanAgreed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := limit{rate: rapid.Int64Range(1, 10_000).Draw(rt, "rate"), burst: rapid.Int64Range(1, 500).Draw(rt, "burst")}
		b, now, sum := full(), 0.0, int64(0)
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			now += rapid.Float64Range(0, 3).Draw(rt, "seconds")
			if n := rapid.Int64Range(0, l.burst).Draw(rt, "n"); b.take(now, l, n, slack).ok {
				sum += n
			}
			if most := float64(l.burst) + now*float64(l.rate)/60 + 1e-3; float64(sum) > most {
				rt.Fatalf("%d in %g s of %+v", sum, now, l)
			}
		}
	})
}
