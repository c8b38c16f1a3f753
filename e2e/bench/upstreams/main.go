// Command upstreams serves the four source systems of the benchmark over
// loopback: crm, helpdesk, erp and acc, with a hundred thousand customers.
//
// The records are serialised once at the start, one fragment for each customer
// and kind, so that an answer is a concatenation of fragments: the upstream
// shares the machine with the server under test and has to cost little. They
// take some 500 MB of memory.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/trama-graph/trama/e2e/bench/data"
	"github.com/trama-graph/trama/e2e/bench/loopback"
)

// maxAddress is the longest head of a request: keys of thousands of records come
// in one address.
const maxAddress = 8 << 20

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "upstreams:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	address := flag.String("addr", "127.0.0.1:4100", "address to listen on (loopback)")
	latency := flag.Duration("latency", 0, "added to each request")
	maxIDs := flag.Int("max-ids", 0, "refuse a call with more keys than this; 0 = no limit")
	customers := flag.Int("customers", data.N, "how many customers there are")
	flag.Parse()
	if *customers < 1 || *customers > data.N {
		return fmt.Errorf("-customers %d: 1 to %d", *customers, data.N)
	}

	// Before the records are made: an address that is taken is told at once, and
	// callers wait in the listener's queue.
	ln, err := loopback.Listen(ctx, *address)
	if err != nil {
		return err
	}
	began := time.Now()
	s, err := newServer(*customers)
	if err != nil {
		return err
	}
	s.latency.Store(int64(*latency))
	s.maxIDs.Store(int64(*maxIDs))
	fmt.Printf("upstreams on %v, latency %v, built in %v\n", ln.Addr(), *latency, time.Since(began).Round(time.Millisecond))

	return loopback.Serve(ctx, ln, &http.Server{Handler: s.routes(), MaxHeaderBytes: maxAddress, ReadHeaderTimeout: 10 * time.Second})
}
