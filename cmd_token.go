package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/store"
)

func tokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Make, replace, disable and list tokens"}
	c.AddCommand(tokenNewCommand(), tokenDisableCommand(), tokenListCommand())
	return c
}

func tokenNewCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "new", Aliases: []string{"replace"}, Args: cobra.NoArgs,
		Short: "Make an account's token, which stops the one it had; it is shown once",
	}
	path := configFlag(c)
	account := c.Flags().String("account", "admin", "the `name` of the account")
	expires := c.Flags().Duration("expires", 0, "stop after this `time`; 0 = never")
	networks := c.Flags().StringSlice("network", nil, "only from this `network`, such as 10.0.0.0/8; may be repeated")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withTokens(c, *path, func(s *tokens.Service, _ *store.Store) error {
			g := tokens.Grant{Account: *account, Packages: []string{"admin"}, Networks: *networks, By: "operator"}
			if *expires < 0 {
				return &usageError{errors.New("--expires must not be negative")}
			}
			if *expires > 0 {
				g.Expires = time.Now().Add(*expires)
			}
			text, _, err := s.Issue(c.Context(), g)
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
		return withTokens(c, *path, func(s *tokens.Service, _ *store.Store) error {
			return s.Disable(c.Context(), args[0], "operator")
		})
	}
	return c
}

func tokenListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List tokens; secrets are not stored and cannot be shown", Args: cobra.NoArgs}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withTokens(c, *path, func(_ *tokens.Service, st *store.Store) error {
			list, err := st.Tokens(c.Context(), "")
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tACCOUNT\tSTATE\tCREATED\tEXPIRES")
			for _, t := range list {
				expires := "never"
				if !t.ExpiresAt.IsZero() {
					expires = t.ExpiresAt.UTC().Format(time.RFC3339)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Account, t.State, t.CreatedAt.UTC().Format(time.RFC3339), expires)
			}
			return w.Flush()
		})
	}
	return c
}

// withTokens opens the store only: tokens can be managed while the server runs.
func withTokens(c *cobra.Command, path string, f func(*tokens.Service, *store.Store) error) (err error) {
	cfg, err := load(path)
	if err != nil {
		return err
	}
	st, err := store.Open(c.Context(), cfg.Store.URL, store.Deps{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	key, err := st.ServerKey(c.Context())
	if err != nil {
		return err
	}
	return f(tokens.New(st, key, "live", time.Now), st)
}
