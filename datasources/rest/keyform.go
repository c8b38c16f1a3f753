package rest

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// keyPattern is how every key of a resource looks, understood. A level of a question
// asks it of each of its keys: most patterns name signs and how many of each, as
// ^SO-[0-9]+$ does, and those are looked at without the machinery of expressions.
type keyPattern struct {
	regexp *regexp.Regexp
	steps  []keyStep // nil = the expression decides
}

// keyStep is a run of signs, each of a set.
type keyStep struct {
	signs    [2]uint64 // of ASCII, a bit for each
	min, max int       // how many; max -1 = any number
}

func (s *keyStep) has(sign byte) bool {
	return sign < utf8.RuneSelf && s.signs[sign/64]>>(sign%64)&1 != 0
}

// newKeyPattern understands a pattern that Validate has checked, nil when it is none.
func newKeyPattern(pattern string) *keyPattern {
	exp, err := regexp.Compile(pattern)
	if err != nil {
		return nil
	}
	p := &keyPattern{regexp: exp}
	if tree, err := syntax.Parse(pattern, syntax.Perl); err == nil {
		p.steps = keySteps(tree)
	}
	return p
}

func (p *keyPattern) matches(key string) bool {
	if p.steps == nil {
		return p.regexp.MatchString(key)
	}
	at := 0
	for i := range p.steps {
		s, from := &p.steps[i], at
		for at < len(key) && at-from != s.max && s.has(key[at]) {
			at++
		}
		if at-from < s.min {
			return false
		}
	}
	return at == len(key)
}

// keySteps are the steps of an expression for a whole text, nil where it is not made of
// steps that can be gone through without ever going back.
func keySteps(tree *syntax.Regexp) []keyStep {
	if tree.Op != syntax.OpConcat || len(tree.Sub) < 3 ||
		tree.Sub[0].Op != syntax.OpBeginText || tree.Sub[len(tree.Sub)-1].Op != syntax.OpEndText {
		return nil
	}
	var steps []keyStep
	for _, part := range tree.Sub[1 : len(tree.Sub)-1] {
		more, ok := stepsOf(part)
		if !ok {
			return nil
		}
		steps = append(steps, more...)
	}
	for i := range steps {
		if steps[i].min != steps[i].max && !isClear(&steps[i], steps[i+1:]) {
			return nil
		}
	}
	return steps
}

func stepsOf(part *syntax.Regexp) (steps []keyStep, ok bool) {
	if part.Flags&syntax.FoldCase != 0 {
		return nil, false
	}
	switch part.Op {
	case syntax.OpLiteral:
		for _, r := range part.Rune {
			s := keyStep{min: 1, max: 1}
			if !s.add(r, r) {
				return nil, false
			}
			steps = append(steps, s)
		}
		return steps, true
	case syntax.OpCharClass:
		s := keyStep{min: 1, max: 1}
		for i := 0; i+1 < len(part.Rune); i += 2 {
			if !s.add(part.Rune[i], part.Rune[i+1]) {
				return nil, false
			}
		}
		return []keyStep{s}, true
	case syntax.OpRepeat, syntax.OpPlus, syntax.OpStar, syntax.OpQuest:
		of, ok := stepsOf(part.Sub[0])
		if !ok || len(of) != 1 || of[0].min != 1 || of[0].max != 1 {
			return nil, false
		}
		switch part.Op {
		case syntax.OpPlus:
			of[0].max = -1
		case syntax.OpStar:
			of[0].min, of[0].max = 0, -1
		case syntax.OpQuest:
			of[0].min = 0
		default:
			of[0].min, of[0].max = part.Min, part.Max
		}
		return of, true
	}
	return nil, false
}

// add adds signs to a step's set, false where they are not of ASCII.
func (s *keyStep) add(from, to rune) bool {
	if from < 0 || to >= utf8.RuneSelf {
		return false
	}
	for r := from; r <= to; r++ {
		s.signs[r/64] |= 1 << (r % 64)
	}
	return true
}

// isClear reports whether a run of any length ends where the next begins: nothing that
// may follow it has one of its signs.
func isClear(s *keyStep, next []keyStep) bool {
	for i := range next {
		if s.signs[0]&next[i].signs[0] != 0 || s.signs[1]&next[i].signs[1] != 0 {
			return false
		}
		if next[i].min > 0 {
			return true
		}
	}
	return true
}
