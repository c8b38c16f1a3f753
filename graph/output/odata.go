package output

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/trama-graph/trama/schema"
)

// Metadata is how much OData says about its rows: odata.metadata in the Accept
// header, "OData JSON Format 4.01", §3.1.
type Metadata uint8

// The levels of metadata.
const (
	Minimal Metadata = iota
	None
	Full
)

// ODataOptions say what stands around the rows. All addresses are absolute: what
// Power Query and Excel follow as it is.
type ODataOptions struct {
	Context  string // @odata.context; not written at level None
	Count    *int64 // @odata.count, for $count=true
	Metadata Metadata

	// NumbersAsText is IEEE754Compatible=true: decimals and whole numbers are
	// strings, the count too.
	NumbersAsText bool

	// One writes a single entity instead of a collection: what an address with a
	// key answers. There must be exactly one row.
	One bool

	// The rest is what Full tells of each row: its type, qualified by its
	// namespace, and its address, which is Set('key').
	EntityType string
	Set        string
	Key        int  // the column of the key, of type String
	HideKey    bool // the key was not selected: it is not written as a property
}

// OData writes a page of an entity set as OData JSON, or one entity. A moment is
// an Edm.DateTimeOffset, a day an Edm.Date, a whole number an Edm.Int64.
//
// The array is closed by End alone: a page that broke off is no JSON.
type OData struct {
	table
	cells
	opt  ODataOptions
	next string
	keys []property
	lead []byte // before each row
	more bool   // a row was written
}

// property is what stands before the value of a column. At level Full it tells
// the types that a client cannot guess, but not of a null.
type property struct{ value, null []byte }

var _ Writer = (*OData)(nil)

// ErrRow is returned by Rows and End when an address of one entity has several
// rows or none. Nothing was written then.
var ErrRow = errors.New("output: one entity wants exactly one row")

// NewOData returns a writer of OData JSON to w.
func NewOData(w io.Writer, opt ODataOptions) *OData {
	o := &OData{opt: opt, cells: cells{class: jsonClass(), texts: opt.NumbersAsText}}
	o.w = w
	return o
}

// MediaType returns the Content-Type of what the options make.
func (o ODataOptions) MediaType() string {
	t := "application/json;odata.metadata=minimal"
	switch o.Metadata {
	case None:
		t = "application/json;odata.metadata=none"
	case Full:
		t = "application/json;odata.metadata=full"
	}
	if o.NumbersAsText {
		t += ";IEEE754Compatible=true"
	}
	return t
}

// Next sets the address of the next page, at any time before End. Without it the
// page is the last.
func (o *OData) Next(link string) { o.next = link }

// Begin writes the context and the count. Of one entity nothing is written
// before its row, so that the caller can still answer that there is none.
func (o *OData) Begin(cols []Column) error {
	if err := o.begin(cols); err != nil {
		return err
	}
	full := o.opt.Metadata == Full
	if full && (o.opt.Key < 0 || o.opt.Key >= len(cols) || cols[o.opt.Key].Type != String) {
		return o.fail(fmt.Errorf("%w: the key is not a column of texts", ErrColumns))
	}
	o.prepare(full)

	head := []byte{'{'}
	if o.opt.Metadata != None {
		head = append(head, `"@odata.context":`...)
		head = append(appendJSON(head, o.opt.Context, o.class), ',')
	}
	if o.opt.One {
		o.lead = append(head, o.lead[1:]...)
		return nil
	}
	if o.opt.Count != nil {
		quote := ""
		if o.opt.NumbersAsText {
			quote = `"` // the count is an Edm.Int64 as well
		}
		head = append(append(head, `"@odata.count":`...), quote...)
		head = append(append(strconv.AppendInt(head, *o.opt.Count, 10), quote...), ',')
	}
	o.buf = append(append(o.buf, head...), `"value":[`...)
	return o.flush()
}

// prepare makes what is the same in every row. Each piece ends with a comma or a
// colon; the comma behind the last property becomes the brace.
func (o *OData) prepare(full bool) {
	o.lead = []byte{'{'}
	if full {
		o.lead = append(o.lead, `"@odata.type":`...)
		o.lead = append(appendJSON(o.lead, "#"+o.opt.EntityType, o.class), ',')
	}
	o.keys = make([]property, len(o.cols))
	for i, c := range o.cols {
		name := append(appendJSON(nil, c.Name, o.class), ':')
		o.keys[i] = property{value: name, null: name}
		if t := edm(c.Type); full && t != "" {
			typed := append(appendJSON(nil, c.Name+"@odata.type", o.class), `:"#`...)
			typed = append(append(typed, t...), '"', ',')
			o.keys[i].value = append(typed, name...)
		}
	}
}

// edm returns the types that are told at level Full: JSON has texts and truth
// values of its own.
func edm(t Type) string {
	switch t {
	case Int:
		return "Int64"
	case Decimal:
		return "Decimal"
	case DateTime:
		return "DateTimeOffset"
	case Date:
		return "Date"
	}
	return ""
}

// Rows writes an entity for each row.
func (o *OData) Rows(cells []schema.Value) error {
	if err := o.window(cells); err != nil {
		return err
	}
	width := len(o.cols)
	if n := o.rows + int64(len(cells)/width); o.opt.One && n > 1 {
		return o.fail(fmt.Errorf("%w, not %d", ErrRow, n))
	}
	for at, row := 0, 0; at < len(cells); at, row = at+width, row+1 {
		if i, f := o.entity(cells[at : at+width]); f != noFault {
			return o.misfit(f, i, row)
		}
		if len(o.buf) >= flushAt {
			if err := o.flush(); err != nil {
				return err
			}
		}
	}
	o.rows += int64(len(cells) / width)
	return o.flush()
}

// entity appends a row, or tells which of its columns is at fault.
func (o *OData) entity(row []schema.Value) (int, fault) {
	if o.more {
		o.buf = append(o.buf, ',')
	}
	o.more = true
	o.buf = append(o.buf, o.lead...)
	if o.opt.Metadata == Full {
		id := &row[o.opt.Key]
		if id.Kind != schema.KindString {
			return o.opt.Key, noKey
		}
		o.id(id.Str)
	}
	for i := range o.cols {
		if i == o.opt.Key && o.opt.HideKey {
			continue
		}
		if row[i].Kind == schema.KindNull {
			o.buf = append(o.buf, o.keys[i].null...)
		} else {
			o.buf = append(o.buf, o.keys[i].value...)
		}
		var f fault
		if o.buf, f = o.append(o.buf, &row[i], &o.cols[i]); f != noFault {
			return i, f
		}
		o.buf = append(o.buf, ',')
	}
	if last := len(o.buf) - 1; o.buf[last] == ',' {
		o.buf[last] = '}'
	} else { // no property was selected
		o.buf = append(o.buf, '}')
	}
	return 0, noFault
}

// id appends the address of an entity, as "OData URL Conventions 4.01" §4.3.1
// has it: a quote in a key is doubled. Whatever has a meaning in an address is
// written as its bytes.
func (o *OData) id(key string) {
	o.buf = append(o.buf, `"@odata.id":`...)
	o.buf = appendJSON(o.buf, o.opt.Set, o.class)
	o.buf = append(o.buf[:len(o.buf)-1], '(', '\'')
	for _, r := range key {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r == '-', r == '.', r == '_', r == '~', r == ':':
			o.buf = append(o.buf, byte(r))
		case r == '\'':
			o.buf = append(o.buf, '\'', '\'')
		default:
			var room [utf8.UTFMax]byte
			for _, b := range utf8.AppendRune(room[:0], r) {
				o.buf = append(o.buf, '%', upperHex[b>>4], upperHex[b&15])
			}
		}
	}
	o.buf = append(o.buf, '\'', ')', '"', ',')
}

// End closes the array, and tells where the next page is.
func (o *OData) End() error {
	if err := o.finish(); err != nil {
		return err
	}
	if o.opt.One {
		if o.rows != 1 {
			return o.fail(fmt.Errorf("%w, not %d", ErrRow, o.rows))
		}
		return nil
	}
	o.buf = append(o.buf, ']')
	if o.next != "" {
		o.buf = append(o.buf, `,"@odata.nextLink":`...)
		o.buf = appendJSON(o.buf, o.next, o.class)
	}
	o.buf = append(o.buf, '}')
	return o.flush()
}
