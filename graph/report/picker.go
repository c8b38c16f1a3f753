package report

import (
	"slices"

	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

// cellsHeld is how many cells of the answer are handed to a writer at once, at least.
const cellsHeld = 4096

// picker writes the rows of the answer that come in its order.
type picker struct {
	judge *judge
	runs  []columns // of the answer
	w     output.Writer
	out   []schema.Value
	skip  int64 // rows still to be left out
	left  int64 // rows still wanted; -1: all
	given int64

	isHeld  bool    // rows are written by flushUntil only, and may be taken back
	row     int64   // the number of the row under way, where they are held
	numbers []int64 // of the rows in out, ascending
}

// columns stand side by side in a row, and in the answer.
type columns struct{ from, to int }

func (r *Report) picker(rd *reading, m mark, given int64, w output.Writer) *picker {
	p := &picker{judge: r.judge(rd, m.scanned), w: w, skip: m.skip, left: r.left(given)}
	for _, c := range r.question.Select {
		at := rd.at[c]
		if n := len(p.runs); n > 0 && p.runs[n-1].to == at {
			p.runs[n-1].to++
			continue
		}
		p.runs = append(p.runs, columns{at, at + 1})
	}
	return p
}

// left is how many rows $top leaves behind those that were given; -1 without it.
func (r *Report) left(given int64) int64 {
	if r.question.Top < 0 {
		return -1
	}
	return max(0, r.question.Top-given)
}

// add takes a row, which is not kept. It ends with errEnough behind the last one that is
// wanted.
func (p *picker) add(row []schema.Value) error {
	if ok, err := p.judge.is(row); err != nil || !ok {
		return err
	}
	if p.skip > 0 {
		p.skip--
		return nil
	}
	for _, c := range p.runs {
		p.out = append(p.out, row[c.from:c.to]...)
	}
	p.given++
	if p.isHeld {
		p.numbers = append(p.numbers, p.row)
	} else if len(p.out) >= cellsHeld {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.left > 0 {
		if p.left--; p.left == 0 {
			return errEnough
		}
	}
	return nil
}

// flush writes what is held.
func (p *picker) flush() error {
	if len(p.out) == 0 {
		return nil
	}
	err := p.w.Rows(p.out)
	p.out, p.numbers = p.out[:0], p.numbers[:0]
	return err
}

// flushUntil writes the rows held up to a number.
func (p *picker) flushUntil(number int64) error {
	n := p.until(number)
	if n == 0 {
		return nil
	}
	cells := n * (len(p.out) / len(p.numbers))
	err := p.w.Rows(p.out[:cells])
	p.out = p.out[:copy(p.out, p.out[cells:])]
	p.numbers = p.numbers[:copy(p.numbers, p.numbers[n:])]
	return err
}

// dropFrom takes back the rows held from a number on.
func (p *picker) dropFrom(number int64) {
	n := p.until(number - 1)
	dropped := len(p.numbers) - n
	if dropped == 0 {
		return
	}
	p.out = p.out[:n*(len(p.out)/len(p.numbers))]
	p.numbers = p.numbers[:n]
	p.given -= int64(dropped)
	if p.left >= 0 {
		p.left += int64(dropped)
	}
}

// givenUntil is how many rows were given up to a number, written or held.
func (p *picker) givenUntil(number int64) int64 {
	return p.given - int64(len(p.numbers)-p.until(number))
}

// until is how many of the rows held have a number, or one before it.
func (p *picker) until(number int64) int {
	n, _ := slices.BinarySearch(p.numbers, number+1)
	return n
}
