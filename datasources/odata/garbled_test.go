package odata

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// TestGarbledKeys reads records beside a sound one: one whose key is wrong is left
// out and counted, and the sound one stays.
func TestGarbledKeys(t *testing.T) {
	const sound = `{"SKU":"A","Name":"sound"}`
	for name, record := range map[string]string{
		"none":              `{"Name":"x"}`,
		"null":              `{"SKU":null}`,
		"empty":             `{"SKU":""}`,
		"there twice":       `{"SKU":"B","SKU":"C"}`,
		"the same twice":    `{"SKU":"B","\u0053KU":"B"}`,
		"an object":         `{"SKU":{"a":1}}`,
		"a list":            `{"SKU":["B"]}`,
		"half a character":  `{"SKU":"B\ud800"}`,
		"no UTF-8":          "{\"SKU\":\"B\xff\"}",
		"longer than a key": `{"SKU":"` + strings.Repeat("k", 600) + `"}`,
	} {
		for _, body := range []string{`{"value":[` + record + `,` + sound + `]}`, `{"d":{"results":[` + sound + `,` + record + `]}}`} {
			t.Run("case="+name, func(t *testing.T) {
				r := rigReader[schema.Product, *schema.Product](t, v4, "Product", []byte(body))
				rows, err := r.List(t.Context(), datasources.Query{First: 10})
				if err != nil || len(rows.Items) != 1 || rows.Items[0].Key != "A" || rows.Items[0].Name != "sound" {
					t.Fatalf("%+v, %v", rows.Items, err)
				}
				if !slices.ContainsFunc(r.s.ledger.Problems(), func(p datasources.Problem) bool {
					return p.Field == "id" && (p.Kind == mapping.NoKey || p.Kind == mapping.KeyTooLong) && p.Count == 1
				}) {
					t.Errorf("it is not counted: %+v", r.s.ledger.Problems())
				}
			})
		}
	}
}

// TestTextsOfKeys holds how the values of a key become its text.
func TestTextsOfKeys(t *testing.T) {
	for name, c := range map[string]struct{ entity, record, want string }{
		"a text":                 {"Product", `{"SKU":"a,b"}`, "a,b"},
		"an escaped text":        {"Product", `{"SKU":"\u0061\/b"}`, "a/b"},
		"a number for a text":    {"Product", `{"SKU":12.0}`, "12.0"},
		"a number":               {"Contact", `{"ID":12}`, "12"},
		"a number as a text":     {"Contact", `{"ID":"12"}`, "12"},
		"zeros before it":        {"Contact", `{"ID":"0012"}`, "12"},
		"zeros behind it":        {"Contact", `{"ID":12.00}`, "12"},
		"less than nothing":      {"Contact", `{"ID":"-5"}`, "-5"},
		"more than 64 bits":      {"Contact", `{"ID":"92233720368547758070"}`, "92233720368547758070"},
		"an escaped number":      {"Contact", `{"ID":"\u0031"}`, "1"},
		"a time in ticks":        {"Payment", `{"At":"\/Date(1772618472500)\/"}`, "2026-03-04T10:01:12.5Z"},
		"a time with a zone":     {"Payment", `{"At":"2026-03-04T12:01:12+02:00"}`, "2026-03-04T10:01:12Z"},
		"the first of all times": {"Payment", `{"At":"0001-01-01T00:00:00Z"}`, "0001-01-01T00:00:00Z"},
		"several":                {"Invoice", `{"Company":"A,B\\","No":"007","Day":"2026-03-04T00:00:00"}`, `A\,B\\,2026-03-03T22:00:00Z,7`},
		"several, one empty":     {"Invoice", `{"Company":"","No":7,"Day":"2026-03-04"}`, `,2026-03-03T22:00:00Z,7`},
		"a GUID in capitals":     {"Order", `{"OrderID":"AAAAAAAA-2222-4333-8444-55555555555F"}`, "aaaaaaaa-2222-4333-8444-55555555555f"},
		"no GUID":                {"Order", `{"OrderID":"X"}`, "X"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			var got string
			key := func(id string, err error) {
				if got = id; err != nil {
					t.Fatal(err)
				}
			}
			body := []byte(`{"value":[` + c.record + `]}`)
			switch c.entity {
			case "Product":
				key(onlyKey[schema.Product](rigView[schema.Product](t, v4, c.entity), body))
			case "Contact":
				key(onlyKey[schema.Contact](rigView[schema.Contact](t, v4, c.entity), body))
			case "Payment":
				key(onlyKey[schema.Payment](rigView[schema.Payment](t, v2, c.entity), body))
			case "Invoice":
				key(onlyKey[schema.Invoice](rigView[schema.Invoice](t, v3, c.entity), body))
			default:
				key(onlyKey[schema.Order](rigView[schema.Order](t, v2, c.entity), body))
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// onlyKey is the key of the one row of a body.
func onlyKey[T any](w *view[T], body []byte) (string, error) {
	x := w.wish(nil)
	p, err := decodePage(body, x.shape)
	if err != nil {
		return "", err
	}
	var out fetched[T]
	if err := w.amend(p, &request{wish: x}, nil, &out); err != nil {
		return "", err
	}
	rows, _ := w.plan.Rows(p.rows, w.plan.Tally(), nil)
	if len(rows) != 1 {
		return "", errors.New(strconv.Itoa(len(rows)) + " rows")
	}
	if key := w.t.key(&rows[0]); key != out.first || key != out.last {
		return "", errors.New("the row has " + key + ", the page " + out.first)
	}
	return out.first, nil
}

// TestGarbledAnswers asks for a list and gets what makes no sense: it is refused with
// the reason, never cut short in silence.
func TestGarbledAnswers(t *testing.T) {
	const row = `{"SKU":"A","Name":"a"}`
	for name, c := range map[string]struct{ body, says string }{
		"cut off":                      {`{"value":[` + row + `,{"SKU":"B","Na`, "was cut off"},
		"cut off in what is unread":    {`{"d":{"results":[{"__metadata":{"uri":"x`, "was cut off"},
		"text behind it":               {`{"value":[]}]`, "makes no sense"},
		"a wrong word":                 {`{"value":[{"x":tree}]}`, "makes no sense"},
		"deeper than agreed":           {`{"value":[{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}]}`, "is nested more deeply than agreed"},
		"the list twice":               {`{"value":[` + row + `],"value":[]}`, "holds its list of records twice"},
		"the list twice, version 2":    {`{"d":{"results":[],"results":[` + row + `]}}`, "holds its list of records twice"},
		"the wrapping twice":           {`{"d":[],"d":[` + row + `]}`, "holds its list of records twice"},
		"no list":                      {`{"value":7}`, "holds no list of records"},
		"a list of something else":     {`{"value":[7]}`, "holds no list of records"},
		"no record has a key":          {`{"value":[{"Name":"a"}]}`, "shop answered Product in a form that is not agreed"},
		"an error behind the records":  {`{"value":[` + row + `],"error":{"message":"x"}}`, ""},
		"an error in place of records": {`{"d":[` + row + `,{"error":{}}]}`, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			r := rigReader[schema.Product, *schema.Product](t, v4, "Product", []byte(c.body))
			rows, err := r.List(t.Context(), datasources.Query{First: 10})
			var e *schema.Error
			if !errors.As(err, &e) || len(rows.Items) > 0 || e.Source != "shop" {
				t.Fatalf("%d rows and %v", len(rows.Items), err)
			}
			if !strings.Contains(e.Message, c.says) {
				t.Errorf("says %q, want %q", e.Message, c.says)
			}
		})
	}
}
