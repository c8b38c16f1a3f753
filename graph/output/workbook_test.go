package output_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

func opened(t *testing.T, file []byte) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(file))
	must(t, err)
	t.Cleanup(func() { book.Close() })
	return book
}

func TestWorkbook(t *testing.T) {
	book := opened(t, sample().file(t, 2, formats()["xlsx"]))
	panes, err := book.GetPanes("Data")
	must(t, err)
	if !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the header is not frozen: %+v", panes)
	}
	if width, err := book.GetColWidth("Data", "E"); err != nil || width != 20 {
		t.Errorf("a moment has width %v, %v", width, err)
	}
	for _, c := range []struct{ cell, shown, format string }{
		{"B2", "-1", ""},
		{"C2", "1500.50", "0.00"},
		{"C4", "-0.05", "0.00"},
		{"D2", "0.0001", ""},
		{"E2", "2026-03-02 09:15:28", `yyyy\-mm\-dd\ hh:mm:ss`},
		{"F4", "1969-07-20", `yyyy\-mm\-dd`},
		{"G4", "FALSE", ""},
		{"A3", "=1+1", ""},
	} {
		t.Run("case="+c.cell, func(t *testing.T) {
			shown, err := book.GetCellValue("Data", c.cell)
			must(t, err)
			id, err := book.GetCellStyle("Data", c.cell)
			must(t, err)
			style, err := book.GetStyle(id)
			must(t, err)
			format := ""
			if style.CustomNumFmt != nil {
				format = *style.CustomNumFmt
			}
			if shown != c.shown || format != c.format {
				t.Errorf("%q as %q, want %q as %q", shown, format, c.shown, c.format)
			}
			if f, _ := book.GetCellFormula("Data", c.cell); f != "" {
				t.Errorf("a formula: %q", f)
			}
		})
	}
	t.Run("case=bold header", func(t *testing.T) {
		id, err := book.GetCellStyle("Data", "A1")
		must(t, err)
		style, err := book.GetStyle(id)
		must(t, err)
		if style.Font == nil || !style.Font.Bold {
			t.Error("it is not bold")
		}
	})
}

// A full worksheet is followed by another with the same header and filter.
func TestFurtherWorksheets(t *testing.T) {
	g := grid{cols: []output.Column{{Name: "n", Type: output.Int}}}
	for i := range 7 {
		g.rows = append(g.rows, []schema.Value{schema.Int(int64(i))})
	}
	file := g.file(t, 7, func(w io.Writer) output.Writer {
		return output.NewXLSX(w, output.XLSXOptions{Sheet: "A & B"}.WithRows(4))
	})
	book := opened(t, file)
	if got := strings.Join(book.GetSheetList(), "|"); got != "A & B|A & B 2|A & B 3" {
		t.Fatalf("worksheets %s", got)
	}
	for sheet, want := range map[string]string{"A & B": "n 0 1 2", "A & B 2": "n 3 4 5", "A & B 3": "n 6"} {
		rows, err := book.GetRows(sheet)
		must(t, err)
		var got []string
		for _, row := range rows {
			got = append(got, row...)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", sheet, got, want)
		}
	}
}

// The writers hold a piece of a table, whatever its length.
func TestMemory(t *testing.T) {
	data := windows(4)
	for name, most := range map[string]float64{"csv": 8, "ndjson": 8, "odata": 8, "xlsx": 16, "parquet": 48} {
		t.Run("case="+name, func(t *testing.T) {
			heap := newPeak()
			w := formats()[name](io.Discard)
			must(t, w.Begin(lines))
			for i := range 150 {
				must(t, w.Rows(data[i%len(data)]))
				heap.look()
			}
			must(t, w.End())
			if heap.mib() > most {
				t.Errorf("150,000 rows rose the heap by %.1f MiB, want at most %v", heap.mib(), most)
			}
		})
	}
}

// FuzzText writes a text in every format and reads it again.
func FuzzText(f *testing.F) {
	for _, s := range hostile {
		if len(s) < 1000 {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := grid{
			cols: []output.Column{{Name: "a", Type: output.String}, {Name: "b", Type: output.String}},
			rows: [][]schema.Value{{{Kind: schema.KindString, Str: s}, schema.String("end")}},
		}
		for name, trip := range trips() {
			want := g.want(trip.norms)
			if got := trip.read(t, g.file(t, 1, trip.make), g.cols); len(got) != 2 || got[1][0] != want[1][0] || got[1][1] != "end" {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}
