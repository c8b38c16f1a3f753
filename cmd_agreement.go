package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
)

func agreementCommand() *cobra.Command {
	c := &cobra.Command{Use: "agreement", Short: "Make, change and list what accounts agreed to"}
	c.AddCommand(agreementSetCommand(), agreementListCommand())
	return c
}

func agreementSetCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "set NAME", Args: cobra.ExactArgs(1),
		Short:   "Make an agreement, or change what is given of it",
		Example: "  trama agreement set partners --package ecommerce --package ecommerce-plus --calls-per-minute 60 --burst 20 --rows-per-day 100000",
	}
	path := configFlag(c)
	var given policies.Agreement
	f := c.Flags()
	f.StringSliceVar(&given.Packages, "package", nil, "a `package` its tokens may have; may be repeated")
	f.IntVar(&given.CallsPerMinute, "calls-per-minute", 0, "calls a minute; 0 = no limit")
	f.IntVar(&given.Burst, "burst", 0, "calls that may come at once; 0 = a minute's")
	f.Int64Var(&given.CostPerMinute, "cost-per-minute", 0, "cost a minute; 0 = no limit")
	f.Int64Var(&given.RowsPerDay, "rows-per-day", 0, "rows a day, UTC; 0 = no limit")
	f.DurationVar(&given.Overlap, "overlap", 0, "how long a replaced token lets in; 0 = not at all")
	f.BoolVar(&given.NoIntrospection, "no-introspection", false, "its tokens may not ask what the schema is")
	f.BoolVar(&given.NoSuggestions, "no-suggestions", false, "errors suggest no names")
	f.Int64Var(&given.MaxCost, "max-cost", 0, "cost of one operation; 0 = the server's")
	f.IntVar(&given.MaxDepth, "max-depth", 0, "nesting of fields; 0 = the server's")
	f.IntVar(&given.MaxAliases, "max-aliases", 0, "fields under another name; 0 = the server's")
	f.IntVar(&given.MaxRootFields, "max-root-fields", 0, "root fields of one operation; 0 = the server's")
	f.IntVar(&given.MaxTokens, "max-tokens", 0, "lexical tokens of a document; 0 = the server's")
	f.IntVar(&given.MaxPage, "max-page", 0, "rows of one page; 0 = the server's")
	f.IntVar(&given.MaxRows, "max-rows", 0, "rows of one answer; 0 = no limit")
	f.DurationVar(&given.MaxTime, "max-time", 0, "how long one operation may take; 0 = the server's")
	f.DurationVar(&given.AnswerCache, "answer-cache", 0, "how long an answer may be kept that asks for it with @cacheControl; 0 = not at all")
	c.RunE = func(c *cobra.Command, args []string) error {
		if f.NFlag() == 0 || (f.NFlag() == 1 && f.Changed("config")) {
			return &usageError{errors.New("nothing is given to set")}
		}
		if given.Overlap%time.Minute != 0 {
			return &usageError{fmt.Errorf("--overlap %s: want whole minutes", given.Overlap)}
		}
		if given.MaxTime%time.Millisecond != 0 {
			return &usageError{fmt.Errorf("--max-time %s: want whole milliseconds", given.MaxTime)}
		}
		if given.AnswerCache%time.Second != 0 {
			return &usageError{fmt.Errorf("--answer-cache %s: want whole seconds", given.AnswerCache)}
		}
		return withGrants(c, *path, func(s *tokens.Service, _ *seal.Sealer) error {
			_, err := s.SaveAgreement(c.Context(), tokens.Operator(), args[0], func(a *policies.Agreement) {
				for name, copyOne := range map[string]func(){
					"package":          func() { a.Packages = given.Packages },
					"calls-per-minute": func() { a.CallsPerMinute = given.CallsPerMinute },
					"burst":            func() { a.Burst = given.Burst },
					"cost-per-minute":  func() { a.CostPerMinute = given.CostPerMinute },
					"rows-per-day":     func() { a.RowsPerDay = given.RowsPerDay },
					"overlap":          func() { a.Overlap = given.Overlap },
					"no-introspection": func() { a.NoIntrospection = given.NoIntrospection },
					"no-suggestions":   func() { a.NoSuggestions = given.NoSuggestions },
					"max-cost":         func() { a.MaxCost = given.MaxCost },
					"max-depth":        func() { a.MaxDepth = given.MaxDepth },
					"max-aliases":      func() { a.MaxAliases = given.MaxAliases },
					"max-root-fields":  func() { a.MaxRootFields = given.MaxRootFields },
					"max-tokens":       func() { a.MaxTokens = given.MaxTokens },
					"max-page":         func() { a.MaxPage = given.MaxPage },
					"max-rows":         func() { a.MaxRows = given.MaxRows },
					"max-time":         func() { a.MaxTime = given.MaxTime },
					"answer-cache":     func() { a.AnswerCache = given.AnswerCache },
				} {
					if f.Changed(name) {
						copyOne()
					}
				}
			})
			return err
		})
	}
	return c
}

func agreementListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List agreements", Args: cobra.NoArgs}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withTokens(c, *path, func(s *tokens.Service, _ *seal.Sealer) error {
			list, err := s.Agreements(c.Context())
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tPACKAGES\tCALLS/MIN\tBURST\tCOST/MIN\tROWS/DAY\tOVERLAP")
			for i := range list {
				a := &list[i]
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Name, strings.Join(a.Packages, ","),
					orNone(a.CallsPerMinute), orNone(a.Burst), orNone(a.CostPerMinute), orNone(a.RowsPerDay), a.Overlap.Round(time.Second))
			}
			return w.Flush()
		})
	}
	return c
}

func orNone[N int | int64](n N) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
