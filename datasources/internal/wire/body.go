package wire

import "sync"

// The sizes of bodies that are kept for the next one.
const (
	minBody = 4 << 10
	maxBody = 1 << 20
)

var bodies sync.Pool // of *[]byte

// bodyOf is an empty buffer for so many bytes.
func bodyOf(size int) []byte {
	if b, ok := bodies.Get().(*[]byte); ok {
		if cap(*b) >= size {
			return (*b)[:0]
		}
		bodies.Put(b)
	}
	return make([]byte, 0, max(size, minBody))
}

// Buffer is an empty buffer for so many bytes, which Recycle takes back.
func Buffer(size int) []byte { return bodyOf(size) }

// Recycle takes the body of a Reply back for another one, when nothing points into
// it any more: not the decoded rows, and not the Reply. It need not be called.
func Recycle(body []byte) {
	if cap(body) < minBody || cap(body) > maxBody {
		return
	}
	bodies.Put(&body)
}
