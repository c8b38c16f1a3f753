package odata

import (
	"strconv"
)

// Namespace is the schema's namespace in $metadata.
const Namespace = "Trama"

// MetadataType is the Content-Type of $metadata, whatever Accept says: Power BI
// calls any other one invalid.
const MetadataType = "application/xml"

// EntityType is the name of the type of the set's rows, qualified by its namespace.
func (s *Set) EntityType() string { return Namespace + "." + s.Name + "_row" }

// AppendMetadata appends the CSDL document (Part 3) of the sets, in their order
// and that of their columns: one schema, an entity type for each set, no
// navigation, no annotations, nothing nullable but everything besides the key,
// since Power BI fails on a missing value that must not be missing. It fails if
// a set is not valid.
func AppendMetadata(dst []byte, sets []*Set) ([]byte, error) {
	for _, s := range sets {
		if err := s.Validate(); err != nil {
			return nil, err
		}
	}
	dst = append(dst, `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="`+Namespace+`" xmlns="http://docs.oasis-open.org/odata/ns/edm">
`...)
	for _, s := range sets {
		dst = append(dst, `<EntityType Name="`...)
		dst = append(dst, s.Name...)
		dst = append(dst, `_row"><Key><PropertyRef Name="`...)
		dst = append(dst, s.Columns[s.Key()].Name...)
		dst = append(dst, "\"/></Key>\n"...)
		for i := range s.Columns {
			dst = s.Columns[i].appendProperty(dst)
		}
		dst = append(dst, "</EntityType>\n"...)
	}
	dst = append(dst, "<EntityContainer Name=\"Container\">\n"...)
	for _, s := range sets {
		dst = append(dst, `<EntitySet Name="`...)
		dst = append(dst, s.Name...)
		dst = append(dst, `" EntityType="`...)
		dst = append(dst, s.EntityType()...)
		dst = append(dst, "\"/>\n"...)
	}
	return append(dst, "</EntityContainer>\n</Schema></edmx:DataServices></edmx:Edmx>\n"...), nil
}

// Facets of columns that declare none.
const (
	defaultDigits   = 19 // what an exact decimal of Trama has; one of .NET, and so of Power Query, holds 28
	defaultFraction = 6  // microseconds
)

// appendProperty writes the facets out where CSDL's default would be wrong: a
// Decimal without Scale has no fraction, a DateTimeOffset without Precision has
// no part of a second (Part 3 §6.2.3, §6.2.4).
func (c *Column) appendProperty(dst []byte) []byte {
	attribute := func(name string, n int) {
		dst = append(dst, ' ')
		dst = append(dst, name...)
		dst = append(dst, `="`...)
		dst = strconv.AppendInt(dst, int64(n), 10)
		dst = append(dst, '"')
	}
	dst = append(dst, `<Property Name="`...)
	dst = append(dst, c.Name...)
	dst = append(dst, `" Type="`...)
	dst = append(dst, c.Type.String()...)
	dst = append(dst, '"')
	if c.IsKey {
		dst = append(dst, ` Nullable="false"`...)
	}
	switch c.Type {
	case String:
		if c.MaxLength > 0 {
			attribute("MaxLength", c.MaxLength)
		}
	case Decimal:
		precision := c.Precision
		if precision == 0 {
			precision = defaultDigits + max(0, c.Scale)
		}
		attribute("Precision", precision)
		if c.Scale == VariableScale { // Part 3 §6.2.4
			dst = append(dst, ` Scale="variable"`...)
			break
		}
		attribute("Scale", c.Scale)
	case DateTime:
		fraction := c.Precision
		if fraction == 0 {
			fraction = defaultFraction
		}
		attribute("Precision", fraction)
	}
	return append(dst, "/>\n"...)
}
