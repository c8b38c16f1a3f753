package odata

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// maxRequestID bounds the id of a request, which its answer repeats.
const maxRequestID = 128

// jsonRequest is one request object (JSON Format 4.01 §19.1).
type jsonRequest struct {
	ID             string            `json:"id"`
	Method         string            `json:"method"`
	URL            string            `json:"url"`
	Headers        map[string]string `json:"headers"`
	Body           json.RawMessage   `json:"body"`
	AtomicityGroup *string           `json:"atomicityGroup"`
	DependsOn      []string          `json:"dependsOn"`
	If             *string           `json:"if"`
}

// readJSON reads {"requests":[…]}, request by request, so that what is held is
// bounded by their number.
func (b *Batch) readJSON(data []byte, limits Limits) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if !isToken(d, json.Delim('{')) || !isToken(d, "requests") || !isToken(d, json.Delim('[')) {
		return badf("", "a JSON batch is an object with the one member requests, a list")
	}
	ids := map[string]bool{}
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return badf("", "the batch is not JSON")
		}
		r, err := readJSONRequest(raw, len(b.Requests)+1, ids, limits)
		if err != nil {
			return err
		}
		if err := b.add(r, limits); err != nil {
			return err
		}
		ids[r.ID] = true
	}
	if !isToken(d, json.Delim(']')) || !isToken(d, json.Delim('}')) {
		return badf("", "a JSON batch is an object with the one member requests, a list")
	}
	if _, err := d.Token(); err != io.EOF {
		return badf("", "something stands behind the batch")
	}
	return nil
}

func isToken(d *json.Decoder, want json.Token) bool {
	got, err := d.Token()
	return err == nil && got == want
}

func readJSONRequest(raw []byte, number int, ids map[string]bool, limits Limits) (Request, error) {
	if len(raw) > limits.QueryBytes+2*maxPath {
		return Request{}, badf("", "request %d of the batch is longer than %d bytes", number, limits.QueryBytes+2*maxPath)
	}
	var in jsonRequest
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return Request{}, badf("", "request %d of the batch is not an object with id, method, url and headers, each once and of its type", number)
	}
	switch {
	case in.ID == "" || len(in.ID) > maxRequestID:
		return Request{}, badf("", "request %d of the batch has no id, or one of more than %d bytes", number, maxRequestID)
	case ids[in.ID]:
		return Request{}, badf("", "request %d of the batch has the id of another", number)
	}
	r := Request{ID: in.ID, Method: strings.ToUpper(in.Method), URL: in.URL, Header: http.Header{}, DependsOn: in.DependsOn}
	for name, value := range in.Headers {
		if r.Header.Values(name) != nil { // in another case, and which of them counted would be chance
			r.err = badf("", "a header of the request is there twice")
		}
		r.Header.Set(name, value)
	}
	for _, id := range in.DependsOn {
		if !ids[id] {
			return Request{}, badf("", "request %d of the batch depends on one that does not stand before it", number)
		}
	}
	switch {
	case in.AtomicityGroup != nil:
		r.err = unsupported("", "an atomicityGroup")
	case in.If != nil:
		r.err = unsupported("", "a condition on a request of a batch")
	case strings.HasPrefix(in.URL, "$") && ids[strings.SplitN(in.URL[1:], "/", 2)[0]]:
		r.err = unsupported("", "an address relative to another request's answer")
	case len(in.Body) > 0 && string(in.Body) != "null" && isReading(r.Method):
		r.err = badf("", "a request that reads has no body")
	}
	return r, nil
}

// jsonEnvelope writes {"responses":[…]} (§19.4). A body is JSON as it is, a text
// is a string, and anything else, $metadata that is, a string of base64url.
type jsonEnvelope struct {
	w     io.Writer
	count int
}

func (e *jsonEnvelope) begin() error { return e.write(`{"responses":[`) }
func (e *jsonEnvelope) end() error   { return e.write("]}") }

func (e *jsonEnvelope) write(s string) error {
	_, err := io.WriteString(e.w, s)
	return err
}

func (e *jsonEnvelope) answer(r *Request, a Answer) error {
	b := make([]byte, 0, 256)
	if e.count++; e.count > 1 {
		b = append(b, ',')
	}
	b = appendJSON(append(b, `{"id":`...), r.ID)
	b = strconv.AppendInt(append(b, `,"status":`...), int64(a.Status), 10)
	b = append(b, `,"headers":{`...)
	for i, f := range a.fields() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, strings.ToLower(f[0]))
		b = appendJSON(append(b, ':'), f[1])
	}
	b = append(b, '}')
	if a.Body == nil {
		return e.write(string(append(b, '}')))
	}
	b = append(b, `,"body":`...)
	media, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if media != "application/json" {
		text, err := a.text()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(media, "text/") {
			text = base64.URLEncoding.EncodeToString([]byte(text))
		}
		return e.write(string(append(appendJSON(b, text), '}')))
	}
	if err := e.write(string(b)); err != nil {
		return err
	}
	if err := a.Body(e.w); err != nil {
		return err
	}
	return e.write("}")
}
