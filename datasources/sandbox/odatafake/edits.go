package odatafake

import "maps"

// Edits are what was done to a table since it was made, by row: a server that is
// edited shows another state, and the ones it showed before stay as they were. The
// zero value is none.
type Edits struct {
	values map[int]map[string]Value
	gone   map[int]bool
}

// On lays the values over a table that is not finished.
func (e Edits) On(t *Table) {
	if len(e.values) == 0 {
		return
	}
	for _, c := range t.Columns {
		get := c.Get
		c.Get = func(row int) Value {
			if v, ok := e.values[row][c.Name]; ok {
				return v
			}
			return get(row)
		}
	}
}

// With returns the edits with some values of a row replaced.
func (e Edits) With(row int, values map[string]Value) Edits {
	own := maps.Clone(e.values[row])
	if own == nil {
		own = map[string]Value{}
	}
	maps.Copy(own, values)
	if e.values = maps.Clone(e.values); e.values == nil {
		e.values = map[int]map[string]Value{}
	}
	e.values[row] = own
	return e
}

// Marked returns the edits with a row that is gone, or there again.
func (e Edits) Marked(row int, gone bool) Edits {
	if e.gone = maps.Clone(e.gone); e.gone == nil {
		e.gone = map[int]bool{}
	}
	if gone {
		e.gone[row] = true
	} else {
		delete(e.gone, row)
	}
	return e
}

// Gone are the rows that were deleted. It is read-only.
func (e Edits) Gone() map[int]bool { return e.gone }
