package output_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

func TestCells(t *testing.T) {
	money := output.Column{Name: "m", Type: output.Decimal, Scale: 2}
	for _, c := range []struct {
		name string
		col  output.Column
		v    schema.Value
		code schema.Code // "" is no error
		want string      // in CSV
	}{
		{"zeros beyond the places are taken off", money, dec("1.5000"), "", "1.50"},
		{"places that are not declared", money, dec("1.501"), schema.SourceInvalid, ""},
		{"as many digits as there are", money, dec("9999999999999999.99"), "", "9999999999999999.99"},
		{"one more", money, dec("10000000000000000.00"), schema.SourceInvalid, ""},
		{"one more, without its places", money, dec("10000000000000000"), schema.SourceInvalid, ""},
		{"a wide column has room for it", output.Column{Name: "m", Type: output.Decimal, Scale: 2, Precision: 38}, dec("10000000000000000"), "", "10000000000000000"},
		{"19 places", output.Column{Name: "m", Type: output.Decimal, Scale: output.AnyScale}, dec("-0.9999999999999999999"), "", "-0.9999999999999999999"},
		{"a whole number", money, schema.Int(-7), "", "-7"},
		{"a text in a decimal", money, schema.String("1"), schema.Internal, ""},
		{"a number in a text", output.Column{Name: "s"}, schema.Int(1), schema.Internal, ""},
		{"a decimal in a whole number", output.Column{Name: "n", Type: output.Int}, dec("1"), schema.Internal, ""},
		{"a text in a day", output.Column{Name: "d", Type: output.Date}, schema.String("2026-01-01"), schema.Internal, ""},
		{"the first day there is", output.Column{Name: "d", Type: output.Date}, moment("0001-01-01T00:00:01Z"), "", "0001-01-01"},
		{"the last moment there is", output.Column{Name: "d", Type: output.DateTime}, moment("9999-12-31T23:59:59.999999999Z"), "", "9999-12-31T23:59:59.999999999Z"},
		{
			"a moment without words",
			output.Column{Name: "d", Type: output.DateTime},
			schema.Time(time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)), schema.SourceInvalid, "",
		},
		{"a null alone in its line", output.Column{Name: "s"}, schema.Null, "", `""`},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			for name, make := range formats() {
				if name == "odata-full" {
					continue // wants a key
				}
				err := grid{[]output.Column{c.col}, [][]schema.Value{{c.v}}}.write(make(io.Discard), 1)
				if schema.CodeOf(err) != c.code {
					t.Errorf("%s: %v, want %q", name, err, c.code)
				}
				if c.code == schema.Internal && !errors.Is(err, output.ErrKind) {
					t.Errorf("%s: %v, want ErrKind", name, err)
				}
			}
			if c.code == "" {
				file := grid{[]output.Column{c.col}, [][]schema.Value{{c.v}}}.file(t, 1, formats()["csv"])
				if got, want := string(file), "\ufeff"+c.col.Name+"\r\n"+c.want+"\r\n"; got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
		})
	}
}

func TestColumns(t *testing.T) {
	many := make([]output.Column, 16_385)
	for i := range many {
		many[i].Name = fmt.Sprint(i)
	}
	if err := output.NewXLSX(io.Discard, output.XLSXOptions{}).Begin(many); !errors.Is(err, output.ErrColumns) {
		t.Errorf("more columns than a worksheet has: %v", err)
	}
	for name, cols := range map[string][]output.Column{
		"none":            nil,
		"no name":         {{}},
		"not UTF-8":       {{Name: "\xff"}},
		"twice":           {{Name: "a"}, {Name: "a"}},
		"no type":         {{Name: "a", Type: 9}},
		"scale":           {{Name: "a", Type: output.Decimal, Scale: 20}},
		"scale below":     {{Name: "a", Type: output.Decimal, Scale: -2}},
		"precision":       {{Name: "a", Type: output.Decimal, Precision: 20}},
		"scale over both": {{Name: "a", Type: output.Decimal, Scale: 19, Precision: 18}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			for name, make := range formats() {
				out := &counter{}
				if err := make(out).Begin(cols); !errors.Is(err, output.ErrColumns) || out.n != 0 {
					t.Errorf("%s: %v, %d bytes", name, err, out.n)
				}
			}
		})
	}
}

func TestOptions(t *testing.T) {
	for name, opt := range map[string]output.CSVOptions{
		"decimal comma and comma": {DecimalComma: true},
		"another separator":       {Separator: '|'},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if opt.Validate() == nil || output.NewCSV(io.Discard, opt).Begin(lines) == nil {
				t.Error("taken")
			}
		})
	}
	t.Run("case=sheet names", func(t *testing.T) {
		for _, name := range []string{"a/b", "[x]", "'x", strings.Repeat("x", 26), "a\nb", "\xff"} {
			if output.NewXLSX(io.Discard, output.XLSXOptions{Sheet: name}).Begin(lines) == nil {
				t.Errorf("%q was taken", name)
			}
		}
	})
	t.Run("case=formats", func(t *testing.T) {
		for _, f := range output.Formats() {
			if w, err := output.New(f, io.Discard, output.Options{}); err != nil || w == nil || f.MediaType() == "" {
				t.Errorf("%s: %v", f, err)
			}
		}
		if _, err := output.New("pdf", io.Discard, output.Options{}); err == nil || output.Format("pdf").MediaType() != "" {
			t.Error("there is pdf")
		}
	})
}
