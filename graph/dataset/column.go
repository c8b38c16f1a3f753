package dataset

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Type is what a column holds.
type Type uint8

// The types, and the kinds of schema.Value that columns of them hold.
const (
	Text     Type = iota + 1 // schema.KindString
	Int                      // schema.KindInt
	Decimal                  // schema.KindDecimal
	DateTime                 // schema.KindTime: a moment, UTC
	Date                     // schema.KindTime: a day, its midnight in UTC
	Boolean                  // schema.KindBool
)

// String names the type.
func (t Type) String() string {
	switch t {
	case Text:
		return "Text"
	case Int:
		return "Int"
	case Decimal:
		return "Decimal"
	case DateTime:
		return "DateTime"
	case Date:
		return "Date"
	case Boolean:
		return "Boolean"
	}
	return "none"
}

// AnyScale is the scale of decimals that have as many places as they like, up to 19.
const AnyScale = -1

// The columns each table begins with, by their numbers.
const (
	KeyColumn = iota
	SourceColumn
	AsOfColumn
	IsDeletedColumn
	ModifiedAtColumn
	FixedColumns // how many there are
)

// Column is one column of a table.
type Column struct {
	Name  string // ASCII: a letter or _, then letters, digits and _
	Label string // what the schema says of the field; "" for none
	Type  Type
	Scale int // of a Decimal: how many places its values have at most, or AnyScale

	// Field is the schema's field the value is, as Type.field; of Money the field that
	// holds it. "" for what is made of several: most of the columns each table begins
	// with, and the shared currency.
	Field string

	IsKey     bool // the first column
	IsMasked  bool // what is shown is not the value: neither filtered nor sorted by
	IsPartial bool // null on rows that do not show it
	// IsExact says that values may be compared with, in a filter and in an order.
	IsExact bool

	// FilterKey is the key of the root list's filter that compares this very column,
	// OrderValue the value of its order; "" where the view has none. Of tables that
	// aggregate they are empty.
	FilterKey, OrderValue string
}

func fixedColumns() []Column {
	return []Column{
		{Name: "key", Label: "The same for the same row, whenever it is asked.", Type: Text, Scale: AnyScale, IsKey: true, IsExact: true},
		{Name: "source", Label: "The configured name of the system the row comes from; null where several are merged.", Type: Text, Scale: AnyScale, IsExact: true},
		{Name: "asOf", Label: "The row was so at this moment, or later.", Type: DateTime, Scale: AnyScale, IsExact: true},
		{Name: "isDeleted", Label: "Whether the row is no more.", Type: Boolean, Scale: AnyScale, IsExact: true},
		{Name: "modifiedAt", Label: "When anything in the row was last seen to change.", Type: DateTime, Scale: AnyScale, IsExact: true},
	}
}

// typeOf is the type of a column of a scalar or enum; false for one that is exact
// in no type.
func typeOf(d *ast.Definition) (Type, bool) {
	if d.Kind == ast.Enum {
		return Text, true
	}
	switch d.Name {
	case "ID", "String", "Currency":
		return Text, true
	case "Int":
		return Int, true
	case "Decimal":
		return Decimal, true
	case "DateTime":
		return DateTime, true
	case "Boolean":
		return Boolean, true
	}
	return 0, false
}

// isIdentifier reports whether a column can have the name everywhere a table goes:
// OData knows at most 128 signs (OData 4.0 Part 3, §17.2).
func isIdentifier(name string) bool { return identifierUpTo(name, 128) }

func identifierUpTo(name string, most int) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', i > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return name != "" && len(name) <= most
}

// isWord reports whether a name means something else in a filter of OData.
func isWord(name string) bool {
	switch strings.ToLower(name) {
	case "null", "true", "false", "not", "inf", "nan":
		return true
	}
	return false
}

// isTaken reports whether a name is one of the columns each table begins with.
func isTaken(name string) bool {
	switch strings.ToLower(name) {
	case "key", "source", "asof", "isdeleted", "modifiedat":
		return true
	}
	return false
}
