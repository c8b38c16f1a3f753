package main

import (
	"context"
	"iter"
	"strconv"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// pusher takes what comes in by the door of pushes.
type pusher struct{ *app }

// Push implements web.Pusher.
func (p pusher) Push(ctx context.Context, source string, records iter.Seq2[[]byte, error], all bool) (web.PushReport, error) {
	s := p.pushed[source]
	if s == nil {
		return web.PushReport{}, schema.SourceErrorf(schema.NotEnabled, source, "%s is none that sends its records", source)
	}
	report, err := s.Push(ctx, records, copies.PushOptions{All: all})
	out := web.PushReport{Stored: report.Stored, Same: report.Same, Older: report.Older, Refused: report.Refused, Deleted: report.Deleted}
	for _, r := range report.Results {
		out.Results = append(out.Results, web.PushOutcome(r))
	}
	return out, err
}

// pushRefused writes the audit.
func (a *app) pushRefused(ctx context.Context, p *policies.Principal, r web.PushRefused) {
	e := tokens.Entry{Kind: "push.refused", Account: "nobody", Subject: r.Source, Detail: string(r.Code)}
	if p != nil {
		e.Account, e.Token = p.Account, p.TokenID
	}
	if r.Records > 0 {
		e.Detail += ", " + strconv.Itoa(r.Records) + " records"
	}
	a.append(ctx, e)
}
