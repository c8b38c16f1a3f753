//go:build race

package rest_test

// isRace: the race detector empties pools at random, so bytes mean nothing.
const isRace = true
