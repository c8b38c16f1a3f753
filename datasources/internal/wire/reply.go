package wire

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// exchange sends the request, reads the reply and asks for the verdict. The
// transport is used without http.Client, which follows redirects, and fails on
// those it cannot parse. ctx is the caller's, not the attempt's.
func (c *Client) exchange(ctx context.Context, call *Call, req *http.Request, o *Observation) error {
	attemptCtx := req.Context()
	resp, err := c.cfg.Transport.RoundTrip(req)
	if err != nil {
		return transportVerdict(ctx, attemptCtx, err, OutcomeUnavailable)
	}
	defer resp.Body.Close()
	o.Status = resp.StatusCode
	if c.cfg.Jar != nil {
		if k := resp.Cookies(); len(k) > 0 {
			c.cfg.Jar.SetCookies(req.URL, k)
		}
	}
	body, err := readBody(resp, req.Method, call.MaxBody)
	o.Bytes = len(body)
	if err != nil {
		var v *verdict
		if errors.As(err, &v) {
			return v
		}
		// Half a body makes no sense, except when it is the connection that broke.
		outcome := OutcomeInvalid
		var broken *net.OpError
		if errors.As(err, &broken) {
			outcome = OutcomeUnavailable
		}
		return transportVerdict(ctx, attemptCtx, fmt.Errorf("read the reply: %w", err), outcome)
	}
	r := &Reply{Status: resp.StatusCode, Header: resp.Header, Body: body, URL: req.URL}
	if r.Status >= 200 && r.Status < 300 && len(body) > 0 && !isAccepted(r, call.Accept) {
		return newVerdict(OutcomeInvalid, fmt.Errorf("content type %q instead of %s", ContentType(r.Header), strings.Join(call.Accept, ", ")))
	}
	return call.Decode(r)
}

func isAccepted(r *Reply, accept []string) bool {
	if len(accept) == 0 {
		return true
	}
	got := ContentType(r.Header)
	if got == "" {
		return !LooksLikeHTML(r.Body)
	}
	for _, want := range accept {
		want, _, _ = strings.Cut(strings.ToLower(want), ";")
		want = strings.TrimSpace(want)
		if want == got || want == "*/*" || strings.HasSuffix(want, "/*") && strings.HasPrefix(got, want[:len(want)-1]) {
			return true
		}
	}
	return false
}

var unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// readBody reads a whole reply. It stops at limit without reading on, and counts
// what comes out of the compression, not what goes in.
func readBody(resp *http.Response, method string, limit int64) ([]byte, error) {
	if method == http.MethodHead || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified {
		return nil, nil
	}
	src, size := io.Reader(resp.Body), resp.ContentLength
	switch e := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); e {
	case "", "identity":
		if size > limit {
			return nil, oversize(limit)
		}
	case "gzip", "x-gzip":
		z := unzippers.Get().(*gzip.Reader)
		defer unzippers.Put(z)
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		if err := z.Reset(resp.Body); err != nil {
			if errors.Is(err, io.EOF) {
				return nil, nil
			}
			return nil, err
		}
		src, size = z, 4*size
	default:
		return nil, newVerdict(OutcomeInvalid, errors.New("content encoding nobody asked for"))
	}
	// The upstream's word for the size is trusted up to a megabyte.
	b, err := readAll(bodyOf(int(min(max(size, 0), limit, 1<<20))+bytes.MinRead), src, limit)
	if err != nil {
		return b, err
	}
	if int64(len(b)) > limit {
		return nil, oversize(limit)
	}
	if src == resp.Body && size >= 0 && int64(len(b)) < size {
		return b, io.ErrUnexpectedEOF
	}
	return bytes.TrimPrefix(b, bom), nil
}

// readAll appends what src gives to b, at most one byte more than limit.
func readAll(b []byte, src io.Reader, limit int64) ([]byte, error) {
	for int64(len(b)) <= limit {
		if len(b) == cap(b) {
			b = slices.Grow(b, max(len(b), bytes.MinRead))
		}
		n, err := src.Read(b[len(b):min(int64(cap(b)), limit+1)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

var errOversize = errors.New("reply of more")

// oversize is no failure of the source: it was we who asked for so much. The
// next attempt would bring the same.
func oversize(limit int64) *verdict {
	v := newVerdict(OutcomeInvalid, fmt.Errorf("%w than %d bytes", errOversize, limit))
	v.final, v.ours = true, true
	return v
}
