package web

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/trama-graph/trama/schema"
)

const (
	// heldBack is how much of an answer is made before its status goes: a source that
	// does not answer is met by then, and short answers have a length.
	heldBack = 64 << 10
	// heldWhole is the same of an answer to HTTP/1.0, which cannot tell an answer that was
	// broken off from a whole one unless it has a length.
	heldWhole = 8 << 20
)

// errNoChunks is the refusal of a long answer to HTTP/1.0.
var errNoChunks = &refusal{http.StatusHTTPVersionNotSupported, schema.Errorf(schema.BadRequest, "an answer as long as this goes over HTTP/1.1 only: over HTTP/1.0 nobody could tell whether it is whole")}

// sink takes an answer while it is made. Its beginning is held back: until then it can
// still become another one.
type sink struct {
	header http.Header
	most   int // bytes held back
	// begin sends status and headers, and returns who takes the body; length is that of
	// the whole body, -1 where it is not known yet.
	begin func(status, length int) (io.Writer, error)

	held  []byte
	to    io.Writer
	bytes int64
	close func() error // of what begin opened; nil: nothing
	err   error
}

// Write holds b back, or sends it.
func (s *sink) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.to == nil {
		if len(s.held)+len(b) <= s.most {
			s.held = append(s.held, b...)
			return len(b), nil
		}
		if s.to, s.err = s.begin(http.StatusOK, -1); s.err != nil {
			s.to = nil
			return 0, s.err
		}
		if s.err = s.send(s.held); s.err != nil {
			return 0, s.err
		}
		s.held = nil
	}
	if s.err = s.send(b); s.err != nil {
		return 0, s.err
	}
	return len(b), nil
}

func (s *sink) send(b []byte) error {
	n, err := s.to.Write(b)
	s.bytes += int64(n)
	return err
}

// end sends what is held back.
func (s *sink) end() error {
	if s.err == nil && s.to == nil {
		if s.to, s.err = s.begin(http.StatusOK, len(s.held)); s.err == nil {
			s.err = s.send(s.held)
		}
	}
	if s.err == nil && s.close != nil {
		s.err = s.close()
	}
	return s.err
}

// isBegun reports whether the status has gone.
func (s *sink) isBegun() bool { return s.to != nil }

// text answers with a text that is all there.
func (s *sink) text(media string, body []byte) error {
	s.header.Set("Content-Type", media)
	if _, err := s.Write(body); err != nil {
		return err
	}
	return s.end()
}

// sinkTo is the sink of a request. packs says that what is sent may be compressed. free is
// called when all is over.
func (s *Server) sinkTo(w http.ResponseWriter, r *http.Request, c *clock, packs bool) (to *sink, free func()) {
	to = &sink{header: w.Header(), most: heldBack}
	isOld := !r.ProtoAtLeast(1, 1) && r.Method != http.MethodHead // HEAD has no body to be cut
	if isOld {
		to.most = heldWhole
	}
	var packer *gzip.Writer
	to.begin = func(status, length int) (io.Writer, error) {
		if isOld && length < 0 {
			return nil, errNoChunks
		}
		h := w.Header()
		feedHeaders(h)
		client := newClient(w, s.cfg.WriteTimeout)
		client.extend(time.Now())
		var out io.Writer = client
		if c != nil {
			out = waiter{client, c}
		}
		isPacked := packs && takesGzip(r.Header) && (length < 0 || length >= leastPacked)
		switch {
		case isPacked && length >= 0:
			h.Set("Content-Encoding", "gzip")
			to.held = s.senders.pack(nil, to.held)
			h.Set("Content-Length", strconv.Itoa(len(to.held)))
		case isPacked:
			h.Set("Content-Encoding", "gzip")
			packer = s.senders.packer()
			packer.Reset(out)
			to.close = packer.Close
		case length >= 0:
			h.Set("Content-Length", strconv.Itoa(length))
		}
		w.WriteHeader(status)
		if r.Method == http.MethodHead {
			return io.Discard, nil
		}
		if packer != nil {
			return packer, nil
		}
		return out, nil
	}
	return to, func() {
		if packer != nil {
			s.senders.free(packer)
		}
	}
}

// feedHeaders are those of every answer of these doors.
func feedHeaders(h http.Header) {
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-store")
	}
	if h.Get("Vary") == "" {
		h.Set("Vary", "Accept, Accept-Encoding, Authorization")
	}
}
