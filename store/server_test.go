//go:build unix

package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/trama-graph/trama/store/servicetest"
)

// server is a PostgreSQL of one test's own, which it may stop and start.
type server struct {
	address string
	dir     string
	port    int
	binary  string
	as      *syscall.Credential
	cmd     *exec.Cmd
}

// newServer starts one from the programs that `make test` installs.
func newServer(t *testing.T) *server {
	t.Helper()
	servicetest.Server(t)
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Fatal("there is no initdb")
	}
	s := &server{binary: filepath.Join(filepath.Dir(found[len(found)-1]), "postgres")}
	dir, err := os.MkdirTemp("", "trama-server-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s.dir = filepath.Join(dir, "data")
	secret := filepath.Join(dir, "password")
	password := rand.Text()
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // the server refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal("there is no user to run PostgreSQL as")
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		for _, path := range []string{dir, secret} {
			if err := os.Chown(path, int(uid), int(gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	create := exec.Command(found[len(found)-1], "--pgdata="+s.dir, "--username=trama", "--pwfile="+secret, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	create.Dir, create.SysProcAttr = dir, &syscall.SysProcAttr{Credential: s.as}
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, out)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	s.address = fmt.Sprintf("postgres://trama:%s@127.0.0.1:%d/postgres?sslmode=disable", password, s.port)
	s.start(t)
	t.Cleanup(func() { s.stop(syscall.SIGINT) })
	return s
}

func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command(s.binary, "-D", s.dir, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	var log bytes.Buffer
	s.cmd.Dir, s.cmd.Stderr, s.cmd.SysProcAttr = filepath.Dir(s.dir), &log, &syscall.SysProcAttr{Credential: s.as, Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	db := connect(t, s.address)
	defer db.Close()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := db.PingContext(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			s.stop(syscall.SIGKILL)
			t.Fatalf("PostgreSQL did not start: %v: %s", err, log.String())
		}
	}
}

// stop ends the server: SIGINT in order, SIGQUIT as in a crash.
func (s *server) stop(how syscall.Signal) {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(how)
	_ = s.cmd.Wait()
	s.cmd = nil
}
