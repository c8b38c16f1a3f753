package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	c := &cobra.Command{Use: "serve", Short: "Serve the systems of a configuration", Args: cobra.NoArgs}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := load(*path)
		if err != nil {
			return err
		}
		log := newLog(c.ErrOrStderr(), cfg.Log.Level)
		a, err := build(c.Context(), cfg, "live", log)
		if err != nil {
			return err
		}
		list, err := a.store.Tokens(c.Context(), "")
		if err != nil {
			return fmt.Errorf("%w", closing(a, err))
		}
		if len(list) == 0 {
			log.WarnContext(c.Context(), "found no token, nobody can ask: make one with `trama token new`")
		}
		return closing(a, a.run(c.Context(), nil))
	}
	return c
}
