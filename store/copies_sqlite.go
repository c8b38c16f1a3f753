package store

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync"
	"time"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/trama-graph/trama/datasources/copies"
)

// keptStatements is how many statements a connection keeps prepared from one reading
// to the next. One reading needs few.
const keptStatements = 64

// liteReaders are connections to SQLite that only read copies. They go round
// database/sql, of which each row costs allocations and each statement is prepared
// anew: a question about the rows of 50 customers takes a fifth of the time. At most
// `readers` are open. All is in the library the driver is made of.
type liteReaders struct {
	uri   string
	busy  time.Duration
	free  chan struct{} // a place for each connection
	walks *walks

	mu     sync.Mutex
	idle   []*liteConn // the last one used, whose pages are in memory, is last
	closed bool
}

func newLiteReaders(path string, busy time.Duration) *liteReaders {
	r := &liteReaders{uri: "file:" + (&url.URL{Path: path}).EscapedPath(), busy: busy, free: make(chan struct{}, readers), walks: newWalks()}
	for range readers {
		r.free <- struct{}{}
	}
	return r
}

// close waits for what is read.
func (r *liteReaders) close() {
	r.mu.Lock()
	wasClosed := r.closed
	r.closed = true
	r.mu.Unlock()
	if wasClosed {
		return
	}
	for range readers {
		<-r.free
	}
	for _, c := range r.idle {
		c.close()
	}
	r.idle = nil
	close(r.free) // who still waits is told
}

// read runs f in one consistent reading on a connection of its own.
func (r *liteReaders) read(ctx context.Context, f func(c *liteConn) error) error {
	select {
	case _, isOpen := <-r.free:
		if !isOpen {
			return errClosed
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { r.free <- struct{}{} }()
	c, err := r.take()
	if err != nil {
		return err
	}
	defer func() {
		if c.isBroken {
			c.close()
			return
		}
		r.mu.Lock()
		r.idle = append(r.idle, c)
		r.mu.Unlock()
	}()
	return c.within(ctx, f)
}

func (r *liteReaders) take() (*liteConn, error) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, errClosed
	}
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return c, nil
	}
	r.mu.Unlock()
	c, err := openLite(r.uri, r.busy)
	if err == nil {
		c.walks = r.walks
	}
	return c, err
}

// liteConn is one connection. It is used by one goroutine at a time.
type liteConn struct {
	tls  *libc.TLS
	db   uintptr
	slot uintptr // where SQLite writes a pointer
	text uintptr // a text on its way, of size bytes
	size int

	begin, end *liteStmt
	kept       map[string]*liteStmt
	sets       map[int64]copies.Set // as they were last read, for their texts
	walks      *walks               // of all readers
	isBroken   bool                 // it is not to be used again
}

func openLite(uri string, busy time.Duration) (*liteConn, error) {
	c := &liteConn{tls: libc.NewTLS(), kept: map[string]*liteStmt{}, sets: map[int64]copies.Set{}}
	c.slot = libc.Xcalloc(c.tls, 1, 8) // a pointer of four bytes leaves the others zero
	name, err := libc.CString(uri)
	if err == nil {
		// Nobody else uses it, so that it needs no lock of its own. It is not opened for
		// reading only, as it may have to recover what another process left.
		rc := sqlite3.Xsqlite3_open_v2(c.tls, name, c.slot, sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_NOMUTEX|sqlite3.SQLITE_OPEN_URI, 0)
		c.db = c.written()
		libc.Xfree(c.tls, name)
		err = c.check(rc)
	}
	for _, text := range []string{
		"PRAGMA query_only = 1",
		// 16 MB of pages for each reader: questions to copies go over a few indexes again and again.
		"PRAGMA cache_size = -16000",
		"PRAGMA busy_timeout = " + strconv.FormatInt(busy.Milliseconds(), 10),
	} {
		if err == nil {
			err = c.once(text)
		}
	}
	if err == nil {
		c.begin, err = c.prepare("BEGIN")
	}
	if err == nil {
		c.end, err = c.prepare("ROLLBACK")
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// close frees all there is of the connection.
func (c *liteConn) close() {
	c.forget()
	c.begin.finalize(c)
	c.end.finalize(c)
	sqlite3.Xsqlite3_close_v2(c.tls, c.db)
	libc.Xfree(c.tls, c.slot)
	libc.Xfree(c.tls, c.text)
	c.tls.Close()
}

// forget gives back the kept statements.
func (c *liteConn) forget() {
	for text, st := range c.kept {
		st.finalize(c)
		delete(c.kept, text)
	}
}

// within runs f in a transaction, and stops what it asks when the context ends.
func (c *liteConn) within(ctx context.Context, f func(c *liteConn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(c.kept) > keptStatements {
		c.forget()
	}
	if ctx.Done() != nil {
		over, stopped := make(chan struct{}), make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(stopped)
			c.interrupt(over)
		})
		defer func() {
			close(over)
			if !stop() {
				<-stopped // it would interrupt who reads next
			}
		}()
	}
	c.isBroken = true // unless it comes to the end, whatever f does
	if err := c.do(c.begin); err != nil {
		return err
	}
	err := f(c)
	if ended := c.do(c.end); ended != nil {
		err = errors.Join(err, ended)
	} else {
		c.isBroken = false
	}
	if err != nil && ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// interrupt stops what runs until it is over: one that comes before a statement has
// begun is forgotten by SQLite.
func (c *liteConn) interrupt(over <-chan struct{}) {
	tls := libc.NewTLS()
	defer tls.Close()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		sqlite3.Xsqlite3_interrupt(tls, c.db)
		select {
		case <-over:
			return
		case <-again.C:
		}
	}
}
