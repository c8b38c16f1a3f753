package loaders_test

import (
	"context"
	"errors"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// people is a directory of customers, each with two keys in every source: a1 and
// a2 are customer a. old is merged with a.
type people struct {
	customers []schema.Customer
	unread    string
	calls     *int
}

func (p people) Golden(_, id string) (string, bool) {
	if id == "" || id[0] == '?' {
		return "", false
	}
	return id[:1], true
}

func (p people) Canonical(key string) (string, bool) {
	if key == "old" {
		key = "a"
	}
	return key, true
}

func (p people) Keys(customer, source string) ([]string, schema.CoverageState) {
	if source == p.unread {
		return nil, schema.CoverageUnavailable
	}
	customer, _ = p.Canonical(customer)
	if len(customer) != 1 {
		return nil, schema.CoverageNoMatch
	}
	return []string{customer + "1", customer + "2"}, schema.CoverageLinked
}

func (p people) find(match func(*schema.Customer) bool) (keys []string) {
	if p.calls != nil {
		*p.calls++
	}
	for i := range p.customers {
		if match(&p.customers[i]) {
			keys = append(keys, p.customers[i].Key)
		}
	}
	return keys
}

func (p people) ByTaxID(_ context.Context, id string) ([]string, error) {
	return p.find(func(c *schema.Customer) bool { return c.TaxID == id }), nil
}

func (p people) ByEmail(_ context.Context, email string) ([]string, error) {
	return p.find(func(c *schema.Customer) bool { return c.Email == email }), nil
}

func (p people) Seen(string, []string) {}

func (p people) ByKeys(_ context.Context, keys []string, _ datasources.Fields) (out datasources.Rows[schema.Customer], err error) {
	for _, k := range keys {
		now, _ := p.Canonical(k)
		p.find(func(c *schema.Customer) bool {
			if c.Key == now {
				x := *c
				x.Key = k
				out.Items = append(out.Items, x)
			}
			return false
		})
	}
	return out, nil
}

func (p people) ByParent(context.Context, datasources.Relation, []string, datasources.Query) (out datasources.Rows[schema.Customer], err error) {
	return out, errors.New("nobody's children")
}

func (p people) List(_ context.Context, q datasources.Query) (datasources.Rows[schema.Customer], error) {
	var rows []schema.Customer
	p.find(func(c *schema.Customer) bool {
		if q.Where.Match(c) {
			rows = append(rows, *c)
		}
		return false
	})
	return datasources.Cut(rows, q), nil
}

var _ loaders.Directory = people{}
