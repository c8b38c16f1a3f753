package report

import (
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// judge says which rows are in the answer. It is for one goroutine.
type judge struct {
	rest    *odata.Expr
	value   func(column int) schema.Value // of the row under way
	row     []schema.Value
	scanned int64
	most    int64 // 0: any number
	isAll   bool  // rows are counted also where all are in the answer
	tooMany func() error
}

func (r *Report) judge(rd *reading, scanned int64) *judge {
	j := &judge{rest: r.rest, scanned: scanned, tooMany: r.tooManyScanned}
	if r.table.Aggregate == nil {
		j.most = r.limits.Scanned
	}
	at := rd.at
	j.value = func(column int) schema.Value { return j.row[at[column]] }
	return j
}

func (j *judge) is(row []schema.Value) (bool, error) {
	if j.rest == nil && !j.isAll {
		return true, nil
	}
	if j.scanned++; j.most > 0 && j.scanned > j.most {
		return false, j.tooMany()
	}
	j.row = row
	return j.rest.Eval(j.value) == odata.True, nil
}
