package directory

import (
	"maps"
	"sync"
	"sync/atomic"
)

// seenKeys are the customer keys a source's documents have shown. Nearly all that is
// asked of them was seen before, so that a look-up takes no lock and makes nothing.
type seenKeys struct {
	known atomic.Pointer[map[string]struct{}] // is replaced, never changed

	mu    sync.RWMutex        // guards the rest
	late  map[string]struct{} // seen since known was made
	fresh []string            // not yet in the store
}

func (k *seenKeys) has(key string) bool {
	if k.isKnown(key) {
		return true
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.hasLocked(key)
}

func (k *seenKeys) isKnown(key string) bool {
	known := k.known.Load()
	if known == nil {
		return false
	}
	_, ok := (*known)[key]
	return ok
}

// hasLocked is has where mu is held: what was late may have become known meanwhile.
func (k *seenKeys) hasLocked(key string) bool {
	_, ok := k.late[key]
	return ok || k.isKnown(key)
}

func (k *seenKeys) add(key string, isFresh bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.hasLocked(key) {
		return
	}
	if k.late == nil {
		k.late = map[string]struct{}{}
	}
	k.late[key] = struct{}{}
	if isFresh {
		k.fresh = append(k.fresh, key)
	}
	// Each key is moved a few times in all, however many there come to be.
	if known := k.known.Load(); known == nil || len(k.late) > 64+len(*known)/4 {
		all := make(map[string]struct{}, k.size())
		if known != nil {
			maps.Copy(all, *known)
		}
		maps.Copy(all, k.late)
		k.known.Store(&all)
		k.late = nil
	}
}

// size is how many keys there are; mu is held.
func (k *seenKeys) size() int {
	n := len(k.late)
	if known := k.known.Load(); known != nil {
		n += len(*known)
	}
	return n
}

// take returns what the store does not have yet, and forgets that.
func (k *seenKeys) take() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh := k.fresh
	k.fresh = nil
	return fresh
}

func (k *seenKeys) giveBack(fresh []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fresh = append(fresh, k.fresh...)
}

func (k *seenKeys) len() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.size()
}
