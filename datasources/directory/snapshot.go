package directory

import (
	"sort"
	"strings"
	"sync"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
	"github.com/trama-graph/trama/schema"
)

// snapshot is everything a reader needs, at one moment. It never changes. Records
// are numbered through all sources, in the order of the sources' authority and
// then of their ids: the number is a total order that no arrival has a part in.
type snapshot struct {
	cfg   *setup
	slabs []*slab // by source; nil when never read
	base  []int32 // number of a source's first record; one more at the end

	decisions map[pair]Decision
	kept      map[RecordRef][]Kept

	cluster []int32 // record → customer
	start   []int32 // customer → its first place in members; one more at the end
	members []int32 // records, grouped by customer, ascending

	conflicts   []conflict
	conflictsOf []recordConflict // by record
	ambiguous   []ambiguity      // by record and source

	crosswalk
	key        []int32 // customer → golden id
	customerOf []int32 // golden id → customer, -1 when it has no records

	lists
	counts []count // by source

	shared map[string]bool // fiscal numbers, valid or not, that too many records have

	// Made when they are first asked for.
	suggestions struct {
		sync.Once
		list  []candidate
		stats SuggestStats
	}
	survey survey
}

// crosswalk is the part of a snapshot with a history: the golden ids and which
// record has which.
type crosswalk struct {
	ids    *ids
	golden []int32 // record → golden id
	origin []int32 // record → the golden id it first had
	ghosts map[RecordRef]ghost
}

// ghost is a record its source no longer has.
type ghost struct{ golden, origin int32 }

// ids are the golden ids by age. It never changes.
type ids struct {
	rows []Golden // rows[i].Seq == i+1
	byID map[string]int32
	// added are the newest of them, which byID does not have.
	added map[string]int32
}

// root follows the aliases.
func (x *ids) root(g int32) int32 {
	for x.rows[g].MergedInto != 0 {
		g = int32(x.rows[g].MergedInto - 1)
	}
	return g
}

// pair is two records, the lesser first.
type pair [2]RecordRef

func pairOf(a, b RecordRef) pair {
	if c := strings.Compare(a.Source, b.Source); c > 0 || c == 0 && a.RecordID > b.RecordID {
		a, b = b, a
	}
	return pair{a, b}
}

// conflict is a disagreement the linker met.
type conflict struct {
	kind  schema.ConflictKind
	field string
	recs  []int32 // ascending
}

type recordConflict struct{ rec, conflict int32 }

// ambiguity says that several records of a source could be a record's customer.
type ambiguity struct{ rec, source int32 }

// count is how a source's live records are joined.
type count struct{ records, linked, ambiguous int }

func (s *snapshot) size() int32 { return s.base[len(s.base)-1] }

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
	return s.slabs[src].recs[rec-s.base[src]]
}

func (s *snapshot) keyOf(rec int32) string {
	src := s.sourceOf(rec)
	return s.slabs[src].keys[rec-s.base[src]]
}

func (s *snapshot) reasonOf(rec int32) fiscal.Reason {
	src := s.sourceOf(rec)
	return s.slabs[src].reasons[rec-s.base[src]]
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
func (s *snapshot) of(customer int32) []int32 {
	return s.members[s.start[customer]:s.start[customer+1]]
}

func (s *snapshot) customers() int32 { return int32(len(s.start) - 1) }

// customer returns the customer of a golden id or alias, -1 when there is none.
func (s *snapshot) customer(key string) int32 {
	g, ok := s.ids.find(key)
	if !ok {
		return -1
	}
	return s.customerOf[s.ids.root(g)]
}

// id returns the golden id of a customer.
func (s *snapshot) id(customer int32) string { return s.ids.rows[s.key[customer]].ID }

// isAmbiguous reports whether several records of a source could be a record's.
func (s *snapshot) isAmbiguous(rec, src int32) bool {
	i := sort.Search(len(s.ambiguous), func(i int) bool {
		a := s.ambiguous[i]
		return a.rec > rec || a.rec == rec && a.source >= src
	})
	return i < len(s.ambiguous) && s.ambiguous[i] == ambiguity{rec, src}
}
