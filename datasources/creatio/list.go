package creatio

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// List reads a page of an entity.
func (r *reader[T, P]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	var none datasources.Rows[T]
	st, v, err := r.open(ctx)
	if err != nil {
		return none, err
	}
	if q.Order.Column == "" {
		q.Order = r.e.Default
	}
	plain := r.s.noText.Load()
	rows, err := r.pages(ctx, st, v, q, plain)
	if wire.IsRefused(err) && !plain && usesText(q.Where) {
		// The wire page does not say whether tolower is evaluated. A site that
		// refuses it gets the question without, and the filter is evaluated here.
		if rows, err = r.pages(ctx, st, v, q, true); err == nil {
			r.s.noText.Store(true)
		}
	}
	if err == nil {
		err = r.fill(ctx, st, rows.Items, q.Fields)
	}
	if err != nil {
		return none, err
	}
	return rows, nil
}

func usesText(p schema.Predicate) bool {
	if p.Op == schema.Contains || p.Op == schema.Prefix {
		return true
	}
	for _, q := range p.Of {
		if usesText(q) {
			return true
		}
	}
	return false
}

// pages reads a page of a list without its lines.
func (r *reader[T, P]) pages(ctx context.Context, st *site, v *view, q datasources.Query, noText bool) (datasources.Rows[T], error) {
	var none datasources.Rows[T]
	n, err := r.s.filterTexts(ctx, st, v, q.Where)
	if err != nil {
		return none, err
	}
	p := &pager[T, P]{
		r: r, st: st, v: v, q: q, sel: v.choose(q.Fields, &q, ""), counted: -1, seen: map[string]bool{}, asked: map[string]bool{},
		tr: translator{source: r.s.cfg.Name, base: r.s.cfg.BaseCurrency, view: v, names: n, noText: noText},
	}
	if keys, rest, ok := p.wide(); ok {
		return p.keys(ctx, keys, rest)
	}
	return gather.List[T, P](ctx, r.s.cfg.Name, r.e, q, gather.Lister[T]{Page: p.page, Count: p.count, PageSize: r.s.cfg.PageSize})
}

// pager reads one list. It keeps its own place: pages overlap while others
// write, and rows that come twice are given once.
type pager[T any, P gather.Entity[T]] struct {
	r   *reader[T, P]
	st  *site
	v   *view
	q   datasources.Query
	sel selection
	tr  translator

	skip    int // rows read
	got     int // of them since $skip was last said
	next    string
	read    int
	counted int
	seen    map[string]bool
	asked   map[string]bool
}

func (p *pager[T, P]) page(ctx context.Context, req gather.PageRequest) (gather.Reply[T], error) {
	c := p.tr.clause(p.withNulls(req.Push))
	if c.none {
		return gather.Reply[T]{End: true}, nil
	}
	a := ask{set: p.v.set, cols: p.sel.names(), filter: c.expr, order: p.order(req.Order), top: req.Size}
	if c.weak {
		// Most rows will be dropped here: few large pages, not many small ones.
		a.top = p.r.s.cfg.PageSize
	}
	a.count = p.q.Total && c.exact && p.q.After == nil && p.skip == 0
	if a.size() > maxQuery {
		return gather.Reply[T]{}, p.refuse()
	}
	for {
		a.skip = p.skip
		if p.next == "" {
			p.got = 0
		}
		reply, err := p.r.s.page(ctx, p.st, chain{ask: a}, p.next, &p.sel, nil)
		if err != nil {
			return gather.Reply[T]{}, err
		}
		if reply.count >= 0 {
			p.counted = reply.count
		}
		a.count = false
		p.got += len(reply.records)
		end := reply.next == "" && p.got < a.top
		if p.next = reply.next; p.next != "" && p.asked[p.next] {
			return gather.Reply[T]{}, p.r.s.invalid(errNextLink)
		}
		p.asked[p.next] = true
		p.skip += len(reply.records)
		p.read += len(reply.records)
		if c.weak && !end && p.read >= localBound {
			return gather.Reply[T]{}, p.refuse()
		}
		fresh := p.fresh(reply.records)
		if len(fresh) == 0 && !end {
			continue
		}
		items, err := p.r.items(ctx, p.st, p.v, &p.sel, fresh)
		return gather.Reply[T]{Items: items, End: end}, err
	}
}

func (p *pager[T, P]) fresh(records []record) []record {
	fresh := records[:0]
	for i := range records {
		if id := records[i].id; !p.seen[id] {
			p.seen[id] = true
			fresh = append(fresh, records[i])
		}
	}
	return fresh
}

func (p *pager[T, P]) order(by schema.Sort) string {
	c := p.v.column(by.Column)
	switch {
	case c == nil || c.kind == ident:
		return "Id"
	case by.Desc:
		return c.up + " desc,Id"
	}
	return c.up + ",Id"
}

// withNulls keeps the rows without a value in a descending list, where they come
// last: "at or before the cursor" alone would cut them off. Rows without a change
// or creation time do not exist.
func (p *pager[T, P]) withNulls(push schema.Predicate) schema.Predicate {
	after, by := p.q.After, p.q.Order
	if after == nil || !by.Desc || after.Value.IsNull() || by.Column == "updatedAt" || by.Column == "createdAt" {
		return push
	}
	of := push.Conjuncts()
	for i := len(of) - 1; i >= 0; i-- {
		if of[i].Op == schema.Le && of[i].Column == by.Column && of[i].Values[0].Compare(after.Value) == 0 {
			kept := append([]schema.Predicate{}, of...)
			kept[i] = schema.AnyOf(of[i], schema.Compare(by.Column, schema.IsNull))
			return schema.AllOf(kept...)
		}
	}
	return push
}

// count asks for the number of rows, -1 when the site's idea of the filter is
// not exactly ours.
func (p *pager[T, P]) count(ctx context.Context, push schema.Predicate) (int, error) {
	c := p.tr.clause(push)
	switch {
	case c.none && c.exact:
		return 0, nil
	case !c.exact:
		return -1, nil
	case p.counted >= 0:
		return p.counted, nil
	}
	sel := selection{columns: []column{{field: "id", up: "Id", kind: ident}}}
	a := ask{set: p.v.set, cols: sel.names(), filter: c.expr, top: 1, count: true}
	reply, err := p.r.s.page(ctx, p.st, chain{ask: a}, "", &sel, nil)
	return reply.count, err
}

// refuse says which column's filter cannot be evaluated.
func (p *pager[T, P]) refuse() error {
	column := ""
	p.q.Where.Columns(func(c string) {
		if column == "" {
			column = c
		}
	})
	return p.r.s.unsupported(p.v.entity, column)
}

// wide finds a condition with more values than one address takes: the list of
// customers a token may see. The rest of the filter comes beside it.
func (p *pager[T, P]) wide() (keys []term, rest clause, ok bool) {
	whole := p.tr.clause(p.q.Where)
	of := p.q.Where.Conjuncts()
	widest := -1
	for i := range of {
		if of[i].Op == schema.In && p.canChain(of[i].Column) && (widest < 0 || len(of[i].Values) > len(of[widest].Values)) {
			widest = i
		}
	}
	if widest < 0 || whole.none {
		return nil, clause{}, false
	}
	a := ask{set: p.v.set, cols: p.sel.names(), filter: whole.expr, order: p.order(p.q.Order), top: maxRows, skip: maxRows, count: true}
	// Room for the condition of a cursor.
	if len(of[widest].Values) <= maxChain && a.size()+200 <= maxQuery {
		return nil, clause{}, false
	}
	for _, v := range of[widest].Values {
		if c := p.tr.clause(schema.Compare(of[widest].Column, schema.Eq, v)); c.expr != "" {
			keys = append(keys, term{v.Str, c.expr})
		}
	}
	others := append(append([]schema.Predicate{}, of[:widest]...), of[widest+1:]...)
	return keys, p.tr.clause(schema.AllOf(others...)), true
}

func (p *pager[T, P]) canChain(field string) bool {
	if p.v.link(datasources.Relation(field)) != nil {
		return true
	}
	c := p.v.column(field)
	return c != nil && (c.kind == ident || c.kind == link || c.kind == text)
}

// keys answers a wide list: every row of every chain is read, then the page is
// cut here. More rows than localBound are refused.
func (p *pager[T, P]) keys(ctx context.Context, terms []term, rest clause) (datasources.Rows[T], error) {
	var none datasources.Rows[T]
	if rest.none || len(terms) == 0 {
		return datasources.Rows[T]{More: []bool{false}, Totals: []int{0}}, nil
	}
	base := ask{set: p.v.set, cols: p.sel.names(), order: "Id", top: parentRows}
	if len(wire.QueryEscape20(rest.expr)) < maxQuery/2 {
		base.filter = rest.expr
	}
	var records []record
	for _, res := range p.r.s.run(ctx, p.st, chains(base, terms), parentChains, &p.sel, nil, localBound) {
		if res.err != nil {
			return none, res.err
		}
		if records = append(records, res.records...); !res.whole || len(records) > localBound {
			return none, p.refuse()
		}
	}
	items, err := p.r.items(ctx, p.st, p.v, &p.sel, distinct(records))
	if err != nil {
		return none, err
	}
	matching := items[:0]
	for i := range items {
		if p.q.Where.Match(P(&items[i])) {
			matching = append(matching, items[i])
		}
	}
	return datasources.Cut[T, P](matching, p.q), nil
}
