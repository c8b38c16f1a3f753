//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/trama-graph/trama/e2e/bench/programs"
)

// service is Trama with the orders in its store.
type service struct {
	*programs.Server
	filter      string // of what is read; "" = none
	dir, trama  string
	dataset     string
	rows        int    // of the dataset
	reader      string // the token that exports
	pusher      string // the token that pushes
	profiler    string // address of its pages; "" = none
	environment []string
}

// config is of one system that pushes. Nothing of it is measured but the store and the
// way out.
const config = `listen: %s
store: {url: "sqlite:trama.db"}
limits: {timeout: 30m}
sources:
  - {name: erp, kind: erp, supply: push, entities: [Customer, Order]}
`

// serve builds Trama, fills it, and starts it anew: what the filling left in memory is
// no part of a measurement.
func serve(ctx context.Context, dir string, o *options) (_ *service, err error) {
	s := &service{dir: dir, trama: o.program, filter: o.filter}
	if err := s.build(ctx, o.profile != ""); err != nil {
		return nil, err
	}
	address, err := programs.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "trama.yaml"), fmt.Appendf(nil, config, address), 0o600); err != nil {
		return nil, err
	}
	if _, err := s.command(ctx, "agreement", "set", "tables", "--package", "bi", "--max-time", "30m"); err != nil {
		return nil, fmt.Errorf("trama agreement: %w", err)
	}
	if s.reader, err = s.command(ctx, "token", "new", "--account", "tables", "--package", "bi", "--agreement", "tables"); err != nil {
		return nil, fmt.Errorf("trama token: %w", err)
	}
	if s.pusher, err = s.command(ctx, "token", "new", "--account", "erp", "--source", "erp"); err != nil {
		return nil, fmt.Errorf("trama token: %w", err)
	}
	if err := s.start(ctx, address); err != nil {
		return nil, err
	}
	if err := s.fill(ctx, o); err != nil {
		s.stop()
		return nil, err
	}
	s.stop()
	return s, s.start(ctx, address)
}

func (s *service) start(ctx context.Context, address string) (err error) {
	ready := func(ctx context.Context) error { return programs.Answers(ctx, "http://"+address+"/readyz") }
	s.Server, err = programs.Start(ctx, "trama", s.dir, address, s.environment, ready, s.trama, "serve")
	return err
}

func (s *service) stop() {
	if s.Server != nil {
		s.Server.Stop()
	}
}

// profilerFile is the door of the profiler, which is laid over the program.
const profilerFile = "e2e/bench/profile/door.go.txt"

// build builds Trama, with the profiler's pages where profiles are asked for.
func (s *service) build(ctx context.Context, isProfiled bool) error {
	if s.trama != "" {
		whole, err := filepath.Abs(s.trama)
		s.trama = whole
		return err
	}
	say("builds trama")
	s.trama = filepath.Join(s.dir, "trama")
	args := []string{"build", "-o", s.trama}
	if isProfiled {
		root, err := os.Getwd()
		if err != nil {
			return err
		}
		if s.profiler, err = programs.FreeAddress(ctx); err != nil {
			return err
		}
		s.environment = []string{"BENCH_PPROF=" + s.profiler}
		list := filepath.Join(s.dir, "overlay.json")
		text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "bench_door.go"): filepath.Join(root, profilerFile)}})
		if err != nil {
			return err
		}
		if err := os.WriteFile(list, text, 0o600); err != nil {
			return err
		}
		args = append(args, "-overlay", list)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build, in the root of the repository: %w", err)
	}
	return nil
}

func (s *service) command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.trama, args...)
	cmd.Dir, cmd.Stderr = s.dir, os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}
