package datasources

import (
	"time"

	"github.com/trama-graph/trama/schema"
)

// Description is what a source has, as data: the catalogue pushes filters down
// by it, the planner prices with it, docs/sources is printed from it.
type Description struct {
	Name     string // from config
	Kind     string // otrs, creatio, onec …
	Zone     *time.Location
	Entities []Entity
}

// Entity finds an entity's description by name, nil when the source has none.
func (d *Description) Entity(name string) *Entity {
	for i := range d.Entities {
		if d.Entities[i].Name == name {
			return &d.Entities[i]
		}
	}
	return nil
}

// Entity describes how a source has one entity.
type Entity struct {
	Name       string // Ticket, Order …
	Upstream   string // its name there: TicketSearch+TicketGet, Document_ЗаказПокупателя
	Columns    []Column
	Relations  []RelationAbility
	KeyBatch   int // keys in one upstream call of ByKeys
	PageLimit  int // rows in one upstream reply
	LocalBound int // rows the reader will read to filter or sort locally, 0 = never
	Default    schema.Sort
	RateClass  string // calls that share a budget
	Notes      string // for docs: what is special here
}

// Column describes one column of an entity.
type Column struct {
	Name     string      // SDL field
	Upstream string      // its name there
	Ops      []schema.Op // comparisons the source evaluates itself
	Sortable bool        // the source sorts by it
	// Comparable columns sort alike in every source: times, numbers, ids. Only
	// by these can a list over several sources be ordered.
	Comparable bool
}

// RelationAbility says that ByParent works for a relation, and what it costs.
type RelationAbility struct {
	Relation Relation
	Upstream string
	Batch    int // parents in one upstream call
	// Extracted says that links found by a pattern inside a longer text are
	// answered too: a copy keeps the numbers themselves.
	Extracted bool
}

// Column finds a column's description, nil when the entity has none.
func (e *Entity) Column(name string) *Column {
	for i := range e.Columns {
		if e.Columns[i].Name == name {
			return &e.Columns[i]
		}
	}
	return nil
}

// Relation finds a relation's ability, nil when there is none.
func (e *Entity) Relation(rel Relation) *RelationAbility {
	for i := range e.Relations {
		if e.Relations[i].Relation == rel {
			return &e.Relations[i]
		}
	}
	return nil
}

// Split parts a predicate into what the source can evaluate itself and what
// must be checked on the rows. Only whole conjuncts are pushed: a part of an Or
// would lose rows. The pushed part is a necessary condition of the whole.
func (e *Entity) Split(p schema.Predicate) (push, local schema.Predicate) {
	var pushed, kept []schema.Predicate
	for _, c := range p.Conjuncts() {
		if e.pushable(c) {
			pushed = append(pushed, c)
		} else {
			kept = append(kept, c)
		}
	}
	return schema.AllOf(pushed...), schema.AllOf(kept...)
}

func (e *Entity) pushable(p schema.Predicate) bool {
	switch p.Op {
	case schema.All, schema.None:
		return true
	case schema.And, schema.Or, schema.Not:
		for _, q := range p.Of {
			if !e.pushable(q) {
				return false
			}
		}
		return true
	}
	c := e.Column(p.Column)
	if c == nil {
		return false
	}
	for _, op := range c.Ops {
		if op == p.Op {
			return true
		}
	}
	return false
}
