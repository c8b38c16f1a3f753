package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// leastPacked is the shortest answer that is compressed: a shorter one travels in
	// one packet anyway.
	leastPacked = 1400
	// keptBuffer bounds the buffers that are kept for the next answer.
	keptBuffer = 1 << 20
)

// senders are what answers are sent with, kept for the next.
type senders struct {
	buffers sync.Pool // *[]byte
	packers sync.Pool // *gzip.Writer
}

func (p *senders) buffer() *[]byte {
	if b, ok := p.buffers.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

func (p *senders) keep(b *[]byte) {
	if cap(*b) <= keptBuffer {
		p.buffers.Put(b)
	}
}

func (p *senders) packer() *gzip.Writer {
	if w, ok := p.packers.Get().(*gzip.Writer); ok {
		return w
	}
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is one there is
	}
	return w
}

// free keeps a packer, and lets go of where it has written.
func (p *senders) free(w *gzip.Writer) {
	w.Reset(nil)
	p.packers.Put(w)
}

// answer sends an answer that is all there.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, media string, status int, body []byte, errs gqlerror.List) {
	entryOf(r.Context()).codes = codes(errs)
	h := w.Header()
	describe(h, media)
	if len(body) >= leastPacked && takesGzip(r.Header) {
		packed := s.senders.buffer()
		defer s.senders.keep(packed)
		body = s.senders.pack((*packed)[:0], body)
		*packed = body
		h.Set("Content-Encoding", "gzip")
	}
	s.transmit(w, r, status, body)
}

// transmit sends a body that is described already.
func (s *Server) transmit(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c := newClient(w, s.cfg.WriteTimeout)
	c.extend(time.Now())
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		c.Write(body) //nolint:errcheck // the client has gone; the access log tells
	}
}

func describe(h http.Header, media string) {
	h.Set("Content-Type", media+"; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-store")
	}
	h.Add("Vary", "Accept, Accept-Encoding, Authorization")
}

// pack appends the body, compressed.
func (p *senders) pack(b, body []byte) []byte {
	to := &appender{b}
	w := p.packer()
	defer p.free(w)
	w.Reset(to)
	w.Write(body) //nolint:errcheck // an appender does not fail
	w.Close()
	return to.b
}

type appender struct{ b []byte }

func (a *appender) Write(b []byte) (int, error) {
	a.b = append(a.b, b...)
	return len(b), nil
}

func errorBody(errs gqlerror.List) []byte {
	body, err := json.Marshal(struct {
		Errors gqlerror.List `json:"errors"`
	}{errs})
	if err != nil {
		return []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`)
	}
	return body
}

func codes(errs gqlerror.List) []string {
	var list []string
	for _, e := range errs {
		code := fmt.Sprint(e.Extensions["code"])
		if !slices.Contains(list, code) {
			list = append(list, code)
		}
	}
	return list
}
