package output

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// Type is what a column holds. Every column may hold nulls besides.
type Type uint8

// The types of columns and the kinds of cells each takes.
const (
	String   Type = iota // schema.KindString
	Int                  // schema.KindInt
	Decimal              // schema.KindDecimal or KindInt
	DateTime             // schema.KindTime: a moment, written in UTC
	Date                 // schema.KindTime: the day of the moment in UTC
	Boolean              // schema.KindBool
)

// AnyScale declares a decimal column whose values have as many places as they
// like. It costs a Parquet file 16 bytes a value instead of 8, and a spreadsheet
// its aligned decimal points.
const AnyScale = -1

// The digits decimals have: all that schema.Value can hold, and what Parquet
// keeps in eight bytes and in sixteen.
const (
	maxScale    = decimal.MaxScale // 19
	narrow      = 18
	wide        = 38
	narrowScale = 4
)

// Column is one column of a table.
type Column struct {
	Name string // not empty, valid UTF-8, unlike the others
	Type Type

	// Scale is how many places a decimal has at most: 0 to 19, or AnyScale.
	Scale int

	// Precision is how many digits a decimal has at most, those after the point
	// included: 18 or 38, 0 for 18 up to four places and 38 beyond. It is what
	// Parquet declares, and every format holds to it, so that a table which goes
	// into one goes into all.
	Precision int
}

// Digits returns the precision and scale that the column's decimals are
// declared with in Parquet's DECIMAL. AnyScale is DECIMAL(38, 19), which holds
// every decimal there is.
func (c Column) Digits() (precision, scale int) {
	switch {
	case c.Scale == AnyScale:
		return wide, maxScale
	case c.Precision != 0:
		return c.Precision, c.Scale
	case c.Scale <= narrowScale:
		return narrow, c.Scale
	}
	return wide, c.Scale
}

var (
	// ErrColumns is returned by Begin for columns that no table can have.
	ErrColumns = errors.New("output: columns no table can have")
	// ErrKind is returned by Rows for a cell that is not of its column's type.
	ErrKind = errors.New("output: a cell that is not of its column's type")
)

func check(cols []Column) error {
	if len(cols) == 0 {
		return fmt.Errorf("%w: none", ErrColumns)
	}
	seen := make(map[string]bool, len(cols))
	for i, c := range cols {
		switch {
		case c.Name == "" || !utf8.ValidString(c.Name):
			return fmt.Errorf("%w: the name of column %d is empty or not UTF-8", ErrColumns, i)
		case seen[c.Name]:
			return fmt.Errorf("%w: two are called %q", ErrColumns, c.Name)
		case c.Type > Boolean:
			return fmt.Errorf("%w: %q has no type", ErrColumns, c.Name)
		case c.Type == Decimal && (c.Scale < AnyScale || c.Scale > maxScale):
			return fmt.Errorf("%w: %q has scale %d, which is not 0 to %d", ErrColumns, c.Name, c.Scale, maxScale)
		case c.Type == Decimal && c.Precision != 0 && (c.Precision != narrow && c.Precision != wide || c.Scale > c.Precision):
			return fmt.Errorf("%w: %q has precision %d, which is not 18 or 38", ErrColumns, c.Name, c.Precision)
		}
		seen[c.Name] = true
	}
	return nil
}

// column is a Column as the writers use it for each cell.
type column struct {
	Column
	precision, scale int // as declared

	// By the places a decimal has, up to scale: the power of ten that fills the
	// places it lacks, and the first coefficient that has too many digits then,
	// 0 when there is none.
	fill, limit [maxScale + 1]uint64
}

func columnsOf(cols []Column) []column {
	out := make([]column, len(cols))
	for i, c := range cols {
		out[i].Column = c
		if c.Type == Decimal {
			out[i].declare(c.Digits())
		}
	}
	return out
}

func (c *column) declare(precision, scale int) {
	c.precision, c.scale = precision, scale
	for places := range scale + 1 {
		c.fill[places] = pow10(scale - places)
		// 19 digits and 19 places to fill are the most there is: they fit into 38.
		if room := precision - (scale - places); precision < wide && room <= maxScale {
			c.limit[places] = pow10(room)
		}
	}
}

// takes reports whether the column holds values of the kind. Null is not asked.
func (c *column) takes(k schema.Kind) bool {
	switch c.Type {
	case String:
		return k == schema.KindString
	case Int:
		return k == schema.KindInt
	case Decimal:
		return k == schema.KindDecimal || k == schema.KindInt
	case DateTime, Date:
		return k == schema.KindTime
	default:
		return k == schema.KindBool
	}
}

// fault is what is wrong with a cell, noFault when nothing is.
type fault uint8

const (
	noFault fault = iota
	wrongKind
	tooManyPlaces
	tooManyDigits
	outOfYears
	noKey
)

// fit returns the decimal of a cell with no more places than its column
// declares. Zeros beyond them are taken off, other digits are a fault.
func (c *column) fit(v *schema.Value) (decimal.Decimal, fault) {
	d := v.Dec
	if v.Kind == schema.KindInt {
		var err error
		if d, err = decimal.New(v.Int, 0); err != nil {
			return d, tooManyDigits
		}
	}
	if d.Scale() > c.scale {
		if d = d.Trim(c.scale); d.Scale() > c.scale {
			return d, tooManyPlaces
		}
	}
	if limit := c.limit[d.Scale()]; limit != 0 && d.Coef() >= limit {
		return d, tooManyDigits
	}
	return d, noFault
}

// pow10 returns 10^n for n from 0 to 19.
func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
