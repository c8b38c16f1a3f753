package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

type syncOptions struct {
	path    string
	only    []string
	watch   bool
	accept  bool
	garbled []string
	full    bool
	logging string
}

func syncCommand() *cobra.Command {
	var o syncOptions
	c := &cobra.Command{
		Use: "sync", Short: "Read the copied systems now, or watch a running server do it", Args: cobra.NoArgs,
		Long: `Read the systems that are supplied as copies, once, and show how far it is: what changed
since the last time where a system can be followed, else in full. Interrupted, it goes
on where it was. Beside a running server it reads nothing, the
server does: then it shows where the server's copies stand.`,
	}
	f := c.Flags()
	f.StringVarP(&o.path, "config", "c", "trama.yaml", "the configuration `file`")
	f.StringSliceVar(&o.only, "source", nil, "only this `source`; may be repeated")
	f.BoolVar(&o.watch, "watch", false, "go on: read again on the schedule, or follow the running server, until Ctrl-C")
	f.BoolVar(&o.accept, "accept-deletions", false, "delete what a reading finds missing, however much it is")
	f.StringSliceVar(&o.garbled, "accept-garbled", nil, "take values of this `source` that cannot be read in the place of those that could, once; may be repeated")
	f.BoolVar(&o.full, "full", false, "read everything, also of systems that can be followed")
	f.StringVar(&o.logging, "log", "error", "debug, info, warn or error")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := load(o.path)
		if err != nil {
			return err
		}
		if err := checkCopied(&cfg, &o); err != nil {
			return &usageError{err}
		}
		show := progressPrinter(c.OutOrStdout())
		cfg.progress = show
		a, err := build(c.Context(), cfg, "live", newLog(c.ErrOrStderr(), o.logging))
		if errors.Is(err, store.ErrLocked) {
			return besideServer(c.Context(), c.OutOrStdout(), &cfg, o)
		}
		if err != nil {
			return err
		}
		release, alone, err := a.alone(c.Context(), o.only)
		if err != nil || !alone {
			if err == nil {
				err = besideServer(c.Context(), c.OutOrStdout(), &cfg, o)
			}
			return closing(a, err)
		}
		defer release()
		return closing(a, a.syncCopies(c.Context(), c.OutOrStdout(), show, o))
	}
	return c
}

// patienceBesideServer is how long the rights to read are waited for: a server that
// runs keeps them.
const patienceBesideServer = 3 * time.Second

// alone takes the rights to read the sources, which a running server would have.
func (a *app) alone(ctx context.Context, only []string) (release func(), alone bool, err error) {
	var releases []func()
	release = func() {
		for _, f := range releases {
			f()
		}
	}
	for _, c := range a.copies {
		name := c.Describe().Name
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		// The right ends with the context it was asked with: one that is waited for must
		// not end when the waiting would.
		asked, cancel := context.WithCancel(ctx)
		late := time.AfterFunc(patienceBesideServer, cancel)
		_, give, err := a.reads(asked, name)
		if !late.Stop() || err != nil {
			cancel()
			release()
			if ctx.Err() != nil {
				return nil, false, ctx.Err()
			}
			return nil, false, nil
		}
		releases = append(releases, give, cancel)
	}
	return release, true, nil
}

// reads reports whether a source is among those of --source.
func (o *syncOptions) reads(name string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, name)
}

// isConsent reports whether something is consented to, which a server does later.
func (o *syncOptions) isConsent() bool { return o.accept || len(o.garbled) > 0 }

// checkCopied wants at least one copy, that those named are copies, and that those with
// a consent are read at all.
func checkCopied(cfg *config, o *syncOptions) error {
	var copied []string
	for _, s := range cfg.Sources {
		if s.Supply == "copy" {
			copied = append(copied, s.Name)
		}
	}
	if len(copied) == 0 {
		return errors.New("no source of the configuration has supply: copy")
	}
	for _, name := range o.only {
		if !slices.Contains(copied, name) {
			return fmt.Errorf("--source %s: there is no such source with supply: copy", name)
		}
	}
	for _, name := range o.garbled {
		switch {
		case !slices.Contains(copied, name):
			return fmt.Errorf("--accept-garbled %s: there is no such source with supply: copy", name)
		case !o.reads(name):
			return fmt.Errorf("--accept-garbled %s: --source leaves it out", name)
		}
	}
	return nil
}

// syncCopies reads the sources side by side, each within its own budget, and says
// what was wrong with their records. A reading that may have missed rows, was
// not let delete them, or kept some since they are garbled now, is a failure: who runs this by a timer must know.
func (a *app) syncCopies(ctx context.Context, out io.Writer, show func(copies.Progress), o syncOptions) error {
	var wait sync.WaitGroup
	failures := make([]error, len(a.copies))
	for i, c := range a.copies {
		name := c.Describe().Name
		if !o.reads(name) {
			continue
		}
		wait.Go(func() {
			unsure := map[string]bool{} // by entity: its last reading
			failures[i] = c.Sync(ctx, copies.Options{AcceptDeletions: o.accept, AcceptGarbled: slices.Contains(o.garbled, name), Full: o.full, Progress: func(p copies.Progress) {
				if p.Step == copies.Done || p.Step == copies.Followed {
					unsure[p.Entity] = p.Doubtful || p.Refused > 0 || p.Held > 0
				}
				if show != nil {
					show(p)
				}
			}})
			if failures[i] == nil && slices.Contains(slices.Collect(maps.Values(unsure)), true) {
				failures[i] = errFailed
			}
			if o.watch && ctx.Err() == nil {
				failures[i] = c.Run(ctx)
			}
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		fmt.Fprintln(out, "stopped; the next time it goes on from here")
		return nil
	}
	a.showProblems(out, o.only)
	if err := errors.Join(failures...); err != nil {
		return errFailed // each was shown in its line
	}
	return nil
}

// showProblems prints what the readings counted.
func (a *app) showProblems(out io.Writer, only []string) {
	for _, c := range a.copies {
		name := c.Describe().Name
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		for _, p := range c.Problems() {
			subject := name + " " + p.Entity
			if p.Field != "" {
				subject += "." + p.Field
			}
			fmt.Fprintf(out, "%-26s problem      %9d records  %s\n", subject, p.Count, p.Kind)
		}
		if note := c.Status().Note; note != "" {
			fmt.Fprintf(out, "%-26s note         %s\n", name, note)
		}
	}
}

// progressPrinter prints a line for each step that says something new: the pages
// of a long reading at most once a second.
func progressPrinter(out io.Writer) func(copies.Progress) {
	var mu sync.Mutex // guards out and last
	last := map[string]time.Time{}
	return func(p copies.Progress) {
		mu.Lock()
		defer mu.Unlock()
		name := p.Source + " " + p.Entity
		passing := p.Step == copies.Reading || p.Step == copies.Confirming || p.Step == copies.Sweeping || p.Step == copies.Following
		if passing && time.Since(last[name]) < time.Second {
			return
		}
		last[name] = time.Now()
		fmt.Fprintf(out, "%-26s %-12s %9d rows %7d pages", name, p.Step, p.Rows, p.Pages)
		if !passing {
			fmt.Fprintf(out, " %9d changed %7d deleted  %s", p.Changed, p.Deleted, p.Took.Round(time.Millisecond))
		}
		for _, note := range []struct {
			n    int64
			text string
		}{{p.Missing, "not met, kept until the next reading"}, {p.Refused, "NOT deleted, too many at once: see --accept-deletions"}, {p.Held, "kept as they were, garbled now: see --accept-garbled"}} {
			if note.n > 0 {
				fmt.Fprintf(out, "  %d %s", note.n, note.text)
			}
		}
		if p.Doubtful && !passing {
			fmt.Fprint(out, "  MAY NOT BE ALL: nothing was deleted")
		}
		if p.Resumed {
			fmt.Fprint(out, "  (resumed)")
		}
		if p.Err != nil {
			fmt.Fprintf(out, "  %s: %s", schema.CodeOf(p.Err), cause(p.Err))
		}
		fmt.Fprintln(out)
	}
}

// besideServer shows where the copies of a running server stand, which reads
// them itself.
func besideServer(ctx context.Context, out io.Writer, cfg *config, o syncOptions) (err error) {
	st, err := store.Open(ctx, cfg.Store.URL, store.Deps{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	fmt.Fprintln(out, "Another trama is running on this store and keeps the copies itself.")
	if o.full {
		fmt.Fprintln(out, "--full is for when none is running: the server compares everything each `sweep`.")
	}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		if s.Supply != "copy" || !o.reads(s.Name) {
			continue
		}
		until := time.Now().Add(s.copy().Grant())
		if slices.Contains(o.garbled, s.Name) {
			if err := st.AcceptGarbled(ctx, s.Name, until); err != nil {
				return err
			}
			fmt.Fprintf(out, "%s: the server reads everything at its next round and takes what is garbled; said until %s, and used up by it\n", s.Name, until.UTC().Format(time.RFC3339))
		}
		if o.accept {
			if err := st.AcceptDeletions(ctx, s.Name, until); err != nil {
				return err
			}
			fmt.Fprintf(out, "%s: the server compares everything at its next round and may delete as much as it finds missing; said until %s, and used up by it\n",
				s.Name, until.UTC().Format(time.RFC3339))
		}
	}
	for {
		isTrouble, err := showCopies(ctx, out, st, o.only)
		switch {
		case err != nil:
			return err
		case o.watch:
		case isTrouble && !o.isConsent(): // who consented waits for the server
			return errFailed
		default:
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(2 * time.Second):
		}
	}
}

func showCopies(ctx context.Context, out io.Writer, st *store.Store, only []string) (isTrouble bool, err error) {
	sets, err := st.Copies(ctx, "")
	if err != nil {
		return false, err
	}
	return printSets(out, sets, only), nil
}

// printSets prints where copies stand, and reports whether the last reading of one may
// have missed rows, was not let delete them, or was garbled.
func printSets(out io.Writer, sets []copies.Set, only []string) (isTrouble bool) {
	fmt.Fprintf(out, "%-26s %-12s %9s %9s  %s\n", "", "state", "rows", "reading", "as of")
	for _, s := range sets {
		if len(only) > 0 && !slices.Contains(only, s.Source) {
			continue
		}
		state, reading, asOf := "ready", "-", "never read"
		switch {
		case s.Refusal != "":
			state = "not enabled"
		case s.Complete == 0:
			state = "filling"
		}
		if s.Running {
			reading = fmt.Sprint(s.Seen)
		}
		if at := s.Whole(); !at.IsZero() {
			asOf = at.UTC().Format(time.RFC3339)
		}
		if s.Garbled != "" {
			isTrouble = true
			asOf += fmt.Sprintf("  REFUSED, %s is garbled in most rows: see --accept-garbled", s.Garbled)
		}
		if s.Held > 0 {
			isTrouble = true
			asOf += fmt.Sprintf("  %d kept as they were, garbled now: see --accept-garbled", s.Held)
		}
		switch {
		case s.Refused > 0:
			isTrouble = true
			asOf += fmt.Sprintf("  %d NOT deleted, too many at once: see --accept-deletions", s.Refused)
		case s.Complete != s.Sound:
			isTrouble = true
			asOf += "  MAY NOT BE ALL: nothing was deleted"
		}
		fmt.Fprintf(out, "%-26s %-12s %9d %9s  %s\n", s.Source+" "+s.Entity, state, s.Rows, reading, asOf)
	}
	return isTrouble
}
