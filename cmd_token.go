package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/store"
)

func tokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Make, replace, disable and list tokens"}
	c.AddCommand(tokenNewCommand(), tokenReplaceCommand(), tokenDisableCommand(), tokenListCommand())
	return c
}

// tokenFlags say what a token is made with.
type tokenFlags struct {
	account, role, agreement string
	packages, claims         []string
	networks                 []string
	source                   string
	expires                  time.Duration
}

func tokenNewCommand() *cobra.Command {
	var o tokenFlags
	c := &cobra.Command{
		Use: "new", Args: cobra.NoArgs,
		Short: "Make an account's token, which stops the one it had; it is shown once",
		Example: "  trama token new\n" +
			"  trama token new --account dashboards --package dashboard\n" +
			"  trama token new --account mover --package carrier --claim carrier=\"Transports Rapides\" --expires 2160h\n" +
			"  trama token new --account erp-feed --source erp",
	}
	path := configFlag(c)
	f := c.Flags()
	f.StringVar(&o.account, "account", "admin", "the `name` of the account, which is made when there is none")
	f.StringVar(&o.role, "role", "", "the account's `role`: root, admin or member; default root for the account admin, else member")
	f.StringVar(&o.agreement, "agreement", "", "the `name` of the account's agreement")
	f.StringSliceVar(&o.packages, "package", nil, "a `package` it may see; may be repeated; default admin for the account admin, else all of its agreement")
	f.StringArrayVar(&o.claims, "claim", nil, "whose rows it may see, as `name=value`: customer, shop, carrier, supplier; may be repeated")
	f.StringVar(&o.source, "source", "", "a `source` whose records it pushes, and nothing else; in the place of packages")
	f.DurationVar(&o.expires, "expires", 0, "stop after this `time`; 0 = never")
	f.StringSliceVar(&o.networks, "network", nil, "only from this `network`, such as 10.0.0.0/8; may be repeated")
	c.RunE = func(c *cobra.Command, _ []string) error {
		g, err := o.grant(time.Now())
		if err != nil {
			return &usageError{err}
		}
		return withGrants(c, *path, func(s *tokens.Service, sealer *seal.Sealer) error {
			if err := checkCustomer(sealer, g.Claims); err != nil {
				return err
			}
			if o.role != "" || o.agreement != "" {
				if err := o.saveAccount(c.Context(), s); err != nil {
					return err
				}
			}
			before, err := s.Tokens(c.Context(), tokens.TokenFilter{Account: g.Account, State: tokens.Active})
			if err != nil {
				return err
			}
			text, _, err := s.Issue(c.Context(), tokens.Operator(), g)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), text)
			for i := range before {
				// Beside the token, which is often read by a program.
				fmt.Fprintf(c.ErrOrStderr(), "The account %s had a token, %s: it stops now, or after the overlap of its agreement. For a second one name another --account.\n", g.Account, before[i].ID)
			}
			return nil
		})
	}
	return c
}

// grant is what the flags ask for.
func (o *tokenFlags) grant(now time.Time) (tokens.Grant, error) {
	g := tokens.Grant{Account: o.account, Packages: o.packages, Networks: o.networks, Role: tokens.Role(o.role), Source: o.source}
	if o.source != "" && o.account == "admin" {
		return g, errors.New("--source: give the system an --account of its own")
	}
	if o.account == "admin" && len(o.packages) == 0 && o.agreement == "" {
		g.Packages = []string{"admin"}
	}
	if g.Role == "" {
		g.Role = tokens.Member
		if o.account == "admin" {
			g.Role = tokens.Root
		}
	}
	for _, c := range o.claims {
		name, value, ok := strings.Cut(c, "=")
		if !ok || name == "" {
			return g, fmt.Errorf("--claim %q: want name=value", c)
		}
		if g.Claims == nil {
			g.Claims = map[string]string{}
		}
		if _, twice := g.Claims[name]; twice {
			return g, fmt.Errorf("--claim %s is given twice", name)
		}
		g.Claims[name] = value
	}
	switch {
	case o.expires < 0:
		return g, errors.New("--expires must not be negative")
	case o.expires > 0:
		g.Expires = now.Add(o.expires)
	}
	return g, nil
}

func (o *tokenFlags) saveAccount(ctx context.Context, s *tokens.Service) error {
	_, err := s.SaveAccount(ctx, tokens.Operator(), o.account, func(a *tokens.Account) {
		if o.role != "" {
			a.Role = tokens.Role(o.role)
		}
		if o.agreement != "" {
			a.Agreement = o.agreement
		}
	})
	return err
}

func tokenReplaceCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "replace", Args: cobra.NoArgs,
		Short: "Make a new token with the packages, claims, networks and end of an account's last one, which stops",
	}
	path := configFlag(c)
	account := c.Flags().String("account", "admin", "the `name` of the account")
	expires := c.Flags().Duration("expires", 0, "stop after this `time`; 0 = when the old one would have")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *expires < 0 {
			return &usageError{errors.New("--expires must not be negative")}
		}
		return withGrants(c, *path, func(s *tokens.Service, _ *seal.Sealer) error {
			list, err := s.Tokens(c.Context(), tokens.TokenFilter{Account: *account, First: 1})
			if err != nil {
				return err
			}
			if len(list) == 0 {
				return fmt.Errorf("the account %s has no token to replace; make one with `trama token new`", *account)
			}
			old := list[0]
			g := tokens.Grant{Account: *account, Packages: old.Packages, Claims: old.Claims, Networks: old.Networks, Expires: old.ExpiresAt}
			if g.Source = old.Source(); g.Source != "" {
				g.Claims = nil
			}
			switch now := time.Now(); {
			case *expires > 0:
				g.Expires = now.Add(*expires)
			case !g.Expires.IsZero() && !now.Before(g.Expires):
				return errors.New("the old token has ended; say with --expires when the new one does")
			}
			text, _, err := s.Issue(c.Context(), tokens.Operator(), g)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), text)
			return nil
		})
	}
	return c
}

func tokenDisableCommand() *cobra.Command {
	c := &cobra.Command{Use: "disable ID", Short: "Stop a token at once", Args: cobra.ExactArgs(1)}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return withTokens(c, *path, func(s *tokens.Service, _ *seal.Sealer) error {
			_, err := s.Disable(c.Context(), tokens.Operator(), args[0])
			return err
		})
	}
	return c
}

func tokenListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List tokens; secrets are not stored and cannot be shown", Args: cobra.NoArgs}
	path := configFlag(c)
	account := c.Flags().String("account", "", "only those of this `account`")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withTokens(c, *path, func(s *tokens.Service, _ *seal.Sealer) error {
			list, err := s.Tokens(c.Context(), tokens.TokenFilter{Account: *account, First: mostListed})
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tACCOUNT\tSTATE\tPACKAGES\tCLAIMS\tCREATED\tEXPIRES\tLAST USED")
			now := time.Now()
			for i := range list {
				t := &list[i]
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Account, t.StateNow(now), strings.Join(t.Packages, ","),
					claimList(t.Claims), stamp(t.CreatedAt), stamp(t.ExpiresAt), stamp(t.LastUsedAt))
			}
			return w.Flush()
		})
	}
	return c
}

func claimList(claims map[string]string) string {
	parts := make([]string, 0, len(claims))
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		parts = append(parts, name+"="+claims[name])
	}
	return strings.Join(parts, ",")
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// withGrants is withTokens for what gives packages: the policies say which there are.
func withGrants(c *cobra.Command, path string, f func(*tokens.Service, *seal.Sealer) error) error {
	cfg, err := readAccessConfig(path)
	if err != nil {
		return &usageError{err}
	}
	e, err := openPolicies(c.Context(), &cfg)
	if err != nil {
		return err
	}
	return withService(c, &cfg, f, append(grants(func() *policies.Engine { return e }), tokens.WithSources(cfg.pushedNames))...)
}

// withTokens opens the store only: tokens are listed and stopped while the server runs,
// whatever the sources do, and whatever is wrong with the policies.
func withTokens(c *cobra.Command, path string, f func(*tokens.Service, *seal.Sealer) error) error {
	cfg, err := readAccessConfig(path)
	if err != nil {
		return &usageError{err}
	}
	return withService(c, &cfg, f)
}

func withService(c *cobra.Command, cfg *config, f func(*tokens.Service, *seal.Sealer) error, options ...tokens.Option) (err error) {
	st, err := store.Open(c.Context(), cfg.Store.URL, store.Deps{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	key, err := st.ServerKey(c.Context())
	if err != nil {
		return err
	}
	sealer, err := seal.New(key)
	if err != nil {
		return err
	}
	return f(tokens.New(st, key, "live", time.Now, options...), sealer)
}
