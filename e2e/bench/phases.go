//go:build unix

package main

import (
	"time"

	"github.com/trama-graph/trama/e2e/bench/data"
	"github.com/trama-graph/trama/e2e/bench/load"
	"github.com/trama-graph/trama/e2e/bench/questions"
)

// The names of what is measured.
const (
	cold   = "cold"
	cached = "cached"
	copies = "copies"

	joined   = "J"
	kept     = "J-kept" // as a whole answer
	small    = "S"
	bulk     = "B"
	bigBulk  = "B50000"
	upstream = 5 * time.Millisecond // of the slow upstreams
)

// How many customers the bulk questions ask for.
const (
	bulkCustomers    = 5_000
	bigBulkCustomers = 50_000
)

// answerLife is for how long whole answers are kept: the account agreed to it, and J
// asks for it where it is to be kept.
const answerLife = time.Minute

// phase is one way to serve, and what is asked of it.
type phase struct {
	name string
	// replace are texts of the example configuration and what they become.
	replace []string
	cells   []load.Cell
	// customers are how many source systems of its own have; 0 = it shares those of
	// the floor.
	customers int
	goals     []goal
}

func ask(connections int, latency time.Duration) load.Cell {
	return load.Cell{Name: joined, Question: questions.Dashboard, Connections: connections, Latency: latency}
}

// phases are all that is measured. The goals are ratios to the floor in the same
// round where nothing else is said: what a server takes by itself depends on the
// machine.
func phases() []phase {
	j1, j16, j64 := ask(1, 0), ask(16, 0), ask(64, 0)
	slow1, slow16, slow64 := ask(1, upstream), ask(16, upstream), ask(64, upstream)
	s := load.Cell{Name: small, Question: questions.Small, Connections: 16}
	// Compared with the floor's remembered answer: neither joins anything.
	k := load.Cell{Name: kept, Question: questions.Kept(int(answerLife / time.Second)), Connections: 16}
	b := load.Cell{Name: bulk, Question: questions.Bulk(bulkCustomers), Connections: 1, Requests: 2}
	big := load.Cell{Name: bigBulk, Question: questions.Bulk(bigBulkCustomers), Connections: 1, Requests: 1}
	return []phase{
		{
			name:  cold,
			cells: []load.Cell{j1, j16, j64, slow1, slow16, slow64, s, b, big},
			goals: []goal{
				{j1, cpuTime, ratio, 0},
				{j16, cpuTime, ratio, 1.25},
				{j64, cpuTime, ratio, 1.25},
				{j16, rate, ratio, 0.8},
				{j64, rate, ratio, 0.8},
				{slow1, p50, ratio, 1.1},
				{slow16, p99, ratio, 1.25},
				{slow64, rate, ratio, 0},
				{j1, calls, absolute, 5},
				{j16, calls, absolute, 5},
				{j64, calls, absolute, 5},
				{s, cpuTime, ratio, 1.5},
				{b, total, ratio, 1.3},
				{b, first, ratio, 1.3},
				{b, growth, absolute, 64},
				{big, total, ratio, 0},
				{big, growth, absolute, 64},
			},
		},
		{
			name:    cached,
			replace: []string{"cache: {ttl: 0s}", "cache: {ttl: 1h}"},
			cells:   []load.Cell{j1, j16, k},
			goals: []goal{
				{j16, cpuTime, ratio, 0.5},
				{j16, calls, absolute, 5},
				{k, cpuTime, toStatic, 2.5},
				{k, rate, toStatic, 0},
			},
		},
		{
			// A tenth of the customers, of whom the same are asked for: making copies of all
			// takes longer than all the rest, and looking rows up hardly gets slower.
			name:      copies,
			replace:   []string{"supply: live", "supply: copy"},
			customers: data.N / 10,
			cells:     []load.Cell{j1, j16, b},
			goals: []goal{
				{j16, cpuTime, ratio, 0},
				{j16, calls, absolute, 0},
				{b, total, ratio, 0},
			},
		},
	}
}
