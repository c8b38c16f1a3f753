package odatafake

import "sync"

// Owned numbers the rows of a table whose records are computed from (owner, doc, sub): the rows of one owner lie side by
// side, so that whoever knows the owner knows where to look. It is filled at its first use, for a table nobody asks for
// should cost nothing.
type Owned struct {
	owners int
	fill   func(owner int, add func(doc, sub int))

	once  sync.Once
	pos   []Pos
	first []int32
}

// Pos is what a row stands for.
type Pos struct {
	Owner    int32
	Doc, Sub uint16
}

// Own returns the rows that fill adds for the owners 0 … owners, in that order.
func Own(owners int, fill func(owner int, add func(doc, sub int))) *Owned {
	return &Owned{owners: owners, fill: fill}
}

func (o *Owned) load() {
	o.once.Do(func() {
		o.first = make([]int32, o.owners+2)
		for i := 0; i <= o.owners; i++ {
			o.fill(i, func(doc, sub int) { o.pos = append(o.pos, Pos{Owner: int32(i), Doc: uint16(doc), Sub: uint16(sub)}) })
			o.first[i+1] = int32(len(o.pos))
		}
	})
}

// Len returns the number of rows.
func (o *Owned) Len() int {
	o.load()
	return len(o.pos)
}

// At returns what a row stands for.
func (o *Owned) At(row int) Pos {
	o.load()
	return o.pos[row]
}

// Rows returns the rows of an owner.
func (o *Owned) Rows(owner int) []int32 {
	o.load()
	if owner < 0 || owner > o.owners {
		return nil
	}
	rows := make([]int32, 0, 8)
	for r := o.first[owner]; r < o.first[owner+1]; r++ {
		rows = append(rows, r)
	}
	return rows
}

// Find returns the row of (owner, doc, sub), or -1.
func (o *Owned) Find(owner, doc, sub int) int {
	from, to := o.Range(owner, doc)
	for r := from; r < to; r++ {
		if o.pos[r].Sub == uint16(sub) {
			return r
		}
	}
	return -1
}

// Range returns the half-open range of rows of one document of an owner.
func (o *Owned) Range(owner, doc int) (from, to int) {
	o.load()
	if owner < 0 || owner > o.owners {
		return 0, 0
	}
	from, to = int(o.first[owner]), int(o.first[owner+1])
	for from < to && int(o.pos[from].Doc) != doc {
		from++
	}
	end := from
	for end < to && int(o.pos[end].Doc) == doc {
		end++
	}
	return from, end
}
