package output

import (
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding"
)

// node returns the Parquet column of a column.
func node(c column, dictionary bool) parquet.Node {
	switch c.Type {
	case String:
		if dictionary {
			return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		}
		return parquet.Encoded(parquet.String(), &parquet.Plain)
	case Int:
		return parquet.Int(64)
	case Decimal:
		if c.precision <= narrow {
			return parquet.Decimal(c.scale, c.precision, parquet.Int64Type)
		}
		return parquet.Decimal(c.scale, c.precision, parquet.FixedLenByteArrayType(16))
	case DateTime:
		return parquet.Timestamp(parquet.Microsecond)
	case Date:
		return parquet.Date()
	}
	return parquet.Leaf(parquet.BooleanType)
}

// record is a group of columns in the order in which they were declared.
// parquet.Group sorts them by name.
type record []field

var _ parquet.Node = record(nil)

func (r record) Fields() []parquet.Field {
	out := make([]parquet.Field, len(r))
	for i := range r {
		out[i] = &r[i]
	}
	return out
}

// group is the same as parquet-go has it, for all but the order.
func (r record) group() parquet.Group {
	g := make(parquet.Group, len(r))
	for _, f := range r {
		g[f.name] = f.Node
	}
	return g
}

func (r record) ID() int              { return 0 }
func (r record) String() string       { return r.group().String() }
func (r record) Type() parquet.Type   { return r.group().Type() }
func (r record) Optional() bool       { return false }
func (r record) Repeated() bool       { return false }
func (r record) Required() bool       { return true }
func (r record) Leaf() bool           { return false }
func (r record) GoType() reflect.Type { return r.group().GoType() }

func (r record) Encoding() encoding.Encoding { return nil }
func (r record) Compression() compress.Codec { return nil }

// field is a column with its name.
type field struct {
	parquet.Node
	name string
}

func (f *field) Name() string { return f.name }

// Value is asked when rows are Go structures, which they are not here.
func (f *field) Value(reflect.Value) reflect.Value { return reflect.Value{} }
