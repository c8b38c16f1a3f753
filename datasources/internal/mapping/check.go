package mapping

import (
	"fmt"
	"maps"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// CheckLocale reports all mistakes of a locale together, each with its key.
func CheckLocale(l Locale) []error {
	var errs []error
	if _, err := styleOf(l.Decimals); err != nil {
		errs = append(errs, fmt.Errorf("decimals: %w", err))
	}
	if _, err := ZoneOf(l.Zone); err != nil {
		errs = append(errs, fmt.Errorf("zone: %w", err))
	}
	for i, layout := range l.Dates {
		if err := CheckLayout(layout); err != nil {
			errs = append(errs, fmt.Errorf("dates[%d]: %w", i, err))
		}
	}
	return errs
}

// Check reports all mistakes in the fields of an entity together, each with its
// key: unknown columns with the nearest known, paths that are none, options that
// do not fit the column, a key that is not there. entity is one of Entities or
// StockEntity.
func Check(entity string, fields Fields) []error {
	columns := Columns(entity)
	if columns == nil {
		return []error{fmt.Errorf("%s is no entity that can be mapped%s", entity, schema.DidYouMean(entity, Entities()))}
	}
	c := &checker{}
	c.fields("", columns, fields)
	for _, col := range columns {
		if _, ok := fields[col.Name]; col.Required && !ok {
			c.bad(col.Name, "missing: a record without a key cannot be a row")
		}
	}
	return c.errs
}

type checker struct{ errs []error }

func (c *checker) bad(key, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

func (c *checker) fields(prefix string, columns []Column, fields Fields) {
	var names []string
	for _, col := range columns {
		names = append(names, col.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		col := find(columns, name)
		if col == nil {
			c.bad(prefix+name, "unknown column%s", schema.DidYouMean(name, names))
			continue
		}
		c.field(prefix+name, col, fields[name])
	}
}

func (c *checker) field(key string, col *Column, f Field) {
	switch {
	case col.Type == TextMap:
		c.parts(key, f)
		return
	case len(f.At) == 0 && f.Value == "":
		c.bad(key, "says neither at nor value")
	case len(f.At) > 0 && f.Value != "":
		c.bad(key, "at and value exclude each other")
	case f.Value != "" && col.Type == Nested:
		c.bad(key+".value", "a list of records is no constant")
	}
	c.paths(key+".at", f.At)
	fits := func(option string, isSet bool, types ...Type) {
		if isSet && !slices.Contains(types, col.Type) {
			c.bad(key+"."+option, "does not fit a column that is a %s", col.Type)
		}
	}
	fits("inverse", f.Inverse, Truth)
	fits("decimals", f.Decimals != "", Money, Decimal, Whole)
	fits("dates", len(f.Dates) > 0, Moment)
	fits("fields", f.Fields != nil, Nested)
	fits("map", f.Map != nil, Texts, TextList, Truth, Money, Decimal, Whole, Moment)
	if _, err := styleOf(f.Decimals); err != nil {
		c.bad(key+".decimals", "%s", err)
	}
	for i, layout := range f.Dates {
		if err := CheckLayout(layout); err != nil {
			c.bad(fmt.Sprintf("%s.dates[%d]", key, i), "%s", err)
		}
	}
	c.values(key, col, f)
	if col.Type == Nested {
		if len(f.Fields) == 0 {
			c.bad(key+".fields", "missing: the columns of its records")
		}
		c.fields(key+".fields.", col.Nested, f.Fields)
	}
}

// values checks what a constant or a map may say.
func (c *checker) values(key string, col *Column, f Field) {
	check := func(key, value string) {
		switch {
		case col.Values != nil && !slices.Contains(col.Values, value):
			c.bad(key, "%q is not one of %v", value, col.Values)
		case col.Type == Truth && value != "true" && value != "false":
			c.bad(key, "expected true or false")
		case col.Name == "currency" && !IsCurrency(value):
			c.bad(key, "expected an ISO 4217 code")
		}
	}
	if f.Value != "" {
		check(key+".value", f.Value)
	}
	for _, raw := range slices.Sorted(maps.Keys(f.Map)) {
		check(fmt.Sprintf("%s.map[%q]", key, raw), f.Map[raw])
	}
}

// parts checks texts by system: {foreignIds: {fields: {crm: {at: uid}}}}.
func (c *checker) parts(key string, f Field) {
	if len(f.At) > 0 || f.Value != "" || len(f.Fields) == 0 {
		c.bad(key, "expected fields: a path for each system")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		if len(f.Fields[name].At) == 0 {
			c.bad(key+".fields."+name, "says no at")
		}
		c.paths(key+".fields."+name+".at", f.Fields[name].At)
	}
}

func (c *checker) paths(key string, at []string) {
	for i, text := range at {
		if _, err := ParsePath(text); err != nil {
			c.bad(fmt.Sprintf("%s[%d]", key, i), "%s", err)
		}
		if slices.Contains(at[:i], text) {
			c.bad(fmt.Sprintf("%s[%d]", key, i), "is there twice")
		}
	}
}

// CheckPaths reports the paths of a list that are none, each with its index.
func CheckPaths(key string, at []string) []error {
	c := &checker{}
	c.paths(key, at)
	return c.errs
}
