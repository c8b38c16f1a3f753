package datasources

import (
	"fmt"

	"github.com/trama-graph/trama/schema"
)

// Connected is a source with how it is supplied.
type Connected struct {
	Source
	Name   string
	Kind   string
	Supply schema.Supply
	desc   Description
}

// Has reports whether the source describes the entity.
func (c *Connected) Has(entity string) bool { return c.desc.Entity(entity) != nil }

// Entity returns how the source has an entity, nil when it does not.
func (c *Connected) Entity(name string) *Entity { return c.desc.Entity(name) }

// Description returns what the source has.
func (c *Connected) Description() *Description { return &c.desc }

// Catalog knows which source has which entity. It is read-only after NewCatalog.
type Catalog struct {
	sources []*Connected
	byName  map[string]*Connected
	owners  map[string][]*Connected
	links   map[string]map[string]LinkRules
}

// Documents says, for an entity, which sources feed its lists, in order of
// authority. An entity that is not in it is fed by every source that has it, in
// the order of the configuration.
type Documents map[string][]string

// NewCatalog joins the sources. links maps a source's name to its rules by
// relation ("Invoice.order"). It fails when documents names a source that does
// not exist or does not have the entity.
func NewCatalog(sources []*Connected, documents Documents, links map[string]map[string]LinkRules) (*Catalog, error) {
	c := &Catalog{sources: sources, byName: map[string]*Connected{}, owners: map[string][]*Connected{}, links: links}
	for _, s := range sources {
		s.desc = s.Describe()
		c.byName[s.Name] = s
	}
	for entity, names := range documents {
		for _, name := range names {
			s, ok := c.byName[name]
			if !ok {
				return nil, fmt.Errorf("documents.%s: no source %q", entity, name)
			}
			if !s.Has(entity) {
				return nil, fmt.Errorf("documents.%s: source %q has no %s", entity, name, entity)
			}
			c.owners[entity] = append(c.owners[entity], s)
		}
	}
	for _, s := range sources {
		for i := range s.desc.Entities {
			entity := s.desc.Entities[i].Name
			if _, listed := documents[entity]; !listed {
				c.owners[entity] = append(c.owners[entity], s)
			}
		}
	}
	return c, nil
}

// Sources returns all sources in the order of the configuration.
func (c *Catalog) Sources() []*Connected { return c.sources }

// Source finds a source by its configured name, nil when there is none.
func (c *Catalog) Source(name string) *Connected { return c.byName[name] }

// Owners returns the sources that feed an entity's lists, in order of authority.
func (c *Catalog) Owners(entity string) []*Connected { return c.owners[entity] }

// Links returns a source's rules for a relation such as "Invoice.order".
func (c *Catalog) Links(source, relation string) LinkRules { return c.links[source][relation] }

// ReaderOf returns the typed reader of an entity, nil when the source has none.
func ReaderOf[T any](s Source, entity string) Reader[T] {
	r, _ := s.Reader(entity).(Reader[T])
	return r
}
