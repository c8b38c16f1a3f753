//go:build unix

// Command bench measures Trama against the join written by hand: it builds and
// starts four source systems, the hand-written floor and `trama serve` with
// policies on, checks that floor and Trama give the same data, drives the load and
// prints the goals with what was measured. `make bench` runs it, from the root of
// the repository.
//
//	bench -time 1s -rounds 1 -without copies    a first look
//	bench -profile DIR                          and a CPU profile of each phase
//
// Everything listens on loopback, on free ports, and keeps its files in a temporary
// directory. Only the ratios of one run count: the figures themselves move with
// whatever else the machine does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/trama-graph/trama/e2e/bench/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	time, warm time.Duration
	rounds     int
	without    string
	profile    string
	program    string
	lock       string
}

// leaves out reports whether the caller does without a phase or a question.
func (o *options) leavesOut(name string) bool {
	for _, w := range strings.Split(o.without, ",") {
		if w == name {
			return true
		}
	}
	return false
}

func run(ctx context.Context) (err error) {
	var o options
	flag.DurationVar(&o.time, "time", 3*time.Second, "length of one measurement")
	flag.DurationVar(&o.warm, "warm", 500*time.Millisecond, "warm-up before each")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; medians are printed")
	flag.StringVar(&o.without, "without", "", "what to leave out, by commas: cached, copies, J, S, B, B50000")
	flag.StringVar(&o.profile, "profile", "", "directory for a CPU profile of each phase, taken in a round of its own")
	flag.StringVar(&o.program, "trama", "", "a trama that is built already, to compare with another state of the repository")
	flag.StringVar(&o.lock, "lock", filepath.Join(os.TempDir(), "bench.lock"), "file that is locked during each round; empty = none")
	flag.Parse()
	switch {
	case o.rounds < 1:
		return fmt.Errorf("-rounds %d: at least 1", o.rounds)
	case o.profile != "" && o.program != "":
		return errors.New("-profile builds trama anew: not with -trama")
	}

	dir, err := os.MkdirTemp("", "trama-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := newRig(ctx, dir, o.program, o.profile != "")
	if err != nil {
		return err
	}
	defer r.stop()

	all := measured{}
	for _, p := range phases() {
		if o.leavesOut(p.name) {
			continue
		}
		if err := r.phase(ctx, &o, &p, all); err != nil {
			// What was measured before may tell why.
			return errors.Join(fmt.Errorf("%s: %w", p.name, err), show(os.Stdout, phases(), all))
		}
	}
	return show(os.Stdout, phases(), all)
}

// phase serves Trama in one way and measures all questions of that way.
func (r *rig) phase(ctx context.Context, o *options, p *phase, all measured) error {
	say("%s: starts trama serve and waits until it is filled", p.name)
	trama, err := r.serve(ctx, p)
	if err != nil {
		return err
	}
	defer trama.stop()
	floor, static, us := r.targets(trama)
	for _, q := range p.cells {
		if o.leavesOut(q.Name) {
			continue
		}
		if err := check(ctx, floor, us, q); err != nil {
			return err
		}
	}
	targets := []*load.Target{floor, us}
	if p.hasStatic {
		targets = append(targets, static)
	}
	d := &load.Driver{Upstreams: r.upstreams, Time: o.time, Warm: o.warm}
	for round := range o.rounds {
		say("%s: round %d of %d", p.name, round+1, o.rounds)
		for _, c := range p.cells {
			// Memory at its peak is the same in every round, and this one takes long.
			if o.leavesOut(c.Name) || c.Name == bigBulk && round > 0 {
				continue
			}
			if err := load.Locked(o.lock, func() error {
				results, err := d.Round(ctx, targets, c, round)
				all.add(p.name, results)
				return err
			}); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	if o.profile == "" {
		return nil
	}
	return r.record(ctx, d, us, p, o.profile)
}

// check holds Trama's data against the floor's: a wrong answer may be as fast as
// it likes.
func check(ctx context.Context, floor, us *load.Target, c load.Cell) error {
	want, err := load.Data(ctx, floor, c.Question)
	if err != nil {
		return err
	}
	got, err := load.Data(ctx, us, c.Question)
	if err != nil {
		return err
	}
	if err := load.Same(want, got); err != nil {
		return fmt.Errorf("%s: %s and %s: %w", c.Name, floor.Name, us.Name, err)
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
