//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// A machine is where the servers run: a directory, and the user they run as.
type machine struct {
	dir string
	as  *syscall.Credential // nil: as ourselves
}

// newMachine prepares dir. Servers never run as root: initdb refuses it, and a test server has no use for it.
func newMachine(dir string) (machine, error) {
	m := machine{dir: dir}
	if os.Geteuid() != 0 {
		return m, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return m, fmt.Errorf("no unprivileged user to run the services as: %w", err)
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return m, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return m, err
	}
	m.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	// The user only passes through it to the directory of his own server.
	return m, os.Chmod(dir, 0o711)
}

// room makes a directory that belongs to the user the servers run as.
func (m machine) room(name string) (string, error) {
	dir := filepath.Join(m.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, m.give(dir)
}

// file writes a file that only the servers' user can read.
func (m machine) file(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return m.give(path)
}

func (m machine) give(path string) error {
	if m.as == nil {
		return nil
	}
	return os.Chown(path, int(m.as.Uid), int(m.as.Gid))
}

// environ is all a server sees of our environment: a PGPORT or LC_ALL of the caller's would change it.
func (m machine) environ(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LC_ALL=C", "TZ=UTC"}
}

// attributes makes a process run as the servers' user, in a process group of its own, so that an
// interrupt typed at the terminal reaches the tests first.
func (m machine) attributes(quit syscall.Signal) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Credential: m.as}
	endWithParent(a, quit)
	return a
}

// need finds a program, installing the Debian package that has it if it is missing.
func (m machine) need(ctx context.Context, pkg string, find func() string) (string, error) {
	if path := find(); path != "" {
		return path, nil
	}
	if err := install(ctx, m.dir, pkg); err != nil {
		return "", err
	}
	if path := find(); path != "" {
		return path, nil
	}
	return "", fmt.Errorf("package %s is installed, but its program was not found", pkg)
}

// compiler sees to the C compiler without which `go test -race` does not link on Linux.
func (m machine) compiler(ctx context.Context) error {
	if os.Getenv("CGO_ENABLED") == "0" {
		return errors.New("CGO_ENABLED is 0")
	}
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 && program(cc[0])() != "" {
		return nil
	}
	_, err := m.need(ctx, "gcc", program("gcc", "clang", "cc"))
	return err
}

// program looks for the first of the names that is in the path.
func program(names ...string) func() string {
	return func() string {
		for _, name := range names {
			if path, err := exec.LookPath(name); err == nil {
				return path
			}
		}
		return ""
	}
}
