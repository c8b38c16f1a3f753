package spill_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/trama-graph/trama/graph/dataset/spill"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// files are what lies in a directory.
func files(tb testing.TB, dir string) []string {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	must(tb, err)
	return names
}

func create(tb testing.TB, d *spill.Disk) *spill.File {
	tb.Helper()
	f, err := d.Create()
	must(tb, err)
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

// write makes a run of some records.
func write(f *spill.File, records [][]byte) (spill.Run, error) {
	w := f.Write()
	for _, r := range records {
		if err := w.Add(r); err != nil {
			return spill.Run{}, err
		}
	}
	return w.End()
}

func read(f *spill.File, run spill.Run) (records [][]byte, err error) {
	for r := f.Read(run); ; {
		b, err := r.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return records, err
		}
		records = append(records, bytes.Clone(b))
	}
}

// some are records of all lengths, none and longer than a block among them.
func some(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	out := make([][]byte, n)
	for i := range out {
		out[i] = make([]byte, r.IntN(300))
		if i%97 == 13 {
			out[i] = make([]byte, 100_000)
		}
		for k := range out[i] {
			out[i][k] = byte(r.Uint32())
		}
	}
	return out
}

func TestRuns(t *testing.T) {
	dir := t.TempDir()
	d := spill.NewDisk(dir, 1<<30)
	f := create(t, d)
	var runs []spill.Run
	counts := []int{0, 1, 1000, 3}
	total := int64(0)
	for _, n := range counts {
		run, err := write(f, some(n))
		must(t, err)
		runs = append(runs, run)
		total += run.Size()
	}
	for i, n := range counts {
		got, err := read(f, runs[i])
		must(t, err)
		if want := some(n); len(got) != len(want) || !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) {
			t.Errorf("run %d came back as another", i)
		}
	}
	if used, n := d.Used(); used != total || n != 1 {
		t.Errorf("%d bytes in %d files, want %d in 1", used, n, total)
	}
	info, err := f.System().Stat()
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may open it: %v", info.Mode())
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("it has a name while it is used: %v", left)
	}
	must(t, f.Close())
	must(t, f.Close())
	if used, n := d.Used(); used != 0 || n != 0 {
		t.Errorf("%d bytes in %d files are left", used, n)
	}
}

func TestBounds(t *testing.T) {
	d := spill.NewDisk(t.TempDir(), 100_000)
	one, other := create(t, d), create(t, d)
	if _, err := write(one, [][]byte{make([]byte, 60_000)}); err != nil {
		t.Fatal(err)
	}
	if _, err := write(other, [][]byte{make([]byte, 60_000)}); !errors.Is(err, spill.ErrFull) {
		t.Errorf("got %v", err)
	}
	if _, err := write(one, [][]byte{make([]byte, 60_000)}); !errors.Is(err, spill.ErrTooMuch) {
		t.Errorf("got %v", err)
	}
	beside, err := one.Beside()
	must(t, err)
	if _, err := write(beside, [][]byte{make([]byte, 60_000)}); !errors.Is(err, spill.ErrTooMuch) {
		t.Errorf("the files of one answer: got %v", err)
	}
	must(t, beside.Close())
	must(t, one.Close())
	if _, err := write(other, [][]byte{make([]byte, 60_000)}); err != nil {
		t.Errorf("the room was not given back: %v", err)
	}
	if _, err := write(create(t, spill.NewDisk(t.TempDir(), 1<<40)), [][]byte{make([]byte, 65<<20)}); !errors.Is(err, spill.ErrTooMuch) {
		t.Errorf("a record is too long to be read again: %v", err)
	}
}

func TestNoDirectory(t *testing.T) {
	d := spill.NewDisk(filepath.Join(t.TempDir(), "none"), 1<<30)
	if _, err := d.Create(); !errors.Is(err, spill.ErrFull) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if used, n := d.Used(); used != 0 || n != 0 {
		t.Errorf("%d bytes in %d files", used, n)
	}
}

// TestUnwritable holds that what could not be written takes no room.
func TestUnwritable(t *testing.T) {
	d := spill.NewDisk(t.TempDir(), 1<<30)
	f := create(t, d)
	must(t, f.System().Close())
	if _, err := write(f, some(5)); !errors.Is(err, spill.ErrFull) {
		t.Errorf("got %v", err)
	}
	if used, _ := d.Used(); used != 0 {
		t.Errorf("%d bytes are taken", used)
	}
}

// TestGarbled holds that every byte that changes on disk, and every one that is not there
// any more, is noticed.
func TestGarbled(t *testing.T) {
	records := [][]byte{[]byte("one"), {}, []byte("three")}
	write := func(t *testing.T) (*spill.File, spill.Run) {
		t.Helper()
		f := create(t, spill.NewDisk(t.TempDir(), 1<<30))
		run, err := write(f, records)
		must(t, err)
		return f, run
	}
	f, run := write(t)
	for at := range run.Size() {
		t.Run(fmt.Sprint("case=changed ", at), func(t *testing.T) {
			var b [1]byte
			_, err := f.System().ReadAt(b[:], at)
			must(t, err)
			_, err = f.System().WriteAt([]byte{b[0] ^ 0x40}, at)
			must(t, err)
			if got, err := read(f, run); !errors.Is(err, spill.ErrGarbled) || len(got) > 0 {
				t.Errorf("got %q, %v", got, err)
			}
			_, err = f.System().WriteAt(b[:], at)
			must(t, err)
		})
	}
	for at := range run.Size() {
		t.Run(fmt.Sprint("case=cut ", at), func(t *testing.T) {
			f, run := write(t)
			must(t, f.System().Truncate(at))
			if got, err := read(f, run); !errors.Is(err, spill.ErrGarbled) || len(got) > 0 {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestOnFull holds that what can be let go is let go before a write finds no room, no
// more of it than is needed, and nothing for an answer that can never have room.
func TestOnFull(t *testing.T) {
	d := spill.NewDisk(t.TempDir(), 100_000)
	var idle []*spill.File
	for range 3 {
		f := create(t, d)
		_, err := write(f, [][]byte{make([]byte, 30_000)})
		must(t, err)
		idle = append(idle, f)
	}
	asked := 0
	d.OnFull(func() bool {
		asked++
		if len(idle) == 0 {
			return false
		}
		must(t, idle[0].Close()) // takes the mutex
		idle = idle[1:]
		return true
	})
	for _, step := range []struct {
		bytes       int
		err         error
		idle, asked int
	}{
		{110_000, spill.ErrTooMuch, 3, 0},
		{50_000, nil, 1, 2},
		{15_000, nil, 1, 2},
		{30_000, nil, 0, 3},
		{10_000, spill.ErrFull, 0, 4},
	} {
		_, err := write(create(t, d), [][]byte{make([]byte, step.bytes)})
		if !errors.Is(err, step.err) || len(idle) != step.idle || asked != step.asked {
			t.Errorf("%d bytes: got %v with %d files idle after asking %d times, want %v, %d, %d", step.bytes, err, len(idle), asked, step.err, step.idle, step.asked)
		}
	}
}

// TestOnFullMeanwhile holds that room another one made is found by who had none to make.
func TestOnFullMeanwhile(t *testing.T) {
	d := spill.NewDisk(t.TempDir(), 100_000)
	idle := create(t, d)
	_, err := write(idle, [][]byte{make([]byte, 60_000)})
	must(t, err)
	d.OnFull(func() bool {
		must(t, idle.Close())
		return false
	})
	if _, err := write(create(t, d), [][]byte{make([]byte, 60_000)}); err != nil {
		t.Errorf("got %v", err)
	}
}
