package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/schema"
)

// metrics is what /metrics shows. Labels are names from the configuration and
// constants, never keys, tokens or texts of clients.
type metrics struct {
	registry   *prometheus.Registry
	calls      *prometheus.HistogramVec
	received   *prometheus.CounterVec
	batches    *prometheus.CounterVec
	batchKeys  *prometheus.CounterVec
	operations *prometheus.HistogramVec
	errors     *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "trama_upstream_call_seconds", Help: "Calls to sources, by what came of them.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"source", "call", "outcome"}),
		received:  counter("trama_upstream_received_bytes_total", "Bytes of sources' replies.", "source"),
		batches:   counter("trama_loader_batches_total", "Batches dispatched by the data loaders.", "source", "entity", "relation"),
		batchKeys: counter("trama_loader_keys_total", "Keys in the batches of the data loaders.", "source", "entity", "relation"),
		operations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "trama_operation_seconds", Help: "GraphQL operations, by whether they had errors.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"result"}),
		errors: counter("trama_operation_errors_total", "Error codes in answers, once for each operation.", "code"),
	}
	m.registry.MustRegister(m.calls, m.received, m.batches, m.batchKeys, m.operations, m.errors,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) upstream(o datasources.Observation) {
	m.calls.WithLabelValues(o.Source, o.Name, string(o.Outcome)).Observe(o.Took.Seconds())
	m.received.WithLabelValues(o.Source).Add(float64(o.Bytes))
}

func (m *metrics) batch(source, entity, relation string, keys int) {
	m.batches.WithLabelValues(source, entity, relation).Inc()
	m.batchKeys.WithLabelValues(source, entity, relation).Add(float64(keys))
}

func (m *metrics) operation(o web.Observation) {
	result := "ok"
	if o.Errors > 0 {
		result = "errors"
	}
	m.operations.WithLabelValues(result).Observe(o.Took.Seconds())
	for _, code := range o.Codes {
		m.errors.WithLabelValues(code).Inc()
	}
}

// sourcesCollector shows what the systems say of themselves: copies and problems. It is
// asked at each reading of /metrics, and makes no calls.
type sourcesCollector struct {
	sources func() []*schema.Source
	rows    *prometheus.Desc
	asOf    *prometheus.Desc
	found   *prometheus.Desc
}

func newSourcesCollector(sources func() []*schema.Source) *sourcesCollector {
	return &sourcesCollector{
		sources: sources,
		rows:    prometheus.NewDesc("trama_copy_rows", "Records in a copy.", []string{"source", "entity"}, nil),
		asOf:    prometheus.NewDesc("trama_copy_as_of_seconds", "When the last complete reading of a copy began, since 1970; 0 before the first.", []string{"source", "entity"}, nil),
		found:   prometheus.NewDesc("trama_source_problems", "Records that could not be taken as they are.", []string{"source", "entity", "field", "kind"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *sourcesCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.rows
	to <- c.asOf
	to <- c.found
}

// Collect implements prometheus.Collector.
func (c *sourcesCollector) Collect(to chan<- prometheus.Metric) {
	for _, s := range c.sources() {
		for _, e := range s.Entities {
			if e.Copy == nil || e.Copy.State == schema.CopyNotEnabled {
				continue
			}
			to <- prometheus.MustNewConstMetric(c.rows, prometheus.GaugeValue, float64(*e.Copy.Rows), s.Name, e.Name)
			asOf := 0.0
			if !e.Copy.AsOf.IsZero() {
				asOf = float64(e.Copy.AsOf.UnixMilli()) / 1000
			}
			to <- prometheus.MustNewConstMetric(c.asOf, prometheus.GaugeValue, asOf, s.Name, e.Name)
		}
		for _, p := range s.Problems {
			to <- prometheus.MustNewConstMetric(c.found, prometheus.GaugeValue, float64(*p.Count), s.Name, p.Entity, p.Field, p.Kind)
		}
	}
}

// cache shows the counters of the row cache.
func (m *metrics) cache(c *cache.Cache) {
	show := func(name, help string, value func(cache.Stats) uint64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(c.Stats())) }))
	}
	show("trama_cache_l1_hits_total", "Entries found in this process.", func(s cache.Stats) uint64 { return s.L1Hits })
	show("trama_cache_l2_hits_total", "Entries found behind it.", func(s cache.Stats) uint64 { return s.L2Hits })
	show("trama_cache_misses_total", "Entries not found.", func(s cache.Stats) uint64 { return s.Misses })
	show("trama_cache_writes_total", "Entries written through go-redis/cache.", func(s cache.Stats) uint64 { return s.Writes })
	show("trama_cache_dropped_total", "Entries not written behind this process.", func(s cache.Stats) uint64 { return s.Dropped })
	show("trama_cache_stale_total", "Old entries served while they were read again.", func(s cache.Stats) uint64 { return s.StaleServed })
	show("trama_cache_stale_if_error_total", "Old entries served since the source did not answer.", func(s cache.Stats) uint64 { return s.StaleIfErrorServed })
	show("trama_cache_joined_total", "Questions that waited for another's reading.", func(s cache.Stats) uint64 { return s.Joined })
	show("trama_cache_refreshes_total", "Readings in the background.", func(s cache.Stats) uint64 { return s.Refreshes })
	show("trama_cache_refreshes_dropped_total", "Readings in the background that were not begun: enough were under way.", func(s cache.Stats) uint64 { return s.RefreshesDropped })
	show("trama_cache_refreshes_failed_total", "Readings in the background that failed.", func(s cache.Stats) uint64 { return s.RefreshesFailed })
	show("trama_cache_invalidations_sent_total", "Changes this process told of.", func(s cache.Stats) uint64 { return s.InvalidationsSent })
	show("trama_cache_invalidations_received_total", "Changes other processes told of.", func(s cache.Stats) uint64 { return s.InvalidationsReceived })
	show("trama_cache_evictions_total", "Entries pushed out by others.", func(s cache.Stats) uint64 { return s.Evictions })
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_cache_bytes", Help: "Kept in this process, estimated."},
		func() float64 { return float64(c.Stats().Bytes) }))
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "trama_cache_entries", Help: "Entries kept in this process."},
		func() float64 { return float64(c.Stats().Entries) }))
	show("trama_redis_failures_total", "Failed calls of Redis.", func(s cache.Stats) uint64 { return s.RedisFailures })
}
