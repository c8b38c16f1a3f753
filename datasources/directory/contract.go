package directory

import (
	"context"
	"time"
)

// Store is the memory behind the directory. Package store fills it.
type Store interface {
	// LoadDirectory hands everything that was saved to the functions of in, in one
	// consistent reading and in the order of Intake's fields. An error of a
	// function ends the reading and is returned.
	LoadDirectory(ctx context.Context, in Intake) error
	// SaveDirectory writes all of the changes in one transaction, or none.
	SaveDirectory(ctx context.Context, c *Changes) error
}

// Intake takes what the store remembers. Byte slices are valid during the call
// only.
type Intake struct {
	Golden   func(Golden) error // in ascending order of Seq
	Member   func(Member) error // in any order
	Kept     func(Kept) error
	Decision func(Decision) error
	Seen     func(source, key string) error
	ReadAt   func(source string, at time.Time) error
}

// Golden is a customer's id. Seq counts from 1 without gaps, so that the older
// of two is told by it.
type Golden struct {
	Seq        int64
	ID         string
	MergedInto int64 // Seq of the customer this one became an alias of, 0 = none
	CreatedAt  time.Time
}

// Member is a row of the crosswalk: one record of one source, the customer it
// belongs to, and the customer it first belonged to, which a merge that is undone
// gives back.
type Member struct {
	Source   string
	RecordID string
	Customer int64 // Golden.Seq
	Origin   int64 // Golden.Seq
	// Data is the record in the directory's own form. Nil: the source no longer
	// has it, and the row only keeps the id for its return.
	Data []byte
}

// RecordRef names a record of a source.
type RecordRef struct{ Source, RecordID string }

// Kept is a link a record had when it was marked as deleted. Deleted records make
// no links, but keep old ones.
type Kept struct {
	Deleted RecordRef
	Other   RecordRef
	Rule    string // R1 or R2
}

// Verdict is what was decided by hand about two records.
type Verdict string

// The verdicts.
const (
	SameCustomer Verdict = "link"
	NotTheSame   Verdict = "deny"
)

// Decision is a link or denial made by hand (R0). A is less than B.
type Decision struct {
	A, B    RecordRef
	Verdict Verdict
	Author  string
	Reason  string
	At      time.Time
}

// Event is a line of the directory's history, append-only.
type Event struct {
	At       time.Time
	Kind     string // filled, linked, moved, merged, split, link, deny, withdraw
	Customer string // golden id
	Other    string // the other golden id of merged, moved and split
	Record   RecordRef
	With     RecordRef // the other record of link, deny and withdraw
	Rule     string
	Author   string
	Reason   string
	Records  int // of filled
}

// Changes is what one step changes. Members are written whole, except that nil
// Data with KeepData leaves the stored data as it is.
type Changes struct {
	Golden    []Golden // inserted, or MergedInto updated when Seq exists
	Members   []MemberChange
	Kept      []Kept      // inserted
	Unkept    []RecordRef // all kept links of these deleted records are removed
	Decisions []Decision  // inserted or replaced
	Withdrawn [][2]RecordRef
	Seen      []RecordRef // RecordID is the customer key that was seen
	ReadAt    map[string]time.Time
	Events    []Event
}

// MemberChange is a changed row of the crosswalk.
type MemberChange struct {
	Member
	KeepData bool
}
