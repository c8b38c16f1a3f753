package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/debug"

	"github.com/trama-graph/trama/graph/odata"
)

// batch answers several addresses that came in one body: what clients send whose
// addresses would be too long. It takes one place and one time for all, and counts a call
// for each.
func (f *feed) batch(w http.ResponseWriter, r *http.Request) {
	if err := odata.NoOptions(r.URL.RawQuery, "$batch", odata.Limits{}); err != nil {
		f.failed(w, r, f, err)
		return
	}
	if coding := codingOf(r.Header); coding != "" {
		f.failed(w, r, f, &odata.Error{Kind: odata.KindMediaType, Message: "the body of a batch must not be compressed"})
		return
	}
	b, err := odata.ReadBatch(r.Header.Get("Content-Type"), r.Body, odata.Limits{BatchBytes: f.cfg.MaxBody})
	if err != nil {
		var own *odata.Error
		if !errors.As(err, &own) {
			err = refuse(http.StatusBadRequest, "BAD_REQUEST", "the body could not be read")
		}
		f.failed(w, r, f, err)
		return
	}
	if err := b.Accepts(r.Header.Get("Accept")); err != nil {
		f.failed(w, r, f, err)
		return
	}
	leave, err := f.enterPlace(w.Header())
	if err != nil {
		f.failed(w, r, f, err)
		return
	}
	defer leave()
	ctx, c, end := f.timed(r.Context())
	defer end()
	to, free := f.sinkTo(w, r, c, true)
	defer free()
	entryOf(ctx).operation = "$batch"
	to.header.Set("Content-Type", b.ContentType())
	run := &batchRun{feed: f, token: feedToken(r)}
	err = b.Write(ctx, to, odata.ContinueOnError(r.Header.Get("Prefer")), run.answer)
	run.end()
	if err == nil {
		err = to.end()
	}
	switch {
	case err == nil:
	case to.isBegun():
		f.broken(r, to.bytes, err)
	default:
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		f.failed(w, r, f, err)
	}
}

// batchRun answers the requests of a batch, one after the other.
type batchRun struct {
	*feed
	token string // of the batch: that of all in it
	last  func() // ends the answer before
	calls int
}

func (b *batchRun) end() {
	if b.last != nil {
		b.last()
		b.last = nil
	}
}

// answer answers one request: its status is known when the beginning of its rows is.
func (b *batchRun) answer(ctx context.Context, r *odata.Request) odata.Answer {
	b.end()
	path, rawQuery, err := odata.Resolve(b.base, r.URL)
	if err == nil && offersOther(r.Header, rawQuery, b.token) {
		err = twoTokens("a request of a batch is made with the batch's token: it has no other of its own")
	}
	if err == nil {
		err = b.oneMore(ctx)
	}
	if err != nil {
		return b.refuse(ctx, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	from, into := io.Pipe()
	begun, ended := make(chan int, 1), make(chan error, 1)
	to := &sink{header: http.Header{}, most: heldBack}
	to.begin = func(status, _ int) (io.Writer, error) {
		begun <- status
		return into, nil
	}
	b.last = func() {
		cancel()
		from.CloseWithError(context.Canceled)
		<-ended
	}
	go func() {
		err := b.give(ctx, to, r, path, rawQuery)
		into.CloseWithError(err)
		ended <- err
		close(ended)
	}()
	h := func() http.Header {
		out := maps.Clone(to.header)
		out.Set(odata.HeaderVersion, odata.Version)
		return out
	}
	select {
	case status := <-begun:
		return odata.Answer{Status: status, Header: h(), Body: func(w io.Writer) error {
			_, err := io.Copy(w, from)
			return err
		}}
	case err := <-ended:
		if err == nil { // a HEAD, or an answer without a byte
			return odata.Answer{Status: http.StatusOK, Header: h()}
		}
		return b.refuse(ctx, err)
	}
}

// give makes one answer of the batch.
func (b *batchRun) give(ctx context.Context, to *sink, r *odata.Request, path, rawQuery string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.cfg.Log.ErrorContext(ctx, "door panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("web: an answer of a batch panicked")
		}
	}()
	a := &odataAnswer{feed: b.feed, to: to, isHead: r.Method == http.MethodHead, accept: r.Header.Get("Accept")}
	return a.give(ctx, path, rawQuery, func() (func(), error) { return func() {}, nil })
}

// oneMore counts a call for each further request.
func (b *batchRun) oneMore(ctx context.Context) error {
	if b.calls++; b.calls == 1 || b.cfg.Quota == nil {
		return nil // the door has counted it
	}
	if _, err := b.cfg.Quota.Call(ctx, b.who); err != nil {
		return b.overdrawn(ctx, http.Header{}, err)
	}
	return nil
}

// refuse is the answer that tells an error, as the door itself would.
func (b *batchRun) refuse(ctx context.Context, err error) odata.Answer {
	status, wait, shown := b.feedFailure(ctx, b.feed, err)
	a := odata.Refuse(shown)
	a.Status = status
	if wait > 0 {
		a.Header.Set("Retry-After", seconds(wait))
	}
	return a
}
