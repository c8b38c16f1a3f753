package web

import (
	"regexp"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/policies"
)

// unknownNames are how the validator says that a name does not exist: in groups of
// the pattern the name and what should have it.
var unknownNames = []struct {
	pattern *regexp.Regexp
	denied  func(g *policies.Graph, full *ast.Schema, name, holder string) bool
}{
	{regexp.MustCompile(`^Cannot query field "(\w+)" on type "(\w+)"`), func(g *policies.Graph, _ *ast.Schema, name, holder string) bool {
		_, exists := g.Field(holder, name)
		return exists
	}},
	{regexp.MustCompile(`^Unknown argument "(\w+)" on field "([\w.]+)"`), reads},
	{regexp.MustCompile(`^Field "(\w+)" is not defined by type "(\w+)"`), reads},
	{regexp.MustCompile(`^Value "(\w+)" does not exist in "(\w+)" enum`), reads},
	{regexp.MustCompile(`^Unknown type "((\w+))"`), func(_ *policies.Graph, full *ast.Schema, name, _ string) bool { return full.Types[name] != nil }},
}

func reads(g *policies.Graph, _ *ast.Schema, name, holder string) bool {
	_, exists := g.Reads(holder, name)
	return exists
}

// deniedIn reports whether an error is about a name that exists for others: the
// token asked for what it may not see, which its client is not told. It looks at
// names only, so that it takes as long for one as for the other.
func deniedIn(errs gqlerror.List, g *policies.Graph, full *ast.Schema) bool {
	denied := false
	for _, e := range errs {
		for _, u := range unknownNames {
			if m := u.pattern.FindStringSubmatch(e.Message); m != nil && u.denied(g, full, m[1], m[2]) {
				denied = true
			}
		}
	}
	return denied
}
