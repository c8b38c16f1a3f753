package copies

import (
	"unsafe"

	"github.com/trama-graph/trama/datasources"
)

const (
	// chunkLeast and chunkMost are the sizes of the chunks in which rows are held: a
	// text of one row that is kept keeps all of its chunk.
	chunkLeast = 1 << 10
	chunkMost  = 8 << 10
	// foundMost is how many rows the memory of an answer is kept for.
	foundMost = 1 << 12
)

// found are rows as they are stored. The store gives back its connection before they
// are read, and the rows of an answer are allocated once, as many as there are.
type found struct {
	rows  []string // what is read of them are parts of these
	times []int64  // when each changed, as the store says it
	chunk []byte   // the last one
	size  int      // of it
}

// add takes over a copy of a row.
func (f *found) add(data []byte, changed int64) error {
	if len(f.chunk)+len(data) > cap(f.chunk) {
		f.size = min(max(2*f.size, chunkLeast), chunkMost)
		f.chunk = make([]byte, 0, max(f.size, len(data)))
	}
	begin := len(f.chunk)
	f.chunk = append(f.chunk, data...)
	// The bytes of a chunk are written once, and never moved.
	f.times = append(f.times, changed)
	f.rows = append(f.rows, unsafe.String(unsafe.SliceData(f.chunk[begin:]), len(data)))
	return nil
}

// gather begins an answer, which ends with free.
func (c *codec[T]) gather() *found {
	if f, ok := c.answers.Get().(*found); ok {
		return f
	}
	return &found{}
}

func (c *codec[T]) free(f *found) {
	if cap(f.rows) > foundMost {
		return
	}
	clear(f.rows) // they hold chunks
	f.rows, f.times, f.chunk, f.size = f.rows[:0], f.times[:0], nil, 0
	c.answers.Put(f)
}

// decodeAll reads all rows of an answer, see decode. Texts and values of several rows
// share allocations of some kilobytes.
func (c *codec[T]) decodeAll(f *found, fields datasources.Fields) ([]T, error) {
	if len(f.rows) == 0 {
		return nil, nil
	}
	items := make([]T, len(f.rows))
	d := decoder{rows: len(items), skip: c.shape.unasked(fields)}
	for i, data := range f.rows {
		if err := c.decodeText(&d, data, &items[i]); err != nil {
			return nil, err
		}
	}
	return items, nil
}
