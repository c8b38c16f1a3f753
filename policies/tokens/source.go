package tokens

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// WithSources tells which sources are pushed, so that a token for another is refused;
// nil = nobody knows which there are.
func WithSources(names func() []string) Option { return func(s *Service) { s.sources = names } }

// grantSource makes a token a source's. Its account is a member's: an administrator's
// would lose what he may do, and a machine that pushes should be no administrator.
func (s *Service) grantSource(t *Token, g *Grant, a *Account) error {
	switch {
	case a.Role != Member:
		return schema.Errorf(schema.BadRequest, "a source's token is for an account of the role member")
	case len(g.Packages) > 0 || len(g.Claims) > 0:
		return schema.Errorf(schema.BadRequest, "a source's token pushes and reads nothing: it has no packages and no claims")
	}
	if s.sources == nil {
		if len(g.Source) > maxClaim || strings.TrimSpace(g.Source) != g.Source {
			return schema.Errorf(schema.BadRequest, "the name of a source has 1 to %d signs", maxClaim)
		}
	} else if names := s.sources(); !slices.Contains(names, g.Source) {
		if len(names) == 0 {
			return schema.Errorf(schema.BadRequest, "no source is supplied by push")
		}
		return schema.Errorf(schema.BadRequest, "no source of this name is supplied by push; there are %s", strings.Join(names, ", "))
	}
	t.Packages, t.Claims = nil, map[string]string{policies.ClaimSource: g.Source}
	return nil
}

// Source returns the source whose records the token pushes, "" when it is none of a
// source.
func (t *Token) Source() string { return t.Claims[policies.ClaimSource] }
