package cache

import "context"

// Invalidate says that rows have changed at their source. When it returns, no
// entry of this process that was read before is served as fresh, nor at once as
// stale, and a reading under way is not kept as newer. With Redis, other
// instances follow within milliseconds, and within two seconds when a message was
// lost; without Redis the local copies of other instances are fresh until their
// TTL.
//
// What was invalidated may still stand in for a source that does not answer,
// marked as stale: a row that was right a while ago is more than an error. What
// was deleted must not: see Erase.
//
// While Redis is away the change holds here at once and is sent when Redis is
// back. Tags of sources the cache is not put around are ignored.
func (c *Cache) Invalidate(ctx context.Context, list ...Tag) { c.change(ctx, list, false) }

// Erase is Invalidate for rows that were deleted or may not be shown any more:
// entries read before are never served again, not even instead of an error.
func (c *Cache) Erase(ctx context.Context, list ...Tag) { c.change(ctx, list, true) }

// InvalidateLocal is Invalidate for this process only, for an instance that heard
// by other ways what another one has changed. Entries in Redis are judged by what
// was put there alone.
func (c *Cache) InvalidateLocal(list ...Tag) { c.tags.changed(c.tags.known(list), false) }

func (c *Cache) change(ctx context.Context, list []Tag, erased bool) {
	list = c.tags.known(list)
	if len(list) == 0 {
		return
	}
	c.tags.changed(list, erased)
	if c.cfg.Redis == nil {
		c.count.sent.Add(uint64(len(list)))
		return
	}
	c.shared.add(list, erased)
	// It was said and holds, whether or not the caller waits for it.
	c.align(context.WithoutCancel(ctx))
}
