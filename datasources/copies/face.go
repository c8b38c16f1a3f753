package copies

import (
	"context"

	"github.com/trama-graph/trama/datasources"
)

// Source returns the copy with the optional abilities of the source behind it:
// a CustomerIndexer where that lists its customers, a Meter where that counts its
// calls, always a Reporter. It has Unwrap, which gives the source itself: ask for
// abilities before unwrapping.
func (c *Copy) Source() datasources.Source {
	m, counts := c.inner.(datasources.Meter)
	switch indexed := c.Customers() != nil; {
	case indexed && counts:
		return &indexedAndMetered{indexedCopy{c}, m}
	case indexed:
		return &indexedCopy{c}
	case counts:
		return &meteredCopy{c, m}
	}
	return c
}

// Customers returns the customers of the copy, those of the source itself where
// they are not kept, and nil when it lists none.
func (c *Copy) Customers() datasources.CustomerIndexer {
	if c.byEntity[customers] != nil {
		return &indexedCopy{c}
	}
	ix, _ := c.inner.(datasources.CustomerIndexer)
	return ix
}

type indexedCopy struct{ *Copy }

var _ datasources.CustomerIndexer = (*indexedCopy)(nil)

// IndexCustomers lists the customers of the copy. Until they were read once it
// fails with SOURCE_UNAVAILABLE.
func (c *indexedCopy) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	if ix, ok := c.inner.(datasources.CustomerIndexer); ok && c.byEntity[customers] == nil {
		return ix.IndexCustomers(ctx, f)
	}
	return c.indexCustomers(ctx, f)
}

type meteredCopy struct {
	*Copy
	meter datasources.Meter
}

var _ datasources.Meter = (*meteredCopy)(nil)

// Usage is the source's.
func (c *meteredCopy) Usage() []datasources.Usage { return c.meter.Usage() }

type indexedAndMetered struct {
	indexedCopy
	meter datasources.Meter
}

var (
	_ datasources.CustomerIndexer = (*indexedAndMetered)(nil)
	_ datasources.Meter           = (*indexedAndMetered)(nil)
)

// Usage is the source's.
func (c *indexedAndMetered) Usage() []datasources.Usage { return c.meter.Usage() }
