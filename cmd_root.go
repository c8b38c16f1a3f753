package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// execute runs a command line and returns the exit code: 0 done, 1 it failed, 2
// the command line or the configuration is wrong.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use: "trama", Short: "One GraphQL schema over tickets, customers, quotes, orders and invoices",
		SilenceUsage: true, SilenceErrors: true, CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(demoCommand(), serveCommand(), checkCommand(), queryCommand(), schemaCommand(), syncCommand(),
		tokenCommand(), agreementCommand(), policyCommand(), directoryCommand(), healthCommand(), docsCommand(), exportCommand())
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return 1
	}
	fmt.Fprintln(stderr, "trama: "+err.Error())
	var wrong *usageError
	if errors.As(err, &wrong) || strings.HasPrefix(err.Error(), "unknown command") || wrongArguments.MatchString(err.Error()) {
		return 2
	}
	return 1
}

// wrongArguments is how cobra says that a command has too many or too few.
var wrongArguments = regexp.MustCompile(`^(accepts|requires) .*arg\(s\)`)

// errFailed ends a command that has said already what is wrong.
var errFailed = errors.New("failed")

// usageError is a mistake of the operator: in the command line or the
// configuration.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// configFlag adds --config.
func configFlag(c *cobra.Command) *string {
	return c.Flags().StringP("config", "c", "trama.yaml", "the configuration `file`")
}

// load reads the configuration a command was given.
func load(path string) (config, error) {
	cfg, err := readConfig(path)
	if err != nil {
		return cfg, &usageError{err}
	}
	return cfg, nil
}

func newLog(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Value.Kind() == slog.KindDuration { // "1.5s" rather than nanoseconds
			a.Value = slog.StringValue(a.Value.Duration().String())
		}
		return a
	}}))
}
