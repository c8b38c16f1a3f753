package loaders

import (
	"context"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Linked is a row that refers to documents.
type Linked interface {
	schema.Entity
	LinkKeys() *schema.Links
}

// Target says which of a row's links leads to an entity.
type Target struct {
	Relation datasources.Relation // "order": keys of the same source
	ByNumber datasources.Relation // "orderNumber"
	Key      func(*schema.Links) string
	Numbers  func(*schema.Links) []string
}

// The targets of links.
var (
	ToOrder   = Target{"order", "orderNumber", func(l *schema.Links) string { return l.OrderKey }, func(l *schema.Links) []string { return l.OrderNumbers }}
	ToQuote   = Target{"quote", "quoteNumber", func(l *schema.Links) string { return l.QuoteKey }, func(l *schema.Links) []string { return l.QuoteNumbers }}
	ToInvoice = Target{"invoice", "invoiceNumber", func(l *schema.Links) string { return l.InvoiceKey }, func(l *schema.Links) []string { return l.InvoiceNumbers }}
)

// Of returns the document each row refers to: by key within its own source, else
// by number among the sources that feed the entity, in their order of authority
// and within one customer. Nothing found is null; several in one source are
// AMBIGUOUS. A document that may not be seen does not exist: it is not found, and
// makes nothing ambiguous. relation begins with the type of the rows.
func (d *Documents[T, P]) Of(ctx context.Context, relation string, to Target, rows []Linked) ([]*T, error) {
	out := make([]*T, len(rows))
	via, _, _ := strings.Cut(relation, ".")
	rule := d.l.rule(ctx, d.name, via)
	if rule.Op == schema.None {
		return out, nil
	}
	errs := make([]error, len(rows))
	d.byOwnKey(ctx, rule, to, rows, out, errs)
	numbers := d.openNumbers(to, rows, out, errs)
	if len(numbers) > 0 {
		found := d.byNumbers(ctx, rule, numbers)
		for i, r := range rows {
			if out[i] == nil && errs[i] == nil {
				out[i], errs[i] = d.choose(r, to, found)
			}
		}
	}
	d.fromNaming(ctx, relation, rule, to, rows, out, errs)
	d.countLinks(relation, rule, to, rows, out, errs)
	return d.showRows(ctx, via, out), perItem(errs)
}

// countLinks notes where the links led. A request that does not see every row
// cannot tell a link that leads nowhere.
func (d *Documents[T, P]) countLinks(relation string, rule schema.Predicate, to Target, rows []Linked, out []*T, errs []error) {
	if rule.Op != schema.All {
		return
	}
	for i, r := range rows {
		if to.Key(r.LinkKeys()) != "" || len(to.Numbers(r.LinkKeys())) > 0 {
			source, _ := r.Identity()
			d.l.Links.count(source, relation, out[i] != nil, errs[i])
		}
	}
}

// byOwnKey resolves the links that are keys of the row's own source.
func (d *Documents[T, P]) byOwnKey(ctx context.Context, rule schema.Predicate, to Target, rows []Linked, out []*T, errs []error) {
	keys := map[string]*keySet{}
	for _, r := range rows {
		source, _ := r.Identity()
		k := to.Key(r.LinkKeys())
		if k == "" {
			continue
		}
		if keys[source] == nil {
			set := newKeySet(len(rows))
			keys[source] = &set
		}
		keys[source].add(k)
	}
	bySource := map[string]found[*T]{}
	for source, set := range keys {
		if s := d.l.Catalog.Source(source); s != nil && s.Has(d.name) {
			bySource[source] = d.byKeys(ctx, s, rule, set.list)
		}
	}
	for i, r := range rows {
		source, _ := r.Identity()
		if f, ok := bySource[source].get(to.Key(r.LinkKeys())); ok {
			out[i], errs[i] = f.value, f.err
		}
	}
}

// openNumbers collects the numbers of the rows that no key has resolved. A row
// without a customer has none: a number means nothing outside its customer.
func (d *Documents[T, P]) openNumbers(to Target, rows []Linked, out []*T, errs []error) []string {
	var numbers []string
	seen := map[string]bool{}
	for i, r := range rows {
		if out[i] != nil || errs[i] != nil {
			continue
		}
		if _, ok := d.customerOf(r); !ok {
			continue
		}
		for _, n := range to.Numbers(r.LinkKeys()) {
			if !seen[n] {
				seen[n] = true
				numbers = append(numbers, n)
			}
		}
	}
	return numbers
}

func (d *Documents[T, P]) customerOf(r Linked) (string, bool) {
	source, _ := r.Identity()
	key := r.LinkKeys().CustomerKey
	if key == "" {
		return "", false
	}
	return d.l.Directory.Golden(source, key)
}

// numbered is what each owner has under each number, in order of authority.
type numbered[T any] []found[page[T]]

// candidates is the number of documents with one number that are looked at; a
// number is written by people and may stand on documents of several customers.
const candidates = 50

func (d *Documents[T, P]) byNumbers(ctx context.Context, rule schema.Predicate, numbers []string) numbered[T] {
	owners := d.l.Catalog.Owners(d.name)
	found := make(numbered[T], len(owners))
	each(len(owners), func(i int) {
		e := owners[i].Entity(d.name)
		if e.Relation("number") == nil {
			return
		}
		sc := d.l.scopeOf(e, owners[i].Name, rule)
		if sc.rows.Op == schema.None && sc.err == nil {
			return
		}
		q := datasources.Query{Fields: d.fields(ctx, Args{}, sc.columns(nil)...), Where: sc.rows, First: candidates, Order: e.Default}
		found[i] = d.loadParents(ctx, owners[i], sc, "number", q, numbers)
	})
	return found
}

func (d *Documents[T, P]) choose(r Linked, to Target, found numbered[T]) (*T, error) {
	golden, ok := d.customerOf(r)
	if !ok {
		return nil, nil
	}
	for _, number := range to.Numbers(r.LinkKeys()) {
		for _, owner := range found {
			f, asked := owner.get(number)
			if !asked || schema.CodeOf(f.err) == schema.NotEnabled {
				continue
			}
			if f.err != nil {
				return nil, f.err
			}
			match, n := d.matches(f.value.items, golden)
			if n > 1 || (n == 1 && f.value.more) {
				source, _ := P(match).Identity()
				return nil, schema.SourceErrorf(schema.Ambiguous, source, "several %s of this customer in %s have the number the link gives", d.name, source)
			}
			if n == 1 {
				return match, nil
			}
			if f.value.more && len(f.value.items) > 0 { // his may be among those that were not looked at
				source := P(&f.value.items[0])
				name, _ := source.Identity()
				return nil, schema.SourceErrorf(schema.Ambiguous, name, "more than %d %s in %s have the number the link gives", candidates, d.name, name)
			}
		}
	}
	return nil, nil
}

// matches returns the last of the rows that belong to a customer, and how many do.
func (d *Documents[T, P]) matches(items []T, golden string) (match *T, n int) {
	for i := range items {
		row, ok := any(P(&items[i])).(Linked)
		if !ok {
			continue
		}
		if g, ok := d.customerOf(row); ok && g == golden {
			match, n = &items[i], n+1
		}
	}
	return match, n
}

// Parent is a document whose children are asked for.
type Parent struct {
	Source, Key, Number string
	CustomerKey         string
	Links               *schema.Links // the numbers of children it names itself
}

// OfDocuments returns each document's page of children: those that hold its key
// in the same source, and those of the same customer whose link gives its
// number. relation is the child's side of the link, e.g. "Invoice.order".
func (d *Documents[T, P]) OfDocuments(ctx context.Context, relation string, to Target, parents []Parent, a Args) ([]*schema.Page[T], error) {
	q, err := d.question(ctx, relation, parentEntity(to), a, string(to.Relation))
	if err != nil {
		return nil, err
	}
	perOwner := make([][]stream[T], len(q.owners))
	each(len(q.owners), func(i int) { perOwner[i] = d.childStreams(ctx, relation, to, parents, q, i) })
	return d.pages(ctx, q, len(parents), perOwner)
}

// childStreams asks one source for the children of all documents.
func (d *Documents[T, P]) childStreams(ctx context.Context, relation string, to Target, parents []Parent, q *question, owner int) []stream[T] {
	s := q.owners[owner]
	e := s.Entity(d.name)
	rules := d.l.Catalog.Links(s.Name, relation)
	var native, linked, named, keyed []stream[T] // by parent, where the way is taken
	var ways []func()
	take := func(into *[]stream[T], way func(out []stream[T])) {
		if *into == nil {
			*into = make([]stream[T], len(parents))
		}
		ways = append(ways, func() { way(*into) })
	}
	if d.areNamed(parents) {
		take(&named, func(out []stream[T]) { d.byNaming(ctx, to, parents, q, owner, out) })
	}
	isImplied := d.isImplied(s, relation, to)
	switch {
	case isImplied && e.Column(string(to.Relation)) != nil:
		native = make([]stream[T], len(parents))
		take(&keyed, func(out []stream[T]) { d.byKeyAhead(ctx, to, parents, q, owner, native, out) })
	case e.Relation(to.Relation) != nil:
		take(&native, func(out []stream[T]) { d.byParentKey(ctx, to, parents, q, owner, out) })
	case holdsKey(e, to):
		take(&keyed, func(out []stream[T]) { d.byKeyOfCustomer(ctx, to, parents, q, owner, out) })
	}
	switch {
	case len(rules) == 0:
	case isImplied:
		take(&linked, func(out []stream[T]) { d.byCustomer(ctx, to, parents, q, owner, out) })
	case e.Relation(to.ByNumber) != nil && (rules.Exact() || e.Relation(to.ByNumber).Extracted):
		take(&linked, func(out []stream[T]) { d.byLinkNumber(ctx, to, parents, q, owner, out) })
	case e.Relation("customer") != nil:
		take(&linked, func(out []stream[T]) { d.byCustomer(ctx, to, parents, q, owner, out) })
	}
	each(len(ways), func(i int) { ways[i]() })
	linked = joinNamed[T, P](linked, named)
	linked = joinNamed[T, P](linked, keyed)
	page := q.query(owner)
	page.Order = d.ownOrder(q, s.Name)
	return unite[T, P](native, linked, s.Name, page)
}

// byParentKey asks for the children that hold the parents' keys.
func (d *Documents[T, P]) byParentKey(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	s := q.owners[owner]
	keys := newKeySet(len(parents))
	for i := range parents {
		if parents[i].Source == s.Name {
			keys.add(parents[i].Key)
		}
	}
	if len(keys.list) == 0 {
		return
	}
	found := d.ofParents(ctx, q, owner, to.Relation, q.query(owner), keys.list)
	for i := range parents {
		if p := &parents[i]; p.Source == s.Name {
			out[i].key = p.Key
			out[i].fill(found.result(p.Key))
		}
	}
}

// byLinkNumber asks for the children whose link field equals the parents'
// numbers, and keeps those of the same customer.
func (d *Documents[T, P]) byLinkNumber(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	keys := newKeySet(len(parents))
	for i := range parents {
		if n := parents[i].Number; n != "" {
			keys.add(n)
		}
	}
	d.linked(ctx, to, parents, d.l.goldens(parents), q, owner, to.ByNumber, keys.list, func(i int) []string { return []string{parents[i].Number} }, out)
}

// byCustomer reads the documents of the parents' customers and looks for the link
// in them: the way for links inside a longer text.
func (d *Documents[T, P]) byCustomer(ctx context.Context, to Target, parents []Parent, q *question, owner int, out []stream[T]) {
	keys := newKeySet(len(parents))
	goldens := d.l.goldens(parents)
	ids := make(map[string][]string, len(parents)) // by golden customer
	for i := range parents {
		g := goldens[i]
		if _, known := ids[g]; known || g == "" || parents[i].Number == "" {
			continue
		}
		ids[g], _ = d.l.Directory.Keys(g, q.owners[owner].Name)
		for _, id := range ids[g] {
			keys.add(id)
		}
	}
	d.linked(ctx, to, parents, goldens, q, owner, "customer", keys.list, func(i int) []string { return ids[goldens[i]] }, out)
}

// linked loads the rows of keys, and gives each parent those that bear its number and
// are of its customer. of are the keys of a parent.
func (d *Documents[T, P]) linked(ctx context.Context, to Target, parents []Parent, goldens []string, q *question, owner int, rel datasources.Relation, keys []string, of func(parent int) []string, out []stream[T]) {
	if len(keys) == 0 {
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
	twins := twins(parents, goldens)
	who := goldensIn{l: d.l, source: s.Name}
	isOwn := d.l.Catalog.Source(s.Name).Has(parentEntity(to))
	for i := range parents {
		p := &parents[i]
		if goldens[i] == "" || p.Number == "" {
			continue
		}
		for _, key := range of(i) {
			f := found.result(key)
			out[i].odd = out[i].odd || f.value.odd
			switch {
			case f.err != nil:
				out[i].err = f.err
			case f.value.more:
				out[i].err = schema.SourceErrorf(schema.Limited, s.Name, "a customer has more than %d %s in %s to look through for this link", d.l.LinkBound, d.name, s.Name)
			}
			for j := range f.value.items {
				row, ok := any(P(&f.value.items[j])).(Linked)
				if !ok || !slices.Contains(to.Numbers(row.LinkKeys()), p.Number) {
					continue
				}
				if isOwn && to.Key(row.LinkKeys()) != "" {
					continue // its own system's key decides: byParentKey finds it, or it is another's
				}
				if twins[numberOf{p.Source, goldens[i], p.Number}] > 1 {
					continue // the number is ambiguous, and the child's link is null
				}
				if who.of(row.LinkKeys().CustomerKey) == goldens[i] {
					out[i].picked = append(out[i].picked, &f.value.items[j])
				}
			}
		}
		out[i].key = p.Number
	}
}

// parentEntity is the entity a target leads to.
func parentEntity(to Target) string {
	switch to.Relation {
	case "quote":
		return "Quote"
	case "invoice":
		return "Invoice"
	}
	return "Order"
}

// numberOf is a number within one source and one customer.
type numberOf struct{ source, customer, number string }

// twins counts the documents of this level that share a number. Those that are
// not on the level are not seen: asking for them would cost a call more for every
// question.
func twins(parents []Parent, goldens []string) map[numberOf]int {
	count := make(map[numberOf]int, len(parents))
	type record struct{ source, key string }
	seen := make(map[record]struct{}, len(parents))
	for i := range parents {
		p := &parents[i]
		if _, known := seen[record{p.Source, p.Key}]; goldens[i] != "" && p.Number != "" && !known {
			seen[record{p.Source, p.Key}] = struct{}{}
			count[numberOf{p.Source, goldens[i], p.Number}]++
		}
	}
	return count
}
