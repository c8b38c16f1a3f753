package loaders

import "sync"

// Spare is the room in which requests put what they found of each parent, before pages
// are made of it. It is only wanted for as long as a field is answered, and is some
// sixth of what a joined question would otherwise allocate. The zero value is ready.
type Spare struct {
	pools [documentKinds]sync.Pool // of *[]stream[T], T by the place of its kind
}

// mostSpare bounds what is kept: room for so many parents, some 500 kB.
const mostSpare = 4096

// spare returns empty room for n streams.
func (d *Documents[T, P]) spare(n int) []stream[T] {
	if d.l.Spare != nil && n <= mostSpare {
		if room, ok := d.l.Spare.pools[d.kind].Get().(*[]stream[T]); ok && cap(*room) >= n {
			return (*room)[:0]
		}
	}
	return make([]stream[T], 0, n)
}

// release gives the room back of streams that pages were made of. Nothing refers to it
// any more: pages hold rows, and no streams.
func (d *Documents[T, P]) release(perOwner [][]stream[T]) {
	if d.l.Spare == nil {
		return
	}
	for _, room := range perOwner {
		if room = room[:cap(room)]; len(room) > 0 && len(room) <= mostSpare {
			clear(room) // the rows are let go of, and the next finds zero values
			d.l.Spare.pools[d.kind].Put(&room)
		}
	}
}
