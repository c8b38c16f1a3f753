package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// dressed gives a row the columns only the loaders know, for conditions on it.
func dressed(ctx context.Context, typeName string, row schema.Row) (schema.Row, error) {
	return loaders.From(ctx).Row(ctx, typeName, row)
}

// fulfils decides conditions on rows as their sources can: a column that a source
// does not have decides nothing.
func fulfils(ctx context.Context, typeName string, p schema.Predicate) func(schema.Row) bool {
	return loaders.From(ctx).Decider(typeName, p)
}

// present makes the client's error and writes the operator's: the cause, which
// holds what a client may not read, once for each request, source and code.
func present(log *slog.Logger) func(context.Context, error) *gqlerror.Error {
	return func(ctx context.Context, err error) *gqlerror.Error {
		var coded *schema.Error
		if !errors.As(err, &coded) {
			switch {
			case errors.Is(err, context.DeadlineExceeded):
				coded = schema.Errorf(schema.Limited, "the operation took longer than it may: ask for less")
				coded.Retryable = true
			case errors.Is(err, context.Canceled):
				coded = schema.Errorf(schema.Limited, "the request was given up")
			}
			if coded != nil {
				err = rewrap(err, coded)
			}
		} else if named := toldColumn(ctx, coded); named != coded {
			coded, err = named, rewrap(err, named)
		}
		shown := engine.Present(ctx, err)
		if shown != nil && coded != nil && coded.Wait > 0 {
			shown.Extensions["retryAfter"] = int((coded.Wait + time.Second - 1) / time.Second)
		}
		logCause(ctx, log, err, coded)
		return shown
	}
}

// rewrap keeps where an error happened and replaces what happened.
func rewrap(err error, coded *schema.Error) error {
	var at *gqlerror.Error
	if !errors.As(err, &at) {
		return coded
	}
	moved := *at
	moved.Message, moved.Err = coded.Message, coded
	return &moved
}

func logCause(ctx context.Context, log *slog.Logger, err error, coded *schema.Error) {
	source, code, level := "", schema.Internal, slog.LevelError
	if coded != nil {
		source, code = coded.Source, coded.Code
		if code != schema.Internal {
			level = slog.LevelWarn
		}
		if coded.Err == nil && code != schema.Internal {
			return // the client was told all there is
		}
	}
	if !loaders.From(ctx).Report.First("logged\x00" + source + "\x00" + string(code)) {
		return
	}
	log.LogAttrs(ctx, level, "answered with an error", slog.String("source", source), slog.String("code", string(code)), slog.String("err", cause(err)))
}

// extend adds extensions.trama: what was asked of each source. Reads and rows are
// for administrators; everybody learns how old the data is and what failed.
func extend(ctx context.Context, p *plan.Plan, r *engine.Result, took time.Duration) {
	if r.Refused() {
		return
	}
	report := &loaders.From(ctx).Report
	sources := report.Sources()
	asks := policies.From(ctx)
	admin := asks != nil && asks.Has("admin")
	ext := map[string]any{}
	if admin {
		reads := 0
		for i := range sources {
			reads += sources[i].Reads
		}
		ext["estimate"] = map[string]any{"cost": p.Cost, "calls": p.Calls}
		ext["actual"] = map[string]any{"rows": r.Rows(), "reads": reads, "milliseconds": float64(took.Microseconds()) / 1000}
		if len(sources) > 0 {
			ext["sources"] = sources
		}
	} else {
		if len(sources) > 0 {
			ext["sources"] = ages(sources)
		}
		if asks != nil && asks.Agreement.CostPerMinute > 0 {
			ext["estimate"] = map[string]any{"cost": p.Cost} // who pays by it may know it
		}
	}
	if unknown := report.UnknownTotals(); len(unknown) > 0 {
		ext["unknownTotals"] = unknown
	}
	if len(ext) > 0 {
		r.SetExtension("trama", ext)
	}
}

// age is what everybody may know of a source: how old its data is, and what failed.
type age struct {
	Name  string      `json:"name"`
	Code  schema.Code `json:"code,omitempty"`
	AsOf  *time.Time  `json:"asOf,omitempty"`
	Stale bool        `json:"stale,omitempty"`
}

func ages(sources []loaders.SourceReport) []age {
	out := make([]age, len(sources))
	for i, s := range sources {
		out[i] = age{s.Name, s.Code, s.AsOf, s.Stale}
	}
	return out
}

// prices tells the planner what a relation costs, from the sources' descriptions.
type prices struct{ catalog *datasources.Catalog }

// Price returns the price of a field: the sources that feed the entity it yields.
func (p prices) Price(typeName, field string) plan.Price {
	entity := entityOfField(field)
	price := plan.Price{Call: 10}
	for _, s := range p.catalog.Owners(entity) {
		price.Sources = append(price.Sources, s.Name)
		batch := s.Entity(entity).KeyBatch
		for _, r := range s.Entity(entity).Relations {
			if r.Batch > 0 && (batch == 0 || r.Batch < batch) {
				batch = r.Batch
			}
		}
		if price.Batch == 0 || (batch > 0 && batch < price.Batch) {
			price.Batch = batch
		}
	}
	if len(price.Sources) == 0 {
		return plan.Price{} // the directory's own, or nobody's
	}
	return price
}
