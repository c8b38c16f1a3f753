package copies

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config is how one source is copied. Zero values of durations and counts take
// the defaults of DefaultConfig.
type Config struct {
	Name string // of the source, as configured
	// Every is how often each entity is read in full.
	Every time.Duration
	// MaxDelete is the share of an entity's rows that may be deleted at once, from 0
	// to 1. Handful rows may always be.
	MaxDelete float64
	Handful   int
	// MaxRows is the most rows of one entity that are taken: a source that makes up
	// new ones for ever does not fill the disk.
	MaxRows int64
	// Keep is how long tombstones are remembered.
	Keep time.Duration
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
	return Config{Every: 10 * time.Minute, MaxDelete: 0.2, Handful: 10, MaxRows: 10_000_000, Keep: 30 * 24 * time.Hour}
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
	return errors.Join(errs...)
}

func (c *Config) setDefaults() {
	d := DefaultConfig()
	if c.Every == 0 {
		c.Every = d.Every
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
	// Changed is called after a reading that changed something, and after the first
	// one of an entity: "Customer" when the directory should read its index again.
	// It must be quick. Nil = nobody is told.
	Changed func(entity string)
	// Progress is called page by page while Run reads, nil = nobody listens. It must
	// be quick.
	Progress func(Progress)
}
