package output

import (
	"archive/zip"
	"fmt"
	"io"
	"strconv"

	"github.com/klauspost/compress/flate"

	"github.com/trama-graph/trama/schema"
)

// SheetRows is how many rows a worksheet has at most, its header included.
const SheetRows = 1 << 20

const (
	// sheetBytes is where a further worksheet begins whatever its rows: at 4 GB
	// a zip entry takes the 64-bit form, which not every reader has.
	sheetBytes = 3 << 30

	// sheetColumns is what Excel has.
	sheetColumns = 16384

	// sheets bounds the book: 256 full sheets are some 268 million rows.
	sheets = 256
)

// XLSXOptions say how a workbook is written.
type XLSXOptions struct {
	// Sheet is the name of the first worksheet, at most 25 characters and none
	// of []:*?/\ ; further ones have a number behind it. "" is Data.
	Sheet string

	rows int // of a worksheet, for tests
}

// XLSX writes an Excel workbook: a bold header that stays in sight, a filter on
// every column, typed cells. It writes the XML of SpreadsheetML by itself
// (ECMA-376, Part 1, §18), because what builds workbooks in memory or in a
// temporary file has its first byte after the last row.
//
// A worksheet has at most SheetRows rows; then a further one begins, with the
// same header.
//
// Numbers are numbers as long as Excel can keep their digits, which are 15: a
// decimal or whole number with more is a text, so that no digit is lost. Moments
// are serial dates in UTC, to the millisecond; those before March 1900, where
// Excel's calendar is wrong, are texts. Texts are cut to 32,767 characters, the
// last of them … then, and what XML cannot hold becomes U+FFFD. Formulas are
// never written: a text that looks like one is marked as a text, so that it stays
// one when somebody edits its cell.
type XLSX struct {
	table
	opt   XLSXOptions
	zip   *zip.Writer
	sheet io.Writer // the worksheet being written
	names []string  // letters of the columns
	count int       // worksheets so far
	row   int       // the last row of the worksheet
	size  int64     // bytes of the worksheet
	class [256]uint8
}

var _ Writer = (*XLSX)(nil)

// NewXLSX returns a writer of a workbook to w.
func NewXLSX(w io.Writer, opt XLSXOptions) *XLSX {
	if opt.rows == 0 {
		opt.rows = SheetRows
	}
	if opt.Sheet == "" {
		opt.Sheet = "Data"
	}
	x := &XLSX{opt: opt, class: xmlClass()}
	x.w = w
	return x
}

// Begin writes the styles and the header.
func (x *XLSX) Begin(cols []Column) error {
	if len(cols) > sheetColumns {
		return x.fail(fmt.Errorf("%w: %d are more than a worksheet has", ErrColumns, len(cols)))
	}
	if err := checkSheet(x.opt.Sheet); err != nil {
		return x.fail(err)
	}
	if err := x.begin(cols); err != nil {
		return err
	}
	x.names = make([]string, len(cols))
	for i := range cols {
		x.names[i] = columnName(i)
	}
	x.zip = zip.NewWriter(x.w)
	// Speed: the fastest level is some 10 % larger than the default here and
	// four times as fast.
	x.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	for _, part := range []part{{"[Content_Types].xml", contentTypes}, {"_rels/.rels", rootRelations}, {"xl/styles.xml", styles()}} {
		if err := x.part(part); err != nil {
			return err
		}
	}
	if err := x.begins(); err != nil {
		return err
	}
	return x.through()
}

// Rows writes rows, on further worksheets when one is full.
func (x *XLSX) Rows(cells []schema.Value) error {
	if err := x.window(cells); err != nil {
		return err
	}
	width := len(x.cols)
	for at, row := 0, 0; at < len(cells); at, row = at+width, row+1 {
		if x.row >= x.opt.rows || x.size >= sheetBytes {
			if err := x.ends(); err != nil {
				return err
			}
			if err := x.begins(); err != nil {
				return err
			}
		}
		x.row++
		x.buf = append(x.buf, `<row r="`...)
		n := len(x.buf)
		x.buf = strconv.AppendInt(x.buf, int64(x.row), 10)
		digits := len(x.buf) - n
		x.buf = append(x.buf, `">`...)
		number := x.buf[n : n+digits : n+digits]
		for i := range x.cols {
			if f := x.cell(&cells[at+i], i, number); f != noFault {
				return x.misfit(f, i, row)
			}
		}
		x.buf = append(x.buf, `</row>`...)
		if len(x.buf) >= flushAt {
			if err := x.pour(); err != nil {
				return err
			}
		}
	}
	x.rows += int64(len(cells) / width)
	return nil
}

// End writes the worksheets' list and the zip's directory, without which a file
// is no workbook.
func (x *XLSX) End() error {
	if err := x.finish(); err != nil {
		return err
	}
	if err := x.ends(); err != nil {
		return err
	}
	if err := x.part(part{"xl/workbook.xml", x.book()}); err != nil {
		return err
	}
	if err := x.part(part{"xl/_rels/workbook.xml.rels", bookRelations(x.count)}); err != nil {
		return err
	}
	if err := x.zip.Close(); err != nil {
		return x.fail(fmt.Errorf("output: write the workbook: %w", err))
	}
	return nil
}

// begins begins a worksheet with its header.
func (x *XLSX) begins() error {
	if x.count == sheets {
		return x.fail(schema.Errorf(schema.Limited, "a workbook has at most %d worksheets: take CSV or Parquet", sheets))
	}
	x.count++
	entry, err := x.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", x.count))
	if err != nil {
		return x.fail(fmt.Errorf("output: begin a worksheet: %w", err))
	}
	x.sheet, x.row, x.size = entry, 1, 0
	x.buf = appendSheetHead(x.buf, x.cols, x.count == 1)
	x.buf = append(x.buf, `<row r="1">`...)
	for i := range x.cols {
		x.text(x.cols[i].Name, i, []byte{'1'}, styleHeader)
	}
	x.buf = append(x.buf, `</row>`...)
	return x.pour()
}

// ends ends a worksheet.
func (x *XLSX) ends() error {
	x.buf = append(x.buf, `</sheetData><autoFilter ref="A1:`...)
	x.buf = append(x.buf, x.names[len(x.names)-1]...)
	x.buf = strconv.AppendInt(x.buf, int64(x.row), 10)
	x.buf = append(x.buf, `"/></worksheet>`...)
	return x.pour()
}

// pour compresses what is gathered.
func (x *XLSX) pour() error {
	n, err := x.sheet.Write(x.buf)
	x.size += int64(n)
	if err != nil {
		return x.fail(fmt.Errorf("output: write rows: %w", err))
	}
	if cap(x.buf) > keepRoom {
		x.buf = make([]byte, 0, flushAt+flushAt/4)
	}
	x.buf = x.buf[:0]
	return nil
}

// through lets what is compressed so far reach the reader.
func (x *XLSX) through() error {
	if err := x.zip.Flush(); err != nil {
		return x.fail(fmt.Errorf("output: write rows: %w", err))
	}
	return nil
}

// part is a file of the zip that is written at once.
type part struct{ name, xml string }

func (x *XLSX) part(p part) error {
	entry, err := x.zip.Create(p.name)
	if err == nil {
		_, err = io.WriteString(entry, p.xml)
	}
	if err != nil {
		return x.fail(fmt.Errorf("output: write the workbook: %w", err))
	}
	return nil
}
