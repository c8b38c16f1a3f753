package engine

import (
	"bytes"
	"encoding/json"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Result is the answer of an operation. It holds the rows it was made of until
// it is dropped, and can be written any number of times; but see Streaming.
type Result struct {
	root       *set
	raw        []byte // the data, when the generated executor made it
	rows       int64
	refused    bool // the operation did not run: there is no data key
	errors     gqlerror.List
	extensions map[string]any

	stream *stream // nil: all there is
	run    *run    // with stream
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
func (r *Result) Rows() int64 {
	if r.stream != nil {
		return r.run.rows.Load()
	}
	return r.rows
}

// Errors returns the presented errors in the order of the answer. While a result is
// still made there are none.
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
	w := writer{b: b}
	r.data(&w)
	return w.b
}

// AppendJSON appends the answer as JSON: data, then errors when there are any,
// then extensions when there are any. Specification: Response Format (7.1).
func (r *Result) AppendJSON(b []byte) []byte {
	w := writer{b: b}
	r.write(&w, nil)
	return w.b
}

// appendMember appends one further key of the answer, of which more may have been sent
// already. Errors and extensions are few, so encoding/json is good enough; what it
// cannot write is left out, and isFirst stays what it is.
func appendMember(b []byte, isFirst *bool, key string, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return b
	}
	if !*isFirst {
		b = append(b, ',')
	}
	*isFirst = false
	b = AppendString(b, key)
	b = append(b, ':')
	return append(b, text...)
}
