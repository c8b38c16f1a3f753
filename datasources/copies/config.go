package copies

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config is how one source is copied. Zero values of durations and counts take
// the defaults of DefaultConfig.
type Config struct {
	Name string // of the source, as configured
	// Every is how often each entity is followed, or read in full where its changes
	// cannot be followed.
	Every time.Duration
	// Sweep is how often an entity that is followed is read all the same, by its keys
	// or in full: following sees neither deletions nor changes that are dated back. At
	// least Every, and Every where the default is less.
	Sweep time.Duration
	// MaxStaleness is the age of an entity from which the source counts as degraded,
	// 0 = none does.
	MaxStaleness time.Duration
	// Poll is how often Run looks up what other instances have written.
	Poll time.Duration
	// MaxDelete is the share of an entity's rows that may be deleted at once, from 0
	// to 1. Handful rows may always be.
	MaxDelete float64
	Handful   int
	// MaxRows is the most rows of one entity that are taken: a source that makes up
	// new ones for ever does not fill the disk.
	MaxRows int64
	// Keep is how long tombstones are remembered.
	Keep time.Duration
	// KeepDeleted is how long rows are kept that were deleted at the source, for who asks
	// for what has changed; 0 = none are. At most KeepDeletedMost.
	KeepDeleted time.Duration
	// Only are the entities that are copied, nil = all. Those left out are answered
	// by the source itself.
	Only []string
	// Settings is a text that is another when the source is set up in another way,
	// so that the marks of a reading mean something else: such a reading begins
	// anew. What the source describes need not be in it.
	Settings string
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		Every: 10 * time.Minute, Sweep: 24 * time.Hour, Poll: time.Second, MaxDelete: 0.2, Handful: 10, MaxRows: 10_000_000, Keep: 30 * 24 * time.Hour,
		KeepDeleted: 30 * 24 * time.Hour,
	}
}

// KeepDeletedMost is the longest that deleted rows are kept.
const KeepDeletedMost = 8760 * time.Hour

// checkKeepDeleted says what is wrong with how long deleted rows are kept.
func checkKeepDeleted(d time.Duration) error {
	if d < 0 || d > KeepDeletedMost {
		return fmt.Errorf("keep_deleted: want from 0, which keeps none, to %dh", KeepDeletedMost/time.Hour)
	}
	return nil
}

// leastGrant is longer than most readings take.
const leastGrant = 24 * time.Hour

// Grant is for how long consent to deletions is given (Store.AcceptDeletions): past
// the next complete reading of every entity, however it falls, and at least a day. That
// reading uses it up.
func (c Config) Grant() time.Duration {
	c.setDefaults()
	return max(leastGrant, 2*c.Sweep+2*c.Every)
}

// Validate reports all mistakes together. It fills no defaults.
func (c *Config) Validate() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, errors.New("name: missing"))
	}
	if c.Every < time.Second {
		errs = append(errs, fmt.Errorf("every: %s is less than a second", c.Every))
	}
	if c.Sweep != 0 && c.Sweep < c.Every {
		errs = append(errs, fmt.Errorf("sweep: %s is less than every", c.Sweep))
	}
	if c.MaxStaleness < 0 {
		errs = append(errs, errors.New("max_staleness: must not be negative"))
	}
	if c.Poll < 0 {
		errs = append(errs, errors.New("poll: must not be negative"))
	}
	if !(c.MaxDelete >= 0 && c.MaxDelete <= 1) { // so that what is no number is refused
		errs = append(errs, errors.New("max_delete: want a share from 0 to 1"))
	}
	if c.Handful < 0 {
		errs = append(errs, errors.New("handful: must not be negative"))
	}
	if c.MaxRows < 0 {
		errs = append(errs, errors.New("max_rows: must not be negative"))
	}
	if c.Keep < 0 {
		errs = append(errs, errors.New("keep: must not be negative"))
	}
	if err := checkKeepDeleted(c.KeepDeleted); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Config) setDefaults() {
	d := DefaultConfig()
	if c.Every == 0 {
		c.Every = d.Every
	}
	if c.Sweep == 0 {
		c.Sweep = max(d.Sweep, c.Every)
	}
	if c.Poll == 0 {
		c.Poll = d.Poll
	}
	if c.MaxDelete == 0 {
		c.MaxDelete = d.MaxDelete
	}
	if c.Handful == 0 {
		c.Handful = d.Handful
	}
	if c.MaxRows == 0 {
		c.MaxRows = d.MaxRows
	}
	if c.Keep == 0 {
		c.Keep = d.Keep
	}
}

// Deps are what a copy needs of its surroundings.
type Deps struct {
	Log *slog.Logger     // nil = silent
	Now func() time.Time // nil = time.Now
	// Changed is called after a reading, a following or a refresh that changed
	// something, here or in another instance, and after the first reading of an
	// entity: "Customer" when the directory should read its index again. It must be
	// quick and safe for concurrent use; now and then it is called once too often. Nil
	// = nobody is told.
	Changed func(entity string)
	// Progress is called page by page while Run reads, nil = nobody listens. It must
	// be quick.
	Progress func(Progress)
	// Runner waits until this process may read the source: several instances share a
	// store, and one of them at a time reads. run ends when the right is lost;
	// release, called in any case once err is nil, gives it back. An error is tried
	// again. Nil = this process always may.
	Runner func(ctx context.Context, source string) (run context.Context, release func(), err error)
}
