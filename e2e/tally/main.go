// Command tally runs `go test -json` with its arguments and reports it as people read it: go's own
// line for each package, the output of what failed, the name and reason of every skipped test, and
// one closing line that counts the tests. It exits as go test does.
//
//	tally -race ./...
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
	}
	os.Exit(code)
}

func run(ctx context.Context, args []string, out io.Writer) (int, error) {
	if slices.Contains(args, "-race") && !hasCgo(ctx) {
		fmt.Fprintln(out, "tally: without the race detector, which needs cgo and a C compiler")
		args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-race" })
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 15 * time.Second
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	t := newTally(out)
	readErr := t.read(events)
	err = cmd.Wait()
	t.close()

	var exit *exec.ExitError
	switch {
	case readErr != nil:
		return 1, readErr
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode(), nil
	case err != nil:
		return 1, err
	}
	return 0, nil
}

// hasCgo asks go itself: it switches cgo off where it finds no C compiler.
func hasCgo(ctx context.Context) bool {
	answer, err := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED").Output()
	return err == nil && strings.TrimSpace(string(answer)) == "1"
}
