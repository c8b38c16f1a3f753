// Package notes writes the technical note of a package: what a partner must know
// to use his token, on one page. `trama docs packages` calls it and docs/packages
// holds what it wrote.
//
// Fields, their meaning, arguments, filters and orders come from the schema as the
// package's view shows it, masks and row scopes from the view itself, titles and the
// example from the package's document: none of them is typed twice. Only the fixed
// sentences stand here, one file for each language.
package notes

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/trama-graph/trama/policies"
)

// Package is what a note says of a package beside its fields.
type Package struct {
	Name              string
	Titles, Summaries map[string]string // by language
	Claims            []string          // that its tokens need
	Example           string            // one GraphQL operation, "" for none
}

// Added is a field that a package grants on a type of which it does not show the
// rows: with a package that does, a token sees it.
type Added struct {
	Type, Field string
	Mask        policies.MaskKind // "" when it is shown whole
	If          bool              // only where the policy's conditions hold
}

// Grants is what a token of the package sees; a *policies.View is one.
type Grants interface {
	Grant(typeName, field string) policies.Grant
	Rows(typeName string) (rule *policies.Rule, visible bool)
}

// Limits are the server's own, which hold where an agreement says nothing else. 0
// is no limit.
type Limits struct {
	DefaultPage, PageSize, Depth, Aliases, RootFields, Tokens, Rows int

	Cost int64
	Time time.Duration
}

// Input is all a note is made of.
type Input struct {
	Package  Package
	Language Language
	Schema   *ast.Schema // as the package's view shows it
	Full     *ast.Schema // with its @reads and @value
	View     Grants
	Added    []Added // in the order they are shown
	Limits   Limits
	URL      string // of the server as partners reach it, "" when not known
}

// Render writes a note as Markdown. A title or summary that is missing in the
// language is given in English, else the package's name stands for the title; what is
// missing altogether is left out. It is an error when the package's example is no
// valid question to the schema.
func Render(w io.Writer, in Input) error {
	t, err := textsOf(in.Language)
	if err != nil {
		return err
	}
	example := ""
	if in.Package.Example != "" {
		if example, err = format(in.Schema, in.Package.Example); err != nil {
			return fmt.Errorf("example of package %s: %w", in.Package.Name, err)
		}
	}
	if in.URL == "" {
		in.URL = "https://api.example.com"
	}
	n := &note{Input: in, t: t, reach: reachOf(in.Schema, in.Full)}
	if n.samples, err = n.samplesOf(); err != nil {
		return fmt.Errorf("questions of package %s: %w", in.Package.Name, err)
	}
	n.head()
	n.access()
	if example != "" {
		n.section(t.example)
		n.fence("graphql", example)
	}
	n.roots()
	n.records()
	n.added()
	n.paging()
	n.values()
	n.masks()
	n.limits()
	n.errors()
	n.systems()
	_, err = io.WriteString(w, n.b.String())
	return err
}

// note is one page while it is written.
type note struct {
	Input
	t      *texts
	b      strings.Builder
	reach  reach
	masked []policies.MaskKind // met so far

	samples []sample
}

func (n *note) head() {
	// No colon between the two, as a title may have one.
	n.linef("# %s – %s", n.inLanguage(n.Package.Titles, n.Package.Name), n.t.note)
	others := make([]string, 0, len(Languages()))
	for _, l := range Languages() {
		if l != n.Language {
			others = append(others, fmt.Sprintf("[%s](%s)", l.own(), File(n.Package.Name, l)))
		}
	}
	n.linef("%s · %s", fmt.Sprintf(n.t.packageIs, n.Package.Name), strings.Join(others, " · "))
	if s := n.inLanguage(n.Package.Summaries, ""); s != "" {
		n.linef("%s", s)
	}
	n.linef("%s", n.t.only)
}

// inLanguage is a text in the note's language, else in English, else the other.
func (n *note) inLanguage(texts map[string]string, other string) string {
	return cmp.Or(texts[string(n.Language)], texts[string(English)], other)
}

func (n *note) access() {
	n.section(n.t.access)
	for _, s := range n.t.accessItems {
		n.item(strings.ReplaceAll(s, "{url}", n.URL))
	}
	n.b.WriteString("\n")
	n.fence("sh", "curl -s "+n.URL+"/graphql -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n  -d '{\"query\":\"{ me { account packages expiresAt } }\"}'\n")
	if len(n.Package.Claims) == 0 {
		return
	}
	n.linef("%s", n.t.claims)
	for _, c := range n.Package.Claims {
		text := n.t.claim[c]
		if text == "" {
			text = n.t.otherClaim
		}
		n.item("`" + c + "`" + n.t.colon + text)
	}
	n.b.WriteString("\n")
}

// format writes an operation over several lines.
func format(s *ast.Schema, text string) (string, error) {
	doc, err := parser.ParseQuery(&ast.Source{Name: "example", Input: text})
	if err != nil {
		return "", err
	}
	if len(doc.Operations) != 1 {
		return "", errors.New("it is not one operation")
	}
	if errs := validator.ValidateWithRules(s, doc, rules.NewDefaultRules()); len(errs) > 0 {
		return "", errs
	}
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatQueryDocument(doc)
	if text := b.String(); !strings.HasPrefix(text, "query {") {
		return text, nil // with a name or variables the word must stay
	}
	return strings.TrimPrefix(b.String(), "query "), nil
}
