package creatio

import (
	"maps"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// state is what the server shows: the world's tables with what was edited since.
// It does not change; an edit makes another one.
type state struct {
	tables map[string]*odatafake.Table
	edits  map[string]edits // by set
}

// edits are what was done to a table by row. Their maps do not change.
type edits struct {
	values map[int]map[string]odatafake.Value
	gone   map[int]bool
}

// on lays the edits over a table that is not finished.
func (e edits) on(t *odatafake.Table) {
	if len(e.values) == 0 {
		return
	}
	for _, c := range t.Columns {
		get := c.Get
		c.Get = func(row int) odatafake.Value {
			if v, ok := e.values[row][c.Name]; ok {
				return v
			}
			return get(row)
		}
	}
}

// Edit writes values into a record, as an import does that sets every column
// itself: whoever wants ModifiedOn to move says so, and to which time. Columns by
// which records are looked up (Id, Number) cannot be edited. It reports whether
// there is such a record. It makes all tables anew and is meant for small worlds.
func (s *Server) Edit(set, id string, values map[string]odatafake.Value) bool {
	return s.edit(set, id, func(e *edits, row int) {
		own := maps.Clone(e.values[row])
		if own == nil {
			own = map[string]odatafake.Value{}
		}
		maps.Copy(own, values)
		if e.values = maps.Clone(e.values); e.values == nil {
			e.values = map[int]map[string]odatafake.Value{}
		}
		e.values[row] = own
	})
}

// Delete removes a record: it leaves no trace ("Creatio facts", §7).
func (s *Server) Delete(set, id string) bool {
	return s.edit(set, id, func(e *edits, row int) { e.mark(row, true) })
}

// Restore brings a deleted record back, as it was. With Edit it stands for one
// that is made anew.
func (s *Server) Restore(set, id string) bool {
	return s.edit(set, id, func(e *edits, row int) { e.mark(row, false) })
}

func (e *edits) mark(row int, gone bool) {
	if e.gone = maps.Clone(e.gone); e.gone == nil {
		e.gone = map[int]bool{}
	}
	if gone {
		e.gone[row] = true
	} else {
		delete(e.gone, row)
	}
}

func (s *Server) edit(set, id string, change func(e *edits, row int)) bool {
	s.editing.Lock()
	defer s.editing.Unlock()
	now := s.now.Load()
	t := now.tables[set]
	if t == nil {
		return false
	}
	row := t.Find("Id", odatafake.GUID(id))
	if row < 0 {
		return false
	}
	all := maps.Clone(now.edits)
	if all == nil {
		all = map[string]edits{}
	}
	e := all[set]
	change(&e, row)
	all[set] = e
	tables, _ := build(s.world, s.opts, all)
	s.now.Store(&state{tables: tables, edits: all})
	return true
}

// Children returns the ids of the records of a set whose column holds the id of
// another record: the lines of an order, the communications of an account.
func (s *Server) Children(set, column, id string) []string {
	now := s.now.Load()
	t := now.tables[set]
	if t == nil || t.Column(column) == nil {
		return nil
	}
	var ids []string
	for row := range t.Len() {
		if t.Column(column).Get(row) == odatafake.GUID(id) && !now.edits[set].gone[row] {
			ids = append(ids, t.Column("Id").Get(row).S)
		}
	}
	return ids
}
