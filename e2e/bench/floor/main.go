// Command floor answers the benchmark's questions with hand-written code and no
// GraphQL engine at all: the least that this machine can do the work with. It is
// not a server to use: it knows the three questions and trusts its input.
//
//	/graphql  the five upstream calls, batched and concurrent, joined by hand
//	/static   the same answer, remembered from the first time
//
// It gives the same bytes of data as Trama: the newest first, amounts as texts
// with two decimals, fiscal numbers without their country.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/trama-graph/trama/e2e/bench/loopback"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	address := flag.String("addr", "127.0.0.1:4200", "address to listen on (loopback)")
	up := flag.String("up", "127.0.0.1:4100", "the upstreams")
	page := flag.Int("page", 500, "customers in one page of a bulk answer")
	ahead := flag.Int("ahead", 3, "pages of a bulk answer under way at once")
	flag.Parse()
	if *page < 1 || *ahead < 1 {
		return errors.New("-page and -ahead are at least 1")
	}

	f := newFloor(*up, *page, *ahead)
	m := http.NewServeMux()
	m.HandleFunc("POST /graphql", f.graphql)
	m.HandleFunc("POST /static", f.static)
	m.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	m.HandleFunc("GET /debug/pprof/profile", pprof.Profile)

	ln, err := loopback.Listen(ctx, *address)
	if err != nil {
		return err
	}
	fmt.Printf("floor on %v\n", ln.Addr())
	return loopback.Serve(ctx, ln, &http.Server{Handler: m, ReadHeaderTimeout: 10 * time.Second})
}
