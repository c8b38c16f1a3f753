package engine

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Result is the answer of an operation. It holds the rows it was made of until
// it is dropped, and can be written any number of times.
type Result struct {
	root       *set
	raw        []byte // the data, when the generated executor made it
	rows       int64
	refused    bool // the operation did not run: there is no data key
	errors     gqlerror.List
	extensions map[string]any
}

// HasData reports whether the data is an object: neither refused nor null.
func (r *Result) HasData() bool {
	if r.raw != nil {
		return !bytes.Equal(r.raw, []byte("null"))
	}
	return !r.refused && r.root != nil && (r.root.dead == nil || !r.root.dead[0])
}

// Refused reports whether the operation did not run at all; then the answer has
// no data key.
func (r *Result) Refused() bool { return r.refused }

// Rows returns how many rows the answer has: objects that calls brought, looking
// through pages and edges, each place counted by itself. Of a mutation it is 0.
func (r *Result) Rows() int64 { return r.rows }

// Errors returns the presented errors in the order of the answer.
func (r *Result) Errors() gqlerror.List { return r.errors }

// Extensions returns what resolvers and callers have registered, nil for
// nothing.
func (r *Result) Extensions() map[string]any { return r.extensions }

// SetExtension sets one key of the answer's extensions.
func (r *Result) SetExtension(key string, value any) {
	if r.extensions == nil {
		r.extensions = map[string]any{}
	}
	r.extensions[key] = value
}

// AppendData appends the value of the data key: an object or null.
func (r *Result) AppendData(b []byte) []byte {
	if !r.HasData() {
		return append(b, "null"...)
	}
	if r.raw != nil {
		return append(b, r.raw...)
	}
	w := writer{b}
	w.object(r.root, 0)
	return w.b
}

// AppendJSON appends the answer as JSON: data, then errors when there are any,
// then extensions when there are any. Specification: Response Format (7.1).
func (r *Result) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	if !r.refused {
		b = append(b, `"data":`...)
		b = r.AppendData(b)
	}
	if len(r.errors) > 0 {
		b = appendMember(b, "errors", r.errors)
	}
	if len(r.extensions) > 0 {
		b = appendMember(b, "extensions", r.extensions)
	}
	return append(b, '}')
}

// appendMember appends one further key of the answer. Errors and extensions are
// few, so encoding/json is good enough; what it cannot write is left out.
func appendMember(b []byte, key string, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return b
	}
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = AppendString(b, key)
	b = append(b, ':')
	return append(b, text...)
}

// WriteTo writes the answer as JSON in one piece.
func (r *Result) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(r.AppendJSON(nil))
	return int64(n), err
}
