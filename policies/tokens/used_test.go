package tokens_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
)

// TestUsed: the hour is written once, behind the calls, and again when the store
// was away.
func TestUsed(t *testing.T) {
	b := newBench(t)
	text, tok := b.issue(tokens.Grant{Account: "shop"})
	other, _ := b.issue(tokens.Grant{Account: "bi"})
	use := func(what string, writes int64) {
		t.Helper()
		before := b.store.used.Load()
		for range 3 {
			b.principal(text)
			b.now = b.now.Add(2 * time.Second) // beyond what is remembered
		}
		if got := b.store.used.Load(); got != before {
			t.Errorf("%s: a call wrote", what)
		}
		_ = b.Flush(t.Context())
		if got := b.store.used.Load() - before; got != writes {
			t.Errorf("%s: %d tokens written, want %d", what, got, writes)
		}
	}
	hour := func() time.Time {
		t.Helper()
		list, err := b.Tokens(t.Context(), tokens.TokenFilter{Account: "shop"})
		if err != nil || len(list) != 1 || list[0].ID != tok.ID {
			t.Fatal(err)
		}
		return list[0].LastUsedAt
	}
	use("in the first hour", 1)
	use("again", 0)
	if got := hour(); !got.Equal(start.Truncate(time.Hour)) {
		t.Errorf("used %s", got)
	}
	b.now = start.Add(time.Hour)
	away := errors.New("away")
	b.principal(text)
	b.principal(other)
	b.store.fails.Store(&away)
	if err := b.Flush(t.Context()); !errors.Is(err, away) {
		t.Errorf("error %v", err)
	}
	b.store.fails.Store(nil)
	use("when the store is back", 2)
	if got := hour(); !got.Equal(start.Add(time.Hour).Truncate(time.Hour)) {
		t.Errorf("used %s", got)
	}
}

func TestWarnings(t *testing.T) {
	ends := start.Add(100 * 24 * time.Hour)
	for _, c := range []struct {
		name string
		left time.Duration
		want []string
	}{
		{"long", 30*24*time.Hour + 1, nil},
		{"thirty days", 30 * 24 * time.Hour, []string{"The token ends within 30 days, at 2026-04-11T12:30:00Z. Ask an administrator for a new one."}},
		{"more than seven", 7*24*time.Hour + 1, []string{"The token ends within 30 days, at 2026-04-11T12:30:00Z. Ask an administrator for a new one."}},
		{"seven days", 7 * 24 * time.Hour, []string{"The token ends within 7 days, at 2026-04-11T12:30:00Z. Ask an administrator for a new one."}},
		{"a day", 24 * time.Hour, []string{"The token ends within a day, at 2026-04-11T12:30:00Z. Ask an administrator for a new one."}},
		{"over", 0, nil},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := tokens.Warnings(&policies.Principal{ExpiresAt: ends}, ends.Add(-c.left)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
	if got := tokens.Warnings(&policies.Principal{}, start); got != nil {
		t.Errorf("without an end: %q", got)
	}
}

// TestLogExpiring: one line for each token and threshold a day, used or not, with
// no secret in it.
func TestLogExpiring(t *testing.T) {
	var out bytes.Buffer
	b := newBench(t, tokens.WithLog(slog.New(slog.NewTextHandler(&out, nil))))
	text, tok := b.issue(tokens.Grant{Account: "shop", Expires: start.Add(8 * 24 * time.Hour)})
	b.issue(tokens.Grant{Account: "far", Expires: start.Add(60 * 24 * time.Hour)})
	b.issue(tokens.Grant{Account: "never"})
	lines := func(at time.Time) (list []string) {
		t.Helper()
		b.now = at
		out.Reset()
		if err := b.LogExpiring(t.Context()); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, text[20:]) {
				t.Errorf("the log has a secret: %s", line)
			}
			_, rest, _ := strings.Cut(line, "msg=")
			list = append(list, strings.TrimSpace(rest))
		}
		return list
	}
	want := func(days string) []string {
		return []string{`"token ends soon" token=` + tok.ID + " account=shop days=" + days + " expires=2026-01-09T12:30:00Z"}
	}
	for _, c := range []struct {
		name string
		at   time.Time
		want []string
	}{
		{"thirty", start, want("30")},
		{"an hour later", start.Add(time.Hour), nil},
		{"a day later", start.Add(24*time.Hour - 1), want("30")},
		{"seven on the same day", start.Add(24 * time.Hour), want("7")},
		{"the last day", start.Add(8*24*time.Hour - 1), want("1")},
		{"over", start.Add(8 * 24 * time.Hour), nil},
	} {
		if got := lines(c.at); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestRun: what is left is written when the server ends.
func TestRun(t *testing.T) {
	b := newBench(t)
	text, _ := b.issue(tokens.Grant{Account: "shop"})
	b.principal(text)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if list, err := b.Accounts(t.Context()); err != nil || list[0].Token.LastUsedAt.IsZero() {
		t.Errorf("accounts %+v, %v", list, err)
	}
}
