//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"A=redis://x:y@h:1/0":    "A='redis://x:y@h:1/0'",
		"A=postgres://h?a=b&c=d": "A='postgres://h?a=b&c=d'",
		"A=it's":                 `A='it'\''s'`,
	} {
		if got := quoted(in); got != want {
			t.Errorf("quoted(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestDenyStarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy-rc.d")
	allow, err := denyStarts(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Fatalf("got %v, %v, want a program that denies", info, err)
	}

	again, err := denyStarts(path)
	if err != nil {
		t.Fatal(err)
	}
	again()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("a policy that was there before is gone: %v", err)
	}
	allow()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("our policy stayed: %v", err)
	}
}

func TestPostgresReady(t *testing.T) {
	dir := t.TempDir()
	if postgresReady(dir) {
		t.Error("ready without a pid file")
	}
	lines := []string{"1", dir, "1700000000", "5432", "", "127.0.0.1", "1 2", "starting"}
	for _, tt := range []struct {
		state string
		want  bool
	}{{"starting", false}, {"ready   ", true}, {"stopping", false}} {
		lines[7] = tt.state
		text := strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := postgresReady(dir); got != tt.want {
			t.Errorf("state=%q: got %v, want %v", tt.state, got, tt.want)
		}
	}
}
