package mapping_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/mapping"
)

// plain is a value as encoding/json with UseNumber has it.
func plain(v mapping.Value) any {
	switch v.Kind() {
	case mapping.Bool:
		return v.String() == "true"
	case mapping.Number:
		return json.Number(v.String())
	case mapping.Text:
		return strings.ToValidUTF8(v.String(), "\ufffd")
	case mapping.List:
		list := []any{}
		for item := range v.Items() {
			list = append(list, plain(item))
		}
		return list
	case mapping.Object:
		m := map[string]any{}
		for name, item := range v.Members() {
			m[strings.ToValidUTF8(name, "\ufffd")] = plain(item)
		}
		return m
	}
	return nil
}

// FuzzParse holds the parser against encoding/json: the same texts are taken, and
// they hold the same values.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,2.5e-3,{"b":null}],"c":"\u00e9\ud83d\ude00\n","d":true}`, `[]`, `{}`, `"x"`, `-0`, `01`, `1.`, `[1,]`, `{"a":1,}`, `{"a"}`, `nul`,
		"\"\x80\"", `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, ` [ 1 , 2 ] `, `{"a":1} x`, `"` + "\x01" + `"`, `{"a\"b":{"c":[[[]]]}}`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := mapping.Parse(body)
		if errors.Is(err, mapping.ErrDepth) || errors.Is(err, mapping.ErrSize) {
			return
		}
		if (err == nil) != json.Valid(body) {
			t.Fatalf("%q: %v, but encoding/json says %t", body, err, json.Valid(body))
		}
		if err != nil {
			return
		}
		var want any
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		got := plain(doc.Root())
		// Bytes that are no UTF-8 are replaced one by one there and as a run here.
		if bytes.ContainsRune(body, '\ufffd') || !bytes.Equal(bytes.ToValidUTF8(body, nil), body) || hasTwins(doc.Root()) {
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %#v, want %#v", body, got, want)
		}
	})
}

// hasTwins reports whether an object has a member twice: here the first is found,
// there the last.
func hasTwins(v mapping.Value) bool {
	seen := map[string]bool{}
	for name, m := range v.Members() {
		if seen[name] || hasTwins(m) {
			return true
		}
		seen[name] = true
	}
	for item := range v.Items() {
		if hasTwins(item) {
			return true
		}
	}
	return false
}

func TestParseBounds(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"as deep as allowed": {strings.Repeat("[", mapping.MaxDepth) + strings.Repeat("]", mapping.MaxDepth), nil},
		"too deep":           {strings.Repeat("[", mapping.MaxDepth+1) + strings.Repeat("]", mapping.MaxDepth+1), mapping.ErrDepth},
		"a mountain of deep": {strings.Repeat(`{"a":`, 1_000_000), mapping.ErrDepth},
		"too many":           {"[" + strings.Repeat("0,", mapping.MaxValues) + "0]", mapping.ErrSize},
		"half":               {`{"data":[{"id":1},{"id"`, mapping.ErrSyntax},
		"empty":              {``, mapping.ErrSyntax},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if _, err := mapping.Parse([]byte(c.body)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	doc := parse(t, `{"client":{"code":"C1"},"a.b":{"c":1},"lines":[{"sku":"A"},{"sku":"B"}],"records":{"n":2,"jobs":[7]},"two":{"x":[],"y":[]},"esc\"aped":5,"none":null}`)
	for path, want := range map[string]string{
		"client.code": `C1`, `a\.b.c`: `1`, "lines.1.sku": `B`, "lines.2.sku": "", "lines.sku": "", "records.*": `[7]`, "two.*": "", "none": "null",
		`esc"aped`: "5", "client.code.deeper": "", "nothing": "", "lines.0": `{"sku":"A"}`,
	} {
		t.Run("case="+path, func(t *testing.T) {
			p, err := mapping.ParsePath(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(p.Find(doc).Raw()); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	root, _ := mapping.ParsePath("$")
	if root.Find(doc) != doc {
		t.Error("$ is not the record itself")
	}
	for _, path := range []string{"", ".", "a..b", "a.", strings.Repeat("a.", 20) + "b", strings.Repeat("a", 300)} {
		if _, err := mapping.ParsePath(path); err == nil {
			t.Errorf("%.20q is taken for a path", path)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"$", "a.b", `a\.b`, "0.1", "*", "a.*.b", `\`, `a\\`} {
		f.Add(s)
	}
	doc, err := mapping.Parse([]byte(`{"a":{"b":[1,{"c":2}]},"a.b":3,"list":[[4]]}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := mapping.ParsePath(text)
		if err != nil {
			return
		}
		if p.String() != text {
			t.Fatalf("%q became %q", text, p.String())
		}
		p.Find(doc.Root())
		n := 0
		p.Each(doc.Root(), func(mapping.Value) { n++ })
		if n > 10 {
			t.Fatalf("%q found %d values in a document of fewer", text, n)
		}
	})
}

func TestRows(t *testing.T) {
	at := func(texts ...string) []mapping.Path {
		p, err := mapping.ParsePaths(texts)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	usual := at("records", "records.*", "data", "items", "*", "$")
	for name, c := range map[string]struct {
		body string
		want int // -1 = no list
	}{
		"bare array":             {`[{},{}]`, 2},
		"data":                   {`{"data":[{}]}`, 1},
		"records":                {`{"records":[{},{},{}]}`, 3},
		"records, one deeper":    {`{"records":{"x":[{}]}}`, 1},
		"named after the entity": {`{"jobs":[{},{}],"total":2}`, 2},
		"null is empty":          {`{"data":null}`, 0},
		"two lists":              {`{"a":[{}],"b":[{}]}`, -1},
		"an object":              {`{"id":5}`, -1},
		"a text":                 {`"x"`, -1},
		"null alone":             {`null`, -1},
	} {
		t.Run("case="+name, func(t *testing.T) {
			rows, err := mapping.Rows(parse(t, c.body), usual)
			if (err != nil) != (c.want < 0) || err == nil && rows.Len() != c.want {
				t.Errorf("got %d rows, %v", rows.Len(), err)
			}
		})
	}
}
