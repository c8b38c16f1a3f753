package onec

import (
	"encoding/base64"
	"encoding/binary"
	"maps"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// state is what the base shows: the world's tables with what was edited since. It
// does not change; an edit makes another one.
type state struct {
	build *builder
	edits map[string]edits // by set
	wrote uint64           // writes so far, of which versions are made
}

// edits are what was done to a set by row. Their maps do not change.
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

// left are the rows that were not deleted. Rows keep their numbers in all states.
func (s *state) left(t *odatafake.Table, rows odatafake.Rows) odatafake.Rows {
	gone := s.edits[t.Name].gone
	if len(gone) == 0 {
		return rows
	}
	var kept []int32
	for i := range rows.Len() {
		if r := rows.At(i); !gone[r] {
			kept = append(kept, int32(r))
		}
	}
	return odatafake.RowsOf(kept)
}

// Edit writes values into a record, as somebody does who works in 1C: its
// DataVersion is another one after any write, also of what was there, and nothing
// tells when that was ("1C:Enterprise — standard OData interface", §7). Columns by
// which records are looked up (Ref_Key, Number, references) cannot be edited. It
// reports whether there is such a record. It makes all sets anew and is meant for
// small worlds.
func (s *Server) Edit(set, ref string, values map[string]odatafake.Value) bool {
	return s.edit(set, ref, func(e *edits, row int, version string) {
		own := maps.Clone(e.values[row])
		if own == nil {
			own = map[string]odatafake.Value{}
		}
		maps.Copy(own, values)
		own["DataVersion"] = odatafake.Text(version)
		if e.values = maps.Clone(e.values); e.values == nil {
			e.values = map[int]map[string]odatafake.Value{}
		}
		e.values[row] = own
	})
}

// MarkDeleted sets the mark of deletion, which is how people delete in 1C.
func (s *Server) MarkDeleted(set, ref string, is bool) bool {
	return s.Edit(set, ref, map[string]odatafake.Value{"DeletionMark": odatafake.Bool(is)})
}

// Delete removes a record physically: it leaves no trace.
func (s *Server) Delete(set, ref string) bool {
	return s.edit(set, ref, func(e *edits, row int, _ string) { e.mark(row, true) })
}

// Restore brings a deleted record back, as it was.
func (s *Server) Restore(set, ref string) bool {
	return s.edit(set, ref, func(e *edits, row int, _ string) { e.mark(row, false) })
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

func (s *Server) edit(set, ref string, change func(e *edits, row int, version string)) bool {
	s.editing.Lock()
	defer s.editing.Unlock()
	now := s.now.Load()
	t := now.build.sets[set]
	if t == nil || t.Column("Ref_Key") == nil {
		return false
	}
	row := t.Find("Ref_Key", odatafake.GUID(ref))
	if row < 0 {
		return false
	}
	all := maps.Clone(now.edits)
	if all == nil {
		all = map[string]edits{}
	}
	// Versions of edits are of a range the world's do not reach.
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], 1<<63|(now.wrote+1))
	e := all[set]
	change(&e, row, base64.StdEncoding.EncodeToString(raw[:]))
	all[set] = e
	s.now.Store(&state{build: build(s.world, s.opts, all), edits: all, wrote: now.wrote + 1})
	return true
}
