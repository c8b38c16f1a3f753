package datasources

import "github.com/trama-graph/trama/schema"

// ColumnError says which column of an answer is in a form that was not agreed: a
// text where a number is due, a member that is there twice. It is the cause of a
// *schema.Error whose message names the entity only: the column may be one that a
// policy or a join reads and the client may not know. Who knows what he may see
// (server.go's presenter) puts Told in its place.
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

// Garbled is the SOURCE_INVALID of a row whose column cannot be read. A null in its
// place would look like a value the source does not have.
func Garbled(source, entity, column string) *schema.Error {
	return schema.SourceErrorf(schema.SourceInvalid, source, "%s answered %s in a form that is not agreed", source, entity).
		Because(&ColumnError{Source: source, Entity: entity, Column: column})
}
