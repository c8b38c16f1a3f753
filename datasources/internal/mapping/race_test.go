//go:build race

package mapping_test

// isRace: the race detector empties pools at random, so bytes mean nothing.
const isRace = true
