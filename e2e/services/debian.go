//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// packages names what else a package is useless without when recommendations are left out.
var packages = map[string][]string{
	"gcc": {"gcc", "libc6-dev"},
}

// install brings a Debian package, without starting the services in it. dir takes the log.
func install(ctx context.Context, dir, pkg string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s is not installed, and only root can install it", pkg)
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return fmt.Errorf("%s is not installed, and there is no apt-get to install it with", pkg)
	}
	names := packages[pkg]
	if names == nil {
		names = []string{pkg}
	}
	say("installing %s from Debian's packages", pkg)
	allow, err := denyStarts("/usr/sbin/policy-rc.d")
	if err != nil {
		return fmt.Errorf("install %s: %w", pkg, err)
	}
	defer allow()

	log, err := os.Create(filepath.Join(dir, "apt-"+pkg+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	aptGet := func(args ...string) error {
		cmd := exec.CommandContext(ctx, apt, append([]string{"-q", "-y", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = log, log
		return cmd.Run()
	}
	args := append([]string{"install", "--no-install-recommends"}, names...)
	if aptGet(args...) == nil {
		return nil
	}
	// The package lists may be missing or too old for what the mirror still has.
	if err := errors.Join(aptGet("update"), aptGet(args...)); err != nil {
		return fmt.Errorf("install %s: %w: %s", pkg, err, lastLine(log.Name()))
	}
	return nil
}

// denyStarts tells Debian's package scripts not to start the services they install, and returns
// what takes it back. A policy that the machine already has stays.
func denyStarts(path string) (allow func(), err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if errors.Is(err, os.ErrExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString("#!/bin/sh\nexit 101\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return func() {
		if err := os.Remove(path); err != nil {
			say("%v", err)
		}
	}, nil
}
