package unknown

import (
	"strings"
	"unicode/utf8"
)

// function is one function of $filter: the kinds it takes, what it gives, and the versions that have it.
type function struct {
	takes       []kind
	gives       kind
	since, till int
	apply       func(args []value) value
}

func onText(f func(string) string) function {
	return function{[]kind{kindString}, kindString, 2, 4, func(a []value) value { return stringValue(f(a[0].text)) }}
}

func onTexts(since, till int, f func(a, b string) bool) function {
	return function{[]kind{kindString, kindString}, kindBool, since, till, func(a []value) value { return boolValue(f(a[0].text, a[1].text)) }}
}

func onTime(part func(v value) int) function {
	return function{[]kind{kindTime}, kindInt, 2, 4, func(a []value) value { return intValue(int64(part(a[0]))) }}
}

// functionOf returns a function by its name, which is case-sensitive. substringof and contains are each other's successor, with
// the arguments the other way round.
func functionOf(name string) (function, bool) {
	switch name {
	case "substringof":
		return onTexts(2, 3, func(a, b string) bool { return strings.Contains(b, a) }), true
	case "contains":
		return onTexts(4, 4, strings.Contains), true
	case "startswith":
		return onTexts(2, 4, strings.HasPrefix), true
	case "endswith":
		return onTexts(2, 4, strings.HasSuffix), true
	case "tolower":
		return onText(strings.ToLower), true
	case "toupper":
		return onText(strings.ToUpper), true
	case "trim":
		return onText(strings.TrimSpace), true
	case "length":
		return function{[]kind{kindString}, kindInt, 2, 4, func(a []value) value { return intValue(int64(utf8.RuneCountInString(a[0].text))) }}, true
	case "year":
		return onTime(func(v value) int { return v.at.Year() }), true
	case "month":
		return onTime(func(v value) int { return int(v.at.Month()) }), true
	case "day":
		return onTime(func(v value) int { return v.at.Day() }), true
	}
	return function{}, false
}

// call reads a function's arguments; the name is already taken.
func (p *filterParser) call(name string) (operand, *odataError) {
	f, ok := functionOf(name)
	if !ok || p.version < f.since || p.version > f.till {
		return operand{}, badSyntax("An unknown function with name '" + name + "' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed.")
	}
	if p.depth++; p.depth > 2*maxDepth {
		return operand{}, badSyntax("Recursion depth exceeded allowed limit.")
	}
	defer func() { p.depth-- }()
	wrong := badType("No function signature for the function with name '" + name + "' matches the specified arguments.")
	var args []operand
	for sep := "("; ; sep = "," {
		p.rest = p.rest[len(sep):]
		o, fail := p.or()
		if fail != nil {
			return operand{}, fail
		}
		if len(args) == len(f.takes) {
			return operand{}, wrong
		}
		args = append(args, o)
		if p.space(); strings.HasPrefix(p.rest, ")") {
			break
		}
		if !strings.HasPrefix(p.rest, ",") {
			return operand{}, badSyntax("')' or ',' expected at " + clip(p.rest) + ".")
		}
	}
	p.rest = p.rest[1:]
	if len(args) != len(f.takes) {
		return operand{}, wrong
	}
	for i, a := range args {
		if a.kind != f.takes[i] && (a.kind != kindDate || f.takes[i] != kindTime) {
			return operand{}, wrong
		}
	}
	return operand{f.gives, func(row []value) value {
		values := make([]value, len(args))
		for i, a := range args {
			values[i] = a.get(row)
			if values[i].kind == kindNull {
				return value{} // null in, null out; as a condition it is not true
			}
		}
		return f.apply(values)
	}}, nil
}
