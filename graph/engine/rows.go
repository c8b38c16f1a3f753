package engine

import (
	"github.com/trama-graph/trama/schema"
)

// count adds rows to those of the answer and reports whether there may be so many.
// Where there may not, what is under way is told to stop and nothing further is
// read.
func (r *run) count(n int) bool {
	total := r.rows.Add(int64(n))
	if r.maxRows == 0 || total <= r.maxRows {
		return true
	}
	r.stop(r.rowsError())
	return false
}

func (r *run) rowsError() error {
	return schema.Errorf(schema.Limited, "the answer has more than %d rows, which is the limit: ask for smaller pages or fewer relations", r.maxRows)
}

// tooManyRows is the result of an operation that was stopped. It has no data:
// which rows had been read by then is chance.
func (r *run) tooManyRows() *Result {
	r.errors = nil
	r.present(r.rowsError(), nil, nil)
	return &Result{rows: r.maxRows, errors: r.errors}
}
