package spill

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// The errors of this package. Their texts, and those of the system they are joined with,
// are for the log: they may name files.
var (
	// ErrTooMuch is that one answer alone would take more than the Disk gives to all.
	ErrTooMuch = errors.New("spill: one answer takes more than all may")
	// ErrFull is that there is no room now: other files have it, or the disk is full or
	// cannot be written.
	ErrFull = errors.New("spill: no room on disk")
	// ErrGarbled is that what was read is not what was written.
	ErrGarbled = errors.New("spill: not what was written")
)

// Disk is where files lie, and how much they may take together. It is safe for use by
// several goroutines.
type Disk struct {
	dir  string
	most int64

	mu       sync.Mutex // guards the rest
	used     int64
	files    int
	makeRoom func() bool // nil: nothing can be let go
}

// NewDisk is a Disk over a directory, "" for that of the system (os.TempDir), whose files
// have most bytes together. Nothing is made before the first file is.
func NewDisk(dir string, most int64) *Disk { return &Disk{dir: dir, most: most} }

// Most is how many bytes all files may have.
func (d *Disk) Most() int64 { return d.most }

// Used is how many bytes there are, in how many files.
func (d *Disk) Used() (bytes int64, files int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used, d.files
}

// OnFull says what is asked before a write is answered ErrFull because other files have
// the room: makeRoom closes a File that nobody needs now and says true, or false where
// there is none. It is asked again while it says true and there is still no room, by
// several goroutines at the same time. It must not write to a File of the Disk, nor wait
// for who does. A Disk has one; the last one given holds.
func (d *Disk) OnFull(makeRoom func() bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.makeRoom = makeRoom
}

// take sets bytes aside for a file of an answer that has some.
func (d *Disk) take(n int64, answer *int64) error {
	for isLast := false; ; {
		makeRoom, err := d.tryTake(n, answer)
		if !errors.Is(err, ErrFull) || makeRoom == nil || isLast {
			return err
		}
		// Where nothing was left to go it is tried once more all the same: what another
		// goroutine let go meanwhile may be enough for both.
		isLast = !makeRoom()
	}
}

// tryTake takes what there is now. What can make room is for its caller, as files that
// are closed need the mutex.
func (d *Disk) tryTake(n int64, answer *int64) (makeRoom func() bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case *answer+n > d.most:
		return nil, ErrTooMuch
	case d.used+n > d.most:
		return d.makeRoom, ErrFull
	}
	d.used += n
	*answer += n
	return nil, nil
}

func (d *Disk) give(n int64, answer *int64, files int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used -= n
	*answer -= n
	d.files -= files
}

// Create makes a file of an answer that has none, which its caller closes.
func (d *Disk) Create() (*File, error) { return d.create(new(int64)) }

// Beside makes another file of the same answer, which its caller closes.
func (f *File) Beside() (*File, error) { return f.disk.create(f.answer) }

func (d *Disk) create(answer *int64) (*File, error) {
	f, err := os.CreateTemp(d.dir, "trama-*.tmp") // with mode 0600
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFull, err)
	}
	out := &File{disk: d, answer: answer, f: f}
	if os.Remove(f.Name()) != nil {
		out.name = f.Name() // the system keeps it while it is open
	}
	d.mu.Lock()
	d.files++
	d.mu.Unlock()
	return out, nil
}
