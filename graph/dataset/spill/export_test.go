package spill

import "os"

// System is the file below, for tests.
func (f *File) System() *os.File { return f.f }
