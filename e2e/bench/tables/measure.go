//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/trama-graph/trama/e2e/bench/load"
	"github.com/trama-graph/trama/e2e/bench/programs"
)

// measurement is a format by some readers at the same time.
type measurement struct {
	format  string
	readers int
	rows    int           // of all readers
	bytes   int64         // of all readers
	wall    time.Duration // from the first question to the last byte
	cpu     float64       // seconds of the server
	first   time.Duration // to the first byte of the reader who waited longest
	peak    float64       // MiB of resident memory
	growth  float64       // MiB, the same over what it was before
}

// restTime is between two measurements, in which garbage goes.
const restTime = 2 * time.Second

// measure reads a table by n readers at the same time.
func (s *service) measure(ctx context.Context, o *options, format string, n int) (measurement, error) {
	m := measurement{format: format, readers: n, rows: n * s.rows}
	time.Sleep(restTime)
	pids := []int{s.PID}
	load.ResetPeak(pids)
	idle, spent := load.Memory(pids, "VmRSS"), load.CPU(pids)
	readings := make([]reading, n)
	begun := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for i := range readings {
		g.Go(func() (err error) {
			readings[i], err = s.read(ctx, format, io.Discard)
			return err
		})
	}
	if o.profile != "" {
		name := filepath.Join(o.profile, fmt.Sprintf("%s-%d", format, n))
		g.Go(func() error {
			if err := s.record(ctx, fmt.Sprintf("profile?seconds=%d", profileSeconds), name+".cpu"); err != nil {
				return err
			}
			return s.record(ctx, "heap", name+".heap")
		})
	}
	if err := g.Wait(); err != nil {
		return m, err
	}
	m.wall, m.cpu, m.peak = time.Since(begun), load.CPU(pids)-spent, load.Memory(pids, "VmHWM")
	m.growth = m.peak - idle
	for i := range readings {
		m.bytes += readings[i].bytes
		m.first = max(m.first, readings[i].first)
	}
	return m, nil
}

// profileSeconds is how long the CPU is watched from the beginning of a measurement. What
// lies in memory is looked at behind it.
const profileSeconds = 3

// record takes a profile of the server.
func (s *service) record(ctx context.Context, what, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	resp, err := programs.Get(ctx, fmt.Sprintf("http://%s/debug/pprof/%s", s.profiler, what))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, resp.Body); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// show prints the measurements as a table of Markdown.
func show(w io.Writer, all []measurement) error {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| format\t| readers\t| rows a second\t| rows a CPU second\t| first byte, ms\t| MiB over idle\t| peak, MiB\t| MB each\t|")
	fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	for i := range all {
		m := &all[i]
		fmt.Fprintf(t, "| %s\t| %d\t| %.0f\t| %.0f\t| %.0f\t| %.0f\t| %.0f\t| %.0f\t|\n", m.format, m.readers, float64(m.rows)/m.wall.Seconds(),
			float64(m.rows)/m.cpu, float64(m.first.Microseconds())/1000, m.growth, m.peak, float64(m.bytes)/float64(m.readers)/1e6)
	}
	return t.Flush()
}
