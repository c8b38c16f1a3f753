package creatio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

var (
	errLoginPage  = errors.New("creatio: a page instead of data, the session is gone")
	errForeignRow = errors.New("creatio: a row that was not asked for")
	errNoBatch    = errors.New("creatio: no $batch here")
	errNotHere    = errors.New("creatio: no OData service at this path")
	errNoAnswer   = errors.New("creatio: a request of the batch was not answered")
	errNextLink   = errors.New("creatio: the next page is said to be somewhere else")
	errTooMany    = errors.New("creatio: more rows than can be read at once")
)

// verdict judges a data reply by its status and by what it looks like ("Creatio
// facts", §2 and §7): the statuses by cause are not published, so only their
// classes count.
func verdict(source string, r *wire.Reply) error {
	switch s := r.Status; {
	case s >= 200 && s < 300:
		if wire.LooksLikeHTML(r.Body) {
			return wire.Bounced(errLoginPage)
		}
		return nil
	case s >= 300 && s < 400:
		to, err := url.Parse(r.Header.Get("Location"))
		if err == nil && to.IsAbs() && r.URL != nil && to.Path == r.URL.Path {
			return wire.Invalid(fmt.Errorf("the site has another address: %w", wire.Redirect(r)))
		}
		return wire.Bounced(fmt.Errorf("status %d: %w", s, errLoginPage))
	case s == http.StatusForbidden:
		refused := schema.SourceErrorf(schema.SourceInvalid, source, "%s refused the call: the service user lacks rights, or its CSRF token was not accepted", source)
		return wire.Refused(refused.Because(cause(r)))
	case s == http.StatusInternalServerError:
		return wire.Unavailable(cause(r))
	case s == http.StatusBadRequest, s == http.StatusNotFound:
		return wire.Refused(cause(r))
	}
	return wire.StatusVerdict(r)
}

// cause is the deepest message of an error reply, for the log only: it repeats
// names and keys of records.
func cause(r *wire.Reply) error {
	if text := deepest(r.Body); text != "" {
		return fmt.Errorf("status %d: %s", r.Status, text)
	}
	return fmt.Errorf("status %d", r.Status)
}

// deepest returns error.innererror.internalexception….message, "" when the body
// is no OData error.
func deepest(body []byte) string {
	type inner struct {
		Message  string          `json:"message"`
		Internal json.RawMessage `json:"internalexception"`
	}
	var reply struct {
		Error *struct {
			Message string          `json:"message"`
			Inner   json.RawMessage `json:"innererror"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &reply) != nil || reply.Error == nil {
		return ""
	}
	text, raw := reply.Error.Message, reply.Error.Inner
	// A dozen levels are more than .NET ever nests; more is not worth reading.
	for range 12 {
		var in inner
		if len(raw) == 0 || json.Unmarshal(raw, &in) != nil {
			break
		}
		if in.Message != "" {
			text = in.Message
		}
		raw = in.Internal
	}
	if text == "" {
		text = "an error without a message"
	}
	return strings.ToValidUTF8(text, "")
}

// invalid makes the error of a reply that cannot be used.
func (s *source) invalid(err error) error {
	return schema.SourceErrorf(schema.SourceInvalid, s.cfg.Name, "%s sent a reply that cannot be used", s.cfg.Name).Because(err)
}

// missing says that the site does not have something: neither empty nor broken.
func (s *source) missing(what string) error {
	return schema.SourceErrorf(schema.NotEnabled, s.cfg.Name, "%s has no %s", s.cfg.Name, what)
}

// unsupported says that a filter cannot be evaluated.
func (s *source) unsupported(entity, column string) error {
	return schema.SourceErrorf(schema.UnsupportedFilter, s.cfg.Name, "%s cannot filter %s by %s", s.cfg.Name, entity, column)
}

// named gives an error the source's name and a code, if it has none.
func (s *source) named(err error) error {
	var e *schema.Error
	switch {
	case err == nil || errors.As(err, &e):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return schema.SourceErrorf(schema.SourceTimeout, s.cfg.Name, "%s did not answer in time", s.cfg.Name).Because(err)
	case errors.Is(err, context.Canceled), errors.Is(err, errClosed):
		return schema.SourceErrorf(schema.SourceUnavailable, s.cfg.Name, "%s was not waited for", s.cfg.Name).Because(err)
	}
	return s.invalid(err)
}
