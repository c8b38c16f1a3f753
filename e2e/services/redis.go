//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func startRedis(ctx context.Context, m machine) (*server, error) {
	binary, err := m.need(ctx, "redis-server", program("redis-server", "valkey-server"))
	if err != nil {
		return nil, err
	}
	dir, err := m.room("redis")
	if err != nil {
		return nil, err
	}
	password := newPassword()
	return try(func(port int) (*server, error) {
		// The password stands in a file: arguments are for everybody to read.
		config := filepath.Join(dir, "redis.conf")
		text := fmt.Sprintf("bind 127.0.0.1\nport %d\nrequirepass %s\ndir %s\nsave \"\"\nappendonly no\ndaemonize no\n", port, password, dir)
		if err := m.file(config, text); err != nil {
			return nil, err
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, config)
		s, err := m.launch(ctx, dir, cmd, syscall.SIGTERM, func() bool { return redisAnswers(ctx, addr, password) })
		if err != nil {
			return nil, err
		}
		s.addr, s.url = addr, fmt.Sprintf("redis://default:%s@%s/0", password, addr)
		return s, nil
	})
}

func redisAnswers(ctx context.Context, addr, password string) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\n", password); err != nil {
		return false
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.TrimSpace(answer) == "+OK"
}
