//go:build unix

package main

import (
	"fmt"
	"slices"

	"github.com/trama-graph/trama/e2e/bench/load"
)

// column is one figure of a measurement.
type column struct {
	name, format string
	of           func(r *load.Result) float64
	isCompared   bool
}

func columns() []column {
	return []column{
		{"req/s", "%9.1f", func(r *load.Result) float64 { return r.RPS }, true},
		{"CPU ms", "%9.3f", func(r *load.Result) float64 { return r.CPU }, true},
		{"p50 ms", "%9.2f", func(r *load.Result) float64 { return r.P50 }, true},
		{"p99 ms", "%9.2f", func(r *load.Result) float64 { return r.P99 }, true},
		{"first ms", "%9.2f", func(r *load.Result) float64 { return r.First }, false},
		{"peak MiB", "%9.0f", func(r *load.Result) float64 { return r.Peak }, false},
		{"grown MiB", "%9.0f", func(r *load.Result) float64 { return r.Growth }, false},
		{"calls", "%9.1f", func(r *load.Result) float64 { return r.Calls }, false},
		{"bytes", "%9.0f", func(r *load.Result) float64 { return float64(r.Size) }, false},
		{"errors", "%9.0f", func(r *load.Result) float64 { return float64(r.Errors) }, false},
	}
}

// print writes a line for each cell and target, medians of the rounds, and under
// each but the first its ratios to the first, taken round by round.
func print(targets []*load.Target, cells []load.Cell, results [][][]load.Result) {
	fmt.Printf("%-10s %-5s %3s  %-10s", "question", "lat", "c", "target")
	for _, c := range columns() {
		fmt.Printf(" %9s", c.name)
	}
	fmt.Println()
	for i, cell := range cells {
		for k, t := range targets {
			fmt.Printf("%-10.10s %-5s %3d  %-10.10s", cell.Name, cell.Latency, cell.Connections, t.Name)
			for _, c := range columns() {
				fmt.Printf(" "+c.format, load.Median(values(results[i], func(r []load.Result) float64 { return c.of(&r[k]) })))
			}
			fmt.Println()
			if k == 0 {
				continue
			}
			for _, c := range columns() {
				if !c.isCompared {
					continue
				}
				v := values(results[i], func(r []load.Result) float64 { return c.of(&r[k]) / c.of(&r[0]) })
				fmt.Printf("    %s/%s %-7s %6.2f×  (%.2f to %.2f in %d rounds)\n", t.Name, targets[0].Name, c.name, load.Median(v), slices.Min(v), slices.Max(v), len(v))
			}
		}
	}
}

func values(rounds [][]load.Result, of func(r []load.Result) float64) []float64 {
	v := make([]float64, len(rounds))
	for i, r := range rounds {
		v[i] = of(r)
	}
	return v
}
