package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/schema"
)

func directoryCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "directory", Short: "See and decide which records are the same customer",
		Long: `See and decide which records of which systems are the same customer. It works on what
the server has read, also beside one that runs: what is decided here is seen there
within seconds. A record is written SOURCE:KEY.`,
	}
	c.AddCommand(directoryStatusCommand(), directoryConflictsCommand(), directorySuggestionsCommand(), directoryDecisionsCommand(),
		decideCommand("link", "Join two records by hand", (*directory.Directory).Link),
		decideCommand("deny", "Keep two records apart, whatever any rule says", (*directory.Directory).Deny),
		decideCommand("withdraw", "Take a decision back, as if it had never been made", (*directory.Directory).Withdraw),
		directoryStateCommand(), directoryAcceptCommand(), directoryHistoryCommand(), directoryDuplicatesCommand(), directoryDryRunCommand())
	return c
}

// operatorName stands in the history for who decides on the command line.
const operatorName = "operator"

// withDirectory opens the directory as the server has it. No source is called.
func withDirectory(c *cobra.Command, path string, f func(a *app, d *directory.Directory) error) error {
	cfg, err := load(path)
	if err != nil {
		return err
	}
	a, err := buildQuiet(c.Context(), cfg, newLog(c.ErrOrStderr(), "error"))
	if err != nil {
		return err
	}
	return closing(a, f(a, a.directory))
}

// table writes columns, the first line their names.
func table(out io.Writer, lines func(row func(...any))) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	lines(func(cells ...any) {
		for i, x := range cells {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, x)
		}
		fmt.Fprintln(w)
	})
	return w.Flush()
}

func directoryStatusCommand() *cobra.Command {
	c := &cobra.Command{Use: "status", Short: "How the directory stands with each system", Args: cobra.NoArgs}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withDirectory(c, *path, func(a *app, d *directory.Directory) error {
			d.Attend(a.indexers()) // what was never pushed is no failure; a copy's is shown
			return table(c.OutOrStdout(), func(row func(...any)) {
				row("source", "state", "records", "linked", "ambiguous", "unmatched", "deleted", "as of", "")
				for _, s := range d.SourcesCoverage() {
					note := string(s.Code)
					if s.Held != nil {
						note = held(&s)
					}
					row(s.Source, s.State, s.Records, s.Linked, s.Ambiguous, s.Unmatched, s.Deleted, moment(s.AsOf), note)
				}
			})
		})
	}
	return c
}

// held says what was read and not believed.
func held(s *directory.SourceCoverage) string {
	if s.HasOtherIDs {
		return fmt.Sprintf("HELD: %d customers, but not the %d that are known; see `trama directory accept %s`", s.Held.Got, s.Held.Had, s.Source)
	}
	return fmt.Sprintf("HELD: only %d of the %d customers that are known; see `trama directory accept %s`", s.Held.Got, s.Held.Had, s.Source)
}

var (
	_ directory.Keeper  = (*filledIndexer)(nil)
	_ directory.Awaiter = (*filledIndexer)(nil)
)

// EntityCopy implements directory.Keeper: customers are as old as they are where they
// are kept.
func (f *filledIndexer) EntityCopy(entity string) *schema.EntityCopy {
	return f.copy.EntityCopy(entity)
}

// Awaits implements directory.Awaiter: what is copied comes, what is pushed may not.
func (f *filledIndexer) Awaits() bool {
	p, ok := f.copy.(directory.Awaiter)
	return !ok || p.Awaits()
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// known is a time that a system may not tell.
func known(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return moment(t)
}

func directoryConflictsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "conflicts", Short: "What the systems disagree about, and what could not be decided", Args: cobra.NoArgs,
		Example: "  trama directory conflicts --state open\n  trama directory conflicts --csv > conflicts.csv",
	}
	path := configFlag(c)
	f := c.Flags()
	kind := f.String("kind", "", "of this `kind` only, as AMBIGUOUS_MATCH")
	state := f.String("state", "", "in this `state` only: open, accepted, resolved, ignored")
	source := f.String("source", "", "with a record of this `source`")
	asCSV := f.Bool("csv", false, "all of them, as CSV: a line for each record")
	most := f.Int("first", 100, "how `many`")
	c.RunE = func(c *cobra.Command, _ []string) error {
		filter := directory.ConflictFilter{Kind: schema.ConflictKind(*kind), State: directory.State(*state), Source: *source}
		if err := checkFilter(filter); err != nil {
			return &usageError{err}
		}
		return withDirectory(c, *path, func(_ *app, d *directory.Directory) error {
			if *asCSV {
				return exportConflicts(c.Context(), c.OutOrStdout(), d, filter)
			}
			list, _, total, err := d.ConflictsPage(c.Context(), filter, *most, "")
			if err != nil {
				return err
			}
			for i := range list {
				x := &list[i]
				fmt.Fprintf(c.OutOrStdout(), "%s  %s  %s  %s", x.Key, x.Kind, x.Severity, x.State)
				for _, word := range []string{x.Field, x.Source, x.Note} {
					if word != "" {
						fmt.Fprintf(c.OutOrStdout(), "  %s", plain(word))
					}
				}
				fmt.Fprintf(c.OutOrStdout(), "  %d records\n", x.Count)
				for _, r := range x.Details {
					fmt.Fprintf(c.OutOrStdout(), "    %s:%s  %s\n", r.Source, plain(r.RecordID), plain(r.Value))
				}
			}
			fmt.Fprintf(c.OutOrStdout(), "%d of %d conflicts\n", len(list), total)
			return nil
		})
	}
	return c
}

// checkFilter finds words that filter nothing.
func checkFilter(f directory.ConflictFilter) error {
	states := []directory.State{"", directory.StateOpen, directory.StateAccepted, directory.StateResolved, directory.StateIgnored}
	if !slices.Contains(states, f.State) {
		return fmt.Errorf("--state %q: want open, accepted, resolved or ignored", f.State)
	}
	var kinds []string
	for _, v := range graph.Public().Types["ConflictKind"].EnumValues {
		kinds = append(kinds, v.Name)
	}
	if f.Kind != "" && !slices.Contains(kinds, string(f.Kind)) {
		return fmt.Errorf("--kind %q: want one of %s", f.Kind, strings.Join(kinds, ", "))
	}
	return nil
}

// exportConflicts writes a line for each record of each conflict.
func exportConflicts(ctx context.Context, out io.Writer, d *directory.Directory, f directory.ConflictFilter) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"key", "kind", "severity", "state", "field", "rule", "author", "note", "first_seen", "last_seen", "source", "record", "code", "value"}); err != nil {
		return err
	}
	err := d.EachConflict(ctx, f, func(x *directory.Conflict) error {
		line := []string{x.Key, string(x.Kind), string(x.Severity), string(x.State), x.Field, x.Rule, x.Author, x.Note, seen(x.FirstSeen), seen(x.LastSeen), x.Source, "", "", ""}
		for i := range line {
			line[i] = cell(line[i])
		}
		if len(x.Details) == 0 {
			return w.Write(line)
		}
		for _, r := range x.Details {
			if err := w.Write(append(line[:10:10], cell(r.Source), cell(r.RecordID), cell(r.Code), cell(r.Value))); err != nil {
				return err
			}
		}
		return nil
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

// seen is a time, "" where it is not known.
func seen(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return moment(t)
}

// cell keeps a table program from taking a text for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		text = "'" + text
	}
	return plain(text)
}

// plain keeps what a system wrote from moving the cursor of a terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // the last two turn the direction of writing
			return '?'
		}
		return r
	}, text)
}

func directorySuggestionsCommand() *cobra.Command {
	c := &cobra.Command{Use: "suggestions", Short: "Pairs of records that may be one customer", Args: cobra.NoArgs}
	path := configFlag(c)
	f := c.Flags()
	var filter directory.SuggestionFilter
	f.StringVar(&filter.Source, "source", "", "with a record of this `source`")
	f.StringVar(&filter.Rule, "rule", "", "R4: one domain; R5: one name and a town, a postcode or a telephone")
	f.BoolVar(&filter.Inside, "inside", false, "only pairs inside one source")
	most := f.Int("first", 100, "how `many`")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withDirectory(c, *path, func(_ *app, d *directory.Directory) error {
			list, _, total, err := d.Suggestions(c.Context(), filter, *most, "")
			if err != nil {
				return err
			}
			err = table(c.OutOrStdout(), func(row func(...any)) {
				for i := range list {
					s := &list[i]
					row(s.Rule, s.A.Source+":"+plain(s.A.RecordID), plain(s.A.Value), s.B.Source+":"+plain(s.B.RecordID), plain(s.B.Value), strings.Join(s.Fields, " "))
				}
			})
			fmt.Fprintf(c.OutOrStdout(), "%d of %d suggestions\n", len(list), total)
			return err
		})
	}
	return c
}

func directoryDecisionsCommand() *cobra.Command {
	c := &cobra.Command{Use: "decisions", Short: "What was decided by hand, and what it does now", Args: cobra.NoArgs}
	path := configFlag(c)
	most := c.Flags().Int("first", 1000, "how `many`")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withDirectory(c, *path, func(_ *app, d *directory.Directory) error {
			list, _, total, err := d.DecisionsPage(*most, "")
			if err != nil {
				return err
			}
			err = table(c.OutOrStdout(), func(row func(...any)) {
				for i := range list {
					x := &list[i]
					row(x.Verdict, x.A.Source+":"+plain(x.A.RecordID), x.B.Source+":"+plain(x.B.RecordID), x.Effect, x.Author, moment(x.At), plain(x.Reason))
				}
			})
			fmt.Fprintf(c.OutOrStdout(), "%d of %d decisions\n", len(list), total)
			return err
		})
	}
	return c
}

// decideCommand makes one of the three commands that decide about two records.
func decideCommand(name, short string, act func(d *directory.Directory, ctx context.Context, a, b directory.RecordRef, author, reason string) error) *cobra.Command {
	c := &cobra.Command{
		Use: name + " SOURCE:KEY SOURCE:KEY", Short: short, Args: cobra.ExactArgs(2),
		Example: "  trama directory " + name + " crm:7d1f… books:8f1c… --reason \"one company, two offices\"",
	}
	path := configFlag(c)
	reason := c.Flags().String("reason", "", "why, for the history (required)")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *reason == "" {
			return &usageError{errors.New("--reason: say why")}
		}
		x, errX := recordOf(args[0])
		y, errY := recordOf(args[1])
		if err := errors.Join(errX, errY); err != nil {
			return &usageError{err}
		}
		return withDirectory(c, *path, func(_ *app, d *directory.Directory) error {
			if err := act(d, c.Context(), x, y, operatorName, *reason); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "done")
			return nil
		})
	}
	return c
}

func recordOf(text string) (directory.RecordRef, error) {
	source, id, ok := strings.Cut(text, ":")
	if !ok || source == "" || id == "" {
		return directory.RecordRef{}, fmt.Errorf("%q: want SOURCE:KEY", text)
	}
	return directory.RecordRef{Source: source, RecordID: id}, nil
}

func directoryStateCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "set KEY open|accepted|resolved|ignored", Short: "Say something about a conflict", Args: cobra.ExactArgs(2),
	}
	path := configFlag(c)
	note := c.Flags().String("note", "", "why")
	c.RunE = func(c *cobra.Command, args []string) error {
		return withDirectory(c, *path, func(_ *app, d *directory.Directory) error {
			return d.SetConflictState(c.Context(), args[0], directory.State(args[1]), operatorName, *note)
		})
	}
	return c
}

func directoryAcceptCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "accept SOURCE", Short: "Believe a system that gave far fewer customers than before, or other ones", Args: cobra.ExactArgs(1),
		Long: "Believe a system that gave far fewer customers than before, or other ones. The server reads it again by itself.",
	}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return withDirectory(c, *path, func(_ *app, d *directory.Directory) error {
			return d.AcceptLoss(c.Context(), args[0], operatorName)
		})
	}
	return c
}

func directoryHistoryCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "history [SOURCE:KEY]", Short: "What happened to a record's customer, or to all, the newest first", Args: cobra.MaximumNArgs(1),
	}
	path := configFlag(c)
	most := c.Flags().Int("first", 50, "how `many`")
	c.RunE = func(c *cobra.Command, args []string) error {
		return withDirectory(c, *path, func(_ *app, d *directory.Directory) error {
			customer := ""
			if len(args) == 1 {
				ref, err := recordOf(args[0])
				if err != nil {
					return &usageError{err}
				}
				key, ok := d.Golden(ref.Source, ref.RecordID)
				if !ok {
					return fmt.Errorf("there is no record %s", args[0])
				}
				customer = key
			}
			list, err := d.History(c.Context(), customer, *most)
			if err != nil {
				return err
			}
			return table(c.OutOrStdout(), func(row func(...any)) {
				for i := range list {
					e := &list[i]
					row(moment(e.At), e.Kind, refText(e.Record), refText(e.With), e.Rule, e.Author, plain(e.Reason))
				}
			})
		})
	}
	return c
}

func refText(r directory.RecordRef) string {
	if r.Source == "" {
		return ""
	}
	return r.Source + ":" + plain(r.RecordID)
}

func directoryDuplicatesCommand() *cobra.Command {
	c := &cobra.Command{Use: "duplicates", Short: "Which customers are kept in several systems, where these disagree, and who typed them in", Args: cobra.NoArgs}
	path := configFlag(c)
	most := c.Flags().Int("first", 20, "how `many` customers are listed with who typed them in")
	source := c.Flags().String("source", "", "only those with a record of this `source`")
	inside := c.Flags().Bool("inside", false, "only those with several records of one source")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withDirectory(c, *path, func(_ *app, d *directory.Directory) error {
			x, err := d.Duplicates(c.Context())
			if err != nil {
				return err
			}
			list, _, total, err := d.Repeated(c.Context(), directory.RepeatedFilter{Source: *source, Inside: *inside}, max(*most, 0), "")
			if err != nil {
				return err
			}
			return table(c.OutOrStdout(), func(row func(...any)) {
				row(fmt.Sprintf("%d records are %d customers", x.Records, x.Customers))
				row()
				row("in exactly these", "customers")
				for _, s := range x.Sets {
					row(strings.Join(s.Sources, " "), s.Customers)
				}
				for _, p := range x.Pairs {
					row()
					row(p.A+" and "+p.B, p.Customers, "agree", "disagree", "only "+p.A, "only "+p.B)
					for _, f := range p.Fields {
						row("  "+f.Field, "", f.Agree, f.Disagree, f.OnlyA, f.OnlyB)
					}
				}
				row()
				row("twice inside", "records", "numbers", "records of them", "pairs of one name")
				for _, s := range x.Inside {
					row(s.Source, s.Records, s.SameNumber, s.SameNumberRecords, s.SameName)
				}
				row()
				row(fmt.Sprintf("typed in more than once, %d of %d", len(list), total), "record", "typed in", "by", "changed", "by")
				for i := range list {
					for j := range list[i].Records {
						r := &list[i].Records[j]
						name := ""
						if j == 0 {
							name = cmp.Or(list[i].Customer, "not joined: one "+cmp.Or(list[i].Field, "reference"))
						}
						row(name, refText(r.RecordRef), known(r.CreatedAt), plain(r.CreatedBy), known(r.ModifiedAt), plain(r.ModifiedBy))
					}
				}
			})
		})
	}
	return c
}

func directoryDryRunCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "dry-run", Short: "What other rules would change; nothing is changed", Args: cobra.NoArgs,
		Example: "  trama directory dry-run --rules manual,foreign_id,tax_id,email",
	}
	path := configFlag(c)
	rules := c.Flags().StringSlice("rules", nil, "the `rules`: manual, foreign_id, tax_id, email; default those of the configuration")
	shared := c.Flags().Int("shared-limit", 0, "how many records of one source may bear one fiscal `number`")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withDirectory(c, *path, func(a *app, d *directory.Directory) error {
			cfg := a.directoryConfig()
			if *rules != nil {
				cfg.Rules = *rules
			}
			if *shared != 0 {
				cfg.SharedLimit = *shared
			}
			x, err := d.DryRun(c.Context(), cfg)
			if err != nil {
				return err
			}
			out := c.OutOrStdout()
			fmt.Fprintf(out, "customers %d -> %d, %d would be made of several, %d would fall apart\n", x.CustomersBefore, x.CustomersAfter, x.Merged, x.Parted)
			for _, side := range []struct {
				sign   string
				counts []*schema.RuleCount
				what   string
			}{{"+", countsOf(x.Gained), "links by"}, {"-", countsOf(x.Lost), "links by"}, {"+", countsOf(x.ConflictsGained), "conflicts"}, {"-", countsOf(x.ConflictsLost), "conflicts"}} {
				for _, n := range side.counts {
					fmt.Fprintf(out, "%s%d %s %s\n", side.sign, *n.Count, side.what, n.Name)
				}
			}
			for _, e := range x.Examples[:min(len(x.Examples), 20)] {
				parts := make([]string, len(e.Parts))
				for i, part := range e.Parts {
					for _, r := range part {
						parts[i] += refText(r) + " "
					}
				}
				fmt.Fprintf(out, "  %s\n", strings.Join(parts, "| "))
			}
			return nil
		})
	}
	return c
}
