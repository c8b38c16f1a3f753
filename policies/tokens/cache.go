package tokens

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trama-graph/trama/policies"
)

// maxCached is how many tokens are remembered. Only valid ones are: nobody from
// outside can push others out.
const maxCached = 10_000

// cache remembers tokens that were let in, by the hash of their text: the text
// itself is kept nowhere.
type cache struct {
	lifetime time.Duration

	mu      sync.RWMutex // guards what follows
	epoch   uint64       // how often it was cleared
	entries map[[sha256.Size]byte]*entry
}

// entry is a token that was let in.
type entry struct {
	principal policies.Principal
	networks  []netip.Prefix
	until     time.Time
	hour      atomic.Int64 // in which it was used last, as far as noted, since 1970
}

// get returns the entry, nil when there is none that is young enough, and the
// epoch, which put wants back.
func (c *cache) get(sum [sha256.Size]byte, now time.Time) (*entry, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.entries[sum]
	if e == nil || !now.Before(e.until) {
		return nil, c.epoch
	}
	return e, c.epoch
}

// put remembers e unless the cache was cleared since get: then e was looked up
// before that and may be of a token that was stopped.
func (c *cache) put(sum [sha256.Size]byte, e *entry, epoch uint64, now time.Time) {
	if c.lifetime <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	if len(c.entries) >= maxCached {
		for k, old := range c.entries {
			if !now.Before(old.until) {
				delete(c.entries, k)
			}
		}
		if len(c.entries) >= maxCached {
			c.entries = nil
		}
	}
	if c.entries == nil {
		c.entries = map[[sha256.Size]byte]*entry{}
	}
	e.until = now.Add(c.lifetime)
	c.entries[sum] = e
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.entries = nil
}

// allows reports whether the token may be used from an address.
func (e *entry) allows(from netip.Addr) bool {
	if len(e.networks) == 0 {
		return true
	}
	from = from.Unmap().WithZone("")
	for _, n := range e.networks {
		if n.Contains(from) {
			return true
		}
	}
	return false
}

// usedIn notes the use in an hour and reports whether it is the first there.
func (e *entry) usedIn(hour int64) bool {
	old := e.hour.Load()
	return old < hour && e.hour.CompareAndSwap(old, hour)
}
