package odata

import "fmt"

// Type is the type of a column or of an expression. The zero Type is that of
// the null literal, which fits everywhere.
type Type uint8

// The types a column can have. There is no Edm.Double: amounts are exact.
const (
	String   Type = iota + 1 // Edm.String; schema.KindString
	Int                      // Edm.Int64; schema.KindInt
	Decimal                  // Edm.Decimal; schema.KindDecimal
	DateTime                 // Edm.DateTimeOffset, always UTC; schema.KindTime
	Date                     // Edm.Date; schema.KindTime at midnight UTC
	Boolean                  // Edm.Boolean; schema.KindBool
)

// String returns the type's EDM name, "null" for the zero Type.
func (t Type) String() string {
	switch t {
	case String:
		return "Edm.String"
	case Int:
		return "Edm.Int64"
	case Decimal:
		return "Edm.Decimal"
	case DateTime:
		return "Edm.DateTimeOffset"
	case Date:
		return "Edm.Date"
	case Boolean:
		return "Edm.Boolean"
	}
	return "null"
}

func (t Type) isNumber() bool { return t == Int || t == Decimal }

// Column is one property of a set.
type Column struct {
	Name  string // ASCII, at most maxName signs
	Type  Type
	Label string // for people; not part of $metadata

	MaxLength int // of a String, in characters; 0 is unbounded
	// Precision of a Decimal is its digits in all (0 is 19 beside those of Scale),
	// of a DateTime the digits of its fraction of a second (0 is 6).
	Precision int
	Scale     int // digits after the point of a Decimal, or VariableScale

	IsKey     bool // the one String column that addresses a row; never null
	IsMasked  bool // what is shown is not the value, so nothing may compare with it
	CanFilter bool // may stand in $filter
	CanSort   bool // may stand in $orderby
}

// VariableScale is the Scale of a Decimal whose values have any number of their
// digits after the point: with a Precision of 19 that is every exact decimal.
const VariableScale = -1

// Set is an entity set as one token sees it: a column that the token may not
// see is not there. Parse and what it returns never change a Set, so one may
// serve many requests.
type Set struct {
	Name    string // ASCII, in the address
	Label   string // for people; in the service document
	Columns []Column
}

// maxName is the longest SimpleIdentifier (Part 3 §17.2).
const maxName = 128

// Key returns the index of the key column, -1 if there is none.
func (s *Set) Key() int {
	for i := range s.Columns {
		if s.Columns[i].IsKey {
			return i
		}
	}
	return -1
}

func (s *Set) column(name string) (int, bool) {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// Validate reports what would make the set's $metadata or addresses unreadable:
// names that are not ASCII identifiers, literals' names, names used twice, and
// anything but one String key.
func (s *Set) Validate() error {
	if !isIdentifier(s.Name) {
		return fmt.Errorf("odata: set %q: the name is not an ASCII identifier of at most %d signs", s.Name, maxName)
	}
	seen := make(map[string]bool, len(s.Columns))
	keys := 0
	for i := range s.Columns {
		c := &s.Columns[i]
		switch {
		case !isIdentifier(c.Name):
			return fmt.Errorf("odata: set %s: column %q: the name is not an ASCII identifier of at most %d signs", s.Name, c.Name, maxName)
		case isReserved(c.Name):
			return fmt.Errorf("odata: set %s: column %s: the name is a word of the filter language", s.Name, c.Name)
		case seen[c.Name]:
			return fmt.Errorf("odata: set %s: column %s is there twice", s.Name, c.Name)
		case c.Type < String || c.Type > Boolean:
			return fmt.Errorf("odata: set %s: column %s has no type", s.Name, c.Name)
		case c.IsKey && (c.Type != String || c.IsMasked):
			return fmt.Errorf("odata: set %s: key %s: a key is an unmasked %s", s.Name, c.Name, String)
		case c.MaxLength < 0 || c.Scale < 0 && (c.Scale != VariableScale || c.Type != Decimal) || c.Precision < 0 || c.Precision > 0 && c.Type == Decimal && c.Scale > c.Precision:
			return fmt.Errorf("odata: set %s: column %s: its length, precision or scale is out of range", s.Name, c.Name)
		}
		seen[c.Name] = true
		if c.IsKey {
			keys++
		}
	}
	if keys != 1 {
		return fmt.Errorf("odata: set %s has %d key columns, not one", s.Name, keys)
	}
	return nil
}

func isIdentifier(s string) bool {
	if s == "" || len(s) > maxName || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// isReserved says whether a bare name at the place of an operand means
// something else than a column. Operators are no problem: they never stand there.
func isReserved(name string) bool {
	switch name {
	case "null", "true", "false", "not", "INF", "NaN":
		return true
	}
	return false
}
