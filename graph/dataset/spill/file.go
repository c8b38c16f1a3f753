package spill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

const (
	// blockBytes is how much a block holds, unless one record has more.
	blockBytes = 32 << 10
	// maxBlock is the longest block that is believed.
	maxBlock = 64 << 20
	headSize = 8 // the length of a block and its checksum
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// File holds runs of records. It is for one goroutine.
type File struct {
	disk   *Disk
	answer *int64 // what all files of its answer have; the disk guards it
	f      *os.File
	name   string // "": it has none any more
	size   int64
	held   []byte // of a Writer: the head of a block, and its records so far
}

// Run is some records of a File, in the order they were written in.
type Run struct{ from, to int64 }

// Size is how many bytes a run has.
func (r Run) Size() int64 { return r.to - r.from }

// Close lets the file go with all that is in it. It may be called again.
func (f *File) Close() error {
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	if f.name != "" {
		err = errors.Join(err, os.Remove(f.name))
	}
	f.disk.give(f.size, f.answer, 1)
	f.f, f.size, f.held = nil, 0, nil
	return err
}

// Writer writes a run at the end of a file; there is one at a time.
type Writer struct {
	file *File
	from int64
}

// Write begins a run.
func (f *File) Write() *Writer {
	f.held = append(f.held[:0], make([]byte, headSize)...)
	return &Writer{f, f.size}
}

// Add writes a record, which is not kept.
func (w *Writer) Add(record []byte) error {
	f := w.file
	if len(f.held) > headSize && len(f.held)+len(record)+binary.MaxVarintLen64 > blockBytes {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if len(record) > maxBlock-headSize-binary.MaxVarintLen64 {
		return ErrTooMuch
	}
	f.held = binary.AppendUvarint(f.held, uint64(len(record)))
	f.held = append(f.held, record...)
	return nil
}

// End ends the run.
func (w *Writer) End() (Run, error) {
	if err := w.flush(); err != nil {
		return Run{}, err
	}
	return Run{w.from, w.file.size}, nil
}

func (w *Writer) flush() error {
	f := w.file
	if len(f.held) == headSize {
		return nil
	}
	body := f.held[headSize:]
	binary.LittleEndian.PutUint32(f.held, uint32(len(body))) //nolint:gosec // bounded by maxBlock
	binary.LittleEndian.PutUint32(f.held[4:], crc32.Checksum(body, castagnoli))
	n := int64(len(f.held))
	if err := f.disk.take(n, f.answer); err != nil {
		return err
	}
	if _, err := f.f.WriteAt(f.held, f.size); err != nil {
		f.disk.give(n, f.answer, 0)
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	f.size += n
	if f.held = f.held[:headSize]; cap(f.held) > 2*blockBytes {
		f.held = make([]byte, headSize, blockBytes)
	}
	return nil
}

// Reader reads a run. Several may read one file at the same time.
type Reader struct {
	from  io.ReaderAt
	at    int64
	to    int64
	block []byte
	left  []byte // of the block
}

// Read begins to read a run.
func (f *File) Read(r Run) *Reader { return &Reader{from: f.f, at: r.from, to: r.to} }

// Next is the next record, which is good until the next call, or io.EOF behind the last
// one. Any other error is an ErrGarbled.
func (r *Reader) Next() ([]byte, error) {
	if len(r.left) == 0 {
		if r.at >= r.to {
			return nil, io.EOF
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
	n, size := binary.Uvarint(r.left)
	if size <= 0 || n > uint64(len(r.left)-size) {
		return nil, ErrGarbled
	}
	end := size + int(n) //nolint:gosec // of the block
	record := r.left[size:end:end]
	r.left = r.left[end:]
	return record, nil
}

func (r *Reader) fill() error {
	var head [headSize]byte
	if _, err := r.from.ReadAt(head[:], r.at); err != nil {
		return garbled(err)
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n == 0 || n > maxBlock || r.at+headSize+n > r.to {
		return ErrGarbled
	}
	if int64(cap(r.block)) < n {
		r.block = make([]byte, max(n, blockBytes))
	}
	r.block = r.block[:n]
	if _, err := r.from.ReadAt(r.block, r.at+headSize); err != nil {
		return garbled(err)
	}
	if crc32.Checksum(r.block, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return ErrGarbled
	}
	r.left = r.block
	r.at += headSize + n
	return nil
}

// garbled tells that a block could not be read. A file that ends too early is no end of
// its run, which io.EOF would be taken for.
func garbled(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %w", ErrGarbled, err)
}
