package sourcetest

import (
	"bytes"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
)

// reference is a secret of a configuration file.
var reference = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

// Example reads one source of a configuration file into a connector's Config, so
// that what is documented is what is tested. Keys every source has are left out,
// and each reference to the environment becomes secret. The program's own reader
// is not to be imported from here: it has tests of its own for the same files.
func Example(t testing.TB, file, source, secret string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Sources []yaml.Node `yaml:"sources"`
	}
	if err := yaml.Unmarshal(reference.ReplaceAll(text, []byte(secret)), &doc); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for i := range doc.Sources {
		n := &doc.Sources[i]
		if !isNamed(n, source) {
			continue
		}
		for _, key := range []string{"kind", "supply", "every", "max_delete", "keep_deleted"} {
			if at := indexOf(n, key); at >= 0 {
				n.Content = slices.Delete(n.Content, at, at+2)
			}
		}
		written, err := yaml.Marshal(long(n, reflect.TypeOf(into).Elem()))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		d := yaml.NewDecoder(bytes.NewReader(written))
		d.KnownFields(true)
		if err := d.Decode(into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return
	}
	t.Fatalf("%s has no source %s", file, source)
}

func isNamed(n *yaml.Node, source string) bool {
	at := indexOf(n, "name")
	return at >= 0 && n.Content[at+1].Value == source
}

// indexOf is the position of a mapping's key, -1 = it has none.
func indexOf(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// long writes the short forms of a configuration out: a text or a list instead of
// the mapping whose one key is tagged short, and a text instead of a list of one.
func long(n *yaml.Node, t reflect.Type) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	out := *n
	out.Anchor = ""
	out.Content = slices.Clone(n.Content)
	switch {
	case t.Kind() == reflect.Struct && n.Kind != yaml.MappingNode:
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("short") == "true" {
				key := &yaml.Node{Kind: yaml.ScalarNode, Value: f.Tag.Get("yaml")}
				return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{key, long(n, f.Type)}}
			}
		}
	case t.Kind() == reflect.Slice && n.Kind == yaml.ScalarNode:
		return &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{&out}}
	case t.Kind() == reflect.Slice:
		for i, item := range out.Content {
			out.Content[i] = long(item, t.Elem())
		}
	case t.Kind() == reflect.Map:
		for i := 1; i < len(out.Content); i += 2 {
			out.Content[i] = long(out.Content[i], t.Elem())
		}
	case t.Kind() == reflect.Struct:
		for i := 0; i+1 < len(out.Content); i += 2 {
			for j := range t.NumField() {
				if t.Field(j).Tag.Get("yaml") == out.Content[i].Value {
					out.Content[i+1] = long(out.Content[i+1], t.Field(j).Type)
				}
			}
		}
	}
	return &out
}
