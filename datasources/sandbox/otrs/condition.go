package otrs

import "strings"

// condition is one value of CustomerID, which OTRS reads as a query (wire/otrs.md, TicketSearch): * is a wildcard, && and + are
// and, || is or, ! is not, parentheses group. Blanks are taken for "and", too: that one is assumed, not recorded.
type condition struct {
	literal string                  // lower-cased; "" if it is more than a plain word
	matches func(lower string) bool // asks a lower-cased value
}

func parseCondition(s string) condition {
	p := &parser{tokens: tokenize(strings.ToLower(s))}
	if len(p.tokens) == 1 && p.tokens[0].word && !strings.ContainsAny(p.tokens[0].text, "*%") {
		word := p.tokens[0].text
		return condition{literal: word, matches: func(v string) bool { return v == word }}
	}
	f := p.or()
	if p.bad || p.at < len(p.tokens) {
		f = func(string) bool { return false } // a broken condition finds nothing
	}
	return condition{matches: f}
}

type tok struct {
	text string
	word bool
}

func tokenize(s string) (list []tok) {
	from := -1
	flush := func(to int) {
		if from >= 0 {
			list = append(list, tok{s[from:to], true})
			from = -1
		}
	}
	for i := 0; i < len(s); i++ {
		op := ""
		switch {
		case strings.HasPrefix(s[i:], "&&"), strings.HasPrefix(s[i:], "||"):
			op = s[i : i+2]
		case strings.IndexByte("+!()", s[i]) >= 0:
			op = s[i : i+1]
		case s[i] == ' ':
			flush(i)
			continue
		}
		if op == "" {
			if from < 0 {
				from = i
			}
			continue
		}
		flush(i)
		i += len(op) - 1
		if op == "+" {
			op = "&&"
		}
		list = append(list, tok{op, false})
	}
	flush(len(s))
	return list
}

// parser is a recursive descent over or, and, not.
type parser struct {
	tokens []tok
	at     int
	depth  int
	bad    bool
}

type match = func(string) bool

func (p *parser) peek(op string) bool {
	return p.at < len(p.tokens) && !p.tokens[p.at].word && p.tokens[p.at].text == op
}

func (p *parser) or() match {
	left := p.and()
	for p.peek("||") {
		p.at++
		l, r := left, p.and()
		left = func(v string) bool { return l(v) || r(v) }
	}
	return left
}

func (p *parser) and() match {
	left := p.not()
	for p.at < len(p.tokens) && !p.bad && !p.peek("||") && !p.peek(")") {
		if p.peek("&&") {
			p.at++
		}
		l, r := left, p.not()
		left = func(v string) bool { return l(v) && r(v) }
	}
	return left
}

func (p *parser) not() match {
	switch {
	case p.at >= len(p.tokens) || p.depth > 100:
		p.bad = true
		return func(string) bool { return false }
	case p.peek("!"):
		p.at++
		p.depth++
		inner := p.not()
		p.depth--
		return func(v string) bool { return !inner(v) }
	case p.peek("("):
		p.at++
		p.depth++
		inner := p.or()
		p.depth--
		if p.peek(")") {
			p.at++
		} else {
			p.bad = true
		}
		return inner
	case !p.tokens[p.at].word:
		p.bad = true
		return func(string) bool { return false }
	}
	pattern := p.tokens[p.at].text
	p.at++
	return func(v string) bool { return like(pattern, v) }
}

// like matches a value against a pattern in which * and % stand for anything, as SQL's LIKE; both must be lower-cased.
func like(pattern, v string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(v) {
		switch {
		case p < len(pattern) && (pattern[p] == '*' || pattern[p] == '%'):
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == v[i]:
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && (pattern[p] == '*' || pattern[p] == '%') {
		p++
	}
	return p == len(pattern)
}
