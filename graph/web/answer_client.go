package web

import (
	"net/http"
	"time"
)

const (
	// onePiece is how much is written under one deadline.
	onePiece = 64 << 10
	// leastRate is how many bytes a second a client takes at least, once its time to
	// begin is over: half a megabit, which a poor mobile line yields. An answer holds its
	// windows as long as it is read: without a least rate, somebody who reads a little of
	// each piece holds them for hours.
	leastRate = 64 << 10
)

// client is the connection of one answer. Who reads nothing for the timeout is cut off,
// and who reads slowly when writing has taken the timeout and a second for each
// leastRate bytes that went. Only the time in which a write waits counts: that in which
// the answer is made is not the client's.
type client struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	sent    int64         // bytes, as they go over the line
	waited  time.Duration // in writes
}

func newClient(w http.ResponseWriter, timeout time.Duration) *client {
	return &client{w: w, control: http.NewResponseController(w), timeout: timeout}
}

// extend begins the time of a write. Not every ResponseWriter has deadlines.
func (c *client) extend(now time.Time) {
	// Seconds and the rest apart: whatever an answer's length, nothing overflows.
	earned := time.Duration(c.sent/leastRate)*time.Second + time.Duration(c.sent%leastRate)*time.Second/leastRate
	_ = c.control.SetWriteDeadline(now.Add(c.timeout + min(0, earned-c.waited)))
}

// Write sends b piece by piece.
func (c *client) Write(b []byte) (n int, err error) {
	for err == nil && len(b) > 0 {
		piece := b[:min(len(b), onePiece)]
		b = b[len(piece):]
		start := time.Now()
		c.extend(start)
		var m int
		m, err = c.w.Write(piece)
		c.waited += time.Since(start)
		c.sent += int64(m)
		n += m
	}
	return n, err
}

// Flush sends what net/http holds back.
func (c *client) Flush() error {
	start := time.Now()
	c.extend(start)
	err := c.control.Flush()
	c.waited += time.Since(start)
	return err
}
