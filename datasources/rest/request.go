package rest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/internal/login"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// param is one parameter of a call; several values repeat it in a query and are a
// list in a body.
type param struct {
	name   string
	values []string
	isList bool // in a body, even of one value
	number int  // in a body, instead of values when isNumber
	isNum  bool
}

func number(name string, n int) param {
	return param{name: name, values: []string{strconv.Itoa(n)}, number: n, isNum: true}
}

func text(name, value string) param { return param{name: name, values: []string{value}} }

// params are sorted by name, so that equal calls have equal addresses.
func params(m map[string]string) []param {
	list := make([]param, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, text(name, m[name]))
	}
	return list
}

// request makes the call of a resource with more parameters.
func (r *resource) request(more []param) (login.Call, error) {
	call := login.Call{Call: wire.Call{Name: r.call, Method: r.method, Read: true, Header: r.header}}
	query := r.query
	body := r.cfg.Body
	if r.inBody {
		b, err := withParams(body, more)
		if err != nil {
			return call, err
		}
		body = b
	} else {
		if query = more; len(r.query) > 0 {
			query = slices.Concat(r.query, more)
		}
	}
	call.URL = address(r.cfg.Path, query)
	if r.method == http.MethodPost {
		text, err := json.Marshal(nest(body))
		if err != nil {
			return call, errors.New("the body cannot be written")
		}
		call.Body = text
	}
	return call, nil
}

func address(path string, query []param) string {
	n := len(path)
	for i := range query {
		for _, v := range query[i].values {
			n += len(query[i].name) + len(v) + len("?=") + len(v)/8 // some signs are escaped
		}
	}
	var b strings.Builder
	b.Grow(n)
	b.WriteString(path)
	sign := byte('?')
	for _, p := range query {
		for _, v := range p.values {
			b.WriteByte(sign)
			b.WriteString(wire.QueryEscape20(p.name))
			b.WriteByte('=')
			b.WriteString(wire.QueryEscape20(v))
			sign = '&'
		}
	}
	return b.String()
}

// withParams is a body with more members; dots in their names nest them too.
func withParams(body map[string]any, more []param) (map[string]any, error) {
	out := make(map[string]any, len(body)+len(more))
	maps.Copy(out, body)
	for _, p := range more {
		switch {
		case p.isNum:
			out[p.name] = p.number
		case p.isList || len(p.values) > 1:
			out[p.name] = p.values
		default:
			out[p.name] = p.values[0]
		}
	}
	return out, checkNesting(out)
}

// checkNesting refuses a name that is a value and holds members as well.
func checkNesting(body map[string]any) error {
	for name := range body {
		for i := range len(name) {
			if name[i] != '.' {
				continue
			}
			if _, ok := body[name[:i]]; ok || i == 0 || i == len(name)-1 || name[i-1] == '.' {
				return fmt.Errorf("%s cannot be nested", name)
			}
		}
	}
	return nil
}

// nest turns {"filter.active": true} into {"filter": {"active": true}}.
func nest(body map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range body {
		in, rest := out, name
		for {
			head, tail, ok := strings.Cut(rest, ".")
			if !ok {
				break
			}
			m, _ := in[head].(map[string]any)
			if m == nil {
				m = map[string]any{}
				in[head] = m
			}
			in, rest = m, tail
		}
		in[rest] = value
	}
	return out
}

// param is the parameter of many keys, see Keys.
func (k *Keys) param(keys []string) param {
	quoted := keys
	if k.Quote != "" {
		quoted = make([]string, len(keys))
		for i, key := range keys {
			quoted[i] = k.Quote + key + k.Quote
		}
	}
	switch k.Style {
	case KeysRepeat:
		return param{name: k.Param, values: quoted, isList: true}
	case KeysBrackets:
		return param{name: k.Param + "[]", values: quoted, isList: true}
	case KeysTemplate:
		return text(k.Param, strings.ReplaceAll(k.Template, keysMark, strings.Join(quoted, ",")))
	}
	return text(k.Param, strings.Join(quoted, ","))
}

const keysMark = "{keys}"

// canHold reports whether a key can be asked for so that it is nothing but a key:
// keys come from other systems, and some hold what would end a list or a filter.
func (k *Keys) canHold(key string) bool {
	for i := range len(key) {
		switch c := key[i]; {
		case c < ' ' || c == 0x7f:
			return false
		case k.Quote != "" && (string(c) == k.Quote || c == '\\'):
			return false
		}
	}
	switch k.Style {
	case KeysRepeat, KeysBrackets:
		return true
	case KeysTemplate:
		// Without quotes a space is enough to say more: 1 or true.
		return !strings.ContainsAny(key, " ()[]{}&|<>=,;\"'`:") || k.Quote != "" && !strings.ContainsAny(key, "(){}[]")
	}
	return !strings.Contains(key, ",")
}

// params are the bounds of a window around now.
func (w *Window) params(now time.Time, zone *time.Location) []param {
	var list []param
	for _, b := range []struct {
		name string
		add  time.Duration
	}{{w.FromParam, w.From}, {w.ToParam, w.To}} {
		if b.name == "" {
			continue
		}
		list = append(list, text(b.name, moment(now.Add(b.add), cmp.Or(w.Format, time.DateOnly), zone)))
	}
	return list
}

// moment writes a time as a format has it.
func moment(at time.Time, format string, zone *time.Location) string {
	switch format {
	case mapping.Unix:
		return strconv.FormatInt(at.Unix(), 10)
	case mapping.UnixMilli:
		return strconv.FormatInt(at.UnixMilli(), 10)
	}
	return at.In(zone).Format(format)
}
