package schema

import "slices"

// Faults are the fields of one row whose source answered what they read in a form
// that was not agreed: a text where a number is due, a member that is there twice.
// The row holds nothing in their place, and the graph shows null with SOURCE_INVALID
// (Garbled), which a plain null is not: that is a value the source does not have.
// Rows share them; they are never changed.
type Faults struct {
	// Fields are their names as the SDL has them, and those of the columns that are
	// no fields (orderNumber), distinct. They are bounded by the type's.
	Fields []string
	// Source is whose row it is, where the row itself does not say: a line of an order.
	Source string `json:",omitempty"`
}

// Has reports whether a field or column is among them. Nil has none.
func (f *Faults) Has(name string) bool { return f != nil && slices.Contains(f.Fields, name) }

// From is whose row it is, where the row itself does not say.
func (f *Faults) From() string {
	if f == nil {
		return ""
	}
	return f.Source
}

// With returns the faults and further ones.
func (f *Faults) With(names ...string) *Faults {
	all := &Faults{}
	if f != nil {
		all.Fields, all.Source = slices.Clone(f.Fields), f.Source
	}
	for _, n := range names {
		if !slices.Contains(all.Fields, n) {
			all.Fields = append(all.Fields, n)
		}
	}
	return all
}

// FaultsOf returns what of a row, given as a pointer, cannot be shown. It is nil where
// all can, and for what has none: neither a Record nor in the list of one.
func FaultsOf(row any) *Faults {
	if r, ok := row.(interface{ Spoilt() *Faults }); ok {
		return r.Spoilt()
	}
	return nil
}

// FaultsWithin are FaultsOf a row and of the records in its lists, whose fields have the
// list's name before them: lines.quantity.
func FaultsWithin(row any) *Faults {
	f := FaultsOf(row)
	switch x := row.(type) {
	case *Order:
		f = within(within(f, "lines.", x.Lines), "states.", x.States)
	case *Invoice:
		f = within(f, "lines.", x.Lines)
	case *DeliveryNote:
		f = within(f, "lines.", x.Lines)
	case *PurchaseOrder:
		f = within(f, "lines.", x.Lines)
	case *Product:
		f = within(f, "stock.", x.Stock)
	}
	return f
}

func within[T interface{ Spoilt() *Faults }](f *Faults, list string, rows []T) *Faults {
	for _, x := range rows {
		if inside := x.Spoilt(); inside != nil {
			for _, name := range inside.Fields {
				if !f.Has(list + name) {
					f = f.With(list + name)
				}
			}
		}
	}
	return f
}

// ColumnError says which column of an answer is in a form that was not agreed. It is
// the cause of an Error whose message names the entity only: the client may not know
// the column. Who knows what he may see (server.go's presenter) puts Told in its
// place.
type ColumnError struct {
	Source string
	Entity string // as the SDL calls it: "Invoice"
	Column string // the same: "total"
}

// Error names the column, for the log.
func (e *ColumnError) Error() string { return e.Entity + "." + e.Column + " is not in the agreed form" }

// Told is the message for a client who may see the column.
func (e *ColumnError) Told() string {
	return e.Source + " answered " + e.Entity + "." + e.Column + " in a form that is not agreed"
}

// Garbled is the SOURCE_INVALID of a column that cannot be read.
func Garbled(source, entity, column string) *Error {
	return SourceErrorf(SourceInvalid, source, "%s answered %s in a form that is not agreed", source, entity).
		Because(&ColumnError{Source: source, Entity: entity, Column: column})
}
