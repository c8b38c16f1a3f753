package engine

// roomFor is the frame that makes a new stack 16 KiB large:
// that holds all a call takes on its way down to the loaders.
const roomFor = 7 << 10

// roomy makes the stack of a goroutine that has just begun as large as a call needs it.
// A new stack has 2 KiB and is doubled each time it is full, and each time all frames
// that are under way are moved and mended. Here it is done once, while there is nothing
// to move.
//
//go:noinline
func roomy(at int) byte {
	var room [roomFor]byte
	return room[at%roomFor] // at a place nobody knows before, or there would be no array
}
