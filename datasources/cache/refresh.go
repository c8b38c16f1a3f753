package cache

import (
	"context"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// refreshFlow is for whom sources are asked in the background: one flow of its
// own, so that nobody's share pays for what all will have, and so that it is
// served when many ask.
const refreshFlow = "cache"

// refreshRest is how long nothing is read again after that has failed.
const refreshRest = time.Second

// refresh reads in the background what was served stale, once for all who saw it.
// When enough readings of the source are under way it does nothing: the next
// question tries again, and past Hard a caller asks himself.
func (r *reader[T, P]) refresh(q *question[T], keys []string) {
	if r.c.cfg.Now().UnixNano() < r.restUntil.Load() {
		return
	}
	select {
	case r.slots <- struct{}{}:
	default:
		r.c.count.refreshesDropped.Add(uint64(len(keys)))
		return
	}
	r.mu.Lock()
	var mine []string
	for _, k := range keys {
		n := name{q.of, k}
		f := r.flights[n]
		if f == nil && r.kept(n) != nil || f != nil && r.covers(q, f, k) {
			continue
		}
		mine = append(mine, k)
	}
	if len(mine) == 0 {
		r.mu.Unlock()
		<-r.slots
		return
	}
	f := r.open(q, mine)
	f.isOwn = true
	ctx, cancel := context.WithTimeout(datasources.WithFlow(context.Background(), refreshFlow), r.c.cfg.RefreshTimeout)
	f.deadline, _ = ctx.Deadline()
	f.cancel = cancel
	f.after = func() {
		<-r.slots
		if f.reply.err != nil {
			r.c.count.refreshesFailed.Add(1)
			// While a source does not answer it is not asked at every question.
			r.restUntil.Store(r.c.cfg.Now().Add(refreshRest).UnixNano())
		}
	}
	r.mu.Unlock()
	r.c.count.refreshes.Add(1)
	r.start(ctx, q, f, func(ctx context.Context) map[string]*entry[T] { return r.elsewhere(ctx, q, f.keys) })
}

// elsewhere gives what another process has already read again.
func (r *reader[T, P]) elsewhere(ctx context.Context, q *question[T], keys []string) map[string]*entry[T] {
	if r.c.cfg.Redis == nil {
		return nil
	}
	out := map[string]*entry[T]{}
	for key, e := range r.distant(ctx, q, keys) {
		if e.state == fresh {
			out[key] = e.entry
		}
	}
	return out
}
