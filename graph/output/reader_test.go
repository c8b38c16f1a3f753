package output_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"github.com/trama-graph/trama/graph/output"
)

func readCSV(t failer, file []byte, cols []output.Column, sep rune, mark string) [][]string {
	text, ok := strings.CutPrefix(string(file), "\ufeff")
	if !ok {
		t.Fatal("no byte order mark")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = sep
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for n, row := range rows[1:] {
		for i, c := range cols {
			if (c.Type == output.Decimal || c.Type == output.Int) && row[i] != "" {
				rows[n+1][i] = number(strings.Replace(row[i], mark, ".", 1))
			}
		}
	}
	return rows
}

// jsonRow reads an object with its names in their order.
func jsonRow(t failer, d *json.Decoder, cols []output.Column) (names, cells []string) {
	fail := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; d.More(); i++ {
		name, err := d.Token()
		fail(err)
		v, err := d.Token()
		fail(err)
		names = append(names, name.(string))
		numeric := i < len(cols) && (cols[i].Type == output.Decimal || cols[i].Type == output.Int)
		switch v := v.(type) {
		case nil:
			cells = append(cells, null)
		case json.Number:
			cells = append(cells, number(v.String()))
		case string:
			if numeric {
				v = number(v)
			}
			cells = append(cells, v)
		default:
			cells = append(cells, fmt.Sprint(v))
		}
	}
	_, err := d.Token()
	fail(err)
	return names, cells
}

func readNDJSON(t failer, file []byte, cols []output.Column) (rows [][]string) {
	if len(file) > 0 && file[len(file)-1] != '\n' {
		t.Fatal("the last line is not ended")
	}
	for line := range bytes.Lines(file) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
			t.Fatalf("a line begins with %v, %v", tok, err)
		}
		names, cells := jsonRow(t, d, cols)
		if rows == nil {
			rows = append(rows, names)
		}
		rows = append(rows, cells)
	}
	return rows
}

func readOData(t failer, file []byte, cols []output.Column) [][]string {
	var page struct{ Value []json.RawMessage }
	if err := json.Unmarshal(file, &page); err != nil {
		t.Fatal(err)
	}
	header := make([]string, len(cols))
	for i, c := range cols {
		header[i] = c.Name
	}
	rows := [][]string{header}
	for _, raw := range page.Value {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
		names, cells := jsonRow(t, d, cols)
		equal(t, [][]string{names}, [][]string{header})
		rows = append(rows, cells)
	}
	return rows
}

func readXLSX(t failer, file []byte, cols []output.Column) (out [][]string) {
	book, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for n, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for len(rows) < sheetRows(t, file, n+1) {
			rows = append(rows, nil) // excelize leaves out rows of nulls at the end
		}
		for r, row := range rows {
			if n > 0 && r == 0 {
				continue // the same header again
			}
			cells := make([]string, len(cols))
			for i := range cells {
				cells[i] = null
				if i < len(row) {
					at, _ := excelize.CoordinatesToCellName(i+1, r+1)
					kind, err := book.GetCellType(sheet, at)
					if err != nil {
						t.Fatal(err)
					}
					cells[i] = sheetCell(t, row[i], kind, cols[i], r == 0)
				}
			}
			out = append(out, cells)
		}
	}
	return out
}

// sheetRows counts the rows of a worksheet in its XML.
func sheetRows(t failer, file []byte, n int) (rows int) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := z.Open(fmt.Sprintf("xl/worksheets/sheet%d.xml", n))
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(part)
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "row" {
			rows++
		}
	}
}

func sheetCell(t failer, s string, kind excelize.CellType, c output.Column, header bool) string {
	isText := kind == excelize.CellTypeInlineString
	switch {
	case s == "" && !isText:
		return null
	case header || c.Type == output.String:
		if !isText {
			t.Fatalf("a text that is no text: %v", kind)
		}
		return s
	case c.Type == output.Boolean:
		if kind != excelize.CellTypeBool {
			t.Fatalf("a truth value that is none: %v", kind)
		}
		return fmt.Sprint(s == "1" || s == "TRUE")
	case c.Type == output.Int || c.Type == output.Decimal:
		digits := strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(number(s)), "0")
		if isText != (len(digits) > 15) {
			t.Fatalf("%s: is a text: %t", s, isText)
		}
		return number(s)
	case isText: // before March 1900
		if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return at.Add(-time.Duration(at.Nanosecond()) % time.Millisecond).Format(time.RFC3339Nano)
		}
		return s
	}
	serial, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	day := int64(serial)
	ms := int64((serial-float64(day))*86_400_000 + 0.5)
	at := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(day)).Add(time.Duration(ms) * time.Millisecond)
	if c.Type == output.Date {
		return at.Format(time.DateOnly)
	}
	return at.Format(time.RFC3339Nano)
}

func readParquet(t failer, file []byte, cols []output.Column) [][]string {
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	header := []string{}
	for _, c := range f.Schema().Fields() {
		header = append(header, c.Name())
	}
	out := [][]string{header}
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buf := make([]parquet.Row, 7)
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				cells := make([]string, len(row))
				for i, v := range row {
					cells[i] = parquetCell(v, cols[i])
				}
				out = append(out, cells)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		rows.Close()
	}
	return out
}

func parquetCell(v parquet.Value, c output.Column) string {
	if v.IsNull() {
		return null
	}
	switch c.Type {
	case output.String:
		return string(v.ByteArray())
	case output.Boolean:
		return fmt.Sprint(v.Boolean())
	case output.Int:
		return fmt.Sprint(v.Int64())
	case output.Date:
		return time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly)
	case output.DateTime:
		return time.UnixMicro(v.Int64()).UTC().Format(time.RFC3339Nano)
	}
	digits, places := c.Digits()
	n := big.NewInt(0)
	if digits == 18 {
		n.SetInt64(v.Int64())
	} else {
		n.SetBytes(v.ByteArray())
		if v.ByteArray()[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
		}
	}
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
	}
	s := n.Abs(n).String()
	if len(s) <= places {
		s = strings.Repeat("0", places-len(s)+1) + s
	}
	if places > 0 {
		s = strings.TrimRight(s[:len(s)-places]+"."+s[len(s)-places:], "0")
		s = strings.TrimSuffix(s, ".")
	}
	return number(sign + s)
}
