package load

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Cell is what is measured: one question at one latency of the upstreams by so
// many connections.
type Cell struct {
	Name        string // of the question
	Question    string
	Latency     time.Duration
	Connections int
	// Requests ends the measurement after so many; 0 = Driver.Time does. Such a cell
	// has no warm-up: it is for answers that take long.
	Requests int
}

// Result is one measurement of one server.
type Result struct {
	Target, Cell     string
	Latency          time.Duration
	Connections      int
	Requests, Errors int
	Kept             int // of the requests, answered by what was made for an earlier one

	RPS    float64
	CPU    float64 // milliseconds of the server's processes, a request
	P50    float64 // milliseconds, as P99
	P99    float64
	First  float64 // milliseconds to the first byte of the last answer
	Whole  float64 // milliseconds to the last byte of the last answer
	Peak   float64 // MiB of resident memory
	Growth float64 // MiB, the same over what it was before
	Calls  float64 // of the upstreams, a request
	Size   int     // bytes of the last answer
}

// Driver measures.
type Driver struct {
	Upstreams Upstreams
	Time      time.Duration // of one measurement
	Warm      time.Duration // before it
}

// Measure drives a server with a cell's question, every connection asking anew as
// soon as it is answered. Only an error of the driver itself is one; what the
// server did wrong is counted.
func (d *Driver) Measure(ctx context.Context, t *Target, c Cell) (Result, error) {
	res := Result{Target: t.Name, Cell: c.Name, Latency: c.Latency, Connections: c.Connections}
	if err := d.Upstreams.Latency(ctx, c.Latency); err != nil {
		return res, err
	}
	req, err := t.request(c.Question)
	if err != nil {
		return res, err
	}
	conns := make([]*conn, c.Connections)
	for i := range conns {
		if conns[i], err = dial(ctx, t); err != nil {
			return res, fmt.Errorf("%s: %w", t.Name, err)
		}
		defer func() { conns[i].net.Close() }()
	}
	length, most := d.Time, int64(math.MaxInt64)
	if c.Requests > 0 {
		length, most = askTimeout, int64(c.Requests)
	} else {
		phase(ctx, t, conns, req, d.Warm, most)
	}

	pids := tree(t.PIDs)
	before := Memory(pids, "VmRSS")
	ResetPeak(pids)
	if _, err := d.Upstreams.asked(ctx); err != nil {
		return res, err
	}
	cpu0 := CPU(pids)
	got := phase(ctx, t, conns, req, length, most)
	cpu1 := CPU(pids)
	up, err := d.Upstreams.asked(ctx)
	if err != nil {
		return res, err
	}

	n := len(got.times)
	res.Requests, res.Errors, res.Kept, res.Size = n, got.errors, got.kept, got.last.size
	if n == 0 {
		return res, nil
	}
	slices.Sort(got.times)
	res.RPS = float64(n) / got.wall.Seconds()
	res.CPU = (cpu1 - cpu0) * 1000 / float64(n)
	res.P50, res.P99 = milliseconds(got.times[n/2]), milliseconds(got.times[n*99/100])
	res.First, res.Whole = milliseconds(got.last.first), milliseconds(got.last.total)
	res.Peak = Memory(pids, "VmHWM")
	res.Growth = res.Peak - before
	res.Calls = up.Requests / float64(n)
	return res, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// taken is what the connections of a phase saw.
type taken struct {
	times  []time.Duration
	errors int
	kept   int
	last   reply
	wall   time.Duration
}

// phase lets all connections ask until the time is over or most were asked.
func phase(ctx context.Context, t *Target, conns []*conn, req []byte, length time.Duration, most int64) taken {
	var left atomic.Int64
	left.Store(most)
	each := make([]taken, len(conns))
	began := time.Now()
	end := began.Add(length)
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() {
			mine := &each[i]
			for ctx.Err() == nil && time.Now().Before(end) && left.Add(-1) >= 0 {
				// The body is looked at for the first answers only, unless there are few: the
				// driver shares the cores with the server.
				isLooked := len(mine.times) < 2 || most < math.MaxInt64
				rp, err := conns[i].ask(req, isLooked)
				if err != nil {
					mine.errors++
					return
				}
				if rp.status != http.StatusOK || isLooked && hasErrors(rp.body) {
					mine.errors++
				}
				if rp.isKept {
					mine.kept++
				}
				mine.times, mine.last = append(mine.times, rp.total), rp
				if rp.isFinal {
					conns[i].net.Close()
					again, err := dial(ctx, t)
					if err != nil {
						mine.errors++
						return
					}
					*conns[i] = *again
				}
			}
		})
	}
	wg.Wait()
	whole := taken{wall: time.Since(began)}
	for i := range each {
		whole.times = append(whole.times, each[i].times...)
		whole.errors += each[i].errors
		whole.kept += each[i].kept
		if each[i].last.size > 0 {
			whole.last = each[i].last
		}
	}
	return whole
}

// hasErrors looks where servers write errors, at the ends of an answer.
func hasErrors(body []byte) bool {
	mark := []byte(`"errors"`)
	return bytes.Contains(body[:min(len(body), 200)], mark) || bytes.Contains(body[max(0, len(body)-2000):], mark)
}
