package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A port that is taken is told before anything is made.
func TestDemoPortTaken(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var stdout, stderr bytes.Buffer
	began := time.Now()
	code := execute(t.Context(), []string{"demo", "--customers", "1000000", "--listen", l.Addr().String()}, &stdout, &stderr)
	if said := stderr.String(); code != 2 || !strings.Contains(said, "LISTEN=") || !strings.Contains(said, l.Addr().String()) {
		t.Errorf("exit code %d: %s", code, said)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// An account has one token: who makes another is told which one stops.
func TestTokenNewSaysWhatItStops(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "trama.yaml")
	text := "store: {url: 'sqlite:" + filepath.Join(dir, "t.db") + "'}\nsources: [{name: erp, kind: sap, supply: push}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	issue := func(args ...string) (token, said string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := execute(t.Context(), append([]string{"token", "new", "--config", path}, args...), &stdout, &stderr); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr.String())
		}
		return strings.TrimSpace(stdout.String()), stderr.String()
	}
	first, said := issue()
	if said != "" || strings.Contains(first, "\n") {
		t.Errorf("the first: %q, %q", first, said)
	}
	if _, said := issue("--account", "feed", "--source", "erp"); said != "" {
		t.Errorf("another account: %q", said)
	}
	second, said := issue()
	id := strings.Split(first, "_")[2]
	if !strings.Contains(said, "admin had a token, "+id+": it stops now") || strings.Contains(second, "\n") {
		t.Errorf("the second: %q, %q", second, said)
	}
}
