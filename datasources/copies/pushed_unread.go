package copies

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// unread is the reader of a system that is never called.
type unread[T any] struct{}

func (unread[T]) ByKeys(context.Context, []string, datasources.Fields) (datasources.Rows[T], error) {
	return datasources.Rows[T]{}, errUnread
}

func (unread[T]) ByParent(context.Context, datasources.Relation, []string, datasources.Query) (datasources.Rows[T], error) {
	return datasources.Rows[T]{}, errUnread
}

func (unread[T]) List(context.Context, datasources.Query) (datasources.Rows[T], error) {
	return datasources.Rows[T]{}, errUnread
}

var errUnread = schema.Errorf(schema.NotEnabled, "the source is pushed and never called")

// neverCalled is the system behind a pushed source, as far as the copy around it
// wants one: a description and what was wrong with its records.
type neverCalled struct {
	desc     datasources.Description
	readers  map[string]any
	refusals *refusals
}

// neverAsked is one that has customers.
type neverAsked struct{ *neverCalled }

func (neverAsked) IndexCustomers(context.Context, func([]datasources.CustomerRecord) error) error {
	return errUnread
}

func unreadSource(cfg PushedConfig, r *refusals) datasources.Source {
	n := &neverCalled{desc: datasources.Description{Name: cfg.Name, Kind: cfg.Kind, Zone: time.UTC}, readers: map[string]any{}, refusals: r}
	known := pushKinds()
	for _, name := range cfg.Entities {
		if name == customers {
			continue
		}
		k := known[name]
		n.readers[name] = k.reader()
		e := datasources.Entity{Name: name, Upstream: "pushed records", Default: k.order()}
		for _, c := range k.columns() {
			e.Columns = append(e.Columns, datasources.Column{Name: c, Upstream: c})
		}
		if fields, err := k.fields(); err == nil {
			for i := range fields {
				if e.Column(fields[i].name) == nil {
					e.Columns = append(e.Columns, datasources.Column{Name: fields[i].name, Upstream: fields[i].name})
				}
			}
		}
		n.desc.Entities = append(n.desc.Entities, e)
	}
	if slices.Contains(cfg.Entities, customers) {
		return neverAsked{n}
	}
	return n
}

func (n *neverCalled) Describe() datasources.Description { return n.desc }
func (n *neverCalled) Reader(entity string) any          { return n.readers[entity] }
func (n *neverCalled) Status() datasources.Status        { return datasources.Status{} }
func (n *neverCalled) Close() error                      { return nil }
func (n *neverCalled) Problems() []datasources.Problem   { return n.refusals.list() }
func (n *neverCalled) Probe(context.Context) ([]datasources.Finding, error) {
	return nil, nil
}

// refusals counts what records were refused for, since the start.
type refusals struct {
	now func() time.Time
	mu  sync.Mutex // guards by
	by  map[datasources.Problem]*datasources.Problem
}

// maxRefusals bounds the kinds that are told apart: a sender may be wrong in many
// ways.
const maxRefusals = 200

func (r *refusals) add(entity string, e *pushError) {
	if pushKinds()[entity] == nil {
		entity = ""
	}
	what := e.err.Error()
	if e.path == "current" && e.code == schema.Conflict {
		what = "too many deletions at once" // without their number
	}
	k := datasources.Problem{Entity: entity, Field: columnOf(e), Kind: "pushed record refused: " + what}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.by[k]
	if p == nil {
		if len(r.by) >= maxRefusals {
			return
		}
		if r.by == nil {
			r.by = map[datasources.Problem]*datasources.Problem{}
		}
		own := k
		p = &own
		r.by[k] = p
	}
	p.Count, p.LastAt = p.Count+1, r.now()
}

// columnOf is the field of the SDL that is meant: data.lines[3].total is lines. What
// is no field of ours is not named.
func columnOf(e *pushError) string {
	rest, isData := strings.CutPrefix(e.path, "data.")
	if !isData || e.err == errUnknownField { //nolint:errorlint // the sentinel itself
		return ""
	}
	if i := strings.IndexAny(rest, ".["); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

func (r *refusals) list() []datasources.Problem {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]datasources.Problem, 0, len(r.by))
	for _, p := range r.by {
		out = append(out, *p)
	}
	return out
}
