package policies

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// unsettled is how long after its last change a file's time is not believed: file
// systems keep it so coarsely that a second change may leave it as it is.
const unsettled = 3 * time.Second

// Watch looks for changed files every so often (every <= 0: each second) until ctx
// ends, and reads the documents again when there are any. What it found wrong is in
// Status and in the log.
func (e *Engine) Watch(ctx context.Context, every time.Duration) {
	if e.o.Dir == "" {
		<-ctx.Done()
		return
	}
	if every <= 0 {
		every = time.Second
	}
	ticks, stop := e.o.Tick(every)
	defer stop()
	looked := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			looked = e.look(ctx, looked)
		}
	}
}

// look reads the documents again when they changed. looked is what the directory looked
// like at the last look: while it looks the same and is settled, no file is opened.
func (e *Engine) look(ctx context.Context, looked string) string {
	outside, settled := e.outside()
	if settled && outside == looked {
		return looked
	}
	e.loading.Lock()
	defer e.loading.Unlock()
	if e.fingerprint() != e.seen {
		_ = e.load(ctx, false) // is in the log and in Status
	}
	return outside
}

// Refresh is Reload where the documents have changed, and nothing where they have
// not: another instance was asked to read them again.
func (e *Engine) Refresh(ctx context.Context) error {
	e.loading.Lock()
	defer e.loading.Unlock()
	if e.fingerprint() == e.seen {
		return nil
	}
	return e.load(ctx, true)
}

// outside describes the files without opening them. It is settled when no file was
// changed just now.
func (e *Engine) outside() (text string, settled bool) {
	sum := sha256.New()
	dir := os.DirFS(e.o.Dir)
	names, err := files(dir)
	fmt.Fprintf(sum, "%v\n", err)
	settled = true
	for _, n := range names {
		info, err := fs.Stat(dir, n)
		if err != nil {
			fmt.Fprintf(sum, "%q %v\n", n, err)
			continue
		}
		fmt.Fprintf(sum, "%q %d %d\n", n, info.Size(), info.ModTime().UnixNano())
		if age := e.o.Now().Sub(info.ModTime()); age > -unsettled && age < unsettled {
			settled = false
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), settled
}

// fingerprint describes the files with what is in them.
func (e *Engine) fingerprint() string {
	if e.o.Dir == "" {
		return ""
	}
	sum := sha256.New()
	dir := os.DirFS(e.o.Dir)
	names, err := files(dir)
	fmt.Fprintf(sum, "%v\n", err)
	for _, n := range names[:min(len(names), maxFiles)] {
		raw, err := readFile(dir, n)
		fmt.Fprintf(sum, "%q %v %d\n", n, err, len(raw))
		sum.Write(raw)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
