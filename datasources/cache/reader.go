package cache

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// version is part of every key: entries of another layout are never read.
const version = "1"

// reader is a Reader whose answers are remembered.
type reader[T any, P datasources.EntityOf[T]] struct {
	c      *Cache
	inner  datasources.Reader[T]
	prefix string // version, source and entity
}

func wrap[T any, P datasources.EntityOf[T]](c *Cache, inner any, source, entity string) any {
	r, ok := inner.(datasources.Reader[T])
	if !ok {
		return nil
	}
	return &reader[T, P]{c: c, inner: r, prefix: "trama:" + version + ":" + source + ":" + entity + ":"}
}

// ByKeys answers from the cache what it can, and asks for the rest at once.
func (r *reader[T, P]) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[T], error) {
	name := func(key string) string { return r.prefix + "k:" + f.Key() + ":" + key }
	found, missing := r.find(ctx, keys, name)
	var out datasources.Rows[T]
	for _, e := range found {
		out.Items = append(out.Items, e.Rows...)
		out.AsOf = older(out.AsOf, e.AsOf)
	}
	if len(missing) == 0 {
		return out, nil
	}
	rows, err := r.inner.ByKeys(ctx, missing, f)
	var some *datasources.BatchError
	if err != nil && !errors.As(err, &some) {
		return rows, err
	}
	asOf := r.asOf(rows.AsOf)
	if rows.Stale { // the next answer shall say so, too
		out.Items = append(out.Items, rows.Items...)
		out.AsOf, out.Stale = older(out.AsOf, asOf), true
		return out, err
	}
	byKey := make(map[string]*T, len(rows.Items))
	for i := range rows.Items {
		_, k := P(&rows.Items[i]).Identity()
		byKey[k] = &rows.Items[i]
	}
	for _, k := range missing {
		if some != nil && some.ByKey[k] != nil {
			continue
		}
		e := &entry[T]{AsOf: asOf}
		if row := byKey[k]; row != nil {
			e.Rows = []T{*row}
		}
		remember(r.c, name(k), e)
	}
	out.Items = append(out.Items, rows.Items...)
	out.AsOf, out.Stale = older(out.AsOf, asOf), rows.Stale
	return out, err
}

// ByParent answers from the cache what it can, and asks for the rest at once.
func (r *reader[T, P]) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	query := r.query(q)
	name := func(parent string) string { return r.prefix + "p:" + string(rel) + ":" + query + ":" + parent }
	found, missing := r.find(ctx, parents, name)
	var fetched datasources.Rows[T]
	var some *datasources.BatchError
	var err error
	if len(missing) > 0 {
		if fetched, err = r.inner.ByParent(ctx, rel, missing, q); err != nil && !errors.As(err, &some) {
			return fetched, err
		}
		asOf := r.asOf(fetched.AsOf)
		for i, p := range missing {
			if some != nil && some.ByKey[p] != nil {
				continue
			}
			e := &entry[T]{Rows: fetched.Parent(i), AsOf: asOf, Total: -1}
			if i < len(fetched.More) {
				e.More = fetched.More[i]
			}
			if i < len(fetched.Totals) {
				e.Total = fetched.Totals[i]
			}
			if !fetched.Stale { // the next answer shall say so, too
				remember(r.c, name(p), e)
			}
			found[p] = e
		}
		if len(missing) == len(parents) {
			fetched.AsOf = asOf
			return fetched, err
		}
	}
	return assemble(parents, found, fetched.Stale), err
}

func assemble[T any](parents []string, found map[string]*entry[T], stale bool) datasources.Rows[T] {
	n := 0
	for _, e := range found {
		n += len(e.Rows)
	}
	out := datasources.Rows[T]{
		Items: make([]T, 0, n), Offsets: make([]int, 1, len(parents)+1),
		More: make([]bool, len(parents)), Totals: make([]int, len(parents)), Stale: stale,
	}
	for i, p := range parents {
		out.Totals[i] = -1
		if e := found[p]; e != nil {
			out.Items = append(out.Items, e.Rows...)
			out.More[i], out.Totals[i] = e.More, e.Total
			out.AsOf = older(out.AsOf, e.AsOf)
		}
		out.Offsets = append(out.Offsets, len(out.Items))
	}
	return out
}

// List answers a list it has seen from the cache.
func (r *reader[T, P]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	name := r.prefix + "l:" + r.query(q)
	if r.c.cfg.TTL > 0 {
		if e := lookup[T](ctx, r.c, []string{name})[name]; e != nil {
			return datasources.Rows[T]{Items: e.Rows, More: []bool{e.More}, Totals: []int{e.Total}, AsOf: e.AsOf}, nil
		}
	}
	rows, err := r.inner.List(ctx, q)
	if err != nil {
		return rows, err
	}
	rows.AsOf = r.asOf(rows.AsOf)
	if r.c.cfg.TTL > 0 && !rows.Stale {
		e := &entry[T]{Rows: rows.Items, AsOf: rows.AsOf, Total: -1}
		if len(rows.More) == 1 {
			e.More = rows.More[0]
		}
		if len(rows.Totals) == 1 {
			e.Total = rows.Totals[0]
		}
		remember(r.c, name, e)
	}
	return rows, nil
}

// find parts keys into those in the cache and those to ask for, in their order.
func (r *reader[T, P]) find(ctx context.Context, keys []string, name func(string) string) (map[string]*entry[T], []string) {
	found := make(map[string]*entry[T], len(keys))
	if r.c.cfg.TTL <= 0 {
		return found, keys
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = name(k)
	}
	entries := lookup[T](ctx, r.c, names)
	var missing []string
	for i, k := range keys {
		if e := entries[names[i]]; e != nil {
			found[k] = e
		} else {
			missing = append(missing, k)
		}
	}
	return found, missing
}

// longKey is from how many bytes on a query is named by its digest: a filter may
// hold a thousand values.
const longKey = 200

// query names a query in keys; nothing is named where nothing is kept.
func (r *reader[T, P]) query(q datasources.Query) string {
	if r.c.cfg.TTL <= 0 {
		return ""
	}
	key := q.Key()
	if len(key) <= longKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "#" + base64.RawURLEncoding.EncodeToString(sum[:])
}

func (r *reader[T, P]) asOf(t time.Time) time.Time {
	if t.IsZero() {
		return r.c.cfg.Now()
	}
	return t
}

func older(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
