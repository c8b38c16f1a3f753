//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/trama-graph/trama/e2e/bench/load"
	"github.com/trama-graph/trama/e2e/bench/programs"
)

// profileSeconds is how long a profile is taken.
const profileSeconds = 10

// record takes the profiles of a phase's first question, and of those that are bounded
// by other things: answered by kept answers, of a few customers and of thousands. These
// are named after the question.
func (r *rig) record(ctx context.Context, o *options, d *load.Driver, us *load.Target, p *phase) error {
	if err := os.MkdirAll(o.profile, 0o755); err != nil {
		return err
	}
	for i, c := range p.cells {
		name := filepath.Join(o.profile, p.name)
		switch {
		case o.leavesOut(c.Name):
			continue
		case c.Name == kept, c.Name == small, c.Name == bulk:
			name += "-" + c.Name
		case i > 0:
			continue
		}
		if c.Name != bulk { // which is asked for by one at a time
			c.Connections = 16
		}
		if err := r.recordCell(ctx, d, us, c, name); err != nil {
			return err
		}
	}
	return nil
}

// recordCell takes a CPU profile of Trama, and then one of what it allocates, while a
// question is asked. One after the other: writing down allocations
// takes time that is none of Trama's.
func (r *rig) recordCell(ctx context.Context, d *load.Driver, us *load.Target, c load.Cell, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	loaded := make(chan error, 1)
	go func() {
		var err error
		for err == nil && ctx.Err() == nil {
			_, err = d.Measure(ctx, us, c)
		}
		loaded <- err
	}()
	defer func() {
		cancel()
		<-loaded // ended by cancel: how does not matter
	}()
	if err := r.take(ctx, "profile", name+".pb.gz"); err != nil {
		return err
	}
	return r.take(ctx, "allocs", name+"-allocs.pb.gz")
}

// take writes one of the profiler's pages of the next seconds into a file.
func (r *rig) take(ctx context.Context, page, name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := copyTo(ctx, file, fmt.Sprintf("http://%s/debug/pprof/%s?seconds=%d", r.door, page, profileSeconds)); err != nil {
		return err
	}
	say("go tool pprof -http : %s", name)
	return file.Close()
}

func copyTo(ctx context.Context, w io.Writer, url string) error {
	resp, err := programs.Get(ctx, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the profiler answered %s", resp.Status)
	}
	_, err = io.Copy(w, resp.Body)
	return err
}
