package cache

import (
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/maypok86/otter/v2"
)

// nearby is go-redis/cache's local cache where there is no Redis: encoded entries,
// bounded by bytes. The library's own is bounded by entries of any size.
type nearby struct{ entries *otter.Cache[string, []byte] }

var _ rediscache.LocalCache = (*nearby)(nil)

func newNearby(bytes int64, keep time.Duration) (*nearby, error) {
	entries, err := otter.New(&otter.Options[string, []byte]{
		MaximumWeight:    uint64(max(bytes, 1)),
		Weigher:          func(name string, b []byte) uint32 { return uint32(overhead + len(name) + cap(b)) },
		ExpiryCalculator: otter.ExpiryWriting[string, []byte](keep),
	})
	return &nearby{entries}, err
}

// Set implements rediscache.LocalCache.
func (n *nearby) Set(key string, b []byte) { n.entries.Set(key, b) }

// Get implements rediscache.LocalCache.
func (n *nearby) Get(key string) ([]byte, bool) { return n.entries.GetIfPresent(key) }

// Del implements rediscache.LocalCache.
func (n *nearby) Del(key string) { n.entries.Invalidate(key) }

func (n *nearby) bytes() uint64 {
	if n == nil {
		return 0
	}
	return n.entries.WeightedSize()
}

func (n *nearby) close() { n.entries.StopAllGoroutines() }
