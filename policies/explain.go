package policies

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ory/ladon"
	"github.com/vektah/gqlparser/v2/ast"
)

// Explanation says what a principal may see of one field, and why.
type Explanation struct {
	Type, Field string
	Verdict     Verdict
	Mask        MaskKind
	// Rows is which rows of the type are visible, "" for a type without a key. Full and
	// Masked are where the policies show the field whole and masked.
	Rows, Full, Masked       string
	Write, Export, Subscribe Verdict
	Deciders                 []Decider // the policies that speak of the field for the principal, in the order of their files
	Reason                   string    // why it is denied, "" when it is not
}

// Decider is a policy that speaks of a field for a principal.
type Decider struct {
	File, Policy, Effect string
	Subject              string   // of the principal's, the first the policy speaks of
	Actions              []string // it names
	Rows                 string   // where it holds, "" when it holds on all rows
	Not                  string   // why it does not hold at all, "" when it does
}

// Why is the explanation in one line.
func (x *Explanation) Why() string {
	var parts []string
	if x.Reason != "" {
		parts = append(parts, x.Reason)
	}
	switch {
	case x.Verdict == Mask:
		parts = append(parts, "masked by "+string(x.Mask))
	case x.Verdict == Row:
		text := "whole on: " + x.Full
		if x.Mask != "" {
			text += "; masked by " + string(x.Mask) + " on: " + x.Masked
		}
		parts = append(parts, text)
	case x.Verdict == Allow && x.Rows != "" && x.Rows != (*Rule)(nil).String():
		parts = append(parts, "rows: "+x.Rows)
	}
	for _, d := range x.Deciders {
		parts = append(parts, d.String())
	}
	return strings.Join(parts, "; ")
}

// String writes the decider on one line.
func (d Decider) String() string {
	text := fmt.Sprintf("%s by %q in %s for %s (%s)", d.Effect, d.Policy, d.File, d.Subject, strings.Join(d.Actions, ", "))
	switch {
	case d.Not != "":
		return text + ", which does not hold: " + d.Not
	case d.Rows != "":
		return text + " where " + d.Rows
	}
	return text
}

// Explain says of each policed field what a principal may see, in the order of the
// fields.
func (e *Engine) Explain(ctx context.Context, p *Principal) ([]Explanation, error) {
	s := e.current.Load()
	q, err := s.ask(ctx, p)
	if err != nil {
		return nil, err
	}
	list, err := s.decide(ctx, q)
	if err != nil {
		return nil, err
	}
	v := build(s.graph, s.version, list)
	alive := living(s.graph, list)
	out := make([]Explanation, len(list))
	for i := range list {
		f := &s.graph.fields[i]
		g := v.grants[i]
		x := &out[i]
		*x = Explanation{Type: f.holder.name, Field: f.name, Verdict: g.Verdict, Mask: g.Mask, Full: list[i].full.String()}
		if list[i].mask != "" {
			x.Masked = list[i].masked.String()
		}
		if f.holder.key != noKey {
			x.Rows = v.rows[f.holder.name].String()
		}
		id := FieldID(i) //nolint:gosec // a place among the graph's fields
		x.Write, x.Export, x.Subscribe = v.Can(Write, id), v.Can(Export, id), v.Can(Subscribe, id)
		if x.Deciders, err = s.deciders(ctx, q, i); err != nil {
			return nil, err
		}
		if g.Verdict == Deny {
			x.Reason = s.reason(f, &list[i], alive, x.Deciders)
		}
	}
	return out, nil
}

// deciders lists the policies that speak of a field for a principal.
func (s *policySet) deciders(ctx context.Context, q *question, field int) ([]Decider, error) {
	var out []Decider
	for i := range s.speaking[field].common(q.candidates).all {
		p := &s.policies[i]
		d := Decider{File: p.file, Policy: p.ID, Effect: p.Effect, Actions: p.Actions}
		for _, subject := range q.subjects {
			of, err := s.of(subject)
			if err != nil {
				return nil, err
			}
			if len(of) > 0 && of.has(i) {
				d.Subject = subject
				break
			}
		}
		if on := s.rowRule(p, q.claims); !on.always() {
			d.Rows = on.String()
		}
		d.Not = s.idle(ctx, q, p)
		out = append(out, d)
	}
	return out, nil
}

// idle says why a policy does not hold for a principal whatever the row.
func (s *policySet) idle(ctx context.Context, q *question, p *compiled) string {
	request := &ladon.Request{Context: q.context}
	for i := range p.Conditions {
		c := &p.Conditions[i]
		of, static := p.judged.Conditions[c.Key]
		switch {
		case static && of.Fulfills(ctx, q.context[c.Key], request):
		case static && q.context[c.Key] == nil:
			return "there is no " + strings.Replace(c.Key, claimKey, "claim ", 1)
		case static:
			return c.Key + " is not as " + c.Type + " wants it"
		case p.deny:
		case c.Type == typeClaim && q.claims[c.Claim] == "":
			return "the token has no claim " + c.Claim
		default:
			if _, known := s.column(c); !known {
				return "the configuration has no scope " + strings.TrimPrefix(c.Key, rowKey)
			}
		}
	}
	return ""
}

// reason says why a field is denied.
func (s *policySet) reason(f *policed, r *raw, alive map[string]bool, of []Decider) string {
	act, read := Read, readAct
	switch f.holder.root {
	case ast.Mutation:
		act, read = Write, writeAct
	case ast.Subscription:
		act, read = Subscribe, subscribeAct
	}
	h := f.holder
	isKey := h.key != noKey && s.graph.fields[h.key].name == f.name
	switch {
	case !r.reachable():
		return s.unreachable(string(act), read, of)
	case !alive[h.name] && h.key != noKey && !isKey:
		return h.name + ".id is denied"
	}
	for _, name := range f.shows {
		if t := s.graph.types[name]; !alive[name] && len(f.shows) == 1 {
			if t.key != noKey {
				return name + ".id is denied"
			}
			return "nothing of " + name + " is shown"
		}
	}
	return "nothing of what it leads to is shown"
}

// unreachable says why the policies themselves grant nothing.
func (s *policySet) unreachable(act string, read int, of []Decider) string {
	name := actionNames()[read]
	var idle []string
	for _, d := range of {
		speaks := slices.ContainsFunc(d.Actions, func(a string) bool { return a == name || strings.HasPrefix(a, "mask:") })
		switch {
		case d.Effect == ladon.DenyAccess && d.Not == "" && slices.Contains(d.Actions, name):
			return fmt.Sprintf("%q denies it", d.Policy)
		case speaks && d.Effect == ladon.AllowAccess && d.Not != "":
			idle = append(idle, fmt.Sprintf("%q does not hold: %s", d.Policy, d.Not))
		}
	}
	return strings.Join(append([]string{"no policy allows to " + act + " it"}, idle...), "; ")
}
