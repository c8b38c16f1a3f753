package rest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// entity is one kind of record of the source: its enabled resources, the first of
// which gives the rows.
type entity struct {
	name  string
	cfg   Entity
	from  []*resource // enabled, in the order of authority
	stock *resource   // nil = none, or not enabled
	desc  *datasources.Entity
}

func newEntity(c *Config, name string, cfg Entity) *entity {
	e := &entity{name: name, cfg: cfg}
	for i, r := range cfg.resources() {
		key := "entities." + name
		if i > 0 {
			key += fmt.Sprintf(".more[%d]", i-1)
		}
		if !r.Disabled {
			e.from = append(e.from, newResource(c, name, key, r))
		}
	}
	if cfg.Stock.isSet() && !cfg.Stock.Disabled {
		e.stock = newResource(c, name, "entities."+name+".stock", cfg.Stock.entity())
		e.stock.call += " stock"
	}
	return e
}

// first is the resource that gives the rows, or why there is none.
func (e *entity) first(source string) (*resource, error) {
	if len(e.from) == 0 {
		label := e.cfg.Package
		if label == "" {
			label = e.name
		}
		return nil, notEnabled(source, label)
	}
	if r := e.from[0]; !r.cfg.Placeholder {
		return r, nil
	}
	return nil, notConfirmed(source, e.name)
}

// shape is what the reading of an entity needs to know of its row type.
type shape[T any] struct {
	id func(*T) string
	// join is what rows of several resources are joined by.
	join func(*T) string
	// changed is when a row was last changed, zero = it does not say.
	changed func(*T) time.Time
}

// customerShape is that of customers, which are no rows of the graph.
func customerShape() shape[datasources.CustomerRecord] {
	type row = datasources.CustomerRecord
	return shape[row]{
		id: func(x *row) string { return x.ID },
		join: func(x *row) string {
			if x.Code != "" {
				return x.Code
			}
			return x.ID
		},
		changed: func(x *row) time.Time { return x.ModifiedAt },
	}
}

func shapeOf[T any, P datasources.EntityOf[T]](e *entity) shape[T] {
	id := func(x *T) string {
		_, key := P(x).Identity()
		return key
	}
	sh := shape[T]{id: id, join: id, changed: func(x *T) time.Time { return P(x).Column("updatedAt").Time }}
	if join := joinColumn(e.name); join != "id" {
		sh.join = func(x *T) string { return P(x).Column(join).Text() }
	}
	return sh
}

// joinColumn is what the records of several resources are joined by.
func joinColumn(entity string) string {
	switch entity {
	case "Product":
		return "sku"
	case "Contact":
		return "id"
	case customerEntity:
		return "code"
	}
	return "number"
}

// table is an entity with its row type: how its resources become rows.
type table[T any] struct {
	s     *source
	e     *entity
	shape shape[T]
	plans []*mapping.Plan[T] // of e.from
	stock *mapping.Plan[mapping.StockRow]
	// keys reads nothing but the key, of records that are marked as deleted.
	keys *mapping.Plan[T]
	// isDeaf: the system was seen to ignore since_param.
	isDeaf atomic.Bool
}

func newTable[T any](s *source, e *entity, sh shape[T]) (*table[T], error) {
	t := &table[T]{s: s, e: e, shape: sh}
	for _, r := range e.from {
		p, err := mapping.Compile[T](s.options(e.name, r.cfg.Fields))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.key, err)
		}
		t.plans = append(t.plans, p)
	}
	if len(e.from) > 0 && e.from[0].cfg.followed() {
		p, err := mapping.Compile[T](s.options(e.name, Fields{"id": e.from[0].cfg.Fields["id"]}))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.from[0].key, err)
		}
		t.keys = p
	}
	if e.stock != nil {
		o := s.options(mapping.StockEntity, e.stock.cfg.Fields)
		o.Problems, o.Prefix = e.name, "stock."
		p, err := mapping.Compile[mapping.StockRow](o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.stock.key, err)
		}
		t.stock = p
	}
	return t, nil
}

func (s *source) options(entity string, fields Fields) mapping.Options {
	return mapping.Options{
		Entity: entity, Source: s.cfg.Name, Fields: fields, Locale: s.cfg.Locale,
		Currency: s.cfg.Currency, Country: s.cfg.Country, Links: s.links,
	}
}

// rowsOf maps the records of a page and appends them to rows. It is an error when none has a usable key: then
// the list is not what the config says.
func rowsOf[T any](source, entity string, p *mapping.Plan[T], records mapping.Value, t *mapping.Tally, rows []T) ([]T, error) {
	before := t.Records()
	rows, lost := p.Rows(records, t, rows)
	if lost > 0 && lost == t.Records()-before {
		return nil, invalid(source, entity, errNoRecord)
	}
	return rows, nil
}

// fetchAll reads all pages of a resource, at most bound rows; isWhole is false when
// there are more.
func (t *table[T]) fetchAll(ctx context.Context, p *pager, plan *mapping.Plan[T], bound int) (rows []T, isWhole bool, err error) {
	tally := plan.Tally()
	defer t.s.ledger.Take(tally)
	p.shape = plan.Shape()
	for !p.end {
		records, err := p.next(ctx)
		if err != nil {
			return nil, false, err
		}
		if rows, err = rowsOf(t.s.cfg.Name, t.e.name, plan, records, tally, rows); err != nil {
			return nil, false, err
		}
		p.free(records)
		if len(rows) > bound {
			return nil, false, nil
		}
	}
	if p.doubtful {
		return nil, false, schema.SourceErrorf(schema.SourceInvalid, t.s.cfg.Name, "%s gave a list of %s that may not be whole", t.s.cfg.Name, t.e.name).Because(errDoubtful)
	}
	return rows, true, nil
}
