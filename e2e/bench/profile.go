//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/trama-graph/trama/e2e/bench/load"
)

// profileSeconds is how long a profile is taken.
const profileSeconds = 10

// record takes a CPU profile of Trama while the phase's first question is asked by
// 16 connections.
func (r *rig) record(ctx context.Context, d *load.Driver, us *load.Target, p *phase, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := filepath.Join(dir, p.name+".pb.gz")
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()

	ctx, cancel := context.WithCancel(ctx)
	loaded := make(chan error, 1)
	go func() {
		c := p.cells[0]
		c.Connections = 16
		var err error
		for err == nil && ctx.Err() == nil {
			_, err = d.Measure(ctx, us, c)
		}
		loaded <- err
	}()
	err = copyTo(ctx, file, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", r.door, profileSeconds))
	cancel()
	<-loaded // ended by cancel: how does not matter
	if err != nil {
		return err
	}
	say("%s: go tool pprof -http : %s", p.name, name)
	return file.Close()
}

func copyTo(ctx context.Context, w io.Writer, url string) error {
	resp, err := get(ctx, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(w, resp.Body)
	return err
}
