package web

import (
	"context"
	"hash"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/policies"
)

// target is who takes an answer. The zero value is nobody.
type target struct {
	w     http.ResponseWriter
	r     *http.Request
	media string
}

// stream sends an answer while it is made. Status and headers go with its first piece;
// whatever fails afterwards breaks the connection.
type stream struct {
	target
	client  *client
	senders *senders
	packer  *gzip.Writer // nil: it goes as it is
	sum     hash.Hash64  // nil: nobody asks
	bytes   int64        // sent so far, before they were compressed
	begun   bool
	keeps   bool   // what is sent is gathered, as long as it can be kept
	text    []byte // with keeps: all that was sent
	err     error  // it was broken off
}

// digester is a Recorder that can sum an answer piece by piece: the sum of all is what
// Digest is of the whole, but that 0 stands for itself.
type digester interface{ Digester() hash.Hash64 }

func (s *Server) stream(to target, keeps bool) *stream {
	t := &stream{
		target: to, senders: &s.senders, keeps: keeps, client: newClient(to.w, s.cfg.WriteTimeout),
	}
	if d, ok := s.cfg.Usage.(digester); ok {
		t.sum = d.Digester()
	}
	return t
}

// sendLong sends a result that is still being made. A *refusal says that as many long
// answers of the account are under way as may be; then nothing was sent, and the result
// is not written.
func (s *Server) sendLong(ctx context.Context, to target, keeps bool, result *engine.Result, finish func()) (*stream, error) {
	leave, err := s.places.enter(policies.From(ctx))
	if err != nil {
		return nil, s.overdrawn(ctx, to.w.Header(), err)
	}
	defer leave()
	sent := s.stream(to, keeps)
	sent.send(result, finish)
	return sent, nil
}

// send writes the result, whatever comes of it.
func (t *stream) send(result *engine.Result, finish func()) {
	defer func() {
		if t.packer != nil {
			t.senders.free(t.packer)
			t.packer = nil
		}
	}()
	if t.err = result.Write(t, finish); t.err == nil && t.packer != nil {
		t.err = t.packer.Close()
	}
}

func (t *stream) begin() {
	t.begun = true
	h := t.w.Header()
	describe(h, t.media)
	if takesGzip(t.r.Header) {
		h.Set("Content-Encoding", "gzip")
		t.packer = t.senders.packer()
		t.packer.Reset(t.client)
	}
	t.client.extend(time.Now())
	t.w.WriteHeader(http.StatusOK)
}

// Write sends a piece.
func (t *stream) Write(b []byte) (int, error) {
	if !t.begun {
		t.begin()
	}
	if t.sum != nil {
		t.sum.Write(b)
	}
	t.bytes += int64(len(b))
	if t.keeps = t.keeps && t.bytes <= largestAnswer; t.keeps {
		t.text = append(t.text, b...)
	} else {
		t.text = nil
	}
	if t.packer != nil {
		return t.packer.Write(b)
	}
	return t.client.Write(b)
}

// Flush sends what is held back, since more will take a while.
func (t *stream) Flush() error {
	if t.packer != nil {
		if err := t.packer.Flush(); err != nil {
			return err
		}
	}
	return t.client.Flush()
}

// digest is the sum of what was sent, 0 when nobody asks.
func (t *stream) digest() uint64 {
	if t.sum == nil || t.err != nil {
		return 0
	}
	return max(t.sum.Sum64(), 1)
}

// whole is all that was sent, nil when it was broken off, or is too long to be kept.
func (t *stream) whole() []byte {
	if !t.keeps || t.err != nil {
		return nil
	}
	return t.text
}

// untimed returns a context without the operation's time limit, which ends with the
// request, and what is left of the limit: a client that takes its time to read does
// not use it up.
func untimed(ctx context.Context, r *http.Request) (live context.Context, left time.Duration, end func()) {
	live, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	gone := r.Context()
	stop := context.AfterFunc(gone, func() { cancel(context.Cause(gone)) })
	if deadline, ok := ctx.Deadline(); ok {
		left = max(time.Until(deadline), 1) // 0 were no limit
	}
	return live, left, func() {
		stop()
		cancel(nil)
	}
}
