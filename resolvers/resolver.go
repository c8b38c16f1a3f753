// Package resolvers says which data a field means: one file per SDL file, and
// bodies of one to five lines that name a loader. It never decides, filters or
// formats.
package resolvers

import (
	"context"

	"github.com/trama-graph/trama/schema"
)

// Operations answers what is not a record: how the systems are doing and who is
// asking.
type Operations interface {
	Sources() []*schema.Source
	Coverage() []*schema.Coverage
	Me(ctx context.Context) *schema.Me
}

// Resolver is the root of all resolvers; gqlgen wants it by this name.
type Resolver struct{ Operations Operations }
