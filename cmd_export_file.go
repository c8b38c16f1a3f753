package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// destination is where an export goes. What is written appears as a whole, by keep, or
// not at all.
type destination struct {
	io.Writer
	file *os.File // of a temporary name beside the file; nil of the standard output
	name string
	mode fs.FileMode
}

// destination opens it. An error says that the file could not be written.
func (q *export) destination(stdout io.Writer) (*destination, error) {
	if q.out == "-" {
		return &destination{Writer: stdout}, nil
	}
	d := &destination{name: q.out, mode: 0o600} // a table may hold what is not for everybody
	switch info, err := os.Stat(q.out); {
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("--out: %s is no regular file", q.out)
	case err == nil:
		d.mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--out: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(q.out), "."+filepath.Base(q.out)+".*.part")
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	d.file, d.Writer = f, f
	return d, nil
}

// keep makes what was written the file, in the place of another.
func (d *destination) keep() error {
	if d.file == nil {
		return nil
	}
	err := errors.Join(d.file.Chmod(d.mode), d.file.Sync(), d.file.Close())
	if err == nil {
		err = os.Rename(d.file.Name(), d.name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", d.name, err)
	}
	d.file = nil
	return nil
}

// discard removes what was not kept.
func (d *destination) discard() error {
	if d.file == nil {
		return nil
	}
	_ = d.file.Close() // keep may have closed it
	err := os.Remove(d.file.Name())
	d.file = nil
	return err
}
