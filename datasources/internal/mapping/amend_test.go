package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// show writes a value with what was changed of it.
func show(v mapping.Value) string {
	var parts []string
	switch v.Kind() {
	case mapping.Object:
		for m := range v.Fields() {
			parts = append(parts, string(m.Label())+":"+show(m))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case mapping.List:
		for item := range v.Items() {
			parts = append(parts, show(item))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case mapping.Text:
		return fmt.Sprintf("%q", v.String())
	case mapping.Null:
		return "null"
	}
	return v.String()
}

// TestAmend changes a document, whose text stays as it is.
func TestAmend(t *testing.T) {
	for name, c := range map[string]struct {
		record string
		change func(rec mapping.Value)
		want   string
	}{
		"nothing":             {`{"a":1,"b":"x"}`, func(mapping.Value) {}, `{a:1 b:"x"}`},
		"a member hidden":     {`{"a":{"c":[1,{}]},"b":"x"}`, func(r mapping.Value) { r.Member("a").Hide() }, `{b:"x"}`},
		"the last hidden":     {`{"a":1,"b":{"c":1}}`, func(r mapping.Value) { r.Member("b").Hide() }, `{a:1}`},
		"all hidden":          {`{"a":1,"b":2}`, func(r mapping.Value) { r.Member("a").Hide(); r.Member("b").Hide() }, `{}`},
		"a list lifted":       {`{"a":{"x":1,"c":[1,2],"y":{"c":1}},"b":"x"}`, func(r mapping.Value) { r.Member("a").Lift(r.Member("a").Member("c")) }, `{a:[1 2] b:"x"}`},
		"the only one lifted": {`{"a":{"c":{"d":1}}}`, func(r mapping.Value) { r.Member("a").Lift(r.Member("a").Member("c")) }, `{a:{d:1}}`},
		"another text":        {`{"a":1,"b":"x"}`, func(r mapping.Value) { r.Member("b").SetText([]byte("a longer one")) }, `{a:1 b:"a longer one"}`},
		"quotes in it":        {`{"b":"\u0041"}`, func(r mapping.Value) { r.Member("b").SetText([]byte("\"\\\n")) }, `{b:"\"\\\n"}`},
		"a number":            {`{"b":"12"}`, func(r mapping.Value) { r.Member("b").AsNumber() }, `{b:12}`},
		"another number":      {`{"b":"1\u0032"}`, func(r mapping.Value) { r.Member("b").SetNumber([]byte("12")) }, `{b:12}`},
		"null":                {`{"b":"12"}`, func(r mapping.Value) { r.Member("b").Nullify() }, `{b:null}`},
		"one more":            {`{"a":1}`, func(r mapping.Value) { r.Put([]byte("new")) }, `{:"new" a:1}`},
		"one more, of none":   {`{}`, func(r mapping.Value) { r.Put([]byte("new")) }, `{:"new"}`},
		"a copy":              {`{"a":1,"b":"x"}`, func(r mapping.Value) { r.PutAs(r.Member("a")); r.Member("a").Hide() }, `{:"1" b:"x"}`},
		"twice":               {`{"a":1}`, func(r mapping.Value) { r.Put([]byte("new")); r.Put([]byte("other")) }, `{:"new" a:1}`},
		"not within":          {`{"a":{"b":1}}`, func(r mapping.Value) { r.Member("a").Put([]byte("new")) }, `{a:{b:1}}`},
	} {
		t.Run("case="+name, func(t *testing.T) {
			o := contact()
			o.Names = []string{"@new", "a", "b", "c", "d", "x", "y"}
			plan, err := mapping.Compile[schema.Contact](o)
			if err != nil {
				t.Fatal(err)
			}
			body := `{"list":[` + c.record + `,{"b":"sound","z":1}]}`
			doc, err := plan.ShapeOf("@new", o.Names[1:]...).Parse([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			list := doc.Root().Member("list")
			for rec := range list.Items() {
				c.change(rec)
				if got := show(rec); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				break
			}
			if got := show(list); !strings.HasSuffix(got, ` {b:"sound"}]`) || list.Len() != 2 {
				t.Errorf("another record became %s", got)
			}
		})
	}
}

// TestAmendedIsRead: a plan finds what was put there, by its name.
func TestAmendedIsRead(t *testing.T) {
	o := contact()
	o.Fields["id"] = at("@key")
	plan, err := mapping.Compile[schema.Contact](o)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := plan.ShapeOf("@key", "name", "mail", "made").Parse([]byte(`[{"name":"n","mail":" x ","made":"2026-03-04T10:00:00.5Z","@key":"sent"}]`))
	if err != nil {
		t.Fatal(err)
	}
	for rec := range doc.Root().Items() {
		rec.Put([]byte("k\x00é"))
		rec.Member("mail").SetText([]byte("a\x00b "))
	}
	rows, lost := plan.Rows(doc.Root(), plan.Tally(), nil)
	doc.Free()
	if lost != 1 || len(rows) != 0 {
		t.Errorf("a key with a zero byte: %+v", rows)
	}
	doc, err = plan.ShapeOf("@key", "name", "mail").Parse([]byte(`[{"name":"n","mail":" x "}]`))
	if err != nil {
		t.Fatal(err)
	}
	for rec := range doc.Root().Items() {
		rec.Put([]byte("k"))
		rec.Member("mail").SetText([]byte("é "))
	}
	rows, _ = plan.Rows(doc.Root(), plan.Tally(), nil)
	doc.Free()
	if len(rows) != 1 || rows[0].Key != "k" || rows[0].Name != "n" || rows[0].Email != "é" {
		t.Errorf("got %+v", rows)
	}
}
