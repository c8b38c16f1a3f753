package loaders

import "context"

// window is the part of a long answer that is read for, 0 for the whole.
func (l *Loaders) window(ctx context.Context) int {
	if l.Window == nil {
		return 0
	}
	return l.Window(ctx)
}

// Forget lets the rows go that were read for one window of a long answer, which has
// been written: no window asks for those of another. What was read for the whole
// answer stays.
func (l *Loaders) Forget(window int) {
	if window == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := range l.batches {
		if k.window == window {
			delete(l.batches, k)
		}
	}
}
