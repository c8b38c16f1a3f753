package world

import "github.com/trama-graph/trama/schema"

// Failure is an error with a code.
func Failure(where string) error {
	return schema.SourceErrorf(schema.SourceTimeout, "world", "%s failed", where)
}
