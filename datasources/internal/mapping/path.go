package mapping

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// The bounds of a path.
const (
	maxPath  = 256
	maxSteps = 16
)

// Path is where a value stands in a record: names joined by dots
// ("client.code"), a number for an element of a list ("lines.0.sku"), "*" for the
// only member of an object that is a list ("records.*") or else its only member,
// where that is a text or a number ("linkedObjectsIds.commande.*"), and "$" for
// the record itself. A dot within a name is written "\.", as in "@odata\.nextLink".
// A truth value's path may begin with "!": what stands there is the opposite.
type Path struct {
	text  string
	steps []step
	isNot bool
	head  uint16 // number of the name it begins with, 0 = it begins otherwise
}

type step struct {
	name  string
	index int // -1 = the name is none
}

// ParsePath reads a path. Its errors say what is wrong, without the path.
func ParsePath(text string) (Path, error) {
	switch {
	case text == "":
		return Path{}, errors.New("the path is empty")
	case len(text) > maxPath:
		return Path{}, errors.New("the path is too long")
	case text == "$":
		return Path{text: text}, nil
	}
	p := Path{text: text}
	text, p.isNot = strings.CutPrefix(text, "!")
	for _, name := range splitPath(strings.TrimPrefix(text, "$.")) {
		if name == "" {
			return Path{}, errors.New("a step of the path is empty")
		}
		s := step{name: name, index: -1}
		if n, err := strconv.Atoi(name); err == nil && n >= 0 {
			s.index = n
		}
		p.steps = append(p.steps, s)
	}
	if len(p.steps) > maxSteps {
		return Path{}, errors.New("the path has too many steps")
	}
	return p, nil
}

func splitPath(text string) []string {
	var names []string
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && (text[i+1] == '.' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		case text[i] == '.':
			names = append(names, b.String())
			b.Reset()
		default:
			b.WriteByte(text[i])
		}
	}
	return append(names, b.String())
}

// ParsePaths reads several paths. An error tells which by its index.
func ParsePaths(texts []string) ([]Path, error) {
	paths := make([]Path, 0, len(texts))
	var errs []error
	for i, text := range texts {
		p, err := ParsePath(text)
		if err != nil {
			errs = append(errs, indexed(i, err))
		}
		paths = append(paths, p)
	}
	return paths, errors.Join(errs...)
}

func indexed(i int, err error) error {
	return errors.New("[" + strconv.Itoa(i) + "]: " + err.Error())
}

// String is the path as it was written.
func (p Path) String() string { return p.text }

// Find returns the value at the path, Absent when there is none.
func (p Path) Find(v Value) Value {
	for i := range p.steps {
		if v = p.steps[i].next(v); v.d == nil {
			return v
		}
	}
	return v
}

func (s *step) next(v Value) Value {
	switch v.Kind() {
	case Object:
		if m := v.Member(s.name); m.d != nil {
			return m
		}
		if s.name == "*" {
			return only(v)
		}
	case List:
		if s.index < 0 {
			return Value{}
		}
		i := 0
		for item := range v.Items() {
			if i == s.index {
				return item
			}
			i++
		}
	}
	return Value{}
}

// only is the member that is a list, or the one text or number there is; with two
// of them nobody knows which is meant.
func only(v Value) Value {
	var list, single Value
	lists, members := 0, 0
	for _, m := range v.Members() {
		members++
		switch m.Kind() {
		case List:
			list = m
			lists++
		case Text, Number:
			single = m
		}
	}
	switch {
	case lists == 1:
		return list
	case members == 1:
		return single
	}
	return Value{}
}

// Each calls f with every value at the path, where a list on the way stands for
// each of its elements, and so does a list at its end.
func (p Path) Each(v Value, f func(Value)) { each(p.steps, v, f) }

func each(steps []step, v Value, f func(Value)) (isTwin bool) {
	if v.Kind() == List && (len(steps) == 0 || steps[0].index < 0) {
		for item := range v.Items() {
			isTwin = each(steps, item, f) || isTwin
		}
		return isTwin
	}
	if v.d == nil {
		return false
	}
	if len(steps) == 0 {
		f(v)
		return false
	}
	if v, isTwin = steps[0].only(v); isTwin {
		return true
	}
	return each(steps[1:], v, f)
}

// First returns the first of the paths that has a value, Absent when none has;
// null counts as a value.
func First(paths []Path, v Value) (Value, int) {
	for i := range paths {
		if found := paths[i].Find(v); found.d != nil {
			return found, i
		}
	}
	return Value{}, -1
}

// HasPath reports whether a list of paths holds one.
func HasPath(paths []Path, text string) bool {
	return slices.ContainsFunc(paths, func(p Path) bool { return p.text == text })
}
