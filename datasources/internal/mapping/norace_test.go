//go:build !race

package mapping_test

// isRace: nothing disturbs what is measured.
const isRace = false
