package loopback_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/trama-graph/trama/e2e/bench/loopback"
)

func TestListen(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		isGood  bool
	}{
		"loopback": {"127.0.0.1:0", true},
		"anywhere": {"0.0.0.0:0", false},
		"nowhere":  {"127.0.0.1:none", false},
	} {
		t.Run("case="+name, func(t *testing.T) {
			ln, err := loopback.Listen(t.Context(), c.address)
			if (err == nil) != c.isGood {
				t.Fatal(err)
			}
			if err == nil {
				ln.Close()
			}
		})
	}
}

func TestServe(t *testing.T) {
	ln, err := loopback.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- loopback.Serve(ctx, ln, &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() })})
	}()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	if resp, err := (&http.Client{Transport: tr}).Get("http://" + ln.Addr().String()); err == nil {
		resp.Body.Close()
	}
	if err := <-ended; err != nil {
		t.Errorf("interrupted: %v", err)
	}
	if err := loopback.Serve(t.Context(), ln, &http.Server{}); err == nil {
		t.Error("served on what is closed")
	}
}
