package directory

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// slab is the index of one source: its records and what was computed from them
// once. It never changes. A record is known by the place it has, which it keeps: in
// a slab that was made whole they are in ascending order of their ids; those that
// came since (edit.go) are behind them, and those that went leave a gap.
type slab struct {
	recs vector[record]
	// keys is what a record's fiscal number says: "MD:IDNO:…" when valid, invalid
	// plus the number when not, "" when there is none.
	keys    vector[string]
	reasons vector[fiscal.Reason]
	folds   vector[string] // the names as they are sorted
	sorted  int32          // so many are in the order of their ids
	late    []int32        // the records behind them, in the order of their ids
	dead    []int32        // the gaps, ascending
	byKey   series[int32]  // the records that have a key, sorted by it and then by id
	// The rarer indexes are made when they are first asked for.
	codes, emails lazy[series[int32]]
	foreigners    lazy[series[entry]]
	inBlocks      lazy[*blocks]
}

// lazy is made when it is first asked for; a slab that follows another takes over
// what was made.
type lazy[T any] struct {
	once sync.Once
	made atomic.Pointer[T]
}

func (l *lazy[T]) get(make func() T) *T {
	l.once.Do(func() {
		if l.made.Load() == nil {
			v := make()
			l.made.Store(&v)
		}
	})
	return l.made.Load()
}

func (b *slab) byCode() *series[int32] {
	return b.codes.get(func() series[int32] { return b.sortedBy(b.code) })
}

func (b *slab) byEmail() *series[int32] {
	return b.emails.get(func() series[int32] { return b.sortedBy(b.email) })
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
	keys, reasons, folds := make([]string, len(recs)), make([]fiscal.Reason, len(recs)), make([]string, len(recs))
	var byKey []int32
	for i, r := range recs {
		folds[i] = fold(r.text(textName))
		keys[i], reasons[i] = keyOf(r, s, own)
		if keys[i] != "" {
			byKey = append(byKey, int32(i))
		}
	}
	slices.SortFunc(byKey, func(x, y int32) int {
		if c := strings.Compare(keys[x], keys[y]); c != 0 {
			return c
		}
		return int(x - y)
	})
	return &slab{recs: vectorOf(recs), keys: vectorOf(keys), reasons: vectorOf(reasons), folds: vectorOf(folds), sorted: int32(len(recs)), byKey: seriesOf(byKey)}
}

// size is how many records there are.
func (b *slab) size() int { return int(b.recs.n) - len(b.dead) }

// all yields the records in the order of their ids.
func (b *slab) all() iter.Seq2[int32, record] {
	return func(yield func(int32, record) bool) {
		late, dead := b.late, b.dead
		for i := range b.sorted {
			if len(dead) > 0 && dead[0] == i {
				dead = dead[1:]
				continue
			}
			r := b.recs.at(i)
			for len(late) > 0 && b.recs.at(late[0]).id() < r.id() {
				if !yield(late[0], b.recs.at(late[0])) {
					return
				}
				late = late[1:]
			}
			if !yield(i, r) {
				return
			}
		}
		for _, i := range late {
			if !yield(i, b.recs.at(i)) {
				return
			}
		}
	}
}

// list returns the records in the order of their ids.
func (b *slab) list() []record {
	if b == nil {
		return nil
	}
	if b.isTidy() {
		return b.recs.flat()
	}
	list := make([]record, 0, b.size())
	for _, r := range b.all() {
		list = append(list, r)
	}
	return list
}

// isTidy reports that the places of the records are in the order of their ids,
// without gaps.
func (b *slab) isTidy() bool { return len(b.dead) == 0 && b.sorted == b.recs.n }

// compare orders the records of two places by their ids.
func (b *slab) compare(i, j int32) int {
	if i == j || i < b.sorted && j < b.sorted {
		return cmp.Compare(i, j)
	}
	return strings.Compare(b.recs.at(i).id(), b.recs.at(j).id())
}

func (b *slab) isDead(i int32) bool {
	_, is := slices.BinarySearch(b.dead, i)
	return is
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

func (b *slab) key(i int32) string   { return b.keys.at(i) }
func (b *slab) code(i int32) string  { return b.recs.at(i).text(textCode) }
func (b *slab) email(i int32) string { return foldEmail(b.recs.at(i).text(textEmail)) }

// sortedBy returns the records that have a value, sorted by it and then by id.
func (b *slab) sortedBy(value func(int32) string) series[int32] {
	type valued struct {
		value string
		rec   int32
	}
	var all []valued
	for i := range b.all() {
		if v := value(i); v != "" {
			all = append(all, valued{v, i})
		}
	}
	slices.SortStableFunc(all, func(x, y valued) int { return strings.Compare(x.value, y.value) })
	list := make([]int32, len(all))
	for i := range all {
		list[i] = all[i].rec
	}
	return seriesOf(list)
}

// equal returns the part of a sorted index whose value is v. It is not to be changed.
func equal(index *series[int32], value func(int32) string, v string) []int32 {
	from := index.search(func(i int32) bool { return value(i) >= v })
	to := from
	for to < index.len() && value(index.at(to)) == v {
		to++
	}
	return index.between(from, to)
}

// find returns the record of an id, -1 when there is none.
func (b *slab) find(id string) int32 {
	n := int(b.sorted)
	if i := sort.Search(n, func(i int) bool { return b.recs.at(int32(i)).id() >= id }); i < n && b.recs.at(int32(i)).id() == id && !b.isDead(int32(i)) {
		return int32(i)
	}
	if i := sort.Search(len(b.late), func(i int) bool { return b.recs.at(b.late[i]).id() >= id }); i < len(b.late) && b.recs.at(b.late[i]).id() == id {
		return b.late[i]
	}
	return -1
}

// withKey returns the records whose key is k.
func (b *slab) withKey(k string) []int32 { return equal(&b.byKey, b.key, k) }

// withCode returns the records of a human code.
func (b *slab) withCode(code string) []int32 {
	if code == "" {
		return nil
	}
	return equal(b.byCode(), b.code, code)
}
