package tokens_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// TestAway: while the store is away nobody can be let in, which is no mistake and no
// secret, and one line a second says so.
func TestAway(t *testing.T) {
	var log bytes.Buffer
	b := newBench(t, tokens.WithCache(0), tokens.WithLog(slog.New(slog.NewTextHandler(&log, nil))))
	text, _ := b.issue(tokens.Grant{Account: "shop"})
	for _, c := range []struct {
		name      string
		err       error
		code      schema.Code
		retryable bool
		lines     int
	}{
		{"away", schema.Errorf(schema.SourceUnavailable, "the store is away").Because(errors.New("connection refused")), schema.SourceUnavailable, true, 2},
		{"a mistake", errors.New("no such column"), schema.Internal, false, 0},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			log.Reset()
			b.store.fails.Store(&c.err)
			defer b.store.fails.Store(nil)
			for range 2 {
				for range 50 {
					_, err := b.Verify(t.Context(), text, here)
					var e *schema.Error
					if !errors.As(err, &e) || e.Code != c.code || e.Retryable != c.retryable || e.Source != "" || (e.Wait > 0) != c.retryable {
						t.Fatalf("%v: %+v", err, e)
					}
					if strings.Contains(e.Message, "refused") {
						t.Errorf("the client is told %q", e.Message)
					}
				}
				b.now = b.now.Add(time.Second)
			}
			if n := strings.Count(log.String(), "\n"); n != c.lines {
				t.Errorf("%d lines in two seconds, want %d:\n%s", n, c.lines, log.String())
			}
			if c.lines > 0 && !strings.Contains(log.String(), "connection refused") {
				t.Errorf("the cause is not logged: %s", log.String())
			}
		})
	}
	b.principal(text) // it is back
}
