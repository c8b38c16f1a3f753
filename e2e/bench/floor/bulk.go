package main

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// part is one page of a bulk answer.
type part struct {
	text *[]byte
	err  error
}

// bulk joins page by page, a few at once, and sends each as soon as it is its
// turn: the memory is that of a few pages whatever the size of the answer.
func (f *floor) bulk(ctx context.Context, w http.ResponseWriter, first int) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	parts := make([]chan part, (first+f.page-1)/f.page)
	start := func(i int) {
		if i >= len(parts) {
			return
		}
		parts[i] = make(chan part, 1)
		wg.Go(func() {
			held, _ := f.bufs.Get().(*[]byte)
			var err error
			*held, err = f.join(ctx, (*held)[:0], min(f.page, first-i*f.page), i*f.page)
			parts[i] <- part{held, err}
		})
	}
	for i := range f.ahead {
		start(i)
	}
	w.Header().Set("Content-Type", "application/json")
	write := func(text string) { _, _ = io.WriteString(w, text) }
	write(open)
	for i := range parts {
		p := <-parts[i]
		if p.err != nil {
			panic(http.ErrAbortHandler) // the answer has begun: only its end can tell
		}
		if i > 0 {
			write(",")
		}
		if _, err := w.Write(*p.text); err != nil {
			return
		}
		f.bufs.Put(p.text)
		start(i + f.ahead)
	}
	write(shut)
}
