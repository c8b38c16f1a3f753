package dataset_test

import (
	"bytes"
	"testing"

	"github.com/trama-graph/trama/graph/dataset"
)

// FuzzPartial holds that bytes are either a group that comes back as it was written, or
// refused, and that values are read from keys as they were written.
func FuzzPartial(f *testing.F) {
	table := whole(f, asideText)
	c := dataset.NewCodec(table)
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	fillAside(f, table, a)
	for _, b := range c.Groups(a) {
		f.Add(b)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		once, ok := c.Again(b)
		if !ok {
			return
		}
		twice, ok := c.Again(once)
		if !ok || !bytes.Equal(once, twice) {
			t.Errorf("%x\nis %x\nand then %x, %v", b, once, twice, ok)
		}
	})
}

// TestPartialSeeds holds that groups come back as they were written, byte by byte, and
// that none that was cut does.
func TestPartialSeeds(t *testing.T) {
	table := whole(t, asideText)
	c := dataset.NewCodec(table)
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	fillAside(t, table, a)
	groups := c.Groups(a)
	if len(groups) != 8 {
		t.Fatalf("got %d groups", len(groups))
	}
	for _, b := range groups {
		if again, ok := c.Again(b); !ok || !bytes.Equal(again, b) {
			t.Errorf("%x is %x, %v", b, again, ok)
		}
		for i := range b {
			if _, ok := c.Again(b[:i]); ok {
				t.Errorf("%d of %d bytes are a group", i, len(b))
			}
		}
	}
}
