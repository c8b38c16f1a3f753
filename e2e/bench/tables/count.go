//go:build unix

package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/parquet-go/parquet-go"
)

// rowsOf counts the rows of a table in a format.
func rowsOf(ctx context.Context, s *service, format, dir string) (int, error) {
	switch format {
	case "csv", "ndjson":
		lines := &counter{of: []byte("\n")}
		_, err := s.read(ctx, format, lines)
		if format == "csv" {
			lines.n-- // the header; no text of the orders has a line break
		}
		return lines.n, err
	case "odata":
		keys := &counter{of: []byte(`{"key":`)}
		_, err := s.read(ctx, format, keys)
		return keys.n, err
	}
	name := filepath.Join(dir, "table."+format)
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer os.Remove(name)
	defer f.Close()
	out := bufio.NewWriter(f)
	if _, err := s.read(ctx, format, out); err != nil {
		return 0, err
	}
	if err := out.Flush(); err != nil {
		return 0, err
	}
	if format == "xlsx" {
		return sheetRows(name)
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	p, err := parquet.OpenFile(f, size)
	if err != nil {
		return 0, err
	}
	return int(p.NumRows()), nil
}

// sheetRows counts the rows of all sheets of a workbook, without their headers.
func sheetRows(name string) (int, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return 0, err
	}
	defer z.Close()
	rows := 0
	for _, f := range z.File {
		if ok, err := filepath.Match("xl/worksheets/*.xml", f.Name); err != nil || !ok {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return 0, err
		}
		n, err := elements(r, "row")
		if err = errors.Join(err, r.Close()); err != nil {
			return 0, err
		}
		rows += n - 1
	}
	return rows, nil
}

// elements counts the elements of a name.
func elements(r io.Reader, name string) (n int, err error) {
	d := xml.NewDecoder(bufio.NewReader(r))
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == name {
			n++
		}
	}
}

// counter counts a text in what is written to it, also where two writes part it.
type counter struct {
	of   []byte
	n    int
	kept []byte
}

func (c *counter) Write(p []byte) (int, error) {
	text := append(c.kept, p...)
	c.n += bytes.Count(text, c.of)
	from := max(0, len(text)-len(c.of)+1)
	if at := bytes.LastIndex(text, c.of); at >= 0 {
		from = max(from, at+len(c.of))
	}
	c.kept = append(c.kept[:0], text[from:]...)
	return len(p), nil
}
