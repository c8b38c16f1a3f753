package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/store"
)

func policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Check, explain and compare what tokens may see"}
	c.AddCommand(policyLintCommand(), policyExplainCommand(), policyDiffCommand())
	return c
}

func policyLintCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "lint DIR", Args: cobra.ExactArgs(1),
		Short: "Check the policy files of a directory, together with the shipped ones",
	}
	path := c.Flags().StringP("config", "c", "", "the configuration `file`, for its scopes; without it every scope means the column of its name")
	c.RunE = func(c *cobra.Command, args []string) error {
		scope, err := scopesOf(*path)
		if err != nil {
			return err
		}
		g, err := graphOf()
		if err != nil {
			return err
		}
		mistakes := policies.Lint(g, packages.FS, args[0], scope)
		for _, err := range mistakes {
			fmt.Fprintln(c.ErrOrStderr(), err)
		}
		if len(mistakes) > 0 {
			return errFailed
		}
		fmt.Fprintln(c.OutOrStdout(), "no mistakes")
		return nil
	}
	return c
}

// scopesOf are the scopes of a configuration, or all of them without one.
func scopesOf(path string) (map[string]string, error) {
	if path != "" {
		cfg, err := readAccessConfig(path)
		return cfg.Scope, err
	}
	all := map[string]string{}
	for _, name := range scopes {
		all[name] = name
	}
	return all, nil
}

func policyExplainCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "explain", Args: cobra.NoArgs,
		Short:   "Say what a token may see, and which document decided it",
		Example: "  trama policy explain --token 4mB2s8Qk1Z --field Invoice.total\n  trama policy explain --package carrier --claim carrier=DHL --query notes.graphql",
	}
	path := configFlag(c)
	f := c.Flags()
	token := f.String("token", "", "the public `id` of a token")
	field := f.String("field", "", "only this field, as `Type.field`, or all of a Type")
	query := f.String("query", "", "only the fields the query in this `file` reads; - is the standard input")
	packs := f.StringSlice("package", nil, "instead of a token: somebody with this `package`; may be repeated")
	role := f.String("role", "member", "instead of a token: with this `role`")
	claims := f.StringArray("claim", nil, "instead of a token: with this claim, as `name=value`; may be repeated")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if (*token == "") == (len(*packs) == 0) {
			return &usageError{errors.New("give either --token or --package")}
		}
		if *field != "" && *query != "" {
			return &usageError{errors.New("give --field or --query, not both")}
		}
		cfg, err := readAccessConfig(*path)
		if err != nil {
			return &usageError{err}
		}
		e, err := openPolicies(c.Context(), &cfg)
		if err != nil {
			return err
		}
		o := tokenFlags{packages: *packs, claims: *claims, role: *role}
		p, err := explained(c.Context(), &cfg, *token, o)
		if err != nil {
			return err
		}
		wanted, err := wantedFields(*field, *query, c)
		if err != nil {
			return err
		}
		list, err := e.Explain(c.Context(), p)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
		shown := 0
		for i := range list {
			if x := &list[i]; wanted(x.Type, x.Field) {
				shown++
				fmt.Fprintf(w, "%s.%s\t%s\t%s\n", x.Type, x.Field, x.Verdict, x.Why())
			}
		}
		if shown == 0 {
			return fmt.Errorf("there is no field %s", *field)
		}
		return w.Flush()
	}
	return c
}

// openPolicies reads the shipped policies and the operator's.
func openPolicies(ctx context.Context, cfg *config) (*policies.Engine, error) {
	g, err := graphOf()
	if err != nil {
		return nil, err
	}
	e, err := policies.Open(ctx, policies.Options{Graph: g, Shipped: packages.FS, Dir: cfg.policyDir(), Scopes: cfg.Scope})
	if err != nil {
		return nil, fmt.Errorf("read the policies: %w", err)
	}
	return e, nil
}

// explained is the principal whose view is explained.
func explained(ctx context.Context, cfg *config, token string, o tokenFlags) (*policies.Principal, error) {
	if token == "" {
		g, err := o.grant(time.Now())
		if err != nil {
			return nil, &usageError{err}
		}
		e, err := openPolicies(ctx, cfg)
		if err != nil {
			return nil, err
		}
		for _, name := range o.packages {
			if !slices.Contains(e.PackageNames(), name) {
				return nil, &usageError{fmt.Errorf("there is no package %q; there are %s", name, strings.Join(e.PackageNames(), ", "))}
			}
		}
		return &policies.Principal{TokenID: "-", Account: "-", Role: o.role, Packages: o.packages, Claims: g.Claims, Door: "graphql"}, nil
	}
	st, err := store.Open(ctx, cfg.Store.URL, store.Deps{})
	if err != nil {
		return nil, err
	}
	p, err := tokens.PrincipalOf(ctx, st, token)
	if err = errors.Join(err, st.Close()); err != nil {
		return nil, err
	}
	p.Door = "graphql"
	return p, nil
}

// wantedFields says which fields are to be shown.
func wantedFields(field, query string, c *cobra.Command) (func(typeName, field string) bool, error) {
	if query == "" {
		typeName, name, _ := strings.Cut(field, ".")
		return func(t, f string) bool { return (typeName == "" || t == typeName) && (name == "" || f == name) }, nil
	}
	text, err := readQuery(query, c.InOrStdin())
	if err != nil {
		return nil, &usageError{err}
	}
	fields, err := plan.FieldsOf(graph.Public(), text)
	if err != nil {
		return nil, err
	}
	return func(t, f string) bool { return slices.Contains(fields, t+"."+f) }, nil
}

func policyDiffCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "diff OLD NEW", Args: cobra.ExactArgs(2),
		Short: "Say for each package which fields and row scopes another directory of policies would add or take away",
		Long:  "Say for each package which fields and row scopes another directory of policies would add or take away.\nOLD or NEW may be - for the shipped policies alone.",
	}
	path := c.Flags().StringP("config", "c", "", "the configuration `file`, for its scopes; without it every scope means the column of its name")
	c.RunE = func(c *cobra.Command, args []string) error {
		scope, err := scopesOf(*path)
		if err != nil {
			return err
		}
		g, err := graphOf()
		if err != nil {
			return err
		}
		var dirs [2]fs.FS
		for i, name := range args {
			if name == "-" {
				continue
			}
			if info, err := os.Stat(name); err != nil || !info.IsDir() {
				return &usageError{fmt.Errorf("%s is not a directory", name)}
			}
			dirs[i] = os.DirFS(name)
		}
		changes, err := policies.Diff(c.Context(), g, packages.FS, dirs[0], dirs[1], scope)
		if err != nil {
			return err
		}
		for _, x := range changes {
			fmt.Fprintln(c.OutOrStdout(), x)
		}
		if len(changes) == 0 {
			fmt.Fprintln(c.OutOrStdout(), "no difference")
		}
		return nil
	}
	return c
}
