package odata

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// Batch is what was asked in one POST to $batch: in JSON (JSON Format 4.01 §19)
// or in multipart/mixed (Part 1 §11.7), which is what Power Query and Excel send
// when an address is longer than 2,048 signs.
type Batch struct {
	Requests []Request
	boundary string // of the multipart answer; "" for JSON
}

// Request is one request of a batch. Its URL is as it came; see Resolve.
type Request struct {
	ID        string // as the client calls it; "" if it does not, which only multipart allows
	Method    string // GET or HEAD
	URL       string
	Header    http.Header
	DependsOn []string // ids of earlier requests which must have succeeded
	err       *Error   // why it cannot be answered
}

// Answer is the reply to one request. Body writes the body, nil if there is
// none; it is called once, when its turn has come, and straight to the client.
type Answer struct {
	Status int
	Header http.Header
	Body   func(w io.Writer) error
}

// Refuse makes the answer that tells err.
func Refuse(err error) Answer {
	return Answer{
		Status: Status(err),
		Header: http.Header{"Content-Type": {Format{}.ContentType()}, HeaderVersion: {Version}},
		Body: func(w io.Writer) error {
			_, err := w.Write(AppendError(nil, err))
			return err
		},
	}
}

// ReadBatch reads the body of a $batch of the given Content-Type. Nothing is
// longer than Limits; what concerns one request only, such as another method
// than GET, is that request's answer, any other fault fails the batch.
func ReadBatch(contentType string, body io.Reader, limits Limits) (*Batch, error) {
	limits = limits.withDefaults()
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" && media != "multipart/mixed" {
		return nil, &Error{Kind: KindMediaType, Message: "a batch is application/json or multipart/mixed"}
	}
	data, err := io.ReadAll(io.LimitReader(body, limits.BatchBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the batch: %w", err)
	}
	if int64(len(data)) > limits.BatchBytes {
		return nil, &Error{Kind: KindTooLarge, Message: fmt.Sprintf("the batch is longer than %d bytes", limits.BatchBytes)}
	}
	b := &Batch{}
	if media == "application/json" {
		if err := b.readJSON(data, limits); err != nil {
			return nil, err
		}
		return b, nil
	}
	if err := b.readMultipart(data, parameters["boundary"], limits); err != nil {
		return nil, err
	}
	b.boundary = "batch_" + rand.Text()
	return b, nil
}

// add appends r unless the batch is full.
func (b *Batch) add(r Request, limits Limits) *Error {
	if len(b.Requests) == limits.BatchParts {
		return badf("", "the batch has more than %d requests", limits.BatchParts)
	}
	switch {
	case r.err != nil:
	case !isReading(r.Method):
		r.err = &Error{Kind: KindMethod, Message: "the feed is read-only: GET and HEAD are all it answers"}
	default:
		r.err = checkVersion(r.Header.Get(HeaderVersion), r.Header.Get(HeaderMaxVersion))
	}
	b.Requests = append(b.Requests, r)
	return nil
}

func isReading(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// ContentType returns the Content-Type of the answer.
func (b *Batch) ContentType() string {
	if b.boundary == "" {
		return "application/json"
	}
	return "multipart/mixed;boundary=" + b.boundary
}

// ContinueOnError reads the header Prefer: whether the requests behind one that
// failed are still wanted (Part 1 §8.2.8.3).
func ContinueOnError(prefer string) bool {
	for item := range strings.SplitSeq(prefer, ",") {
		name, value, hasValue := strings.Cut(strings.ToLower(strings.TrimSpace(item)), "=")
		name = strings.TrimPrefix(strings.TrimSpace(name), "odata.")
		if name == "continue-on-error" {
			return !hasValue || strings.Trim(strings.TrimSpace(value), `"`) == "true"
		}
	}
	return false
}

// envelope writes the answers' frame.
type envelope interface {
	begin() error
	answer(r *Request, a Answer) error
	end() error
}

// Write answers the requests one after the other, in their order, and writes the
// whole to w as it goes. Without continueOnError it ends after the first answer
// of status 400 or more. An error of w, of a body or of ctx is returned at once
// and leaves the envelope open, which is how a client sees that it is broken.
func (b *Batch) Write(ctx context.Context, w io.Writer, continueOnError bool, answer func(ctx context.Context, r *Request) Answer) error {
	var frame envelope = &jsonEnvelope{w: w}
	if b.boundary != "" {
		frame = &multipartEnvelope{w: w, boundary: b.boundary}
	}
	if err := frame.begin(); err != nil {
		return err
	}
	failed := map[string]bool{}
	for i := range b.Requests {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := &b.Requests[i]
		a := b.answer(ctx, r, failed, answer)
		isFailed := a.Status >= http.StatusBadRequest
		failed[r.ID] = isFailed
		if r.Method == http.MethodHead {
			a.Body = nil
		}
		if err := frame.answer(r, a); err != nil {
			return fmt.Errorf("answer request %d of the batch: %w", i+1, err)
		}
		if isFailed && !continueOnError {
			break
		}
	}
	return frame.end()
}

func (b *Batch) answer(ctx context.Context, r *Request, failed map[string]bool, answer func(context.Context, *Request) Answer) Answer {
	if r.err != nil {
		return Refuse(r.err)
	}
	for _, id := range r.DependsOn {
		if failed[id] {
			return Refuse(&Error{Kind: KindDependency, Message: "a request which this one depends on has failed"})
		}
	}
	return answer(ctx, r)
}

// maxText bounds a body that is no JSON and must be held to be quoted in a JSON
// batch: $metadata and counts.
const maxText = 8 << 20

// text runs a body and returns what it wrote.
func (a Answer) text() (string, error) {
	var b bounded
	if err := a.Body(&b); err != nil {
		return "", err
	}
	return b.String(), nil
}

type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxText {
		return 0, fmt.Errorf("odata: a text of a JSON batch is longer than %d bytes", maxText)
	}
	return b.Buffer.Write(p)
}

// fields returns the headers in a stable order, one pair each.
func (a Answer) fields() [][2]string {
	var fields [][2]string
	for name, values := range a.Header {
		fields = append(fields, [2]string{name, strings.NewReplacer("\r", " ", "\n", " ").Replace(strings.Join(values, ", "))})
	}
	slices.SortFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return fields
}
