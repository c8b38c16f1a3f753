package loaders

import (
	"context"
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
	if len(numbers.list) > 0 {
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
			keys[source] = newKeySet(len(rows))
		}
		keys[source].add(k)
	}
	bySource := map[string]found[*T]{}
	for source, set := range keys {
		if s := d.l.Catalog.Source(source); s != nil && s.Has(d.name) {
			bySource[source] = d.byKeys(ctx, s, rule, set)
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
func (d *Documents[T, P]) openNumbers(to Target, rows []Linked, out []*T, errs []error) *keySet {
	numbers := newKeySet(0)
	for i, r := range rows {
		if out[i] != nil || errs[i] != nil {
			continue
		}
		if _, ok := d.customerOf(r); !ok {
			continue
		}
		for _, n := range to.Numbers(r.LinkKeys()) {
			numbers.add(n)
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

func (d *Documents[T, P]) byNumbers(ctx context.Context, rule schema.Predicate, numbers *keySet) numbered[T] {
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
