//go:build !race

package heaptest

// IsRace reports whether the race detector is on: it empties pools at random, so that
// bytes mean nothing.
const IsRace = false
