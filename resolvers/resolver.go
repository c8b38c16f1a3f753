// Package resolvers says which data a field means: one file per SDL file, and
// bodies of one to five lines that name a loader. It never decides, filters or
// formats.
package resolvers

import (
	"context"
	"time"

	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/schema"
)

// Operations answers what is not a record: how the systems are doing and who is
// asking. What it says is what the request may see.
type Operations interface {
	Sources(ctx context.Context) []*schema.Source
	Coverage(ctx context.Context) []*schema.Coverage
	Me(ctx context.Context) *schema.Me
}

// Administration answers and does what administrators ask: accounts, agreements,
// tokens, audit, usage. The acts check once more who acts, whatever the policies
// said.
type Administration interface {
	Accounts(ctx context.Context) ([]*schema.Account, error)
	Agreements(ctx context.Context) ([]*schema.Agreement, error)
	Tokens(ctx context.Context, account *string, state *schema.TokenState) ([]*schema.Token, error)
	Audit(ctx context.Context, kind, account, before *string, first *int) ([]*schema.AuditEntry, error)
	Usage(ctx context.Context, from, to *time.Time, account *string, by *schema.UsageBy, first *int) ([]*schema.Usage, error)
	Advice(ctx context.Context, account *string) ([]*schema.Advice, error)
	Policies(ctx context.Context) (*schema.PolicyStatus, error)

	SaveAccount(ctx context.Context, name string, role *schema.Role, agreement *string, disabled *bool) (*schema.Account, error)
	SaveAgreement(ctx context.Context, in model.AgreementInput) (*schema.Agreement, error)
	GenerateToken(ctx context.Context, account string, packages []string, source *string, claims []*model.ClaimInput, networks []string, expiresAt *time.Time) (*schema.NewToken, error)
	DisableToken(ctx context.Context, id string) (*schema.Token, error)
	ReloadPolicies(ctx context.Context) (*schema.PolicyStatus, error)
}

// Stewardship answers and does what administrators ask of the directory and of what
// is kept of the systems' records. The acts check once more who acts.
type Stewardship interface {
	Conflicts(ctx context.Context, kind *schema.ConflictKind, state *schema.ConflictState, source, customer *string, first *int, after *string) (*schema.DirectoryConflicts, error)
	Suggestions(ctx context.Context, customer, source, rule *string, inside *bool, first *int, after *string) (*schema.Suggestions, error)
	Decisions(ctx context.Context, first *int, after *string) (*schema.Decisions, error)
	DirectoryEvents(ctx context.Context, customer *string, first *int) ([]*schema.DirectoryEvent, error)
	DirectorySources(ctx context.Context) ([]*schema.DirectorySource, error)
	Duplicates(ctx context.Context) (*schema.Duplicates, error)
	Repeated(ctx context.Context, source *string, inside *bool, first *int, after *string) (*schema.RepeatedCustomers, error)
	DocumentOverlaps(ctx context.Context) ([]*schema.DocumentOverlap, error)
	DirectoryDryRun(ctx context.Context, rules []string, sharedLimit *int) (*schema.DirectoryDryRun, error)

	LinkRecords(ctx context.Context, a, b model.RecordInput, reason string) (*schema.Decision, error)
	DenyLink(ctx context.Context, a, b model.RecordInput, reason string) (*schema.Decision, error)
	WithdrawDecision(ctx context.Context, a, b model.RecordInput, reason string) (*bool, error)
	SetConflictState(ctx context.Context, key string, state schema.ConflictState, note *string) (*schema.DirectoryConflict, error)
	AcceptLoss(ctx context.Context, source string) ([]*schema.DirectorySource, error)
	Refresh(ctx context.Context, customer string) ([]*schema.Refreshed, error)
	Push(ctx context.Context, source string, records []string, all *bool) (*schema.Pushed, error)
	Invalidate(ctx context.Context, source string, entity, customerKey *string) (*bool, error)
}

// Library shows the datasets, and does what administrators ask of them. The acts check
// once more who acts.
type Library interface {
	Datasets(ctx context.Context) ([]*schema.Dataset, error)

	SaveDataset(ctx context.Context, name, text string) (*schema.Dataset, error)
	RemoveDataset(ctx context.Context, name string) (*bool, error)
}

// Resolver is the root of all resolvers; gqlgen wants it by this name.
type Resolver struct {
	Operations     Operations
	Administration Administration
	Stewardship    Stewardship
	Library        Library
}
