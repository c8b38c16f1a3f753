//go:build unix

// Command bench measures Trama against the join written by hand: it builds and
// starts four source systems, the hand-written floor and `trama serve` with
// policies on, checks that floor and Trama give the same data, drives the load and
// prints the goals with what was measured. `make bench` runs it, from the root of
// the repository.
//
//	bench -time 1s -rounds 1 -without copies    a first look
//	bench -profile DIR                          and profiles of each phase
//
// It also runs the engine alone against gqlgen's generated executor, with the Go
// benchmarks of graph/engine.
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
	"github.com/trama-graph/trama/e2e/bench/questions"
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
	flag.StringVar(&o.without, "without", "", "what to leave out, by commas: cold, cached, copies, engine, J, J-kept, S, B, B50000")
	flag.StringVar(&o.profile, "profile", "", "directory for profiles of each phase, of CPU and of allocations, taken in a round of their own")
	flag.StringVar(&o.program, "trama", "", "a trama that is built already, to compare with another state of the repository; the engine alone is left out")
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
	// First, while nothing else of this runs. The engine of another state is not here.
	var engines []comparison
	if o.program == "" && !o.leavesOut(engine) {
		if engines, err = compareExecutors(ctx, &o, dir); err != nil {
			return err
		}
	}
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
			return errors.Join(fmt.Errorf("%s: %w", p.name, err), show(os.Stdout, phases(), all), showExecutors(os.Stdout, engines))
		}
	}
	return errors.Join(show(os.Stdout, phases(), all), showExecutors(os.Stdout, engines))
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
	d := &load.Driver{Upstreams: r.upstreams, Time: o.time, Warm: o.warm}
	for round := range o.rounds {
		say("%s: round %d of %d", p.name, round+1, o.rounds)
		for _, c := range p.cells {
			// Memory at its peak is the same in every round, and this one takes long.
			if o.leavesOut(c.Name) || c.Name == bigBulk && round > 0 {
				continue
			}
			targets := []*load.Target{floor, us}
			if c.Name == kept {
				targets[0] = static
			}
			if err := load.Locked(o.lock, func() error {
				results, err := d.Round(ctx, targets, c, round)
				all.add(p.name, results)
				if err == nil && c.Name == kept {
					err = areKept(&results[1], o.time)
				}
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
	return r.record(ctx, o, d, us, p)
}

// check holds Trama's data against the floor's: a wrong answer may be as fast as
// it likes. Where it is to be kept, it asks Trama again, for the kept answer.
func check(ctx context.Context, floor, us *load.Target, c load.Cell) error {
	want, err := load.Ask(ctx, floor, c.Question)
	if err != nil {
		return err
	}
	times := 1
	if c.Name == kept {
		times = 2
		// Where the directory only assumed of whom a source has records, the first rows
		// tell, and such news ends kept answers: they come by the ordinary question.
		if _, err := load.Ask(ctx, us, questions.Dashboard); err != nil {
			return err
		}
	}
	for asked := range times {
		got, err := load.Ask(ctx, us, c.Question)
		if err != nil {
			return err
		}
		if err := load.Same(want.Data, got.Data); err != nil {
			return fmt.Errorf("%s: %s and %s: %w", c.Name, floor.Name, us.Name, err)
		}
		if isAgain := asked > 0; got.IsKept != isAgain {
			return fmt.Errorf("%s: answer %d was kept: %t, not %t", c.Name, asked+1, got.IsKept, isAgain)
		}
	}
	return nil
}

// areKept holds that kept answers were measured and nothing else: each time that the
// life of one ends, every connection may ask once before there is the next.
func areKept(r *load.Result, length time.Duration) error {
	made, most := r.Requests-r.Kept, r.Connections*(1+int(length/answerLife))
	if r.Kept == 0 || made > most {
		return fmt.Errorf("%d of %d answers were made anew, where %d may be: no kept answers were measured", made, r.Requests, most)
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
