//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// postgresSettings trade safety against a crash, which a test database need not survive, for speed.
var postgresSettings = []string{
	"listen_addresses=127.0.0.1",
	"unix_socket_directories=",
	"fsync=off",
	"synchronous_commit=off",
	"full_page_writes=off",
	"max_connections=200",
}

func startPostgres(ctx context.Context, m machine) (*server, error) {
	initdb, err := m.need(ctx, "postgresql", findInitdb)
	if err != nil {
		return nil, err
	}
	dir, err := m.room("postgres")
	if err != nil {
		return nil, err
	}
	password, data := newPassword(), filepath.Join(dir, "data")
	secret := filepath.Join(dir, "password")
	if err := m.file(secret, password); err != nil {
		return nil, err
	}
	create := exec.CommandContext(ctx, initdb, "--pgdata="+data, "--username=trama", "--pwfile="+secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	create.Dir, create.Env, create.SysProcAttr = dir, m.environ(dir), m.attributes(syscall.SIGTERM)
	if out, err := create.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return nil, fmt.Errorf("initdb: %w: %s", err, lines[len(lines)-1])
	}

	binary := filepath.Join(filepath.Dir(initdb), "postgres")
	return try(func(port int) (*server, error) {
		args := []string{"-D", data, "-p", strconv.Itoa(port)}
		for _, setting := range postgresSettings {
			args = append(args, "-c", setting)
		}
		cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, args...)
		// SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for clients to leave.
		s, err := m.launch(ctx, dir, cmd, syscall.SIGINT, func() bool { return postgresReady(data) })
		if err != nil {
			return nil, err
		}
		s.addr = fmt.Sprintf("127.0.0.1:%d", port)
		s.url = fmt.Sprintf("postgres://trama:%s@%s/postgres?sslmode=disable", password, s.addr)
		return s, nil
	})
}

// postgresReady reads what the server itself writes of its state: line 8 of its pid file, which pg_ctl waits for too.
func postgresReady(data string) bool {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	return len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
}

// findInitdb returns the initdb that has a postgres beside it. Debian keeps both out of the path.
func findInitdb() string {
	var found []string
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin/initdb",
		"/usr/local/opt/postgresql*/bin/initdb",
		"/opt/homebrew/opt/postgresql*/bin/initdb",
		"/usr/pgsql-*/bin/initdb",
	} {
		if paths, err := filepath.Glob(pattern); err == nil {
			slices.Reverse(paths) // the newest first
			found = append(found, paths...)
		}
	}
	for _, path := range found {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			if _, err := os.Stat(filepath.Join(filepath.Dir(real), "postgres")); err == nil {
				return real
			}
		}
	}
	return ""
}
