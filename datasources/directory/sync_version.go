package directory

import "errors"

// ErrOvertaken says that another instance has changed the directory in between.
// Nothing was saved.
var ErrOvertaken = errors.New("directory: another instance has changed it")

// Version says how far the directory was changed by all instances together. The
// first is 1; 0 is before everything.
type Version struct {
	Records int64 // of golden ids, members, kept links and decisions
	Notes   int64 // of everything else: see Changes.IsOnlyNotes
}

// IsOnlyNotes reports that the changes leave records, ids and decisions as they
// are: they say what was seen, when sources were read, how far conflicts are dealt
// with. They hold whatever others have changed, and overtake nobody.
func (c *Changes) IsOnlyNotes() bool {
	return len(c.Golden) == 0 && len(c.Members) == 0 && len(c.Kept) == 0 && len(c.Unkept) == 0 && len(c.Decisions) == 0 && len(c.Withdrawn) == 0
}

// HasNotes reports that other instances have something to learn beside records,
// ids and decisions. The history is nothing they keep.
func (c *Changes) HasNotes() bool {
	return len(c.Seen) > 0 || len(c.ReadAt) > 0 || len(c.Failed) > 0 || len(c.Conflicts) > 0 || len(c.Forgotten) > 0 || len(c.Losses) > 0 || len(c.NoLoss) > 0
}
