package directory

import (
	"cmp"
	"context"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/trama-graph/trama/schema"
)

// surveyed are the fields whose values are compared between systems.
var surveyed = [...]string{"name", "legalName", "taxId", "country", "email", "phone"}

// survey is what the sources say about the same customers, counted in one pass over
// all of them when it is first asked for.
type survey struct {
	once   sync.Once
	differ []uint8 // customer → bit by surveyed field: his records disagree
	sets   map[uint64]int
	pairs  map[[2]int32]*[len(surveyed)]agreement
}

type agreement struct{ agree, disagree, onlyA, onlyB int }

// maxSurveyed bounds the sources that are compared with each other.
const maxSurveyed = 64

func (s *snapshot) surveyed() *survey {
	s.survey.once.Do(func() {
		n := int(s.customers())
		s.survey.differ = make([]uint8, n)
		parts := make([]survey, runtime.GOMAXPROCS(0))
		var wait sync.WaitGroup
		for i := range parts {
			p := &parts[i]
			p.sets, p.pairs, p.differ = map[uint64]int{}, map[[2]int32]*[len(surveyed)]agreement{}, s.survey.differ
			wait.Go(func() {
				for c := n * i / len(parts); c < n*(i+1)/len(parts); c++ {
					s.surveyOf(int32(c), p)
				}
			})
		}
		wait.Wait()
		all := &s.survey
		all.sets, all.pairs = map[uint64]int{}, map[[2]int32]*[len(surveyed)]agreement{}
		for i := range parts {
			for k, v := range parts[i].sets {
				all.sets[k] += v
			}
			for k, v := range parts[i].pairs {
				if all.pairs[k] == nil {
					all.pairs[k] = &[len(surveyed)]agreement{}
				}
				for f, a := range v {
					t := &all.pairs[k][f]
					t.agree, t.disagree, t.onlyA, t.onlyB = t.agree+a.agree, t.disagree+a.disagree, t.onlyA+a.onlyA, t.onlyB+a.onlyB
				}
			}
		}
	})
	return &s.survey
}

// surveyOf counts one customer.
func (s *snapshot) surveyOf(c int32, p *survey) {
	recs := s.of(c)
	var firsts []int32 // the first living record of each source
	set := uint64(0)
	for _, rec := range recs {
		src := s.sourceOf(rec)
		if s.rec(rec).isDeleted() || src >= maxSurveyed || set&(1<<src) != 0 {
			continue
		}
		set |= 1 << src
		firsts = append(firsts, rec)
	}
	if set != 0 {
		p.sets[set]++
	}
	if len(recs) < 2 {
		return
	}
	values := make([]string, len(recs))
	for f, field := range surveyed {
		first, differ := "", false
		for i, rec := range recs {
			values[i] = s.comparable(field, rec)
			if v := values[i]; v != "" && !s.rec(rec).isDeleted() {
				if first == "" {
					first = v
				}
				differ = differ || v != first
			}
		}
		if differ {
			p.differ[c] |= 1 << f
		}
		for i, a := range firsts {
			for _, b := range firsts[i+1:] {
				k := [2]int32{s.sourceOf(a), s.sourceOf(b)}
				if p.pairs[k] == nil {
					p.pairs[k] = &[len(surveyed)]agreement{}
				}
				t := &p.pairs[k][f]
				switch va, vb := values[slices.Index(recs, a)], values[slices.Index(recs, b)]; {
				case va == "" && vb == "":
				case vb == "":
					t.onlyA++
				case va == "":
					t.onlyB++
				case va == vb:
					t.agree++
				default:
					t.disagree++
				}
			}
		}
	}
}

// eachValueConflict calls f with every conflict about a value, customer by
// customer.
func (s *snapshot) eachValueConflict(ctx context.Context, in scope, f func(key func() string, c *conflict) error) error {
	visit := func(c int32, mask uint8) error {
		for i, field := range surveyed {
			if mask&(1<<i) == 0 {
				continue
			}
			x := s.differing(s.of(c), field)
			if x == nil || !in.has(s, x) {
				continue
			}
			if err := f(func() string { return s.conflictKey(x.kind, x.field, x.recs) }, x); err != nil {
				return err
			}
		}
		return nil
	}
	if in.customer >= 0 {
		return visit(in.customer, 0xff)
	}
	for c, mask := range s.surveyed().differ {
		if mask == 0 {
			continue
		}
		if err := visit(int32(c), mask); err != nil {
			return err
		}
		if c&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// Duplicates answers which customers are kept in several systems, how many, where
// the systems disagree, and what was typed in twice inside one.
type Duplicates struct {
	AsOf      time.Time // of the oldest index
	Records   int       // living ones
	Customers int
	Sets      []SourceSet // the most customers first
	Pairs     []Overlap   // in the order of sources
	Inside    []InSource  // in the order of sources
}

// SourceSet is how many customers are in exactly these sources.
type SourceSet struct {
	Sources   []string
	Customers int
}

// Overlap is what two sources have in common.
type Overlap struct {
	A, B      string
	Customers int // in both
	Fields    []FieldAgreement
}

// FieldAgreement counts the common customers of two sources by what they say about
// a field; ways of writing apart. Those of whom neither says anything are in none
// of the counts.
type FieldAgreement struct {
	Field                         string // SDL field name
	Agree, Disagree, OnlyA, OnlyB int
}

// InSource is what one source has more than once.
type InSource struct {
	Source  string
	Records int // living ones
	// SameNumber are the groups of records with one fiscal number
	// (DUPLICATE_IN_SOURCE), and how many records they are.
	SameNumber, SameNumberRecords int
	// SameName are the pairs that R5 suggests inside the source.
	SameName int
}

// Duplicates counts over all customers. The first call after a change of the
// directory looks at every record (about a second for 500,000), the next are free.
// The pairs themselves are ConflictsPage with DUPLICATE_IN_SOURCE and VALUE_CONFLICT,
// and Suggestions with Inside.
func (d *Directory) Duplicates(ctx context.Context) (Duplicates, error) {
	s := d.snapshot.Load()
	if err := d.filling(s); err != nil {
		return Duplicates{}, err
	}
	v := s.surveyed()
	x := Duplicates{AsOf: d.age(s).AsOf, Customers: int(s.customers())}
	for set, n := range v.sets {
		y := SourceSet{Customers: n}
		for ; set != 0; set &= set - 1 {
			y.Sources = append(y.Sources, s.cfg.Sources[bits.TrailingZeros64(set)].Name)
		}
		x.Sets = append(x.Sets, y)
	}
	slices.SortFunc(x.Sets, func(a, b SourceSet) int {
		return cmp.Or(cmp.Compare(b.Customers, a.Customers), slices.Compare(a.Sources, b.Sources))
	})
	for a := range s.cfg.Sources {
		for b := a + 1; b < len(s.cfg.Sources); b++ {
			if p := v.pairs[[2]int32{int32(a), int32(b)}]; p != nil {
				x.Pairs = append(x.Pairs, s.overlap(int32(a), int32(b), p, v))
			}
		}
	}
	inside, err := s.inside(ctx)
	x.Inside = inside
	for _, y := range inside {
		x.Records += y.Records
	}
	return x, err
}

func (s *snapshot) overlap(a, b int32, p *[len(surveyed)]agreement, v *survey) Overlap {
	o := Overlap{A: s.cfg.Sources[a].Name, B: s.cfg.Sources[b].Name}
	for set, n := range v.sets {
		if set&(1<<a) != 0 && set&(1<<b) != 0 {
			o.Customers += n
		}
	}
	for f, t := range p {
		o.Fields = append(o.Fields, FieldAgreement{surveyed[f], t.agree, t.disagree, t.onlyA, t.onlyB})
	}
	return o
}

// inside counts what the sources have twice in themselves.
func (s *snapshot) inside(ctx context.Context) ([]InSource, error) {
	list := make([]InSource, len(s.cfg.Sources))
	for i := range list {
		list[i].Source, list[i].Records = s.cfg.Sources[i].Name, s.counts[i].records
	}
	for i := range s.conflicts {
		if c := &s.conflicts[i]; c.kind == schema.ConflictDuplicateInSource {
			bySource := map[int32]int{}
			for _, rec := range c.recs {
				bySource[s.sourceOf(rec)]++
			}
			for src, n := range bySource {
				if n > 1 {
					list[src].SameNumber++
					list[src].SameNumberRecords += n
				}
			}
		}
	}
	pairs, _, err := s.suggested(ctx)
	if err != nil {
		return nil, err
	}
	for i := range pairs {
		if src := s.sourceOf(pairs[i].a); src == s.sourceOf(pairs[i].b) {
			list[src].SameName++
		}
	}
	return slices.DeleteFunc(list, func(x InSource) bool { return x.Records == 0 }), nil
}
