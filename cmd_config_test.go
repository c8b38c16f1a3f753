package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

const minimal = `
sources:
  - {name: books, kind: onec, url: "http://127.0.0.1:1/base/odata/standard.odata/", user: odata, password: ${BOOKS}, zone: UTC}
`

func env(name string) (string, bool) {
	if name == "BOOKS" {
		return "S3CR3T", true
	}
	return "", false
}

func TestConfigIsReadWithItsDefaults(t *testing.T) {
	c, err := parseConfig([]byte(minimal+"cache: {ttl: 5s}\nlisten: 127.0.0.1:${PORT}\n"), func(name string) (string, bool) {
		if name == "PORT" {
			return "9000", true
		}
		return env(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:9000" || c.Cache.TTL != 5*time.Second || c.Limits.PageSize != 1000 || c.Sources[0].Supply != "live" {
		t.Errorf("got %+v", c)
	}
}

func TestConfigExamplesOfTheDocuments(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "```yaml\n")
	if !ok {
		t.Fatal("the README shows no configuration")
	}
	example, _, _ := strings.Cut(rest, "```")
	if _, err := parseConfig([]byte(example), func(string) (string, bool) { return "x", true }); err != nil {
		t.Errorf("the README's configuration: %v", err)
	}
}

// FuzzConfig feeds configurations: none brings the reader down, and no message
// shows a secret.
func FuzzConfig(f *testing.F) {
	f.Add(minimal)
	f.Add(minimal + "cache: {ttl: ${BOOKS}}\nlisten: ${BOOKS}\npublic_url: ${BOOKS}\n")
	f.Add("sources: [{name: ${BOOKS}, kind: ${BOOKS}}]")
	f.Add("a: &a [*a]\nlimits: {page_size: 1e9}\n---\nb: 1")
	f.Add("links: [{source: x, relation: Invoice.order, by: [{field: a, pattern: '('}]}]")
	f.Add("\x00\ue000BOOKS\ue001: 1")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file:") || strings.Contains(text, "S3C") {
			return // reads files of this system, or says it itself
		}
		if _, err := parseConfig([]byte(text), env); err != nil && strings.Contains(err.Error(), "S3CR3T") {
			t.Errorf("a secret is shown: %v", err)
		}
	})
}

// TestPublicURL holds that what links cannot begin with is refused, and no login shown.
func TestPublicURL(t *testing.T) {
	env := func(string) (string, bool) { return "", false }
	for text, isGood := range map[string]bool{
		"https://api.example.com/bi": true, "http://localhost:8080/": true, "ftp://api.example.com": false, "https:///bi": false,
		"https://anna:hush@api.example.com": false, "https://anna@api.example.com": false, "https://api.example.com/?a=b": false,
		"https://api.example.com/?": false, "https://api.example.com/#a": false, "https://api.example.com/#": false,
	} {
		_, err := parseConfig([]byte(minimal+"public_url: \""+text+"\"\n"), env)
		if isBad := err != nil && strings.Contains(err.Error(), "public_url: "); isBad == isGood {
			t.Errorf("%s: %v", text, err)
		} else if isBad && strings.Contains(err.Error(), "hush") {
			t.Errorf("the password is shown: %v", err)
		}
	}
}

// TestKeepDeleted holds for how long deleted records are kept, and their keys, which are
// remembered even where no record is.
func TestKeepDeleted(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		said                string
		keys, rows          time.Duration // of a copy
		pushKeys, pushRows  time.Duration
		wrongCopy, wrongOne string
	}{
		{"", 30 * day, 30 * day, 90 * day, 30 * day, "", ""},
		{", keep_deleted: 48h", 2 * day, 2 * day, 2 * day, 2 * day, "", ""},
		{", keep_deleted: 0", 30 * day, 0, 90 * day, 0, "", ""},
		{", keep_deleted: 8760h", 365 * day, 365 * day, 365 * day, 365 * day, "", ""},
		{", keep_deleted: 8761h", 0, 0, 0, 0, "sources[0].keep_deleted: want from 0, which keeps none, to 8760h", "sources[1].keep_deleted: want from 0"},
		{", keep_deleted: -1h", 0, 0, 0, 0, "sources[0].keep_deleted: want from 0", "sources[1].keep_deleted: want from 0"},
		{", keep_deleted: long", 0, 0, 0, 0, "sources[0].keep_deleted: want a duration", "sources[1].keep_deleted: want a duration"},
	} {
		t.Run("case="+c.said, func(t *testing.T) {
			text := strings.Replace(minimal, "zone: UTC", "zone: UTC, supply: copy"+c.said, 1) + "  - {name: shop, kind: webshop, supply: push" + c.said + "}\n"
			cfg, err := parseConfig([]byte(text), env)
			if c.wrongCopy != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrongCopy) || !strings.Contains(err.Error(), c.wrongOne) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := cfg.Sources[0].copy(); got.Keep != c.keys || got.KeepDeleted != c.rows {
				t.Errorf("a copy keeps keys %v, rows %v", got.Keep, got.KeepDeleted)
			}
			if got := cfg.Sources[1].push(nil); got.Keep != c.pushKeys || got.KeepDeleted != c.pushRows {
				t.Errorf("a push keeps keys %v, rows %v", got.Keep, got.KeepDeleted)
			}
		})
	}
	_, err := parseConfig([]byte(strings.Replace(minimal, "zone: UTC", "zone: UTC, keep_deleted: 0", 1)), env)
	if err == nil || !strings.Contains(err.Error(), "sources[0].keep_deleted: does not go with supply: live") {
		t.Errorf("of a live source: %v", err)
	}
}
