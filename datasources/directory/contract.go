package directory

import (
	"context"
	"time"

	"github.com/trama-graph/trama/schema"
)

// Store is the memory behind the directory. Package store fills it.
type Store interface {
	// LoadDirectory hands everything that was saved to the functions of in, in one
	// consistent reading and in the order of Intake's fields, as far as it is newer
	// than Intake.Since. An error of a function ends the reading and is returned.
	LoadDirectory(ctx context.Context, in Intake) error
	// SaveDirectory writes all of the changes in one transaction, or none. When they
	// have anything but notes, the database must be at Changes.Known: else it is
	// ErrOvertaken. It is at Known+1 afterwards.
	SaveDirectory(ctx context.Context, c *Changes) error
}

// Intake takes what the store remembers. Byte slices are valid during the call
// only.
type Intake struct {
	// Since is what the caller knows. Golden, Member and Seen are called with what
	// changed after it; Kept and Decision with all there are, or not at all when
	// nothing changed after Since.Records; the others likewise after Since.Notes.
	Since    Version
	Version  func(Version) error // where the database is; nil = of no interest
	Golden   func(Golden) error  // in ascending order of Seq
	Member   func(Member) error  // in any order
	Kept     func(Kept) error
	Decision func(Decision) error
	Seen     func(source, key string) error
	// ReadAt tells up to when the records of a source are known.
	ReadAt func(source string, at time.Time) error
	// Failed is called after ReadAt for a source whose last reading failed; nil = not
	// wanted, as the next.
	Failed   func(source string, code schema.Code) error
	Conflict func(ConflictState) error
	Loss     func(Loss) error
}

// Golden is a customer's id. Seq counts from 1 without gaps, so that the older
// of two is told by it.
type Golden struct {
	Seq        int64
	ID         string
	MergedInto int64 // Seq of the customer this one became an alias of, 0 = none
	CreatedAt  time.Time
	// ChangedAt is when Trama last saw a record of the customer, or what joins them,
	// change; zero = not since such moments are kept.
	ChangedAt time.Time
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
	Rule    string // R1, R2 or R3
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
	Kind     string // filled, linked, moved, merged, split, link, deny, withdraw, conflict, held, accepted
	Customer string // golden id
	Other    string // the other golden id of merged, moved and split; the key of conflict
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
	// Known is the version the changes were made from; 0 is not checked, which is
	// for whoever is alone.
	Known     int64
	Golden    []Golden // inserted, or MergedInto and ChangedAt updated when Seq exists
	Members   []MemberChange
	Kept      []Kept      // inserted
	Unkept    []RecordRef // all kept links of these deleted records are removed
	Decisions []Decision  // inserted or replaced
	Withdrawn [][2]RecordRef
	Seen      []RecordRef // RecordID is the customer key that was seen
	ReadAt    map[string]time.Time
	Failed    map[string]schema.Code // of sources that could not be read; ReadAt takes it back
	Events    []Event
	Conflicts []ConflictState // inserted or replaced; FirstSeen stays
	Forgotten []string        // keys of conflicts that are not remembered any more
	Losses    []Loss          // inserted or replaced
	NoLoss    []string        // sources that have no held reading any more
}

// MemberChange is a changed row of the crosswalk.
type MemberChange struct {
	Member
	KeepData bool
}

// ConflictState is what is remembered of a conflict: since when it is there, and
// what a person said about it. Of one that is gone also what it was.
type ConflictState struct {
	Key     string
	Kind    schema.ConflictKind
	Field   string
	Records []RecordRef // at most 20
	State   State
	Author  string // who set the state, "" = nobody
	Note    string
	At      time.Time // when it was set by hand
	// FirstSeen is when it was first met, LastSeen when it was found to be gone;
	// zero while it is there.
	FirstSeen, LastSeen time.Time
}

// State is how far a conflict is dealt with (wire/identity.md §5).
type State string

// The states. A conflict that is gone is resolved by itself, and open again when
// it comes back.
const (
	StateOpen     State = "open"
	StateAccepted State = "accepted" // it is so, and may be so
	StateResolved State = "resolved"
	StateIgnored  State = "ignored" // it is no conflict
)

// Loss is a reading of a source that was held back, since it had lost too many
// of the records that were known.
type Loss struct {
	Source string
	Had    int // living records before; 0 = the reading is settled, none is held
	// Got is how many of them the held reading still has; where it has enough
	// records, but other ones, how many it has in all.
	Got int
	At  time.Time
	// Author accepted it: the next reading that loses no more is taken. "" = nobody
	// yet.
	Author string
}

// Historian is an optional ability of a Store: the history, newest first.
type Historian interface {
	DirectoryEvents(ctx context.Context, customer string, limit int) ([]Event, error)
}

// LossReader is an optional ability of a Store: what is known of a held reading
// now, since an operator may have accepted it on another instance.
type LossReader interface {
	DirectoryLoss(ctx context.Context, source string) (Loss, bool, error)
}
