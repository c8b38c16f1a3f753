// Package odatatest makes clients that know nothing of a feed but its $metadata, for
// tests. Only tests import it.
package odatatest

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Client is a program that reads pages of the sets of a feed.
type Client struct{ path string }

// New makes a typed client in Go of $metadata alone, and compiles it. It is strict: what
// $metadata does not say is an error. The test fails where it cannot be made.
func New(t testing.TB, metadata []byte) *Client {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module client\n\ngo 1.26\n", "main.go": generate(t, metadata)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", "client", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return &Client{filepath.Join(dir, "client")}
}

// Read reads a page of a set and returns what the client has of it, written again as
// JSON. The error is the client's: the page is not what $metadata says.
func (c *Client) Read(t testing.TB, set, page string) ([]byte, error) {
	t.Helper()
	run := exec.CommandContext(t.Context(), c.path, set)
	run.Stdin = strings.NewReader(page)
	return run.Output()
}

// edmx is what a client reads of $metadata, and all it knows.
type edmx struct {
	Version string `xml:"Version,attr"`
	Schemas []struct {
		XMLName   xml.Name `xml:"http://docs.oasis-open.org/odata/ns/edm Schema"`
		Namespace string   `xml:"Namespace,attr"`
		Types     []struct {
			Name string `xml:"Name,attr"`
			Keys []struct {
				Name string `xml:"Name,attr"`
			} `xml:"Key>PropertyRef"`
			Properties []struct {
				Name     string `xml:"Name,attr"`
				Type     string `xml:"Type,attr"`
				Nullable *bool  `xml:"Nullable,attr"`
			} `xml:"Property"`
		} `xml:"EntityType"`
		Sets []struct {
			Name string `xml:"Name,attr"`
			Type string `xml:"EntityType,attr"`
		} `xml:"EntityContainer>EntitySet"`
	} `xml:"DataServices>Schema"`
}

// generate makes the Go source of the client.
func generate(t testing.TB, metadata []byte) string {
	t.Helper()
	var doc edmx
	if err := xml.Unmarshal(metadata, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != "4.0" || len(doc.Schemas) != 1 {
		t.Fatalf("%+v", doc)
	}
	types := map[string]string{
		"Edm.String": "string", "Edm.Int64": "int64", "Edm.Decimal": "json.Number",
		"Edm.DateTimeOffset": "time.Time", "Edm.Date": "Date", "Edm.Boolean": "bool",
	}
	var b strings.Builder
	b.WriteString(`package main

import ("encoding/json"; "fmt"; "os"; "time")

type Date string

func (d *Date) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil { return err }
	_, err := time.Parse(time.DateOnly, s)
	*d = Date(s)
	return err
}

type Page[T any] struct {
	Context string ` + "`json:\"@odata.context\"`" + `
	Value []T ` + "`json:\"value\"`" + `
	Next string ` + "`json:\"@odata.nextLink,omitempty\"`" + `
}

func run[T any](key func(T) string) {
	d := json.NewDecoder(os.Stdin)
	d.DisallowUnknownFields()
	var p Page[T]
	if err := d.Decode(&p); err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
	for _, row := range p.Value { if key(row) == "" { fmt.Fprintln(os.Stderr, "row without a key"); os.Exit(1) } }
	_ = json.NewEncoder(os.Stdout).Encode(p)
}

`)
	s := doc.Schemas[0]
	keys := map[string]string{}
	for _, typ := range s.Types {
		fmt.Fprintf(&b, "type %s struct {\n", typ.Name)
		for _, p := range typ.Properties {
			name, star := types[p.Type], "*"
			if name == "" {
				t.Fatalf("a client knows no %s", p.Type)
			}
			if p.Nullable != nil && !*p.Nullable {
				star = ""
			}
			fmt.Fprintf(&b, "\tF_%s %s%s `json:%q`\n", p.Name, star, name, p.Name)
		}
		b.WriteString("}\n\n")
		if len(typ.Keys) != 1 {
			t.Fatalf("%s has %d keys", typ.Name, len(typ.Keys))
		}
		keys[s.Namespace+"."+typ.Name] = typ.Keys[0].Name
	}
	b.WriteString("func main() {\n\tswitch os.Args[1] {\n")
	for _, set := range s.Sets {
		name := strings.TrimPrefix(set.Type, s.Namespace+".")
		fmt.Fprintf(&b, "\tcase %q: run(func(r %s) string { return r.F_%s })\n", set.Name, name, keys[set.Type])
	}
	b.WriteString("\tdefault: os.Exit(2)\n\t}\n}\n")
	return b.String()
}
