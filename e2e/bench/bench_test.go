//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trama-graph/trama/e2e/bench/load"
)

// Every phase can be made of the example file, and every goal is measured in its
// phase.
func TestPhases(t *testing.T) {
	t.Chdir("../..")
	for _, p := range phases() {
		t.Run("case="+p.name, func(t *testing.T) {
			dir := t.TempDir()
			r := &rig{systems: &server{address: "127.0.0.1:1"}}
			if err := r.configure(dir, "127.0.0.1:2", "127.0.0.1:3", &p); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "trama.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if s := string(text); strings.Contains(s, ":4100") || strings.Count(s, "127.0.0.1:3/") != 4 || !strings.Contains(s, "listen: 127.0.0.1:2\n") {
				t.Errorf("the addresses are not the given ones:\n%s", s)
			}
			m := measured{}
			for _, c := range p.cells {
				m.add(p.name, []load.Result{{Target: "trama", Cell: c.Name, Connections: c.Connections, Latency: c.Latency}})
			}
			for _, g := range p.goals {
				if len(m.of(p.name, "trama", g.cell)) == 0 {
					t.Errorf("nobody measures %s of %s with %d connections at %s", g.figure.name, g.cell.Name, g.cell.Connections, g.cell.Latency)
				}
			}
		})
	}
}

func TestShow(t *testing.T) {
	c := load.Cell{Name: "J", Connections: 16}
	p := []phase{{name: "cold", cells: []load.Cell{c}, goals: []goal{
		{c, cpuTime, ratio, 1.25}, {c, rate, ratio, 0.8}, {c, calls, absolute, 5}, {c, cpuTime, toStatic, 2.5}, {c, p50, ratio, 0},
	}}}
	round := func(cpu, rps float64, errors int) []load.Result {
		return []load.Result{
			{Target: "floor", Cell: "J", Connections: 16, CPU: 1, RPS: 100, P50: 1, Calls: 5},
			{Target: "static", Cell: "J", Connections: 16, CPU: 0.1, RPS: 1000, P50: 1},
			{Target: "trama", Cell: "J", Connections: 16, CPU: cpu, RPS: rps, P50: 1, Calls: 4, Errors: errors},
		}
	}
	for _, tc := range []struct {
		name     string
		rounds   [][]load.Result
		met      int
		missed   int
		hasError bool
	}{
		{"all met", [][]load.Result{round(0.2, 90, 0)}, 4, 0, false},
		{"the median counts", [][]load.Result{round(9, 1, 0), round(0.2, 90, 0), round(0.2, 90, 0)}, 4, 0, false},
		{"missed", [][]load.Result{round(1.3, 79, 0)}, 1, 3, false},
		{"no answers", [][]load.Result{round(0.2, 90, 1)}, 4, 0, true},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			m := measured{}
			for _, r := range tc.rounds {
				m.add("cold", r)
			}
			var out strings.Builder
			err := show(&out, p, m)
			if (err != nil) != tc.hasError {
				t.Errorf("got %v", err)
			}
			if met, missed := strings.Count(out.String(), " met"), strings.Count(out.String(), "missed"); met != tc.met || missed != tc.missed {
				t.Errorf("got %d met and %d missed, want %d and %d:\n%s", met, missed, tc.met, tc.missed, &out)
			}
		})
	}
}
