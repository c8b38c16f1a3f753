package directory

import "github.com/trama-graph/trama/schema"

// The kinds of conflicts beside those of package schema (wire/identity.md §5).
const (
	// ConflictUnmatched is one a source: how many of its records nobody else knows.
	ConflictUnmatched schema.ConflictKind = "UNMATCHED"
	// ConflictDeniedButMatching is a denial by hand of two records that a rule
	// would join.
	ConflictDeniedButMatching schema.ConflictKind = "DENIED_BUT_MATCHING"
	// ConflictSourceShrank is one a source: a reading lost so many of its records
	// that it was held back.
	ConflictSourceShrank schema.ConflictKind = "SOURCE_SHRANK"
)
