package loaders

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// articlePages pages the articles of tickets.
type articlePages = Documents[schema.Article, *schema.Article]

// ArticlesOf returns each ticket's page of articles, oldest first. They lie where
// the ticket lies.
func (l *Loaders) ArticlesOf(ctx context.Context, tickets []*schema.Ticket, a Args) ([]*schema.Page[schema.Article], error) {
	var d *articlePages = l.Articles
	q, err := d.question(ctx, "Ticket.articles", "Ticket", a, "ticket")
	if err != nil {
		return nil, err
	}
	streams := make([][]stream[schema.Article], len(tickets))
	bySource := map[*datasources.Connected]*keySet{}
	for _, t := range tickets {
		if s := l.Catalog.Source(t.Source); s != nil && s.Has("Article") {
			if bySource[s] == nil {
				bySource[s] = newKeySet(len(tickets))
			}
			bySource[s].add(t.Key)
		}
	}
	for i, s := range q.owners {
		keys := bySource[s]
		if keys == nil {
			continue
		}
		found := d.ofParents(ctx, q, i, "ticket", q.query(i), keys)
		for p, t := range tickets {
			if t.Source == s.Name {
				one := stream[schema.Article]{parent: p, source: s.Name}
				r := found.result(t.Key)
				one.fill(&r)
				streams[p] = append(streams[p], one)
			}
		}
	}
	pages := make([]*schema.Page[schema.Article], len(tickets))
	errs := make([]error, len(tickets))
	for p := range tickets {
		pages[p], errs[p] = d.merge(ctx, q, streams[p])
	}
	return pages, perItem(errs)
}
