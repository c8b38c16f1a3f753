// Package policies says who may see what. It is called by the doors in graph/web,
// which put the principal of a request into its context. It knows the schema and
// no source.
package policies

import "context"

// Principal is who asks: a token with what its account agreed.
type Principal struct {
	TokenID  string // the public part of the token
	Account  string
	Packages []string
	Claims   map[string]string // customer, shop, carrier, supplier
}

// Has reports whether the principal has a package.
func (p *Principal) Has(name string) bool {
	for _, n := range p.Packages {
		if n == name {
			return true
		}
	}
	return false
}

type contextKey struct{}

// With puts the request's principal into its context.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the request's principal, nil when nobody has been let in.
func From(ctx context.Context) *Principal {
	p, _ := ctx.Value(contextKey{}).(*Principal)
	return p
}
