package odata

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

var chisinau = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		panic(err)
	}
	return zone
}()

func TestLiterals(t *testing.T) {
	text := func(s string) schema.Value { return schema.Value{Kind: schema.KindString, Str: s} }
	dec := func(s string) schema.Value { return schema.Dec(decimal.MustParse(s)) }
	at := schema.Time(time.Date(2026, 3, 1, 22, 30, 15, 120_000_000, time.UTC))
	status := edm{name: "NS.Status", kind: kindEnum, members: []string{"Open"}}
	for _, x := range []struct {
		typ    string
		value  schema.Value
		v2, v4 string // "" = no value of the type equals it
	}{
		{"Edm.String", text("O'Neil"), "'O''Neil'", "'O''Neil'"},
		{"Edm.String", text("' or 1 eq 1 or '"), "''' or 1 eq 1 or '''", "''' or 1 eq 1 or '''"},
		{"Edm.String", schema.Int(1), "", ""},
		{"Edm.Guid", text("8F1C2D3E-0000-4000-8000-000000000001"), "guid'8f1c2d3e-0000-4000-8000-000000000001'", "8f1c2d3e-0000-4000-8000-000000000001"},
		{"Edm.Guid", text("8f1c2d3e' or true"), "", ""},
		{"Edm.Int32", text("42"), "42", "42"},
		{"Edm.Int32", schema.Int(-7), "-7", "-7"},
		{"Edm.Int32", text("4294967296"), "", ""},
		{"Edm.Int16", text("40000"), "", ""},
		{"Edm.Byte", text("255"), "255", "255"},
		{"Edm.SByte", text("-129"), "", ""},
		{"Edm.Int32", dec("1.5"), "", ""},
		{"Edm.Int32", text("1e3"), "", ""},
		{"Edm.Int32", text("+1"), "", ""},
		{"Edm.Int64", text("9223372036854775807"), "9223372036854775807L", "9223372036854775807"},
		{"Edm.Int64", text("12-A"), "", ""},
		{"Edm.Decimal", dec("10.50"), "10.5M", "10.5"},
		{"Edm.Decimal", dec("10"), "10M", "10"},
		{"Edm.Double", dec("0.5"), "0.5d", "0.5"},
		{"Edm.Single", dec("0.5"), "0.5f", "0.5"},
		{"Edm.Boolean", schema.Bool(true), "true", "true"},
		{"Edm.Boolean", text("false"), "false", "false"},
		{"Edm.Boolean", text("maybe"), "", ""},
		{"Edm.DateTime", at, "datetime'2026-03-02T00:30:15.12'", ""},
		{"Edm.DateTimeOffset", at, "datetimeoffset'2026-03-01T22:30:15.12Z'", "2026-03-01T22:30:15.12Z"},
		{"Edm.DateTimeOffset", text("2026-03-01T22:30:15Z"), "datetimeoffset'2026-03-01T22:30:15Z'", "2026-03-01T22:30:15Z"},
		{"Edm.DateTimeOffset", text("yesterday"), "", ""},
		{"Edm.Date", at, "2026-03-02", "2026-03-02"},
		{"Edm.Binary", text("x"), "", ""},
		{"NS.Status", text("Open"), "NS.Status'Open'", "NS.Status'Open'"},
		{"NS.Status", text("Closed"), "", ""},
	} {
		t.Run(fmt.Sprintf("case=%s %s", x.typ, x.value.Text()), func(t *testing.T) {
			typ, ok := edmOf(x.typ)
			if !ok {
				typ = status
			}
			for v, want := range map[version]string{v2: x.v2, v3: x.v2, v4: x.v4} {
				if v == v4 && x.typ == "Edm.DateTime" {
					continue // version 4 has no such type
				}
				got, ok := literals{version: v, zone: chisinau}.value(typ, x.value)
				if !ok {
					got = ""
				}
				if got != want {
					t.Errorf("v%d: got %q, want %q", v, got, want)
				}
			}
		})
	}
}

func TestTimes(t *testing.T) {
	for _, x := range []struct {
		typ, text, want string // "" = none, "!" = left as it came
	}{
		{"Edm.DateTime", "/Date(1772402400000)/", "2026-03-01T20:00:00Z"},   // 22:00 on the wall
		{"Edm.DateTime", `\/Date(1772402400000)\/`, "2026-03-01T20:00:00Z"}, // as JSON may escape it
		{"Edm.DateTimeOffset", "/Date(1772402400000)/", "2026-03-01T22:00:00Z"},
		{"Edm.DateTimeOffset", "/Date(1772402400000+0000)/", "2026-03-01T22:00:00Z"},
		{"Edm.DateTimeOffset", "/Date(1772402400000+0120)/", "2026-03-01T20:00:00Z"}, // minutes
		{"Edm.DateTimeOffset", "/Date(1772402400000-0060)/", "2026-03-01T23:00:00Z"},
		{"Edm.DateTime", "/Date(-86400000)/", "1969-12-30T21:00:00Z"},
		{"Edm.DateTime", "/Date(-62135596800000)/", ""},
		{"Edm.DateTime", "2026-03-01T12:00:00", "2026-03-01T10:00:00Z"},
		{"Edm.DateTime", "2026-07-01T12:00:00.1234567", "2026-07-01T09:00:00.1234567Z"},
		{"Edm.DateTimeOffset", "2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"},
		{"Edm.Date", "2026-03-01", "2026-02-28T22:00:00Z"},
		{"Edm.DateTime", "0001-01-01T00:00:00", ""},
		{"Edm.DateTimeOffset", "0001-01-01T00:00:00Z", ""},
		{"Edm.DateTime", "2026-02-31T00:00:00", "!"},
		{"Edm.DateTime", "/Date(x)/", "!"},
		{"Edm.DateTime", "/Date(99999999999999999)/", "!"},
		{"Edm.DateTime", "/Date(1+9999)/", "!"},
		{"Edm.DateTime", "31.02.2026", "!"},
	} {
		t.Run("case="+x.typ+" "+x.text, func(t *testing.T) {
			typ, _ := edmOf(x.typ)
			w := rewriter{lit: literals{version: v2, zone: chisinau}, want: &tree{props: map[string]edm{"D": typ}}}
			text := x.text
			if !strings.Contains(text, `\/`) {
				text = strings.ReplaceAll(text, `\`, `\\`)
			}
			doc, err := mapping.Parse([]byte(`[{"D":"` + text + `"}]`))
			if err != nil {
				t.Fatal(err)
			}
			for row := range doc.Root().Items() {
				w.object(row, w.want, "")
			}
			want := `{"D":"` + x.want + `"}`
			switch x.want {
			case "":
				want = `{"D":null}`
			case "!":
				want = `{"D":"` + text + `"}`
			}
			if string(w.out) != want {
				t.Errorf("got %s, want %s", w.out, want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	for _, parts := range [][]string{{"a"}, {"a,b"}, {`a\`}, {"a", "b"}, {"a,", `\b`}, {"", ""}, {`\,`, `,\`, `x`}} {
		text := joinKey(parts)
		got, ok := splitKey(text, len(parts))
		if !ok || fmt.Sprint(got) != fmt.Sprint(parts) {
			t.Errorf("%q became %q and %q", parts, text, got)
		}
		if _, ok := splitKey(text, len(parts)+1); ok && len(parts) > 1 {
			t.Errorf("%q is a key of %d parts too", text, len(parts)+1)
		}
	}
	for _, text := range []string{`a\b,c`, `a,b,c`, "a", `a,b\`} {
		if _, ok := splitKey(text, 2); ok {
			t.Errorf("%q is no key of two parts", text)
		}
	}
}

func TestLinks(t *testing.T) {
	base, _ := url.Parse("https://h.example/svc/")
	asked, _ := url.Parse("https://h.example/svc/Orders?$top=1")
	c := &client{base: base, cfg: &Config{}}
	for link, want := range map[string]string{
		"Orders?$skiptoken=1":                                   "Orders?$skiptoken=1",
		"https://h.example/svc/Orders?$skiptoken='a b'":         "Orders?$skiptoken='a b'",
		"http://H.example:8080/svc/Orders?a=1":                  "Orders?a=1", // as a service behind a proxy sees itself
		"/svc/Orders":                                           "Orders",
		"?$skip=5":                                              "Orders?$skip=5",
		"https://evil.example/svc/Orders":                       "",
		"//evil.example/svc/Orders":                             "",
		"https://h.example.evil.example/svc/Orders":             "",
		"https://evil@h.example/svc/Orders":                     "",
		"/other/Orders":                                         "",
		"../Orders":                                             "",
		"/svc/%2e%2e/x":                                         "",
		"https://h.example/svc/%zz":                             "",
		"https://h.example/svc/" + strings.Repeat("x", maxLink): "",
	} {
		t.Run("case="+link[:min(len(link), 50)], func(t *testing.T) {
			got, err := c.link(asked, link)
			if got != want || (err == nil) != (want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
