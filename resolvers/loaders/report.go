package loaders

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Report is what a request did to each source, for extensions.trama. It is safe
// for concurrent use.
type Report struct {
	mu      sync.Mutex      // guards the rest
	sources []*SourceReport // few
	unknown map[string]bool
	said    map[string]bool
}

// SourceReport is what a request did to one source.
type SourceReport struct {
	Name  string      `json:"name"`
	Reads int         `json:"reads"`
	Rows  int         `json:"rows"`
	Code  schema.Code `json:"code,omitempty"`
	AsOf  *time.Time  `json:"asOf,omitempty"`
	Stale bool        `json:"stale,omitempty"`
}

// Sources returns the reports, sorted by name.
func (r *Report) Sources() []SourceReport {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]SourceReport, 0, len(r.sources))
	for _, s := range r.sources {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b SourceReport) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// UnknownTotals returns the entities whose totalCount a source could not tell.
func (r *Report) UnknownTotals() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, 0, len(r.unknown))
	for e := range r.unknown {
		out = append(out, e)
	}
	slices.Sort(out)
	return out
}

func (r *Report) read(source string, rows int, asOf time.Time, stale bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.find(source)
	if s == nil {
		s = &SourceReport{Name: source}
		r.sources = append(r.sources, s)
	}
	s.Reads++
	s.Rows += rows
	s.Stale = s.Stale || stale
	if !asOf.IsZero() && (s.AsOf == nil || asOf.Before(*s.AsOf)) {
		at := asOf // asOf itself would be made anew for each read
		s.AsOf = &at
	}
	if err == nil {
		return
	}
	if code := batchCode(err); code != "" {
		s.Code = code
	}
}

// find returns what was noted of a source, nil when nothing was; mu is held.
func (r *Report) find(source string) *SourceReport {
	for _, s := range r.sources {
		if s.Name == source {
			return s
		}
	}
	return nil
}

func (r *Report) unknownTotal(entity string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unknown == nil {
		r.unknown = map[string]bool{}
	}
	r.unknown[entity] = true
}

// First reports whether this is the first time something is said in a request.
func (r *Report) First(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == nil {
		r.said = map[string]bool{}
	}
	first := !r.said[what]
	r.said[what] = true
	return first
}

// odd notes a source that has answered rows it was not asked for.
func (l *Loaders) odd(ctx context.Context, source, entity string) {
	if l.Log != nil && l.Report.First("odd\x00"+source+"\x00"+entity) {
		l.Log.ErrorContext(ctx, "dropped rows that were not asked for: the connector does not keep to the filter", "source", source, "entity", entity)
	}
}

// partial adds an error for a page that is given without the rows of a source.
// It is said once for each list and source, not for each parent.
func (r *Report) partial(ctx context.Context, list string, err error) {
	source := ""
	var e *schema.Error
	if errors.As(err, &e) {
		source = e.Source
	}
	key := list + "\x00" + source + "\x00" + string(schema.CodeOf(err))
	if r.First(key) && graphql.HasOperationContext(ctx) {
		graphql.AddError(ctx, err)
	}
}

func batchCode(err error) schema.Code {
	var some *datasources.BatchError
	if errors.As(err, &some) {
		for _, e := range some.ByKey {
			return schema.CodeOf(e)
		}
	}
	return schema.CodeOf(err)
}
