package web

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// line is a connection that takes what is written at the pace of its reader, in the
// time of a synctest bubble.
type line struct {
	http.ResponseWriter
	pace     func(sent int64) int64 // bytes a second, 0 = it has stopped
	deadline time.Time
	sent     int64
}

func (l *line) SetWriteDeadline(t time.Time) error {
	l.deadline = t
	return nil
}

func (l *line) Write(b []byte) (int, error) {
	left := time.Until(l.deadline)
	takes := left + 1
	if rate := l.pace(l.sent); rate > 0 {
		takes = time.Duration(len(b)) * time.Second / time.Duration(rate)
	}
	if takes > left {
		time.Sleep(left)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(takes)
	l.sent += int64(len(b))
	return len(b), nil
}

func (l *line) FlushError() error { return nil }

// TestTheLeastRate holds when readers of an answer of 64 MiB are cut off, and who is
// not.
func TestTheLeastRate(t *testing.T) {
	const length = 64 << 20
	steady := func(rate int64) func(int64) int64 { return func(int64) int64 { return rate } }
	until := func(n, rate, then int64) func(int64) int64 {
		return func(sent int64) int64 {
			if sent < n {
				return rate
			}
			return then
		}
	}
	for _, c := range []struct {
		name   string
		pace   func(sent int64) int64
		making time.Duration // between two pieces of 1 MiB
		want   time.Duration // it is cut off between this and 5 s later; 0: never
	}{
		{name: "reads nothing", pace: steady(0), want: time.Minute},
		{name: "reads a byte a minute", pace: steady(1), want: time.Minute},
		{name: "crawls", pace: steady(20 << 10), want: 85 * time.Second}, // 60 s / (1 - 20/64)
		{name: "crawls a little less", pace: steady(48 << 10), want: 238 * time.Second},
		{name: "just fast enough", pace: steady(64 << 10)},
		{name: "fast", pace: steady(10 << 20)},
		{name: "stops after a quick beginning", pace: until(32<<20, 32<<20, 0), want: 61 * time.Second},
		{name: "crawls after a quick beginning", pace: until(32<<20, 32<<20, 20<<10), want: (1 + 830) * time.Second}, // (60 + 511) s / (1 - 20/64)
		{name: "fast, of what takes long to make", pace: steady(10 << 20), making: time.Minute},
		{name: "stops, of what takes long to make", pace: until(10<<20, 10<<20, 0), making: time.Minute, want: 12*time.Minute + time.Second},
	} {
		for _, size := range []int{300, 32 << 10, 1 << 20} { // gzip's, a stream's, a whole answer
			if size == 300 && c.making > 0 {
				continue
			}
			t.Run(fmt.Sprintf("case=%s, %d bytes at a time", c.name, size), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := &line{pace: c.pace}
					to := newClient(l, time.Minute)
					start := time.Now()
					b := make([]byte, size)
					var err error
					for n := 0; err == nil && n < length; n += size {
						if n%(1<<20) < size {
							time.Sleep(c.making)
						}
						_, err = to.Write(b)
						if err == nil {
							err = to.Flush()
						}
					}
					took := time.Since(start)
					if c.want == 0 {
						if err != nil {
							t.Errorf("cut off after %s and %d bytes", took, l.sent)
						}
						return
					}
					if err == nil || took < c.want-2*time.Second || took > c.want+5*time.Second {
						t.Errorf("ended after %s and %d bytes with %v, want to be cut off after %s", took, l.sent, err, c.want)
					}
				})
			})
		}
	}
}
