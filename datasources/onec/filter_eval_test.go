package onec_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/govalues/decimal"
)

// tokenPattern are the words of the filters 1C understands (1C OData facts, §3).
var tokenPattern = regexp.MustCompile(`^\s*(guid'[^']*'|datetime'[^']*'|'(?:[^']|'')*'|\(|\)|,|-?[0-9][0-9.]*|[\p{L}_][\p{L}\p{N}_/]*)`)

// tokenize splits a filter into words.
func tokenize(filter string) ([]string, error) {
	var tokens []string
	for rest := filter; strings.TrimSpace(rest) != ""; {
		m := tokenPattern.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("cannot read %q", rest)
		}
		tokens = append(tokens, m[1])
		rest = rest[len(m[0]):]
	}
	return tokens, nil
}

// evaluate checks a row against a filter the way 1C does. A composite reference
// that is compared without a cast never matches.
func evaluate(tokens []string, row obj, noCase bool) (ok bool, err error) {
	if len(tokens) == 0 {
		return true, nil
	}
	e := &evaluator{row: row, noCase: noCase, tokens: tokens}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	ok = e.or()
	if len(e.tokens) > 0 {
		return false, errors.New("more than one condition")
	}
	return ok, nil
}

type evaluator struct {
	tokens []string
	row    obj
	noCase bool
}

func (e *evaluator) peek() string {
	if len(e.tokens) == 0 {
		return ""
	}
	return e.tokens[0]
}

func (e *evaluator) next() string {
	t := e.peek()
	if t == "" {
		panic("ends early")
	}
	e.tokens = e.tokens[1:]
	return t
}

func (e *evaluator) want(s string) {
	if t := e.next(); t != s {
		panic("want " + s + ", got " + t)
	}
}

func (e *evaluator) or() bool {
	ok := e.and()
	for e.peek() == "or" {
		e.next()
		ok = e.and() || ok
	}
	return ok
}

func (e *evaluator) and() bool {
	ok := e.not()
	for e.peek() == "and" {
		e.next()
		ok = e.not() && ok
	}
	return ok
}

func (e *evaluator) not() bool {
	switch e.peek() {
	case "not":
		e.next()
		return !e.not()
	case "(":
		e.next()
		ok := e.or()
		e.want(")")
		return ok
	}
	return e.compare()
}

func (e *evaluator) compare() bool {
	name, op, val := e.next(), e.next(), e.next()
	is, exists := e.row[name]
	if !exists {
		panic("no property " + name)
	}
	_, composite := e.row[name+"_Type"]
	text := fmt.Sprint(is)
	c := 0
	switch {
	case val == "cast":
		e.want("(")
		guid := literal(e.next(), "guid")
		e.want(",")
		set := strings.Trim(e.next(), "'")
		e.want(")")
		if op != "eq" {
			panic("cast with " + op)
		}
		return composite && text == guid && e.row[name+"_Type"] == "StandardODATA."+set
	case strings.HasPrefix(val, "guid'"):
		if op == "eq" {
			return !composite && text == literal(val, "guid")
		}
		panic("keys are not ordered")
	case strings.HasPrefix(val, "datetime'"):
		c = strings.Compare(text, literal(val, "datetime"))
	case strings.HasPrefix(val, "'"):
		s := strings.ReplaceAll(val[1:len(val)-1], "''", "'")
		if e.noCase {
			text, s = strings.ToLower(text), strings.ToLower(s)
		}
		c = strings.Compare(strings.TrimRight(text, " "), s)
	case val == "true" || val == "false":
		if op != "eq" {
			panic("truth with " + op)
		}
		return text == val
	default:
		c = must(decimal.Parse(text)).Cmp(must(decimal.Parse(val)))
	}
	switch op {
	case "eq":
		return c == 0
	case "ne":
		return c != 0
	case "lt":
		return c < 0
	case "le":
		return c <= 0
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	}
	panic("unknown comparison " + op)
}

func literal(token, kind string) string {
	return strings.TrimSuffix(strings.TrimPrefix(token, kind+"'"), "'")
}
