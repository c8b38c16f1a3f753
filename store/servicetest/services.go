// Package servicetest gives tests the Redis and the PostgreSQL that e2e/services starts
// for them (make test, or bin/services in front of any command). Only tests import it.
package servicetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The variables that hold the servers' addresses.
const (
	redisVariable    = "TRAMA_TEST_REDIS"
	postgresVariable = "TRAMA_TEST_POSTGRES"
)

// None is the value of a variable whose server cannot be had on a machine: the tests
// that need it are skipped, and say so.
const None = "none"

// Redis returns the address of the Redis. All tests share it: use names of your own.
func Redis(t testing.TB) string {
	t.Helper()
	return address(t, redisVariable)
}

// HasPostgres reports whether there is a PostgreSQL, for a test that can do a part of
// its work without.
func HasPostgres(t testing.TB) bool {
	t.Helper()
	return os.Getenv(postgresVariable) != None
}

// Server skips or fails a test that starts a PostgreSQL of its own, from the programs
// of the one that is there, where Postgres would.
func Server(t testing.TB) {
	t.Helper()
	address(t, postgresVariable)
}

// Postgres returns the address of an empty schema in the PostgreSQL, which is dropped
// when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	server := address(t, postgresVariable)
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("the address of the PostgreSQL is none")
	}
	name := "t" + strings.ToLower(rand.Text())
	run := func(ctx context.Context, statement string) {
		c, err := pgx.Connect(ctx, server)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(ctx)
		if _, err := c.Exec(ctx, statement); err != nil {
			t.Error(err)
		}
	}
	run(t.Context(), `CREATE SCHEMA "`+name+`"`)
	// The test's own context is over by then.
	t.Cleanup(func() { run(context.WithoutCancel(t.Context()), `DROP SCHEMA "`+name+`" CASCADE`) })
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// address is what a variable holds. One that is not set fails the test: it would else
// be left out without anybody's wish. A benchmark is skipped, as make gobench starts no
// servers.
func address(t testing.TB, variable string) string {
	t.Helper()
	text := os.Getenv(variable)
	if text != "" && text != None {
		return text
	}
	if _, isBenchmark := t.(*testing.B); isBenchmark || text == None {
		t.Skipf("there is no server in %s", variable)
	}
	t.Fatalf("%s is not set: run make test, or bin/services in front of go test (%s=%s leaves these tests out)", variable, variable, None)
	return ""
}
