package main

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// administration answers what administrators ask and does what they say. Who may
// ask is said by the policies, and by the role, which no policy replaces; who may do
// what to whom by the token service, which also writes the audit.
type administration struct{ *app }

// asksAsAdministrator refuses everybody else. An operator's policy that grants a
// member every field means the rows of the systems, not the accounts of Trama.
func asksAsAdministrator(ctx context.Context) error {
	if p := policies.From(ctx); p != nil && (p.Role == string(tokens.Root) || p.Role == string(tokens.Admin)) {
		return nil
	}
	return schema.Errorf(schema.Forbidden, "only administrators ask for this")
}

// Accounts is Query.accounts.
func (a administration) Accounts(ctx context.Context) ([]*schema.Account, error) {
	if err := asksAsAdministrator(ctx); err != nil {
		return nil, err
	}
	list, err := a.tokens.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*schema.Account, len(list))
	for i := range list {
		out[i] = a.account(&list[i])
	}
	return out, nil
}

func (a administration) account(x *tokens.Account) *schema.Account {
	out := &schema.Account{
		Name: x.Name, Role: roleOf(string(x.Role)), Agreement: x.Agreement, Disabled: &x.Disabled, CreatedAt: x.CreatedAt, CreatedBy: x.CreatedBy,
	}
	if x.Token != nil {
		out.Token = tokenOf(x.Token)
	}
	return out
}

func roleOf(role string) schema.Role { return schema.Role(strings.ToUpper(role)) }

func tokenOf(t *tokens.Token) *schema.Token {
	return &schema.Token{
		ID: t.ID, Account: t.Account, Packages: t.Packages, Claims: claimsOf(t.Claims), Networks: t.Networks,
		State: schema.TokenState(strings.ToUpper(string(t.StateNow(time.Now())))), CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy,
		ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt,
	}
}

func claimsOf(claims map[string]string) []*schema.Claim {
	out := make([]*schema.Claim, 0, len(claims))
	for name, value := range claims {
		out = append(out, &schema.Claim{Name: name, Value: value})
	}
	slices.SortFunc(out, func(x, y *schema.Claim) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// Agreements is Query.agreements.
func (a administration) Agreements(ctx context.Context) ([]*schema.Agreement, error) {
	if err := asksAsAdministrator(ctx); err != nil {
		return nil, err
	}
	list, err := a.tokens.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*schema.Agreement, len(list))
	for i := range list {
		out[i] = agreementOf(&list[i])
	}
	return out, nil
}

// agreementOf shows an agreement; what was not agreed is null.
func agreementOf(x *policies.Agreement) *schema.Agreement {
	introspection, suggestions, overlap := !x.NoIntrospection, !x.NoSuggestions, int(x.Overlap.Minutes())
	return &schema.Agreement{
		Name: x.Name, Packages: x.Packages, CallsPerMinute: agreed(x.CallsPerMinute), Burst: agreed(x.Burst),
		CostPerMinute: agreed(x.CostPerMinute), RowsPerDay: agreed(x.RowsPerDay), OverlapMinutes: &overlap,
		Introspection: &introspection, Suggestions: &suggestions,
		MaxCost: agreed(x.MaxCost), MaxDepth: agreed(x.MaxDepth), MaxAliases: agreed(x.MaxAliases), MaxRootFields: agreed(x.MaxRootFields),
		MaxTokens: agreed(x.MaxTokens), MaxPageSize: agreed(x.MaxPage), MaxRows: agreed(x.MaxRows), MaxMilliseconds: agreed(x.MaxTime.Milliseconds()),
		AnswerCacheSeconds: agreed(int64(x.AnswerCache / time.Second)),
	}
}

func agreed[N int | int64](n N) *int {
	if n == 0 {
		return nil
	}
	v := int(n)
	return &v
}

// Tokens is Query.tokens.
func (a administration) Tokens(ctx context.Context, account *string, state *schema.TokenState) ([]*schema.Token, error) {
	if err := asksAsAdministrator(ctx); err != nil {
		return nil, err
	}
	f := tokens.TokenFilter{Account: text(account), First: mostListed}
	if state != nil {
		f.State = tokens.State(strings.ToLower(string(*state)))
	}
	list, err := a.tokens.Tokens(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]*schema.Token, len(list))
	for i := range list {
		out[i] = tokenOf(&list[i])
	}
	return out, nil
}

// mostListed bounds lists that have no pages.
const mostListed = 1000

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// bounded checks the argument first of lists without cursors.
func bounded(first *int) (int, error) {
	switch {
	case first == nil:
		return 0, nil
	case *first < 1 || *first > mostListed:
		return 0, schema.Errorf(schema.BadRequest, "first must be between 1 and %d", mostListed)
	}
	return *first, nil
}

// Audit is Query.audit.
func (a administration) Audit(ctx context.Context, kind, account, before *string, first *int) ([]*schema.AuditEntry, error) {
	err := asksAsAdministrator(ctx)
	if err != nil {
		return nil, err
	}
	f := tokens.AuditFilter{Kind: text(kind), Account: text(account)}
	if f.First, err = bounded(first); err != nil {
		return nil, err
	}
	if before != nil {
		if f.Before, err = strconv.ParseInt(*before, 10, 64); err != nil || f.Before < 1 {
			return nil, schema.Errorf(schema.BadRequest, "before is not the number of an entry")
		}
	}
	list, err := a.tokens.Audit(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]*schema.AuditEntry, len(list))
	for i, e := range list {
		out[i] = &schema.AuditEntry{
			ID: strconv.FormatInt(e.ID, 10), At: e.At, Kind: e.Kind, Account: e.Account, Token: e.Token, Subject: e.Subject, Detail: e.Detail,
		}
	}
	return out, nil
}

// Usage is Query.usage.
func (a administration) Usage(ctx context.Context, from, to *time.Time, account *string, by *schema.UsageBy, first *int) ([]*schema.Usage, error) {
	err := asksAsAdministrator(ctx)
	if err != nil {
		return nil, err
	}
	f := usage.Filter{Account: text(account)}
	if f.First, err = bounded(first); err != nil {
		return nil, err
	}
	if from != nil {
		f.From = *from
	}
	if to != nil {
		f.To = *to
	}
	if by != nil {
		f.By = *by
	}
	list, err := a.usage.Query(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]*schema.Usage, len(list))
	for i := range list {
		out[i] = list[i].Usage()
	}
	return out, nil
}

// Advice is Query.advice.
func (a administration) Advice(ctx context.Context, account *string) ([]*schema.Advice, error) {
	if err := asksAsAdministrator(ctx); err != nil {
		return nil, err
	}
	return a.usage.Advice(ctx, usage.Filter{Account: text(account)}, nil)
}

// Policies is Query.policies.
func (a administration) Policies(ctx context.Context) (*schema.PolicyStatus, error) {
	if err := asksAsAdministrator(ctx); err != nil {
		return nil, err
	}
	s := a.policies.Status()
	return &schema.PolicyStatus{
		Version: s.Version, LoadedAt: s.LoadedAt, Documents: &s.Documents, Views: &s.Views, Error: a.cfg.masked(message(s.Error)),
	}, nil
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// SaveAccount is Mutation.saveAccount.
func (a administration) SaveAccount(ctx context.Context, name string, role *schema.Role, agreement *string, disabled *bool) (*schema.Account, error) {
	saved, err := a.tokens.SaveAccount(ctx, tokens.ActorOf(policies.From(ctx)), name, func(x *tokens.Account) {
		if role != nil {
			x.Role = tokens.Role(strings.ToLower(string(*role)))
		}
		if agreement != nil {
			x.Agreement = *agreement
		}
		if disabled != nil {
			x.Disabled = *disabled
		}
	})
	if err != nil {
		return nil, err
	}
	return a.account(&saved), nil
}

// SaveAgreement is Mutation.saveAgreement.
func (a administration) SaveAgreement(ctx context.Context, in model.AgreementInput) (*schema.Agreement, error) {
	if err := checkCounts(&in); err != nil {
		return nil, err
	}
	saved, err := a.tokens.SaveAgreement(ctx, tokens.ActorOf(policies.From(ctx)), in.Name, func(x *policies.Agreement) { change(x, &in) })
	if err != nil {
		return nil, err
	}
	return agreementOf(&saved), nil
}

// checkCounts refuses numbers that no count has, before anything is multiplied. It
// names the key of the first.
func checkCounts(in *model.AgreementInput) error {
	for _, n := range []struct {
		key   string
		value *int
	}{
		{"callsPerMinute", in.CallsPerMinute},
		{"burst", in.Burst},
		{"costPerMinute", in.CostPerMinute},
		{"rowsPerDay", in.RowsPerDay},
		{"overlapMinutes", in.OverlapMinutes},
		{"maxCost", in.MaxCost},
		{"maxDepth", in.MaxDepth},
		{"maxAliases", in.MaxAliases},
		{"maxRootFields", in.MaxRootFields},
		{"maxTokens", in.MaxTokens},
		{"maxPageSize", in.MaxPageSize},
		{"maxRows", in.MaxRows},
		{"maxMilliseconds", in.MaxMilliseconds},
		{"answerCacheSeconds", in.AnswerCacheSeconds},
	} {
		if n.value != nil && (*n.value < 0 || *n.value > math.MaxInt32) {
			return schema.Errorf(schema.BadRequest, "%s must be between 0 and %d", n.key, math.MaxInt32)
		}
	}
	return nil
}

// change sets what an input gives, whose numbers were checked.
func change(x *policies.Agreement, in *model.AgreementInput) {
	if in.Packages != nil {
		x.Packages = in.Packages
	}
	set(&x.CallsPerMinute, in.CallsPerMinute)
	set(&x.Burst, in.Burst)
	set(&x.CostPerMinute, in.CostPerMinute)
	set(&x.RowsPerDay, in.RowsPerDay)
	set(&x.MaxCost, in.MaxCost)
	set(&x.MaxDepth, in.MaxDepth)
	set(&x.MaxAliases, in.MaxAliases)
	set(&x.MaxRootFields, in.MaxRootFields)
	set(&x.MaxTokens, in.MaxTokens)
	set(&x.MaxPage, in.MaxPageSize)
	set(&x.MaxRows, in.MaxRows)
	if in.OverlapMinutes != nil {
		x.Overlap = time.Duration(*in.OverlapMinutes) * time.Minute
	}
	if in.MaxMilliseconds != nil {
		x.MaxTime = time.Duration(*in.MaxMilliseconds) * time.Millisecond
	}
	if in.AnswerCacheSeconds != nil {
		x.AnswerCache = time.Duration(*in.AnswerCacheSeconds) * time.Second
	}
	if in.Introspection != nil {
		x.NoIntrospection = !*in.Introspection
	}
	if in.Suggestions != nil {
		x.NoSuggestions = !*in.Suggestions
	}
}

func set[N int | int64](to *N, from *int) {
	if from != nil {
		*to = N(*from)
	}
}

// GenerateToken is Mutation.generateToken.
func (a administration) GenerateToken(ctx context.Context, account string, packages []string, source *string, claims []*model.ClaimInput, networks []string, expiresAt *time.Time) (*schema.NewToken, error) {
	g := tokens.Grant{Account: account, Packages: packages, Networks: networks, Source: text(source)}
	for _, c := range claims {
		if g.Claims == nil {
			g.Claims = map[string]string{}
		}
		if _, twice := g.Claims[c.Name]; twice {
			return nil, schema.Errorf(schema.BadRequest, "a claim is given twice")
		}
		g.Claims[c.Name] = c.Value
	}
	if expiresAt != nil {
		g.Expires = *expiresAt
	}
	if err := checkCustomer(a.loaders.Seal, g.Claims); err != nil {
		return nil, err
	}
	secret, t, err := a.tokens.Issue(ctx, tokens.ActorOf(policies.From(ctx)), g)
	if err != nil {
		return nil, err
	}
	return &schema.NewToken{Secret: secret, Token: tokenOf(&t)}, nil
}

// checkCustomer refuses a claim that could never match: the customer is named by
// his id.
func checkCustomer(s *seal.Sealer, claims map[string]string) error {
	id, given := claims["customer"]
	if !given {
		return nil
	}
	if entity, _, _, err := s.OpenID(id); err != nil || entity != "Customer" {
		return schema.Errorf(schema.BadRequest, "the claim customer is not the id of a customer")
	}
	return nil
}

// DisableToken is Mutation.disableToken.
func (a administration) DisableToken(ctx context.Context, id string) (*schema.Token, error) {
	t, err := a.tokens.Disable(ctx, tokens.ActorOf(policies.From(ctx)), id)
	if err != nil {
		return nil, err
	}
	return tokenOf(&t), nil
}

// policiesReloaded is the kind of the entry that says who reloaded the policies; what
// came of it is in the engine's own.
const policiesReloaded = "policies.reloaded"

// ReloadPolicies is Mutation.reloadPolicies. What is wrong is shown to the
// administrator: it is the text of his own files.
func (a administration) ReloadPolicies(ctx context.Context) (*schema.PolicyStatus, error) {
	by := tokens.ActorOf(policies.From(ctx))
	if err := a.tokens.Authorize(ctx, by, "reload the policies"); err != nil {
		return nil, err
	}
	err := a.policies.Reload(ctx)
	e := tokens.Entry{Kind: policiesReloaded, Subject: "policies", Detail: "version " + a.policies.Status().Version}
	if err != nil {
		e.Detail += " stays, the files were refused"
	}
	if failed := a.tokens.AppendBy(ctx, by, e); failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, schema.Errorf(schema.BadRequest, "the files were refused, what was in force stays: %s", a.cfg.masked(err.Error()))
	}
	if err := a.store.Bump(ctx, policiesChanged); err != nil {
		return nil, err
	}
	return a.Policies(ctx)
}
