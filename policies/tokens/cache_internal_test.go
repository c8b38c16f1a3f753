package tokens

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"
)

// TestCacheBound: whoever has very many tokens does not make it grow.
func TestCacheBound(t *testing.T) {
	c := cache{lifetime: time.Second}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sum := func(i int) (s [sha256.Size]byte) { binary.BigEndian.PutUint64(s[:], uint64(i)); return s }
	for i := range 2*maxCached + maxCached/2 {
		c.put(sum(i), &entry{}, 0, now)
		if len(c.entries) > maxCached {
			t.Fatalf("%d entries", len(c.entries))
		}
	}
	if e, _ := c.get(sum(2*maxCached+1), now); e == nil {
		t.Error("the newest are not there")
	}
	// Those that are too old make room for others.
	for i := range maxCached {
		c.put(sum(i), &entry{}, 0, now.Add(time.Duration(i)))
	}
	c.put(sum(-1), &entry{}, 0, now.Add(time.Second))
	if e, _ := c.get(sum(maxCached-1), now.Add(time.Second)); e == nil {
		t.Error("one that is young enough went")
	}
}

func BenchmarkParse(b *testing.B) {
	p, err := fresh("live")
	if err != nil {
		b.Fatal(err)
	}
	text := p.text()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := parse(text); !ok {
			b.Fatal("not parsed")
		}
	}
}
