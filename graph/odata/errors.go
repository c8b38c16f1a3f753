package odata

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/trama-graph/trama/schema"
)

// Kind says how a request is wrong.
type Kind uint8

// The kinds of refusals, with the status each has (Part 1 §9.3, §9.4).
const (
	KindBadRequest    Kind = iota // 400: it is not OData, or not of this set
	KindNotSupported              // 501: it is OData that this service does not do
	KindNotFound                  // 404: there is no such resource
	KindTooLong                   // 414: longer than Limits allow
	KindNotAcceptable             // 406: no such format of this resource
	KindMethod                    // 405: the feed is read-only
	KindTooLarge                  // 413: a body longer than Limits allow
	KindMediaType                 // 415: a body of another type
	KindDependency                // 424: a request of a batch which this one depends on failed
)

// Error is the refusal of a request. Message is written for the client: it
// names options, columns, types and positions, never a value.
type Error struct {
	Kind     Kind
	Message  string
	Option   string // the system query option that is wrong, "" for the path
	Position int    // 1-based character of the option's decoded value, 0 when it is not about one
	Feature  string // what is not supported
}

// Error returns the client's message.
func (e *Error) Error() string { return e.Message }

// Status returns the HTTP status of the refusal.
func (e *Error) Status() int {
	switch e.Kind {
	case KindNotSupported:
		return http.StatusNotImplemented
	case KindNotFound:
		return http.StatusNotFound
	case KindTooLong:
		return http.StatusRequestURITooLong
	case KindNotAcceptable:
		return http.StatusNotAcceptable
	case KindMethod:
		return http.StatusMethodNotAllowed
	case KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case KindMediaType:
		return http.StatusUnsupportedMediaType
	case KindDependency:
		return http.StatusFailedDependency
	}
	return http.StatusBadRequest
}

// Unwrap returns the same refusal as a *schema.Error, so that schema.CodeOf and
// whatever else asks for one need not know this package.
func (e *Error) Unwrap() error {
	code := schema.BadRequest
	switch e.Kind {
	case KindNotSupported:
		code = schema.NotEnabled
	case KindNotFound:
		code = schema.NotFound
	}
	return schema.Errorf(code, "%s", e.Message)
}

func badf(option, format string, args ...any) *Error {
	return &Error{Kind: KindBadRequest, Option: option, Message: of(option) + fmt.Sprintf(format, args...)}
}

func tooLongf(option, format string, args ...any) *Error {
	return &Error{Kind: KindTooLong, Option: option, Message: of(option) + fmt.Sprintf(format, args...)}
}

func unsupported(option, feature string) *Error {
	return &Error{Kind: KindNotSupported, Option: option, Feature: feature, Message: of(option) + feature + " is not supported"}
}

func of(option string) string {
	if option == "" {
		return ""
	}
	return option + ": "
}

// at places an error in the text of its option.
func (e *Error) at(text string, offset int) *Error {
	e.Position = utf8.RuneCountInString(text[:offset]) + 1
	e.Message += " (at position " + strconv.Itoa(e.Position) + ")"
	return e
}

// maxShown is how much of a client's own word an error repeats: enough for any
// misspelt name, too little for a token that was pasted into the wrong place.
const maxShown = 40

// shown quotes a name the client wrote, so that he finds it again. Whatever is
// not a plain word is not repeated: it might be a value.
func shown(word string) string {
	for i := range len(word) {
		if !isNameByte(word[i]) && word[i] != '$' && word[i] != '@' && word[i] != '.' {
			return "this name"
		}
	}
	if word == "" || len(word) > maxShown {
		return "this name"
	}
	return strconv.Quote(word)
}

// Status returns the HTTP status of any error: that of an *Error, else the one
// that belongs to the code it carries.
func Status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status()
	}
	switch schema.CodeOf(err) {
	case schema.BadRequest, schema.Ambiguous:
		return http.StatusBadRequest
	case schema.Unauthenticated:
		return http.StatusUnauthorized
	case schema.Forbidden, schema.ForbiddenField:
		return http.StatusForbidden
	case schema.NotFound:
		return http.StatusNotFound
	case schema.Conflict:
		return http.StatusConflict
	case schema.Limited, schema.TooCostly:
		return http.StatusTooManyRequests
	case schema.UnsupportedFilter, schema.NotEnabled:
		return http.StatusNotImplemented
	case schema.SourceUnavailable, schema.SourceTimeout, schema.SourceLimited, schema.SourceInvalid:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// AppendError appends the error document (JSON Format §19):
// {"error":{"code":"BAD_REQUEST","message":"…"}}. An error without a code shows
// nothing of its text.
func AppendError(dst []byte, err error) []byte {
	code, message := schema.Internal, "internal error"
	if e, ok := errors.AsType[*schema.Error](err); ok {
		code, message = e.Code, e.Message
	}
	dst = append(dst, `{"error":{"code":`...)
	dst = appendJSON(dst, string(code))
	dst = append(dst, `,"message":`...)
	dst = appendJSON(dst, message)
	return append(dst, "}}"...)
}
