package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// validity knows what kept answers depend on: the changes the row cache was told of,
// whether or not it keeps rows, and the directory.
type validity struct {
	rows      *cache.Cache
	directory *directory.Directory
}

var _ web.Validity = validity{}

// Mark implements web.Validity.
func (v validity) Mark() web.AnswerMark {
	return web.AnswerMark{Rows: v.rows.Mark(), Directory: v.directory.Edition()}
}

// Changed implements web.Validity. Every record is somebody's, so that any news of the
// directory is news of all.
func (v validity) Changed(since web.AnswerMark, types []string) bool {
	return v.directory.Edition() != since.Directory || v.rows.Changed(since.Rows, types)
}

// Whole implements web.Validity. That a source has no such records, or was sent none
// yet, is an answer.
func (v validity) Whole(ctx context.Context) bool {
	sources := loaders.From(ctx).Report.Sources()
	for i := range sources {
		if sources[i].Stale || sources[i].Code != "" && sources[i].Code != schema.NotEnabled {
			return false
		}
	}
	return true
}

// answers shows the counters of the kept answers.
func (m *metrics) answers(s *web.Server) {
	show := func(name, help string, value func(web.AnswerStats) uint64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(s.AnswerStats())) }))
	}
	show("trama_answers_hits_total", "Questions answered by a kept answer.", func(s web.AnswerStats) uint64 { return s.Hits })
	show("trama_answers_misses_total", "Questions that might have been.", func(s web.AnswerStats) uint64 { return s.Misses })
	show("trama_answers_outdated_total", "Of these, those whose answer was there, and something had changed.", func(s web.AnswerStats) uint64 { return s.Outdated })
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_answers_bytes", Help: "Bytes of kept answers, estimated."},
		func() float64 { return float64(s.AnswerStats().Bytes) }))
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_answers_entries", Help: "Kept answers."},
		func() float64 { return float64(s.AnswerStats().Answers) }))
}
