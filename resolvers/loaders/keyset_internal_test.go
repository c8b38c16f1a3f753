package loaders

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestKeySet holds a set of keys against a map: of any size, with and without room made
// for it beforehand.
func TestKeySet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.SampledFrom(names(40)), 0, 80).Draw(t, "keys")
		set := newKeySet(rapid.SampledFrom([]int{0, 3, 50}).Draw(t, "room"))
		places := map[string]int{}
		for _, k := range keys {
			want, known := places[k]
			if !known {
				want = len(places)
				places[k] = want
			}
			if got := set.add(k); got != want {
				t.Fatalf("%q is at %d, want %d", k, got, want)
			}
		}
		if len(set.list) != len(places) {
			t.Fatalf("%d keys, want %d", len(set.list), len(places))
		}
		given := keysOf(set.list...)
		for _, k := range append(names(40), "nobody's", "") {
			want, known := places[k]
			if !known {
				want = -1
			}
			if got, same := set.place(k), given.place(k); got != want || same != want {
				t.Fatalf("%q is found at %d and %d, want %d", k, got, same, want)
			}
		}
	})
}

// TestNamesOfKeySets differ for different sets, whatever signs the keys hold.
func TestNamesOfKeySets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := func(label string) []string {
			return rapid.SliceOfNDistinct(rapid.StringOfN(rapid.SampledFrom([]rune{'a', 1, 0, 'b'}), 0, 3, -1), 0, 5, rapid.ID).Draw(t, label)
		}
		a, b := of("a"), of("b")
		if got := keysOf(a...).name() == keysOf(b...).name(); got != slices.Equal(a, b) {
			t.Fatalf("%q and %q: %t", a, b, got)
		}
	})
}

func names(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("C%06d", i)
	}
	return list
}
