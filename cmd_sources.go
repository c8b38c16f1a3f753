package main

import (
	"context"
	"log/slog"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/datasources/ecolix"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/datasources/operand"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/rest"
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
