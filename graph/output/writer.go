package output

import (
	"errors"
	"fmt"
	"io"

	"github.com/trama-graph/trama/schema"
)

// Writer writes one table. It is made for one io.Writer, used by one goroutine
// and used once. There is nothing to close: a Writer that is left in the middle
// is garbage, and what it wrote is not whole.
type Writer interface {
	// Begin takes the columns, before any rows, and writes what stands before
	// them. Nothing is written before Begin. The error wraps ErrColumns when it
	// is the columns that are wrong.
	Begin(cols []Column) error

	// Rows writes a window of rows: their cells row after row, in the order of
	// the columns, a whole number of rows. The caller may use the slice again
	// afterwards. What was written has reached the io.Writer when Rows returns,
	// except in XLSX and Parquet, which compress in larger pieces.
	//
	// A value that its column cannot hold is a *schema.Error with code
	// SOURCE_INVALID, a cell of another type wraps ErrKind; both name the column
	// and the row and never the value. The rows before it in the window may have
	// been written.
	Rows(cells []schema.Value) error

	// End writes what stands behind the rows. After an error it writes nothing
	// and returns that error.
	End() error
}

// ErrOrder is returned for calls that are not Begin, Rows…, End, and for a
// window that is not a whole number of rows.
var ErrOrder = errors.New("output: calls out of order")

// flushAt is how much text is gathered before it is written on.
const flushAt = 64 << 10

// keepRoom is the largest buffer that is kept after a row of long texts.
const keepRoom = 1 << 20

// stage is how far a table has come.
type stage uint8

const (
	fresh stage = iota
	open
	ended
)

// table is what all writers have in common: the columns, the order of the calls,
// the buffer and the first error, which ends everything.
type table struct {
	w     io.Writer
	cols  []column
	buf   []byte
	stage stage
	rows  int64 // before the window being written
	err   error
}

func (t *table) begin(cols []Column) error {
	if t.err != nil {
		return t.err
	}
	if t.stage != fresh {
		return t.fail(fmt.Errorf("%w: Begin twice", ErrOrder))
	}
	if err := check(cols); err != nil {
		return t.fail(err)
	}
	t.stage = open
	t.cols = columnsOf(cols)
	t.buf = make([]byte, 0, flushAt+flushAt/4)
	return nil
}

// window checks a window before its rows are written.
func (t *table) window(cells []schema.Value) error {
	switch {
	case t.err != nil:
		return t.err
	case t.stage != open:
		return t.fail(fmt.Errorf("%w: Rows before Begin or after End", ErrOrder))
	case len(cells)%len(t.cols) != 0:
		return t.fail(fmt.Errorf("%w: %d cells in rows of %d", ErrOrder, len(cells), len(t.cols)))
	}
	return nil
}

func (t *table) finish() error {
	if t.err != nil {
		return t.err
	}
	if t.stage != open {
		return t.fail(fmt.Errorf("%w: End without Begin, or twice", ErrOrder))
	}
	t.stage = ended
	return nil
}

func (t *table) fail(err error) error {
	if t.err == nil {
		t.err = err
	}
	return t.err
}

// flush writes what is gathered.
func (t *table) flush() error {
	if len(t.buf) == 0 {
		return nil
	}
	if _, err := t.w.Write(t.buf); err != nil {
		return t.fail(fmt.Errorf("output: write rows: %w", err))
	}
	if cap(t.buf) > keepRoom {
		t.buf = make([]byte, 0, flushAt+flushAt/4)
	}
	t.buf = t.buf[:0]
	return nil
}

// misfit ends the table for a cell. row counts from 0 in the window.
func (t *table) misfit(f fault, col, row int) error {
	name, n := t.cols[col].Name, t.rows+int64(row)+1
	switch f {
	case tooManyPlaces:
		return t.fail(schema.Errorf(schema.SourceInvalid, "column %q, row %d: a number with more than %d decimal places", name, n, t.cols[col].scale))
	case tooManyDigits:
		return t.fail(schema.Errorf(schema.SourceInvalid, "column %q, row %d: a number with more than %d digits", name, n, t.cols[col].precision))
	case outOfYears:
		return t.fail(schema.Errorf(schema.SourceInvalid, "column %q, row %d: a moment outside the years 1 to 9999", name, n))
	case noKey:
		return t.fail(schema.Errorf(schema.SourceInvalid, "column %q, row %d: the key is missing", name, n))
	}
	return t.fail(fmt.Errorf("column %q, row %d: %w", name, n, ErrKind))
}
