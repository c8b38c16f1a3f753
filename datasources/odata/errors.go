package odata

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

var (
	errHTML    = errors.New("odata: an HTML page instead of an answer")
	errAtom    = errors.New("odata: XML instead of JSON")
	errForeign = errors.New("odata: a row that was not asked for")
	errLink    = errors.New("odata: the link to the next page leads to another host or service")
	errLoop    = errors.New("odata: pages repeat")
	errNoKey   = errors.New("odata: no row has its key")
)

// longAddress is from where on a 400 or a 404 without an OData error in it is
// taken for "too long". IIS answers 404 (sub-statuses 14 and 15) from 2,048
// bytes of a query on, and proxies may be narrower; a shorter address that is
// not found has another reason.
const longAddress = 1000

// verdict judges a reply before its rows are read; 401 and 403 were judged by
// login. The body's shape decides beside the status: an error page of a web
// server is not an answer of the service behind it.
func verdict(r *wire.Reply, source, entity string) error {
	cause := fmt.Errorf("status %d", r.Status)
	switch s := r.Status; {
	case s == http.StatusNotImplemented:
		return wire.Refused(cause)
	case s != http.StatusNotFound && s != http.StatusBadRequest:
	case isServiceError(r.Body) && s == http.StatusBadRequest:
		return wire.Refused(cause)
	case len(r.URL.RequestURI()) > longAddress && !isServiceError(r.Body):
		return wire.TooLong(cause)
	case s == http.StatusNotFound:
		return wire.Refused(schema.SourceErrorf(schema.NotEnabled, source, "%s has no such set for %s", source, entity).Because(cause))
	}
	if err := wire.StatusVerdict(r); err != nil {
		return err
	}
	if !wire.LooksLikeHTML(r.Body) {
		return nil
	}
	return wire.Invalid(errHTML)
}

// isServiceError reports whether a body is an error of the OData service itself,
// in JSON or XML.
func isServiceError(body []byte) bool {
	if doc, err := mapping.Parse(body); err == nil {
		return hasError(doc.Root())
	}
	return looksLikeXMLError(body)
}

// asError makes sure that what leaves has a code and the source's name.
func asError(source string, err error) error {
	if err == nil {
		return nil
	}
	var e *schema.Error
	if errors.As(err, &e) {
		if e.Source == "" {
			named := *e
			named.Source = source
			return &named
		}
		return err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return schema.SourceErrorf(schema.SourceUnavailable, source, "the call to %s was cancelled", source).Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return schema.SourceErrorf(schema.SourceTimeout, source, "%s did not answer in time", source).Because(err)
	}
	return schema.SourceErrorf(schema.SourceInvalid, source, "%s gave an answer that makes no sense", source).Because(err)
}

// notEnabled is for an entity whose set the system does not have.
func notEnabled(source, entity string) error {
	return schema.SourceErrorf(schema.NotEnabled, source, "%s has no set for %s", source, entity)
}

func unsupported(source, entity, what string) error {
	return schema.SourceErrorf(schema.UnsupportedFilter, source, "%s cannot filter %s by %s", source, entity, what)
}

// looksLikeXMLError reports whether a body is <error> or <m:error>.
func looksLikeXMLError(body []byte) bool {
	head := body[:min(len(body), 512)]
	return bytes.Contains(head, []byte("<m:error")) || bytes.Contains(head, []byte("<error xmlns")) || bytes.Contains(head, []byte("<odata:error"))
}
