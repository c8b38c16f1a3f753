package loaders

// roomFor is the frame that makes a new stack 16 KiB large:
// that holds all a read of a source takes, from the batch down to the wire.
const roomFor = 7 << 10

// roomy makes the stack of a goroutine that has just begun as large as a read needs it.
// A new stack has 2 KiB and is doubled each time it is full, and each time all frames
// that are under way are moved and mended: with the calls of a read that costs more than
// some reads do. Here it is done once, while there is nothing to move.
//
//go:noinline
func roomy(at int) byte {
	var room [roomFor]byte
	return room[at%roomFor] // at a place nobody knows before, or there would be no array
}
