package store

import (
	"fmt"
	"hash/maphash"
	"math"
	"strconv"
	"sync"

	"github.com/trama-graph/trama/datasources/copies"
)

// A filtered list in the order of keys can be read in two ways: what the filter's index
// finds is sorted, for each page anew, or the rows are walked by key and judged one by
// one. Of m rows that are found, of n there are, in pages of p, the first costs m*m/p in
// all and the second n. SQLite does not know how many rows a filter finds, and mostly
// takes the first: a month of a large table would be sorted a hundred times.

// walkLeast is how many rows are always sorted.
const walkLeast = 4096

// walksKept is how many filters are remembered with the way they are read.
const walksKept = 256

// walks remembers how filters are read, from a list's first page to its others. It is
// safe for concurrent use.
type walks struct {
	seed maphash.Seed

	mu   sync.Mutex // guards what follows
	many map[uint64]bool
}

func newWalks() *walks { return &walks{seed: maphash.MakeSeed(), many: map[uint64]bool{}} }

// of names a filter. Two that have one name are read alike, no more.
func (w *walks) of(q *copyQuery) uint64 {
	var h maphash.Hash
	h.SetSeed(w.seed)
	fmt.Fprint(&h, q.where.sql.String(), "\x00", q.first)
	for _, a := range q.where.args {
		fmt.Fprintf(&h, "\x00%v", a)
	}
	return h.Sum64()
}

func (w *walks) get(of uint64) (many, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	many, known = w.many[of]
	return many, known
}

func (w *walks) set(of uint64, many bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.many) >= walksKept {
		clear(w.many)
	}
	w.many[of] = many
}

// walk lets a filtered list in the order of keys be walked where its filter finds many of
// the rows there are. They are counted for its first page.
func (c *liteConn) walk(q *copyQuery, a *copies.Ask, rows int64) error {
	if !q.isWalkable(a.Where) {
		return nil
	}
	of := c.walks.of(q)
	many, known := c.walks.get(of)
	if !known || a.After == nil {
		most := max(walkLeast, int64(math.Sqrt(float64(max(rows, 0))*float64(q.first))))
		if many = rows > most; many {
			var n int64
			text := "SELECT count(*) FROM (SELECT 1 FROM " + q.from + " WHERE " + q.where.sql.String() + " LIMIT " + strconv.FormatInt(most+1, 10) + ")"
			if err := c.each(text, q.where.args, func(st *liteStmt) error { n = c.int(st, 0); return nil }); err != nil {
				return err
			}
			many = n > most
		}
		c.walks.set(of, many)
	}
	if many {
		q.walk = " INDEXED BY copy_rows_key"
	}
	return nil
}
