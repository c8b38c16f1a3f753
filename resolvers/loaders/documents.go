package loaders

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Documents loads the rows of one entity, whatever sources have it.
type Documents[T any, P entity[T]] struct {
	l    *Loaders
	kind int // its place among allDocuments
	name string
}

func (d *Documents[T, P]) of(l *Loaders, kind int, name string) *Documents[T, P] {
	d.l, d.kind, d.name = l, kind, name
	return d
}

// IDs returns the sealed ids of rows.
func (d *Documents[T, P]) IDs(rows []*T) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		source, key := P(r).Identity()
		ids[i] = d.l.Seal.ID(d.name, source, key)
	}
	return ids
}

// question is a list's arguments, checked and completed.
type question struct {
	list    string // for cursors and errors, e.g. Customer.orders
	via     string // the type of the row the list belongs to, "" = none
	args    Args
	rule    schema.Predicate // which rows may be seen
	owners  []*datasources.Connected
	filters []schema.Predicate // the client's, as each owner sees it
	deleted []bool             // whether each owner is asked for deleted rows as well
	scopes  []*scope           // the rule, as each owner sees it
	order   schema.Sort
	own     map[string]schema.Sort // by source, where order is none and the default may not be
	first   int
	after   *position
	value   schema.Value
	fields  datasources.Fields
	total   bool

	once  sync.Once // guards the rest, which only cursors need
	bound []byte
	names []string // of the owners
	view  string
}

// shape is what the list's cursors are bound to.
func (q *question) shape() []byte {
	q.once.Do(func() {
		q.bound = shape(q.list, q.args, q.order, q.names, q.rule, q.view)
		if q.own != nil {
			q.bound = fmt.Appendf(q.bound, "\x00%v", q.own)
		}
	})
	return q.bound
}

// question checks a list's arguments; more are columns the rows are joined by.
func (d *Documents[T, P]) question(ctx context.Context, list, via string, a Args, more ...string) (*question, error) {
	access := d.l.access(ctx)
	q := &question{list: list, via: via, args: a, rule: decideVia(rowsOf(access, d.name), via)}
	var err error
	if err := bounded(a); err != nil {
		return nil, err
	}
	if q.first, err = d.l.first(ctx, a); err != nil {
		return nil, err
	}
	if err := mayOrder(access, d.name, via, q.rule, a.Order); err != nil {
		return nil, err
	}
	q.view = access.ViewHash()
	if err := d.owners(access, q); err != nil {
		return nil, err
	}
	if q.order, err = orderIn(d.name, q.owners, a.Order); err != nil {
		return nil, err
	}
	if err := q.dated(d.name); err != nil {
		return nil, err
	}
	d.narrow(ctx, q)
	d.completeOrder(access, q)
	if a.After != nil {
		if q.after, q.value, err = d.l.openCursor(a.After, q.shape()); err != nil {
			return nil, err
		}
	}
	for i, s := range q.owners {
		if own := d.ownOrder(q, s.Name); own.Column != "" {
			more = append(more, own.Column) // cursors and merging read it
		}
		more = q.scopes[i].columns(more)
		q.filters[i].Columns(func(c string) { more = append(more, c) })
	}
	q.fields = d.fields(ctx, Args{Where: a.Where, Order: q.order}, more...)
	q.total = d.l.Total(ctx)
	return q, nil
}

// owners finds the sources whose rows can match the filter and may be seen.
func (d *Documents[T, P]) owners(access Access, q *question) error {
	if q.rule.Op == schema.None {
		return nil
	}
	for _, s := range d.l.Catalog.Owners(d.name) {
		where, deleted, err := d.withDeleted(access, q, s)
		if err != nil {
			return err
		}
		sc := d.l.scopeOf(s.Entity(d.name), s.Name, q.rule)
		if where.Op == schema.None || sc.rows.Op == schema.None && sc.err == nil {
			continue
		}
		q.owners, q.filters, q.scopes, q.names = append(q.owners, s), append(q.filters, where), append(q.scopes, sc), append(q.names, s.Name)
		q.deleted = append(q.deleted, deleted)
	}
	return nil
}

// fields returns the columns a reader of this entity is asked for.
func (d *Documents[T, P]) fields(ctx context.Context, a Args, more ...string) datasources.Fields {
	if isComputed(d.name) && slices.Contains(d.l.Columns(ctx), "computed") {
		more = conditional(d.l.access(ctx), d.name, computedFields(), more)
	}
	return d.l.fields(ctx, a, more...)
}

// query is the question as one source is asked it.
func (q *question) query(i int) datasources.Query {
	out := datasources.Query{
		Fields: q.fields, Where: schema.AllOf(q.filters[i], q.scopes[i].rows), Order: q.order, First: q.first, Total: q.total,
		After: afterIn(q.after, q.value, q.owners[i].Name), Deleted: q.deleted[i],
	}
	if own, ok := q.own[q.owners[i].Name]; ok {
		out.Order = own
	}
	if q.order.Column == "" && q.after != nil && q.owners[i].Name != q.after.Source {
		// The sources stand one after the other: those before the cursor's have been
		// given, those behind it begin.
		out.After = nil
		if q.owners[i].Name < q.after.Source {
			out.First = 0
		}
	}
	return out
}

// List returns a page of all rows.
func (d *Documents[T, P]) List(ctx context.Context, a Args) (*schema.Page[T], error) {
	q, err := d.question(ctx, "Query."+d.name, "", a)
	if err != nil {
		return nil, err
	}
	if size := d.inParts(ctx, q); size > 0 {
		return d.begin(ctx, q, size)
	}
	page, err := d.merge(ctx, q, d.listStreams(ctx, q))
	return d.show(ctx, q.via, []*schema.Page[T]{page})[0], err
}

// listStreams asks all sources of a list. Rows of a few customers are asked for by them:
// no live system lists by customer as well as it finds what is his. Deleted rows are found
// in lists only.
func (d *Documents[T, P]) listStreams(ctx context.Context, q *question) []stream[T] {
	var customers []*schema.Customer
	keys, isOwned := d.l.owned(q.rule)
	for _, k := range keys {
		customers = append(customers, &schema.Customer{Record: schema.Record{Key: k}})
	}
	perOwner := make([][]stream[T], len(q.owners))
	each(len(q.owners), func(i int) {
		if isOwned && !q.deleted[i] && q.owners[i].Entity(d.name).Relation("customer") != nil {
			perOwner[i] = d.customerStreams(ctx, customers, q, i)
		} else {
			perOwner[i] = []stream[T]{d.listed(ctx, q, i, q.query(i))}
		}
	})
	return slices.Concat(perOwner...)
}

// listed asks one source for its list.
func (d *Documents[T, P]) listed(ctx context.Context, q *question, owner int, asked datasources.Query) stream[T] {
	s := q.owners[owner]
	if err := q.scopes[owner].err; err != nil {
		return stream[T]{source: s.Name, err: err}
	}
	d.l.count(s.Name, d.name, "list", 1)
	reading, cancel := share(ctx)
	defer cancel()
	query, isSortedHere := asked, d.isSortedHere(q, s)
	if isSortedHere {
		query = d.whole(asked)
	}
	rows, err := datasources.ReaderOf[T](s, d.name).List(reading, query)
	d.l.Report.read(s.Name, len(rows.Items), rows.AsOf, rows.Stale, err)
	var told seen[T]
	told.add(rows.Items)
	d.l.Directory.Seen(s.Name, told.keys)
	found := page[T]{items: rows.Items, total: -1}
	if len(rows.More) == 1 {
		found.more = rows.More[0]
	}
	if len(rows.Totals) == 1 {
		found.total = rows.Totals[0]
	}
	out := stream[T]{source: s.Name}
	r := result[page[T]]{d.checked(ctx, s.Name, q.scopes[owner], found), err}
	if isSortedHere {
		r = d.sorted(s.Name, r, asked)
	}
	out.fill(&r)
	return out
}

// OfCustomers returns each customer's page. A customer's rows come from every
// source that feeds the entity and knows him.
func (d *Documents[T, P]) OfCustomers(ctx context.Context, parents []*schema.Customer, a Args) ([]*schema.Page[T], error) {
	q, err := d.question(ctx, "Customer."+d.name, "Customer", a)
	if err != nil {
		return nil, err
	}
	perSource := make([][]stream[T], len(q.owners)) // by owner, then streams tagged with their parent
	each(len(q.owners), func(i int) {
		perSource[i] = d.customerStreams(ctx, parents, q, i)
	})
	return d.pages(ctx, q, len(parents), perSource)
}

// pages makes each parent's page out of the owners' streams.
func (d *Documents[T, P]) pages(ctx context.Context, q *question, parents int, perOwner [][]stream[T]) ([]*schema.Page[T], error) {
	b := newBinder[T, P](d, q, parents, perOwner)
	var errs []error
	for p := range parents {
		if err := b.page(ctx, p); err != nil {
			if errs == nil {
				errs = make([]error, parents)
			}
			errs[p] = err
		}
	}
	d.release(perOwner)
	return d.show(ctx, q.via, b.pages), perItem(errs)
}

// customerStreams asks one source for the rows of all customers it knows.
func (d *Documents[T, P]) customerStreams(ctx context.Context, parents []*schema.Customer, q *question, owner int) []stream[T] {
	s := q.owners[owner]
	customers := d.l.customersOf(parents)
	members := customers.In(s.Name)
	streams := d.spare(max(len(parents), len(members.Keys)))
	keys := newKeySet(len(members.Keys))
	places := make([]int32, 0, len(members.Keys)) // by key of members
	for p := range parents {
		ids := members.Of(p)
		if len(ids) == 0 && members.Unread && customers.Golden(p) != "" {
			streams = append(streams, stream[T]{parent: p, source: s.Name, err: unread(s.Name)})
		}
		for _, id := range ids {
			streams = append(streams, stream[T]{parent: p, source: s.Name, key: id})
			places = append(places, int32(keys.add(id)))
		}
	}
	if len(keys.list) == 0 {
		return streams
	}
	found := d.ofCustomerKeys(ctx, q, owner, q.query(owner), keys)
	for i := range streams {
		if streams[i].key != "" {
			streams[i].fill(&found.of[places[0]])
			places = places[1:]
		}
	}
	return streams
}

// ofCustomerKeys loads the rows of customers by their keys in one source. What the
// rule says of customers is decided for each key beforehand.
func (d *Documents[T, P]) ofCustomerKeys(ctx context.Context, q *question, owner int, query datasources.Query, keys *keySet) found[page[T]] {
	sc := q.scopes[owner]
	if sc.customers == nil {
		return d.ofParents(ctx, q, owner, "customer", query, keys)
	}
	groups := map[string]*keySet{}
	var order []schema.Predicate
	for _, k := range keys.list {
		p := sc.ofCustomer(k)
		name := p.Key()
		if groups[name] == nil {
			order = append(order, p)
			groups[name] = newKeySet(0)
		}
		groups[name].add(k)
	}
	if len(order) == 1 && (order[0].Op != schema.None || sc.err != nil) {
		query.Where = schema.AllOf(q.filters[owner], order[0])
		return d.ofParents(ctx, q, owner, "customer", query, keys)
	}
	out := found[page[T]]{keys, make([]result[page[T]], len(keys.list))}
	for _, p := range order {
		group := groups[p.Key()]
		if p.Op == schema.None && sc.err == nil {
			continue // an empty page
		}
		query.Where = schema.AllOf(q.filters[owner], p)
		for i, r := range d.ofParents(ctx, q, owner, "customer", query, group).of {
			out.of[keys.place(group.list[i])] = r
		}
	}
	return out
}

// ofParents loads the rows of parents from one source, and drops those the rule
// does not show.
func (d *Documents[T, P]) ofParents(ctx context.Context, q *question, owner int, rel datasources.Relation, query datasources.Query, keys *keySet) found[page[T]] {
	s := q.owners[owner]
	if !d.isSortedHere(q, s) {
		return d.loadParents(ctx, s, q.scopes[owner], rel, query, keys)
	}
	found := d.loadParents(ctx, s, q.scopes[owner], rel, d.whole(query), keys).own()
	for i, r := range found.of {
		found.of[i] = d.sorted(s.Name, r, query)
	}
	return found
}

func (d *Documents[T, P]) loadParents(ctx context.Context, s *datasources.Connected, sc *scope, rel datasources.Relation, query datasources.Query, keys *keySet) found[page[T]] {
	if sc.err != nil {
		return failed[page[T]](keys, sc.err)
	}
	found := parents[T](ctx, d.l, s, d.name, rel, query).load(ctx, keys)
	if sc.rows.Op != schema.All {
		found = found.own()
		for i := range found.of {
			found.of[i].value = d.checked(ctx, s.Name, sc, found.of[i].value)
		}
	}
	return found
}

// checked drops the rows of a page that the rule does not show: a source that has
// ignored the filter is not believed in what else it says of the page.
func (d *Documents[T, P]) checked(ctx context.Context, source string, sc *scope, found page[T]) page[T] {
	if sc.rows.Op == schema.All {
		return found
	}
	isFine := func(x *T) bool { return sc.rows.Permits(P(x)) }
	at := 0
	for at < len(found.items) && isFine(&found.items[at]) {
		at++
	}
	if at == len(found.items) {
		return found
	}
	kept := slices.Clone(found.items[:at]) // the page itself is shared
	isOdd := false
	for i := at; i < len(found.items); i++ {
		if isFine(&found.items[i]) {
			kept = append(kept, found.items[i])
		} else if x := P(&found.items[i]); schema.FaultsOf(x) == nil || !sc.rows.Match(x) {
			isOdd = true
		} // else the source could not know that it may not be seen
	}
	if isOdd || len(kept) == 0 && found.more {
		found.odd = true
		d.l.odd(ctx, source, d.name)
	}
	found.items = kept
	return found
}

// each runs f for 0 … n-1 side by side and waits.
func each(n int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { f(i) })
	}
	wait.Wait()
}
