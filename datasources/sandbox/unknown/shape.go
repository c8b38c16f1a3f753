package unknown

import (
	"slices"
	"strings"
)

// shape reads $select and $expand.
func (l *Ledger) shape(set *entitySet, params []param) (*shape, *odataError) {
	sel, hasSelect := option(params, "$select")
	exp, _ := option(params, "$expand")
	if l.opts.Version == 4 {
		return newShape(set, sel, hasSelect, exp)
	}
	return oldShape(set, sel, hasSelect, exp)
}

// newShape is version 4: the options of what is expanded stand in brackets behind it, and $select says nothing of it.
func newShape(set *entitySet, sel string, hasSelect bool, exp string) (*shape, *odataError) {
	out := &shape{}
	fail := out.choose(set, sel, hasSelect, nil)
	if fail != nil || exp == "" {
		return out, fail
	}
	for _, term := range split(exp, ',') {
		name, inner, ok := strings.Cut(strings.TrimSpace(term), "(")
		nav := set.nav(name)
		if nav == nil {
			return nil, noProperty(name, set)
		}
		var innerSelect string
		var innerHas bool
		if ok {
			inner, ok = strings.CutSuffix(inner, ")")
			if !ok {
				return nil, badSyntax("')' expected in $expand.")
			}
			for _, o := range split(inner, ';') {
				key, v, _ := strings.Cut(strings.TrimSpace(o), "=")
				if key != "$select" || innerHas {
					return nil, badOption("The query option " + clip(key) + " is not supported within $expand.")
				}
				innerSelect, innerHas = v, true
			}
		}
		sub := &shape{}
		if fail := sub.choose(nav.target, innerSelect, innerHas, nil); fail != nil {
			return nil, fail
		}
		if fail := out.expandOnce(nav, sub); fail != nil {
			return nil, fail
		}
	}
	return out, nil
}

// oldShape is versions 2 and 3: $select reaches into what is expanded by a path («Items/NetAmount»), and what it does not name is
// not printed even though it is expanded ("URI Conventions", §4.8).
func oldShape(set *entitySet, sel string, hasSelect bool, exp string) (*shape, *odataError) {
	out := &shape{}
	nested := map[string][]string{}
	fail := out.choose(set, sel, hasSelect, nested)
	if fail != nil || exp == "" {
		return out, fail
	}
	for term := range strings.SplitSeq(exp, ",") {
		nav := set.nav(strings.TrimSpace(term))
		if nav == nil {
			return nil, noProperty(term, set)
		}
		if hasSelect && !slices.Contains(out.links, nav) && nested[nav.name] == nil {
			continue
		}
		sub := &shape{}
		if fail := sub.choose(nav.target, strings.Join(nested[nav.name], ","), nested[nav.name] != nil, nil); fail != nil {
			return nil, fail
		}
		if fail := out.expandOnce(nav, sub); fail != nil {
			return nil, fail
		}
		out.links = slices.DeleteFunc(out.links, func(n *navigation) bool { return n == nav })
		delete(nested, nav.name)
	}
	if len(nested) > 0 {
		return nil, badOption("Only navigation properties specified in $expand may be selected by a path.")
	}
	return out, nil
}

func (s *shape) expandOnce(nav *navigation, sub *shape) *odataError {
	if slices.ContainsFunc(s.expand, func(e expansion) bool { return e.nav == nav }) {
		return badOption("'" + nav.name + "' stands in $expand more than once.")
	}
	s.expand = append(s.expand, expansion{nav, sub})
	return nil
}

// choose reads one level of $select. nested takes what stands behind a navigation; nil refuses that.
func (s *shape) choose(set *entitySet, sel string, has bool, nested map[string][]string) *odataError {
	if !has {
		for i := range set.props {
			s.props = append(s.props, i)
		}
		s.links = slices.Clone(set.navs)
		return nil
	}
	for name := range strings.SplitSeq(sel, ",") {
		name = strings.TrimSpace(name)
		if name == "*" {
			for i := range set.props {
				s.props = append(s.props, i)
			}
			continue
		}
		if head, tail, ok := strings.Cut(name, "/"); ok && nested != nil && set.nav(head) != nil {
			nested[head] = append(nested[head], tail)
			continue
		}
		if nav := set.nav(name); nav != nil {
			s.links = append(s.links, nav)
			continue
		}
		i := set.prop(name)
		if i < 0 {
			return noProperty(name, set)
		}
		s.props = append(s.props, i)
	}
	slices.Sort(s.props) // members are printed in the order of the type
	s.props = slices.Compact(s.props)
	return nil
}

// split splits at a separator that stands outside brackets and quotes.
func split(s string, sep byte) []string {
	var out []string
	depth, isQuoted, start := 0, false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'':
			isQuoted = !isQuoted
		case isQuoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == sep && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}
