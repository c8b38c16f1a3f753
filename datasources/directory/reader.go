package directory

import (
	"context"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

var _ datasources.Reader[schema.Customer] = (*Directory)(nil)

// ByKeys returns golden records. A customer who was merged into another is
// answered under the key that was asked, since rows are matched by key; Canonical
// tells the key he has now. Members, coverage, conflicts and provenance are made
// only when they are among the fields.
func (d *Directory) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[schema.Customer], error) {
	s := d.snapshot.Load()
	rows := d.age(s)
	if err := d.filling(s); err != nil {
		return rows, err
	}
	rows.Items = make([]schema.Customer, 0, len(keys))
	for _, k := range keys {
		if c := s.customer(k); c >= 0 {
			rows.Items = append(rows.Items, d.golden(s, c, k, f))
		}
	}
	return rows, ctx.Err()
}

// ByParent is not supported: customers are nobody's children.
func (d *Directory) ByParent(context.Context, datasources.Relation, []string, datasources.Query) (datasources.Rows[schema.Customer], error) {
	return datasources.Rows[schema.Customer]{}, schema.Errorf(schema.UnsupportedFilter, "customers cannot be asked for by a parent")
}

// age makes empty rows that tell how old the records of the oldest index are, and
// whether one of them could not be read last time, by the directory or by the copy it
// is listed from. A source that has no customers to list makes nothing old.
func (d *Directory) age(s *snapshot) datasources.Rows[schema.Customer] {
	var rows datasources.Rows[schema.Customer]
	for src := range s.cfg.Sources {
		if !s.cfg.Sources[src].Indexed || d.isUnused(s, int32(src)) {
			continue
		}
		st := d.states[src].Load()
		rows.Stale = rows.Stale || st.err != nil || s.slabs[src] == nil || d.isLate(int32(src))
		if !st.asOf.IsZero() && (rows.AsOf.IsZero() || st.asOf.Before(rows.AsOf)) {
			rows.AsOf = st.asOf
		}
	}
	return rows
}

// filling is the error of a directory that has read no source yet.
func (d *Directory) filling(s *snapshot) error {
	var waiting []string
	for src := range s.cfg.Sources {
		if s.slabs[src] != nil {
			return nil
		}
		if s.cfg.Sources[src].Indexed && !d.isUnused(s, int32(src)) {
			waiting = append(waiting, s.cfg.Sources[src].Name)
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	return schema.SourceErrorf(schema.SourceUnavailable, waiting[0], "the customers of %s have not been read yet", strings.Join(waiting, ", "))
}

// Canonical returns the key a customer has now; ok is false when there is none.
func (d *Directory) Canonical(customerKey string) (key string, ok bool) {
	s := d.snapshot.Load()
	c := s.customer(customerKey)
	if c < 0 {
		return "", false
	}
	return s.id(c), true
}

// Golden returns the key of the customer a source's record, or the customer key
// in its documents, belongs to. It takes no lock.
func (d *Directory) Golden(source, recordID string) (customerKey string, ok bool) {
	s := d.snapshot.Load()
	src := s.source(source)
	if src < 0 || recordID == "" {
		return "", false
	}
	if s.cfg.assumed[src].source >= 0 {
		c, state := s.assumedOf(src, recordID)
		if state != schema.CoverageAssumed {
			return "", false
		}
		return s.id(c), true
	}
	rec := s.findIn(src, recordID)
	if rec < 0 {
		return "", false
	}
	return s.id(s.cluster.at(rec)), true
}

// Indexed reports whether Keys has every key for which Golden finds a customer in a
// source: not where they are assumed, which may be written in several ways.
func (d *Directory) Indexed(source string) bool {
	s := d.snapshot.Load()
	src := s.source(source)
	return src >= 0 && s.cfg.assumed[src].source < 0
}

// Keys returns a customer's keys in a source, and what is known of him there. A
// source without an index has assumed keys. It takes no lock.
func (d *Directory) Keys(customerKey, source string) (recordIDs []string, state schema.CoverageState) {
	s := d.snapshot.Load()
	src, c := s.source(source), s.customer(customerKey)
	switch {
	case src < 0:
		return nil, schema.CoverageNotConfigured
	case c < 0:
		return nil, schema.CoverageNoMatch
	case s.cfg.assumed[src].source >= 0:
		return d.assumedKeys(s, c, src)
	}
	for _, rec := range s.of(c) {
		if s.sourceOf(rec) == src {
			recordIDs = append(recordIDs, s.rec(rec).id())
		}
	}
	return recordIDs, d.state(s, c, src, len(recordIDs))
}
