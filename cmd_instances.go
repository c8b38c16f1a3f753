package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trama-graph/trama/datasources/budget"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// learnEvery is how often an instance looks what others have changed.
const learnEvery = time.Second

// The counters of the store that instances raise to tell each other.
const (
	directoryChanged = "directory"
	directoryNoted   = "directory_notes"
	policiesChanged  = "policies"
	datasetsChanged  = store.DatasetsVersion
)

// elected waits until this instance is the one that does something.
func (a *app) elected(ctx context.Context, name string) (context.Context, func(), error) {
	return a.store.Elect(ctx, name)
}

// reads waits until this instance is the one that reads a source.
func (a *app) reads(ctx context.Context, source string) (context.Context, func(), error) {
	return a.store.Elect(ctx, "source:"+source)
}

// learn takes over what another instance has changed. Its own changes come by here,
// too, and cost a look. An error is one after which to try again.
func (a *app) learn(ctx context.Context, name string) error {
	switch name {
	case directoryChanged, directoryNoted:
		a.directory.Notice()
	case policiesChanged:
		if err := a.policies.Refresh(ctx); err != nil { // they are looked at every so often besides
			a.log.WarnContext(ctx, "another instance has read the policies again, and this one could not", "err", err)
		}
	case datasetsChanged:
		if err := a.library.Refresh(ctx); err != nil {
			return fmt.Errorf("read the datasets again: %w", err)
		}
	}
	return nil
}

// followInstances learns what other instances have changed, until ctx ends.
func (a *app) followInstances(ctx context.Context) {
	l := newLearner(a.learn, a.log)
	var wait sync.WaitGroup
	wait.Go(func() { l.run(ctx) })
	a.store.WatchVersions(ctx, learnEvery, func(name string, _ int64) { l.learn(ctx, name) })
	wait.Wait()
}

// openBudget shares the agreed rates of sources with the other instances.
func (a *app) openBudget() {
	if a.cfg.Instances < 2 {
		return
	}
	a.budget = budget.New(budget.Config{Sources: a.paced, Instances: a.cfg.Instances, Redis: a.redis, Log: a.log})
	a.metrics.registry.MustRegister(prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Name: "trama_budget_degraded", Help: "1 while Redis is lost and each instance has its part of the sources' rates."},
		func() float64 {
			if a.budget.Degraded() {
				return 1
			}
			return 0
		}))
}

// forget drops what is cached of a source, an entity or a customer's key there, on
// every instance.
func (a *app) forget(ctx context.Context, source, entity, customerKey string) {
	a.cache.Invalidate(ctx, cache.Tag{Source: source, Entity: entity, Customer: customerKey})
}

// invalidated is what a source says by the door of invalidations.
func (a *app) invalidated(ctx context.Context, i web.Invalidation) error {
	if a.catalog.Source(i.Source) == nil || i.Entity != "" && i.Entity != "Customer" && !slices.Contains(documentEntities, i.Entity) {
		return schema.Errorf(schema.NotFound, "there is no such source or kind of record")
	}
	a.forget(ctx, i.Source, i.Entity, i.Customer)
	return nil
}
