package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

func checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "check", Short: "Check a configuration: its keys, the credentials, what each source can do, and how well links lead somewhere", Args: cobra.NoArgs,
	}
	path := configFlag(c)
	offline := c.Flags().Bool("offline", false, "check the file only, call nobody")
	sample := c.Flags().Int("sample", 200, "how many documents of each kind are looked at for links")
	c.RunE = func(c *cobra.Command, _ []string) error {
		out := c.OutOrStdout()
		cfg, err := load(*path)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "configuration   ok, %d sources\n", len(cfg.Sources))
		// What is found is kept apart: a server may be running on the store.
		dir, err := os.MkdirTemp("", "trama-check-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		apart := filepath.Join(dir, "check.db")
		isServer := !strings.HasPrefix(cfg.Store.URL, "sqlite:")
		var sets []copies.Set
		if isServer && *offline {
			fmt.Fprintln(out, "store           not asked")
		} else {
			if sets, err = checkStore(c.Context(), &cfg, apart, *offline); err != nil {
				return &usageError{err}
			}
			fmt.Fprintln(out, "store           ok")
		}
		cfg.Store.URL, cfg.Instances = "sqlite:"+apart, 1
		a, err := build(c.Context(), cfg, "live", newLog(io.Discard, "error"))
		if err != nil {
			return &usageError{err}
		}
		if *offline {
			if a.checkDatasets(out) {
				return closing(a, errFailed)
			}
			return a.close()
		}
		if isServer { // which has too many rows to copy them
			a.kept = &keptApart{sets}
			for _, c := range a.copies {
				c.Show(sets)
			}
			for _, p := range a.pushed {
				p.Show(sets)
			}
		}
		return closing(a, a.check(c.Context(), out, min(max(*sample, 1), cfg.Limits.PageSize)))
	}
	return c
}

// checkStore opens the store, copies it to a file for the check, unless nothing is
// to be looked at in it, and closes it again.
func checkStore(ctx context.Context, cfg *config, to string, offline bool) ([]copies.Set, error) {
	st, err := store.Open(ctx, cfg.Store.URL, store.Deps{})
	if err != nil {
		return nil, err
	}
	if offline {
		return nil, st.Close()
	}
	sets, err := st.Copies(ctx, "")
	return sets, errors.Join(err, st.Snapshot(ctx, to), st.Close())
}

// keptApart is what is known of copies whose rows are not looked at.
type keptApart struct{ sets []copies.Set }

// check calls every source and prints what was found.
func (a *app) check(ctx context.Context, out io.Writer, sample int) error {
	bad := a.checkSources(ctx, out)
	if a.redis != nil {
		if err := a.cache.Ping(ctx); err != nil {
			fmt.Fprintln(out, "redis           FAILED, does not answer")
			bad = true
		} else {
			fmt.Fprintln(out, "redis           ok")
		}
	}
	a.checkCopies(out)
	a.checkDirectory(ctx, out)
	a.checkLinks(ctx, out, sample)
	bad = a.checkDatasets(out) || bad
	if bad {
		fmt.Fprintln(out, "\nSome checks failed.")
		return errFailed
	}
	fmt.Fprintln(out, "\nAll checks passed.")
	return nil
}

func (a *app) checkSources(ctx context.Context, out io.Writer) (bad bool) {
	for _, s := range a.sources {
		probe, cancel := context.WithTimeout(ctx, 3*time.Minute)
		started := time.Now()
		findings, err := s.Probe(probe)
		cancel()
		fmt.Fprintf(out, "\n%s (%s), asked in %s\n", s.Name, s.Kind, time.Since(started).Round(time.Millisecond))
		for _, f := range findings {
			mark := "  ok   "
			switch f.Level {
			case datasources.Warn:
				mark = "  warn "
			case datasources.Fail:
				mark, bad = "  FAIL ", true
			}
			fmt.Fprintf(out, "%s %-42s %s\n", mark, a.cfg.masked(f.Subject), a.cfg.masked(f.Result))
		}
		if err != nil {
			bad = true
			fmt.Fprintf(out, "  FAIL  %s: %s\n", schema.CodeOf(err), a.cfg.masked(cause(err)))
		}
		if note := s.Status().Note; note != "" {
			fmt.Fprintf(out, "  note  %s\n", note)
		}
	}
	return bad
}

// checkCopies prints where the copies stand.
func (a *app) checkCopies(out io.Writer) {
	if len(a.copies)+len(a.pushed) == 0 {
		return
	}
	if a.kept != nil {
		fmt.Fprintln(out)
		printSets(out, a.kept.sets, nil)
		fmt.Fprintln(out, "Rows that are kept in PostgreSQL are not looked at: customers are those of the directory, links those of systems that are asked.")
		return
	}
	fmt.Fprintf(out, "\ncopies          %-28s %-12s %9s  %s\n", "", "state", "records", "as of")
	filling := false
	for _, c := range a.copies {
		d := c.Describe()
		for _, e := range append([]datasources.Entity{{Name: "Customer"}}, d.Entities...) {
			s := c.EntityCopy(e.Name)
			if s == nil {
				continue
			}
			asOf := "never read"
			if !s.AsOf.IsZero() {
				asOf = s.AsOf.UTC().Format(time.RFC3339)
			}
			filling = filling || s.State == schema.CopyFilling
			fmt.Fprintf(out, "                %-28s %-12s %9s  %s\n", d.Name+" "+e.Name, s.State, count(s.Rows), asOf)
		}
	}
	if filling {
		fmt.Fprintln(out, "                What was never read answers nothing yet: run `trama sync`, or start the server.")
	}
}

func (a *app) checkDirectory(ctx context.Context, out io.Writer) {
	fill, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	failed := a.fill(fill)
	fmt.Fprintf(out, "\ncustomers       %-14s %9s %9s %9s %9s\n", "", "records", "linked", "unmatched", "ambiguous")
	for _, c := range a.directory.Coverage() {
		if err := failed[c.Source]; err != nil {
			fmt.Fprintf(out, "                %-14s could not be read: %s\n", c.Source, schema.CodeOf(err))
			continue
		}
		fmt.Fprintf(out, "                %-14s %9s %9s %9s %9s\n", c.Source, count(c.Records), count(c.Linked), count(c.Unmatched), count(c.Ambiguous))
	}
}

func count(n *int) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

// checkLinks follows the links of the newest documents of each source and prints
// how many led somewhere.
func (a *app) checkLinks(ctx context.Context, out io.Writer, sample int) {
	whole := *a.loaders // the operator looks at links, not at what a token sees
	whole.Access = func(context.Context) loaders.Access { return loaders.Everything{} }
	l := loaders.New(&whole)
	ctx = loaders.With(ctx, l)
	for _, s := range a.sources {
		if a.kept != nil && isKept(s) {
			continue
		}
		for _, check := range []struct {
			entity string
			follow func() error
		}{
			{"Ticket", func() error {
				return follow(ctx, l.Orders, "Ticket.order", loaders.ToOrder, list[schema.Ticket](ctx, s, sample, "order"))
			}},
			{"Quote", func() error {
				return follow(ctx, l.Orders, "Quote.orders", loaders.ToOrder, list[schema.Quote](ctx, s, sample, "orders"))
			}},
			{"Order", func() error {
				return follow(ctx, l.Invoices, "Order.invoices", loaders.ToInvoice, list[schema.Order](ctx, s, sample, "invoices"))
			}},
			{"Boleto", func() error {
				return follow(ctx, l.Invoices, "Boleto.invoice", loaders.ToInvoice, list[schema.Boleto](ctx, s, sample, "invoice"))
			}},
			{"Order", func() error {
				return follow(ctx, l.Quotes, "Order.quote", loaders.ToQuote, list[schema.Order](ctx, s, sample, "quote"))
			}},
			{"Invoice", func() error {
				return follow(ctx, l.Orders, "Invoice.order", loaders.ToOrder, list[schema.Invoice](ctx, s, sample, "order"))
			}},
			{"Payment", func() error {
				return follow(ctx, l.Invoices, "Payment.invoice", loaders.ToInvoice, list[schema.Payment](ctx, s, sample, "invoice"))
			}},
			{"Payment", func() error {
				return follow(ctx, l.Orders, "Payment.order", loaders.ToOrder, list[schema.Payment](ctx, s, sample, "order"))
			}},
			{"DeliveryNote", func() error {
				return follow(ctx, l.Orders, "DeliveryNote.order", loaders.ToOrder, list[schema.DeliveryNote](ctx, s, sample, "order"))
			}},
		} {
			if !s.Has(check.entity) {
				continue
			}
			if err := check.follow(); err != nil {
				fmt.Fprintf(out, "links           %-28s not looked at: %s\n", s.Name+" "+check.entity, schema.CodeOf(err))
			}
		}
	}
	fmt.Fprintf(out, "\nlinks           %-28s %9s %9s %9s %9s\n", fmt.Sprintf("(newest %d of each)", sample), "with link", "found", "nothing", "ambiguous")
	for _, h := range a.loaders.Links.All() {
		fmt.Fprintf(out, "                %-28s %9d %9d %9d %9d   %d %%\n", h.Source+" "+h.Relation, h.Looked, h.Linked, h.Unmatched, h.Ambiguous, 100*h.Linked/max(h.Looked, 1))
	}
}

// listed is the newest rows of one source, or why they could not be read.
type listed struct {
	rows []loaders.Linked
	err  error
}

func list[T any, P interface {
	*T
	loaders.Linked
}](ctx context.Context, s *datasources.Connected, n int, link string) listed {
	entity := nameOf[T]()
	if !s.Has(entity) {
		return listed{}
	}
	r, err := datasources.ReaderOf[T](s, entity).List(ctx, datasources.Query{
		Fields: datasources.NewFields("number", link), Order: s.Entity(entity).Default, First: n,
	})
	out := listed{err: err}
	for i := range r.Items {
		out.rows = append(out.rows, P(&r.Items[i]))
	}
	return out
}

func nameOf[T any]() string {
	switch any((*T)(nil)).(type) {
	case *schema.Ticket:
		return "Ticket"
	case *schema.Order:
		return "Order"
	case *schema.Invoice:
		return "Invoice"
	case *schema.Payment:
		return "Payment"
	case *schema.Quote:
		return "Quote"
	case *schema.Boleto:
		return "Boleto"
	}
	return "DeliveryNote"
}

// follower resolves links to one entity.
type follower[T any] interface {
	Of(ctx context.Context, relation string, to loaders.Target, rows []loaders.Linked) ([]*T, error)
}

func follow[T any](ctx context.Context, to follower[T], relation string, target loaders.Target, from listed) error {
	if from.err != nil || len(from.rows) == 0 {
		return from.err
	}
	_, err := to.Of(ctx, relation, target, from.rows)
	var each interface{ Errors() []error }
	if errors.As(err, &each) { // single rows failed or were ambiguous, which is counted
		return nil
	}
	return err
}
