package onec

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// errProperty says that a property which was found in $metadata is not there:
// the configuration of the base has changed since.
var errProperty = errors.New("onec: a property is no longer there")

// errLogin says that the login was refused. It is not tried again by itself:
// accounts lock.
var errLogin = errors.New("onec: status 401")

// longQuery is the length from which a 404 without an error of 1C is read as
// "too long": IIS says so, with its sub-status in the log only (1C OData facts,
// §6).
const longQuery = 1000

// verdict judges a reply by its status and the error of 1C in it. The text of
// the error repeats names, numbers and keys of records (1C OData facts, §8), so
// only its code goes on, even to the log.
func verdict(source string, r *wire.Reply) error {
	if r.Status >= 200 && r.Status < 300 {
		if code, ok := errorCode(r.Body); ok {
			return refusal(source, r.Status, code)
		}
		if wire.LooksLikeHTML(r.Body) {
			return wire.Invalid(errors.New("an HTML page instead of data"))
		}
		return nil
	}
	code, ok := errorCode(r.Body)
	switch {
	case ok:
		return refusal(source, r.Status, code)
	case r.Status == http.StatusUnauthorized:
		return refusedLogin(source)
	case r.Status == http.StatusForbidden:
		return wire.Refused(schema.SourceErrorf(schema.Forbidden, source, "%s: access to the OData interface is forbidden", source).
			Because(errors.New("status 403")))
	case r.Status == http.StatusNotFound && r.URL != nil && len(r.URL.RawQuery) >= longQuery:
		return wire.TooLong(errors.New("status 404 for a long address"))
	}
	return wire.StatusVerdict(r)
}

// refusal is the verdict on an error that 1C itself wrote (1C OData facts, §8).
func refusal(source string, status int, code string) error {
	cause := fmt.Errorf("1C error %s, status %d", code, status)
	switch {
	case code == "20":
		return wire.Refused(schema.SourceErrorf(schema.Forbidden, source, "%s: 1C refused the rows (row-level rights); set allowed_only", source).
			Because(cause))
	case status == http.StatusUnauthorized:
		return refusedLogin(source)
	case code == "10":
		return wire.Refused(fmt.Errorf("%w (%w)", errProperty, cause))
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		return wire.Unavailable(cause)
	}
	// -1 with 500 among them: a handler of the configuration said no, and would
	// again.
	return wire.Refused(cause)
}

func refusedLogin(source string) error {
	e := schema.SourceErrorf(schema.SourceUnavailable, source, "%s: 1C refused the login", source)
	e.Retryable = false
	return wire.Refused(e.Because(errLogin))
}

// errorCode finds the code of 1C's error, in its JSON and its XML form. The
// beginning of a body decides: a list may be long.
func errorCode(body []byte) (string, bool) {
	head := bytes.TrimLeft(body[:min(len(body), 512)], " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"odata.error"`)):
		var doc struct {
			Error *struct {
				Code json.RawMessage `json:"code"`
			} `json:"odata.error"`
		}
		if json.Unmarshal(body, &doc) != nil || doc.Error == nil {
			return "", false
		}
		return plainCode(strings.Trim(string(doc.Error.Code), `"`)), true
	case bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("error")):
		return xmlErrorCode(body)
	}
	return "", false
}

func xmlErrorCode(body []byte) (string, bool) {
	var doc struct {
		XMLName xml.Name
		Code    string `xml:"code"`
	}
	if xml.Unmarshal(body, &doc) != nil || doc.XMLName.Local != "error" {
		return "", false
	}
	return plainCode(strings.TrimSpace(doc.Code)), true
}

// plainCode lets only what looks like a code of 1C through.
func plainCode(s string) string {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 4 || strings.Trim(digits, "0123456789") != "" {
		return "?"
	}
	return s
}

// notEnabled says that the base lacks an object.
func notEnabled(source, what string) error {
	return schema.SourceErrorf(schema.NotEnabled, source, "%s: 1C does not publish the object %q", source, what)
}

// notFollowed says that the base cannot tell what changed of an entity.
func notFollowed(source, entity string) error {
	return schema.SourceErrorf(schema.NotEnabled, source, "%s cannot be asked for what changed of %s", source, entity)
}

// unknownMark says that a mark or cursor is of another configuration, or of none.
func unknownMark(source string, cause error) error {
	return schema.SourceErrorf(schema.BadRequest, source, "the mark does not belong to %s", source).Because(cause)
}

// nothingPublished says that the composition of the interface is empty, which
// looks like an empty base otherwise (1C OData facts, §1).
func nothingPublished(source string) error {
	return schema.SourceErrorf(schema.NotEnabled, source, "%s: 1C publishes no objects", source)
}

// foreign says that rows came which were not asked for: a proxy that drops the
// filter, for one. Nothing of such a reply is used.
func foreign() error { return errors.New("rows came that were not asked for") }
