//go:build unix

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/e2e/bench/load"
	"github.com/trama-graph/trama/e2e/bench/programs"
)

// exampleFile is the configuration Trama is measured with; its addresses are
// replaced, and what a phase replaces.
const exampleFile = "docs/examples/bench.yaml"

// door opens the profiler's pages; it is laid over the program where profiles are
// asked for, and is in no other build.
//
//go:embed profile/door.go.txt
var door string

// rig is what runs during all phases.
type rig struct {
	dir       string
	trama     string // the program
	upstreams load.Upstreams
	systems   *programs.Server
	floor     *programs.Server
	door      string // address of the profiler's pages; "" = none
}

// newRig builds everything, or takes the given program for Trama, and starts the
// systems and the floor.
func newRig(ctx context.Context, dir, program string, isProfiled bool) (_ *rig, err error) {
	r := &rig{dir: dir, trama: program}
	defer func() {
		if err != nil {
			r.stop()
		}
	}()
	if err := r.build(ctx, isProfiled); err != nil {
		return nil, err
	}
	say("starts the source systems and the floor")
	if r.systems, err = r.program(ctx, "upstreams", "/stats"); err != nil {
		return nil, err
	}
	r.upstreams = load.Upstreams("http://" + r.systems.Address)
	r.floor, err = r.program(ctx, "floor", "/ready", "-up", r.systems.Address)
	return r, err
}

func (r *rig) build(ctx context.Context, isProfiled bool) error {
	say("builds the rig and trama")
	var args []string
	if isProfiled {
		overlay, err := r.overlay(ctx)
		if err != nil {
			return err
		}
		args = []string{"-overlay", overlay}
	}
	if r.trama == "" {
		r.trama = filepath.Join(r.dir, "trama")
		if err := r.compile(ctx, r.trama, ".", args...); err != nil {
			return err
		}
	} else {
		whole, err := filepath.Abs(r.trama)
		if err != nil {
			return err
		}
		r.trama = whole
	}
	return errors.Join(
		r.compile(ctx, filepath.Join(r.dir, "upstreams"), "./e2e/bench/upstreams"),
		r.compile(ctx, filepath.Join(r.dir, "floor"), "./e2e/bench/floor"))
}

func (r *rig) compile(ctx context.Context, program, path string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", program}, args...), path)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", path, err)
	}
	return nil
}

// overlay names the file that lays the door over package main.
func (r *rig) overlay(ctx context.Context) (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if r.door, err = programs.FreeAddress(ctx); err != nil {
		return "", err
	}
	source, list := filepath.Join(r.dir, "door.go"), filepath.Join(r.dir, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "bench_door.go"): source}})
	if err != nil {
		return "", err
	}
	return list, errors.Join(os.WriteFile(source, []byte(door), 0o600), os.WriteFile(list, text, 0o600))
}

func (r *rig) program(ctx context.Context, name, path string, args ...string) (*programs.Server, error) {
	address, err := programs.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	ready := func(ctx context.Context) error { return programs.Answers(ctx, "http://"+address+path) }
	return programs.Start(ctx, name, r.dir, address, nil, ready, filepath.Join(r.dir, name), append(args, "-addr", address)...)
}

func (r *rig) stop() {
	for _, s := range []*programs.Server{r.floor, r.systems} {
		if s != nil {
			s.Stop()
		}
	}
}

// trama is one way of Trama that serves.
type trama struct {
	*programs.Server
	token   string
	systems *programs.Server // its own; nil = those of the rig
}

func (t *trama) stop() {
	for _, s := range []*programs.Server{t.Server, t.systems} {
		if s != nil {
			s.Stop()
		}
	}
}

// serve starts Trama in the way of a phase, twice: what the first reading of all
// customers and copies left in memory is no part of a measurement.
func (r *rig) serve(ctx context.Context, p *phase) (_ *trama, err error) {
	t := &trama{}
	defer func() {
		if err != nil {
			t.stop()
		}
	}()
	systems := r.systems.Address
	if p.customers > 0 {
		if t.systems, err = r.program(ctx, "upstreams", "/stats", "-customers", strconv.Itoa(p.customers)); err != nil {
			return nil, err
		}
		systems = t.systems.Address
	}
	address, err := programs.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(r.dir, p.name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := r.configure(dir, address, systems, p); err != nil {
		return nil, err
	}
	command := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, r.trama, args...)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	if _, err := command("agreement", "set", "bench", "--package", "dashboard", "--answer-cache", answerLife.String()); err != nil {
		return nil, fmt.Errorf("trama agreement: %w", err)
	}
	if t.token, err = command("token", "new", "--account", "bench", "--package", "dashboard", "--agreement", "bench"); err != nil {
		return nil, fmt.Errorf("trama token: %w", err)
	}
	var env []string
	if r.door != "" {
		env = []string{"BENCH_PPROF=" + r.door}
	}
	ready := func(ctx context.Context) error { return isFilled(ctx, "http://"+address+"/readyz") }
	for range 2 {
		if t.Server != nil {
			t.Server.Stop()
		}
		if t.Server, err = programs.Start(ctx, "trama", dir, address, env, ready, r.trama, "serve"); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// configure writes the example file with this run's addresses and a phase's own
// values.
func (r *rig) configure(dir, address, systems string, p *phase) error {
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		return fmt.Errorf("run it in the root of the repository: %w", err)
	}
	config := string(text)
	replace := append([]string{"127.0.0.1:8080", address, "127.0.0.1:4100", systems}, p.replace...)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(config, replace[i]) {
			return fmt.Errorf("%s has no %q", exampleFile, replace[i])
		}
		config = strings.ReplaceAll(config, replace[i], replace[i+1])
	}
	return os.WriteFile(filepath.Join(dir, "trama.yaml"), []byte(config), 0o600)
}

// isFilled is nil once the customers of all sources were read, and all copies.
func isFilled(ctx context.Context, url string) error {
	resp, err := programs.Get(ctx, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var state struct {
		Status  string `json:"status"`
		Sources []struct {
			Name      string `json:"name"`
			Directory string `json:"directory"`
			Copy      string `json:"copy"`
		} `json:"sources"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || state.Status != "ready" {
		return errors.New("the status is " + state.Status)
	}
	for _, s := range state.Sources {
		if s.Directory == "filling" || s.Copy == "filling" {
			return errors.New(s.Name + " is filling")
		}
	}
	return nil
}

// targets are the floor, its remembered answer and Trama.
func (r *rig) targets(t *trama) (floor, static, us *load.Target) {
	return load.NewTarget("floor", "http://"+r.floor.Address+"/graphql", r.floor.PID),
		load.NewTarget("static", "http://"+r.floor.Address+"/static", r.floor.PID),
		load.NewTarget("trama", "http://"+t.Address+"/graphql", t.PID, "Authorization: Bearer "+t.token)
}
