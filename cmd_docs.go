package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/notes"
	"github.com/trama-graph/trama/policies/packages"
)

func docsCommand() *cobra.Command {
	c := &cobra.Command{Use: "docs", Short: "Print documentation made from the policies and the schema"}
	c.AddCommand(docsPackagesCommand())
	return c
}

func docsPackagesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "packages [NAME…]", Short: "Print the technical note of packages, for who gets a token of them; all packages when none is named",
		Example: "  trama docs packages carrier --lang fr\n  trama docs packages --out notes --config trama.yaml",
	}
	f := c.Flags()
	path := f.StringP("config", "c", "", "the configuration `file` whose packages, scopes, limits and public_url to use; without it trama.yaml where there is one, else the shipped packages and the defaults")
	langs := f.StringSlice("lang", nil, "the `language`: en, fr, ro or pt; default en, with --out all")
	out := f.String("out", "", "write one file for each package and language into this `directory` instead of printing")
	c.RunE = func(c *cobra.Command, names []string) error {
		cfg, err := docsConfig(*path)
		if err != nil {
			return err
		}
		languages, err := languagesOf(*langs, *out != "")
		if err != nil {
			return &usageError{err}
		}
		p, err := openNotes(c.Context(), &cfg)
		if err != nil {
			return err
		}
		if names, err = p.names(names, func(err error) { fmt.Fprintln(c.ErrOrStderr(), "trama: "+err.Error()) }); err != nil {
			return &usageError{err}
		}
		return p.write(c.Context(), c.OutOrStdout(), *out, names, languages)
	}
	return c
}

// docsConfig reads the named configuration, else trama.yaml, as every command does.
// Notes need no configuration: without either they are those of the defaults.
func docsConfig(path string) (config, error) {
	if path == "" {
		path = "trama.yaml"
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			cfg := defaultConfig()
			cfg.Scope = map[string]string{}
			for _, s := range scopes { // the usual columns, which are named after the scopes
				cfg.Scope[s] = s
			}
			return cfg, nil
		}
	}
	return load(path)
}

// languagesOf reads --lang.
func languagesOf(list []string, all bool) ([]notes.Language, error) {
	if len(list) == 0 {
		if all {
			return notes.Languages(), nil
		}
		return []notes.Language{notes.English}, nil
	}
	languages := make([]notes.Language, len(list))
	for i, s := range list {
		l, err := notes.ParseLanguage(s)
		if err != nil {
			return nil, fmt.Errorf("--lang: %w", err)
		}
		languages[i] = l
	}
	return languages, nil
}

// packageNotes makes technical notes.
type packageNotes struct {
	cfg      *config
	engine   *policies.Engine
	packages []notes.Package
}

func openNotes(ctx context.Context, cfg *config) (*packageNotes, error) {
	g, err := graphOf()
	if err != nil {
		return nil, err
	}
	e, err := policies.Open(ctx, policies.Options{Graph: g, Shipped: packages.FS, Dir: cfg.policyDir(), Scopes: cfg.Scope})
	if err != nil {
		return nil, fmt.Errorf("read the policies: %w", err)
	}
	p := &packageNotes{cfg: cfg, engine: e}
	for _, d := range e.Documents() {
		if d.Package != "" {
			p.packages = append(p.packages, notes.Package{Name: d.Package, Titles: d.Titles, Summaries: d.Summaries, Claims: d.Claims, Example: d.Example})
		}
	}
	slices.SortFunc(p.packages, func(a, b notes.Package) int { return strings.Compare(a.Name, b.Name) })
	return p, nil
}

// names checks the asked names; none means all that this configuration can give
// out, and the others are told to warn.
func (p *packageNotes) names(asked []string, warn func(error)) ([]string, error) {
	var all, usable []string
	wrong := map[string]error{}
	for i := range p.packages {
		name := p.packages[i].Name
		all = append(all, name)
		if wrong[name] = p.check(&p.packages[i]); wrong[name] == nil {
			usable = append(usable, name)
		} else if len(asked) == 0 {
			warn(wrong[name])
		}
	}
	if len(asked) == 0 {
		return usable, nil
	}
	for _, n := range asked {
		if !slices.Contains(all, n) {
			return nil, fmt.Errorf("no package %q: there are %s", n, strings.Join(all, ", "))
		}
		if wrong[n] != nil {
			return nil, wrong[n]
		}
	}
	return asked, nil
}

// check says which scope a package waits for: without it, it shows no rows, and a
// note of it would be wrong as soon as it is there.
func (p *packageNotes) check(of *notes.Package) error {
	for _, c := range of.Claims {
		if slices.Contains(scopes, c) && p.cfg.Scope[c] == "" {
			return fmt.Errorf("package %s shows nothing: scope.%s is not configured", of.Name, c)
		}
	}
	return nil
}

// write writes the notes of the named packages to w, or into files of a directory.
func (p *packageNotes) write(ctx context.Context, w io.Writer, dir string, names []string, languages []notes.Language) error {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for i := range p.packages {
		if !slices.Contains(names, p.packages[i].Name) {
			continue
		}
		in, err := p.input(ctx, p.packages[i])
		if err != nil {
			return err
		}
		for _, in.Language = range languages {
			var b strings.Builder
			if err := notes.Render(&b, in); err != nil {
				return err
			}
			if dir == "" {
				_, err = io.WriteString(w, b.String())
			} else {
				err = os.WriteFile(filepath.Join(dir, notes.File(in.Package.Name, in.Language)), []byte(b.String()), 0o644)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// input is what a token of this one package sees, whoever's it is.
func (p *packageNotes) input(ctx context.Context, of notes.Package) (notes.Input, error) {
	claims := map[string]string{}
	for _, c := range of.Claims {
		claims[c] = "x" // rules name the claim and not its value
	}
	who := &policies.Principal{TokenID: "notes", Packages: []string{of.Name}, Claims: claims, Door: "graphql"}
	v, err := p.engine.View(ctx, who)
	if err != nil {
		return notes.Input{}, err
	}
	added, err := p.added(ctx, of.Name, who)
	if err != nil {
		return notes.Input{}, err
	}
	s, err := graph.For(v)
	if err != nil {
		return notes.Input{}, errors.New("package " + of.Name + ": it grants nothing")
	}
	l := p.cfg.Limits
	return notes.Input{
		Package: of, Schema: s, Full: graph.Full(), View: v, Added: added, URL: strings.TrimRight(p.cfg.PublicURL, "/"),
		Limits: notes.Limits{
			DefaultPage: l.DefaultPage, PageSize: l.PageSize, Depth: l.Depth, Aliases: l.Aliases, RootFields: l.RootFields,
			Tokens: l.Tokens, Cost: l.Cost, Time: l.Timeout,
		},
	}, nil
}

// added are the fields the policies of this package grant on types of which it does
// not show the rows itself: they are seen with a package that does.
func (p *packageNotes) added(ctx context.Context, name string, who *policies.Principal) ([]notes.Added, error) {
	own := map[string]bool{} // policies that name the package, unlike those for everybody
	for _, d := range p.engine.Documents() {
		for i := range d.Policies {
			own[d.Policies[i].ID] = own[d.Policies[i].ID] || slices.Contains(d.Policies[i].Subjects, "package:"+name)
		}
	}
	list, err := p.engine.Explain(ctx, who)
	if err != nil {
		return nil, err
	}
	keyed := map[string]bool{} // types that have rows
	shown := map[string]bool{} // those of which the package shows rows
	for i := range list {
		if list[i].Field == "id" {
			keyed[list[i].Type], shown[list[i].Type] = true, list[i].Verdict != policies.Deny
		}
	}
	var out []notes.Added
	for i := range list {
		x := &list[i]
		if !keyed[x.Type] || shown[x.Type] {
			continue
		}
		if a, ok := addition(x, own); ok {
			out = append(out, a)
		}
	}
	return out, nil
}

// addition is what the package's own policies grant of a field: whole beats masked,
// and what holds always beats what holds under conditions.
func addition(x *policies.Explanation, own map[string]bool) (notes.Added, bool) {
	a, found := notes.Added{Type: x.Type, Field: x.Field}, false
	for _, d := range x.Deciders {
		if !own[d.Policy] {
			continue
		}
		if d.Effect == "deny" && slices.Contains(d.Actions, "read") && d.Not == "" && d.Rows == "" {
			return a, false
		}
		if d.Effect != "allow" {
			continue
		}
		conditional := d.Not != "" || d.Rows != ""
		for _, act := range d.Actions {
			kind, masked := strings.CutPrefix(act, "mask:")
			if !masked && act != "read" {
				continue
			}
			if !masked {
				kind = ""
			}
			if better := !found || (a.Mask != "" && !masked) || ((a.Mask == "") == !masked && a.If && !conditional); better {
				a.Mask, a.If, found = policies.MaskKind(kind), conditional, true
			}
		}
	}
	return a, found
}
