package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/policies"
)

func queryCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "query FILE|-", Short: "Run a GraphQL query as an administrator, without a server", Args: cobra.ExactArgs(1),
		Example: "  trama query --config trama.yaml customers.graphql\n  echo '{ sources { name state } }' | trama query -",
	}
	path := configFlag(c)
	onlyPlan := c.Flags().Bool("plan", false, "print how it would be answered, and what it would cost, instead of answering it")
	variables := c.Flags().String("variables", "", "variables as a JSON `object`")
	wait := c.Flags().Duration("wait", 5*time.Minute, "how long the first reading of the customers may take")
	c.RunE = func(c *cobra.Command, args []string) error {
		text, err := readQuery(args[0], c.InOrStdin())
		if err != nil {
			return &usageError{err}
		}
		var vars map[string]any
		if *variables != "" {
			d := json.NewDecoder(strings.NewReader(*variables))
			d.UseNumber()
			if err := d.Decode(&vars); err != nil {
				return &usageError{errors.New("--variables is not a JSON object")}
			}
		}
		cfg, err := load(*path)
		if err != nil {
			return err
		}
		a, err := build(c.Context(), cfg, "live", newLog(c.ErrOrStderr(), "warn"))
		if err != nil {
			return err
		}
		if *onlyPlan {
			p, err := a.web.Plan(c.Context(), operator(), text, "", vars)
			if err != nil {
				return closing(a, err)
			}
			return closing(a, writeIndented(c.OutOrStdout(), p))
		}
		return closing(a, a.ask(c.Context(), c.OutOrStdout(), text, vars, *wait))
	}
	return c
}

func closing(a *app, err error) error { return errors.Join(err, a.close()) }

func readQuery(name string, stdin io.Reader) (string, error) {
	var b []byte
	var err error
	if name == "-" {
		b, err = io.ReadAll(stdin)
	} else {
		b, err = os.ReadFile(name)
	}
	return string(b), err
}

// operator is who asks from the command line.
func operator() *policies.Principal {
	return &policies.Principal{TokenID: "operator", Account: "operator", Role: "root", Packages: []string{"admin"}, Door: "command"}
}

// ask reads copies that were never read and fills the directory once, and answers
// one query. An answer with errors makes
// the command fail.
func (a *app) ask(ctx context.Context, w io.Writer, query string, vars map[string]any, wait time.Duration) error {
	fill, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for _, c := range a.copies {
		if c.Status().AsOf.IsZero() { // never read whole; what fails is said in the answer
			_ = c.Sync(fill, copies.Options{})
		}
	}
	a.fill(fill)
	result, err := a.web.Execute(ctx, operator(), query, vars)
	if err != nil {
		return err
	}
	if err := writeIndented(w, json.RawMessage(result.AppendJSON(nil))); err != nil {
		return err
	}
	if len(result.Errors()) > 0 {
		return errFailed
	}
	return nil
}

// fill reads the customers of every source once, side by side. A source that
// fails leaves its branches with their errors, and is returned with its own.
func (a *app) fill(ctx context.Context) map[string]error {
	var mu sync.Mutex // guards failed
	failed := map[string]error{}
	var wait sync.WaitGroup
	for name, ix := range a.indexers() {
		if a.kept != nil && isKept(a.catalog.Source(name)) {
			continue
		}
		wait.Go(func() {
			err := a.directory.Replace(ctx, name, ix)
			if err == nil {
				return
			}
			a.log.WarnContext(ctx, "reading customers failed", "source", name, "err", cause(err))
			mu.Lock()
			defer mu.Unlock()
			failed[name] = err
		})
	}
	wait.Wait()
	return failed
}

func writeIndented(w io.Writer, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, b.String())
	return err
}
