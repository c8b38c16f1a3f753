//go:build unix

// Command tables measures how fast Trama hands out a large table: it builds and starts
// `trama serve`, pushes orders with their lines to it, and reads the dataset
// order_lines, or customer_summary, which is added up, whole in each format, by one
// reader and by several at the same time.
//
//	go run ./e2e/bench/tables                      1,000,000 lines; some minutes
//	go run ./e2e/bench/tables -orders 20000        a first look
//	go run ./e2e/bench/tables -dataset customer_summary -customers 100000
//	go run ./e2e/bench/tables -profile DIR         and CPU profiles of each format
//
// The rows of each format are counted once: a table that is cut is no measurement.
// It prints Markdown, as docs/performance.md has it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/trama-graph/trama/e2e/bench/load"
)

// The datasets that can be read.
const (
	lines   = "order_lines"
	summary = "customer_summary"
)

// options are the flags.
type options struct {
	orders, lines int
	customers     int
	dataset       string
	readers       []int
	formats       []string
	program       string
	filter        string
	profile       string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var o options
	flag.IntVar(&o.orders, "orders", 200_000, "orders that are pushed")
	flag.IntVar(&o.lines, "lines", 5, "lines of each")
	flag.IntVar(&o.customers, "customers", 0, "customers that are pushed; 0: one for each 20 orders")
	flag.StringVar(&o.dataset, "dataset", lines, "what is read: "+lines+" or "+summary)
	readers := flag.String("readers", "1,8", "readers at the same time, by commas")
	names := flag.String("formats", "csv,ndjson,odata,xlsx,parquet", "formats, by commas")
	flag.StringVar(&o.filter, "filter", "", "a $filter that all rows fulfil")
	flag.StringVar(&o.program, "trama", "", "a trama that is built already")
	flag.StringVar(&o.profile, "profile", "", "directory for profiles of CPU and memory of each measurement")
	flag.Parse()
	for _, text := range strings.Split(*readers, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-readers %q: whole numbers from 1", text)
		}
		o.readers = append(o.readers, n)
	}
	o.formats = strings.Split(*names, ",")
	if o.orders < 1 || o.lines < 1 || o.customers < 0 {
		return errors.New("-orders and -lines: at least 1")
	}
	if o.dataset != lines && o.dataset != summary {
		return errors.New("-dataset: " + lines + " or " + summary)
	}
	if o.customers == 0 {
		o.customers = o.orders/ordersOfOne + 1
	}
	if o.profile != "" && o.program != "" {
		return errors.New("-profile builds trama anew: not with -trama")
	}
	dir, err := os.MkdirTemp("", "trama-tables-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := serve(ctx, dir, &o)
	if err != nil {
		return err
	}
	defer s.stop()
	return measureAll(ctx, s, &o, dir)
}

// measureAll measures each format by each number of readers, and prints a table.
func measureAll(ctx context.Context, s *service, o *options, dir string) error {
	var all []measurement
	say("%.0f MiB before anything is read", load.Memory([]int{s.PID}, "VmRSS"))
	for _, format := range o.formats {
		if err := count(ctx, s, o, format, dir); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
		say("%s counted, %.0f MiB at most so far", format, load.Memory([]int{s.PID}, "VmHWM"))
		for _, n := range o.readers {
			say("%s, %d readers", format, n)
			m, err := s.measure(ctx, o, format, n)
			if err != nil {
				return fmt.Errorf("%s, %d readers: %w", format, n, err)
			}
			all = append(all, m)
		}
	}
	return show(os.Stdout, all)
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s tables: %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}
