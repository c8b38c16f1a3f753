package otrs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

// The operations, by the first part of their error codes.
const (
	opSession = "SessionCreate"
	opSearch  = "TicketSearch"
	opGet     = "TicketGet"
)

// maxAddress is the longest path and query of a GET: Apache takes 8,190 bytes of
// request line, 8,150 passed (#144) and 8,300 did not (#145).
const maxAddress = 8000

// params are the parameters of an operation: string, int, []string, idList or
// fieldFilter. A filter that is empty would be dropped by the server, which
// means unfiltered (#168 to #170): set refuses it.
type params map[string]any

// fieldFilter asks for tickets whose dynamic field equals one of the values. It
// has no form for a GET, where it would be dropped (#58).
type fieldFilter struct {
	name   string
	equals []string
	old    bool // as DynamicField_NAME, the form of OTRS 4 and 5
}

// set adds a list filter, and reports false when it has no values: then nothing
// can match, and the server may not be asked.
func (p params) set(name string, list ...string) bool {
	if len(list) == 0 || slices.Contains(list, "") {
		return false
	}
	p[name] = list
	return true
}

// isEmpty reports whether a filter would be dropped by the server.
func (p params) isEmpty() bool {
	for _, v := range p {
		switch v := v.(type) {
		case string:
			if v == "" {
				return true
			}
		case []string:
			if len(v) == 0 || slices.Contains(v, "") {
				return true
			}
		case idList:
			if len(v) == 0 {
				return true
			}
		case fieldFilter:
			if len(v.equals) == 0 || slices.Contains(v.equals, "") {
				return true
			}
		}
	}
	return false
}

func (p params) clone() params { return maps.Clone(p) }

// encodeBody writes the parameters as a JSON object.
func (p params) encodeBody() ([]byte, error) {
	object := make(map[string]any, len(p))
	for name, v := range p {
		if list, ok := v.([]string); ok && name == paramNumber && len(list) == 1 {
			// Old servers take one number only, and ignore a list.
			v = list[0]
		}
		f, ok := v.(fieldFilter)
		switch {
		case !ok:
			object[name] = v
		case f.old:
			object["DynamicField_"+f.name] = map[string]any{"Equals": f.equals}
		default:
			object[name] = map[string]any{"Name": f.name, "Equals": f.equals}
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(object); err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// encodeQuery writes the parameters as a query, lists as repeated names (#30),
// and the ids of TicketGet with commas (#84), which search does not split (#31).
// ";" would end a parameter (#166) and "+" is a space: both are percent-encoded.
func (p params) encodeQuery(path string) (string, error) {
	names := slices.Sorted(maps.Keys(p))
	var b strings.Builder
	if ids, ok := p[paramTicketID].(idList); ok && strings.Contains(path, idInPath) {
		path = strings.Replace(path, idInPath, strings.Join(ids, ","), 1)
		names = slices.DeleteFunc(names, func(n string) bool { return n == paramTicketID })
	}
	b.WriteString(path)
	sep := byte('?')
	add := func(name, value string) {
		b.WriteByte(sep)
		sep = '&'
		b.WriteString(wire.QueryEscape20(name))
		b.WriteByte('=')
		b.WriteString(wire.QueryEscape20(value))
	}
	for _, name := range names {
		switch v := p[name].(type) {
		case string:
			add(name, v)
		case int:
			add(name, strconv.Itoa(v))
		case idList:
			add(name, strings.Join(v, ","))
		case []string:
			for _, s := range v {
				add(name, s)
			}
		default:
			return "", errNeedsPost
		}
	}
	return b.String(), nil
}

// idList is a list of ids which a query holds with commas.
type idList []string

// request is one call of an operation, before the login is added to it.
type request struct {
	op     string
	path   string
	method string
	params params
	header http.Header
}

// call makes the wire's call.
func (r request) call(base string) (wire.Call, error) {
	call := wire.Call{Name: r.op, Method: r.method, Read: true, Accept: []string{"application/json"}, Header: r.header.Clone()}
	if r.params.isEmpty() {
		return call, fmt.Errorf("otrs: %s with an empty filter", r.op)
	}
	if r.method == http.MethodGet {
		address, err := r.params.encodeQuery(r.path)
		if err != nil {
			return call, err
		}
		if len(base)+len(address) > maxAddress {
			return call, wire.TooLong(errAddress)
		}
		call.URL = address
		return call, nil
	}
	body, err := r.params.encodeBody()
	if err != nil {
		return call, err
	}
	call.URL, call.Body = r.path, body
	if call.Header == nil {
		call.Header = http.Header{}
	}
	// Without it Znuny does not read the body (#11).
	call.Header.Set("Content-Type", "application/json; charset=utf-8")
	return call, nil
}
