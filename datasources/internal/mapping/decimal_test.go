package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/internal/mapping"
)

func TestParseDecimal(t *testing.T) {
	for name, c := range map[string]struct {
		text, style string
		want, kind  string
	}{
		"plain":                            {"1250", "auto", "1250", ""},
		"dot":                              {"1250.00", "auto", "1250.00", ""},
		"comma":                            {"1250,00", "auto", "1250.00", ""},
		"French, space":                    {"1 250,00", "auto", "1250.00", ""},
		"French, no-break space":           {"1\u00a0250,00", "auto", "1250.00", ""},
		"French, narrow no-break space":    {"1\u202f250,00", "auto", "1250.00", ""},
		"French, thousands only":           {"1 250", "auto", "1250", ""},
		"Brazilian":                        {"1.234,56", "auto", "1234.56", ""},
		"Brazilian, millions":              {"1.234.567,8", "auto", "1234567.8", ""},
		"English":                          {"1,234.56", "auto", "1234.56", ""},
		"Swiss":                            {"1'234.50", "auto", "1234.50", ""},
		"three decimals behind a group":    {"1.234,567", "auto", "1234.567", ""},
		"space group and three decimals":   {"1 234,567", "auto", "1234.567", ""},
		"one decimal":                      {"1.5", "auto", "1.5", ""},
		"four decimals":                    {"20,0000", "auto", "20.0000", ""},
		"nought before":                    {"0.125", "auto", "0.125", ""},
		"nought before, comma":             {"0,125", "auto", "0.125", ""},
		"too long to be a group":           {"1234.567", "auto", "1234.567", ""},
		"no whole part":                    {".125", "auto", "0.125", ""},
		"repeated groups":                  {"1.234.567", "auto", "1234567", ""},
		"negative":                         {"-1.234,56", "auto", "-1234.56", ""},
		"negative, real minus":             {"−12,5", "auto", "-12.5", ""},
		"plus":                             {"+3,5", "auto", "3.5", ""},
		"spaces around":                    {"  42 ", "auto", "42", ""},
		"ambiguous dot":                    {"1.234", "auto", "", mapping.AmbiguousDecimal},
		"ambiguous comma":                  {"1,234", "auto", "", mapping.AmbiguousDecimal},
		"ambiguous, three digits before":   {"123.456", "auto", "", mapping.AmbiguousDecimal},
		"ambiguous, negative":              {"-12,345", "auto", "", mapping.AmbiguousDecimal},
		"declared dot":                     {"1.234", "dot", "1.234", ""},
		"declared dot, comma parts groups": {"1,234", "dot", "1234", ""},
		"declared dot, both":               {"1,234.5", "dot", "1234.5", ""},
		"declared dot, comma as decimal":   {"1250,5", "dot", "", mapping.NotANumber},
		"declared dot, two dots":           {"1.234.567", "dot", "", mapping.NotANumber},
		"declared dot, wrong order":        {"1.234,5", "dot", "", mapping.NotANumber},
		"declared comma":                   {"1,234", "comma", "1.234", ""},
		"declared comma, dot parts groups": {"1.234", "comma", "1234", ""},
		"declared comma, dot as decimal":   {"1250.5", "comma", "", mapping.NotANumber},
		"declared comma, Brazilian":        {"1.234,5", "comma", "1234.5", ""},
		"badly parted":                     {"12.34.567", "auto", "", mapping.NotANumber},
		"two signs of groups":              {"1 234.567,00", "auto", "", mapping.NotANumber},
		"both twice":                       {"1,234.567,8", "auto", "", mapping.NotANumber},
		"words":                            {"n/a", "auto", "", mapping.NotANumber},
		"currency":                         {"R$ 10,00", "auto", "", mapping.NotANumber},
		"nothing behind":                   {"1250.", "auto", "", mapping.NotANumber},
		"only a sign":                      {"-", "auto", "", mapping.NotANumber},
		"two minus":                        {"--5", "auto", "", mapping.NotANumber},
		"exponent in a text":               {"1e3", "auto", "", mapping.NotANumber},
		"other digits":                     {"١٢٣", "auto", "", mapping.NotANumber},
		"empty":                            {"", "auto", "", mapping.NotANumber},
		"19 digits":                        {"1234567890123456.789", "auto", "1234567890123456.789", ""},
		"20 digits":                        {"12345678901234567.891", "auto", "", mapping.TooManyDigits},
		"padded beyond 19 digits":          {"12345678901234567.5000000000", "auto", "12345678901234567.5", ""},
		"a megabyte":                       {strings.Repeat("9", 1<<20), "auto", "", mapping.NotANumber},
	} {
		t.Run("case="+name, func(t *testing.T) {
			d, kind, err := mapping.ParseDecimal(c.text, c.style)
			if err != nil || kind != c.kind {
				t.Fatalf("kind %q, %v; want %q", kind, err, c.kind)
			}
			if c.kind == "" && d.String() != c.want {
				t.Errorf("got %s, want %s", d, c.want)
			}
		})
	}
	if _, _, err := mapping.ParseDecimal("1", "american"); err == nil {
		t.Error("an unknown style is taken")
	}
}

// FuzzDecimal holds every decimal that is read against what was written: the same
// digits in the same order, and an ambiguous text is never read.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"1.234,56", "1,234.56", "1 250,00", "1.234", "0.125", "-5", "1'234.50", "1\u202f250", ".5", "999999999999999999999"} {
		f.Add(s)
	}
	digits := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			if s[i] >= '0' && s[i] <= '9' {
				b.WriteByte(s[i])
			}
		}
		return b.String()
	}
	f.Fuzz(func(t *testing.T, text string) {
		auto, kind, _ := mapping.ParseDecimal(text, "auto")
		dot, dotKind, _ := mapping.ParseDecimal(text, "dot")
		comma, commaKind, _ := mapping.ParseDecimal(text, "comma")
		for _, r := range []struct {
			d    decimal.Decimal
			kind string
		}{{auto, kind}, {dot, dotKind}, {comma, commaKind}} {
			if r.kind != "" {
				continue
			}
			written, read := strings.Trim(digits(text), "0"), strings.Trim(digits(r.d.String()), "0")
			if written != read {
				t.Fatalf("%q became %s", text, r.d)
			}
		}
		// What has one meaning only has that meaning in every style that reads it.
		if kind == "" && dotKind == "" && commaKind == "" && dot.Cmp(comma) != 0 {
			t.Fatalf("%q is %s and %s, but was not found ambiguous", text, dot, comma)
		}
		if kind == "" && dotKind == "" && commaKind != "" && auto.Cmp(dot) != 0 || kind == "" && commaKind == "" && dotKind != "" && auto.Cmp(comma) != 0 {
			t.Fatalf("%q is %s without a style", text, auto)
		}
	})
}

func ExampleParseDecimal() {
	for _, text := range []string{"1 250,00", "1.234,56", "1.234"} {
		d, kind, _ := mapping.ParseDecimal(text, "auto")
		fmt.Printf("%s: %s %q\n", text, d, kind)
	}
	// Output:
	// 1 250,00: 1250.00 ""
	// 1.234,56: 1234.56 ""
	// 1.234: 0 "ambiguous decimal"
}
