package mapping

import "slices"

// maxKeys is how many names of members get a number; the rest are found by their
// texts.
const maxKeys = 4096

// keyTable numbers the names of members that the paths of a configuration begin
// with or go through. Number 0 is none of them. It is read-only once compiled.
type keyTable struct {
	ids   map[string]uint16
	names []string // by number
}

func newKeyTable() *keyTable {
	return &keyTable{ids: map[string]uint16{}, names: []string{""}}
}

// number is that of a name, 0 when there is no room for it.
func (k *keyTable) number(name string) uint16 {
	if id, ok := k.ids[name]; ok {
		return id
	}
	if len(k.names) > maxKeys {
		return 0
	}
	id := uint16(len(k.names))
	k.ids[name] = id
	k.names = append(k.names, name)
	return id
}

// number gives a path the number of the name it begins with, and its other names
// theirs.
func (p *Path) number(k *keyTable) {
	for i := range p.steps {
		if p.steps[i].name == "*" {
			continue
		}
		if id := k.number(p.steps[i].name); i == 0 {
			p.head = id
		}
	}
}

// Shape says which members of records are read, so that the others need only be
// checked and not kept. Within lists members of other names are left out at any
// depth; what stands around the list of records stays whole. It is read-only.
type Shape struct {
	keys *keyTable
	// wanted is by number, nil = all are: a path with "*" looks at every member.
	wanted []bool
	room   uint16 // number of the member records have room for, 0 = none
}

// NewShape keeps only members of these names, within lists at any depth. Documents
// parsed by it are for no Plan.
func NewShape(names ...string) *Shape {
	s := &Shape{keys: newKeyTable()}
	for _, name := range names {
		if s.keys.number(name) == 0 {
			return nil // too many: everything is kept
		}
	}
	s.wanted = make([]bool, len(s.keys.names))
	for i := range s.wanted {
		s.wanted[i] = i > 0
	}
	return s
}

// Plain reports whether a list of paths never looks into a list, so that what it
// finds is the same in a document that was parsed by a Shape.
func Plain(paths []Path) bool {
	return !slices.ContainsFunc(paths, func(p Path) bool {
		return slices.ContainsFunc(p.steps, func(s step) bool { return s.index >= 0 })
	})
}

// want adds the names of a path.
func (s *Shape) want(p *Path) {
	for i := range p.steps {
		name := p.steps[i].name
		id := s.keys.ids[name]
		if name == "*" || id == 0 {
			s.wanted = nil
		}
		if s.wanted != nil {
			s.wanted[id] = true
		}
	}
}

// shape is that of the plan's columns.
func (p *Plan[T]) shapeOf() *Shape {
	s := &Shape{keys: p.keys, wanted: make([]bool, len(p.keys.names))}
	p.eachPath(s.want)
	return s
}

// eachPath calls f with every path the plan looks at.
func (p *Plan[T]) eachPath(f func(*Path)) {
	of := func(s *spec) {
		for i := range s.paths {
			f(&s.paths[i])
		}
	}
	for i := range p.fields {
		x := &p.fields[i]
		of(&x.spec)
		for j := range x.parts {
			of(&x.parts[j].spec)
		}
		if x.lines != nil {
			x.lines.eachPath(f)
		}
		if x.states != nil {
			x.states.eachPath(f)
		}
		if x.stock != nil {
			x.stock.eachPath(f)
		}
	}
	for i := range p.links {
		for j := range p.links[i].paths {
			f(&p.links[i].paths[j])
		}
	}
}

// maxLevels is a record and the elements of its lists, which hold no further ones.
const maxLevels = 2

// twin marks a member that came twice.
const twin = 1 << 31

// members are those of one record or element by the numbers of their names: an
// index among the nodes, 0 = absent, with the bit twin.
type members struct {
	rec Value
	at  []uint32
}

// index finds all members of rec in one pass. It is used until the next one of
// the same level. keys are the plan's, which are one for all levels.
func (t *Tally) index(rec Value, keys *keyTable, level int) *members {
	m := &t.levels[level]
	if m.rec = rec; m.at == nil {
		m.at = make([]uint32, len(keys.names))
	}
	clear(m.at)
	nodes := rec.d.nodes
	end := nodes[rec.i].next
	if rec.d.shape != nil && rec.d.shape.keys == keys {
		for i := rec.i + 1; i < end; i = nodes[i].next {
			m.put(nodes[i].id, i)
		}
		return m
	}
	for i := rec.i + 1; i < end; i = nodes[i].next {
		m.put(keys.ids[string(rec.d.key(&nodes[i]))], i)
	}
	return m
}

func (m *members) put(id uint16, i uint32) {
	switch {
	case id == 0:
	case m.at[id] == 0:
		m.at[id] = i
	default:
		m.at[id] |= twin
	}
}

// find is the value at a path of the configuration. Of a member that came twice
// nobody knows which is meant: isTwin, and no value.
func (m *members) find(p *Path) (v Value, isTwin bool) {
	if p.head == 0 {
		return p.Only(m.rec)
	}
	v, isTwin = m.head(p)
	for i := 1; i < len(p.steps) && v.d != nil; i++ {
		if v, isTwin = p.steps[i].only(v); isTwin {
			return Value{}, true
		}
	}
	return v, isTwin
}

// head is the member a path begins with.
func (m *members) head(p *Path) (Value, bool) {
	at := m.at[p.head]
	if at&twin != 0 {
		return Value{}, true
	}
	if at == 0 {
		return Value{}, false
	}
	return Value{d: m.rec.d, i: at}, false
}

// Only is Find, but finds nothing where a member on the way, or the last, is there
// twice: isTwin.
func (p *Path) Only(v Value) (found Value, isTwin bool) {
	for i := range p.steps {
		if v, isTwin = p.steps[i].only(v); v.d == nil {
			return v, isTwin
		}
	}
	return v, false
}

// only is next, but no value when a member of the name is there twice.
func (s *step) only(v Value) (Value, bool) {
	found := s.next(v)
	if found.d == nil || v.Kind() != Object {
		return found, false
	}
	name := v.d.key(found.node())
	for i := found.node().next; i < v.node().next; i = v.d.nodes[i].next {
		if string(v.d.key(&v.d.nodes[i])) == string(name) {
			return Value{}, true
		}
	}
	return found, false
}

// each is Path.Each, until a member on the way came twice.
func (m *members) each(p *Path, f func(Value)) (isTwin bool) {
	v, steps := m.rec, p.steps
	if p.head != 0 {
		if v, isTwin = m.head(p); isTwin || v.d == nil {
			return isTwin
		}
		steps = steps[1:]
	}
	return each(steps, v, f)
}
