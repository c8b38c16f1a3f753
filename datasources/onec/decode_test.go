package onec

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

func chisinau(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestValues(t *testing.T) {
	zone := chisinau(t)
	rows, err := decodeRows([]byte(`{"odata.count":"1103","x":{"value":[1]},"value":[ {"S":" a\u0411\n","N":12.30,"I":"7","D":"2026-07-01T00:00:00","E":"0001-01-01T00:00:00",
		"Z":"00000000-0000-0000-0000-000000000000","G":"AAAAAAAA-0000-4000-8000-00000000000A","T":true,"Nul":null,"Neg":-0.5,"\u042f":"escaped name","Esc":"q\"]},{"} ]}`),
		newColumns("S", "N", "I", "D", "E", "Z", "G", "T", "Nul", "Neg", "Я", "Esc"))
	if err != nil || len(rows) != 1 {
		t.Fatal(len(rows), err)
	}
	d := &reads{r: rows[0]}
	got := fmt.Sprintf("%q %s %s %s %s %q %q %t %q %v %s %q %q", d.text("S"), d.number("N"), d.number("I"), d.time("D", zone), d.time("E", zone),
		d.ref("Z"), d.ref("G"), *d.bool("T"), d.text("Nul"), d.number("Nul"), d.number("Neg"), d.text("Я"), d.text("Esc"))
	want := `"aБ" 12.30 7 2026-06-30 21:00:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC "" "aaaaaaaa-0000-4000-8000-00000000000a" true "" <nil> -0.5 "escaped name" "q\"]},{"`
	if got != want || d.err != nil {
		t.Errorf("got  %s\nwant %s\n%v", got, want, d.err)
	}
	if _, err := rows[0].number("S"); !errors.As(err, &badValue{}) || strings.Contains(err.Error(), "Б") {
		t.Errorf("got %v", err)
	}
}

func TestMetadata(t *testing.T) {
	text, err := os.ReadFile("testdata/metadata.xml")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{"Catalog_Валюты": true, "Document_Нет": true}
	found, err := decodeMetadata(bytes.NewReader(text), wanted)
	if err != nil || len(found) != 1 || len(found["Catalog_Валюты"]) != 5 || found["Catalog_Валюты"]["Code"] != "Edm.String" {
		t.Errorf("%v %v", found, err)
	}
	for _, cut := range []int{0, 1, 100, len(text) / 2, len(text) - 20} {
		if _, err := decodeMetadata(bytes.NewReader(text[:cut]), wanted); err == nil {
			t.Errorf("a document of %d bytes was taken for whole", cut)
		}
	}
	if _, err := decodeMetadata(strings.NewReader("<html><body>hi</body></html>"), wanted); err == nil {
		t.Error("HTML was taken for metadata")
	}
}

func TestCurrencies(t *testing.T) {
	for _, c := range []struct{ code, name, want string }{
		{"498", "лей", "MDL"},
		{"643", "руб.", "RUB"},
		{"810", "", "RUB"},
		{"978", "x", "EUR"},
		{"", "usd", "USD"},
		{"1", "руб.", "RUB"},
		{"000", "условная", ""},
		{"", "ABC", ""},
		{"EUR", "Евро", "EUR"},
		{"", "", ""},
	} {
		if got := isoCurrency(c.code, c.name); got != c.want {
			t.Errorf("%q %q: got %q, want %q", c.code, c.name, got, c.want)
		}
	}
	for i := 0; i+7 <= len(currencies); i += 7 {
		if n := currencies[i : i+3]; strings.Trim(n, "0123456789") != "" || !isUpper(currencies[i+3:i+6], 3) || currencies[i+6] != ' ' {
			t.Fatalf("broken table at %q", currencies[i:i+7])
		}
	}
}

func testFilterer(t testing.TB) *filterer {
	o := &object{concept: conceptBill, set: "Document_Bill", fields: map[string]string{
		"number": "Number", "date": "Date", "total": "Сумма", "customer": "Контрагент_Key", "order": "Основание", "deleted": "DeletionMark",
	}, props: properties{"Number": "Edm.String", "Основание": "Edm.String", "Основание_Type": "Edm.String", "Заказ": "Edm.String"}}
	m := &model{objects: map[string]*object{conceptBill: o, conceptOrder: {concept: conceptOrder, set: "Document_Order"}}}
	return &filterer{
		source: "books", o: o, m: m, zone: chisinau(t), kind: schema.InvoiceBill,
		id:    func(key string) (string, bool) { return guid(strings.TrimPrefix(key, "bill:")) },
		refTo: func(rel, key string) (string, string, bool) { g, ok := guid(key); return rel, g, ok },
		links: map[string][]string{"orderNumber": {"Заказ"}},
	}
}

func TestFilters(t *testing.T) {
	const g = "aaaaaaaa-0000-4000-8000-00000000000a"
	at := func(s string) schema.Value {
		d, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return schema.Time(d)
	}
	str := schema.String
	for _, c := range []struct {
		name string
		p    schema.Predicate
		want string // "never", "always", "error", or the text
	}{
		{"all", schema.Predicate{}, "always"},
		{"quotes", schema.Compare("number", schema.Eq, str("O'Neil")), "Number eq 'O''Neil'"},
		{"chain", schema.Compare("number", schema.In, str("1"), str("2"), str("1")), "(Number eq '1' or Number eq '2')"},
		{"nothing in a list", schema.Compare("number", schema.In), "never"},
		{"a control character", schema.Compare("number", schema.Eq, str("a\x00b")), "never"},
		{"key", schema.Compare("id", schema.Eq, str("bill:"+g)), "Ref_Key eq guid'" + g + "'"},
		{"no key", schema.Compare("id", schema.Eq, str("x' or true")), "never"},
		{"customer", schema.Compare("customer", schema.Eq, str(strings.ToUpper(g))), "Контрагент_Key eq guid'" + g + "'"},
		{"no customer", schema.Compare("customer", schema.IsNull), "Контрагент_Key eq guid'" + zeroGUID + "'"},
		{"composite", schema.Compare("order", schema.Eq, str(g)), "Основание eq cast(guid'" + g + "','Document_Order')"},
		{"a field the base lacks", schema.Compare("invoice", schema.Eq, str(g)), "never"},
		{"the opposite of never", schema.Negate(schema.Compare("invoice", schema.Eq, str(g))), "always"},
		{"link", schema.Compare("orderNumber", schema.Eq, str("EC-1")), "Заказ eq 'EC-1'"},
		{"kind", schema.Compare("kind", schema.In, str("SALE")), "never"},
		{"own kind", schema.Compare("kind", schema.Eq, str("BILL")), "always"},
		{"summer", schema.Compare("date", schema.Ge, at("2026-07-01T00:00:00Z")), "Date ge datetime'2026-07-01T03:00:00'"},
		{"winter", schema.Compare("date", schema.Lt, at("2026-01-01T00:00:00Z")), "Date lt datetime'2026-01-01T02:00:00'"},
		{"below a fraction", schema.Compare("date", schema.Lt, at("2026-01-01T00:00:00.5Z")), "Date le datetime'2026-01-01T02:00:00'"},
		{"from a fraction", schema.Compare("date", schema.Ge, at("2026-01-01T00:00:00.5Z")), "Date gt datetime'2026-01-01T02:00:00'"},
		{"exactly a fraction", schema.Compare("date", schema.Eq, at("2026-01-01T00:00:00.5Z")), "never"},
		{"the hour that comes twice", schema.Compare("date", schema.Ge, at("2026-10-25T00:30:00Z")), "error"},
		{"a text for a date", schema.Compare("date", schema.Ge, str("2026")), "error"},
		{"money", schema.Compare("total", schema.Ge, schema.Dec(decimal.MustParse("-10.50"))), "Сумма ge -10.50"},
		{"whole money", schema.Compare("total", schema.Eq, schema.Int(5)), "Сумма eq 5"},
		{"status", schema.Compare("status", schema.Eq, str("posted")), "error"},
		{"not of a text", schema.Negate(schema.Compare("number", schema.Eq, str("1"))), "error"},
		{
			"brackets", schema.AllOf(schema.AnyOf(schema.Compare("customer", schema.Eq, str(g)), schema.Compare("total", schema.Lt, schema.Int(1))), schema.Negate(schema.Compare("total", schema.Eq, schema.Int(0)))),
			"((Контрагент_Key eq guid'" + g + "' or Сумма lt 1) and not (Сумма eq 0))",
		},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got, err := testFilterer(t).render(c.p)
			text := got.text
			switch {
			case err != nil:
				text = "error"
			case got.never:
				text = "never"
			case got.always():
				text = "always"
			}
			if text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
	f := testFilterer(t)
	f.widen = true
	got, err := f.render(schema.Compare("date", schema.Le, at("2026-10-25T00:30:00Z")))
	if err != nil || got.text != "Date le datetime'2026-10-25T04:30:00'" {
		t.Errorf("a cursor in the hour that comes twice: %v %v", got, err)
	}
}

func TestCacheWithoutAFolder(t *testing.T) {
	var c cache
	if err := c.store("x", nil); err != nil {
		t.Error(err)
	}
	if _, ok := c.load("x"); ok {
		t.Error("found what was never kept")
	}
	c = newCache("/dev/null/nowhere", "a", "b")
	if err := c.store("x", nil); err == nil {
		t.Error("stored in no folder")
	}
}

func FuzzDecodeRows(f *testing.F) {
	for _, s := range []string{
		`{"value":[]}`, `{"value":[{"Ref_Key":"8f1c","N":1.5,"P":[{"LineNumber":"1"}]}]}`, "\ufeff{}", `{"value":[1]}`, `{"value":null}`, `[]`, `{"value":[{"a\u0041":"\ud800"}]}`,
		`{"value":[{"N":-0}]}`, `{"value" : [ { } , { "N" : null } ] }`, `{"value":[{"N":1e9999999999}]}`, `{"value":[{"P":{"x":["}"]}}]}`,
	} {
		f.Add([]byte(s))
	}
	zone := chisinau(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		cols := newColumns("Ref_Key", "N", "P", "aA")
		rows, err := decodeRows(body, cols)
		if err != nil {
			return
		}
		for _, r := range rows {
			d := &reads{r: r}
			_, _ = d.text("aA"), d.ref("Ref_Key")
			if n := d.number("N"); n != nil && len(n.String()) > 3*maxDigits {
				t.Errorf("a number of %d digits", len(n.String()))
			}
			_ = d.time("N", zone)
			_, _ = r.part("P", cols)
		}
	})
}

func FuzzDecodeMetadata(f *testing.F) {
	text, err := os.ReadFile("testdata/metadata.xml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`<edmx:Edmx><EntityType Name="A"><Property Name="x" Type="y"/></EntityType></edmx:Edmx>`)
	f.Add(`<Edmx></Edmx></Edmx>`)
	f.Fuzz(func(t *testing.T, body string) {
		found, err := decodeMetadata(strings.NewReader(body), map[string]bool{"A": true})
		if err == nil && len(found) > 1 {
			t.Error("found what was not wanted")
		}
	})
}

func FuzzErrorCode(f *testing.F) {
	for _, s := range []string{`{"odata.error":{"code":"9"}}`, `{"odata.error":{"code":9}}`, `<m:error><m:code>-1</m:code></m:error>`, `{"odata.error":null}`, `<error`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if code, ok := errorCode(body); ok && len(code) > 5 {
			t.Errorf("code %q", code)
		}
		_, _ = decodeService(body)
	})
}

func BenchmarkDecodeMetadata(b *testing.B) {
	var text strings.Builder
	text.WriteString(`<edmx:Edmx xmlns:edmx="x"><Schema>`)
	for i := range 6000 {
		fmt.Fprintf(&text, `<EntityType Name="Document_%d"><Key><PropertyRef Name="Ref_Key"/></Key>`, i)
		for j := range 30 {
			fmt.Fprintf(&text, `<Property Name="Реквизит%d" Type="Edm.String" Nullable="true"/>`, j)
		}
		text.WriteString("</EntityType>\n")
	}
	text.WriteString("</Schema></edmx:Edmx>")
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeMetadata(strings.NewReader(text.String()), map[string]bool{"Document_7": true}); err != nil {
			b.Fatal(err)
		}
	}
}
