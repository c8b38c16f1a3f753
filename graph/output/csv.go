package output

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/trama-graph/trama/schema"
)

// CSVOptions say how a CSV file is written. The zero value is RFC 4180 in UTF-8
// with a byte order mark, as Excel wants it, separated by commas.
type CSVOptions struct {
	// NoBOM leaves the byte order mark out. Without it Excel reads a file as
	// the code page of its machine.
	NoBOM bool

	// Separator is ',' (the default), ';' or a tab. Excel separates by what its
	// machine's list separator is: ';' wherever the comma is the decimal mark.
	Separator byte

	// DecimalComma writes decimals with a comma, for machines set to French,
	// Russian, Romanian or Portuguese. It wants another separator than the comma.
	DecimalComma bool

	// Raw leaves out the guard against formulas, for readers that run none.
	Raw bool
}

// Validate reports options that no reader could make sense of.
func (o CSVOptions) Validate() error {
	switch o.Separator {
	case 0, ',':
		if o.DecimalComma {
			return errors.New("output: a decimal comma wants another separator than the comma")
		}
	case ';', '\t':
	default:
		return errors.New("output: the separator is a comma, a semicolon or a tab")
	}
	return nil
}

// What a byte means for a text in CSV; a text's classes are those of its bytes
// or-ed, so that the usual text needs one look-up a byte and one decision.
const (
	csvQuote  uint8 = 1 << iota // the text must stand in quotes
	csvNUL                      // many readers end a text or a file here
	csvBeyond                   // not ASCII: UTF-8 to be checked
)

// CSV writes RFC 4180: a header, CRLF at the end of each line, quotes only where
// they are needed. Null is an empty field, an empty text is "". Moments are RFC
// 3339 in UTC, days 2006-01-02, truth values true and false, decimals have all
// their places and no separator of thousands. NUL becomes U+FFFD.
//
// A text that a spreadsheet would run as a formula, because it begins with
// = + - @ (or their wide forms), a tab, CR or LF, is written with ' in front;
// apostrophes and spaces before such a sign do not hide it. The rule has an
// inverse: of a text that begins with ' and would be guarded without it, take
// that one off. Numbers, moments and truth values are not texts and are left as
// they are.
type CSV struct {
	table
	opt   CSVOptions
	sep   byte
	mark  byte
	alone bool // one column: an empty line is no row, so null is ""
	class [256]uint8
	wrong error
}

var _ Writer = (*CSV)(nil)

// NewCSV returns a writer of CSV to w. Begin returns what is wrong with the
// options.
func NewCSV(w io.Writer, opt CSVOptions) *CSV {
	c := &CSV{opt: opt, sep: opt.Separator, mark: '.', wrong: opt.Validate()}
	c.w = w
	if c.sep == 0 {
		c.sep = ','
	}
	if opt.DecimalComma {
		c.mark = ','
	}
	for _, b := range []byte{'"', '\r', '\n', c.sep} {
		c.class[b] |= csvQuote
	}
	c.class[0] |= csvNUL
	for b := utf8.RuneSelf; b < 256; b++ {
		c.class[b] |= csvBeyond
	}
	return c
}

// Begin writes the header.
func (c *CSV) Begin(cols []Column) error {
	if c.wrong != nil {
		return c.fail(c.wrong)
	}
	if err := c.begin(cols); err != nil {
		return err
	}
	c.alone = len(cols) == 1
	if !c.opt.NoBOM {
		c.buf = append(c.buf, "\ufeff"...)
	}
	for i := range c.cols {
		if i > 0 {
			c.buf = append(c.buf, c.sep)
		}
		c.text(c.cols[i].Name)
	}
	c.buf = append(c.buf, '\r', '\n')
	return c.flush()
}

// Rows writes a line for each row.
func (c *CSV) Rows(cells []schema.Value) error {
	if err := c.window(cells); err != nil {
		return err
	}
	width := len(c.cols)
	for at, row := 0, 0; at < len(cells); at, row = at+width, row+1 {
		for i := range c.cols {
			if i > 0 {
				c.buf = append(c.buf, c.sep)
			}
			if f := c.cell(&cells[at+i], &c.cols[i]); f != noFault {
				return c.misfit(f, i, row)
			}
		}
		c.buf = append(c.buf, '\r', '\n')
		if len(c.buf) >= flushAt {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	c.rows += int64(len(cells) / width)
	return c.flush()
}

// End writes nothing: a CSV file has no end.
func (c *CSV) End() error { return c.finish() }

func (c *CSV) cell(v *schema.Value, col *column) fault {
	if v.Kind == schema.KindNull {
		if c.alone {
			c.buf = append(c.buf, '"', '"')
		}
		return noFault
	}
	if !col.takes(v.Kind) {
		return wrongKind
	}
	switch col.Type {
	case String:
		c.text(v.Str)
	case Int:
		c.buf = strconv.AppendInt(c.buf, v.Int, 10)
	case Decimal:
		d, f := col.fit(v)
		if f != noFault {
			return f
		}
		c.buf = appendDecimal(c.buf, d, c.mark)
	case DateTime, Date:
		if !hasYear(v.Time) {
			return outOfYears
		}
		if col.Type == Date {
			c.buf = appendDate(c.buf, v.Time)
		} else {
			c.buf = appendTime(c.buf, v.Time)
		}
	default:
		c.buf = strconv.AppendBool(c.buf, v.Bool)
	}
	return noFault
}

func (c *CSV) text(s string) {
	if s == "" {
		c.buf = append(c.buf, '"', '"')
		return
	}
	var class uint8
	for i := range len(s) {
		class |= c.class[s[i]]
	}
	if class&csvBeyond != 0 && utf8.ValidString(s) {
		class &^= csvBeyond
	}
	// Letters and digits are all that most texts begin with.
	guard := !c.opt.Raw && (s[0] < '0' || s[0] == '=' || s[0] == '@' || s[0] == 0xEF) && isFormula(s)
	// Some readers take spaces off the ends of a field without quotes.
	if class == 0 && !guard && s[0] != ' ' && s[len(s)-1] != ' ' {
		c.buf = append(c.buf, s...)
		return
	}
	quoted := class&csvQuote != 0 || s[0] == ' ' || s[len(s)-1] == ' '
	if quoted {
		c.buf = append(c.buf, '"')
	}
	if guard {
		c.buf = append(c.buf, '\'')
	}
	if class&^csvQuote == 0 && strings.IndexByte(s, '"') < 0 {
		c.buf = append(c.buf, s...)
	} else {
		c.runes(s)
	}
	if quoted {
		c.buf = append(c.buf, '"')
	}
}

// runes appends a text with its quotes doubled and with what CSV cannot hold
// replaced.
func (c *CSV) runes(s string) {
	for _, r := range s {
		switch r {
		case '"':
			c.buf = append(c.buf, '"', '"')
		case 0:
			c.buf = append(c.buf, "\ufffd"...)
		default:
			c.buf = utf8.AppendRune(c.buf, r)
		}
	}
}

// isFormula reports whether a spreadsheet may run a text. It is OWASP's list
// (CSV Injection), and looks behind spaces, which Excel ignores, and behind the
// apostrophes of the guard itself, so that the guard has an inverse.
func isFormula(s string) bool {
	for _, r := range s {
		switch r {
		case ' ', '\'':
			continue
		case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
			return true
		}
		return false
	}
	return false
}
