package odata

import (
	"slices"
	"strings"
)

// version is a major version of the protocol.
type version int

// The versions that are spoken. 3 and 2 differ in their replies, hardly in their
// addresses.
const (
	v2 version = 2
	v3 version = 3
	v4 version = 4
)

// kind says how values of a type are written in an address, and how they come in
// a reply.
type kind uint8

const (
	kindOther  kind = iota // read, but never compared: binary, times of day, streams
	kindText               // Edm.String
	kindGUID               // Edm.Guid
	kindInt                // Edm.Byte to Edm.Int32
	kindInt64              // Edm.Int64
	kindDec                // Edm.Decimal
	kindFloat              // Edm.Single, Edm.Double
	kindBool               // Edm.Boolean
	kindWall               // Edm.DateTime: a wall clock without a zone
	kindMoment             // Edm.DateTimeOffset
	kindDay                // Edm.Date
	kindEnum               // an enumeration of the service
	kindStruct             // a complex type
)

// edm is a property's type.
type edm struct {
	name    string // Edm.String, Shop.Status
	kind    kind
	members []string // of an enumeration, by name
}

// edmOf returns a primitive type by its name, with or without "Edm.".
func edmOf(name string) (edm, bool) {
	bare := strings.TrimPrefix(name, "Edm.")
	t := edm{name: "Edm." + bare}
	switch bare {
	case "String":
		t.kind = kindText
	case "Guid":
		t.kind = kindGUID
	case "Byte", "SByte", "Int16", "Int32":
		t.kind = kindInt
	case "Int64":
		t.kind = kindInt64
	case "Decimal":
		t.kind = kindDec
	case "Single", "Double":
		t.kind = kindFloat
	case "Boolean":
		t.kind = kindBool
	case "DateTime":
		t.kind = kindWall
	case "DateTimeOffset":
		t.kind = kindMoment
	case "Date":
		t.kind = kindDay
	case "Complex":
		t.kind = kindStruct
	case "Binary", "Stream", "Time", "TimeOfDay", "Duration":
	default:
		return edm{}, strings.HasPrefix(bare, "Geograph") || strings.HasPrefix(bare, "Geometr")
	}
	return t, true
}

// isNumber reports whether values are whole or decimal numbers, which a server
// compares exactly. Binary fractions are not among them: 0.1 is not in them.
func (t edm) isNumber() bool { return t.kind == kindInt || t.kind == kindInt64 || t.kind == kindDec }

// isTime reports whether values are points in time.
func (t edm) isTime() bool { return t.kind == kindWall || t.kind == kindMoment || t.kind == kindDay }

// isKey reports whether a key may consist of it.
func (t edm) isKey() bool {
	return t.isNumber() || t.isTime() || slices.Contains([]kind{kindText, kindGUID, kindBool, kindEnum}, t.kind)
}
