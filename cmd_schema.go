package main

import (
	"github.com/spf13/cobra"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/trama-graph/trama/graph"
)

func schemaCommand() *cobra.Command {
	c := &cobra.Command{Use: "schema", Short: "Print the GraphQL schema with its descriptions", Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		formatter.NewFormatter(c.OutOrStdout(), formatter.WithIndent("  ")).FormatSchema(graph.Public())
		return nil
	}
	return c
}
