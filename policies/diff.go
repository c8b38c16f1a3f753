package policies

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ory/ladon"
)

// Change is one difference between two sets of policies for everybody a subject speaks
// of.
type Change struct {
	Subject  string // package:NAME, role:NAME or token:ID
	Type     string
	Field    string // "" for the rows of the type
	From, To string // what is shown; "" for nothing
}

// String writes the change on one line: + for what appears, - for what vanishes, ~ for
// what is shown otherwise.
func (c Change) String() string {
	name := c.Type + "." + c.Field
	if c.Field == "" {
		name = "rows of " + c.Type
	}
	switch {
	case c.From == "":
		return fmt.Sprintf("%s: + %s (%s)", c.Subject, name, c.To)
	case c.To == "":
		return fmt.Sprintf("%s: - %s (%s)", c.Subject, name, c.From)
	}
	return fmt.Sprintf("%s: ~ %s: %s -> %s", c.Subject, name, c.From, c.To)
}

// Diff compares two sets of operator's documents, each together with the shipped ones;
// nil is none. For each package, role and token that either set names it finds the
// fields and row scopes that appear, vanish or change, for a token with every claim;
// conditions that are not on rows are taken to hold for an allow and not for a deny,
// and are compared by their texts.
func Diff(ctx context.Context, g *Graph, shipped, before, after fs.FS, scopes map[string]string) ([]Change, error) {
	var sets [2]*policySet
	var errs []error
	for i, files := range []fs.FS{before, after} {
		set, mistakes := loadSet(g, []origin{{files: shipped, label: "shipped", shipped: true}, {files: files}}, scopes, 1, time.Time{})
		if err := joinMistakes(mistakes); err != nil {
			errs = append(errs, fmt.Errorf("%s policies: %w", [...]string{"old", "new"}[i], err))
			continue
		}
		sets[i] = set
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var changes []Change
	for _, subject := range subjectsOf(sets[:]) {
		var seen [2]seen
		for i, set := range sets {
			var err error
			if seen[i], err = set.widest(ctx, subject); err != nil {
				return nil, err
			}
		}
		changes = append(changes, compare(g, subject, seen[0], seen[1])...)
	}
	return changes, nil
}

// subjectsOf lists the packages and roles there are, and the tokens that are written out.
func subjectsOf(sets []*policySet) []string {
	all := map[string]bool{}
	for _, name := range roleNames() {
		all["role:"+name] = true
	}
	for _, s := range sets {
		for _, name := range s.packages {
			all["package:"+name] = true
		}
		for name := range s.literal {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// seen is what a subject sees: texts by field and by type.
type seen struct {
	fields []string
	rows   map[string]string
}

// widest finds the most a subject may see.
func (s *policySet) widest(ctx context.Context, subject string) (seen, error) {
	of, err := s.of(subject)
	if err != nil {
		return seen{}, err
	}
	q := &question{subjects: []string{subject}, candidates: newBitset(len(s.policies)), context: ladon.Context{}, claims: map[string]string{}}
	q.candidates.add(of)
	for _, name := range claimNames() {
		q.claims[name] = name
	}
	wide := &policySet{
		graph: s.graph, scopes: s.scopes, match: s.match, speaking: s.speaking,
		policies: slices.Clone(s.policies),
	}
	for i := range wide.policies {
		p := &wide.policies[i]
		if len(p.judged.Conditions) == 0 {
			continue
		}
		if p.deny {
			q.candidates.clear(i)
		}
		judged := *p.judged
		judged.Conditions = nil
		p.judged = &judged
	}
	list, err := wide.decide(ctx, q)
	if err != nil {
		return seen{}, err
	}
	v := build(s.graph, s.version, list)
	out := seen{fields: make([]string, len(list)), rows: map[string]string{}}
	for name, h := range s.graph.types {
		if rule, visible := v.Rows(name); visible && h.key != noKey {
			out.rows[name] = rule.String()
		}
	}
	for i := range list {
		if len(of) > 0 {
			out.fields[i] = s.shown(v, FieldID(i), of) //nolint:gosec // a place among the graph's fields
		}
	}
	return out, nil
}

// shown describes what a view shows of a field, and on which conditions that are not on
// rows.
func (s *policySet) shown(v *View, f FieldID, of bitset) string {
	g := v.grants[f]
	var parts []string
	switch {
	case g.Verdict == Allow:
		parts = append(parts, "whole")
	case g.Verdict == Mask:
		parts = append(parts, "masked by "+string(g.Mask))
	case g.Verdict == Row && !g.Full.never():
		parts = append(parts, "whole where "+g.Full.String())
	}
	if g.Verdict == Row && g.Mask != "" {
		parts = append(parts, "masked by "+string(g.Mask)+" where "+g.Masked.String())
	}
	for _, a := range []Action{Write, Export, Subscribe} {
		switch v.Can(a, f) {
		case Allow:
			parts = append(parts, string(a))
		case Row:
			parts = append(parts, string(a)+" where "+v.Where(a, f).String())
		}
	}
	if len(parts) == 0 {
		return ""
	}
	var when []string
	for i := range s.speaking[f].common(of).all {
		p := &s.policies[i]
		for j := range p.Conditions {
			c := &p.Conditions[j]
			if _, static := p.judged.Conditions[c.Key]; static {
				when = append(when, fmt.Sprintf("%s if %s %s", p.Effect, c.Key, c.text()))
			}
		}
	}
	slices.Sort(when)
	return strings.Join(append(parts, slices.Compact(when)...), ", ")
}

// text writes what a condition wants of its key.
func (c *Condition) text() string {
	switch c.Type {
	case typeEqual:
		return fmt.Sprintf("= %q", c.Values[0])
	case typeMatch:
		return fmt.Sprintf("matches %q", c.Values[0])
	case typeCIDR:
		return "in " + c.Values[0]
	}
	return fmt.Sprintf("in %q", c.Values)
}

func compare(g *Graph, subject string, before, after seen) []Change {
	var out []Change
	for _, name := range g.names {
		h := g.types[name]
		was, is := before.rows[name], after.rows[name]
		if was != is {
			out = append(out, Change{Subject: subject, Type: name, From: was, To: is})
		}
		for _, f := range h.fields {
			if was, is := before.fields[f], after.fields[f]; was != is {
				out = append(out, Change{Subject: subject, Type: name, Field: g.fields[f].name, From: was, To: is})
			}
		}
	}
	return out
}
