//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// startTimeout bounds the start of one server; on a busy machine PostgreSQL needs seconds.
const startTimeout = time.Minute

// A server is a process of ours that answers at url.
type server struct {
	url, addr string
	cmd       *exec.Cmd
	quit      syscall.Signal
	done      chan struct{} // closed when the process has ended
	log       *os.File
}

// launch starts the command as the machine's user, logging to a file in dir, and waits until
// ready says true. quit is the signal that stops the server in order.
func (m machine) launch(ctx context.Context, dir string, cmd *exec.Cmd, quit syscall.Signal, ready func() bool) (*server, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	cmd.Dir, cmd.Env = dir, m.environ(dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = m.attributes(quit)
	if err := cmd.Start(); err != nil {
		_ = log.Close()
		return nil, err
	}
	s := &server{cmd: cmd, quit: quit, done: make(chan struct{}), log: log}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(s.done)
	}()

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if ready() {
				return s, nil
			}
		case <-s.done:
			defer log.Close()
			return nil, fmt.Errorf("%s ended at its start: %s", filepath.Base(cmd.Path), lastLine(log.Name()))
		case <-ctx.Done():
			s.stop(filepath.Base(cmd.Path))
			return nil, fmt.Errorf("%s did not get ready: %w: %s", filepath.Base(cmd.Path), ctx.Err(), lastLine(log.Name()))
		}
	}
}

// stop ends the server in order, and by force if it does not listen.
func (s *server) stop(name string) {
	_ = s.cmd.Process.Signal(s.quit) // it may have ended already
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		say("%s: did not stop, killed", name)
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	_ = s.log.Close()
}

// try calls start with a free port of the loopback interface, again if somebody took the port in between.
func try(start func(port int) (*server, error)) (*server, error) {
	var errs []error
	for range 3 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := start(port)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
	}
	return nil, errs[len(errs)-1]
}

func freePort() (int, error) {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer l.Close()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no TCP address")
	}
	return addr.Port, nil
}

func newPassword() string { return rand.Text() }

func lastLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	text = bytes.TrimSpace(text)
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	return strings.TrimSpace(string(text))
}
