package main

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
)

// demoConfig is the demo's configuration: a template over the sandbox's systems,
// read by the same reader as an operator's file.
//
//go:embed demo.yaml.tmpl
var demoConfig string

// demoQuery is the joined question of the README.
//
//go:embed demo.graphql
var demoQuery string

type demoOptions struct {
	listen    string
	json      string
	customers int
	once      bool
	latency   time.Duration
	seed      uint64
	cache     time.Duration
	timeout   time.Duration
	logLevel  string
	supply    string
}

func demoCommand() *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use: "demo", Short: "Start fake systems that speak the real protocols, and Trama in front of them", Args: cobra.NoArgs,
		Long: "Start fake systems on loopback that speak the real protocols, and Trama in front of them.\nNothing is needed, and nothing stays behind. The data is the same at every start.",
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "the `address` to serve at; port 0 takes a free one")
	f.StringVar(&o.json, "json", "", "write addresses and tokens to this `file` as JSON once ready")
	f.IntVar(&o.customers, "customers", sandbox.DefaultCustomers, "how many customers the world has")
	f.BoolVar(&o.once, "once", false, "print the answer and end")
	f.DurationVar(&o.latency, "latency", 0, "added to every answer of the fake systems")
	f.Uint64Var(&o.seed, "seed", 1, "which world")
	f.DurationVar(&o.cache, "cache", 30*time.Second, "how long rows are kept; 0 = not at all")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "how long one query may take")
	f.StringVar(&o.logLevel, "log", "warn", "debug, info, warn or error")
	f.StringVar(&o.supply, "supply", "copy", "how the systems that can be asked live are supplied: live, or copy, which tables are read of")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if o.supply != "copy" && o.supply != "live" {
			return &usageError{errors.New("--supply must be copy or live")}
		}
		if o.customers < 1 || o.customers > 1_000_000 {
			return &usageError{errors.New("--customers must be between 1 and 1,000,000")}
		}
		return runDemo(c.Context(), o, c.OutOrStdout(), newLog(c.ErrOrStderr(), o.logLevel))
	}
	return c
}

// checkFree says at once that an address is taken: the fake systems take their time.
func checkFree(ctx context.Context, address string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return &usageError{fmt.Errorf("%s cannot be listened at, it may be taken: give another address, as in `make demo LISTEN=127.0.0.1:8090` or `trama demo --listen 127.0.0.1:8090`: %w", address, err)}
	}
	return l.Close()
}

func runDemo(ctx context.Context, o demoOptions, out io.Writer, log *slog.Logger) (err error) {
	if !o.once {
		if err := checkFree(ctx, o.listen); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir, err := os.MkdirTemp("", "trama-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The sandbox outlives the server, so that running requests can finish.
	world, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	box, err := sandbox.Start(world, sandbox.Options{
		Customers: o.customers, Seed: o.seed, Latency: o.latency, OneC: onec.Options{Configuration: onec.UNF},
	})
	if err != nil {
		return fmt.Errorf("start the fake systems: %w", err)
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	cfg, err := configureDemo(o, box, dir)
	if err != nil {
		return err
	}
	a, err := build(ctx, cfg, "test", log)
	if err != nil {
		return err
	}
	list := demoTokensOf(box)
	texts, err := a.demoTokens(ctx, list)
	if err != nil {
		return closing(a, err)
	}
	if o.once {
		started := time.Now()
		if err := a.syncCopies(ctx, io.Discard, nil, syncOptions{}); err != nil {
			return closing(a, err)
		}
		a.fill(ctx)
		return closing(a, a.showAnswer(ctx, out, o.customers, time.Since(started)))
	}
	var failed error
	err = a.run(ctx, func(addr net.Addr) {
		if failed = a.demoReady(ctx, o, out, addr, list, texts); failed != nil {
			cancel()
		}
	})
	return closing(a, errors.Join(failed, err))
}

func configureDemo(o demoOptions, box *sandbox.Sandbox, dir string) (config, error) {
	t, err := template.New("demo").Parse(demoConfig)
	if err != nil {
		return config{}, err
	}
	sources := map[string]*sandbox.Source{}
	for _, s := range box.Sources {
		sources[s.Name] = s
	}
	var text strings.Builder
	if err := t.Execute(&text, map[string]any{
		"listen": o.listen, "store": "sqlite:" + filepath.Join(dir, "trama.db"), "cache": o.cache, "timeout": cmp.Or(o.timeout, time.Minute), "dir": dir, "sources": sources, "supply": cmp.Or(o.supply, "live"),
	}); err != nil {
		return config{}, err
	}
	cfg, err := parseConfig([]byte(text.String()), os.LookupEnv)
	if err != nil {
		return cfg, &usageError{err}
	}
	return cfg, nil
}

// showAnswer asks the README's question and prints the answer.
func (a *app) showAnswer(ctx context.Context, out io.Writer, customers int, filled time.Duration) error {
	fmt.Fprintf(out, "%d customers in five systems; what is copied and their directory were read in %s.\n\n%s\n", customers, filled.Round(time.Millisecond), demoQuery)
	started := time.Now()
	result, err := a.web.Execute(ctx, operator(), demoQuery, nil)
	if err != nil {
		return err
	}
	took := time.Since(started)
	if err := writeIndented(out, json.RawMessage(result.AppendJSON(nil))); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nOne query, five systems, %s.\n", took.Round(100*time.Microsecond))
	if len(result.Errors()) > 0 {
		return errFailed
	}
	return nil
}

// demoFile is what --json writes.
type demoFile struct {
	URL     string            `json:"url"`
	GraphQL string            `json:"graphql"`
	OData   string            `json:"odata"`
	Export  string            `json:"export"`
	Tokens  map[string]string `json:"tokens"`
}

func (a *app) demoReady(ctx context.Context, o demoOptions, out io.Writer, addr net.Addr, list []demoToken, texts map[string]string) error {
	started := time.Now()
	a.waitFilled(ctx)
	// An answer with errors is shown, and the server goes on.
	if err := a.showAnswer(ctx, out, o.customers, time.Since(started)); err != nil && !errors.Is(err, errFailed) {
		return err
	}
	more, err := a.addOns(ctx)
	if err != nil {
		return err
	}
	added, err := a.demoTokens(ctx, more)
	if err != nil {
		return err
	}
	list = append(list, more...)
	maps.Copy(texts, added)
	f := demoFile{URL: "http://" + addr.String(), Tokens: texts}
	f.GraphQL, f.OData, f.Export = f.URL+"/graphql", f.URL+"/odata", f.URL+"/export"
	fmt.Fprintf(out, "\nServing at %s  (Ctrl-C ends it)\n\n  GraphQL   %s\n  OData     %s\n  Files     %s/orders.csv, .xlsx, .parquet, .ndjson\n\nTokens, one for each package, with whose rows it sees:\n", f.URL, f.GraphQL, f.OData, f.Export)
	if err := showTokens(out, list, texts); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nTry\n  curl -s %s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{\"query\":\"{ sources { name kind state } }\"}'\n", f.GraphQL, texts["admin"])
	if o.json == "" {
		return nil
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	// Readers wait for the file: it appears whole or not at all.
	if err := os.WriteFile(o.json+".new", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(o.json+".new", o.json)
}

// waitFilled waits until what is copied was read once, and the running directory
// has read the customers of every source.
func (a *app) waitFilled(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for _, c := range a.copies {
		for c.Status().AsOf.IsZero() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
	for name := range a.indexers() {
		for {
			if asOf, _, _ := a.directory.Status(name); !asOf.IsZero() {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}
