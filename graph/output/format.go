package output

import (
	"fmt"
	"io"
)

// Format is a format of files, named as its extension is.
type Format string

// The formats of files.
const (
	FormatCSV     Format = "csv"
	FormatXLSX    Format = "xlsx"
	FormatParquet Format = "parquet"
	FormatNDJSON  Format = "ndjson"
)

// Formats returns all formats of files.
func Formats() []Format { return []Format{FormatCSV, FormatXLSX, FormatParquet, FormatNDJSON} }

// Options are the options of each format, of which New takes those it needs.
type Options struct {
	CSV     CSVOptions
	XLSX    XLSXOptions
	Parquet ParquetOptions
}

// New returns a writer of the format to w.
func New(f Format, w io.Writer, opt Options) (Writer, error) {
	switch f {
	case FormatCSV:
		return NewCSV(w, opt.CSV), nil
	case FormatXLSX:
		return NewXLSX(w, opt.XLSX), nil
	case FormatParquet:
		return NewParquet(w, opt.Parquet), nil
	case FormatNDJSON:
		return NewNDJSON(w), nil
	}
	return nil, fmt.Errorf("output: no format %q", string(f))
}

// MediaType returns the Content-Type of the format, "" of one there is not.
func (f Format) MediaType() string {
	switch f {
	case FormatCSV:
		return "text/csv; charset=utf-8; header=present"
	case FormatXLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case FormatParquet:
		return "application/vnd.apache.parquet"
	case FormatNDJSON:
		return "application/x-ndjson"
	}
	return ""
}

// IsPacked reports whether files of the format are compressed already, so that
// gzip would only cost time.
func (f Format) IsPacked() bool { return f == FormatXLSX || f == FormatParquet }
