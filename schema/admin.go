package schema

import (
	"time"

	"github.com/govalues/decimal"
)

// Role is what an account may do beside asking.
type Role string

// The roles. RoleRoot makes administrators; RoleAdmin makes accounts and tokens
// of others that are none.
const (
	RoleRoot   Role = "ROOT"
	RoleAdmin  Role = "ADMIN"
	RoleMember Role = "MEMBER"
)

// TokenState is what a token is good for.
type TokenState string

// The states of tokens as clients see them.
const (
	TokenActive      TokenState = "ACTIVE"
	TokenOverlapping TokenState = "OVERLAPPING"
	TokenReplaced    TokenState = "REPLACED"
	TokenDisabled    TokenState = "DISABLED"
	TokenExpired     TokenState = "EXPIRED"
)

// Account is who may have tokens.
type Account struct {
	Name      string
	Role      Role
	Agreement string
	Disabled  *bool
	CreatedAt time.Time
	CreatedBy string
	Token     *Token // the one it uses, nil when it has none
}

// Token is what clients see of a token.
type Token struct {
	ID         string
	Account    string
	Packages   []string
	Claims     []*Claim
	Networks   []string
	State      TokenState
	CreatedAt  time.Time
	CreatedBy  string
	ExpiresAt  time.Time
	LastUsedAt time.Time
}

// NewToken is a token that was just made, with its text.
type NewToken struct {
	Secret string
	Token  *Token
}

// Claim is what a token says about its holder.
type Claim struct {
	Name  string
	Value string
}

// Agreement is what an account agreed to; a nil limit is the server's.
type Agreement struct {
	Name            string
	Packages        []string
	CallsPerMinute  *int
	Burst           *int
	CostPerMinute   *int
	RowsPerDay      *int
	OverlapMinutes  *int
	Introspection   *bool
	Suggestions     *bool
	MaxCost         *int
	MaxDepth        *int
	MaxAliases      *int
	MaxRootFields   *int
	MaxTokens       *int
	MaxPageSize     *int
	MaxRows         *int
	MaxMilliseconds *int
	// AnswerCacheSeconds is nil where no answer is kept.
	AnswerCacheSeconds *int
}

// AuditEntry is something that was done or refused.
type AuditEntry struct {
	ID      string
	At      time.Time
	Kind    string
	Account string
	Token   string
	Subject string
	Detail  string
}

// UsageBy is what a row of the usage stands for.
type UsageBy string

// What usage can be counted by.
const (
	UsageByToken     UsageBy = "TOKEN"
	UsageByField     UsageBy = "FIELD"
	UsageByOperation UsageBy = "OPERATION"
)

// Usage is what was asked in one hour.
type Usage struct {
	Hour    time.Time
	Token   string
	Account string
	Subject string
	Name    string
	Calls   *int
	Errors  *int
	Rows    *int
	Cost    *decimal.Decimal
	MeanMs  *decimal.Decimal
	MaxMs   *decimal.Decimal
}

// Advice is a habit of asking that costs more than it must.
type Advice struct {
	Kind      string
	Token     string
	Account   string
	Operation string
	Name      string
	Count     *int
	Message   string
}

// PolicyStatus is which version of the policies is in force.
type PolicyStatus struct {
	Version   string
	LoadedAt  time.Time
	Documents *int
	Views     *int
	Error     string
}
