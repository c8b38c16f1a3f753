package quota

import (
	"math"
	"time"
)

// greatest is the most that is counted: up to it floats, which Redis counts by, are
// exact, and a sum of two does not overflow.
const greatest = 1 << 53

// limit is so many a minute, burst of them at once.
type limit struct{ rate, burst int64 }

// share is what one of n instances may use of the limit, at least 1.
func (l limit) share(n int) limit {
	return limit{rate: max(1, l.rate/int64(n)), burst: max(1, l.burst/int64(n))}
}

// slack makes up for the rounding of floats: of seven calls that may come at once
// the seventh would else be refused when all come in the same microsecond. It is
// in units of what is counted. redis_rate has none, and its clock moves.
const slack = 1e-6

// bucket is the state of the generic cell rate algorithm: the theoretical arrival
// time of the next cell, in seconds. It is full when that is not in the future.
type bucket struct{ tat float64 }

func full() bucket { return bucket{tat: math.Inf(-1)} }

// taken is the end of an attempt to take, as redis_rate.Result tells it.
type taken struct {
	ok           bool
	remaining    int64
	retry, reset time.Duration // retry is 0 when it was taken
}

// take takes n at now, in seconds. It is the script of redis_rate.AllowN step by
// step, so that both decide alike (with a slack of 0: to the bit). The conversions
// keep the compiler from fusing a product with the sum that follows it.
func (b *bucket) take(now float64, l limit, n int64, slack float64) taken {
	emission := 60 / float64(l.rate)
	increment := float64(emission * float64(n))
	offset := float64(emission * float64(l.burst))
	tat := math.Max(b.tat, now)
	next := tat + increment
	diff := now - (next - offset)
	remaining := diff / emission
	if remaining < -slack {
		return taken{retry: seconds(-diff), reset: seconds(tat - now)}
	}
	if next > now {
		b.tat = next
	}
	return taken{ok: true, remaining: whole(remaining+slack, l.burst), reset: seconds(next - now)}
}

// whole rounds down, to between 0 and most: the conversion alone turns what is too
// great into something less than 0.
func whole(f float64, most int64) int64 {
	if f >= float64(most) {
		return most
	}
	return int64(max(0, f))
}

// look tells what is left at now and takes nothing.
func (b bucket) look(now float64, l limit) taken {
	t := b.take(now, l, 0, slack)
	t.ok = true
	return t
}

// note takes n that somebody else has allowed, down to nothing left.
func (b *bucket) note(now float64, l limit, n int64) {
	emission := 60 / float64(l.rate)
	b.tat = min(math.Max(b.tat, now)+emission*float64(n), now+emission*float64(l.burst))
}

// isFull reports whether forgetting the bucket would change nothing.
func (b bucket) isFull(now float64) bool { return b.tat <= now }

func seconds(f float64) time.Duration {
	const most = 24 * time.Hour // a minute's limit is never further away
	if f >= most.Seconds() {
		return most
	}
	return time.Duration(f * float64(time.Second))
}
