package cache

// Mark is how many changes this process knows of, for Changed. A change that began
// before is noted everywhere when it returns.
func (c *Cache) Mark() uint64 {
	c.tags.change.Lock()
	defer c.tags.change.Unlock()
	return c.tags.number.Load()
}

// Changed reports whether anything of these entities is known to have changed, in
// whatever source and for whatever customer, since Mark returned since. It knows of
// everything Invalidate and Erase were told here, also where no row is kept (TTL 0) or
// the source is a copy, and with Redis of what they were told on other instances. It
// costs nothing to speak of while nothing changes.
func (c *Cache) Changed(since uint64, entities []string) bool {
	if c.tags.number.Load() == since {
		return false
	}
	return c.tags.changedSince(since, entities)
}

func (t *tags) changedSince(since uint64, entities []string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, s := range t.sources {
		if s.last.Load() <= since {
			continue
		}
		for _, e := range entities {
			if s.newest(e, "", true).local > since {
				return true
			}
		}
	}
	return false
}
