package otrs

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/schema"
)

var _ datasources.Reader[schema.Article] = (*articles)(nil)

// articles reads what was written on tickets. The server knows articles only as
// parts of a ticket.
type articles struct {
	c    *client
	desc *datasources.Entity
}

// ByKeys cannot be answered: there is no operation that finds an article by its
// id.
func (r *articles) ByKeys(context.Context, []string, datasources.Fields) (datasources.Rows[schema.Article], error) {
	return datasources.Rows[schema.Article]{}, r.c.unsupported("find Article by its id")
}

// List cannot be answered: articles are read by their tickets.
func (r *articles) List(context.Context, datasources.Query) (datasources.Rows[schema.Article], error) {
	return datasources.Rows[schema.Article]{}, r.c.unsupported("list Article without its tickets")
}

// ByParent makes ceil(tickets/article_batch) calls. The server sends the text of
// all articles, whatever is asked; it is decoded only when asked for.
func (r *articles) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[schema.Article], error) {
	var none datasources.Rows[schema.Article]
	ability := r.desc.Relation(rel)
	if ability == nil {
		return none, r.c.unsupported("find Article by " + string(rel))
	}
	if q.Order.Column == "" {
		q.Order = r.desc.Default
	}
	if c := r.desc.Column(q.Order.Column); c == nil || !c.Sortable {
		return none, r.c.unsupported("sort Article by " + q.Order.Column)
	}
	ab, err := r.c.abilities(ctx)
	if err != nil {
		return none, err
	}
	m := &ticketMapper{source: r.c.name, zone: r.c.zone, fields: q.Fields}
	return gather.ByParent(ctx, parents, ability.Batch, q, gather.Parents[schema.Article]{
		Fetch: func(ctx context.Context, chunk []string) ([]schema.Article, bool, error) {
			ids := slices.DeleteFunc(slices.Clone(chunk), func(k string) bool { return !isID(k) })
			if len(ids) == 0 || ab.empty {
				return nil, true, nil
			}
			found, err := getBatch(ctx, r.c, ab, ids, want{articles: true}, m.articles, maxSurvivals)
			return slices.Concat(found...), true, r.c.asSource(err)
		},
		One: func(context.Context, string) (datasources.Rows[schema.Article], error) {
			return none, r.c.unsupported("list so many Article of one ticket")
		},
		ParentOf: func(a *schema.Article) string { return a.TicketKey },
	})
}
