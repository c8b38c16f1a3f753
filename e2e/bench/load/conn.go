package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// The bounds of an exchange.
const (
	dialTimeout = 5 * time.Second
	askTimeout  = 5 * time.Minute
	maxReply    = 1 << 30
)

var errMalformed = errors.New("malformed response")

// conn is a keep-alive HTTP/1.1 connection. It is its own small client since the
// load generator shares the cores with the server: net/http's costs more than some
// of the servers it would measure.
type conn struct {
	net  net.Conn
	r    *bufio.Reader
	body []byte
}

func dial(ctx context.Context, t *Target) (*conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.DialContext(ctx, "tcp", t.host)
	if err != nil {
		return nil, err
	}
	return &conn{net: c, r: bufio.NewReaderSize(c, 64<<10)}, nil
}

// reply is an answer and its times.
type reply struct {
	status  int
	body    []byte // where it was kept; valid until the next question
	size    int
	first   time.Duration // to the first byte of the body
	total   time.Duration
	isFinal bool // the server closes the connection
	isKept  bool // it says its Age: it was made for an earlier request
}

// ask sends a request and reads the answer, which is kept only where keep says so.
func (c *conn) ask(req []byte, keep bool) (reply, error) {
	var rp reply
	began := time.Now()
	if err := c.net.SetDeadline(began.Add(askTimeout)); err != nil {
		return rp, err
	}
	if _, err := c.net.Write(req); err != nil {
		return rp, err
	}
	length, isChunked, err := c.head(&rp)
	if err != nil {
		return rp, err
	}
	c.body = c.body[:0]
	switch {
	case isChunked:
		err = c.chunks(&rp, began, keep)
	case length >= 0:
		err = c.read(&rp, began, length, keep)
	default:
		err = errMalformed
	}
	rp.body, rp.total = c.body, time.Since(began)
	return rp, err
}

// head reads the status and the headers that say how long the body is, -1 = none
// says so, and whether the answer was kept.
func (c *conn) head(rp *reply) (length int, isChunked bool, err error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, false, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, false, errMalformed
	}
	if rp.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, false, errMalformed
	}
	length = -1
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, isChunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case len(name) == 14 && strings.EqualFold(string(name), "Content-Length"):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return 0, false, errMalformed
			}
		case len(name) == 17 && strings.EqualFold(string(name), "Transfer-Encoding"):
			isChunked = true
		case len(name) == 10 && strings.EqualFold(string(name), "Connection"):
			rp.isFinal = strings.EqualFold(string(value), "close")
		case len(name) == 3 && strings.EqualFold(string(name), "Age"):
			rp.isKept = true
		}
	}
}

func (c *conn) chunks(rp *reply, began time.Time, keep bool) error {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, _, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ";")
		n, err := strconv.ParseUint(size, 16, 31)
		if err != nil {
			return errMalformed
		}
		if err := c.read(rp, began, int(n), keep); err != nil {
			return err
		}
		if _, err := c.r.ReadSlice('\n'); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

// read takes n bytes of the body.
func (c *conn) read(rp *reply, began time.Time, n int, keep bool) error {
	if n == 0 {
		return nil
	}
	if rp.size+n > maxReply {
		return errMalformed
	}
	if _, err := c.r.Peek(1); err != nil {
		return err
	}
	if rp.first == 0 {
		rp.first = time.Since(began)
	}
	rp.size += n
	if !keep {
		_, err := c.r.Discard(n)
		return err
	}
	from := len(c.body)
	if cap(c.body) < from+n {
		c.body = append(make([]byte, 0, max(2*cap(c.body), from+n)), c.body...)
	}
	c.body = c.body[:from+n]
	_, err := io.ReadFull(c.r, c.body[from:])
	return err
}
