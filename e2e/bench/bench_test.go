//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/e2e/bench/load"
	"github.com/trama-graph/trama/e2e/bench/programs"
)

// Every phase can be made of the example file, and every goal is measured in its
// phase.
func TestPhases(t *testing.T) {
	t.Chdir("../..")
	for _, p := range phases() {
		t.Run("case="+p.name, func(t *testing.T) {
			dir := t.TempDir()
			r := &rig{systems: &programs.Server{Address: "127.0.0.1:1"}}
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
				if (g.against == toStatic) != (g.cell.Name == kept) {
					t.Errorf("%s of %s: kept answers are compared with the remembered one, and no others", g.figure.name, g.cell.Name)
				}
			}
		})
	}
}

func TestPlain(t *testing.T) {
	for _, tc := range []struct {
		value float64
		want  string
	}{
		{0, "0"},
		{0.000012345, "0.0000123"},
		{0.05437, "0.0544"},
		{0.9999, "1"},
		{12.34, "12.3"},
		{999.4, "999"},
		{999.6, "1,000"},
		{1108.4, "1,110"},
		{12345, "12,300"},
		{1234567, "1,230,000"},
		{-1108, "-1,110"},
		{-0.5, "-0.5"},
	} {
		t.Run("case="+tc.want, func(t *testing.T) {
			if got := plain(tc.value); got != tc.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// keeper answers as a server that keeps whole answers or does not.
func keeper(t *testing.T, data string, isKept func(asked int64) bool) *load.Target {
	t.Helper()
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if isKept(asked.Add(1)) {
			w.Header().Set("Age", "0")
		}
		fmt.Fprintf(w, `{"data":%s}`, data)
	}))
	t.Cleanup(srv.Close)
	return load.NewTarget("test", srv.URL, os.Getpid())
}

func TestCheck(t *testing.T) {
	never := func(int64) bool { return false }
	for _, tc := range []struct {
		name, cell, data string
		isKept           func(asked int64) bool
		says             string
	}{
		{"the same", joined, "{}", never, ""},
		{"another", joined, `{"a":1}`, never, "the answers part"},
		{"kept where none is to be", joined, "{}", func(int64) bool { return true }, "answer 1 was kept: true"},
		{"kept from the second on", kept, "{}", func(asked int64) bool { return asked > 2 }, ""}, // after the ordinary question
		{"never kept", kept, "{}", never, "answer 2 was kept: false"},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			err := check(t.Context(), keeper(t, "{}", never), keeper(t, tc.data, tc.isKept), load.Cell{Name: tc.cell, Question: "{ a }"})
			if (err != nil) != (tc.says != "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q", err, tc.says)
			}
		})
	}
}

func TestAreKept(t *testing.T) {
	for _, tc := range []struct {
		name           string
		requests, kept int
		length         time.Duration
		fails          bool
	}{
		{"all", 1000, 1000, time.Second, false},
		{"one made anew by each connection", 1000, 984, time.Second, false},
		{"two", 1000, 983, time.Second, true},
		{"two in more than a life", 1000, 968, 61 * time.Second, false},
		{"few and none of them", 3, 0, time.Second, true},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			err := areKept(&load.Result{Connections: 16, Requests: tc.requests, Kept: tc.kept}, tc.length)
			if (err != nil) != tc.fails {
				t.Errorf("got %v", err)
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
