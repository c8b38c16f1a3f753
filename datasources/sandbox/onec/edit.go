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
	edits map[string]odatafake.Edits // by set
	wrote uint64                     // writes so far, of which versions are made
}

// left are the rows that were not deleted. Rows keep their numbers in all states.
func (s *state) left(t *odatafake.Table, rows odatafake.Rows) odatafake.Rows {
	gone := s.edits[t.Name].Gone()
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
	return s.edit(set, ref, func(e odatafake.Edits, row int, version string) odatafake.Edits {
		return e.With(row, values).With(row, map[string]odatafake.Value{"DataVersion": odatafake.Text(version)})
	})
}

// MarkDeleted sets the mark of deletion, which is how people delete in 1C.
func (s *Server) MarkDeleted(set, ref string, is bool) bool {
	return s.Edit(set, ref, map[string]odatafake.Value{"DeletionMark": odatafake.Bool(is)})
}

// Delete removes a record physically: it leaves no trace.
func (s *Server) Delete(set, ref string) bool {
	return s.edit(set, ref, func(e odatafake.Edits, row int, _ string) odatafake.Edits { return e.Marked(row, true) })
}

// Restore brings a deleted record back, as it was.
func (s *Server) Restore(set, ref string) bool {
	return s.edit(set, ref, func(e odatafake.Edits, row int, _ string) odatafake.Edits { return e.Marked(row, false) })
}

func (s *Server) edit(set, ref string, change func(e odatafake.Edits, row int, version string) odatafake.Edits) bool {
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
		all = map[string]odatafake.Edits{}
	}
	// Versions of edits are of a range the world's do not reach.
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], 1<<63|(now.wrote+1))
	all[set] = change(all[set], row, base64.StdEncoding.EncodeToString(raw[:]))
	s.now.Store(&state{build: build(s.world, s.opts, all), edits: all, wrote: now.wrote + 1})
	return true
}
