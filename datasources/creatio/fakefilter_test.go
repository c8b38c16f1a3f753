package creatio_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// filterParser evaluates the part of $filter this connector may use, and refuses
// what the wire page says a site refuses.
type filterParser struct {
	tokens []string
	f      *fake
	set    string
}

type matcher func(row) bool

var tokenPattern = regexp.MustCompile(`^\s*('(?:[^']|'')*'|[(),]|[^\s(),]+)`)

func tokenise(s string) []string {
	var list []string
	for strings.TrimSpace(s) != "" {
		m := tokenPattern.FindStringSubmatch(s)
		if m == nil {
			return append(list, "\x00")
		}
		list = append(list, m[1])
		s = s[len(m[0]):]
	}
	return list
}

func (p *filterParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *filterParser) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *filterParser) whole() (matcher, error) {
	m, err := p.or()
	if err == nil && p.peek() != "" {
		err = errors.New("rubbish at the end: " + p.peek())
	}
	return m, err
}

func (p *filterParser) or() (matcher, error) {
	left, err := p.and()
	for err == nil && p.peek() == "or" {
		p.next()
		var right matcher
		a := left
		right, err = p.and()
		left = func(r row) bool { return a(r) || right(r) }
	}
	return left, err
}

func (p *filterParser) and() (matcher, error) {
	left, err := p.leaf()
	for err == nil && p.peek() == "and" {
		p.next()
		var right matcher
		a := left
		right, err = p.leaf()
		left = func(r row) bool { return a(r) && right(r) }
	}
	return left, err
}

func (p *filterParser) leaf() (matcher, error) {
	if p.peek() == "(" {
		p.next()
		m, err := p.or()
		if err == nil && p.next() != ")" {
			err = errors.New("missing )")
		}
		return m, err
	}
	if t := p.peek(); t == "contains" || t == "startswith" {
		return p.function()
	}
	path, op, literal := p.next(), p.next(), p.next()
	if !slices.Contains([]string{"eq", "lt", "le", "gt", "ge"}, op) {
		return nil, fmt.Errorf("unknown operator %q", op)
	}
	col := path
	if nav, ok := strings.CutSuffix(path, "/Id"); ok {
		col = nav + "Id"
	} else if col != "Id" && p.f.typeOf(p.set, col) == "Edm.Guid" {
		return nil, errors.New("scalar foreign key " + col)
	}
	if !slices.Contains(p.f.columns[p.set], col) {
		return nil, errors.New("no column " + col)
	}
	want, err := p.literal(col, literal)
	if err != nil {
		return nil, err
	}
	return func(r row) bool {
		v := r[col]
		if literal == "null" {
			return v == nil
		}
		if v == nil {
			return false
		}
		c := compareAny(v, want)
		return map[string]bool{"eq": c == 0, "lt": c < 0, "le": c <= 0, "gt": c > 0, "ge": c >= 0}[op]
	}, nil
}

func (p *filterParser) literal(col, s string) (any, error) {
	isQuoted := strings.HasPrefix(s, "'")
	plain := s
	if isQuoted {
		plain = strings.ReplaceAll(strings.Trim(s, "'"), "''", "'")
		if strings.HasSuffix(s, "'''") {
			plain = strings.ReplaceAll(s[1:len(s)-1], "''", "'")
		}
	}
	switch t := p.f.typeOf(p.set, col); {
	case s == "null":
		return nil, nil
	case isQuoted != (t == "Edm.String"):
		return nil, errors.New("incompatible types")
	case t == "Edm.Decimal":
		return json.Number(plain), nil
	case t == "Edm.Boolean":
		return plain == "true", nil
	case t == "Edm.DateTimeOffset" && !strings.HasSuffix(plain, "Z"):
		return nil, errors.New("incompatible types")
	}
	return plain, nil
}

func (p *filterParser) function() (matcher, error) {
	name := p.next()
	if p.f.noText {
		return nil, errors.New("unknown function tolower")
	}
	var col, value string
	for _, want := range []string{"(", "tolower", "(", "*col", ")", ",", "*value", ")"} {
		got := p.next()
		switch {
		case want == "*col":
			col = got
		case want == "*value":
			value = strings.ReplaceAll(strings.Trim(got, "'"), "''", "'")
		case got != want:
			return nil, errors.New("malformed function")
		}
	}
	return func(r row) bool {
		text := strings.ToLower(fmt.Sprint(r[col]))
		if name == "contains" {
			return strings.Contains(text, value)
		}
		return strings.HasPrefix(text, value)
	}, nil
}
