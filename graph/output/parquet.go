package output

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/govalues/decimal"
	"github.com/parquet-go/parquet-go"

	"github.com/trama-graph/trama/schema"
)

// RowGroupRows is how many rows a row group of a Parquet file has at most.
const RowGroupRows = 64 << 10

// FirstRowGroupRows is the same of the first one: nothing of a file goes out before it,
// and who waits for its first byte does not wait for 64 thousand rows.
const FirstRowGroupRows = 8 << 10

// A row group ends early when its texts are long, so that memory has a bound
// whatever the texts: what is kept is at most this, compressed.
const rowGroupText = 16 << 20

const (
	// pageBytes is when a column's values become a page. It bounds what the
	// columns hold uncompressed.
	pageBytes = 32 << 10

	// dictionaryBytes is where a dictionary stops to pay.
	dictionaryBytes = 128 << 10
)

// ParquetOptions say how a Parquet file is written.
type ParquetOptions struct {
	// Zstd compresses with Zstandard instead of Snappy: files a quarter smaller,
	// written at about two thirds of the speed. Every reader has Snappy.
	Zstd bool
}

// Parquet writes an Apache Parquet file. All columns may be null. Texts are
// STRING, whole numbers INT(64), truth values BOOLEAN, days DATE, moments
// TIMESTAMP(MICROS, UTC), cut to the microsecond. Decimals are
// DECIMAL(18, scale) in eight bytes or DECIMAL(38, scale) in sixteen, as
// Column.Digits says.
//
// Texts have a dictionary where the first window shows that one pays, until it
// grows too large. Columns stand in their order. A row group has at most
// RowGroupRows rows, the first FirstRowGroupRows, and is written when it is full:
// until then it is held, compressed.
type Parquet struct {
	table
	opt    ParquetOptions
	file   *parquet.GenericWriter[any]
	values []parquet.Value // of one column of a window
	arena  []byte          // what they refer to
	room   int             // rows that the row group takes
	held   int             // rows in it
	texts  int             // bytes of texts in the row group
}

var _ Writer = (*Parquet)(nil)

// NewParquet returns a writer of Parquet to w.
func NewParquet(w io.Writer, opt ParquetOptions) *Parquet {
	p := &Parquet{opt: opt, room: FirstRowGroupRows}
	p.w = w
	return p
}

// Begin takes the columns. What stands before the rows waits for the first of
// them, or for End.
func (p *Parquet) Begin(cols []Column) error { return p.begin(cols) }

// Rows takes a window of rows.
func (p *Parquet) Rows(cells []schema.Value) error {
	if err := p.window(cells); err != nil {
		return err
	}
	if p.file == nil {
		p.create(cells)
	}
	width := len(p.cols)
	total := len(cells) / width
	for from := 0; from < total; {
		n := min(total-from, p.room-p.held)
		if err := p.group(cells[from*width:(from+n)*width], n, from); err != nil {
			return err
		}
		from += n
	}
	p.rows += int64(total)
	return nil
}

// End writes the footer, without which a file is no Parquet.
func (p *Parquet) End() error {
	if err := p.finish(); err != nil {
		return err
	}
	if p.file == nil {
		p.create(nil)
	}
	if err := p.file.Close(); err != nil {
		return p.fail(fmt.Errorf("output: write the footer: %w", err))
	}
	return nil
}

// group puts n rows into the row group, column by column. The first of them is
// row from of the window.
func (p *Parquet) group(cells []schema.Value, n, from int) error {
	if cap(p.values) < n {
		p.values = make([]parquet.Value, n)
	}
	width := len(p.cols)
	for i, out := range p.file.ColumnWriters() {
		values := p.values[:n]
		p.arena = p.arena[:0]
		for row := range values {
			v := &cells[row*width+i]
			if v.Kind == schema.KindNull {
				values[row] = parquet.NullValue().Level(0, 0, i)
				continue
			}
			value, f := p.value(v, &p.cols[i])
			if f != noFault {
				return p.misfit(f, i, from+row)
			}
			values[row] = value.Level(0, 1, i)
		}
		if p.cols[i].Type == String {
			p.texts += len(p.arena)
		}
		if _, err := out.WriteRowValues(values); err != nil {
			return p.fail(fmt.Errorf("output: write column %q: %w", p.cols[i].Name, err))
		}
	}
	if cap(p.arena) > keepRoom {
		p.arena = nil
	}
	if p.held += n; p.held >= p.room || p.texts >= rowGroupText {
		if err := p.file.Flush(); err != nil {
			return p.fail(fmt.Errorf("output: write a row group: %w", err))
		}
		p.held, p.texts, p.room = 0, 0, RowGroupRows
	}
	return nil
}

// value makes the value of a cell. What does not fit into one lies in the arena
// until the column has taken it.
func (p *Parquet) value(v *schema.Value, col *column) (parquet.Value, fault) {
	if !col.takes(v.Kind) {
		return parquet.Value{}, wrongKind
	}
	switch col.Type {
	case String:
		at := len(p.arena)
		p.arena = appendValid(p.arena, v.Str)
		return parquet.ByteArrayValue(p.arena[at:]), noFault
	case Int:
		return parquet.Int64Value(v.Int), noFault
	case Decimal:
		d, f := col.fit(v)
		if f != noFault {
			return parquet.Value{}, f
		}
		if col.precision <= narrow {
			n := int64(d.Coef() * col.fill[d.Scale()])
			if d.IsNeg() {
				n = -n
			}
			return parquet.Int64Value(n), noFault
		}
		at := len(p.arena)
		p.arena = appendWide(p.arena, d, col.fill[d.Scale()])
		return parquet.FixedLenByteArrayValue(p.arena[at:]), noFault
	case DateTime, Date:
		if !hasYear(v.Time) {
			return parquet.Value{}, outOfYears
		}
		if col.Type == Date {
			day, _ := divide(v.Time.Unix(), 86400)
			return parquet.Int32Value(int32(day)), noFault
		}
		return parquet.Int64Value(v.Time.UnixMicro()), noFault
	}
	return parquet.BooleanValue(v.Bool), noFault
}

// appendWide appends a decimal as Parquet keeps it in 16 bytes: the number of its
// smallest places, of which fill makes as many as the column has, big-endian in
// two's complement.
func appendWide(b []byte, d decimal.Decimal, fill uint64) []byte {
	hi, lo := bits.Mul64(d.Coef(), fill)
	if d.IsNeg() {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	b = binary.BigEndian.AppendUint64(b, hi)
	return binary.BigEndian.AppendUint64(b, lo)
}

// create makes the file, with the window that shows what its texts are like.
func (p *Parquet) create(cells []schema.Value) {
	root := make(record, len(p.cols))
	for i, c := range p.cols {
		root[i] = field{Node: parquet.Optional(node(c, pays(cells, i, len(p.cols)))), name: c.Name}
	}
	compression := parquet.Compression(&parquet.Snappy)
	if p.opt.Zstd {
		compression = parquet.Compression(&parquet.Zstd)
	}
	p.file = parquet.NewGenericWriter[any](
		p.w,
		parquet.NewSchema("rows", root),
		compression,
		parquet.PageBufferSize(pageBytes),
		parquet.DictionaryMaxBytes(dictionaryBytes),
		// Pages as every reader knows them.
		parquet.DataPageVersion(1),
		parquet.CreatedBy("trama", "1", ""),
		parquet.ColumnPageBuffers(parquet.NewChunkBufferPool(16<<10)),
	)
}

// pays reports whether the texts of a column repeat so often in a window that a
// dictionary is shorter than they are.
func pays(cells []schema.Value, i, width int) bool {
	// Of texts drawn from 5,000, a thousand show some 900: each will be there a
	// dozen times in a row group.
	const look = 1000
	seen, texts := make(map[string]struct{}), 0
	for at := i; at < len(cells) && texts < look; at += width {
		if cells[at].Kind == schema.KindString {
			seen[cells[at].Str] = struct{}{}
			texts++
		}
	}
	return len(seen) <= texts*9/10
}
