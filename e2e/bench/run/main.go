//go:build unix

// Command run drives GraphQL servers and prints what a request costs each:
//
//	run -q J,S -c 1,16,64 -lat 0,5ms trama=http://127.0.0.1:8080/graphql@1234
//	run -q J -c 16 floor=http://127.0.0.1:4200/graphql@11 trama=http://127.0.0.1:8080/graphql@12
//	run -check -q S,J,B floor=http://127.0.0.1:4200/graphql trama=http://127.0.0.1:8080/graphql
//
// A target is [name=]URL[@PID[,PID]], on loopback; the processes' children are
// counted with them. Of several targets the ratios to the first are printed.
// Questions are J, S, B, B50000 or the name of a file.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/trama-graph/trama/e2e/bench/load"
	"github.com/trama-graph/trama/e2e/bench/questions"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	up, questions, connections, latencies, header, lock string
	time, warm                                          time.Duration
	rounds, bulk                                        int
	isCheck                                             bool
}

func run(ctx context.Context) error {
	var o options
	flag.StringVar(&o.up, "up", "http://127.0.0.1:4100", "the upstreams, for latencies and counts; empty = they are left alone")
	flag.StringVar(&o.questions, "q", "J,S", "questions: J, S, B, B50000, or a file with one")
	flag.StringVar(&o.connections, "c", "1,16,64", "connections")
	flag.StringVar(&o.latencies, "lat", "0,5ms", "latencies of the upstreams")
	flag.StringVar(&o.header, "H", "", "further header lines, parted by |")
	flag.StringVar(&o.lock, "lock", filepath.Join(os.TempDir(), "bench.lock"), "file that is locked during each round; empty = none")
	flag.DurationVar(&o.time, "d", 3*time.Second, "length of one measurement")
	flag.DurationVar(&o.warm, "warm", 500*time.Millisecond, "warm-up before each")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; medians are printed")
	flag.IntVar(&o.bulk, "bulk", 3, "requests in one measurement of B")
	flag.BoolVar(&o.isCheck, "check", false, "only compare the answers with the first target's")
	flag.Parse()

	targets, err := o.targets(flag.Args())
	if err != nil {
		return err
	}
	cells, err := o.cells()
	if err != nil {
		return err
	}
	if o.isCheck {
		return check(ctx, targets, cells)
	}
	d := &load.Driver{Upstreams: load.Upstreams(o.up), Time: o.time, Warm: o.warm}
	results := make([][][]load.Result, len(cells)) // by cell, round and target
	for round := range o.rounds {
		for i, c := range cells {
			err := load.Locked(o.lock, func() error {
				r, err := d.Round(ctx, targets, c, round)
				results[i] = append(results[i], r)
				return err
			})
			if err := cmp.Or(err, ctx.Err()); err != nil {
				return err
			}
		}
	}
	print(targets, cells, results)
	return nil
}

func (o *options) targets(args []string) ([]*load.Target, error) {
	if len(args) == 0 {
		return nil, errors.New("no target: [name=]URL[@PID[,PID]]")
	}
	var header []string
	if o.header != "" {
		header = strings.Split(o.header, "|")
	}
	targets := make([]*load.Target, len(args))
	for i, a := range args {
		var err error
		if targets[i], err = load.ParseTarget(a, "t"+strconv.Itoa(i+1), header); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

func (o *options) cells() ([]load.Cell, error) {
	var cells []load.Cell
	for _, name := range strings.Split(o.questions, ",") {
		text, isBulk, err := question(name)
		if err != nil {
			return nil, err
		}
		for _, l := range strings.Split(o.latencies, ",") {
			latency, err := time.ParseDuration(l)
			if err != nil {
				return nil, err
			}
			for _, c := range strings.Split(o.connections, ",") {
				n, err := strconv.Atoi(c)
				if err != nil || n < 1 {
					return nil, fmt.Errorf("-c: %q is no number of connections", c)
				}
				cell := load.Cell{Name: name, Question: text, Latency: latency, Connections: n}
				if isBulk {
					cell.Connections, cell.Requests = 1, o.bulk
				}
				cells = append(cells, cell)
				if isBulk {
					break
				}
			}
		}
	}
	return cells, nil
}

func question(name string) (text string, isBulk bool, err error) {
	const bulk = 5000
	switch name {
	case "J":
		return questions.Dashboard, false, nil
	case "S":
		return questions.Small, false, nil
	case "B":
		return questions.Bulk(bulk), true, nil
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(name, "B")); err == nil && strings.HasPrefix(name, "B") {
		return questions.Bulk(n), true, nil
	}
	b, err := os.ReadFile(name)
	return string(b), false, err
}

// check compares the data of all targets with that of the first.
func check(ctx context.Context, targets []*load.Target, cells []load.Cell) error {
	done := map[string]bool{}
	for _, c := range cells {
		if done[c.Name] {
			continue
		}
		done[c.Name] = true
		var first []byte
		for i, t := range targets {
			answer, err := load.Ask(ctx, t, c.Question)
			if err != nil {
				return err
			}
			if i == 0 {
				first = answer.Data
			}
			if err := load.Same(first, answer.Data); err != nil {
				return fmt.Errorf("%s: %s and %s: %w", c.Name, targets[0].Name, t.Name, err)
			}
		}
		fmt.Printf("%s: %d bytes of data, the same from all\n", c.Name, len(first))
	}
	return nil
}
