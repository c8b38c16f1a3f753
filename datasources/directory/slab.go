package directory

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// slab is the index of one source: its records in ascending order of their ids,
// and what was computed from them once. It never changes.
type slab struct {
	recs []record
	// keys is what a record's fiscal number says: "MD:IDNO:…" when valid, invalid
	// plus the number when not, "" when there is none.
	keys    []string
	reasons []fiscal.Reason
	folds   []string // the names as they are sorted
	byKey   []int32  // the records that have a key, sorted by it
	// The rarer indexes are made when they are first asked for.
	codes, emails lazy[[]int32]
	foreigners    lazy[[]entry]
	inBlocks      lazy[*blocks]
}

// lazy is made when it is first asked for; a slab that follows another takes over
// what was made.
type lazy[T any] struct {
	once sync.Once
	made atomic.Pointer[T]
}

func (l *lazy[T]) get(make func() T) T {
	l.once.Do(func() {
		if l.made.Load() == nil {
			v := make()
			l.made.Store(&v)
		}
	})
	return *l.made.Load()
}

func (b *slab) byCode() []int32 {
	return b.codes.get(func() []int32 { return b.sortedBy(b.code) })
}

func (b *slab) byEmail() []int32 {
	return b.emails.get(func() []int32 { return b.sortedBy(b.email) })
}

// invalid marks a number that never matches. It sorts before every country.
const invalid = "?:"

// chunk is the size of the pieces records are kept in.
const chunk = 1 << 20

// arena keeps packed records in large pieces.
type arena struct{ b *strings.Builder }

func (a *arena) put(packed []byte) record {
	if a.b == nil || a.b.Cap()-a.b.Len() < len(packed) {
		a.b = &strings.Builder{}
		a.b.Grow(max(chunk, len(packed)))
	}
	at := a.b.Len()
	a.b.Write(packed) // within the capacity: what was given out does not move
	return record(a.b.String()[at:])
}

// newSlab takes records sorted by id, without repeats.
func newSlab(recs []record, s *SourceConfig, own map[string]bool) *slab {
	b := &slab{
		recs: recs, keys: make([]string, len(recs)), reasons: make([]fiscal.Reason, len(recs)), folds: make([]string, len(recs)),
	}
	for i, r := range recs {
		b.folds[i] = fold(r.text(textName))
		b.keys[i], b.reasons[i] = keyOf(r, s, own)
		if b.keys[i] != "" {
			b.byKey = append(b.byKey, int32(i))
		}
	}
	b.byKey = slices.Clip(b.byKey)
	slices.SortFunc(b.byKey, func(x, y int32) int {
		if c := strings.Compare(b.keys[x], b.keys[y]); c != 0 {
			return c
		}
		return int(x - y)
	})
	return b
}

// keyOf understands a record's fiscal number. The company's own number says
// nothing about anybody.
func keyOf(r record, s *SourceConfig, own map[string]bool) (string, fiscal.Reason) {
	id := taxIDOf(r, s)
	switch {
	case id.Valid && own[id.CompanyKey], id.Reason == fiscal.Absent:
		return "", fiscal.Absent
	case id.Valid:
		return id.CompanyKey, fiscal.None
	}
	return invalid + id.Value, id.Reason
}

func taxIDOf(r record, s *SourceConfig) fiscal.ID {
	number := r.text(textTaxID)
	if number == "" {
		return fiscal.ID{Reason: fiscal.Absent}
	}
	country := r.text(textCountry)
	if country == "" {
		country = s.Country
	}
	return fiscal.Parse(country, number)
}

func (b *slab) code(i int32) string  { return b.recs[i].text(textCode) }
func (b *slab) email(i int32) string { return foldEmail(b.recs[i].text(textEmail)) }

// sortedBy returns the records that have a value, sorted by it and then by id.
func (b *slab) sortedBy(value func(int32) string) []int32 {
	type valued struct {
		value string
		rec   int32
	}
	var all []valued
	for i := range b.recs {
		if v := value(int32(i)); v != "" {
			all = append(all, valued{v, int32(i)})
		}
	}
	slices.SortFunc(all, func(x, y valued) int { return cmp.Or(strings.Compare(x.value, y.value), cmp.Compare(x.rec, y.rec)) })
	list := make([]int32, len(all))
	for i := range all {
		list[i] = all[i].rec
	}
	return list
}

// equal returns the part of a sorted index whose value is v.
func equal(index []int32, value func(int32) string, v string) []int32 {
	from := sort.Search(len(index), func(i int) bool { return value(index[i]) >= v })
	to := from
	for to < len(index) && value(index[to]) == v {
		to++
	}
	return index[from:to]
}

// find returns the record of an id, -1 when there is none.
func (b *slab) find(id string) int32 {
	i := sort.Search(len(b.recs), func(i int) bool { return b.recs[i].id() >= id })
	if i < len(b.recs) && b.recs[i].id() == id {
		return int32(i)
	}
	return -1
}

// withKey returns the records whose key is k.
func (b *slab) withKey(k string) []int32 {
	return equal(b.byKey, func(i int32) string { return b.keys[i] }, k)
}

// withCode returns the records of a human code.
func (b *slab) withCode(code string) []int32 {
	if code == "" {
		return nil
	}
	return equal(b.byCode(), b.code, code)
}
