package copies

import (
	"context"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// isDeleted is the column of whether the source has a row no more. It is beside the row:
// no source has it, every copy does, and only lists that ask so (Query.Deleted) show rows
// of which it is true.
const isDeleted = "isDeleted"

func deletedColumn() datasources.Column {
	return datasources.Column{Name: isDeleted, Upstream: "whether the source has the record no more", Ops: []schema.Op{schema.Eq, schema.In}}
}

// listDeleted is List with deleted rows.
func (r *reader[T, P]) listDeleted(ctx context.Context, q datasources.Query, rows *found) (datasources.Rows[T], error) {
	dead := DeletedRows{Layout: r.s.layout, Where: q.Where.Given(isDeleted, schema.Bool(true))}
	if dead.Where.Op == schema.None {
		q.Deleted = false
		return r.List(ctx, q)
	}
	var gone []int
	a, err := r.c.deps.store.CopyListDeleted(ctx, r.s.id, r.ask(q), dead, func(data []byte, changed int64, isDeleted bool) error {
		if isDeleted {
			gone = append(gone, len(rows.rows))
		}
		return rows.add(data, changed)
	})
	out, err := r.answer(ctx, datasources.Rows[T]{More: a.More, Totals: a.Totals}, rows, q.Fields, a.Set, err)
	if err != nil {
		return out, err
	}
	for _, i := range gone {
		if row, ok := any(P(&out.Items[i])).(interface{ Delete() }); ok {
			row.Delete()
		}
	}
	return out, nil
}

// keeps reports whether rows of a set that are deleted are kept. Customers are not: the
// directory has them, and knows what became of them.
func (c *Copy) keeps(s *set) bool { return c.cfg.KeepDeleted > 0 && s.reader != nil }

const (
	// leastDeleted is how many deleted rows of an entity are kept however few live. Of
	// more than live, and than these, the oldest go.
	leastDeleted = 10_000
	// purgeAtLeast is how often deleted rows are purged, or as often as the source is read.
	purgeAtLeast = time.Hour
)

// purgeDue purges when that is due. It is the loop's.
func (c *Copy) purgeDue(ctx context.Context) {
	if now := c.deps.Now(); c.purged.IsZero() || now.Sub(c.purged) >= min(c.cfg.Every, purgeAtLeast) {
		c.purged = now
		c.purge(ctx)
	}
}

// purge lets deleted rows go whose time has come, in transactions of their own: what
// deletes rows is not held up by it. A store that fails is told of, and tried again the
// next time.
func (c *Copy) purge(ctx context.Context) {
	before, least := c.deps.Now().Add(-c.cfg.KeepDeleted), int64(leastDeleted)
	for _, s := range c.sets {
		if s.reader == nil {
			continue
		}
		if c.cfg.KeepDeleted == 0 {
			before = c.deps.Now().Add(KeepDeletedMost) // whatever its moment
		}
		purged, err := c.deps.store.PurgeDeleted(ctx, s.id, before, least)
		if err != nil && ctx.Err() == nil {
			c.deps.Log.WarnContext(ctx, "could not forget deleted rows", "source", c.cfg.Name, "entity", s.entity, "err", err)
		}
		if purged > 0 {
			c.deps.Changed(s.entity) // answers that are remembered may show them
		}
	}
}
