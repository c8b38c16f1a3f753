package tokens

import (
	"context"
	"time"
)

// Store keeps accounts, agreements, tokens and the audit.
type Store interface {
	// Act runs f in one transaction: what f does through tx is done whole, or not at
	// all when f fails. A second active token of an account, and an account that was
	// made at the same time by somebody else, are a CONFLICT, and so is a transaction
	// that the database gave up in favour of another.
	Act(ctx context.Context, f func(tx Tx) error) error
	// Known finds a token by its public id, in whatever state and with one look-up.
	// NOT_FOUND when there is none, or when its account does not exist;
	// SOURCE_UNAVAILABLE when the store cannot be asked now.
	Known(ctx context.Context, id string) (Known, error)
	// Used notes that tokens were used in an hour. An hour before the one that is
	// noted changes nothing.
	Used(ctx context.Context, ids []string, hour time.Time) error
	// ListTokens lists tokens, the newest first.
	ListTokens(ctx context.Context, f TokenFilter) ([]Token, error)
	// Accounts lists accounts by name, with their active tokens.
	Accounts(ctx context.Context) ([]Account, error)
	// Agreements lists agreements by name, without the built-in one.
	Agreements(ctx context.Context) ([]Agreement, error)
	// Audit lists entries, the newest first.
	Audit(ctx context.Context, f AuditFilter) ([]Entry, error)
}

// Tx is one transaction of a Store.
type Tx interface {
	// Account returns an account, NOT_FOUND when there is none. Hold does so too, and
	// until the transaction ends no other one that holds the account goes on.
	Account(ctx context.Context, name string) (Account, error)
	Hold(ctx context.Context, name string) (Account, error)
	// AddAccount adds one, SetAccount changes role, agreement and disabled.
	AddAccount(ctx context.Context, a Account) error
	SetAccount(ctx context.Context, a Account) error
	// Agreement returns an agreement and holds it, NOT_FOUND when there is none.
	Agreement(ctx context.Context, name string) (Agreement, error)
	// PutAgreement adds or replaces one.
	PutAgreement(ctx context.Context, a Agreement, by string, at time.Time) error
	// Roles returns the roles of the accounts that have an agreement.
	Roles(ctx context.Context, agreement string) ([]Role, error)
	// Token returns a token in whatever state, NOT_FOUND when there is none.
	Token(ctx context.Context, id string) (Token, error)
	// LetIn returns the tokens of an account that are active or overlapping.
	LetIn(ctx context.Context, account string) ([]Token, error)
	AddToken(ctx context.Context, t Token) error
	// SetState changes a token's state, expiry, and who changed it when.
	SetState(ctx context.Context, t Token) error
	// Audit appends an entry; its ID is not looked at.
	Audit(ctx context.Context, e Entry) error
}

// Known is what a token is checked with. The rest is read out of the row by Load,
// which is not called for a token that does not let in: all refusals are alike.
type Known struct {
	SecretHMAC      []byte
	State           State
	ExpiresAt       time.Time
	AccountDisabled bool
	Load            func() (Token, Account, Agreement, error)
}

// TokenFilter says which tokens are asked for.
type TokenFilter struct {
	Account string // "" = all
	State   State  // as StateNow says; "" = all
	Now     time.Time
	First   int // 0 = all
}
