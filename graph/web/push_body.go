package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"time"

	"github.com/trama-graph/trama/schema"
)

// patient reads a body within the time its sender has. Not every connection has
// deadlines.
type patient struct {
	r     io.Reader
	c     *http.ResponseController
	idle  time.Duration
	until time.Time // for the whole body
}

func (p *patient) Read(b []byte) (int, error) {
	deadline := time.Now().Add(p.idle)
	if deadline.After(p.until) {
		deadline = p.until
	}
	_ = p.c.SetReadDeadline(deadline)
	return p.r.Read(b)
}

// errBatchSize says that a body has more bytes than a batch may have.
var errBatchSize = errors.New("web: the batch is too large")

// counted reads at most so many bytes.
type counted struct {
	r    io.Reader
	left int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if c.left -= int64(n); c.left < 0 {
		return 0, errBatchSize
	}
	return n, err
}

// Errors of bodies as a whole.
var (
	errRecordSize = errors.New("web: a record is too large")
	errNotArray   = errors.New("web: the body is not a JSON array")
)

// bodyError is the answer to a body that could not be read to its end.
func bodyError(err error) *refusal {
	switch {
	case errors.Is(err, errBatchSize):
		return refuse(http.StatusRequestEntityTooLarge, schema.Limited, "the batch is too large: send smaller batches")
	case errors.Is(err, errRecordSize):
		return refuse(http.StatusRequestEntityTooLarge, schema.Limited, "a record is too large; nothing was stored")
	case errors.Is(err, errNotArray):
		return refuse(http.StatusBadRequest, schema.BadRequest, "the body is not a JSON array of objects; nothing was stored")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, schema.BadRequest, "the batch came too slowly; nothing was stored")
	}
	return refuse(http.StatusBadRequest, schema.BadRequest, "the batch was cut off or damaged on its way; nothing was stored")
}

// batch reads the records of a body one by one, and holds one at a time.
type batch struct {
	r       *bufio.Reader
	isArray bool
	most    int // bytes of a record
	buf     []byte
	err     error // of the body
}

func newBatch(body io.Reader, isArray bool, most int) *batch {
	return &batch{r: bufio.NewReaderSize(body, 32<<10), isArray: isArray, most: most}
}

// records gives the records to their end, or an error in the place of one.
func (b *batch) records() iter.Seq2[[]byte, error] {
	next := b.line
	if b.isArray {
		next = b.arrays()
	}
	return func(yield func([]byte, error) bool) {
		for {
			raw, err := next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				b.err = bodyError(err)
				yield(nil, b.err)
				return
			}
			if !yield(raw, nil) {
				return
			}
		}
	}
}

// space passes over what stands between records: a window at a time, since a body
// may hold nothing else. An error says that nothing follows.
func (b *batch) space() error {
	for {
		if _, err := b.r.Peek(1); err != nil {
			return err
		}
		window, err := b.r.Peek(b.r.Buffered())
		if err != nil {
			return err
		}
		left := len(bytes.TrimLeft(window, " \t\r\n"))
		if _, err := b.r.Discard(len(window) - left); err != nil || left > 0 {
			return err
		}
	}
}

// line reads the next line that is not empty; io.EOF behind the last one. A last
// line without its end counts when it is whole, which a closed object is.
func (b *batch) line() ([]byte, error) {
	if err := b.space(); err != nil {
		return nil, err
	}
	for b.buf = b.buf[:0]; ; {
		part, err := b.r.ReadSlice('\n')
		if b.buf = append(b.buf, part...); len(b.buf) > b.most+1 {
			return nil, errRecordSize
		}
		raw := bytes.TrimRight(b.buf, " \t\r\n")
		switch {
		case err == nil:
			return raw, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case !errors.Is(err, io.EOF):
			return nil, err
		case !isClosed(raw):
			return nil, io.ErrUnexpectedEOF
		default:
			return raw, nil
		}
	}
}

// isClosed reports whether a text is an object with its end: brackets and texts only
// are looked at.
func isClosed(raw []byte) bool {
	var s splitter
	for i, c := range raw {
		if s.next(c) {
			return i == len(raw)-1
		}
	}
	return false
}

// splitter follows brackets and texts to the end of an object.
type splitter struct {
	depth     int
	inText    bool
	isEscaped bool
}

// next reports whether the object ends with this byte.
func (s *splitter) next(c byte) bool {
	switch {
	case s.isEscaped:
		s.isEscaped = false
	case s.inText:
		s.isEscaped = c == '\\'
		s.inText = c != '"'
	case c == '"':
		s.inText = true
	case c == '{' || c == '[':
		s.depth++
	case c == '}' || c == ']':
		s.depth--
		return s.depth == 0
	}
	return false
}

// arrays reads the elements of an array of objects; io.EOF behind its end.
func (b *batch) arrays() func() ([]byte, error) {
	n := 0
	return func() ([]byte, error) {
		c, err := b.sign()
		if n == 0 {
			if err != nil || c != '[' {
				return nil, errOf(err)
			}
			c, err = b.sign()
		}
		switch {
		case err != nil:
			return nil, errOf(err)
		case c == ']':
			return nil, b.nothingMore()
		case n > 0 && c != ',':
			return nil, errNotArray
		case n > 0:
			if c, err = b.sign(); err != nil {
				return nil, errOf(err)
			}
		}
		n++
		if c != '{' {
			return nil, errNotArray
		}
		return b.object()
	}
}

// errOf is the error of an array that ended too early.
func errOf(err error) error {
	switch {
	case err == nil:
		return errNotArray
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

func (b *batch) object() ([]byte, error) {
	b.buf = append(b.buf[:0], '{')
	s := splitter{depth: 1}
	for {
		c, err := b.r.ReadByte()
		if err != nil {
			return nil, errOf(err)
		}
		if b.buf = append(b.buf, c); len(b.buf) > b.most {
			return nil, errRecordSize
		}
		if s.next(c) {
			return b.buf, nil
		}
	}
}

// sign is the next byte that is no space.
func (b *batch) sign() (byte, error) {
	if err := b.space(); err != nil {
		return 0, err
	}
	return b.r.ReadByte()
}

// nothingMore reads to the end of the body, where a cut or damaged one shows.
func (b *batch) nothingMore() error {
	_, err := b.sign()
	if err == nil {
		return errNotArray
	}
	return err
}
