package policies_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/ory/ladon"
)

// The oracle is plain Ladon, asked value by value. It shares nothing with package
// policies but the bytes of the documents: it has its own conditions and decodes them
// as Ladon does.

type oracle struct {
	warden ladon.Ladon
}

type oracleClaim struct {
	Claim string `json:"claim"`
}

func (*oracleClaim) GetName() string { return "EqualsClaimCondition" }

func (c *oracleClaim) Fulfills(_ context.Context, value any, r *ladon.Request) bool {
	claim, has := r.Context["claim."+c.Claim]
	return has && value != nil && value == claim
}

type oracleAmong struct {
	Values []string `json:"values"`
}

func (*oracleAmong) GetName() string { return "StringInCondition" }

func (c *oracleAmong) Fulfills(_ context.Context, value any, _ *ladon.Request) bool {
	s, ok := value.(string)
	return ok && slices.Contains(c.Values, s)
}

// oracleDeny closes what Ladon leaves open: a condition of a deny that cannot be decided
// holds. What is not there in a row is decided: it equals nothing.
type oracleDeny struct {
	ladon.Condition
	key string
}

func (c *oracleDeny) Fulfills(ctx context.Context, value any, r *ladon.Request) bool {
	isRow := len(c.key) > 4 && c.key[:4] == "row."
	if !isRow && value == nil {
		return true
	}
	if equals, ok := c.Condition.(*oracleClaim); ok {
		if _, has := r.Context["claim."+equals.Claim]; !has {
			return true
		}
	}
	if undecided, _ := r.Context["undecided"].([]string); slices.Contains(undecided, c.key) {
		return true
	}
	return c.Condition.Fulfills(ctx, value, r)
}

// everything is a Ladon manager that holds some policies and finds all of them.
type everything struct {
	ladon.Manager
	all ladon.Policies
}

func (m *everything) FindRequestCandidates(context.Context, *ladon.Request) (ladon.Policies, error) {
	return m.all, nil
}

// teach makes Ladon know Trama's conditions, for one test.
func teach(t testing.TB) {
	t.Helper()
	ladon.ConditionFactories["EqualsClaimCondition"] = func() ladon.Condition { return new(oracleClaim) }
	ladon.ConditionFactories["StringInCondition"] = func() ladon.Condition { return new(oracleAmong) }
	t.Cleanup(func() {
		delete(ladon.ConditionFactories, "EqualsClaimCondition")
		delete(ladon.ConditionFactories, "StringInCondition")
	})
}

func newOracle(t testing.TB, documents ...string) *oracle {
	t.Helper()
	m := &everything{}
	for _, text := range documents {
		var d struct{ Policies []*ladon.DefaultPolicy }
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		for _, p := range d.Policies {
			if p.Effect == ladon.DenyAccess {
				for key, c := range p.Conditions {
					p.Conditions[key] = &oracleDeny{c, key}
				}
			}
			m.all = append(m.all, p)
		}
	}
	return &oracle{ladon.Ladon{Manager: m, Matcher: ladon.NewRegexpMatcher(1 << 12), Metric: &ladon.MetricNoOp{}, AuditLogger: &ladon.AuditLoggerNoOp{}}}
}

type answer uint8

const (
	nothing answer = iota
	yes
	no // explicitly
)

// ask asks for every subject: an explicit no for any of them wins.
func (o *oracle) ask(t testing.TB, subjects []string, resource, action string, values ladon.Context) answer {
	out := nothing
	for _, s := range subjects {
		var err error
		for range 5 { // a match may be given up for want of a processor
			err = o.warden.IsAllowed(context.Background(), &ladon.Request{Subject: s, Resource: resource, Action: action, Context: values})
			if err == nil || errors.Is(err, ladon.ErrRequestForcefullyDenied) || errors.Is(err, ladon.ErrRequestDenied) {
				break
			}
		}
		switch {
		case err == nil:
			out = yes
		case errors.Is(err, ladon.ErrRequestForcefullyDenied):
			return no
		case !errors.Is(err, ladon.ErrRequestDenied):
			t.Fatal(err)
		}
	}
	return out
}

// read is what may be read of a value: "whole", a mask, or "" for nothing.
func (o *oracle) read(t testing.TB, subjects []string, resource string, values ladon.Context) string {
	switch o.ask(t, subjects, resource, "read", values) {
	case yes:
		return "whole"
	case no:
		return ""
	}
	for _, kind := range []string{"last4", "domain", "year", "hash", "null"} {
		if o.ask(t, subjects, resource, "mask:"+kind, values) == yes {
			return kind
		}
	}
	return ""
}
