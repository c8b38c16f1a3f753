package otrs

import (
	"errors"
	"net/http"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

var (
	// errNoRoute says that the web service has no such route or method.
	errNoRoute = errors.New("otrs: no such route")
	// errRequest says that the transport could not read our request.
	errRequest = errors.New("otrs: request not understood")
	// errLogin says that user and password were not accepted.
	errLogin = errors.New("otrs: login refused")
	// errAddress says that a GET would be longer than servers take.
	errAddress = errors.New("otrs: address too long")
	// errNeedsPost says that a filter has no form for a GET.
	errNeedsPost = errors.New("otrs: filter needs a POST route")
	// errForeign says that rows came which nobody asked for.
	errForeign = errors.New("otrs: reply holds foreign rows")
)

// replyError is the Error object of a reply, which comes with status 200. Code is
// "TicketGet.AccessDenied"; the message beside it is unstable text and not kept.
type replyError struct{ code string }

// Error returns the code.
func (e *replyError) Error() string { return "otrs: " + e.code }

// reason is the code's last part; the set is open.
func (e *replyError) reason() string { return e.code[strings.LastIndexByte(e.code, '.')+1:] }

// operation is the code's first part.
func (e *replyError) operation() string {
	op, _, _ := strings.Cut(e.code, ".")
	return op
}

// isDenied reports whether one of the asked tickets is unknown, forbidden or
// deleted; which, the server does not say (#92, #94, #96, #174).
func isDenied(err error) bool {
	var e *replyError
	if !errors.As(err, &e) {
		return false
	}
	switch e.reason() {
	case "AccessDenied", "NotValidTicketID", "NotTicketData":
		return true
	}
	return false
}

// isSplittable reports whether the same question in smaller parts may succeed.
func isSplittable(err error) bool { return wire.IsTooLong(err) }

// verdict turns what a decoder said into what retries and breaker make of it.
func (c *client) verdict(err error) error {
	if err == nil {
		return nil
	}
	var e *replyError
	if !errors.As(err, &e) {
		return wire.Invalid(err)
	}
	switch e.reason() {
	case "AuthFail", "SessionInvalid":
		if c.session != nil && e.operation() != opSession {
			return wire.Bounced(err)
		}
		return wire.Refused(c.refusedLogin(err))
	}
	return wire.Refused(err)
}

func (c *client) refusedLogin(cause error) error {
	e := schema.SourceErrorf(schema.SourceUnavailable, c.name, "%s refused the login", c.name)
	// Wrong credentials do not heal by themselves.
	e.Retryable = false
	return e.Because(errors.Join(errLogin, cause))
}

// statusVerdict judges what is not a 200. The transport answers an unknown route
// and an unreadable request with 500 and a line of text (#7, #9, #10, #16, #17),
// which no repetition heals.
func statusVerdict(r *wire.Reply) error {
	if r.Status == http.StatusInternalServerError && wire.ContentType(r.Header) == "text/plain" {
		text := string(r.Body[:min(len(r.Body), 200)])
		switch {
		case strings.Contains(text, "determine Operation"):
			return wire.Refused(errNoRoute)
		case strings.Contains(text, "request content"), strings.Contains(text, "read input data"):
			return wire.Refused(errRequest)
		}
	}
	return wire.StatusVerdict(r)
}

// asSource makes sure that err is a *schema.Error of this source.
func (c *client) asSource(err error) error {
	if err == nil {
		return nil
	}
	var some *datasources.BatchError
	var e *schema.Error
	if errors.As(err, &some) || errors.As(err, &e) {
		return err
	}
	return schema.SourceErrorf(schema.SourceInvalid, c.name, "%s gave an answer that makes no sense", c.name).Because(err)
}

func (c *client) foreign() error {
	return schema.SourceErrorf(schema.SourceInvalid, c.name, "%s gave rows that were not asked for", c.name).Because(errForeign)
}

func (c *client) unsupported(what string) error {
	return schema.SourceErrorf(schema.UnsupportedFilter, c.name, "%s cannot %s", c.name, what)
}

func (c *client) unsorted() error {
	return schema.SourceErrorf(schema.SourceInvalid, c.name, "%s gave rows in another order than asked for", c.name).
		Because(errors.New("otrs: reply is not sorted"))
}
