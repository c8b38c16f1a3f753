package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/graph/web"
)

// narrow is a listener of lines that take so many bytes a second, a little at a time:
// what a reader takes who reads slowly, without the kernel's buffers, which hold
// megabytes.
type narrow struct {
	net.Listener
	rate int
}

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	return &narrowConn{Conn: c, rate: n.rate}, err
}

type narrowConn struct {
	net.Conn
	rate     int
	deadline atomic.Pointer[time.Time]
}

func (c *narrowConn) SetWriteDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.Conn.SetWriteDeadline(t)
}

func (c *narrowConn) Write(b []byte) (n int, err error) {
	for err == nil && n < len(b) {
		little := b[n:min(len(b), n+1<<10)]
		takes := time.Duration(len(little)) * time.Second / time.Duration(c.rate)
		if d := c.deadline.Load(); d != nil && !d.IsZero() && time.Until(*d) < takes {
			<-time.After(time.Until(*d))
			return n, os.ErrDeadlineExceeded
		}
		<-time.After(takes)
		var m int
		m, err = c.Conn.Write(little)
		n += m
	}
	return n, err
}

// narrowServer serves a library over narrow lines.
func narrowServer(t *testing.T, l *library, rate int, change func(*web.Config)) *httptest.Server {
	t.Helper()
	wide, _ := libraryServer(t, l, change)
	srv := httptest.NewUnstartedServer(wide.Config.Handler)
	srv.Listener = narrow{srv.Listener, rate}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// noise is text that gzip makes shorter only where it comes again.
func noise(n int) string {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	r.Read(b)
	for i := range b {
		b[i] = 'A' + b[i]%26
	}
	return string(b)
}

// TestAClientThatCrawls holds that who takes a little of an answer again and again does
// not hold it: no single write of the stream waits for the timeout, and yet the
// connection is closed. At its pace the answer would last minutes.
func TestAClientThatCrawls(t *testing.T) {
	const timeout = 300 * time.Millisecond
	for _, c := range []struct {
		name  string
		first int // 100 and less are one window
		title int
	}{
		{"streamed", 30_000, 1 << 10}, // 60 MB, 3 MB packed, 4 KB in a write
		{"all there", 90, 40 << 10},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			t.Parallel()
			srv := narrowServer(t, &library{title: noise(c.title)}, 20<<10, func(c *web.Config) { c.WriteTimeout = timeout })
			srv.Client().Timeout = 5 * time.Second
			start := time.Now()
			_, got, err := askBooks(t, srv, c.first, "gzip")
			if took := time.Since(start); !errors.Is(err, io.ErrUnexpectedEOF) || took < timeout || len(got) < 4<<10 {
				t.Errorf("it ended after %s and %d bytes with %v", took, len(got), err)
			}
		})
	}
}

// TestAClientThatReads holds that nobody is cut off who is faster than the least rate,
// though all of it takes longer than the timeout.
func TestAClientThatReads(t *testing.T) {
	const timeout = time.Second // 16 times what a piece takes: a busy machine sleeps long
	for _, first := range []int{90, 150} {
		t.Run(fmt.Sprintf("case=%d books", first), func(t *testing.T) {
			t.Parallel()
			srv := narrowServer(t, &library{title: noise(16 << 10)}, 1<<20, func(c *web.Config) { c.WriteTimeout = timeout })
			start := time.Now()
			resp, got, err := askBooks(t, srv, first, "identity")
			if took := time.Since(start); err != nil || resp.StatusCode != http.StatusOK || !bytes.HasSuffix(got, []byte("}")) || took < timeout {
				t.Errorf("%d bytes after %s: %v", len(got), took, err)
			}
		})
	}
}
