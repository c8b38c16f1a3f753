// Package policies says who may see what. It is called by the doors in graph/web,
// which put what a request may see into its context, by graph/guard, which judges
// a plan with it, and by resolvers/loaders, which turn its rules into predicates.
// It knows the schema and no source.
package policies

import (
	"context"
	"net/netip"
	"time"
)

// Principal is who asks: a token with what its account agreed.
type Principal struct {
	TokenID   string // the public part of the token
	Account   string
	Role      string // root, admin, member or source
	Packages  []string
	Claims    map[string]string // customer (its sealed id), shop, carrier, supplier; source of a source's token
	ExpiresAt time.Time         // zero = never
	Agreement Agreement
	// Of this request.
	Door    string // graphql, push, odata, export
	Address netip.Addr
}

// Agreement is what an account agreed to. A number that is 0 is the server's
// default, or no limit where the server has none.
type Agreement struct {
	Name           string
	Packages       []string // those its tokens may have
	CallsPerMinute int
	Burst          int // calls that may come at once; 0 = CallsPerMinute
	CostPerMinute  int64
	RowsPerDay     int64         // UTC
	Overlap        time.Duration // of a replaced token
	NoIntrospection,
	NoSuggestions bool

	MaxCost                                                          int64
	MaxDepth, MaxAliases, MaxRootFields, MaxTokens, MaxPage, MaxRows int
	MaxTime                                                          time.Duration
	// AnswerCache is for how long an answer may be kept that asks for it
	// (@cacheControl); 0 = not at all.
	AnswerCache time.Duration
}

// Subjects returns the names under which policies speak of the principal:
// token:ID, role:ROLE and package:NAME for each package.
func (p *Principal) Subjects() []string {
	s := make([]string, 0, 2+len(p.Packages))
	s = append(s, "token:"+p.TokenID)
	if p.Role != "" {
		s = append(s, "role:"+p.Role)
	}
	for _, n := range p.Packages {
		s = append(s, "package:"+n)
	}
	return s
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

// The role of a source's token, and the claim that names the source.
const (
	RoleSource  = "source"
	ClaimSource = "source"
)

// Source returns the source whose records the principal may push, which is all it
// may do.
func (p *Principal) Source() (name string, ok bool) {
	return p.Claims[ClaimSource], p.Role == RoleSource
}

type (
	principalKey struct{}
	accessKey    struct{}
)

// With puts the request's principal into its context.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From returns the request's principal, nil when nobody has been let in.
func From(ctx context.Context) *Principal {
	p, _ := ctx.Value(principalKey{}).(*Principal)
	return p
}

// WithAccess puts what a request may see into its context, its principal with it.
func WithAccess(ctx context.Context, a *Access) context.Context {
	return context.WithValue(With(ctx, a.Principal), accessKey{}, a)
}

// AccessFrom returns what the request may see, nil when that was not decided:
// then it may see nothing.
func AccessFrom(ctx context.Context) *Access {
	a, _ := ctx.Value(accessKey{}).(*Access)
	return a
}
