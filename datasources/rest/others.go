package rest

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// others are the records of further resources, and the stocks, while the first
// resource is read. Their number is bounded by Config.MemoryBound.
type others[T any] struct {
	t *table[T]
	// isDoubtful: one of their lists may not be whole.
	isDoubtful bool
	rows       []*other[T]
	byJoin     map[string]*other[T]
	byID       map[string]*other[T]
	stocks     map[string]*shelf // by sku; nil = no list of stocks
}

// other is one further record.
type other[T any] struct {
	row T
	// isUsed: the first resource has the record too. isClash: another record of it
	// has the same id.
	isUsed, isClash bool
}

// shelf is the stock of one article.
type shelf struct {
	list   []*schema.Stock
	isUsed bool
}

// joins reports whether the entity is more than its first resource.
func (t *table[T]) joins() bool { return len(t.e.from) > 1 || t.e.stock != nil }

// others reads the further resources and the stocks. One that is not enabled or
// not confirmed is left out, and that is a problem; any other failure is one of
// the whole reading.
func (t *table[T]) others(ctx context.Context) (*others[T], error) {
	o := &others[T]{t: t, byJoin: map[string]*other[T]{}, byID: map[string]*other[T]{}}
	for i, r := range t.e.from {
		if i == 0 {
			continue
		}
		tally := t.plans[i].Tally()
		if err := o.read(ctx, r, tally, func(records mapping.Value) (int, error) {
			rows, err := rowsOf(t.s.cfg.Name, t.e.name, t.plans[i], records, tally, nil)
			if err == nil {
				o.add(rows)
			}
			return len(o.rows), err
		}); err != nil {
			return nil, err
		}
	}
	if t.e.stock == nil {
		return o, nil
	}
	tally, n := t.stock.Tally(), 0
	o.stocks = map[string]*shelf{}
	isRead := false
	err := o.read(ctx, t.e.stock, tally, func(records mapping.Value) (int, error) {
		isRead = true
		rows, err := rowsOf(t.s.cfg.Name, t.e.name, t.stock, records, tally, nil)
		if err == nil {
			o.addStocks(rows)
		}
		n += len(rows)
		return n, err
	})
	if !isRead {
		o.stocks = nil
	}
	return o, err
}

// read reads all pages of a further resource.
func (o *others[T]) read(ctx context.Context, r *resource, tally *mapping.Tally, f func(mapping.Value) (kept int, err error)) error {
	s := o.t.s
	if r.cfg.Placeholder {
		s.ledger.Add(r.entity, "", unconfirmed, 1)
		return nil
	}
	defer s.ledger.Take(tally)
	p := s.pager(r, position{}, r.cfg.Window.params(s.now(), s.zone))
	p.isScan = true
	for !p.end {
		records, err := s.patiently(ctx, func() (mapping.Value, error) { return p.next(ctx) })
		if schema.CodeOf(err) == schema.NotEnabled && p.at.Page == 0 {
			s.ledger.Add(r.entity, "", notEnabledTo, 1)
			return nil
		}
		if err != nil {
			return err
		}
		kept, err := f(records)
		if err != nil {
			return err
		}
		if kept > s.cfg.MemoryBound {
			return schema.SourceErrorf(schema.SourceInvalid, s.cfg.Name,
				"%s: %s has more than %d records, which is as many as memory_bound allows to be joined", s.cfg.Name, r.key, s.cfg.MemoryBound)
		}
	}
	tally.Absent()
	o.isDoubtful = p.mayHoldMore() || o.isDoubtful
	return nil
}

// add keeps further rows. Of records with the same number the earlier is
// completed by the later.
func (o *others[T]) add(rows []T) {
	for i := range rows {
		key := o.t.shape.join(&rows[i])
		if key == "" {
			o.t.s.ledger.Add(o.t.e.name, "", notMerged, 1)
			continue
		}
		if old := o.byJoin[key]; old != nil {
			mapping.Complete(&old.row, &rows[i])
			continue
		}
		x := &other[T]{row: rows[i]}
		o.byJoin[key] = x
		o.byID[o.t.shape.id(&rows[i])] = x
		o.rows = append(o.rows, x)
	}
}

func (o *others[T]) addStocks(rows []mapping.StockRow) {
	for i := range rows {
		sh := o.stocks[rows[i].SKU]
		if sh == nil {
			sh = &shelf{}
			o.stocks[rows[i].SKU] = sh
		}
		sh.list = append(sh.list, &rows[i].Stock)
	}
}

// complete fills what is empty in rows of the first resource.
func (o *others[T]) complete(rows []T) {
	for i := range rows {
		if x := o.byID[o.t.shape.id(&rows[i])]; x != nil {
			x.isClash = true
		}
		if x := o.byJoin[o.t.shape.join(&rows[i])]; x != nil {
			x.isUsed = true
			mapping.Complete(&rows[i], &x.row)
		}
	}
	o.stock(rows)
}

// stock gives products what is in the warehouses; an article that is in none has
// an empty list.
func (o *others[T]) stock(rows []T) {
	if o.stocks == nil {
		return
	}
	for i := range rows {
		p, ok := any(&rows[i]).(*schema.Product)
		if !ok {
			return
		}
		p.Stock = []*schema.Stock{}
		if sh := o.stocks[p.SKU]; sh != nil && p.SKU != "" {
			sh.isUsed = true
			p.Stock = sh.list
		}
	}
}

// rest are the rows that only the further resources have. One whose id another
// record of the first resource has would take its place, so it is left out.
func (o *others[T]) rest() []T {
	var rows []T
	for _, x := range o.rows {
		switch {
		case x.isUsed:
		case x.isClash:
			o.t.s.ledger.Add(o.t.e.name, "", sameKeyTwice, 1)
		default:
			rows = append(rows, x.row)
		}
	}
	o.stock(rows)
	for _, sh := range o.stocks {
		if !sh.isUsed {
			o.t.s.ledger.Add(o.t.e.name, "stock", noStockKey, 1)
		}
	}
	return rows
}

// restPage is how many rows of the rest are handed over at once.
const restPage = 1000

// restPages is the rest in pages, at least one.
func (o *others[T]) restPages() [][]T {
	pages := slices.Collect(slices.Chunk(o.rest(), restPage))
	if len(pages) == 0 {
		pages = [][]T{nil}
	}
	return pages
}
