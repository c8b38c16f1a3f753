package tokens

import (
	"context"

	"github.com/trama-graph/trama/policies"
)

// PrincipalOf returns who a token is, by its public id and whatever its state, for
// the operator who wants to know what it sees. NOT_FOUND when there is none.
func PrincipalOf(ctx context.Context, store Store, id string) (*policies.Principal, error) {
	k, err := store.Known(ctx, id)
	if err != nil {
		return nil, err
	}
	t, a, agreement, err := k.Load()
	if err != nil {
		return nil, err
	}
	p := principal(&t, &a, agreement)
	return &p, nil
}

func principal(t *Token, a *Account, agreement policies.Agreement) policies.Principal {
	p := policies.Principal{
		TokenID: t.ID, Account: a.Name, Role: string(a.Role), Packages: within(t.Packages, &agreement), Claims: t.Claims,
		ExpiresAt: t.ExpiresAt, Agreement: agreement,
	}
	// A source's token is nothing else, whatever its account has become since.
	if t.Source() != "" {
		p.Role, p.Packages = policies.RoleSource, nil
	}
	return p
}
