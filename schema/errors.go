package schema

import (
	"errors"
	"fmt"
	"time"
)

// Code is the machine-readable kind of a failure, sent as extensions.code.
type Code string

// The codes a client can meet. There are no others; whatever has none is
// Internal, and its text never reaches a client.
const (
	BadRequest        Code = "BAD_REQUEST"
	Unauthenticated   Code = "UNAUTHENTICATED"
	Forbidden         Code = "FORBIDDEN"
	ForbiddenField    Code = "FORBIDDEN_FIELD"
	NotFound          Code = "NOT_FOUND"
	Limited           Code = "LIMITED"
	TooCostly         Code = "TOO_COSTLY"
	UnsupportedFilter Code = "UNSUPPORTED_FILTER"
	Ambiguous         Code = "AMBIGUOUS"
	NotEnabled        Code = "NOT_ENABLED"
	SourceUnavailable Code = "SOURCE_UNAVAILABLE"
	SourceTimeout     Code = "SOURCE_TIMEOUT"
	SourceLimited     Code = "SOURCE_LIMITED"
	SourceInvalid     Code = "SOURCE_INVALID"
	Conflict          Code = "CONFLICT"
	Internal          Code = "INTERNAL"
)

// Error is a failure with a code. Message is written for the client: it names
// systems and columns, never values, secrets or upstream text. Err keeps the
// cause for the operator's log and is not part of Error().
type Error struct {
	Code      Code
	Message   string
	Source    string        // the system that failed, "" when none did
	Retryable bool          // the same request may succeed later
	Wait      time.Duration // how long to wait before that, 0 when unknown
	AsOf      time.Time     // age of the data served instead, zero when none was
	Err       error
}

// Error returns the client's message only.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, which is for the log.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of the given code with a message for the client.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// SourceErrorf makes an Error that names the system which failed. Unavailable,
// timed-out and limited sources are retryable, invalid answers are not.
func SourceErrorf(code Code, source, format string, args ...any) *Error {
	e := Errorf(code, format, args...)
	e.Source = source
	e.Retryable = code == SourceUnavailable || code == SourceTimeout || code == SourceLimited
	return e
}

// Because attaches the cause for the log and returns e.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// CodeOf returns the code err carries, Internal when it carries none and ""
// for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
