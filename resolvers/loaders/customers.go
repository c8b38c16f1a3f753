package loaders

import (
	"context"

	"github.com/trama-graph/trama/datasources"
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
	r := c.batch(ctx).load(ctx, []string{key})[key]
	return r.value, r.err
}

// Of returns the customer of each row, nil where none matches.
func (c *customers) Of(ctx context.Context, sources, customerKeys []string) ([]*schema.Customer, error) {
	golden := make([]string, len(sources))
	var keys []string
	seen := map[string]bool{}
	for i, s := range sources {
		k, ok := c.l.Directory.Golden(s, customerKeys[i])
		if customerKeys[i] == "" || !ok {
			continue
		}
		golden[i] = k
		if !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	out := make([]*schema.Customer, len(sources))
	errs := make([]error, len(sources))
	if len(keys) == 0 {
		return out, nil
	}
	found := c.batch(ctx).load(ctx, keys)
	for i, k := range golden {
		if k != "" {
			out[i], errs[i] = found[k].value, found[k].err
		}
	}
	return out, perItem(errs)
}

func (c *customers) batch(ctx context.Context) *batch[*schema.Customer] {
	f := c.l.fields(ctx, Args{})
	directory := &datasources.Connected{Source: directorySource{d: c.l.Directory}, Name: "directory"}
	return byKeys[schema.Customer](c.l, directory, "Customer", f)
}

// List returns a page of customers.
func (c *customers) List(ctx context.Context, a Args) (*schema.Page[schema.Customer], error) {
	first, err := c.l.first(a)
	if err != nil {
		return nil, err
	}
	if err := bounded(a.Where); err != nil {
		return nil, err
	}
	order := a.Order
	if order.Column == "" {
		order.Column = "name"
	}
	shape := shape("Query.Customer", a, order, nil)
	after, value, err := c.l.openCursor(a.After, shape)
	if err != nil {
		return nil, err
	}
	c.l.count("directory", "Customer", "list", 1)
	rows, err := c.l.Directory.List(ctx, datasources.Query{
		Fields: c.l.fields(ctx, Args{Where: a.Where, Order: order}), Where: a.Where, Order: order, First: first,
		After: afterIn(after, value, ""), Total: c.l.Total(ctx),
	})
	if err != nil {
		return nil, err
	}
	page := &schema.Page[schema.Customer]{HasPrev: after != nil, Nodes: make([]*schema.Customer, len(rows.Items))}
	for i := range rows.Items {
		page.Nodes[i] = &rows.Items[i]
	}
	page.HasNext = len(rows.More) == 1 && rows.More[0]
	if len(rows.Totals) == 1 && rows.Totals[0] >= 0 {
		page.TotalCount = &rows.Totals[0]
	}
	page.CursorAt = func(i int) string { return c.l.cursorOf("Customer", page.Nodes[i], order, shape) }
	return page, nil
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
	return c.one(ctx, keys, err)
}

// ByEmail returns the one customer with an e-mail address.
func (c *customers) ByEmail(ctx context.Context, email string) (*schema.Customer, error) {
	keys, err := c.l.Directory.ByEmail(ctx, email)
	return c.one(ctx, keys, err)
}

// BySource returns the customer with a source's own key.
func (c *customers) BySource(ctx context.Context, source, recordID string) (*schema.Customer, error) {
	if c.l.Catalog.Source(source) == nil {
		return nil, schema.Errorf(schema.BadRequest, "there is no source of that name")
	}
	key, ok := c.l.Directory.Golden(source, recordID)
	if !ok {
		return nil, nil
	}
	return c.ByKey(ctx, key)
}

func (c *customers) one(ctx context.Context, keys []string, err error) (*schema.Customer, error) {
	switch {
	case err != nil || len(keys) == 0:
		return nil, err
	case len(keys) == 1:
		return c.ByKey(ctx, keys[0])
	}
	return nil, schema.Errorf(schema.Ambiguous, "several customers have it")
}
