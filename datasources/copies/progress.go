package copies

import "time"

// Step is what a reading or a following is doing.
type Step string

// The steps of readings and followings. Reading, Confirming, Sweeping and Following
// come page by page, the others end one.
const (
	Reading    Step = "reading"
	Sweeping   Step = "sweeping"    // a reading by keys and versions: only rows that differ are read
	Following  Step = "following"   // what changed since the last time
	Followed   Step = "followed"    // it came to its end
	Confirming Step = "confirming"  // it looks once more for rows the last reading did not meet
	Waiting    Step = "waiting"     // for its agreed calls, or to try again
	Done       Step = "done"        // a reading, also by keys, came to its end
	NotEnabled Step = "not enabled" // the source does not have the entity
	Failed     Step = "failed"
)

// Progress is a line of what a reading did. It holds counts and never a value.
type Progress struct {
	Source   string
	Entity   string
	Step     Step
	Rows     int64 // distinct ones met so far; of a following those it was given
	Pages    int64
	Changed  int64 // written, as they were new or had changed
	Deleted  int64
	Missing  int64         // not met, and left since they may still exist
	Refused  int64         // deletions that were too many at once
	Held     int64         // rows that are kept as they were, since the source gives them garbled
	Doubtful bool          // it may not have seen all rows
	Resumed  bool          // it goes on where an earlier one ended
	Took     time.Duration // since the reading began, in this process or before
	Wait     time.Duration // until it goes on
	Err      error         // a *schema.Error, or the store's
}
