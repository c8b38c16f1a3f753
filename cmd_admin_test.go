package main

import (
	"math"
	"testing"

	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Numbers that would overflow when they are multiplied are refused by their keys.
func TestCountsOfAnAgreement(t *testing.T) {
	for _, c := range []struct {
		name string
		in   model.AgreementInput
		want string // "" = allowed
	}{
		{"nothing given", model.AgreementInput{}, ""},
		{"the greatest", model.AgreementInput{RowsPerDay: new(math.MaxInt32)}, ""},
		{"none", model.AgreementInput{OverlapMinutes: new(0)}, ""},
		{"negative", model.AgreementInput{Burst: new(-1)}, "burst must be between 0 and 2147483647"},
		{"overlap that turns into 0", model.AgreementInput{OverlapMinutes: new(307445735 << 20)}, "overlapMinutes must be between 0 and 2147483647"},
		{"time that turns into 0", model.AgreementInput{MaxMilliseconds: new(18446744073710)}, "maxMilliseconds must be between 0 and 2147483647"},
		{"calls", model.AgreementInput{CallsPerMinute: new(math.MaxInt64)}, "callsPerMinute must be between 0 and 2147483647"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			err := checkCounts(&c.in)
			if c.want == "" && err != nil || c.want != "" && (schema.CodeOf(err) != schema.BadRequest || err.Error() != c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A member whom some policy grants every field reads no accounts and tokens.
func TestOnlyAdministratorsAskAdministration(t *testing.T) {
	for role, want := range map[string]schema.Code{"root": "", "admin": "", "member": schema.Forbidden, "": schema.Forbidden} {
		t.Run("case="+role, func(t *testing.T) {
			if err := asksAsAdministrator(policies.With(t.Context(), &policies.Principal{Role: role})); schema.CodeOf(err) != want {
				t.Errorf("got %v", err)
			}
		})
	}
	a := administration{} // it has nothing: what asks before it checks panics
	ctx := policies.With(t.Context(), &policies.Principal{Role: "member"})
	for name, ask := range map[string]func() error{
		"accounts":   func() error { _, err := a.Accounts(ctx); return err },
		"tokens":     func() error { _, err := a.Tokens(ctx, nil, nil); return err },
		"agreements": func() error { _, err := a.Agreements(ctx); return err },
		"audit":      func() error { _, err := a.Audit(ctx, nil, nil, nil, nil); return err },
		"usage":      func() error { _, err := a.Usage(ctx, nil, nil, nil, nil, nil); return err },
		"advice":     func() error { _, err := a.Advice(ctx, nil); return err },
		"policies":   func() error { _, err := a.Policies(ctx); return err },
		"nobody":     func() error { _, err := a.Accounts(t.Context()); return err },
	} {
		t.Run("case="+name, func(t *testing.T) {
			if err := ask(); schema.CodeOf(err) != schema.Forbidden {
				t.Errorf("got %v", err)
			}
		})
	}
}
