// Package loopback serves the programs of the benchmark, which trust their input: on
// this machine only.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// Listen listens on a loopback address and refuses any other.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if a, ok := ln.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%v is not a loopback address", ln.Addr()), ln.Close())
	}
	return ln, nil
}

// Serve serves until ctx is done, which is no error.
func Serve(ctx context.Context, ln net.Listener, srv *http.Server) error {
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		if err = srv.Close(); err == nil {
			err = <-ended
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
