package creatio

import (
	"maps"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// state is what the server shows: the world's tables with what was edited since.
// It does not change; an edit makes another one.
type state struct {
	tables map[string]*odatafake.Table
	edits  map[string]odatafake.Edits // by set
}

// Edit writes values into a record, as an import does that sets every column
// itself: whoever wants ModifiedOn to move says so, and to which time. Columns by
// which records are looked up (Id, Number) cannot be edited. It reports whether
// there is such a record. It makes all tables anew and is meant for small worlds.
func (s *Server) Edit(set, id string, values map[string]odatafake.Value) bool {
	return s.edit(set, id, func(e odatafake.Edits, row int) odatafake.Edits { return e.With(row, values) })
}

// Delete removes a record: it leaves no trace ("Creatio facts", §7).
func (s *Server) Delete(set, id string) bool {
	return s.edit(set, id, func(e odatafake.Edits, row int) odatafake.Edits { return e.Marked(row, true) })
}

// Restore brings a deleted record back, as it was. With Edit it stands for one
// that is made anew.
func (s *Server) Restore(set, id string) bool {
	return s.edit(set, id, func(e odatafake.Edits, row int) odatafake.Edits { return e.Marked(row, false) })
}

func (s *Server) edit(set, id string, change func(e odatafake.Edits, row int) odatafake.Edits) bool {
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
		all = map[string]odatafake.Edits{}
	}
	all[set] = change(all[set], row)
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
		if t.Column(column).Get(row) == odatafake.GUID(id) && !now.edits[set].Gone()[row] {
			ids = append(ids, t.Column("Id").Get(row).S)
		}
	}
	return ids
}
