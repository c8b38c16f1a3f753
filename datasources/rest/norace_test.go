//go:build !race

package rest_test

// isRace: nothing disturbs what is measured.
const isRace = false
