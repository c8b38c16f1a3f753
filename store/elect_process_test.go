//go:build unix

package store_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// childAddress makes the test program one that takes the right "directory" in this
// database and says when it has it, and when it has lost it.
const childAddress = "TRAMA_TEST_ELECT"

func TestElectChild(t *testing.T) {
	address := os.Getenv(childAddress)
	if address == "" {
		return // it is for the tests below
	}
	s := openAt(t, address)
	run, _, err := s.Elect(t.Context(), "directory")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("granted\n")
	<-run.Done()
	if errors.Is(context.Cause(run), store.ErrLost) {
		_, _ = os.Stdout.WriteString("lost\n")
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent ends
	os.Exit(0)
}

// child is a process that has the right.
type child struct {
	*exec.Cmd
	said *bufio.Scanner
}

func newChild(t *testing.T, address string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestElectChild$")
	cmd.Env = append(os.Environ(), childAddress+"="+address)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	c := &child{Cmd: cmd, said: bufio.NewScanner(out)}
	c.wait(t, "granted")
	return c
}

func (c *child) wait(t *testing.T, word string) {
	t.Helper()
	for c.said.Scan() {
		if c.said.Text() == word {
			return
		}
	}
	t.Fatalf("the process did not say %q: %v", word, c.said.Err())
}

// failOver is how long nobody may have a right whose holder is gone.
const failOver = 10 * time.Second

// TestElectKilled: another process has the right soon after the one that had it was
// killed.
func TestElectKilled(t *testing.T) {
	t.Parallel()
	address := servicetest.Postgres(t)
	c, s := newChild(t, address), openAt(t, address)
	defer s.Close()
	refused(t, s, "directory", 1500*time.Millisecond)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, release, took := elected(t, s, "directory", failOver)
	release()
	t.Logf("fail-over after SIGKILL: %v", took)
}

// TestElectStopped: a process that was stopped loses the right, though its host
// answers for it; and knows when it wakes up.
func TestElectStopped(t *testing.T) {
	t.Parallel()
	address := servicetest.Postgres(t)
	c, s := newChild(t, address), openAt(t, address)
	defer s.Close()
	if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_, release, took := elected(t, s, "directory", failOver)
	release()
	t.Logf("fail-over after SIGSTOP: %v", took)
	if err := c.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c.wait(t, "lost")
	t.Logf("noticed %v after SIGCONT", time.Since(began))
}

// wire carries connections to a server, and can be cut: both ends stay open and
// hear nothing.
type wire struct {
	address string
	cut     atomic.Bool
	mu      sync.Mutex
	open    []net.Conn
}

// hangUp closes the connections there are.
func (w *wire) hangUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		_ = c.Close() // it may be closed already
	}
	w.open = nil
}

func newWire(t *testing.T, address string) *wire {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	u.Host = l.Addr().String()
	w := &wire{address: u.String()}
	var wait sync.WaitGroup
	carry := func(from, to net.Conn) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			if w.cut.Load() {
				if err != nil {
					return
				}
				continue
			}
			if n > 0 {
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
			if err != nil {
				_ = to.Close()
				return
			}
		}
	}
	wait.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", server)
			if err != nil {
				_ = a.Close()
				continue
			}
			w.mu.Lock()
			w.open = append(w.open, a, b)
			w.mu.Unlock()
			wait.Go(func() { carry(a, b) })
			wait.Go(func() { carry(b, a) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.hangUp()
		wait.Wait()
	})
	return w
}

// TestElectCut: when the network is cut, the process stops before the server gives
// its right to another.
func TestElectCut(t *testing.T) {
	t.Parallel()
	address := servicetest.Postgres(t)
	w := newWire(t, address)
	far, near := openAt(t, w.address), openAt(t, address)
	defer near.Close()
	run, release, _ := elected(t, far, "directory", 2*time.Second)
	cut := time.Now()
	w.cut.Store(true)
	var ended time.Duration
	var wait sync.WaitGroup
	wait.Go(func() {
		<-run.Done()
		ended = time.Since(cut)
		release()
	})
	_, release2, took := elected(t, near, "directory", failOver)
	release2()
	wait.Wait()
	t.Logf("the network was cut: the one stopped after %v, the other went on after %v", ended, took)
	if ended >= took {
		t.Error("both had the right")
	}
	if !errors.Is(context.Cause(run), store.ErrLost) {
		t.Errorf("it ended with %v", context.Cause(run))
	}
	began := time.Now()
	_ = far.Close()
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("closed after %v", d)
	}
}
