package directory

import (
	"cmp"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
	"github.com/trama-graph/trama/schema"
)

// snapshot is everything a reader needs, at one moment. It never changes. Records
// have a number, by their source, in the order of the sources' authority, and their
// place there (slab). In a snapshot that was made whole, or put in order (tidy.go),
// the numbers of the records ascend with their ids, and those of the customers with
// their least records: a total order that no arrival has a part in. Changes patch a
// snapshot (patch.go), and then numbers stay: who comes is put behind the others.
// compare tells the order of records always; and the records of one customer always
// have ascending numbers.
type snapshot struct {
	cfg   *setup
	slabs []*slab // by source; nil when never read
	base  []int32 // number of a source's first record, with room behind the last; one more at the end

	decisions map[pair]Decision
	kept      map[RecordRef][]Kept

	cluster vector[int32]   // record → customer; -1 where none is
	members vector[[]int32] // customer → records, ascending

	conflicts   []conflict
	conflictsOf series[recordConflict] // by record
	ambiguous   series[ambiguity]      // by record and source

	crosswalk
	key        vector[int32] // customer → golden id
	customerOf vector[int32] // golden id → customer, -1 when it has no records

	lists
	counts []count // by source

	shared map[string]bool // fiscal numbers, valid or not, that too many records have

	// isPatched tells that numbers may be out of order.
	isPatched bool
	// isMixed tells that some customer's records are: it is put in order before it is
	// shown.
	isMixed bool

	// Made when they are first asked for.
	suggestions struct {
		sync.Once
		list  []candidate
		stats SuggestStats
	}
	survey  survey
	recent  recent // pages of lists
	changes changedOrder
}

// crosswalk is the part of a snapshot with a history: the golden ids and which
// record has which.
type crosswalk struct {
	ids    *ids
	golden vector[int32] // record → golden id; -1 where none is
	origin vector[int32] // record → the golden id it first had
	ghosts map[RecordRef]ghost
}

// ghost is a record its source no longer has.
type ghost struct{ golden, origin int32 }

// ids are the golden ids by age. It never changes.
type ids struct {
	rows vector[Golden] // of row i the Seq is i+1
	byID map[string]int32
	// added are the newest of them, which byID does not have.
	added map[string]int32
	// latest is the last moment that was given, zero = it must be looked for.
	latest time.Time
}

// root follows the aliases.
func (x *ids) root(g int32) int32 {
	for {
		into := x.rows.ref(g).MergedInto
		if into == 0 {
			return g
		}
		g = int32(into - 1)
	}
}

// id returns the id of a number.
func (x *ids) id(g int32) string { return x.rows.ref(g).ID }

// pair is two records, the lesser first.
type pair [2]RecordRef

func pairOf(a, b RecordRef) pair {
	if c := strings.Compare(a.Source, b.Source); c > 0 || c == 0 && a.RecordID > b.RecordID {
		a, b = b, a
	}
	return pair{a, b}
}

// conflict is a disagreement the linker met. It is one word, since a change of the
// directory copies the list of them.
type conflict struct{ *clash }

type clash struct {
	kind  schema.ConflictKind
	field string
	recs  []int32 // in the order of compare
}

type recordConflict struct {
	rec int32
	conflict
}

// ambiguity says that several records of a source could be a record's customer.
type ambiguity struct{ rec, source int32 }

// count is how a source's live records are joined.
type count struct{ records, linked, ambiguous int }

// size is the number behind that of the last record.
func (s *snapshot) size() int32 { return s.base[len(s.base)-1] }

// total is how many records there are.
func (s *snapshot) total() (n int) {
	for _, b := range s.slabs {
		if b != nil {
			n += b.size()
		}
	}
	return n
}

// records yields the numbers of all records in the order of compare.
func (s *snapshot) records() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for src, b := range s.slabs {
			if b == nil {
				continue
			}
			for i := range b.all() {
				if !yield(s.base[src] + i) {
					return
				}
			}
		}
	}
}

// compare orders two records by their sources and ids.
func (s *snapshot) compare(a, b int32) int {
	if !s.isPatched || a == b {
		return cmp.Compare(a, b)
	}
	src := s.sourceOf(a)
	if b < s.base[src] || b >= s.base[src+1] {
		return cmp.Compare(a, b)
	}
	return s.slabs[src].compare(a-s.base[src], b-s.base[src])
}

// sourceOf returns the source of a record.
func (s *snapshot) sourceOf(rec int32) int32 {
	src := int32(0)
	for s.base[src+1] <= rec {
		src++
	}
	return src
}

func (s *snapshot) rec(rec int32) record {
	src := s.sourceOf(rec)
	return s.slabs[src].recs.at(rec - s.base[src])
}

func (s *snapshot) keyOf(rec int32) string {
	src := s.sourceOf(rec)
	return s.slabs[src].keys.at(rec - s.base[src])
}

func (s *snapshot) reasonOf(rec int32) fiscal.Reason {
	src := s.sourceOf(rec)
	return s.slabs[src].reasons.at(rec - s.base[src])
}

// folded is a record's name as it is sorted.
func (s *snapshot) folded(rec int32) string {
	src := s.sourceOf(rec)
	return s.slabs[src].folds.at(rec - s.base[src])
}

func (s *snapshot) refOf(rec int32) RecordRef {
	return RecordRef{Source: s.cfg.Sources[s.sourceOf(rec)].Name, RecordID: s.rec(rec).id()}
}

// source returns the number of a source, -1 when it is not configured.
func (s *snapshot) source(name string) int32 {
	for i := range s.cfg.Sources {
		if s.cfg.Sources[i].Name == name {
			return int32(i)
		}
	}
	return -1
}

// find returns the number of a record, -1 when there is none.
func (s *snapshot) find(ref RecordRef) int32 {
	return s.findIn(s.source(ref.Source), ref.RecordID)
}

func (s *snapshot) findIn(src int32, id string) int32 {
	if src < 0 || s.slabs[src] == nil {
		return -1
	}
	if i := s.slabs[src].find(id); i >= 0 {
		return s.base[src] + i
	}
	return -1
}

// of returns the records of a customer.
func (s *snapshot) of(customer int32) []int32 { return s.members.at(customer) }

func (s *snapshot) customers() int32 { return s.members.n }

// customer returns the customer of a golden id or alias, -1 when there is none.
func (s *snapshot) customer(key string) int32 {
	g, ok := s.ids.find(key)
	if !ok {
		return -1
	}
	return s.customerOf.at(s.ids.root(g))
}

// id returns the golden id of a customer.
func (s *snapshot) id(customer int32) string { return s.ids.id(s.key.at(customer)) }

// isAmbiguous reports whether several records of a source could be a record's.
func (s *snapshot) isAmbiguous(rec, src int32) bool {
	i := s.ambiguous.search(func(a ambiguity) bool { return a.rec > rec || a.rec == rec && a.source >= src })
	return i < s.ambiguous.len() && s.ambiguous.at(i) == ambiguity{rec, src}
}

// isDoubted reports whether a record is in doubt in any source.
func (s *snapshot) isDoubted(rec int32) bool {
	i := s.ambiguous.search(func(a ambiguity) bool { return a.rec >= rec })
	return i < s.ambiguous.len() && s.ambiguous.at(i).rec == rec
}
