package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trama-graph/trama/graph/output"
)

// export is one table to be pulled.
type export struct {
	flags   *exportFlags
	dataset string // "" where a text is asked
	text    string
	format  output.Format
	out     string // the file, "-" for the standard output
	address *url.URL
	token   string
}

// address is what is asked of the server.
func (o *exportFlags) address(q *export) (*url.URL, error) {
	u, err := url.Parse(o.url)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("--url: want an address as https://HOST:PORT")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("--url: want the address alone; the token has a place of its own")
	}
	file := string(q.format)
	if q.dataset != "" {
		file = q.dataset + "." + file
	}
	u = u.JoinPath("export", url.PathEscape(file))
	values := url.Values{}
	for _, v := range []struct{ name, value string }{
		{"$select", o.columns}, {"$filter", o.filter}, {"$orderby", o.order}, {"separator", o.separator}, {"decimal", o.decimal},
	} {
		if v.value != "" {
			values.Set(v.name, v.value)
		}
	}
	if o.noBOM {
		values.Set("bom", "false")
	}
	u.RawQuery = values.Encode()
	return u, nil
}

// pull asks the server and writes the file.
func (q *export) pull(ctx context.Context, stdout, stderr io.Writer) (err error) {
	to, err := q.destination(stdout)
	if err != nil {
		return &usageError{err} // before anything was asked
	}
	defer func() { err = errors.Join(err, to.discard()) }()
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	// It is pushed back by every byte that comes.
	stalled := time.AfterFunc(q.flags.stall, func() { give(errStalled) })
	defer stalled.Stop()
	started := time.Now()
	reply, err := q.ask(ctx)
	if err != nil {
		return q.told(ctx, err)
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode != http.StatusOK {
		return refusedExport(reply)
	}
	if err := endsTold(reply); err != nil {
		return err
	}
	bar := newExportBar(q, stderr, reply.ContentLength)
	_, err = io.Copy(io.MultiWriter(to, bar), &alive{reply.Body, stalled, q.flags.stall})
	bar.end()
	if err != nil {
		if !errors.As(err, new(*brokenError)) {
			return fmt.Errorf("write %s: %w", q.out, err)
		}
		return fmt.Errorf("%w after %s; nothing was written", q.told(ctx, err), bar.sum())
	}
	if err := to.keep(); err != nil {
		return err
	}
	if q.out != "-" {
		fmt.Fprintf(stderr, "wrote %s: %s in %s\n", q.out, bar.sum(), time.Since(started).Round(time.Millisecond))
	}
	return nil
}

var errStalled = errors.New("stalled")

// ask sends the request. A redirect is not followed: the token is for the address that
// was given.
func (q *export) ask(ctx context.Context) (*http.Response, error) {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if q.text != "" {
		method, body = http.MethodPost, strings.NewReader(q.text)
	}
	r, err := http.NewRequestWithContext(ctx, method, q.address.String(), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+q.token)
	r.Header.Set("User-Agent", "trama-export")
	if q.text != "" {
		r.Header.Set("Content-Type", "application/graphql")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client.Do(r)
}

// brokenError is of an answer that did not come to its end.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// told says what happened to the connection.
func (q *export) told(ctx context.Context, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address, which the operator gave
	}
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		return fmt.Errorf("the server sent nothing for %s", q.flags.stall)
	case ctx.Err() != nil:
		return errors.New("stopped")
	case errors.As(err, new(*brokenError)), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection broke")
	}
	return fmt.Errorf("the server did not answer: %w", err)
}

// endsTold refuses an answer whose end is that of the connection: half of it would look
// like the whole. Proxies that speak HTTP/1.0 make such answers.
func endsTold(r *http.Response) error {
	isChunked := len(r.TransferEncoding) > 0 && r.TransferEncoding[len(r.TransferEncoding)-1] == "chunked"
	if r.ProtoMajor > 1 || r.ContentLength >= 0 || isChunked || r.Uncompressed { // the end of gzip is checked as well
		return nil
	}
	return errors.New("the answer does not say where it ends, so a broken one could not be told: a proxy before the server speaks HTTP/1.0, let it speak 1.1")
}

// maxRefusal is how much is read of an answer that is no table.
const maxRefusal = 64 << 10

// refusedExport says why the server gave no table, in its own words.
func refusedExport(r *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(r.Body, maxRefusal)) // what there is
	var told struct {
		Error  struct{ Code, Message string }
		Errors []struct{ Message string }
	}
	_ = json.Unmarshal(raw, &told) // of a proxy it may be a page: then the status alone is told
	message := told.Error.Message
	if message == "" && len(told.Errors) > 0 {
		message = told.Errors[0].Message
	}
	text := fmt.Sprintf("the server says %d %s", r.StatusCode, http.StatusText(r.StatusCode))
	if told.Error.Code != "" {
		text += ", " + printable(told.Error.Code)
	}
	if message != "" {
		text += ": " + printable(message)
	}
	switch {
	case r.StatusCode/100 == 3:
		text += ": it sends elsewhere, give the address it means as --url"
	case r.Header.Get("Retry-After") != "":
		text += "; try again in " + printable(r.Header.Get("Retry-After")) + " s"
	}
	return errors.New(text)
}

// printable is a text for a terminal: what would steer it is shown as ?.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

// alive pushes a timer back at everything that is read, and tells what breaks from what
// cannot be written.
type alive struct {
	io.Reader
	timer *time.Timer
	most  time.Duration
}

func (a *alive) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if n > 0 {
		a.timer.Reset(a.most)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = &brokenError{err}
	}
	return n, err
}
