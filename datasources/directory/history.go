package directory

import (
	"cmp"
	"context"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// maxAliases bounds the ids whose history is put together.
const maxAliases = 50

// Aliases returns the ids that became aliases of a customer, the oldest first.
func (d *Directory) Aliases(customerKey string) []string {
	s := d.snapshot.Load()
	c := s.customer(customerKey)
	if c < 0 {
		return nil
	}
	var list []string
	for g := range s.ids.rows.n {
		if s.ids.rows.ref(g).MergedInto != 0 && s.ids.root(g) == s.key.at(c) {
			list = append(list, s.ids.id(g))
		}
	}
	return list
}

// MergedInto returns the id a customer was merged into; ok is false when the id is
// unknown or still his own.
func (d *Directory) MergedInto(id string) (into string, ok bool) {
	s := d.snapshot.Load()
	g, known := s.ids.find(id)
	if !known || s.ids.rows.ref(g).MergedInto == 0 {
		return "", false
	}
	return s.ids.id(s.ids.root(g)), true
}

// History returns at most first events of a customer, the newest first, with those
// of the ids that were merged into him; of everybody with customer "". It is
// NOT_ENABLED with a store that cannot tell.
func (d *Directory) History(ctx context.Context, customer string, first int) ([]Event, error) {
	h, ok := d.st.(Historian)
	if !ok {
		return nil, schema.Errorf(schema.NotEnabled, "this store keeps no history")
	}
	ids := []string{customer}
	if customer != "" {
		if k, known := d.Canonical(customer); known {
			ids = append([]string{k}, d.Aliases(k)...)
		}
	}
	var all []Event
	for _, id := range ids[:min(len(ids), maxAliases)] {
		events, err := h.DirectoryEvents(ctx, id, first)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	if len(ids) > 1 {
		slices.SortStableFunc(all, func(a, b Event) int { return cmp.Or(b.At.Compare(a.At)) })
	}
	return all[:min(len(all), first)], nil
}
