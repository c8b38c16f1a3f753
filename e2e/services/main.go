//go:build unix

// Command services starts the private Redis and PostgreSQL that the tests use,
// runs a command with their addresses in its environment, and stops them again:
//
//	services go test ./...
//
// Without a command it prints the addresses and serves until it is interrupted.
//
// The servers listen on free loopback ports, keep their data in a temporary
// directory and ask for a password made up for the run. A missing one is
// installed from Debian's packages if the caller is root; where it cannot be had,
// one line says so, its variable is "none", and the tests that need it skip. Where
// a variable is not set at all, they fail. A variable that is already set is left
// alone, and its server is not started.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A kind is a server that the tests can be given.
type kind struct {
	name  string
	env   string
	start func(ctx context.Context, m machine) (*server, error)
}

// none in the place of an address lets the tests skip that need the server
// (store/servicetest).
const none = "none"

var kinds = []kind{
	{"redis", "TRAMA_TEST_REDIS", startRedis},
	{"postgres", "TRAMA_TEST_POSTGRES", startPostgres},
}

func main() {
	// Linux ends the servers when the thread that started them ends, which for
	// the main thread is the end of the program, even by SIGKILL.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, command []string) int {
	dir, err := os.MkdirTemp("", "trama-services-")
	if err != nil {
		say("no directory for the services: %v", err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			say("%v", err)
		}
	}()
	m, err := newMachine(dir)
	if err != nil {
		say("%v", err)
		return 1
	}

	if err := m.compiler(ctx); err != nil {
		say("race detector: %v; the tests run without it", err)
	}
	env := os.Environ()
	var set []string
	for _, k := range kinds {
		if os.Getenv(k.env) != "" {
			say("%s: the one in %s", k.name, k.env)
			continue
		}
		began := time.Now()
		s, err := k.start(ctx, m)
		if err != nil {
			say("%s: %v; the tests that need %s are skipped", k.name, err, k.env)
			set = append(set, k.env+"="+none)
			continue
		}
		defer s.stop(k.name)
		say("%s: on %s after %.1fs", k.name, s.addr, time.Since(began).Seconds())
		set = append(set, k.env+"="+s.url)
	}
	env = append(env, set...)

	if len(command) == 0 {
		for _, v := range set {
			fmt.Printf("export %s\n", quoted(v))
		}
		<-ctx.Done()
		return 0
	}
	return execute(ctx, command, env)
}

// execute runs the command to its end and returns its exit code. An interrupt
// is passed on, so that the command can tidy up before the servers go.
func execute(ctx context.Context, command, env []string) int {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	}
	say("%s: %v", command[0], err)
	return 1
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "services: "+format+"\n", args...)
}

// quoted writes a variable for a shell; its value is put between single quotes.
func quoted(v string) string {
	name, value, _ := strings.Cut(v, "=")
	return name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
