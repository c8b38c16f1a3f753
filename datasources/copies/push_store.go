package copies

import (
	"context"
	"time"
)

// PushStore is what pushes need of the memory behind them. Package store fills it.
type PushStore interface {
	Store
	// SavePushedBatch writes what was pushed of several sets in one transaction. A row,
	// or its tombstone, of the same or a greater version is left as it is; one whose
	// version is of another kind (its first byte, of PushVersionKinds) than the one that
	// is there, or than its tombstone's, is not written either and answered
	// PushMismatch. One of the version that is there and with another Hash is not
	// written, and answered PushDiffers, unless a full push is under way. With all,
	// nothing is written when there is one of these two, or a PushedSet.Current whose
	// deletions are too many. A set that does not exist is
	// ErrOvertaken, and nothing is written.
	SavePushedBatch(ctx context.Context, sets []PushedSet, all bool, at time.Time) (PushSaved, error)
}

// PushMismatch says that the version there is of another kind: a time, and this one
// a number.
const PushMismatch PushResult = PushOlder + 1

// PushDiffers says that the version that is there has other data: one of the two is
// lost, and its sender must know.
const PushDiffers PushResult = PushMismatch + 1

// PushedSet is what was pushed of one entity. Keys are distinct. A set that is given
// something that is stored, or that is Current, is as of now, and complete from the
// first such time on; what was the same makes it no younger: an old batch may have come
// again. One of another layout (Set.Running, and not
// complete) when a full push has ended.
type PushedSet struct {
	ID   int64
	Rows []PushedRow
	// Full begins a full push before the rows are written: everything is pushed once
	// more. While it is under way (Set.Running), a row of the version that is there is
	// written when it differs, or when there is its tombstone.
	Full bool
	// Current says that everything that changed is here, rows included; a full push
	// ends, and what did not come in it is deleted, unless that is more than Most of
	// the rows: then the full push goes on, and PushSaved.TooMany tells.
	Current bool
	Most    func(rows int64) int64 // nil = any number
	// KeepDeleted keeps what is deleted as deleted rows, as in End.
	KeepDeleted bool
}

// PushSaved is what became of a batch, in the order of the sets that were given.
type PushSaved struct {
	Sets    []Set          // as they are then
	Results [][]PushResult // of their rows
	Deleted []int64        // by the end of a full push
	TooMany []int64        // that would have been deleted
	Saved   bool           // false when all was asked for and something was refused
}
