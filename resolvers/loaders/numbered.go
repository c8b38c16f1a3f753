package loaders

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Children that are linked to documents by a number that stands on them.

// byLinkNumber asks for the children whose link field equals the parents'
// numbers, and keeps those of the same customer.
func (d *Documents[T, P]) byLinkNumber(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	set, at := newKeySet(len(parents)), make([]int32, len(parents))
	for i := range parents {
		if n := parents[i].Number; n != "" {
			at[i] = int32(set.add(n))
		}
	}
	d.linked(ctx, to, parents, d.l.familiesOf(parents), q, owner, to.ByNumber, set, func(i int) []int32 { return at[i : i+1] }, out)
}

// byCustomer reads the documents of the parents' customers and looks for the link
// in them: the way for links inside a longer text.
func (d *Documents[T, P]) byCustomer(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	whose := d.l.familiesOf(parents)
	members := whose.customers.In(q.owners[owner].Name)
	set := newKeySet(len(members.Keys))
	at := make([]int32, len(members.Keys)) // by key of members: its place in the set
	isIn := make([]bool, len(members.Ends))
	for i := range parents {
		c := whose.of[i]
		if c < 0 || parents[i].Number == "" || isIn[c] {
			continue
		}
		isIn[c] = true
		for j, id := range members.Of(int(c)) {
			at[members.From(int(c))+j] = int32(set.add(id))
		}
	}
	d.linked(ctx, to, parents, whose, q, owner, "customer", set, func(i int) []int32 {
		from := members.From(int(whose.of[i]))
		return at[from:members.Ends[whose.of[i]]]
	}, out)
}

// linked loads the rows of keys, and gives each parent those that bear its number and
// are of its customer. of are the places of the keys of a parent.
func (d *Documents[T, P]) linked(ctx context.Context, to Target, parents []Parent, whose families, q *question, owner int, rel datasources.Relation, keys *keySet, of func(parent int) []int32, out []stream[T]) {
	if len(keys.list) == 0 {
		return
	}
	s := q.owners[owner]
	query := d.ofCustomersWhole(q, owner)
	var found found[page[T]]
	if rel == "customer" {
		found = d.ofCustomerKeys(ctx, q, owner, query, keys)
	} else {
		found = d.ofParents(ctx, q, owner, rel, query, keys)
	}
	twins := twinsAmong(parents, whose.of)
	who := kin{of: whose.customers, now: goldensIn{l: d.l, source: s.Name}}
	isOwn := d.l.Catalog.Source(s.Name).Has(parentEntity(to))
	rows := 0
	for i := range found.of {
		rows += len(found.of[i].value.items)
	}
	picked := make([]*T, 0, min(rows, len(parents))) // of all parents, in one piece
	for i := range parents {
		p := &parents[i]
		if whose.of[i] < 0 || p.Number == "" {
			continue
		}
		from := len(picked)
		for _, at := range of(i) {
			f := &found.of[at]
			out[i].odd = out[i].odd || f.value.odd
			switch {
			case f.err != nil:
				out[i].err = f.err
			case f.value.more:
				out[i].err = schema.SourceErrorf(schema.Limited, s.Name, "a customer has more than %d %s in %s to look through for this link", d.l.LinkBound, d.name, s.Name)
			}
			for j := range f.value.items {
				row, ok := any(P(&f.value.items[j])).(Linked)
				if !ok {
					continue
				}
				links := row.LinkKeys()
				switch {
				case !slices.Contains(to.Numbers(links), p.Number):
				case isOwn && to.Key(links) != "": // its own system's key decides: byParentKey finds it, or it is another's
				case twins.has(i): // the number is ambiguous, and the child's link is null
				case rel == "customer" && links.CustomerKey == keys.list[at], // which is one of his keys
					who.has(int(whose.of[i]), links.CustomerKey):
					picked = append(picked, &f.value.items[j])
				}
			}
		}
		out[i].picked = picked[from:len(picked):len(picked)]
		out[i].key = p.Number
	}
}
