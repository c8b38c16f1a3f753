package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/trama-graph/trama/schema"
)

// request is a GraphQL-over-HTTP request (draft, "Request Parameters").
type request struct {
	Query         string
	OperationName string
	Variables     map[string]any
	Extensions    map[string]any
}

// refusal is an error with the status that goes with it, whatever the media type.
type refusal struct {
	status int
	err    *schema.Error
}

func (r *refusal) Error() string { return r.err.Message }

func refuse(status int, code schema.Code, format string, args ...any) *refusal {
	return &refusal{status, schema.Errorf(code, format, args...)}
}

// read takes the request out of a POST's body or a GET's address.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (*request, error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return fromAddress(r.URL.Query())
	case http.MethodPost:
		if err := isJSON(r.Header.Get("Content-Type")); err != nil {
			return nil, err
		}
		if codingOf(r.Header) != "" {
			return nil, refuseCoding(w, "identity", "the body must not be compressed")
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.MaxBody))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			return nil, refuse(http.StatusRequestEntityTooLarge, schema.Limited, "the body is larger than %d bytes", s.cfg.MaxBody)
		case err != nil:
			return nil, refuse(http.StatusBadRequest, schema.BadRequest, "the body could not be read")
		}
		return fromBody(body)
	}
	w.Header().Set("Allow", "GET, HEAD, POST")
	return nil, refuse(http.StatusMethodNotAllowed, schema.BadRequest, "use POST, or GET for queries")
}

// isJSON is nil for the media type of a question, in UTF-8.
func isJSON(contentType string) error {
	if contentType == plainJSON { // nearly always
		return nil
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != plainJSON {
		return refuse(http.StatusUnsupportedMediaType, schema.BadRequest, "the body must be application/json")
	}
	if c, ok := params["charset"]; ok && !strings.EqualFold(c, "utf-8") && !strings.EqualFold(c, "utf8") {
		return refuse(http.StatusUnsupportedMediaType, schema.BadRequest, "the body must be encoded in UTF-8")
	}
	return nil
}

func fromBody(body []byte) (*request, error) {
	if !utf8.Valid(body) {
		return nil, refuse(http.StatusBadRequest, schema.BadRequest, "the body is not UTF-8")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, refuse(http.StatusBadRequest, schema.BadRequest, "the body is not a JSON object")
	}
	q := &request{}
	query, given := fields["query"]
	if !given || json.Unmarshal(query, &q.Query) != nil || string(query) == "null" {
		return nil, refuse(http.StatusBadRequest, schema.BadRequest, "query is missing or not a string")
	}
	for _, f := range [...]struct {
		name string
		into any
	}{{"operationName", &q.OperationName}, {"variables", &q.Variables}, {"extensions", &q.Extensions}} {
		if raw, ok := fields[f.name]; ok {
			if err := decode(raw, f.into); err != nil {
				return nil, refuse(http.StatusBadRequest, schema.BadRequest, "%s has the wrong type", f.name)
			}
		}
	}
	return q, nil
}

func fromAddress(values url.Values) (*request, error) {
	for name, list := range values {
		if len(list) > 1 && (name == "query" || name == "operationName" || name == "variables" || name == "extensions") {
			return nil, refuse(http.StatusBadRequest, schema.BadRequest, "%s is given more than once", name)
		}
	}
	q := &request{Query: values.Get("query"), OperationName: values.Get("operationName")}
	if !values.Has("query") {
		return nil, refuse(http.StatusBadRequest, schema.BadRequest, "query is missing")
	}
	for name, into := range map[string]*map[string]any{"variables": &q.Variables, "extensions": &q.Extensions} {
		if text := values.Get(name); text != "" {
			if err := decode([]byte(text), into); err != nil {
				return nil, refuse(http.StatusBadRequest, schema.BadRequest, "%s is not a JSON object", name)
			}
		}
	}
	return q, nil
}

// decode keeps numbers as they are written, so that no large one is rounded.
func decode(raw []byte, into any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}
