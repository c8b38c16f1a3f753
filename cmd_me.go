package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/quota"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// Me is Query.me: who the token is, and what it may.
func (o operations) Me(ctx context.Context) *schema.Me {
	p := policies.From(ctx)
	if p == nil {
		return nil
	}
	me := &schema.Me{
		TokenID: p.TokenID, Account: p.Account, Role: roleOf(p.Role), Packages: p.Packages, Claims: claimsOf(p.Claims),
		ExpiresAt: p.ExpiresAt, Warnings: tokens.Warnings(p, time.Now()), Agreement: agreementOf(&p.Agreement),
		Remaining: remaining(o.quota.State(ctx, p)),
	}
	// Looking for habits reads the store: only where it is asked for.
	if asked := plan.Columns(ctx); asked == nil || slices.Contains(asked, "advice") {
		me.Advice = o.advice(ctx, p)
	}
	return me
}

// advice is about the token's own calls, in the words of the schema it sees. When
// it cannot be read there is none: it is no reason to fail.
func (o operations) advice(ctx context.Context, p *policies.Principal) []*schema.Advice {
	seen, err := o.web.Schema(ctx)
	if err != nil {
		return nil
	}
	list, err := o.usage.Advice(ctx, usage.Filter{Account: p.Account, Token: p.TokenID}, seen)
	if err != nil {
		o.log.WarnContext(ctx, "reading advice failed", "err", err)
	}
	return list
}

func remaining(s quota.State) *schema.Remaining {
	left := func(w *quota.Window) *int {
		if w == nil {
			return nil
		}
		n := int(w.Remaining)
		return &n
	}
	return &schema.Remaining{Calls: left(s.Calls), Cost: left(s.Cost), Rows: left(s.Rows)}
}

// whoami is the answer of /v1/login.
type whoami struct {
	Account   string            `json:"account"`
	Token     string            `json:"token"`
	Role      string            `json:"role"`
	Packages  []string          `json:"packages"`
	Claims    map[string]string `json:"claims,omitempty"`
	ExpiresAt *time.Time        `json:"expiresAt"` // null: never
	Warnings  []string          `json:"warnings,omitempty"`
	Agreement agreedTo          `json:"agreement"`
	Remaining *leftOver         `json:"remaining,omitempty"`
}

// agreedTo is what was agreed; what is left out is the server's.
type agreedTo struct {
	Name            string `json:"name"`
	CallsPerMinute  int    `json:"callsPerMinute,omitempty"`
	Burst           int    `json:"burst,omitempty"`
	CostPerMinute   int64  `json:"costPerMinute,omitempty"`
	RowsPerDay      int64  `json:"rowsPerDay,omitempty"`
	MaxCost         int64  `json:"maxCost"`
	MaxDepth        int    `json:"maxDepth"`
	MaxPageSize     int    `json:"maxPageSize"`
	MaxRows         int    `json:"maxRows,omitempty"`
	MaxMilliseconds int64  `json:"maxMilliseconds"`
	AnswerSeconds   int64  `json:"answerCacheSeconds,omitempty"`
	Introspection   bool   `json:"introspection"`
}

type leftOver struct {
	Calls *int `json:"calls,omitempty"`
	Cost  *int `json:"cost,omitempty"`
	Rows  *int `json:"rows,omitempty"`
}

// login answers who a token is.
func (a *app) login(ctx context.Context, p *policies.Principal) any {
	x := &p.Agreement
	l := a.cfg.Limits
	out := whoami{
		Account: p.Account, Token: p.TokenID, Role: p.Role, Packages: p.Packages, Claims: p.Claims, Warnings: tokens.Warnings(p, time.Now()),
		Agreement: agreedTo{
			Name: x.Name, CallsPerMinute: x.CallsPerMinute, Burst: x.Burst, CostPerMinute: x.CostPerMinute, RowsPerDay: x.RowsPerDay,
			MaxCost: cmp.Or(x.MaxCost, l.Cost), MaxDepth: cmp.Or(x.MaxDepth, l.Depth), MaxPageSize: cmp.Or(x.MaxPage, l.PageSize), MaxRows: x.MaxRows,
			MaxMilliseconds: cmp.Or(x.MaxTime, l.Timeout).Milliseconds(), Introspection: !x.NoIntrospection,
			AnswerSeconds: int64(x.AnswerCache / time.Second),
		},
	}
	if !p.ExpiresAt.IsZero() {
		out.ExpiresAt = &p.ExpiresAt
	}
	if s := a.quota.State(ctx, p); s.Calls != nil || s.Cost != nil || s.Rows != nil {
		left := remaining(s)
		out.Remaining = &leftOver{left.Calls, left.Cost, left.Rows}
	}
	return out
}
