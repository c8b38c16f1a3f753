package mapping

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Kinds of problems, in plain words, as they stand in datasources.Problem. At fault is
// what leaves a column empty and is named in the row's Faults: see isFault. Of customers,
// which have none, texts and lists are what is said behind it.
const (
	AmbiguousDecimal = "ambiguous decimal"                   // "1.234" where no style is declared; at fault
	NotANumber       = "not a number"                        // at fault
	TooManyDigits    = "more digits than can be kept"        // more than 19; at fault
	TooExact         = "more decimals than the currency has" // kept as sent
	NoSuchDay        = "no such day"                         // 31.02.; at fault
	UnknownDate      = "date in no declared form"            // at fault
	WrongType        = "not of the expected type"            // at fault
	Undeclared       = "value that is not in its map"        // kept as sent
	NotInList        = "value the graph has not"             // an enumeration's; null
	UnknownCurrency  = "unknown currency"                    // amounts have the code XXX
	NoCurrency       = "amount without a currency"           // amounts have the code XXX
	UnknownCountry   = "unknown country"                     // null
	TextCut          = "text cut"                            // beyond MaxText; at fault, or cut
	TextRepaired     = "text that is not UTF-8, repaired"    // at fault, or signs replaced
	ListCut          = "list cut"                            // beyond MaxNested; at fault, or cut
	NotARecord       = "not a record"                        // left out
	NoKey            = "record without a key, left out"      // left out
	KeyTooLong       = "key too long, record left out"       // left out
	Computed         = "computed from the other amounts"     // total = net + tax, or tax = total - net
	Twice            = "member that is there twice"          // which is meant nobody knows; at fault
	NeverThere       = "none of its candidates occurs"       // in any record of a reading
)

// Tally counts what was met while records were read: one reading's, a page or a
// whole scan, in one goroutine. It also holds what the rows of the reading are made
// in. What stays of it is bounded by the columns and kinds.
type Tally struct {
	entity  string
	fields  []tallied
	records int
	record  int // number of the current record, from 1

	// Of the current record: the columns at fault, amounts that would have been made
	// of them, and whether its key is one.
	spoilt    []int
	lacking   []string
	isKeyless bool
	// What the last record with any had, and the last record of a list within one.
	last, lastInside told

	levels   [maxLevels]members
	arena    arena
	currency lastCurrency
	scratch  []byte // of one text
}

// told is what was said of a record that has something at fault.
type told struct {
	spoilt  []int
	lacking []string
	faults  *schema.Faults
}

// tallied is one column's part of a Tally.
type tallied struct {
	name     string
	paths    []Path
	looked   int   // records looked at
	seen     int   // of these, how many had one of the paths
	by       []int // the same for each path
	problems []count
	last     string  // text of the column
	spoilt   *spoilt // by a fault in it, nil = nothing
}

type count struct {
	kind  string
	n     int // since it was last taken by a Ledger
	total int
	last  int // the record it was last counted in
}

// Records is how many records were read.
func (t *Tally) Records() int { return t.records }

// note counts a problem, once for each record.
func (t *Tally) note(field int, kind string) {
	f := &t.fields[field]
	if f.spoilt != nil && isFault(kind) {
		t.spoil(field)
	}
	for i := range f.problems {
		c := &f.problems[i]
		if c.kind != kind {
			continue
		}
		if c.last != t.record {
			c.n++
			c.total++
			c.last = t.record
		}
		return
	}
	f.problems = append(f.problems, count{kind: kind, n: 1, total: 1, last: t.record})
}

// Absent notes each column none of whose candidates occurred, with the number of
// records looked at. Call it at the end of a whole reading.
func (t *Tally) Absent() {
	for i := range t.fields {
		f := &t.fields[i]
		if len(f.paths) > 0 && f.looked > 0 && f.seen == 0 {
			f.problems = append(f.problems, count{kind: NeverThere, n: f.looked, total: f.looked})
		}
	}
}

// Coverage is what one column looked like in the records that were read.
type Coverage struct {
	Field   string   // "total", "lines.sku"
	Paths   []string // the candidates, in their order
	Path    string   // the candidate that occurred most, "" = none did
	Records int      // records looked at; of a nested column the elements
	Seen    int      // of these, how many had the candidate
	// Candidates are all that occurred, in the config's order. A record in which one
	// was taken is not looked at for those behind it.
	Candidates []Candidate
	// IsConstant: the column has no candidates.
	IsConstant bool
	// Problems tells how many records had each kind of problem.
	Problems map[string]int
}

// Unread is in how many records the column was there and became null, since what
// stood there could not be read.
func (c *Coverage) Unread() int {
	n := 0
	for _, kind := range []string{AmbiguousDecimal, NotANumber, NoSuchDay, UnknownDate, WrongType, Twice} {
		n += c.Problems[kind]
	}
	return n
}

// Candidate is one path of a column and in how many records it occurred.
type Candidate struct {
	Path string
	Seen int
}

// Coverage reports on every column with candidates, in the order of their names.
func (t *Tally) Coverage() []Coverage {
	var list []Coverage
	for i := range t.fields {
		f := &t.fields[i]
		if len(f.paths) == 0 && len(f.problems) == 0 {
			continue
		}
		c := Coverage{Field: f.name, Records: f.looked, IsConstant: len(f.paths) == 0, Problems: map[string]int{}}
		for j, n := range f.by {
			c.Paths = append(c.Paths, f.paths[j].String())
			if n > 0 {
				c.Candidates = append(c.Candidates, Candidate{Path: f.paths[j].String(), Seen: n})
			}
			if n > c.Seen {
				c.Path, c.Seen = f.paths[j].String(), n
			}
		}
		for _, p := range f.problems {
			c.Problems[p.kind] += p.total
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b Coverage) int { return cmp.Compare(a.Field, b.Field) })
	return list
}

// Ledger keeps the problems of a source. It is safe for concurrent use; the zero
// value is not usable, see NewLedger.
type Ledger struct {
	now func() time.Time

	mu sync.Mutex // guards all
	// Bounded by the columns and kinds.
	all map[problemKey]*datasources.Problem
}

type problemKey struct{ entity, field, kind string }

// NewLedger makes an empty ledger; a nil clock is time.Now.
func NewLedger(now func() time.Time) *Ledger {
	if now == nil {
		now = time.Now
	}
	return &Ledger{now: now, all: map[problemKey]*datasources.Problem{}}
}

// Restart forgets an entity's problems, as a new reading of all its records
// begins.
func (l *Ledger) Restart(entity string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := range l.all {
		if k.entity == entity {
			delete(l.all, k)
		}
	}
}

// Take adds what a tally counted since it was last taken.
func (l *Ledger) Take(t *Tally) {
	for i := range t.fields {
		f := &t.fields[i]
		for j := range f.problems {
			if c := &f.problems[j]; c.n > 0 {
				l.Add(t.entity, f.name, c.kind, c.n)
				c.n = 0
			}
		}
	}
}

// Add counts a problem that is not a record's own: a page that came twice. kind
// is a constant; field may be "".
func (l *Ledger) Add(entity, field, kind string, n int) {
	k := problemKey{entity, field, kind}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.all[k]
	if p == nil {
		p = &datasources.Problem{Entity: entity, Field: field, Kind: kind}
		l.all[k] = p
	}
	p.Count += n
	p.LastAt = l.now()
}

// Problems implements datasources.Reporter for the source that has the ledger.
func (l *Ledger) Problems() []datasources.Problem {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]datasources.Problem, 0, len(l.all))
	for _, p := range l.all {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b datasources.Problem) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}
