package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/trama-graph/trama/graph"
)

func schemaCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "schema", Args: cobra.NoArgs, Short: "Print the GraphQL schema with its descriptions",
		Example: "  trama schema\n  trama schema --token 4mB2s8Qk1Z\n  trama schema --package carrier",
	}
	path := configFlag(c)
	token := c.Flags().String("token", "", "as the token with this public `id` sees it")
	packs := c.Flags().StringSlice("package", nil, "as somebody with this `package` sees it; may be repeated")
	c.RunE = func(c *cobra.Command, _ []string) error {
		s := graph.Public()
		if *token != "" && len(*packs) > 0 {
			return &usageError{errors.New("give --token or --package, not both")}
		}
		if *token != "" || len(*packs) > 0 {
			cfg, err := readAccessConfig(*path)
			if err != nil {
				return &usageError{err}
			}
			p, err := explained(c.Context(), &cfg, *token, tokenFlags{packages: *packs, role: "member"})
			if err != nil {
				return err
			}
			e, err := openPolicies(c.Context(), &cfg)
			if err != nil {
				return err
			}
			v, err := e.View(c.Context(), p)
			if err != nil {
				return err
			}
			if s, err = graph.For(v); err != nil {
				return err
			}
		}
		formatter.NewFormatter(c.OutOrStdout(), formatter.WithIndent("  ")).FormatSchema(s)
		return nil
	}
	return c
}
