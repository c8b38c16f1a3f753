package main

import (
	"context"
	"errors"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// toldColumn names the column of an answer that is not in the agreed form to who may see
// it. To others it does not exist, and they are told the entity.
func toldColumn(ctx context.Context, coded *schema.Error) *schema.Error {
	var at *schema.ColumnError
	if coded == nil || !errors.As(coded.Err, &at) {
		return coded
	}
	access := policies.AccessFrom(ctx)
	if access == nil || access.View.Grant(at.Entity, at.Column).Verdict == policies.Deny {
		return coded
	}
	named := *coded
	named.Message = at.Told()
	return &named
}
