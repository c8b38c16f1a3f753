//go:build unix

// Package programs starts the programs that a benchmark measures, and waits until they are
// ready.
package programs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// Server is a program of a rig that runs.
type Server struct {
	Address string // 127.0.0.1:4100
	PID     int

	name   string
	cancel context.CancelFunc
	ended  chan struct{} // closed at its end
}

// The times of a program of the rig.
const (
	startTime = 10 * time.Minute // copies of a hundred thousand customers are made within it
	stopTime  = 20 * time.Second
	pollTime  = 100 * time.Millisecond
)

// Start runs a program, its output in a file of its name, and waits until ready
// says so.
func Start(ctx context.Context, name, dir, address string, env []string, ready func(ctx context.Context) error, command string, args ...string) (*Server, error) {
	out, err := os.CreateTemp(dir, name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer out.Close() // the program has its own
	// Stopped by Stop, not by the end of ctx: what is under way is waited for.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cmd := exec.CommandContext(running, command, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTime
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	s := &Server{Address: address, PID: cmd.Process.Pid, name: name, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		_ = cmd.Wait() // how it ended is in its output
	}()
	if err := s.await(ctx, ready); err != nil {
		s.Stop()
		text, _ := os.ReadFile(out.Name())
		return nil, fmt.Errorf("%w\n%s", err, text[max(0, len(text)-2000):])
	}
	return s, nil
}

func (s *Server) await(ctx context.Context, ready func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("%s ended", s.name)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", s.name, err)
		case <-poll.C:
		}
	}
}

// Stop ends it and waits for that.
func (s *Server) Stop() {
	s.cancel()
	<-s.ended
}

// FreeAddress is a loopback address nobody listens on. Somebody else may take it
// before it is used; then the program that was to have it says so and ends.
func FreeAddress(ctx context.Context) (string, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// Answers is nil once an address answers with 200.
func Answers(ctx context.Context, url string) error {
	resp, err := Get(ctx, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New("status " + strconv.Itoa(resp.StatusCode))
	}
	return nil
}

// Get asks an address.
func Get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}
