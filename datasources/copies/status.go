package copies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Status is the source's, with the age of the copy: AsOf is that of its oldest
// entity, zero while one was never read. The note says what is still filling,
// what fails and what an operator must decide.
func (c *Copy) Status() datasources.Status {
	st := c.inner.Status()
	var filling, failing, unfollowed, garbled, held, refused, doubtful []string
	isWhole := true
	for _, s := range c.sets {
		state := s.snapshot()
		if state.Refusal != "" {
			continue
		}
		if state.Complete == 0 {
			isWhole = false
			filling = append(filling, s.entity)
		} else if asOf := state.Whole(); st.AsOf.IsZero() || asOf.Before(st.AsOf) {
			st.AsOf = asOf
		}
		read, follow, dead := s.troubles()
		switch {
		case read != nil:
			failing = append(failing, s.entity+" ("+string(read.Code)+")")
		case follow == nil && state.Failure != "": // in the instance that reads
			failing = append(failing, fmt.Sprintf("%s (%s)", s.entity, state.Failure))
		}
		if follow != nil {
			unfollowed = append(unfollowed, s.entity+" ("+string(follow.Code)+")")
		}
		if cmp.Or(s.refusedColumn(), state.Garbled) != "" {
			garbled = append(garbled, s.entity)
		}
		if state.Held > 0 {
			held = append(held, fmt.Sprintf("%d of %d %s", state.Held, state.Rows, s.entity))
		}
		if n := max(state.Refused, dead); n > 0 {
			refused = append(refused, fmt.Sprintf("%d of %d %s", n, state.Rows, s.entity))
		}
		if state.isDoubtful() {
			doubtful = append(doubtful, s.entity)
		}
	}
	if !isWhole {
		st.AsOf = time.Time{}
	}
	var notes []string
	if st.Note != "" {
		notes = append(notes, st.Note)
	}
	add := func(format string, list []string) {
		if len(list) > 0 {
			notes = append(notes, fmt.Sprintf(format, strings.Join(list, ", ")))
		}
	}
	add("still being read for the first time: %s", filling)
	add("the last reading failed: %s", failing)
	add("the changes could not be followed: %s", unfollowed)
	consent := "; see that the source is right, then `trama sync --accept-garbled " + c.cfg.Name + "`"
	add("what most rows could show was garbled, and refused: %s"+consent, garbled)
	add("kept as they were, since the source gives them garbled: %s"+consent, held)
	stale := c.Stale()
	add("older than "+c.cfg.MaxStaleness.String()+": %s", stale)
	add("refused to delete at once: %s; they are shown beside what came new: see that the source is whole and its keys are the same, then `trama sync --accept-deletions`", refused)
	add("the last reading may not have seen all rows: %s", doubtful)
	st.Note = strings.Join(notes, "; ")
	if st.State == "up" && len(refused)+len(held)+len(failing)+len(unfollowed)+len(stale)+len(doubtful) > 0 {
		st.State = "degraded"
	}
	return st
}

// Show takes over where the copy stands in another store, for who looks at it and has
// none of its rows: Status, EntityCopy and Problems are then of there. Run and Sync must
// not be called.
func (c *Copy) Show(sets []Set) {
	for i := range sets {
		state := sets[i]
		s := c.byEntity[state.Entity]
		if s == nil || state.Source != c.cfg.Name {
			continue
		}
		if state.Layout != s.layout { // of another version, which reads it anew
			state.Complete = 0
		}
		s.note(state)
	}
}

// Stale returns the entities that were read once and are older than
// Config.MaxStaleness, in the order in which they are read.
func (c *Copy) Stale() []string {
	if c.cfg.MaxStaleness <= 0 {
		return nil
	}
	var out []string
	oldest := c.deps.Now().Add(-c.cfg.MaxStaleness)
	for _, s := range c.sets {
		if state := s.snapshot(); state.Refusal == "" && state.Complete > 0 && state.Whole().Before(oldest) {
			out = append(out, s.entity)
		}
	}
	return out
}

// EntityCopy says where the copy of an entity stands, nil for one that is not
// kept. LastErrorCode is CONFLICT when nothing failed and an operator must decide:
// deletions were refused, since they were too many, or rows are kept as they were, since
// the source gives them garbled. It makes no call.
func (c *Copy) EntityCopy(entity string) *schema.EntityCopy {
	s := c.byEntity[entity]
	if s == nil {
		return nil
	}
	state := s.snapshot()
	rows := int(state.Rows)
	out := &schema.EntityCopy{State: schema.CopyReady, Rows: &rows, AsOf: state.Whole(), FollowedAt: state.Followed}
	if c.cfg.MaxStaleness > 0 {
		seconds := int(c.cfg.MaxStaleness / time.Second)
		out.MaxStaleness = &seconds
	}
	switch {
	case state.Refusal != "":
		out.State = schema.CopyNotEnabled
	case state.Complete == 0:
		out.State = schema.CopyFilling
	}
	if state.Running {
		reading := int(state.Seen)
		out.Reading = &reading
	}
	if state.Refused > 0 || state.Held > 0 {
		out.LastErrorCode = string(schema.Conflict)
	}
	if state.Failure != "" {
		out.LastErrorCode = string(state.Failure)
	}
	if err := s.failure(); err != nil {
		out.LastErrorCode = string(err.Code)
	}
	return out
}

// ProblemRefused is the kind of the problem that counts deletions which were refused.
// docs/alerts.rules.yaml asks for it.
const ProblemRefused = "deletions refused, too many at once"

// Problems are the source's and those of the readings.
func (c *Copy) Problems() []datasources.Problem {
	var out []datasources.Problem
	if r, ok := c.inner.(datasources.Reporter); ok {
		out = slices.Clone(r.Problems())
	}
	for _, s := range c.sets {
		state := s.snapshot()
		add := func(kind string, n int64) {
			if n > 0 {
				out = append(out, datasources.Problem{Entity: s.entity, Kind: kind, Count: int(n), LastAt: state.Saved})
			}
		}
		read, follow, dead := s.troubles()
		add(ProblemRefused, max(state.Refused, dead))
		columns := []string{refusedColumn(read), refusedColumn(follow), state.Garbled}
		slices.Sort(columns)
		for _, column := range slices.Compact(columns) {
			if column != "" {
				out = append(out, datasources.Problem{Entity: s.entity, Field: column, Kind: ProblemGarbled, Count: 1, LastAt: state.Saved})
			}
		}
		add(ProblemHeld, state.Held)
		if state.isDoubtful() {
			add("the reading may have ended too early", 1)
		}
		s.mu.Lock()
		unusable := s.unusable
		s.mu.Unlock()
		add("no key of its own, or of another source", int64(unusable))
	}
	slices.SortStableFunc(out, func(a, b datasources.Problem) int {
		return slices.Compare([]string{a.Entity, a.Field, a.Kind}, []string{b.Entity, b.Field, b.Kind})
	})
	return out
}
