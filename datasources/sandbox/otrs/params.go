package otrs

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The texts of a request that cannot be read; all come with status 500 and text/plain (#7, #9, #10).
const (
	errDecode    = "Error while decoding request content."
	errStructure = "Unsupported request content structure."
	errInput     = "Could not read input data"
	errArrayRoot = "array root" // never sent
)

// request is one request with its parameters merged: path before query before JSON body (wire/otrs.md, Endpoint and routing).
type request struct {
	op     string
	params map[string]any // string, json.Number, bool, nil, []any or map[string]any
	addr   string
}

// read merges a request's parameters; fault is the text to answer with if it cannot be read.
func (s *Server) read(r *http.Request, op string, path map[string]any) (req *request, fault string) {
	req = &request{op: op, params: map[string]any{}}
	req.addr, _, _ = net.SplitHostPort(r.RemoteAddr)
	if r.Method != http.MethodGet { // a GET's body is ignored (#152)
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
		if err != nil {
			return nil, errInput
		}
		contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		isJSON := strings.EqualFold(strings.TrimSpace(contentType), "application/json")
		if len(body) > 0 && !isJSON && s.opts.Variant != OTOBO11 {
			return nil, errInput
		}
		if len(body) > 0 {
			var root any
			d := json.NewDecoder(bytes.NewReader(body))
			d.UseNumber()
			if err := d.Decode(&root); err != nil || d.More() {
				return nil, errDecode
			}
			switch root := root.(type) {
			case map[string]any:
				if len(root) == 0 {
					return nil, errStructure
				}
				req.params = root
			case []any:
				if s.opts.Variant == OTOBO11 {
					return nil, errStructure // not recorded for OTOBO; assumed
				}
				return nil, errArrayRoot
			default:
				return nil, errStructure
			}
		}
	}
	for k, v := range parseQuery(r.URL.RawQuery) {
		req.params[k] = v
	}
	for k, v := range path {
		req.params[k] = v
	}
	if s.opts.Variant == Znuny65 {
		for _, k := range []string{"UserLogin", "Password", "CustomerUserLogin", "SessionID"} {
			if v := r.Header.Get("X-OTRS-Header-" + k); v != "" && req.params[k] == nil {
				req.params[k] = v
			}
		}
	}
	return req, ""
}

// parseQuery reads a query the way Perl's CGI does: & and ; separate, + is a space, a repeated key makes a list.
func parseQuery(raw string) map[string]any {
	params := map[string]any{}
	for pair := range strings.FieldsFuncSeq(raw, func(c rune) bool { return c == '&' || c == ';' }) {
		k, v, _ := strings.Cut(pair, "=")
		k, v = unescape(k), unescape(v)
		switch before := params[k].(type) {
		case nil:
			params[k] = v
		case string:
			params[k] = []any{before, v}
		case []any:
			params[k] = append(before, v)
		}
	}
	return params
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// scalar returns a parameter as text; ok is false if it is absent, null, empty, a list or an object.
func (r *request) scalar(name string) (string, bool) {
	s, ok := asText(r.params[name])
	return s, ok && s != ""
}

// list returns a parameter that may be one value or several, with the empty ones dropped; an empty list means "not asked".
func (r *request) list(name string) []string { return texts(r.params[name]) }

func texts(v any) []string {
	list, isList := v.([]any)
	if !isList {
		if s, ok := asText(v); ok && s != "" {
			return []string{s}
		}
		return nil
	}
	found := make([]string, 0, len(list))
	for _, x := range list {
		if s, ok := asText(x); ok && s != "" {
			found = append(found, s)
		}
	}
	return found
}

func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "1", true
		}
		return "0", true
	case int:
		return strconv.Itoa(v), true
	}
	return "", false
}

// isSet says whether a flag is true in Perl's eyes: anything but "", "0" and nothing.
func (r *request) isSet(name string) bool {
	s, ok := r.scalar(name)
	return ok && s != "0"
}
