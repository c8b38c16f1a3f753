package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Outcome is what came of an attempt, for metrics and logs.
type Outcome = datasources.Outcome

// The outcomes. The last five are not verdicts of a decoder.
const (
	OutcomeOK          Outcome = "ok"
	OutcomeBounced     Outcome = "bounced"
	OutcomeRefused     Outcome = "refused"
	OutcomeTooLong     Outcome = "too_long"
	OutcomeLimited     Outcome = "limited"
	OutcomeInvalid     Outcome = "invalid"
	OutcomeUnavailable Outcome = "unavailable"
	OutcomeTimeout     Outcome = "timeout"
	OutcomeCanceled    Outcome = "canceled"
	OutcomeOpen        Outcome = "open"   // turned away: the breaker is open
	OutcomeBudget      Outcome = "budget" // turned away: the agreed rate is used up
	OutcomeQueue       Outcome = "queue"  // turned away: no free place before the deadline, or no room to wait for one
)

// maxCause bounds the text of a cause: upstreams send whole pages as errors.
const maxCause = 1024

// verdict is an error with an effect on retries and breaker. It is the cause
// inside what Do returns, so its text is redacted.
type verdict struct {
	outcome Outcome
	wait    time.Duration
	final   bool // not to be repeated, whatever the outcome
	ours    bool // no failure of the source, whatever the outcome
	full    bool // of OutcomeQueue: there was no room to wait
	text    string
	err     error
}

// Error returns the redacted text of the cause.
func (v *verdict) Error() string { return v.text }

// Unwrap returns the cause as it was given, for errors.Is and errors.As.
func (v *verdict) Unwrap() error { return v.err }

func newVerdict(o Outcome, err error) *verdict {
	v := &verdict{outcome: o, err: err, text: string(o)}
	if err != nil {
		v.text = clip(Redact(err.Error()))
	}
	return v
}

func clip(s string) string {
	if len(s) <= maxCause {
		return s
	}
	return strings.ToValidUTF8(s[:maxCause], "") + "…"
}

// Bounced says that the session is gone: the call was not evaluated, and would
// be after a new login. It is neither repeated by Do nor a failure of the
// source; WithSession replays it.
func Bounced(err error) error { return newVerdict(OutcomeBounced, err) }

// Refused says that our request is wrong or the record may not be read. It is
// neither repeated nor a failure of the source. The code is SOURCE_INVALID
// unless err holds a *schema.Error.
func Refused(err error) error { return newVerdict(OutcomeRefused, err) }

// Invalid says that the reply makes no sense: HTML, garbage, half a document. It
// is a failure of the source, and repeated once for reads.
func Invalid(err error) error { return newVerdict(OutcomeInvalid, err) }

// Unavailable says that the source could not evaluate the call. It is a failure
// of the source, and repeated for reads.
func Unavailable(err error) error { return newVerdict(OutcomeUnavailable, err) }

// TooLong says that the address or the request was too long for the source: the
// caller may ask in smaller parts. It is neither repeated nor a failure.
func TooLong(err error) error { return newVerdict(OutcomeTooLong, err) }

// LimitedBy says that the source wants fewer calls. wait is how long it asks us
// to pause, 0 when it did not say. Reads are repeated when the pause fits into
// the deadline; other calls of the client keep the pause too.
func LimitedBy(err error, wait time.Duration) error {
	v := newVerdict(OutcomeLimited, err)
	v.wait = max(0, wait)
	return v
}

// IsBounced reports whether err, from a Decode or from Do, says that the session
// is gone.
func IsBounced(err error) bool { return hasOutcome(err, OutcomeBounced) }

// IsRefused reports whether err, from a Decode or from Do, is a refusal.
func IsRefused(err error) bool { return hasOutcome(err, OutcomeRefused) }

// IsTooLong reports whether err, from a Decode or from Do, says that the request
// was too long.
func IsTooLong(err error) bool { return hasOutcome(err, OutcomeTooLong) }

func hasOutcome(err error, o Outcome) bool {
	var v *verdict
	return errors.As(err, &v) && v.outcome == o
}

// StatusVerdict is the usual verdict on a reply by its status alone, nil for
// 2xx: a Decode begins with it where the upstream uses statuses as they are
// meant. 429 is LimitedBy and 503 Unavailable, both with Retry-After in seconds
// or as a date; 401 is Bounced; 413, 414 and 431 are TooLong; 408 and other 5xx
// are Unavailable; a redirect to a login page is Bounced and any other Invalid;
// the other 4xx, 403 and 404 among them, are Refused. The body is not looked at.
func StatusVerdict(r *Reply) error {
	if r.Status >= 200 && r.Status < 300 {
		return nil
	}
	cause := fmt.Errorf("status %d", r.Status)
	switch s := r.Status; {
	case s >= 300 && s < 400:
		cause = Redirect(r)
		if isLogin(r.Header.Get("Location")) {
			return Bounced(cause)
		}
		return Invalid(cause)
	case s == http.StatusTooManyRequests:
		return LimitedBy(cause, retryAfter(r.Header))
	case s == http.StatusUnauthorized:
		return Bounced(cause)
	case s == http.StatusRequestEntityTooLarge, s == http.StatusRequestURITooLong, s == http.StatusRequestHeaderFieldsTooLarge:
		return TooLong(cause)
	case s == http.StatusRequestTimeout, s >= 500:
		v := newVerdict(OutcomeUnavailable, cause)
		v.wait = retryAfter(r.Header)
		return v
	case s >= 400:
		return Refused(cause)
	}
	return Invalid(cause)
}

// retryAfter reads a Retry-After in seconds or as a date, 0 when there is none
// or it has passed. A date is measured against the reply's own Date where it
// has one, so that a wrong clock on either side does no harm.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(0, n), int64(24*time.Hour/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(0, at.Sub(now)), 24*time.Hour)
}

// classify finds the effect of what a Decode returned.
func classify(ctx context.Context, err error) *verdict {
	var v *verdict
	if errors.As(err, &v) {
		return v
	}
	var e *schema.Error
	if errors.As(err, &e) {
		v = &verdict{outcome: OutcomeRefused, wait: e.Wait, err: err}
		switch e.Code {
		case schema.SourceUnavailable:
			v.outcome = OutcomeUnavailable
		case schema.SourceTimeout:
			v.outcome = OutcomeTimeout
		case schema.SourceLimited:
			v.outcome = OutcomeLimited
		case schema.SourceInvalid:
			v.outcome = OutcomeInvalid
		}
		return v
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ctxVerdict(ctx.Err())
	}
	return newVerdict(OutcomeInvalid, err)
}

// effect is what an attempt with this end taught about the source.
func (v *verdict) effect(took, timeout time.Duration) effect {
	switch v.outcome {
	case OutcomeInvalid, OutcomeUnavailable:
		if v.ours {
			return succeeded
		}
		return failed
	case OutcomeTimeout:
		// A caller in a hurry says nothing about the source, but one who waited long
		// does: else a source that hangs would never be left alone.
		if v.ours && took < timeout/4 {
			return unknown
		}
		return failed
	case OutcomeCanceled, OutcomeOpen, OutcomeBudget, OutcomeQueue:
		return unknown
	}
	return succeeded
}

var errTimedOut = errors.New("attempt timed out")

// transportVerdict classifies a failure below the reply: whose deadline was it,
// or which kind of failure is meant otherwise.
func transportVerdict(ctx, attemptCtx context.Context, err error, otherwise Outcome) *verdict {
	if ctx.Err() != nil {
		return ctxVerdict(ctx.Err())
	}
	// A custom transport may add the address.
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var n net.Error
	if attemptCtx.Err() != nil || errors.As(err, &n) && n.Timeout() {
		// Not the caller's context.DeadlineExceeded: his has time left.
		return newVerdict(OutcomeTimeout, fmt.Errorf("%w: %s", errTimedOut, err.Error()))
	}
	return newVerdict(otherwise, err)
}

// ctxVerdict is for the caller's own context.
func ctxVerdict(err error) *verdict {
	v := newVerdict(OutcomeCanceled, err)
	if errors.Is(err, context.DeadlineExceeded) {
		v.outcome = OutcomeTimeout
	}
	v.final, v.ours = true, true
	return v
}

var errOpen = errors.New("breaker open")

func openVerdict(wait time.Duration) *verdict {
	v := newVerdict(OutcomeOpen, errOpen)
	v.wait, v.final = wait, true
	return v
}

func ctxError(source, name string, err error) error {
	return sourceError(source, name, ctxVerdict(err))
}

// sourceError is the error for the client of a verdict that brought none.
func sourceError(source, name string, v *verdict) *schema.Error {
	code, text := schema.SourceUnavailable, ""
	who := nameOf(source)
	switch v.outcome {
	case OutcomeBounced:
		text = who + " ended the session"
	case OutcomeRefused:
		code, text = schema.SourceInvalid, who+" refused "+name
	case OutcomeTooLong:
		code, text = schema.SourceInvalid, name+" is too long for "+who
	case OutcomeLimited:
		code, text = schema.SourceLimited, who+" wants fewer calls"
	case OutcomeBudget:
		code, text = schema.SourceLimited, "the agreed rate of calls to "+who+" is used up"
	case OutcomeInvalid:
		code, text = schema.SourceInvalid, who+" gave an answer to "+name+" that "+reasonOf(v.err)
	case OutcomeTimeout:
		code, text = schema.SourceTimeout, who+" did not answer "+name+" in time"
	case OutcomeQueue:
		code, text = schema.SourceTimeout, "too many calls to "+who+" are waiting"
		if v.full {
			code = schema.SourceLimited
		}
	case OutcomeCanceled:
		text = "the call to " + who + " was cancelled"
	case OutcomeOpen:
		text = who + " is left alone after repeated failures"
	default:
		text = who + " could not answer " + name
	}
	e := schema.SourceErrorf(code, source, "%s", text).Because(v)
	e.Wait = v.wait
	return e
}

// Reasoned is an error of a decoder that tells the client what is wrong with an
// answer, as the end of a sentence: "was cut off". It holds nothing of the answer.
type Reasoned interface {
	error
	Reason() string
}

// reasonOf is what is wrong with an answer.
func reasonOf(err error) string {
	var r Reasoned
	switch {
	case errors.As(err, &r):
		return r.Reason()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "was cut off"
	case errors.Is(err, errOversize):
		return "is larger than agreed"
	}
	return "makes no sense"
}

func nameOf(source string) string { return cmp.Or(source, "the source") }

// causeText is the text for the log: a schema.Error prints its message only.
func causeText(err error) string {
	var e *schema.Error
	if errors.As(err, &e) {
		if e.Err != nil {
			return e.Message + ": " + causeText(e.Err)
		}
		return e.Message
	}
	return err.Error()
}
