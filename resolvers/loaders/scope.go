package loaders

import (
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// scope is a rule as one source sees it.
type scope struct {
	// rows is the rule in columns of the source's rows: it is pushed down, and every
	// row that comes back is checked by it.
	rows schema.Predicate
	// err says why the rule cannot be decided now: the source's customers were not
	// read yet.
	err error

	rule      schema.Predicate   // before customers became keys
	customers map[string]members // what the rule's sealed ids are in the source
	leaf      func(schema.Predicate, bool) schema.Predicate
}

// members are a customer's keys in one source; ok is false for a text that is no
// customer's id.
type members struct {
	keys []string
	ok   bool
}

// scopeOf translates a rule whose conditions on policies.ViaColumn are decided.
// Conditions on customers become conditions on their keys in the source. What the
// source cannot decide, since it has no such column or the text is no id, shows no
// row more.
func (l *Loaders) scopeOf(e *datasources.Entity, source string, rule schema.Predicate) *scope {
	sc := &scope{rows: rule, rule: rule}
	if rule.Op == schema.All || rule.Op == schema.None {
		return sc
	}
	sc.leaf = func(p schema.Predicate, positive bool) schema.Predicate {
		switch {
		case p.Column == "source":
			return decided(p.Match(one{"source", source}))
		case !hasColumn(e, p.Column):
			return undecided(positive)
		}
		return p
	}
	sc.rows = rewrite(rule, true, func(p schema.Predicate, positive bool) schema.Predicate {
		if p.Column != policies.CustomerColumn {
			return sc.leaf(p, positive)
		}
		return sc.customer(l, e, source, p, positive)
	})
	return sc
}

// hasColumn reports whether the rows of an entity have a column. The customer of a
// row may be described as a relation only.
func hasColumn(e *datasources.Entity, name string) bool {
	return name == "id" || e.Column(name) != nil || name == "customer" && e.Relation("customer") != nil
}

// customer turns a condition on customers into one on their keys.
func (sc *scope) customer(l *Loaders, e *datasources.Entity, source string, p schema.Predicate, positive bool) schema.Predicate {
	if !hasColumn(e, "customer") || p.Op != schema.Eq && p.Op != schema.In {
		return undecided(positive)
	}
	if sc.customers == nil {
		sc.customers = map[string]members{}
	}
	var values []schema.Value
	for _, v := range p.Values {
		m, known := sc.customers[v.Str]
		if !known {
			if entity, _, key, err := l.Seal.OpenID(v.Str); err == nil && entity == "Customer" {
				var state schema.CoverageState
				m.ok = true
				if m.keys, state = l.Directory.Keys(key, source); state == schema.CoverageUnavailable && len(m.keys) == 0 {
					sc.err = unread(source)
				}
			}
			sc.customers[v.Str] = m
		}
		if !m.ok && !positive {
			return undecided(positive)
		}
		for _, k := range m.keys {
			values = append(values, schema.String(k))
		}
	}
	switch len(values) {
	case 0:
		return schema.Predicate{Op: schema.None}
	case 1:
		return schema.Compare("customer", schema.Eq, values[0])
	}
	return schema.Compare("customer", schema.In, values...)
}

func unread(source string) error {
	return schema.SourceErrorf(schema.SourceUnavailable, source, "the customers of %s have not been read yet", source)
}

// ofCustomer is the rule for rows of one customer key: it need not be asked whose
// they are.
func (sc *scope) ofCustomer(key string) schema.Predicate {
	if sc.customers == nil {
		return sc.rows
	}
	return rewrite(sc.rule, true, func(p schema.Predicate, positive bool) schema.Predicate {
		if p.Column != policies.CustomerColumn {
			return sc.leaf(p, positive)
		}
		if p.Op != schema.Eq && p.Op != schema.In {
			return undecided(positive)
		}
		for _, v := range p.Values {
			if m := sc.customers[v.Str]; !m.ok && !positive || slices.Contains(m.keys, key) {
				return schema.Predicate{}
			}
		}
		return schema.Predicate{Op: schema.None}
	})
}

// columns adds those the rule reads.
func (sc *scope) columns(names []string) []string {
	sc.rows.Columns(func(c string) { names = append(names, c) })
	return names
}

// owned returns the customers to whom all rows of a rule belong, by the keys of the
// directory; ok is false when it shows rows of others, or of more than can be
// asked for one by one.
func (l *Loaders) owned(rule schema.Predicate) (keys []string, ok bool) {
	const most = 50
	for _, p := range rule.Conjuncts() {
		if p.Column != policies.CustomerColumn || p.Op != schema.Eq && p.Op != schema.In || len(p.Values) > most {
			continue
		}
		for _, v := range p.Values {
			if entity, _, key, err := l.Seal.OpenID(v.Str); err == nil && entity == "Customer" {
				keys = appendNew(keys, l.canonical(key))
			}
		}
		return keys, true
	}
	return nil, false
}

// canonical returns the key a customer has now: another one where he was merged
// with somebody.
func (l *Loaders) canonical(key string) string {
	if d, ok := l.Directory.(canonicaler); ok {
		if k, ok := d.Canonical(key); ok {
			return k
		}
	}
	return key
}
