package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// healthCommand asks a server whether it is ready: containers have no other program
// to ask with.
func healthCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "health [URL]", Short: "Ask a running server whether it is ready", Args: cobra.MaximumNArgs(1),
		Long: "Ask a running server whether it is ready. The default is http://127.0.0.1:8080/readyz. It ends with 0 when it is, degraded or not.",
	}
	timeout := c.Flags().Duration("timeout", 2*time.Second, "how `long` it may take")
	c.RunE = func(c *cobra.Command, args []string) error {
		address := "http://127.0.0.1:8080/readyz"
		if len(args) == 1 {
			address = args[0]
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			return &usageError{fmt.Errorf("%q: want an address as http://HOST:PORT", address)}
		}
		if u.Path == "" || u.Path == "/" {
			address = u.JoinPath("readyz").String()
		}
		r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, address, nil)
		if err != nil {
			return &usageError{err}
		}
		reply, err := (&http.Client{Timeout: *timeout}).Do(r)
		if err != nil {
			return fmt.Errorf("it does not answer: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(reply.Body, 64<<10))
		if closed := reply.Body.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("it does not answer: %w", err)
		}
		fmt.Fprintf(c.OutOrStdout(), "%s", body)
		if reply.StatusCode != http.StatusOK {
			return errFailed
		}
		return nil
	}
	return c
}
