package copies

import (
	"context"
	"errors"

	"github.com/trama-graph/trama/datasources"
)

// askedPages is how many calls a refresh of one entity makes at most.
const askedPages = 20

// asked asks a source for the rows of customers and hands them over page by page.
// hasMore says that there were more than a refresh reads.
type asked func(ctx context.Context, customers []string, take func(rows []Row) error) (hasMore bool, err error)

// askedOf asks by the relation to the customer, nil when the source has none: a
// row that takes its customer over from another is not found by him there.
func askedOf[T any, P datasources.EntityOf[T]](r datasources.Reader[T], e *datasources.Entity, p *packer[T, P]) asked {
	if e.Relation("customer") == nil {
		return nil
	}
	size := e.PageLimit
	if size <= 0 {
		size = pageRows
	}
	q := datasources.Query{Order: e.Default, First: min(size, pageMost)}
	return func(ctx context.Context, customers []string, take func([]Row) error) (bool, error) {
		calls, cut := 0, false
		// All customers at once, then those who have more one by one: each has a place
		// of his own to go on from.
		rows, failed, err := somehow(r.ByParent(ctx, "customer", customers, q))
		if err != nil {
			return false, err
		}
		calls++
		packed, _ := p.pack(rows.Items)
		if err := take(packed); err != nil {
			return false, err
		}
		for i, customer := range customers {
			next := q
			page := rows
			for at := i; hasMore(page, at) && len(page.Parent(at)) > 0; at = 0 {
				if calls == askedPages {
					cut = true
					break
				}
				calls++
				own := page.Parent(at)
				last := P(&own[len(own)-1])
				_, id := last.Identity()
				next.After = &datasources.After{ID: id}
				if q.Order.Column != "" {
					next.After.Value = last.Column(q.Order.Column)
				}
				if page, err = r.ByParent(ctx, "customer", []string{customer}, next); err != nil {
					return cut, err
				}
				packed, _ := p.pack(page.Items)
				if err := take(packed); err != nil {
					return cut, err
				}
			}
		}
		return cut, failed
	}
}

func hasMore[T any](rows datasources.Rows[T], parent int) bool {
	return parent < len(rows.More) && rows.More[parent] && parent+1 < len(rows.Offsets)
}

// somehow lets the rows through that came beside errors of single keys; failed is
// one of those.
func somehow[T any](rows datasources.Rows[T], err error) (_ datasources.Rows[T], failed, fatal error) {
	var some *datasources.BatchError
	if !errors.As(err, &some) {
		return rows, nil, err
	}
	for _, one := range some.ByKey {
		failed = one
	}
	return rows, failed, nil
}
