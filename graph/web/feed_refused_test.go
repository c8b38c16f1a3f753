package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// TestRefusedQuestions holds that the usage is told of questions of one's own that are
// refused, and which of them asked for what the token may not see; their clients are told
// the same of these as of names that there are not.
func TestRefusedQuestions(t *testing.T) {
	used := &usedList{}
	w := feedServer(t, &things{n: 3}, func(c *web.Config) {
		full, _, g := engineOf(t, thingsSDL, &things{}, engine.Options{Types: map[string]any{"Thing": (*thing)(nil)}})
		some, err := gqlparser.LoadSchema(&ast.Source{Input: strings.Replace(thingsSDL, "  secret: String\n", "", 1)})
		if err != nil {
			t.Fatal(err)
		}
		c.Full, c.Graph, c.Usage = full, g, used
		c.Schema = func(*policies.View) (*ast.Schema, error) { return some, nil }
		c.Auth = holders{"t": {TokenID: "t", Account: "a"}, "u": {TokenID: "u", Account: "b", Agreement: policies.Agreement{MaxCost: 1}}}
	})
	ask := func(token, fields string) (status int, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/export/csv", strings.NewReader(`query mine @dataset(grain: "things") { things { nodes { `+fields+` } } }`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/graphql"}}
		resp, err := w.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	bodies := map[string]string{}
	for _, c := range []struct {
		name, token, fields string
		status              int
		want                usage.Operation
	}{
		{"what there is", "t", "name", 200, usage.Operation{Token: "t", Account: "a", Name: "mine"}},
		{"what nobody has", "t", "nicety", 400, usage.Operation{Token: "t", Account: "a", Errors: 1}},
		{"what others have", "t", "secret", 400, usage.Operation{Token: "t", Account: "a", Errors: 1, Denied: schema.ForbiddenField}},
		{"both", "t", "nicety secret", 400, usage.Operation{Token: "t", Account: "a", Errors: 2, Denied: schema.ForbiddenField}},
		{"no table", "t", "parts { sku }", 400, usage.Operation{Token: "t", Account: "a", Errors: 1}},
		{"too costly", "u", "name owner { name }", 400, usage.Operation{Token: "u", Account: "b", Errors: 1}},
	} {
		used.list = nil
		status, body := ask(c.token, c.fields)
		bodies[c.name] = body
		if status != c.status || len(used.list) != 1 {
			t.Errorf("%s: %d %s, the usage was told %d times", c.name, status, body, len(used.list))
			continue
		}
		got := used.list[0]
		got = usage.Operation{Token: got.Token, Account: got.Account, Name: got.Name, Errors: got.Errors, Denied: got.Denied}
		if got.Token != c.want.Token || got.Account != c.want.Account || got.Name != c.want.Name || got.Errors != c.want.Errors || got.Denied != c.want.Denied {
			t.Errorf("%s: the usage was told %+v, want %+v", c.name, got, c.want)
		}
	}
	if was := strings.ReplaceAll(bodies["what others have"], "secret", "nicety"); was != bodies["what nobody has"] {
		t.Errorf("a name that others have is told as %s, one that nobody has as %s", was, bodies["what nobody has"])
	}
}
