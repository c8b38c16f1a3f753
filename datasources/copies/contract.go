package copies

import (
	"context"
	"errors"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// ErrOvertaken says that another process has written to the reading in between.
// Nothing was saved.
var ErrOvertaken = errors.New("copies: another process reads this source")

// Store is the memory behind the copies. Package store fills it. It knows rows by
// their columns and never looks into their data.
type Store interface {
	// OpenCopy returns where the copy of an entity stands, and makes an empty one
	// when there is none. A copy of another layout keeps its rows, which nobody can
	// read any more, until a reading has replaced them: it is not complete.
	OpenCopy(ctx context.Context, source, entity, layout string) (Set, error)
	// Copies returns where the copies of a source stand, of all with "".
	Copies(ctx context.Context, source string) ([]Set, error)
	// BeginRun begins a reading, or goes on with the one under way when resume is
	// set. run and pages say what the caller knows of the set: anything else is
	// ErrOvertaken.
	BeginRun(ctx context.Context, id, run, pages int64, b Begin) (Set, error)
	// SavePage writes a page in one transaction; what the caller knows of the set
	// is checked as in BeginRun.
	SavePage(ctx context.Context, id, run, pages int64, p *Page) (Set, error)
	// EndRun ends a reading that has come to its end, and deletes what it did not
	// meet, in one transaction; what the caller knows is checked as in BeginRun. One
	// whose deletions are refused leaves AsOf at Set.Whole, as it was before.
	EndRun(ctx context.Context, id, run, pages int64, e End) (Ended, error)
	// StaleKeys returns those of the keys that the copy does not have, or has in
	// another version. A version that is "" on either side is another one.
	StaleKeys(ctx context.Context, id int64, keys []datasources.Keyed) ([]string, error)
	// SaveChanges writes in one transaction what changed beside the readings: rows
	// are inserted or replaced, and count as met by the last or running reading;
	// Deleted become tombstones; the cursor moves from From to Next, when it still
	// is From: else ErrOvertaken, and nothing is written.
	SaveChanges(ctx context.Context, id int64, c *ChangeSet) (Set, error)
	// Refuse remembers that the source does not give the entity, with the code it
	// said so; "" takes it back.
	Refuse(ctx context.Context, id int64, code schema.Code) error
	// NoteFailure remembers why the last reading or following failed, for the other
	// instances, which do not read; "" takes it back. garbled is the column for which it
	// was refused, "" = for none; while there is one, AsOf is what Set.Whole was before.
	NoteFailure(ctx context.Context, id int64, code schema.Code, garbled string) error
	// AcceptDeletions lets the readings of a source delete as much as they find
	// missing, until the time.
	AcceptDeletions(ctx context.Context, source string, until time.Time) error
	// AcceptGarbled lets the readings of a source take values that cannot be read in the
	// place of those that could, until the time. The end of a full reading that began with
	// this very consent (Set.IsByConsent) takes it back, of no other.
	AcceptGarbled(ctx context.Context, source string, until time.Time) error
	// PurgeDeleted lets deleted rows of a set go: those that were deleted before the time,
	// and the oldest of those that are, as it begins, more than the living rows, of which
	// least stay in any case. It deletes some at a time, each in a transaction of its own,
	// and returns how many went, also with an error. Where none has to go it only reads.
	PurgeDeleted(ctx context.Context, id int64, before time.Time, least int64) (n int64, err error)
	// PurgeCopies forgets the tombstones of a source older than the time, and
	// returns how many they were.
	PurgeCopies(ctx context.Context, source string, before time.Time) (int64, error)
	// Tombstones calls f with the keys that were deleted since a time, the oldest
	// first.
	Tombstones(ctx context.Context, id int64, since time.Time, f func(key string, at time.Time) error) error

	// CopyByKeys calls row with the data of each key that exists, in any order.
	// Data is valid during the call only, here and below. changed is when the content
	// of the row was last seen to change, in milliseconds since 1970: 0 where
	// that was not asked for, and where it was before Set.ChangedFrom.
	CopyByKeys(ctx context.Context, id int64, keys []string, withChanged bool, row func(data []byte, changed int64) error) (Set, error)
	// CopyByParent calls row with each parent's page, parent by parent and in
	// order. relation is a column's name.
	CopyByParent(ctx context.Context, id int64, relation string, parents []string, a Ask, row func(parent int, data []byte, changed int64) error) (Answer, error)
	// CopyList calls row with the page in order. Its Answer has one element.
	CopyList(ctx context.Context, id int64, a Ask, row func(data []byte, changed int64) error) (Answer, error)
	// CopyListDeleted is CopyList with the deleted rows that match Deleted of the layout,
	// merged into the others. changed of a deleted row is when it was found deleted. With a.Where
	// of schema.None there are deleted rows only. Deleted.Op is not schema.None.
	CopyListDeleted(ctx context.Context, id int64, a Ask, d DeletedRows, row func(data []byte, changed int64, isDeleted bool) error) (Answer, error)
}

// Set is where the copy of one entity stands.
type Set struct {
	ID     int64
	Source string
	Entity string
	Layout string // of the rows' data
	Rows   int64  // that exist

	Run      int64 // number of the last reading, 0 = there was none
	Running  bool  // it has not ended
	Settings string
	Started  time.Time
	Saved    time.Time // its last page
	Mark     string
	Pages    int64
	Seen     int64 // distinct rows it has met
	Changed  int64 // rows it has written
	Resumed  bool  // it was interrupted and went on
	AtEnd    bool  // all of its pages are here
	Doubtful bool  // of the reading under way, or of the last one
	Shifting bool
	Complete int64     // number of the last reading that came to its end, 0 = none
	Sound    int64     // the last one that was not doubtful
	AsOf     time.Time // when it had started; while Refused, Held or Garbled is set, what was last taken whole had begun
	Took     time.Duration
	Missing  int64 // rows it did not meet that were left, since they may still exist
	Refused  int64 // rows it would have deleted, had they not been too many
	Refusal  schema.Code
	Accept   time.Time // until when deletions of any number are agreed to

	// ChangedFrom is what rows are taken to have changed at of which no moment is kept:
	// when the store began to keep them, in milliseconds since 1970. It is before all
	// moments that were given in the set; 0 = all rows have one.
	ChangedFrom int64

	Failure schema.Code // why the last reading or following failed, "" = it did not
	// Garbled is the column for which it was refused: most rows had lost it.
	Garbled       string
	Held          int64     // rows that are kept as they were, since the source gives them garbled
	AcceptGarbled time.Time // until when that is agreed to

	Cursor   string    // how far the source's changes were followed, "" = they were not
	Followed time.Time // when the last complete following began, by our clock
}

// ChangeSet is what changed since a cursor. Keys are distinct, over Rows, Held and
// Deleted together.
type ChangeSet struct {
	Rows       []Row
	Held       []string // keys of rows that stay as they are, as in a Page
	ByConsent  bool     // as in a Page
	Deleted    []string
	From, Next string
	// Followed is set when nothing more was to follow: rows are as of then.
	Followed time.Time
	At       time.Time // of tombstones
	// KeepDeleted keeps what is deleted as deleted rows, as in End.
	KeepDeleted bool
}

// PushedRow is one record of a push. Row.Version is not empty; versions are compared
// as bytes. Of a deleted one Key and Version hold alone.
type PushedRow struct {
	Row
	Deleted bool
}

// PushResult is what became of a pushed record.
type PushResult uint8

// What may become of one.
const (
	PushStored PushResult = iota // it is new, or newer than what was there
	PushSame                     // this version was there
	PushOlder                    // a newer version was there
)

// Begin is how a reading begins.
type Begin struct {
	Resume   bool
	Settings string // what marks depend on
	At       time.Time
}

// Row is one record to be kept.
type Row struct {
	Key  string // not empty
	Hash []byte // equal for equal data
	// Version is the source's own, "" = it tells none.
	Version string
	Data    []byte         // begins with the layout's name where it is to be kept when the row is deleted
	Values  []schema.Value // by Columns; the kind of a value is its column's, or null
	Links   []Link         // distinct
	// Faults are what the row cannot show, nil = it can show all. They are a part of
	// Data, and not kept beside it.
	Faults *schema.Faults
}

// Link is a number of another document that a row names.
type Link struct {
	Relation string // orderNumber, quoteNumber, invoiceNumber
	Number   string
}

// Page is a part of a reading. Keys are distinct.
type Page struct {
	Rows []Row
	// Met are keys of rows that were met and are as they were: the reading sees keys
	// and versions. They are distinct and not among Rows; one that the copy does not
	// have is passed over.
	Met []string
	// Held are keys of rows that were met and stay as they are, since what was read of
	// them is garbled. They lose their version, so that the next reading reads them, and
	// are held until they are among Rows, or gone. They are distinct and not among Rows
	// or Met.
	Held []string
	// ByConsent: among Rows are garbled ones that nobody has compared, since somebody
	// consents. Where he does not, when they are to be saved, it is ErrOvertaken.
	ByConsent bool
	Mark      string
	At        time.Time
	Last      bool
	Doubtful  bool
	Shifting  bool
}

// End is how a reading ends.
type End struct {
	// Before: rows that were last met by a reading with a lower number are deleted,
	// 0 = none are.
	Before int64
	// Most is how many may be deleted at once, unless more was agreed to.
	Most int64
	// Full: all rows were read, not only those with another version. Such a reading uses
	// the consent to garbled values up that it began with.
	Full bool
	At   time.Time
	// KeepDeleted keeps what is deleted as deleted rows, until they are purged or a row of
	// the key comes back; but for rows of another layout than the set's.
	KeepDeleted bool
}

// Ended is what came of a reading.
type Ended struct {
	Set     Set
	Deleted int64
}

// Ask is a question to a copy: Where, Order, First, After and Total of a query,
// with the entity's own order filled in and without its fields.
type Ask struct {
	Source string // the value of the column source
	// ChangedFrom is the set's, for conditions on the column changedAt.
	ChangedFrom int64
	// WithChanged asks for when rows changed.
	WithChanged bool
	datasources.Query
}

// DeletedRows are the deleted rows that a question is about as well.
type DeletedRows struct {
	Layout string // that can be read
	Where  schema.Predicate
}

// Answer says what datasources.Rows say, beside the rows. A total that was not
// asked for is -1.
type Answer struct {
	Set    Set
	More   []bool
	Totals []int
}
