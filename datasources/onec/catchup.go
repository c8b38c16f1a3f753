package onec

import (
	"context"
	"errors"
	"slices"

	"github.com/trama-graph/trama/datasources/internal/gather"
)

// gathering collects rows and what was deleted; of a key the later counts.
type gathering[T any, P gather.Entity[T]] struct {
	items []T
	at    map[string]int // of a key among items, -1 = it was deleted
}

func newGathering[T any, P gather.Entity[T]]() *gathering[T, P] {
	return &gathering[T, P]{at: map[string]int{}}
}

func (g *gathering[T, P]) size() int { return len(g.at) }

func (g *gathering[T, P]) add(items []T, gone []string) {
	for i := range items {
		_, key := P(&items[i]).Identity()
		if j, ok := g.at[key]; ok && j >= 0 {
			g.items[j] = items[i]
			continue
		}
		g.at[key] = len(g.items)
		g.items = append(g.items, items[i])
	}
	for _, key := range gone {
		if j, ok := g.at[key]; ok && j >= 0 {
			last := len(g.items) - 1
			g.items[j] = g.items[last]
			_, moved := P(&g.items[j]).Identity()
			g.at[moved] = j
			g.items = g.items[:last]
		}
		g.at[key] = -1
	}
}

func (g *gathering[T, P]) deleted() []string {
	var list []string
	for key, j := range g.at {
		if j < 0 {
			list = append(list, key)
		}
	}
	return list
}

// maxLost is how often in a row the last record of a page may not be met again.
const maxLost = 5

// errMoving says that the order of equal dates is another each time.
var errMoving = errors.New("onec: the order of documents is never the same")

// catchUp reads one page of the first range that is to be read, oldest first. It
// begins with the last record read: when that has gone elsewhere, all records of its
// date are given again rather than lost.
func (r *reader[T, P]) catchUp(ctx context.Context, m *model, o *object, cut spans, t *trail, into *gathering[T, P]) error {
	b, err := r.s.builder(ctx, m, o, r.e.Name, r.key, nil)
	if err != nil {
		return err
	}
	date := o.prop("date")
	q := r.request(o, nil)
	q.name, q.order, q.top = r.e.Name+" changes", date+",Ref_Key", r.s.cfg.Page
	if r.isBeside(o) {
		q.cols = paymentColumns(b)
	}
	var where []string
	switch {
	case t.At != "":
		where = append(where, date+" ge datetime'"+t.At+"'")
		q.skip = max(0, t.Ties-1)
		q.top++
	case t.Todo[0][0] != anEnd:
		where = append(where, date+" ge datetime'"+cut.begin(t.Todo[0][0])+"'")
	}
	if to := t.Todo[0][1]; to != anEnd {
		where = append(where, date+" lt datetime'"+cut.begin(to)+"'")
	}
	p := &part[T, P]{r: r, b: b, t: *t}
	start := r.s.now()
	rows, err := r.s.client.rows(ctx, q.where(where...), p.read)
	if err == nil {
		var again bool
		if again, err = b.refresh(ctx, start); err == nil && again {
			err = p.read(rows)
		}
	}
	switch {
	case err != nil:
		return asError(r.s.cfg.Name, err)
	case p.isLost:
		if t.Lost++; t.Lost > maxLost {
			return asError(r.s.cfg.Name, errMoving)
		}
		t.Ties = 0
		return nil
	}
	items := p.items
	if r.isBeside(o) {
		if items, err = r.bills(ctx, p.bills); err != nil {
			return err
		}
	} else if r.finish != nil {
		if err := r.finish(ctx, m, items, nil); err != nil {
			return asError(r.s.cfg.Name, err)
		}
	}
	into.add(items, p.gone)
	*t = p.moved
	t.Lost = 0
	if len(rows) < q.top {
		t.Todo, t.At, t.Key, t.Ties = t.Todo[1:], "", "", 0
	}
	return nil
}

// part is one page under way.
type part[T any, P gather.Entity[T]] struct {
	r *reader[T, P]
	b *builder
	t trail // where the page begins

	moved  trail // behind the page
	isLost bool
	items  []T
	gone   []string
	bills  []string
}

func (p *part[T, P]) read(rows []row) error {
	from := p.t
	p.isLost, p.items, p.gone, p.bills = false, nil, nil, nil
	for i, row := range rows {
		d := &reads{r: row}
		id, date := d.ref("Ref_Key"), d.text(p.b.o.prop("date"))
		if d.err != nil {
			return d.err
		}
		if id == "" {
			return errNoKey
		}
		if i == 0 && from.Ties > 0 {
			if id == from.Key {
				continue
			}
			p.isLost = true
			return nil
		}
		if date < from.At {
			return foreign()
		}
		if err := p.take(row, id); err != nil {
			return err
		}
		if date != from.At {
			from.At, from.Ties = date, 0
		}
		from.Ties++
		from.Key = id
	}
	if len(rows) == 0 && from.Ties > 0 {
		p.isLost = true
		return nil
	}
	p.moved = from
	return nil
}

func (p *part[T, P]) take(row row, id string) error {
	if p.r.isBeside(p.b.o) {
		bill, err := billOf(p.b, row)
		if bill != "" {
			p.bills = append(p.bills, p.r.key(conceptBill, bill))
		}
		return err
	}
	is, err := p.b.admits(row)
	if err != nil {
		return err
	}
	if !is {
		p.gone = append(p.gone, p.r.key(p.b.o.concept, id))
		return nil
	}
	x, err := p.r.build(p.b, row)
	if err != nil {
		return err
	}
	p.items = append(p.items, x)
	return nil
}

// bills reads the bills of payments that changed.
func (r *reader[T, P]) bills(ctx context.Context, keys []string) ([]T, error) {
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if len(keys) == 0 {
		return nil, nil
	}
	found, err := r.ByKeys(ctx, keys, nil)
	return found.Items, whole(err)
}
