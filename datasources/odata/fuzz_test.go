package odata

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/schema"
)

// FuzzLiteral puts any text into an address: what a server decodes is one quoted
// text and nothing behind it.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"", "a", "O'Neil", "''", "' or 1 eq 1 or '", "a&$top=1", "a+b c%20#", "Привет", "\x00\xff", "\\'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, _ := edmOf("Edm.String")
		literal, ok := literals{version: v4, zone: time.UTC}.value(typ, schema.Value{Kind: schema.KindString, Str: s})
		if !ok {
			t.Fatal("a text has a literal")
		}
		q := request{set: "S", where: term("A eq " + literal)}
		_, query, _ := strings.Cut(q.address(v4), "?")
		values, err := url.ParseQuery(query)
		if err != nil || len(values) != 1 || strings.Contains(query, "+") {
			t.Fatalf("the address falls apart: %v", err)
		}
		inner, ok := strings.CutPrefix(values.Get("$filter"), "A eq '")
		inner, closed := strings.CutSuffix(inner, "'")
		if !ok || !closed || strings.ReplaceAll(inner, "''", "") != strings.ReplaceAll(strings.ReplaceAll(inner, "''", ""), "'", "") || strings.ReplaceAll(inner, "''", "'") != s {
			t.Fatalf("%q became %q", s, values.Get("$filter"))
		}
	})
}

// FuzzKey joins and splits any parts.
func FuzzKey(f *testing.F) {
	f.Add("a", "b")
	f.Add("a,b", `\`)
	f.Add(`\,`, "")
	f.Fuzz(func(t *testing.T, a, b string) {
		got, ok := splitKey(joinKey([]string{a, b}), 2)
		if !ok || got[0] != a || got[1] != b {
			t.Fatalf("%q, %q became %q", a, b, got)
		}
		if parts, ok := splitKey(a, 2); ok && joinKey(parts) != a {
			t.Fatalf("%q means the same key as another text", a)
		}
	})
}

// FuzzMetadata reads any document: no panic, and paths end.
func FuzzMetadata(f *testing.F) {
	for _, name := range []string{"metadata.v2.xml", "metadata.v3.xml", "metadata.v4.xml"} {
		body, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := parseMetadata(body)
		if err != nil {
			return
		}
		for set := range m.sets {
			typ, _ := m.typeOfSet(set)
			m.keys(typ)
			m.find(typ, []string{"a", "b", "c"})
		}
	})
}

// FuzzLink follows any link: never to another host, and never out of the service.
func FuzzLink(f *testing.F) {
	for _, s := range []string{"x?$skiptoken=1", "https://h/svc/x", "https://evil/svc/x", "//evil/svc/x", "/svc/../x", "/svc/%2e%2e/x", "https://h@evil/svc/", "https://u@h/svc/x", "http://h:80/svc/x", "?a", `\\evil`, "javascript:1", "https://h/svc/\r\nx"} {
		f.Add(s)
	}
	base, _ := url.Parse("https://h/svc/")
	asked, _ := url.Parse("https://h/svc/Orders?$top=1")
	c := &client{base: base, cfg: &Config{}}
	f.Fuzz(func(t *testing.T, link string) {
		address, err := c.link(asked, link)
		if err != nil {
			return
		}
		u, err := url.Parse("https://h/svc/" + address)
		if err != nil {
			return // wire refuses it
		}
		if u.Host != "h" || u.User != nil || !strings.HasPrefix(u.JoinPath().Path, "/svc") {
			t.Fatalf("%q leads to %s", link, u)
		}
	})
}

// FuzzTime reads any text as a time: nothing beyond the years a time may have.
func FuzzTime(f *testing.F) {
	for _, s := range []string{"/Date(0)/", "/Date(1583280000000+0060)/", "/Date(-1)/", "2026-03-01T12:00:00", "2026-03-01", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "/Date(+)/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, k := range []kind{kindWall, kindMoment, kindDay} {
			if at, ok := (clock{chisinau}).time(k, []byte(s)); ok && !at.IsZero() && (at.UTC().Year() < 1 || at.UTC().Year() > 10000) {
				t.Fatalf("%q is in the year %d", s, at.Year())
			}
		}
	})
}
