package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/datasources/ecolix"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/datasources/operand"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// sourceDeps is what a connector gets besides its settings.
type sourceDeps struct {
	log      *slog.Logger
	observe  func(datasources.Observation)
	links    map[string]datasources.LinkRules
	cacheDir string
}

// sourceKind is a kind of system Trama can be connected to. A new connector is
// one folder and one entry in sourceKinds.
type sourceKind struct {
	name     string
	defaults func() any // pointer to the connector's Config
	validate func(settings any) error
	// live says why the system cannot be asked live and what to write instead; nil =
	// it always can.
	live func(settings any) error
	// links are the links a preset ships, for relations the configuration says
	// nothing of; nil = none.
	links func(settings any) map[string]datasources.LinkRules
	open  func(ctx context.Context, settings any, d sourceDeps) (datasources.Source, error)
}

func sourceKinds() []sourceKind {
	return []sourceKind{
		{
			name:     "otrs",
			defaults: func() any { c := otrs.DefaultConfig(); return &c },
			validate: func(s any) error { return s.(*otrs.Config).Validate() },
			open: func(ctx context.Context, s any, d sourceDeps) (datasources.Source, error) {
				return otrs.Open(ctx, *s.(*otrs.Config), otrs.Deps{Log: d.log, Observe: d.observe, Links: d.links, CacheDir: d.cacheDir})
			},
		},
		{
			name:     "creatio",
			defaults: func() any { c := creatio.Default(); return &c },
			validate: func(s any) error { return s.(*creatio.Config).Validate() },
			open: func(ctx context.Context, s any, d sourceDeps) (datasources.Source, error) {
				return creatio.Open(ctx, *s.(*creatio.Config), creatio.Deps{Log: d.log, Observe: d.observe, Links: d.links, CacheDir: d.cacheDir})
			},
		},
		{
			name:     "onec",
			defaults: func() any { c := onec.DefaultConfig(); return &c },
			validate: func(s any) error { return s.(*onec.Config).Validate() },
			open: func(ctx context.Context, s any, d sourceDeps) (datasources.Source, error) {
				return onec.Open(ctx, *s.(*onec.Config), onec.Deps{Log: d.log, Observe: d.observe, Links: d.links, CacheDir: d.cacheDir})
			},
		},
		{
			name:     "operand",
			defaults: func() any { c := operand.DefaultConfig(); return &c },
			validate: func(s any) error { return s.(*operand.Config).Validate() },
			live:     func(s any) error { return s.(*operand.Config).CanLive() },
			links:    func(s any) map[string]datasources.LinkRules { return s.(*operand.Config).Links() },
			open: func(ctx context.Context, s any, d sourceDeps) (datasources.Source, error) {
				return operand.Open(ctx, *s.(*operand.Config), operand.Deps{Log: d.log, Observe: d.observe, Links: d.links})
			},
		},
		{
			name:     "ecolix",
			defaults: func() any { c := ecolix.DefaultConfig(); return &c },
			validate: func(s any) error { return s.(*ecolix.Config).Validate() },
			live:     func(s any) error { return s.(*ecolix.Config).CanLive() },
			links:    func(s any) map[string]datasources.LinkRules { return s.(*ecolix.Config).Links() },
			open: func(ctx context.Context, s any, d sourceDeps) (datasources.Source, error) {
				return ecolix.Open(ctx, *s.(*ecolix.Config), ecolix.Deps{Log: d.log, Observe: d.observe, Links: d.links})
			},
		},
		{
			name:     "rest",
			defaults: func() any { c := rest.DefaultConfig(); return &c },
			validate: func(s any) error { return s.(*rest.Config).Validate() },
			live:     func(s any) error { return s.(*rest.Config).CanLive() },
			open: func(ctx context.Context, s any, d sourceDeps) (datasources.Source, error) {
				return rest.Open(ctx, *s.(*rest.Config), rest.Deps{Log: d.log, Observe: d.observe, Links: d.links})
			},
		},
		{
			name:     "odata",
			defaults: func() any { c := odata.DefaultConfig(); return &c },
			validate: func(s any) error { return s.(*odata.Config).Validate() },
			open: func(ctx context.Context, s any, d sourceDeps) (datasources.Source, error) {
				return odata.Open(ctx, *s.(*odata.Config), odata.Deps{Log: d.log, Observe: d.observe, Links: d.links})
			},
		},
	}
}

func kindOf(name string) *sourceKind {
	kinds := sourceKinds()
	if i := slices.IndexFunc(kinds, func(k sourceKind) bool { return k.name == name }); i >= 0 {
		return &kinds[i]
	}
	return nil
}

func kindNames() []string {
	var names []string
	for _, k := range sourceKinds() {
		names = append(names, k.name)
	}
	return names
}

func (a *app) openSources(ctx context.Context) error {
	links := a.cfg.linkRules()
	a.pushed, a.paced = map[string]*copies.Pushed{}, map[string]datasources.Paced{}
	memory := copies.NewPushMemory(a.cfg.Limits.PushMemory)
	for i := range a.cfg.Sources {
		s := &a.cfg.Sources[i]
		src, supply, err := a.openSource(ctx, s, links[s.Name], memory)
		if err != nil {
			return fmt.Errorf("sources[%d]: %w", i, err)
		}
		a.sources = append(a.sources, &datasources.Connected{Name: s.Name, Kind: s.Kind, Supply: supply, Source: a.cache.Wrap(s.Name, src)})
	}
	var err error
	a.catalog, err = datasources.NewCatalog(a.sources, a.cfg.Documents, links)
	return err
}

// openSource opens one source as it is supplied.
func (a *app) openSource(ctx context.Context, s *sourceConfig, links map[string]datasources.LinkRules, memory *copies.PushMemory) (datasources.Source, schema.Supply, error) {
	deps := copies.Deps{Log: a.log, Changed: a.changed(s.Name), Progress: a.cfg.progress, Runner: a.reads}
	switch s.Supply {
	case "listed":
		return datasources.Listed{Name: s.Name}, schema.SupplyListed, nil
	case "push":
		p, err := copies.OpenPushed(ctx, s.push(memory), a.store, deps)
		if err != nil {
			return nil, "", err
		}
		a.onClose(p.Close)
		a.pushed[s.Name] = p
		return p.Source(), schema.SupplyPush, nil
	}
	src, err := s.kind.open(ctx, s.settings, sourceDeps{log: a.log, observe: a.metrics.upstream, links: links, cacheDir: a.cfg.CacheDir})
	if err != nil {
		return nil, "", err
	}
	a.onClose(src.Close)
	if p, ok := src.(datasources.Paced); ok {
		a.paced[s.Name] = p
	}
	if s.Supply != "copy" {
		return src, schema.SupplyLive, nil
	}
	c, err := copies.Open(ctx, s.copy(), src, a.store, deps)
	if err != nil {
		return nil, "", err
	}
	a.copies = append(a.copies, c)
	return c.Source(), schema.SupplyCopy, nil
}

// changed tells the directory and the cache of records that are kept here and have
// changed.
func (a *app) changed(source string) func(entity string) {
	return func(entity string) {
		if entity == "Customer" && a.directory != nil {
			a.directory.Poke(source)
		}
		// What is kept here was deleted, perhaps: nothing older is shown, whatever happens.
		a.cache.Erase(context.Background(), cache.Tag{Source: source, Entity: entity})
	}
}

// ability finds an optional ability of a source behind the cache.
func ability[T any](s datasources.Source) (T, bool) {
	if u, ok := s.(interface{ Unwrap() datasources.Source }); ok {
		s = u.Unwrap()
	}
	has, ok := s.(T)
	return has, ok
}

// indexer finds a source's customer index.
func indexer(s datasources.Source) (datasources.CustomerIndexer, bool) {
	return ability[datasources.CustomerIndexer](s)
}

// whenFilled lets the directory wait for copies that were never read, which is no
// failure.
func (a *app) whenFilled(list map[string]datasources.CustomerIndexer) map[string]datasources.CustomerIndexer {
	for _, c := range a.copies {
		name := c.Describe().Name
		if ix, ok := list[name]; ok {
			list[name] = &filledIndexer{ix, c}
		}
	}
	for name, p := range a.pushed {
		if ix, ok := list[name]; ok {
			list[name] = &filledIndexer{ix, p}
		}
	}
	return list
}

// kept is a source whose records are kept here.
type kept interface {
	EntityCopy(entity string) *schema.EntityCopy
}

// filledIndexer is the customer index of a copy that is asked once there is one.
type filledIndexer struct {
	datasources.CustomerIndexer
	copy kept
}

// IndexCustomers implements datasources.CustomerIndexer.
func (f *filledIndexer) IndexCustomers(ctx context.Context, add func([]datasources.CustomerRecord) error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if s := f.copy.EntityCopy("Customer"); s == nil || s.State != schema.CopyFilling {
			return f.CustomerIndexer.IndexCustomers(ctx, add)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
