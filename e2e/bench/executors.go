//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/trama-graph/trama/e2e/bench/load"
)

// engine is the engine alone, against the executor that gqlgen generates: the same
// question, resolvers and rows, in memory.
const engine = "engine"

// Where the Go benchmarks of the two are, from the root of the repository, and
// their names.
const (
	enginePackage      = "graph/engine"
	benchmarkEngine    = "BenchmarkEngine"
	benchmarkGenerated = "BenchmarkGenerated"
)

// benchmark is what one run of a Go benchmark says of an operation.
type benchmark struct {
	time        float64 // nanoseconds
	bytes       float64 // allocated
	allocations float64
}

// comparison is one round of both.
type comparison struct{ engine, generated benchmark }

// executorGoals are how many times less the engine takes than the generated
// executor; bound 0 = none.
func executorGoals() []executorGoal {
	return []executorGoal{
		{"CPU an operation, ms", func(b *benchmark) float64 { return b.time / 1e6 }, 10},
		{"allocations an operation", func(b *benchmark) float64 { return b.allocations }, 20},
		{"allocated an operation, KB", func(b *benchmark) float64 { return b.bytes / 1e3 }, 0},
	}
}

type executorGoal struct {
	name  string
	of    func(b *benchmark) float64
	bound float64
}

// compareExecutors runs both benchmarks, as often as there are rounds: in turns, so
// that what else the machine does falls on both. They run on one processor: there
// their time is their CPU time, however many goroutines they start.
func compareExecutors(ctx context.Context, o *options, dir string) ([]comparison, error) {
	say("%s: builds the benchmarks of %s", engine, enginePackage)
	program, err := filepath.Abs(filepath.Join(dir, "engine.test"))
	if err != nil {
		return nil, err
	}
	if text, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", program, "./"+enginePackage).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the benchmarks of %s: %w\n%s", enginePackage, err, text)
	}
	rounds := make([]comparison, o.rounds)
	for i := range rounds {
		say("%s: round %d of %d", engine, i+1, o.rounds)
		if err := load.Locked(o.lock, func() error {
			cmd := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.bench", "^("+benchmarkEngine+"|"+benchmarkGenerated+")$",
				"-test.benchmem", "-test.cpu", "1", "-test.benchtime", o.time.String())
			cmd.Dir = enginePackage
			text, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", engine, err, text)
			}
			rounds[i], err = parseComparison(text)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return rounds, nil
}

// parseComparison reads what `go test -bench -benchmem` prints of the two.
func parseComparison(text []byte) (c comparison, err error) {
	for _, b := range []struct {
		name string
		into *benchmark
	}{{benchmarkEngine, &c.engine}, {benchmarkGenerated, &c.generated}} {
		if *b.into, err = parseBenchmark(text, b.name); err != nil {
			return c, err
		}
	}
	return c, nil
}

// parseBenchmark reads the line of one benchmark:
//
//	BenchmarkEngine    2428    685426 ns/op    349.71 MB/s    112694 B/op    268 allocs/op
func parseBenchmark(text []byte, name string) (b benchmark, err error) {
	for line := range bytes.Lines(text) {
		words := strings.Fields(string(line))
		if len(words) == 0 || words[0] != name {
			continue
		}
		for i := 2; i+1 < len(words); i += 2 {
			into := map[string]*float64{"ns/op": &b.time, "B/op": &b.bytes, "allocs/op": &b.allocations}[words[i+1]]
			if into == nil {
				continue
			}
			if *into, err = strconv.ParseFloat(words[i], 64); err != nil {
				return b, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if b.time <= 0 || b.bytes <= 0 || b.allocations <= 0 {
		return b, fmt.Errorf("%s printed no time or allocations:\n%s", name, text)
	}
	return b, nil
}

// showExecutors prints the goals with the medians, nothing where nothing was
// measured.
func showExecutors(out io.Writer, rounds []comparison) error {
	if len(rounds) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nthe engine alone\tgenerated\tengine\ttimes less\tgoal\t\t")
	for _, g := range executorGoals() {
		mine, theirs, ratios := make([]float64, len(rounds)), make([]float64, len(rounds)), make([]float64, len(rounds))
		for i := range rounds {
			mine[i], theirs[i] = g.of(&rounds[i].engine), g.of(&rounds[i].generated)
			ratios[i] = theirs[i] / mine[i]
		}
		bound, verdict := judge(load.Median(ratios), g.bound, true, "×")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s×\t%s\t%s\t\n", g.name, plain(load.Median(theirs)), plain(load.Median(mine)), plain(load.Median(ratios)), bound, verdict)
	}
	return w.Flush()
}
