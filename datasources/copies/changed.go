package copies

import (
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// changedAt is the column of when Trama last saw a row change. The store gives it when
// it writes other data than it had; it is beside the row, not a part of it.
const changedAt = "changedAt"

// changedColumn describes it. No source has it, every copy does.
func changedColumn() datasources.Column {
	return datasources.Column{
		Name: changedAt, Upstream: "when Trama last saw the record change", Sortable: true, Comparable: true,
		Ops: ops(Column{Name: changedAt, Kind: schema.KindTime}),
	}
}

// dated tells a row its moment, that of the set where it has none of its own.
func dated(x any, moment, from int64) {
	row, ok := x.(interface{ Changed(at time.Time) })
	if !ok {
		return
	}
	if moment == 0 {
		moment = from
	}
	if moment > 0 {
		row.Changed(time.UnixMilli(moment).UTC())
	}
}
