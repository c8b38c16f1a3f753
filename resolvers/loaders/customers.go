package loaders

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// customers loads golden records from the directory.
type customers struct{ l *Loaders }

// IDs returns the sealed ids of customers.
func (c *customers) IDs(rows []*schema.Customer) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = c.l.Seal.ID("Customer", "", r.Key)
	}
	return ids
}

// ByID returns the customer an id names, nil when there is none.
func (c *customers) ByID(ctx context.Context, id string) (*schema.Customer, error) {
	entity, _, key, err := c.l.Seal.OpenID(id)
	if err != nil || entity != "Customer" {
		return nil, schema.Errorf(schema.BadRequest, "id is not the id of a Customer")
	}
	return c.ByKey(ctx, key)
}

// ByKey returns the customer with a key of the directory.
func (c *customers) ByKey(ctx context.Context, key string) (*schema.Customer, error) {
	found := c.byKeys(ctx, "", c.l.rule(ctx, "Customer", ""), keysOf(key)).result(key)
	return found.value, found.err
}

// Of returns the customer of each row of a type, nil where none matches.
func (c *customers) Of(ctx context.Context, typeName string, sources, customerKeys []string) ([]*schema.Customer, error) {
	golden := make([]string, len(sources))
	keys := newKeySet(len(sources))
	for i, s := range sources {
		k, ok := c.l.Directory.Golden(s, customerKeys[i])
		if customerKeys[i] == "" || !ok {
			continue
		}
		golden[i] = k
		keys.add(k)
	}
	out := make([]*schema.Customer, len(sources))
	errs := make([]error, len(sources))
	found := c.byKeys(ctx, typeName, c.l.rule(ctx, "Customer", typeName), keys)
	for i, k := range golden {
		if k != "" {
			r := found.result(k)
			out[i], errs[i] = r.value, r.err
		}
	}
	return out, perItem(errs)
}

// byKeys returns the golden records that may be seen, by the keys asked for.
func (c *customers) byKeys(ctx context.Context, via string, rule schema.Predicate, keys *keySet) found[*schema.Customer] {
	rule = c.l.ofDirectory(rule)
	if len(keys.list) == 0 || rule.Op == schema.None {
		return found[*schema.Customer]{}
	}
	var more []string
	rule.Columns(func(column string) { more = append(more, column) })
	out := c.load(ctx, c.fields(ctx, Args{}, more...), keys).own()
	rows := make([]*schema.Customer, len(out.of))
	for i := range out.of {
		if r := &out.of[i]; r.value != nil && !c.l.matches(r.value, rule) {
			r.value = nil
		}
		rows[i] = out.of[i].value
	}
	for i, x := range c.show(ctx, via, rows) {
		if x != nil {
			out.of[i].value = x
		}
	}
	return out
}

// load asks the directory, each key once a request.
func (c *customers) load(ctx context.Context, f datasources.Fields, keys *keySet) found[*schema.Customer] {
	directory := &datasources.Connected{Source: directorySource{d: c.l.Directory}, Name: "directory"}
	return byKeys[schema.Customer](ctx, c.l, directory, "Customer", f).load(ctx, keys)
}

// ofDirectory is a rule on customers as the directory sees it: a customer is the
// row with his key.
func (l *Loaders) ofDirectory(rule schema.Predicate) schema.Predicate {
	return rewrite(rule, true, func(p schema.Predicate, positive bool) schema.Predicate {
		if p.Column != policies.CustomerColumn {
			return p
		}
		if p.Op != schema.Eq && p.Op != schema.In {
			return undecided(positive)
		}
		var keys []schema.Value
		for _, v := range p.Values {
			entity, _, key, err := l.Seal.OpenID(v.Str)
			switch {
			case err == nil && entity == "Customer":
				keys = append(keys, schema.String(l.canonical(key)))
			case !positive:
				return undecided(positive)
			}
		}
		if len(keys) == 0 {
			return schema.Predicate{Op: schema.None}
		}
		return schema.Compare("id", schema.In, keys...)
	})
}

// matches reports whether a golden record fulfils what ofDirectory has made. A
// record asked for by the key of a merged customer is that of the other.
func (l *Loaders) matches(row schema.Entity, p schema.Predicate) bool {
	if p.Op == schema.All {
		return true
	}
	_, key := row.Identity()
	return p.Match(person{row, l.canonical(key)})
}

// person is a golden record under the key it has now.
type person struct {
	schema.Row
	key string
}

// Column implements schema.Row.
func (p person) Column(name string) schema.Value {
	if name == "id" {
		return schema.String(p.key)
	}
	return p.Row.Column(name)
}

// List returns a page of customers.
func (c *customers) List(ctx context.Context, a Args) (*schema.Page[schema.Customer], error) {
	first, err := c.l.first(ctx, a)
	if err != nil {
		return nil, err
	}
	if err := bounded(a); err != nil {
		return nil, err
	}
	access := c.l.access(ctx)
	rule := decideVia(access.Rows("Customer"), "")
	if err := mayOrder(access, "Customer", "", rule, a.Order); err != nil {
		return nil, err
	}
	order := a.Order
	if order.Column == "" {
		order.Column = "name"
		if mayOrder(access, "Customer", "", rule, order) != nil {
			order.Column = "id" // the place of a row would tell its name
		}
	}
	shape := shape("Query.Customer", a, order, nil, rule, access.ViewHash())
	after, value, err := c.l.openCursor(a.After, shape)
	if err != nil {
		return nil, err
	}
	seen := c.l.ofDirectory(rule)
	where := schema.AllOf(c.readable(access, a.Where), seen)
	if where.Op == schema.None {
		page := &schema.Page[schema.Customer]{HasPrev: after != nil, Nodes: []*schema.Customer{}}
		if c.l.Total(ctx) {
			page.TotalCount = new(int)
		}
		return page, nil
	}
	c.l.count("directory", "Customer", "list", 1)
	q := datasources.Query{
		Fields: c.fields(ctx, Args{Where: where, Order: order}), Where: where, Order: order, First: first,
		After: afterIn(after, value, ""), Total: c.l.Total(ctx),
	}
	list := &customerList{customers: c, seen: seen, column: order.Column, shape: shape, hasPrev: after != nil}
	if d, size := c.l.parted(ctx); d != nil && first > size {
		return list.begin(ctx, d, q, size)
	}
	rows, err := c.l.Directory.List(ctx, q)
	c.l.Report.read("directory", len(rows.Items), rows.AsOf, rows.Stale, err)
	if err != nil {
		return nil, err
	}
	return list.page(ctx, rows), nil
}

// readable is a client's filter as it may be asked, see Documents.readable.
func (c *customers) readable(a Access, where schema.Predicate) schema.Predicate {
	return rewrite(where, true, func(p schema.Predicate, _ bool) schema.Predicate {
		return readIf(c.l.ofDirectory(whole(a, "Customer", p.Column, "")), p)
	})
}

// directorySource lets the directory be read like a source.
type directorySource struct {
	datasources.Source // nil: nothing else is asked of it
	d                  Directory
}

func (s directorySource) Reader(string) any { return datasources.Reader[schema.Customer](s.d) }

// ByTaxID returns the one customer with a fiscal number.
func (c *customers) ByTaxID(ctx context.Context, taxID string) (*schema.Customer, error) {
	keys, err := c.l.Directory.ByTaxID(ctx, taxID)
	return c.one(ctx, keys, err, "taxId")
}

// ByEmail returns the one customer with an e-mail address.
func (c *customers) ByEmail(ctx context.Context, email string) (*schema.Customer, error) {
	keys, err := c.l.Directory.ByEmail(ctx, email)
	return c.one(ctx, keys, err, "email")
}

// BySource returns the customer with a source's own key.
func (c *customers) BySource(ctx context.Context, source, recordID string) (*schema.Customer, error) {
	if c.l.Catalog.Source(source) == nil {
		return nil, schema.Errorf(schema.BadRequest, "there is no source of that name")
	}
	a := c.l.access(ctx)
	key, ok := c.l.Directory.Golden(source, recordID)
	if !ok {
		key = nobody
	}
	if a.Field("CustomerMember", "source").Verdict != policies.Allow || a.Field("CustomerMember", "recordId").Verdict != policies.Allow {
		return nil, nil
	}
	return c.ByKey(ctx, key)
}

// nobody is no customer's key. Where there is no customer it is asked for in his
// stead, so that the answer takes the way it takes for one who may not be seen.
const nobody = "-"

// one returns the only one of some customers who may be seen, and whose field by
// which they were found may be read.
func (c *customers) one(ctx context.Context, keys []string, err error, by string) (*schema.Customer, error) {
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		keys = []string{nobody}
	}
	set := newKeySet(len(keys))
	for _, k := range keys {
		set.add(k)
	}
	found := c.byKeys(ctx, "", c.l.rule(ctx, "Customer", "", by), set)
	var visible *schema.Customer
	for _, k := range set.list {
		switch r := found.result(k); {
		case r.err != nil:
			return nil, r.err
		case r.value != nil && visible != nil:
			return nil, schema.Errorf(schema.Ambiguous, "several customers have it")
		case r.value != nil:
			visible = r.value
		}
	}
	return visible, nil
}
