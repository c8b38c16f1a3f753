package main

import (
	"context"
	"strings"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/dataset/library"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// keptListings is for how many views it is kept which columns they have.
const keptListings = 32

// listing is the columns of each dataset that a view has, by name.
type listing struct {
	version uint64 // of the library
	columns map[string][]*schema.DatasetColumn
}

// listings keeps those of the views that asked last: making one takes up to a
// millisecond for each dataset.
type listings struct {
	mu   sync.Mutex // held while one is made, so that it is made once
	kept *lru.Cache[string, *listing]
}

func newListings() *listings {
	kept, err := lru.New[string, *listing](keptListings)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &listings{kept: kept}
}

// of returns the columns of each dataset that a view has.
func (l *listings) of(v *policies.View, c *library.Contents) (map[string][]*schema.DatasetColumn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.kept.Get(v.Hash()); ok && known.version == c.Version {
		return known.columns, nil
	}
	fresh, err := makeListing(v, c)
	if err != nil {
		return nil, err
	}
	l.kept.Add(v.Hash(), fresh)
	return fresh.columns, nil
}

func makeListing(v *policies.View, c *library.Contents) (*listing, error) {
	s, err := graph.For(v)
	if err != nil {
		return nil, err
	}
	fresh := &listing{version: c.Version, columns: map[string][]*schema.DatasetColumn{}}
	for i := range c.Entries {
		d := c.Entries[i].Definition
		if d == nil {
			continue
		}
		if t, ok := d.For(v, s); ok {
			fresh.columns[d.Name] = columnsOf(t)
		}
	}
	return fresh, nil
}

func columnsOf(t *dataset.Table) []*schema.DatasetColumn {
	out := make([]*schema.DatasetColumn, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		out[i] = &schema.DatasetColumn{Name: c.Name, Type: schema.DatasetType(strings.ToUpper(c.Type.String())), Description: c.Label, Masked: &c.IsMasked}
	}
	return out
}

// columns are those that the request's token may export: as the doors of reports let
// it, not as this one does.
func (l librarian) columns(ctx context.Context, now *library.Contents) (map[string][]*schema.DatasetColumn, error) {
	v, err := l.reportsView(ctx)
	if err != nil {
		return nil, err
	}
	return l.listings.of(v, now)
}

// reportsView is the request's view at the doors of reports.
func (l librarian) reportsView(ctx context.Context) (*policies.View, error) {
	p := policies.From(ctx)
	if p == nil {
		return nil, schema.Errorf(schema.Internal, "nobody asks")
	}
	there := *p
	there.Door = reportsDoor
	access, err := l.access(ctx, &there)
	if err != nil {
		return nil, err
	}
	return access.View, nil
}

// reportsDoor is the door that policies know as the one of reports.
const reportsDoor = "odata"
