package web

import (
	"context"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/schema"
)

// changedText asks who has changed, by the index that the directory has of it. What it
// asks is seen by every view whose tables say so: dataset.Changes.
const changedText = `query changed($filter: CustomerFilter!, $first: Int!) { customers(filter: $filter, first: $first, orderBy: {field: CHANGED_AT, direction: DESC}) { nodes { id } } }`

// Changed asks the list of customers who has changed, as a question of the same answer:
// it is judged, counted and paid as any other. That it cannot be asked, or is not
// answered, only means that nobody knows: then every row is read.
func (r *feedRunner) Changed(ctx context.Context, filter map[string]any, most int) (ids []string, ok bool, err error) {
	first := most + 1
	if size := guard.LimitsFor(r.who.Agreement, r.cfg.Limits).PageSize; size > 0 {
		first = min(first, size)
	}
	a, err := r.ask(ctx, changedText, map[string]any{"filter": filter, "first": first}, false)
	if err != nil {
		return nil, false, unasked(ctx, err)
	}
	data, err := r.answerOf(ctx, a, &dataset.Query{})
	if err != nil {
		return nil, false, unasked(ctx, err)
	}
	page, _ := data["customers"].(map[string]any)
	nodes, isList := page["nodes"].([]any)
	if !isList || len(nodes) >= first {
		return nil, false, nil
	}
	for _, n := range nodes {
		node, _ := n.(map[string]any)
		id, _ := node["id"].(string)
		if id == "" {
			return nil, false, nil
		}
		ids = append(ids, id)
	}
	return ids, true, nil
}

// unasked is the error of a question that only saves work: none where reading everything
// will do as well, or tell the same.
func unasked(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	switch code := schema.CodeOf(err); {
	case isOfSource(code), code == schema.TooCostly, code == schema.Limited, code == schema.BadRequest, code == schema.UnsupportedFilter:
		return nil
	}
	return err
}
