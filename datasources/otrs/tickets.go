package otrs

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/schema"
)

var (
	_ datasources.Reader[schema.Ticket]   = (*tickets)(nil)
	_ datasources.Follower[schema.Ticket] = (*tickets)(nil)
	_ datasources.KeyScanner              = (*tickets)(nil)
)

// tickets reads tickets.
type tickets struct {
	c    *client
	desc *datasources.Entity
}

func (r *tickets) mapper(f datasources.Fields) *ticketMapper {
	return &ticketMapper{source: r.c.name, zone: r.c.zone, fields: f, links: r.c.links}
}

// ByKeys makes ceil(keys/batch) calls, and two more for each batch in which a
// ticket may not be read.
func (r *tickets) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[schema.Ticket], error) {
	var rows datasources.Rows[schema.Ticket]
	// One key that is no number would fail its whole batch.
	ids := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !isID(k) })
	if len(ids) == 0 {
		return rows, nil
	}
	ab, err := r.c.abilities(ctx)
	if err != nil || ab.empty {
		return rows, err
	}
	m := r.mapper(f)
	chunks := gather.Chunks(ids, r.c.cfg.Batch)
	found, errs := make([][]schema.Ticket, len(chunks)), make([]error, len(chunks))
	var wait sync.WaitGroup
	for i, chunk := range chunks {
		wait.Go(func() {
			found[i], errs[i] = getBatch(ctx, r.c, ab, chunk, m.want(), m.ticket, maxSurvivals)
		})
	}
	wait.Wait()
	rows.Items = slices.Concat(found...)
	return rows, chunkErrors(r.c, chunks, errs)
}

// chunkErrors makes the failures of chunks those of their keys. A failure of all
// is returned as it is.
func chunkErrors(c *client, chunks [][]string, errs []error) error {
	failed := map[string]error{}
	var first error
	ok := false
	for i, err := range errs {
		if err == nil {
			ok = true
			continue
		}
		err = c.asSource(err)
		if first == nil {
			first = err
		}
		for _, k := range chunks[i] {
			failed[k] = err
		}
	}
	if first == nil || !ok {
		return first
	}
	return &datasources.BatchError{ByKey: failed}
}

// List makes one search and a TicketGet for each batch of the page; a filter the
// server cannot evaluate costs up to LocalBound tickets.
func (r *tickets) List(ctx context.Context, q datasources.Query) (datasources.Rows[schema.Ticket], error) {
	none := datasources.Rows[schema.Ticket]{More: []bool{false}, Totals: []int{0}}
	q, err := r.ordered(q)
	if err != nil {
		return none, err
	}
	ab, err := r.c.abilities(ctx)
	if err != nil || ab.empty {
		return none, err
	}
	p := pusher{c: r.c, ab: ab}.push(q.Where)
	if p.none {
		return none, nil
	}
	w := &walk{r: r, ab: ab, q: q, push: p}
	return w.page(ctx)
}

// ordered completes the query: the default order, and the columns its filter and
// order read.
func (r *tickets) ordered(q datasources.Query) (datasources.Query, error) {
	if q.Order.Column == "" {
		q.Order = r.desc.Default
	}
	if c := r.desc.Column(q.Order.Column); c == nil || !c.Sortable {
		return q, r.c.unsupported("sort Ticket by " + q.Order.Column)
	}
	if q.After != nil && !q.After.Value.IsNull() && q.After.Value.Kind != schema.KindTime {
		return q, schema.Errorf(schema.BadRequest, "the cursor does not belong to this list")
	}
	q.Where.Columns(func(column string) { q.Fields = q.Fields.With(column) })
	return q, nil
}

// placed is a ticket with the parent it was found for.
type placed struct {
	schema.Ticket
	parent string
}

// ByParent makes, for each batch of parents, one search and ceil(found/batch)
// calls of TicketGet. A batch with more tickets than FoundBound is asked in
// halves; a single customer costs one search and the TicketGet of the page.
func (r *tickets) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[schema.Ticket], error) {
	var none datasources.Rows[schema.Ticket]
	ability := r.desc.Relation(rel)
	if ability == nil {
		return none, r.c.unsupported("find Ticket by " + string(rel))
	}
	q, err := r.ordered(q)
	if err != nil {
		return none, err
	}
	if rel == relOrderNumber {
		q.Fields = q.Fields.With(string(relOrderNumber))
	}
	ab, err := r.c.abilities(ctx)
	if err != nil {
		return none, err
	}
	j := &join{r: r, ab: ab, rel: rel, q: q, push: pusher{c: r.c, ab: ab}.push(q.Where)}
	rows, err := gather.ByParent(ctx, parents, ability.Batch, q, gather.Parents[placed]{
		Fetch: j.fetch, One: j.one, ParentOf: func(t *placed) string { return t.parent },
	})
	out := datasources.Rows[schema.Ticket]{
		Items: make([]schema.Ticket, len(rows.Items)), Offsets: rows.Offsets, More: rows.More, Totals: rows.Totals, AsOf: rows.AsOf,
	}
	for i := range rows.Items {
		out.Items[i] = rows.Items[i].Ticket
	}
	return out, err
}

// The relations of tickets.
const (
	relCustomer    = datasources.Relation("customer")
	relOrderNumber = datasources.Relation("orderNumber")
	relNumber      = datasources.Relation("number")
	relTicket      = datasources.Relation("ticket")
)

// join is one ByParent.
type join struct {
	r    *tickets
	ab   *abilities
	rel  datasources.Relation
	q    datasources.Query
	push pushed
}

// fetch returns all tickets of the parents that can match.
func (j *join) fetch(ctx context.Context, chunk []string) ([]placed, bool, error) {
	if j.ab.empty || j.push.none {
		return nil, true, nil
	}
	asked, refused := j.askable(chunk)
	if len(asked) == 0 {
		return nil, true, batchError(refused)
	}
	if len(chunk) == 1 && j.rel == relCustomer {
		// Its page can be cut by the server.
		return nil, false, nil
	}
	if j.rel == relNumber && len(asked) > 1 && !j.ab.numbers {
		return nil, false, nil
	}
	ids, complete, err := j.find(ctx, asked)
	switch {
	case isSplittable(err) && len(chunk) > 1, err == nil && !complete:
		return nil, false, nil
	case err != nil:
		return nil, true, j.r.c.asSource(err)
	}
	items, err := j.get(ctx, ids, asked)
	if err != nil {
		return nil, true, j.r.c.asSource(err)
	}
	return items, true, batchError(refused)
}

func batchError(refused map[string]error) error {
	if len(refused) == 0 {
		return nil
	}
	return &datasources.BatchError{ByKey: refused}
}

// askable parts the parents into those the server can be asked for exactly, and
// those it would misunderstand: as a pattern, or as no filter at all.
func (j *join) askable(chunk []string) (asked []string, refused map[string]error) {
	refused = map[string]error{}
	for _, p := range chunk {
		if j.isAskable(p) {
			asked = append(asked, p)
		} else {
			refused[p] = j.r.c.unsupported("find Ticket by this " + string(j.rel))
		}
	}
	return asked, refused
}

// maxField is how long a value of a dynamic field may be to be asked for: one the
// server finds invalid would empty the whole answer.
const maxField = 200

func (j *join) isAskable(parent string) bool {
	switch j.rel {
	case relCustomer:
		if j.ab.customerRaw {
			return !isWildcard(parent)
		}
		return isPlain(parent)
	case relNumber:
		return isPlain(parent)
	case relOrderNumber:
		for _, name := range j.r.c.fields {
			if j.ab.fields[name] == fieldIgnored {
				return false
			}
		}
		return len(parent) <= maxField && !strings.ContainsAny(parent, "*%")
	}
	return false
}

// searches are the searches that find the tickets of parents: one, or one for
// each dynamic field.
func (j *join) searches(parents []string) []params {
	switch j.rel {
	case relOrderNumber:
		var all []params
		for _, name := range j.r.c.fields {
			p := j.push.params.clone()
			p[paramField] = fieldFilter{name: name, equals: parents, old: j.ab.fields[name] == fieldOld}
			all = append(all, p)
		}
		return all
	case relNumber:
		return j.narrowed(paramNumber, parents)
	}
	if j.ab.customerRaw {
		return j.narrowed(paramCustomerRaw, parents)
	}
	return j.narrowed(paramCustomer, parents)
}

// narrowed adds the parents to what the filter already asks of the parameter.
func (j *join) narrowed(param string, parents []string) []params {
	out := pushed{params: j.push.params.clone()}
	(pusher{}).intersect(&out, param, slices.Clone(parents))
	if out.none {
		return nil
	}
	return []params{out.params}
}

// find returns the ids of all tickets of the parents, and false when there are
// more than FoundBound.
func (j *join) find(ctx context.Context, parents []string) ([]string, bool, error) {
	bound := j.r.c.cfg.FoundBound
	var ids []string
	for _, p := range j.searches(parents) {
		p[paramLimit] = bound + 1
		some, err := j.r.c.find(ctx, j.ab, p)
		if err != nil {
			return nil, true, err
		}
		for _, k := range some {
			if !slices.Contains(ids, k) {
				ids = append(ids, k)
			}
		}
		if len(ids) > bound {
			return nil, false, nil
		}
	}
	return ids, true, nil
}

// get reads the tickets and finds out whose they are.
func (j *join) get(ctx context.Context, ids, parents []string) ([]placed, error) {
	m := j.r.mapper(j.q.Fields)
	found, err := getAll(ctx, j.r.c, j.ab, ids, m.want(), m.ticket)
	if err != nil {
		return nil, err
	}
	at := newAsked(parents)
	items := make([]placed, 0, len(found))
	for i := range found {
		owners, mine := at.owners(j.parentsOf(&found[i]))
		if !mine {
			j.r.c.doubt(j.ab)
			return nil, j.r.c.foreign()
		}
		for _, parent := range owners {
			items = append(items, placed{Ticket: found[i], parent: parent})
		}
	}
	return items, nil
}

// parentsOf are the keys a ticket may have been found by.
func (j *join) parentsOf(t *schema.Ticket) []string {
	switch j.rel {
	case relNumber:
		return []string{t.Number}
	case relOrderNumber:
		return t.OrderNumbers
	}
	return []string{t.CustomerKey}
}

// asked are the parents of a chunk.
type asked struct{ exact, folded map[string]struct{} }

func newAsked(parents []string) asked {
	a := asked{exact: make(map[string]struct{}, len(parents)), folded: make(map[string]struct{}, len(parents))}
	for _, p := range parents {
		a.exact[p] = struct{}{}
		a.folded[fold(p)] = struct{}{}
	}
	return a
}

// owners returns those of the keys that were asked for. mine is false when none
// of them was, not even in other letters: the row is foreign.
func (a asked) owners(keys []string) (owners []string, mine bool) {
	for _, k := range keys {
		if _, ok := a.exact[k]; ok {
			owners, mine = append(owners, k), true
		} else if _, ok := a.folded[fold(k)]; ok {
			mine = true
		}
	}
	return owners, mine
}

// one returns the page of a single parent.
func (j *join) one(ctx context.Context, parent string) (datasources.Rows[placed], error) {
	var out datasources.Rows[placed]
	all := j.searches([]string{parent})
	if len(all) == 0 {
		return datasources.Rows[placed]{More: []bool{false}, Totals: []int{0}}, nil
	}
	if len(all) > 1 {
		// Two searches have no common order.
		return out, j.r.c.unsupported("list so many tickets of one order")
	}
	push := j.push
	push.params = all[0]
	push.cased = push.cased || strings.ToLower(parent) != strings.ToUpper(parent)
	at := newAsked([]string{parent})
	w := &walk{r: j.r, ab: j.ab, q: j.q, push: push, owns: func(t *schema.Ticket) (bool, error) {
		owners, mine := at.owners(j.parentsOf(t))
		if !mine {
			j.r.c.doubt(j.ab)
			return false, j.r.c.foreign()
		}
		return len(owners) > 0, nil
	}}
	rows, err := w.page(ctx)
	if err != nil {
		return out, j.r.c.asSource(err)
	}
	out = datasources.Rows[placed]{Items: make([]placed, len(rows.Items)), More: rows.More, Totals: rows.Totals}
	for i := range rows.Items {
		out.Items[i] = placed{Ticket: rows.Items[i], parent: parent}
	}
	return out, nil
}
