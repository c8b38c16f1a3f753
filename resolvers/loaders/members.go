package loaders

import (
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// A level's relations are asked of the same customers side by side, and of several
// sources: they are looked up in the directory once.

// lookUper is an optional ability of a Directory: it looks up many customers at once.
type lookUper interface {
	LookUp(customerKeys []string) datasources.Customers
}

// canonicaler is an optional ability of a Directory: it tells the key a customer has
// now, another one where he was merged with somebody, "" and false where there is none.
type canonicaler interface {
	Canonical(customerKey string) (key string, ok bool)
}

// lookUp looks up customers by their keys.
func (l *Loaders) lookUp(keys []string) datasources.Customers {
	if d, ok := l.Directory.(lookUper); ok {
		return d.LookUp(keys)
	}
	return &oneByOne{l.Directory, keys}
}

// oneByOne looks up customers in a directory that knows of one at a time.
type oneByOne struct {
	d    Directory
	keys []string
}

// Golden implements datasources.Customers. A directory that does not tell has no key
// but the one a customer was looked up by.
func (o *oneByOne) Golden(i int) string {
	d, ok := o.d.(canonicaler)
	if !ok {
		return o.keys[i]
	}
	key, _ := d.Canonical(o.keys[i])
	return key
}

// In implements datasources.Customers.
func (o *oneByOne) In(source string) *datasources.Members {
	m := &datasources.Members{Ends: make([]int32, len(o.keys))}
	for i, k := range o.keys {
		ids, state := o.d.Keys(k, source)
		m.Keys = append(m.Keys, ids...)
		m.Ends[i] = int32(len(m.Keys))
		m.Unread = m.Unread || state == schema.CoverageUnavailable && len(ids) == 0
	}
	return m
}

// lookedUp are the customers of one level.
type lookedUp struct {
	of   []*schema.Customer // as the level was asked; known by where they lie
	once sync.Once
	datasources.Customers
}

// keptLevels is how many levels' customers a request remembers: those of the windows
// of a long answer go when others come.
const keptLevels = 4

// customersOf looks up the customers of a level, once for all its relations.
func (l *Loaders) customersOf(level []*schema.Customer) datasources.Customers {
	if len(level) == 0 {
		return &oneByOne{}
	}
	e := l.levelOf(level)
	e.once.Do(func() {
		keys := make([]string, len(level))
		for i, c := range level {
			keys[i] = c.Key
		}
		e.Customers = l.lookUp(keys)
	})
	return e.Customers
}

func (l *Loaders) levelOf(level []*schema.Customer) *lookedUp {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.levels {
		if len(e.of) == len(level) && &e.of[0] == &level[0] {
			return e
		}
	}
	e := &lookedUp{of: level}
	if len(l.levels) == keptLevels {
		copy(l.levels, l.levels[1:])
		l.levels = l.levels[:keptLevels-1]
	}
	l.levels = append(l.levels, e)
	return e
}
