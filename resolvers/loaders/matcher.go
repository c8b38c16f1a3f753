package loaders

import (
	"context"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Matcher returns whether a row of a type, reached by a relation of via ("" = by
// none), fulfils a condition of policies; what cannot be decided counts as not
// fulfilled. The function is for one goroutine.
func (l *Loaders) Matcher(typeName, via string, p schema.Predicate) func(schema.Entity) bool {
	p = decideVia(p, via)
	if typeName == "Customer" {
		p = l.ofDirectory(p)
		return func(row schema.Entity) bool { return l.matches(row, p) }
	}
	scopes := map[string]*scope{}
	return func(row schema.Entity) bool {
		source, _ := row.Identity()
		sc := scopes[source]
		if sc == nil {
			sc = &scope{rows: schema.Predicate{Op: schema.None}}
			if s := l.Catalog.Source(source); s != nil && s.Has(typeName) {
				sc = l.scopeOf(s.Entity(typeName), source, p)
			}
			scopes[source] = sc
		}
		return sc.err == nil && sc.rows.Permits(row)
	}
}

// Decider is Matcher for engine.Options: p's conditions on policies.ViaColumn are
// decided already. What is no record of a source fulfils nothing.
func (l *Loaders) Decider(typeName string, p schema.Predicate) func(schema.Row) bool {
	match := l.Matcher(typeName, "", p)
	return func(row schema.Row) bool {
		entity, ok := row.(schema.Entity)
		return ok && match(entity)
	}
}

// Row gives a row of a type the column policies.CustomerColumn: the sealed id of
// the customer it belongs to, null where it is nobody's. Its error is a source
// whose customers were not read yet. A row that is no record of a source is nobody's.
func (l *Loaders) Row(_ context.Context, typeName string, row schema.Row) (schema.Row, error) {
	entity, ok := row.(schema.Entity)
	if !ok {
		return row, nil
	}
	source, key := entity.Identity()
	if typeName == "Customer" {
		return owned{row, schema.String(l.Seal.ID("Customer", "", l.canonical(key)))}, nil
	}
	customer := row.Column("customer").Str
	if customer == "" {
		return row, nil
	}
	golden, ok := l.Directory.Golden(source, customer)
	if !ok {
		if l.isUnread(source) {
			return nil, unread(source)
		}
		return row, nil
	}
	return owned{row, schema.String(l.Seal.ID("Customer", "", golden))}, nil
}

// CustomerID returns the id a customer has now for one he had: that of a claim
// made before two customers were merged. What is no customer's id comes back as it
// is.
func (l *Loaders) CustomerID(id string) string {
	entity, _, key, err := l.Seal.OpenID(id)
	if err != nil || entity != "Customer" {
		return id
	}
	return l.Seal.ID("Customer", "", l.canonical(key))
}

// owned is a row with its customer.
type owned struct {
	schema.Row
	customer schema.Value
}

// Column implements schema.Row.
func (o owned) Column(name string) schema.Value {
	if name == policies.CustomerColumn {
		return o.customer
	}
	return o.Row.Column(name)
}

// isUnread reports whether the customers of a source are not known yet, where the
// directory can tell.
func (l *Loaders) isUnread(source string) bool {
	d, ok := l.Directory.(interface{ Coverage() []*schema.Coverage })
	if !ok {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.read == nil {
		l.read = map[string]time.Time{}
		for _, c := range d.Coverage() {
			l.read[c.Source] = c.AsOf
		}
	}
	asOf, known := l.read[source]
	return known && asOf.IsZero()
}
