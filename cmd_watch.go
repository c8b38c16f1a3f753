package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trama-graph/trama/datasources/watch"
	"github.com/trama-graph/trama/schema"
)

// openWatch opens what looks at the segments, and tells of those in trouble.
func (a *app) openWatch() error {
	c := &a.cfg.Alerts
	cfg := watch.Config{Every: c.Every, Raise: c.Raise, Clear: c.Clear, Readings: a.segments, Memory: told{a}, Log: a.log}
	if c.Webhook != "" {
		hook, err := watch.NewWebhook(watch.WebhookConfig{URL: c.Webhook, Secret: c.Secret, Log: a.log})
		if err != nil {
			return fmt.Errorf("alerts.webhook: %w", err)
		}
		a.onClose(hook.Close)
		cfg.Tell = hook.Tell
	}
	a.watcher = watch.New(cfg)
	a.metrics.registry.MustRegister(&segmentsCollector{
		watcher: a.watcher,
		state:   prometheus.NewDesc("trama_segment_state", "1 for the state a kind of record of a source is in.", []string{"source", "entity", "state"}, nil),
	})
	return nil
}

// runWatch looks at the segments. Every instance shows them; the one that is
// elected tells of them.
func (a *app) runWatch(ctx context.Context) error {
	return a.watcher.Run(ctx, func(ctx context.Context) (context.Context, func(), error) { return a.store.Elect(ctx, "alerts") })
}

// segments is how every kind of record of every source is doing now.
func (a *app) segments() []watch.Reading {
	var out []watch.Reading
	coverage := map[string]*schema.Coverage{}
	for _, c := range a.directory.Coverage() {
		coverage[c.Source] = c
	}
	for _, s := range (operations{a}).all() {
		if s.Supply == schema.SupplyListed {
			continue
		}
		lists := false
		for _, e := range s.Entities {
			lists = lists || e.Name == "Customer"
			r := watch.Reading{Segment: watch.Segment{Source: s.Name, Entity: e.Name}, State: segmentOf(s, e), Code: s.LastErrorCode}
			if e.Copy != nil {
				r.Code, r.AsOf = e.Copy.LastErrorCode, e.Copy.AsOf
			}
			if r.State == watch.Filling && a.isUnexpected(s.Name, e.Copy) {
				r.State = watch.Fine
			}
			if r.State == watch.Fine && e.Name == "Customer" && a.isUncovered(coverage[s.Name]) {
				r.State = watch.Uncovered
			}
			out = append(out, r)
		}
		if !lists && coverage[s.Name] != nil && coverage[s.Name].Records != nil {
			r := watch.Reading{Segment: watch.Segment{Source: s.Name, Entity: "Customer"}, State: watch.Fine}
			if a.isUncovered(coverage[s.Name]) {
				r.State = watch.Uncovered
			}
			out = append(out, r)
		}
	}
	return out
}

// isUnexpected reports whether nothing of a kind was ever pushed, and nobody said that
// it would be.
func (a *app) isUnexpected(source string, c *schema.EntityCopy) bool {
	p := a.pushed[source]
	return p != nil && !p.Awaits() && c != nil && c.Rows != nil && *c.Rows == 0
}

// segmentOf says how one kind of record is doing. What is kept here answers though
// its source does not: it is in trouble when it grows old, its reading fails, or it
// shows what its source says is gone, or has in another form (CONFLICT).
func segmentOf(s *schema.Source, e *schema.SourceEntity) watch.State {
	limited := string(schema.SourceLimited)
	if c := e.Copy; c != nil {
		switch {
		case c.State == schema.CopyNotEnabled:
			return watch.Fine
		case c.LastErrorCode == limited:
			return watch.Overloaded
		case c.LastErrorCode == string(schema.Conflict):
			return watch.Stale
		case c.LastErrorCode != "":
			return watch.Failing
		case c.State == schema.CopyFilling:
			return watch.Filling
		case c.MaxStaleness != nil && time.Since(c.AsOf) > time.Duration(*c.MaxStaleness)*time.Second:
			return watch.Stale
		}
		return watch.Fine
	}
	switch {
	case (s.State == schema.SourceDegraded || s.State == schema.SourceDown) && s.LastErrorCode == limited, isSpent(s.Usage):
		return watch.Overloaded
	case s.State == schema.SourceDegraded || s.State == schema.SourceDown:
		return watch.Failing
	}
	return watch.Fine
}

// isSpent reports whether a source was asked all that was agreed in the last minute.
func isSpent(list []*schema.SourceUsage) bool {
	for _, u := range list {
		if u.PerMinute != nil && u.LastMinute != nil && *u.LastMinute >= *u.PerMinute {
			return true
		}
	}
	return false
}

// fewRecords is below how many customers a share says nothing.
const fewRecords = 20

func (a *app) isUncovered(c *schema.Coverage) bool {
	if c == nil || c.Records == nil || c.Linked == nil || *c.Records < fewRecords {
		return false
	}
	return float64(*c.Linked) < a.cfg.Alerts.MinCoverage*float64(*c.Records)
}

// told keeps which troubles were told, in the store.
type told struct{ *app }

const toldSetting = "alerts_told"

// toldLine is one trouble that was told.
type toldLine struct {
	Source string      `json:"source"`
	Entity string      `json:"entity"`
	State  watch.State `json:"state"`
}

// LoadTold implements watch.Memory.
func (t told) LoadTold(ctx context.Context) (map[watch.Segment]watch.State, error) {
	b, err := t.store.Setting(ctx, toldSetting)
	if err != nil || b == nil {
		return nil, err
	}
	var lines []toldLine
	if err := json.Unmarshal(b, &lines); err != nil {
		return nil, errors.New("what was told before cannot be read")
	}
	out := map[watch.Segment]watch.State{}
	for _, l := range lines {
		out[watch.Segment{Source: l.Source, Entity: l.Entity}] = l.State
	}
	return out, nil
}

// SaveTold implements watch.Memory.
func (t told) SaveTold(ctx context.Context, list map[watch.Segment]watch.State) error {
	lines := []toldLine{}
	for s, state := range list {
		lines = append(lines, toldLine{s.Source, s.Entity, state})
	}
	b, err := json.Marshal(lines)
	if err != nil {
		return err
	}
	return t.store.SetSetting(ctx, toldSetting, b)
}

// segmentsCollector shows the segments.
type segmentsCollector struct {
	watcher *watch.Watcher
	state   *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *segmentsCollector) Describe(to chan<- *prometheus.Desc) { to <- c.state }

// Collect implements prometheus.Collector.
func (c *segmentsCollector) Collect(to chan<- prometheus.Metric) {
	for _, s := range c.watcher.Segments() {
		for _, state := range watch.States() {
			v := 0.0
			if state == shownState(&s) {
				v = 1
			}
			to <- prometheus.MustNewConstMetric(c.state, prometheus.GaugeValue, v, s.Source, s.Entity, string(state))
		}
	}
}

// shownState is what was raised; filling, which nobody is told of, shows at once.
func shownState(s *watch.Watched) watch.State {
	if s.Raised == watch.Fine && s.State == watch.Filling {
		return watch.Filling
	}
	return s.Raised
}

// segmentState puts the state of a kind of record into what is shown of its source.
func (a *app) segmentState(source string, e *schema.SourceEntity) {
	if a.watcher == nil {
		return
	}
	if s, ok := a.watcher.Segment(watch.Segment{Source: source, Entity: e.Name}); ok {
		e.State, e.Since = schema.SegmentState(shownState(&s)), s.Since
	}
}
