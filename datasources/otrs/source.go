package otrs

import (
	"context"
	"fmt"

	"github.com/trama-graph/trama/datasources"
)

var _ datasources.Source = (*source)(nil)

// source is one help desk.
type source struct {
	c        *client
	desc     datasources.Description
	tickets  *tickets
	articles *articles
}

// Open makes the source. It makes no call: an unreachable help desk is a matter
// of Probe and of the first use. Its errors are mistakes in cfg and in the link
// rules, all together.
func Open(_ context.Context, cfg Config, deps Deps) (datasources.Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	c, err := newClient(cfg, deps)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", cfg.Name, err)
	}
	s := &source{c: c, desc: Describe(cfg, deps.Links)}
	s.tickets = &tickets{c: c, desc: s.desc.Entity("Ticket")}
	s.articles = &articles{c: c, desc: s.desc.Entity("Article")}
	return s, nil
}

// Describe returns what the source has.
func (s *source) Describe() datasources.Description { return s.desc }

// Reader returns the reader of Ticket or Article, nil for any other entity.
func (s *source) Reader(entity string) any {
	switch entity {
	case "Ticket":
		return s.tickets
	case "Article":
		return s.articles
	}
	return nil
}

// Probe logs in, finds the routes and tries each filter the connector sends with
// a value nothing can have.
func (s *source) Probe(ctx context.Context) ([]datasources.Finding, error) { return s.c.probe(ctx) }

// Status tells how the source is doing, without a call.
func (s *source) Status() datasources.Status { return s.c.wire.Status() }

// Close drops the connections. The session stays until the server ends it: to
// end it would need login and password once more.
func (s *source) Close() error { return s.c.wire.Close() }
