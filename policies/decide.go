package policies

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ory/ladon"
)

// question is what a view is made for: what of a principal the policies speak of.
type question struct {
	subjects   []string // of which policies speak
	candidates bitset   // the policies that speak of any of them
	active     bitset   // of these, those whose conditions that are not on rows hold
	context    ladon.Context
	claims     map[string]string
}

// ask finds the question a principal puts.
func (s *policySet) ask(ctx context.Context, p *Principal) (*question, error) {
	q := &question{candidates: newBitset(len(s.policies)), context: ladon.Context{}, claims: p.Claims}
	for _, subject := range p.Subjects() {
		of, err := s.of(subject)
		if err != nil {
			return nil, err
		}
		if !of.empty() {
			q.subjects = append(q.subjects, subject)
			q.candidates.add(of)
		}
	}
	for name, value := range p.Claims {
		if value != "" {
			q.context[claimKey+name] = value
		}
	}
	if p.Door != "" {
		q.context[doorKey] = p.Door
	}
	if p.Address.IsValid() {
		// As Ladon parses it: an address with a zone would be none, and a deny by network
		// would not apply.
		q.context[addressKey] = p.Address.WithZone("").Unmap().String()
	}
	q.active = slices.Clone(q.candidates)
	request := &ladon.Request{Context: q.context}
	for i := range q.candidates.all {
		for key, c := range s.policies[i].judged.Conditions {
			if !c.Fulfills(ctx, q.context[key], request) {
				q.active.clear(i)
				break
			}
		}
	}
	return q, nil
}

// key tells apart questions that may have different answers. What policies a claim or
// an address makes hold is in it, and never the claim or address: else tokens could
// make the cache grow.
func (s *policySet) key(q *question) string {
	var present byte
	for i := range q.active.all {
		for _, c := range s.policies[i].rows {
			if at := slices.Index(claimNames(), c.Claim); at >= 0 && q.claims[c.Claim] != "" {
				present |= 1 << at
			}
		}
	}
	return string(append(q.active.appendTo(make([]byte, 0, 8*len(q.active)+1)), present))
}

// view returns the view that answers a question, and makes it when it is not kept.
func (s *policySet) view(ctx context.Context, q *question) (*View, error) {
	key := s.key(q)
	if v, ok := s.views.Get(key); ok {
		return v, nil
	}
	s.making.Lock()
	defer s.making.Unlock()
	if v, ok := s.views.Get(key); ok {
		return v, nil
	}
	list, err := s.decide(ctx, q)
	if err != nil {
		return nil, err
	}
	v := build(s.graph, s.version, list)
	// Tokens that see the same share the view, and what is made of it.
	if kept, ok := s.byHash.Get(v.hash); ok {
		v = kept
	}
	s.byHash.Add(v.hash, v)
	s.views.Add(key, v)
	return v, nil
}

// decide finds what the policies say of each field. Fields of which the same policies
// speak are judged once.
func (s *policySet) decide(ctx context.Context, q *question) ([]raw, error) {
	j := newJudge(s, q)
	list := make([]raw, s.graph.Len())
	groups := map[string]*[allActs]*Rule{}
	for i := range list {
		f := &s.graph.fields[i]
		of := s.speaking[i].common(q.candidates)
		key := string(of.appendTo(nil))
		granted, ok := groups[key]
		if !ok {
			var err error
			if granted, err = j.group(ctx, of, f.resource); err != nil {
				return nil, err
			}
			groups[key] = granted
		}
		list[i] = rawOf(f.holder, func(act int) *Rule { return granted[act] })
	}
	return list, nil
}

// judge asks Ladon.
type judge struct {
	set    *policySet
	q      *question
	warden *ladon.Ladon
	told   told
}

// told is Ladon's metric. Ladon tells it of a refusal from a goroutine it does not wait
// for: judge does, by receiving.
type told chan struct{}

var _ ladon.Metric = told(nil)

// RequestAllowedBy is told before Ladon answers.
func (told) RequestAllowedBy(ladon.Request, ladon.Policies) {}

// RequestDeniedBy is told from a goroutine.
func (t told) RequestDeniedBy(ladon.Request, ladon.Policy) { t <- struct{}{} }

// RequestNoMatch is told from a goroutine.
func (t told) RequestNoMatch(ladon.Request) { t <- struct{}{} }

// RequestProcessingError is told from a goroutine.
func (t told) RequestProcessingError(ladon.Request, ladon.Policy, error) { t <- struct{}{} }

func newJudge(s *policySet, q *question) *judge {
	t := make(told, 1)
	return &judge{set: s, q: q, told: t, warden: &ladon.Ladon{Matcher: s.match.of, AuditLogger: &ladon.AuditLoggerNoOp{}, Metric: t}}
}

type judgement uint8

const (
	silent judgement = iota
	allowed
	denied
)

// say asks Ladon about one action for all subjects: a deny for any of them wins, then
// an allow for any suffices. A request of Ladon's has one subject only.
func (j *judge) say(ctx context.Context, resource, action string, of []ladon.Policy) (judgement, error) {
	out := silent
	if len(of) == 0 {
		return out, nil
	}
	for _, subject := range j.q.subjects {
		request := &ladon.Request{Resource: resource, Action: action, Subject: subject, Context: j.q.context}
		said, err := j.once(ctx, request, of)
		for range tries - 1 {
			if err != nil {
				said, err = j.once(ctx, request, of)
			}
		}
		switch {
		case err != nil:
			return denied, fmt.Errorf("judge %s of %s: %w", action, resource, err)
		case said == denied:
			return denied, nil
		case said == allowed:
			out = allowed
		}
	}
	return out, nil
}

// once asks Ladon one time. Its only error is a match that took too long.
func (j *judge) once(ctx context.Context, request *ladon.Request, of []ladon.Policy) (judgement, error) {
	err := j.warden.DoPoliciesAllow(ctx, request, of)
	if err == nil {
		return allowed, nil
	}
	<-j.told
	switch {
	case errors.Is(err, ladon.ErrRequestForcefullyDenied):
		return denied, nil
	case errors.Is(err, ladon.ErrRequestDenied):
		return silent, nil
	}
	return denied, err
}

// group finds, for each action, on which rows a group of policies grants a field: not
// where a deny holds, and where an allow does.
func (j *judge) group(ctx context.Context, of bitset, resource string) (*[allActs]*Rule, error) {
	var always []ladon.Policy
	var byRow []int
	var named [allActs]bool
	for i := range of.all {
		p := &j.set.policies[i]
		for act, on := range p.named {
			named[act] = named[act] || on
		}
		if len(p.rows) == 0 {
			always = append(always, p.judged)
		} else {
			byRow = append(byRow, i)
		}
	}
	var granted [allActs]*Rule
	var refusedRead *Rule // where reading is denied, masks are
	for act, name := range actionNames() {
		granted[act] = &Rule{Op: Never}
		if !named[act] {
			if act == readAct {
				refusedRead = &Rule{Op: Never}
			}
			continue
		}
		said, err := j.say(ctx, resource, name, always)
		if err != nil {
			return nil, err
		}
		var allow, deny []*Rule
		switch said {
		case allowed:
			allow = append(allow, nil)
		case denied:
			deny = append(deny, nil)
		}
		for _, i := range byRow {
			p := &j.set.policies[i]
			said, err := j.say(ctx, resource, name, []ladon.Policy{p.judged})
			if err != nil {
				return nil, err
			}
			switch said {
			case allowed:
				allow = append(allow, j.set.rowRule(p, j.q.claims))
			case denied:
				deny = append(deny, j.set.rowRule(p, j.q.claims))
			}
		}
		refused := either(deny...)
		if act == readAct {
			refusedRead = refused
		}
		granted[act] = both(not(refused), either(allow...))
		if act >= firstMask {
			granted[act] = both(not(refusedRead), granted[act])
		}
	}
	return &granted, nil
}

// rowRule is where all row conditions of a policy hold. One that cannot be decided, as
// the token has no such claim or the configuration no such scope, holds nowhere for an
// allow and everywhere for a deny.
func (s *policySet) rowRule(p *compiled, claims map[string]string) *Rule {
	of := make([]*Rule, len(p.rows))
	for i := range p.rows {
		c := &p.rows[i]
		column, known := s.column(c)
		switch {
		case !known, c.Type == typeClaim && claims[c.Claim] == "":
			of[i] = &Rule{Op: Never}
			if p.deny {
				of[i] = nil
			}
		case c.Type == typeClaim:
			of[i] = &Rule{Op: FromClaim, Column: column, Claim: c.Claim}
		case c.Bool != nil:
			of[i] = &Rule{Op: Is, Column: column, Bool: c.Bool}
		default:
			of[i] = is(column, c.Values...)
		}
	}
	return both(of...)
}

// column is the column of the graph a row key means; false for a scope that is not
// configured.
func (s *policySet) column(c *Condition) (string, bool) {
	name := strings.TrimPrefix(c.Key, rowKey)
	if slices.Contains(scopeNames(), name) {
		name = s.scopes[name]
	}
	return name, name != ""
}
