package odata

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// asking asks for rows by one of many values: by the operator in where the
// service has it, by an or-chain elsewhere.
type asking struct {
	s    *source
	v    version
	each func(value string) cond
	// single is the column all values are of, nil when in cannot be used.
	single *column
	lit    literals
}

// in is the condition with the operator.
func (a *asking) in(values []string) cond {
	var b strings.Builder
	b.WriteString(a.single.path + " in (")
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		literal, _ := a.lit.value(a.single.typ, schema.Value{Kind: schema.KindString, Str: v})
		b.WriteString(literal)
	}
	b.WriteByte(')')
	return term(b.String())
}

// chain is the condition without it.
func (a *asking) chain(values []string) cond {
	list := make([]cond, len(values))
	for i, v := range values {
		list[i] = a.each(v)
	}
	return or(list...)
}

// isUnsure reports whether the next call will be a trial.
func (a *asking) isUnsure() bool {
	if a.single == nil {
		return false
	}
	o := &a.s.operator
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state == wordAuto
}

// size is how many of the values fit one call beside the rest of q, judged by the
// longest of them as an or-chain.
func (a *asking) size(q request, values []string) int {
	longest := 0
	for _, v := range values {
		longest = max(longest, length(a.each(v).text)+len("()%20or%20"))
	}
	if longest == 0 {
		return 1
	}
	room := a.s.client.longest() - len(q.address(a.v)) - len("&$filter=") - len("()%20and%20()")
	return max(1, min(room/longest, a.s.cfg.Batch))
}

// ask runs a read for values. Where it is not known whether the service has the
// operator, it is tried once, without repetitions: services that lack it answer
// with anything from 400 to 501, or with rows nobody asked for.
func (a *asking) ask(ctx context.Context, q request, values []string, run func(request) error) error {
	chained := q
	chained.where = and(q.where, a.chain(values))
	if a.single == nil || len(values) == 1 {
		return a.long(chained, run(chained))
	}
	yes, isTrial, err := a.s.operator.use(ctx)
	if err != nil {
		return asError(a.s.cfg.Name, err)
	}
	if !yes {
		return a.long(chained, run(chained))
	}
	q.where = and(q.where, a.in(values))
	if !isTrial {
		return a.long(q, run(q))
	}
	learned := wordAuto
	defer func() { a.s.operator.tell(learned) }()
	q.isTrial = true
	if err = run(q); err == nil {
		learned = wordYes
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	isAnswer := wire.IsRefused(err) || errors.Is(err, errForeign) || schema.CodeOf(err) == schema.SourceUnavailable
	if err = run(chained); err == nil && isAnswer {
		learned = wordNo
	}
	return a.long(chained, err)
}

// long makes addresses shorter in future when one was too long.
func (a *asking) long(q request, err error) error {
	if wire.IsTooLong(err) {
		a.s.client.shorten(len(q.address(a.v)))
	}
	return err
}

// asked are the values of one call, to check that nothing else comes back: a
// proxy that drops the filter would else make every row everybody's.
type asked struct {
	exact  map[string]bool
	folded map[string]bool // nil where the type has one form for each value
}

func newAsked(values []string, keys []keyPart) *asked {
	a := &asked{exact: make(map[string]bool, len(values))}
	hasText := slices.ContainsFunc(keys, func(k keyPart) bool { return k.typ.kind == kindText })
	if hasText {
		a.folded = make(map[string]bool, len(values))
	}
	for _, v := range values {
		a.exact[v] = true
		if hasText {
			a.folded[fold(v)] = true
		}
	}
	return a
}

// isAsked reports whether a row may come: its value is asked for, or the server's
// collation may take it for one that is.
func (a *asked) isAsked(value []byte) bool {
	return a.exact[string(value)] || a.folded != nil && a.folded[fold(string(value))]
}

// isExact reports whether a row is one that was asked for.
func (a *asked) isExact(value string) bool { return a.exact[value] }

// fold is a text without what collations overlook: letter case, accents and
// blanks at the end.
func fold(s string) string {
	s = strings.ToLower(norm.NFKD.String(strings.TrimSpace(s)))
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
}
