package odata_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// truth has the database's third answer.
type truth int

const (
	no truth = iota
	yes
	unknown
)

type expr func(row) truth

// parse reads a filter. It knows what the connector may write and nothing else.
func (f *fake) parse(set *fakeSet, text string) (expr, error) {
	p := &filterParser{f: f, set: set, rest: text}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, fmt.Errorf("what is %q", p.rest)
	}
	return e, nil
}

type filterParser struct {
	f    *fake
	set  *fakeSet
	rest string
}

func (p *filterParser) eat(word string) bool {
	rest, ok := strings.CutPrefix(p.rest, word)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *filterParser) or() (expr, error) {
	a, err := p.and()
	for err == nil && p.eat(" or ") {
		var b expr
		left := a
		if b, err = p.and(); err == nil {
			a = func(r row) truth {
				x, y := left(r), b(r)
				switch {
				case x == yes || y == yes:
					return yes
				case x == unknown || y == unknown:
					return unknown
				}
				return no
			}
		}
	}
	return a, err
}

func (p *filterParser) and() (expr, error) {
	a, err := p.one()
	for err == nil && p.eat(" and ") {
		var b expr
		left := a
		if b, err = p.one(); err == nil {
			a = func(r row) truth {
				x, y := left(r), b(r)
				switch {
				case x == no || y == no:
					return no
				case x == unknown || y == unknown:
					return unknown
				}
				return yes
			}
		}
	}
	return a, err
}

func (p *filterParser) one() (expr, error) {
	isNot := p.eat("not ")
	var e expr
	var err error
	if p.eat("(") {
		if e, err = p.or(); err == nil && !p.eat(")") {
			err = errors.New("no closing bracket")
		}
	} else {
		e, err = p.comparison()
	}
	if !isNot || err != nil {
		return e, err
	}
	return func(r row) truth {
		switch e(r) {
		case yes:
			return no
		case no:
			return yes
		}
		return unknown
	}, nil
}

func (p *filterParser) comparison() (expr, error) {
	for _, name := range []string{"contains(", "startswith(", "substringof("} {
		if p.eat(name) {
			return p.function(name)
		}
	}
	path := p.word()
	typ := p.f.typeOf(p.set, path)
	if typ == "" {
		return nil, fmt.Errorf("no property %q", path)
	}
	if p.eat(" in (") {
		if !p.f.hasIn {
			return nil, errors.New("unknown operator in")
		}
		var list []any
		for {
			v, err := p.literal(typ)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
			if p.eat(")") {
				break
			}
			if !p.eat(",") {
				return nil, errors.New("in: no comma")
			}
		}
		return func(r row) truth {
			x := at(r, path)
			if x == nil {
				return unknown
			}
			if slices.ContainsFunc(list, func(v any) bool { return p.f.compare(x, v) == 0 }) {
				return yes
			}
			return no
		}, nil
	}
	for _, op := range []string{"eq", "ne", "lt", "le", "gt", "ge"} {
		if !p.eat(" " + op + " ") {
			continue
		}
		if p.eat("null") {
			return func(r row) truth {
				if (at(r, path) == nil) == (op == "eq") {
					return yes
				}
				return no
			}, nil
		}
		v, err := p.literal(typ)
		if err != nil {
			return nil, err
		}
		if _, isGUID := v.(uid); isGUID && p.f.noGUIDOrder && op != "eq" && op != "ne" {
			return nil, errors.New("GUIDs cannot be compared")
		}
		return func(r row) truth {
			x := at(r, path)
			if x == nil {
				return unknown
			}
			c := p.f.compare(x, v)
			hit := map[string]bool{"eq": c == 0, "ne": c != 0, "lt": c < 0, "le": c <= 0, "gt": c > 0, "ge": c >= 0}[op]
			if hit {
				return yes
			}
			return no
		}, nil
	}
	return nil, fmt.Errorf("no operator in %q", p.rest)
}

func (p *filterParser) function(name string) (expr, error) {
	var path, part string
	isLower := false
	arg := func() error {
		if strings.HasPrefix(p.rest, "'") {
			v, err := p.literal("Edm.String")
			part, _ = v.(string)
			return err
		}
		isLower = p.eat("tolower(")
		if path = p.word(); p.f.typeOf(p.set, path) != "Edm.String" {
			return fmt.Errorf("no text %q", path)
		}
		if isLower && !p.eat(")") {
			return errors.New("tolower: not closed")
		}
		return nil
	}
	if err := arg(); err != nil {
		return nil, err
	}
	if !p.eat(",") {
		return nil, errors.New("function: no comma")
	}
	if err := arg(); err != nil {
		return nil, err
	}
	if !p.eat(")") {
		return nil, errors.New("function: not closed")
	}
	if (p.f.version >= 4) == (name == "substringof(") && name != "startswith(" {
		return nil, fmt.Errorf("version %d has no %s", p.f.version, name)
	}
	if p.f.version < 4 && !p.eat(" eq true") {
		return nil, errors.New("a function is compared with true before version 4")
	}
	return func(r row) truth {
		x, ok := at(r, path).(string)
		if !ok {
			return unknown
		}
		y := part
		if isLower || p.f.ignoreCase {
			x = strings.ToLower(x)
		}
		if p.f.ignoreCase {
			y = strings.ToLower(y)
		}
		if name == "startswith(" && strings.HasPrefix(x, y) || name != "startswith(" && strings.Contains(x, y) {
			return yes
		}
		return no
	}, nil
}

func (p *filterParser) word() string {
	i := strings.IndexAny(p.rest, " ,()'")
	if i < 0 {
		i = len(p.rest)
	}
	w := p.rest[:i]
	p.rest = p.rest[i:]
	return w
}

// literal reads a literal of a type as the version wants it.
func (p *filterParser) literal(typ string) (any, error) {
	prefix := ""
	switch {
	case typ == "Edm.String":
	case p.f.version >= 4:
		return p.bare(typ, p.word())
	case typ == "Edm.Guid":
		prefix = "guid"
	case typ == "Edm.DateTime":
		prefix = "datetime"
	case typ == "Edm.DateTimeOffset":
		prefix = "datetimeoffset"
	default:
		return p.bare(typ, p.word())
	}
	if !p.eat(prefix + "'") {
		return nil, fmt.Errorf("no literal of %s in %q", typ, p.rest)
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(p.rest, '\'')
		if i < 0 {
			return nil, errors.New("a text is not closed")
		}
		b.WriteString(p.rest[:i])
		p.rest = p.rest[i+1:]
		if !p.eat("'") {
			break
		}
		b.WriteByte('\'')
	}
	if prefix == "" {
		return b.String(), nil
	}
	return p.bare(typ, b.String())
}

func (p *filterParser) bare(typ, text string) (any, error) {
	suffix := map[string]string{"Edm.Int64": "L", "Edm.Decimal": "M"}[typ]
	if p.f.version < 4 && suffix != "" {
		var ok bool
		if text, ok = strings.CutSuffix(text, suffix); !ok {
			return nil, fmt.Errorf("%s without %s", typ, suffix)
		}
	}
	switch typ {
	case "Edm.Int16", "Edm.Int32", "Edm.Int64":
		n, err := strconv.Atoi(text)
		return n, err
	case "Edm.Decimal":
		d, err := decimal.Parse(text)
		return d, err
	case "Edm.Boolean":
		b, err := strconv.ParseBool(text)
		return b, err
	case "Edm.Guid":
		if len(text) != 36 {
			return nil, errors.New("no GUID")
		}
		return uid(strings.ToLower(text)), nil
	case "Edm.DateTime":
		t, err := time.ParseInLocation("2006-01-02T15:04:05.9999999", text, p.f.zone)
		return t, err
	case "Edm.Date":
		t, err := time.ParseInLocation("2006-01-02", text, p.f.zone)
		return t, err
	case "Edm.DateTimeOffset":
		t, err := time.Parse("2006-01-02T15:04:05.9999999Z07:00", text)
		return t, err
	}
	return nil, fmt.Errorf("a literal of %s", typ)
}
