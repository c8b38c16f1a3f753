package cache

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Tag names what has changed: a source, of it one entity, of it one customer (by
// his key in that source), or one entity of one customer. Source "" is every
// source.
//
// A customer's tag covers the rows that name him, his lists, and all answers that
// are not confined to one customer (lists, lookups by number, absences). A row
// that moved from one customer to another needs both tags.
type Tag struct{ Source, Entity, Customer string }

// maxTagText is from how many bytes on a customer's key is not told apart: its
// entity is meant then.
const maxTagText = 256

// maxMarks is how many tags are told apart in one source. Beyond, the oldest half
// becomes a floor under which every entry counts as changed.
const maxMarks = 20_000

// tags knows the last change of everything.
type tags struct {
	mu      sync.RWMutex      // guards sources
	sources map[string]*marks // by name

	change sync.Mutex    // held while changes are numbered
	number atomic.Uint64 // of the last change in this process
}

// marks are the last changes of one source's tags.
type marks struct {
	source string
	last   atomic.Uint64 // the number of the last change of any tag

	mu    sync.RWMutex // guards the rest
	all   map[string]mark
	floor mark // of the tags that are not told apart any more
}

// mark is when something last changed: by the count of this process, and by the
// count all processes share in Redis. Deletions are changes, too.
type mark struct{ local, shared, erased, erasedShared uint64 }

func (m *mark) raise(o mark) {
	m.local, m.shared = max(m.local, o.local), max(m.shared, o.shared)
	m.erased, m.erasedShared = max(m.erased, o.erased), max(m.erasedShared, o.erasedShared)
}

// Names in marks.all. No source has an entity with such characters.
func customerMark(entity, customer string) string { return entity + "\x00" + customer }
func someoneMark(entity string) string            { return entity + "\x01" }

// of returns the marks of a source, nil when there is none.
func (t *tags) of(source string) *marks {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.sources[source]
}

func (t *tags) add(source string) *marks {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.sources[source]
	if m == nil {
		m = &marks{source: source, all: map[string]mark{}}
		t.sources[source] = m
	}
	return m
}

// known makes of tags those that are told apart here.
func (t *tags) known(list []Tag) []Tag {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []Tag
	for _, tag := range list {
		if len(tag.Customer) > maxTagText {
			tag.Customer = ""
		}
		if len(tag.Entity) > maxTagText || strings.ContainsAny(tag.Entity, "\x00\x01") {
			tag.Entity = ""
		}
		if tag.Source != "" {
			if t.sources[tag.Source] != nil {
				out = append(out, tag)
			}
			continue
		}
		for name := range t.sources {
			out = append(out, Tag{Source: name, Entity: tag.Entity, Customer: tag.Customer})
		}
	}
	return out
}

// changed notes changes of this process: entries read before are not fresh when it
// returns.
func (t *tags) changed(list []Tag, erased bool) {
	t.change.Lock()
	defer t.change.Unlock()
	n := t.number.Add(1)
	m := mark{local: n}
	if erased {
		m.erased = n
	}
	for _, tag := range list {
		if s := t.of(tag.Source); s != nil {
			s.note(tag, m)
			s.last.Store(n)
		}
	}
}

// changedAll notes that nothing is known of any source any more.
func (t *tags) changedAll() {
	t.mu.RLock()
	list := make([]Tag, 0, len(t.sources))
	for name := range t.sources {
		list = append(list, Tag{Source: name})
	}
	t.mu.RUnlock()
	t.changed(list, false)
}

func (s *marks) note(tag Tag, m mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := []string{tag.Entity}
	if tag.Customer != "" {
		names = []string{customerMark(tag.Entity, tag.Customer), someoneMark(tag.Entity)}
	}
	for _, name := range names {
		old := s.all[name]
		old.raise(m)
		s.all[name] = old
	}
	if len(s.all) > maxMarks {
		s.forget()
	}
}

// forget puts the older half of the marks under the floor.
func (s *marks) forget() {
	numbers := make([]uint64, 0, len(s.all))
	for _, m := range s.all {
		numbers = append(numbers, m.local)
	}
	slices.Sort(numbers)
	middle := numbers[len(numbers)/2]
	for name, m := range s.all {
		if m.local <= middle {
			s.floor.raise(m)
			delete(s.all, name)
		}
	}
}

// newest returns the last changes of all that an entry depends on. One that is not
// confined to a customer depends on every customer.
func (s *marks) newest(entity, customer string, isLinked bool) mark {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.floor
	m.raise(s.all[""])
	m.raise(s.all[entity])
	switch {
	case customer != "":
		m.raise(s.all[customerMark("", customer)])
		m.raise(s.all[customerMark(entity, customer)])
	case isLinked:
		m.raise(s.all[someoneMark("")])
		m.raise(s.all[someoneMark(entity)])
	}
	return m
}

// isErased reports whether what an entry holds was deleted since change number at.
func (s *marks) isErased(entity, customer string, isLinked bool, at uint64) bool {
	return s.newest(entity, customer, isLinked).erased > at
}

// told notes a change another process put into Redis, and reports whether it was
// news.
func (t *tags) told(tag Tag, erased bool, seq uint64) bool {
	s := t.of(tag.Source)
	if s == nil {
		return false
	}
	t.change.Lock()
	defer t.change.Unlock()
	name := tag.Entity
	if tag.Customer != "" {
		name = customerMark(tag.Entity, tag.Customer)
	}
	s.mu.RLock()
	known := s.all[name]
	known.raise(s.floor)
	s.mu.RUnlock()
	if (erased && known.erasedShared >= seq) || (!erased && known.shared >= seq) {
		return false
	}
	n := t.number.Add(1)
	m := mark{local: n, shared: seq}
	if erased {
		m.erased, m.erasedShared = n, seq
	}
	s.note(tag, m)
	s.last.Store(n)
	return true
}

// shared notes under which shared number a change of this process was put into
// Redis; it is no change again.
func (t *tags) shared(tag Tag, erased bool, seq uint64) {
	if s := t.of(tag.Source); s != nil {
		m := mark{shared: seq}
		if erased {
			m.erasedShared = seq
		}
		s.note(tag, m)
	}
}
