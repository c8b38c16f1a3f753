package loaders

import (
	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// isDeleted is the column of whether a row's source has it no more. Copies keep deleted
// rows for a while, and show them in the lists of Query whose filter asks for them: where a
// filter says nothing of it, where rows belong to another and where they are found by their
// keys, there are living rows only.
const isDeleted = "isDeleted"

// withDeleted is a client's filter as one source is asked it, and whether it is asked for
// deleted rows too. What asks for nothing but deleted rows is refused where there are none
// to be had: to answer that there are none would be no answer.
func (q *question) withDeleted(entity string, s *datasources.Connected, where schema.Predicate) (_ schema.Predicate, deleted bool, _ error) {
	if !where.Reads(isDeleted) {
		return where, false, nil
	}
	living, dead := where.Given(isDeleted, schema.Bool(false)), where.Given(isDeleted, schema.Bool(true))
	switch {
	case dead.Op == schema.None:
		return living, false, nil
	case q.via != "":
		return where, false, schema.Errorf(schema.UnsupportedFilter, "deleted rows are in the lists of Query only: ask for %s there, not for those of a %s", entity, q.via)
	case s.Entity(entity).Column(isDeleted) != nil:
		return where, true, nil
	case living.Op == schema.None:
		return where, false, schema.SourceErrorf(schema.UnsupportedFilter, s.Name, "%s has no deleted rows of %s: it is asked itself, and has no copy here", s.Name, entity)
	}
	return living, false, nil
}
