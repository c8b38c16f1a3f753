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
//
// A deleted row comes only where the request may read that it is deleted, whatever else the
// filter says. It leads nowhere: to who sees other records because rows of this type lead
// to them, these come as living ones only, or taking a record away would not end what was
// seen through it.
func (d *Documents[T, P]) withDeleted(access Access, q *question, s *datasources.Connected) (_ schema.Predicate, deleted bool, _ error) {
	asked := q.args.Where
	if asked.Reads(isDeleted) {
		isLiving := schema.Compare(isDeleted, schema.Eq, schema.Bool(false))
		isShown := d.readable(access, schema.Compare(isDeleted, schema.Eq, schema.Bool(true)), q.via, s)
		if access.Leads(d.name) {
			isShown = schema.Predicate{Op: schema.None}
		}
		asked = schema.AllOf(d.readable(access, asked, q.via, s), schema.AnyOf(isLiving, isShown))
	} else {
		asked = d.readable(access, asked, q.via, s)
	}
	where := inSource(asked, s.Name)
	if !where.Reads(isDeleted) {
		return where, false, nil
	}
	living, dead := where.Given(isDeleted, schema.Bool(false)), where.Given(isDeleted, schema.Bool(true))
	switch {
	case dead.Op == schema.None:
		return living, false, nil
	case q.via != "":
		return where, false, schema.Errorf(schema.UnsupportedFilter, "deleted rows are in the lists of Query only: ask for %s there, not for those of a %s", d.name, q.via)
	case s.Entity(d.name).Column(isDeleted) != nil:
		return where, true, nil
	case living.Op == schema.None:
		return where, false, schema.SourceErrorf(schema.UnsupportedFilter, s.Name, "%s has no deleted rows of %s: it is asked itself, and has no copy here", s.Name, d.name)
	}
	return living, false, nil
}
