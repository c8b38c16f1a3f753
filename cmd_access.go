package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/resolvers/loaders"
)

// scopes are what a token can be bound to; the configuration says which column of
// the graph each means. The customer needs none: the directory knows him.
var scopes = []string{"shop", "carrier", "supplier"}

// checkAccess finds what is wrong with policies, scope and instances. The policy
// files themselves are read when the server starts.
func (c *config) checkAccess() []error {
	var errs []error
	if c.Policies.Dir != "" {
		if info, err := os.Stat(c.Policies.Dir); err != nil || !info.IsDir() {
			errs = append(errs, fmt.Errorf("policies.dir: %s is not a directory", c.Policies.Dir))
		}
	}
	if c.Policies.Every <= 0 {
		errs = append(errs, fmt.Errorf("policies.every: must be more than 0"))
	}
	if c.Instances < 1 {
		errs = append(errs, fmt.Errorf("instances: must be at least 1"))
	}
	if c.Instances > 1 && strings.HasPrefix(c.Store.URL, "sqlite:") {
		errs = append(errs, fmt.Errorf("instances: several share a PostgreSQL (store.url), a SQLite file is of one"))
	}
	columns := filterColumns(graph.Full())
	for name, column := range c.Scope {
		switch {
		case name == "customer":
			if column != "" && column != "customer" {
				errs = append(errs, fmt.Errorf("scope.customer: the directory knows whose a row is, write customer or leave it out"))
			}
		case !slices.Contains(scopes, name):
			errs = append(errs, fmt.Errorf("scope.%s: unknown scope, want one of customer, %s", name, strings.Join(scopes, ", ")))
		case !slices.Contains(columns, column):
			errs = append(errs, fmt.Errorf("scope.%s: no type can be filtered by %q", name, column))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errs
}

// filterColumns are the names of the fields any list can be filtered by.
func filterColumns(s *ast.Schema) []string {
	var names []string
	for _, d := range s.Types {
		if d.Kind != ast.InputObject {
			continue
		}
		for _, f := range d.Fields {
			if reads := f.Directives.ForName("reads"); reads != nil {
				names = append(names, reads.Arguments.ForName("field").Value.Raw)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// policyDir is where the operator's own policies are, "" where he has none.
func (c *config) policyDir() string {
	if c.Policies.Dir == "" {
		return ""
	}
	return filepath.Clean(c.Policies.Dir)
}

// datasetDir is where the operator's own datasets are, "" where he has none.
func (c *config) datasetDir() string {
	if c.Datasets.Dir == "" {
		return ""
	}
	return filepath.Clean(c.Datasets.Dir)
}

// access decides what a principal may see, for one request.
func (a *app) access(ctx context.Context, p *policies.Principal) (*policies.Access, error) {
	v, err := a.policies.View(ctx, p)
	if err != nil {
		return nil, err
	}
	if id := p.Claims["customer"]; id != "" { // two customers may have been merged since the token was made
		q := *p
		q.Claims = maps.Clone(p.Claims)
		q.Claims["customer"] = loaders.New(a.loaders).CustomerID(id)
		p = &q
	}
	return &policies.Access{Principal: p, View: v, Masker: a.masker}, nil
}

// grants tell the token service which packages there are, and which claims each
// needs.
func grants(of func() *policies.Engine) []tokens.Option {
	return []tokens.Option{
		tokens.WithPackages(func() []string { return of().PackageNames() }),
		tokens.WithNeeds(func(pkg string) []string {
			for _, d := range of().Documents() {
				if d.Package == pkg {
					return d.Claims
				}
			}
			return nil
		}),
	}
}

// loadersFor are the loaders with the page sizes an account agreed to.
func (a *app) loadersFor(p *policies.Principal) *loaders.Config {
	agreed := p.Agreement.MaxPage
	if agreed == 0 {
		return a.loaders
	}
	c := *a.loaders
	c.MaxPage, c.DefaultPage = agreed, min(c.DefaultPage, agreed)
	return &c
}

// reloadOnSignal reads the policy files and the datasets again at SIGHUP, until ctx ends. What is
// wrong with them is logged by the engine, and what was in force stays.
func (a *app) reloadOnSignal(ctx context.Context) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			if err := a.policies.Reload(ctx); err == nil {
				a.log.InfoContext(ctx, "read the policies again", "version", a.policies.Status().Version)
			}
			if err := a.library.Refresh(ctx); err != nil {
				a.log.WarnContext(ctx, "the datasets could not be read again", "err", err)
			}
		}
	}
}

// keep runs one of the loops that write behind.
func (a *app) keep(ctx context.Context, what string, loop func(context.Context) error) {
	if err := loop(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, what+" failed", "err", err) //nolint:sloglint // one of two constants
	}
}

// observed writes what happened to the policies into the audit.
func (a *app) observed(ctx context.Context, kind, detail string) {
	a.append(ctx, tokens.Entry{Kind: kind, Account: "server", Subject: "policies", Detail: a.cfg.masked(detail)})
}

// audited writes what the usage found worth knowing of single tokens.
func (a *app) audited(ctx context.Context, e usage.Entry) error {
	return a.tokens.Append(ctx, tokens.Entry{At: e.At, Kind: e.Kind, Account: e.Account, Token: e.Token, Subject: e.Subject, Detail: e.Detail})
}

func (a *app) append(ctx context.Context, e tokens.Entry) {
	if err := a.tokens.Append(ctx, e); err != nil {
		a.log.ErrorContext(ctx, "writing the audit failed", "kind", e.Kind, "err", err)
	}
}

// graphOf indexes the fields policies speak of.
func graphOf() (*policies.Graph, error) { return policies.NewGraph(graph.Full()) }
