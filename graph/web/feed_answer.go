package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/report"
)

// sortedRows is how many rows a page has that is sorted or added up here: each costs as
// much as all.
const sortedRows = 50_000

// limits bound the reading of one answer.
func (f *feed) limits() report.Limits {
	l := report.Limits{
		PageRows: f.cfg.Feed.PageRows, SortedPageRows: max(sortedRows, f.cfg.Feed.PageRows), Parallel: f.cfg.Feed.Parallel,
		Aggregate: dataset.AggregateOptions{MaxBytes: f.cfg.Feed.GroupBytes, Disk: f.cfg.Feed.Disk},
	}
	if agreed := f.who.Agreement.MaxRows; agreed > 0 {
		l.PageRows, l.SortedPageRows, l.MostRows, l.FileRows = min(l.PageRows, agreed), min(l.SortedPageRows, agreed), agreed, agreed
	}
	if f.who.Agreement.RowsPerDay > 0 {
		l.Parallel = 1
	}
	return l
}

// enterPlace takes one of the places of tables: of the account, and of all accounts.
func (f *feed) enterPlace(h http.Header) (leave func(), err error) {
	leave, err = f.feedPlaces.enter(f.who)
	switch {
	case errors.Is(err, errFull):
		return nil, &refusal{http.StatusServiceUnavailable, limited(placeWait, "as many tables are being read as may be at the same time: ask again")}
	case err != nil:
		return nil, f.overdrawn(context.Background(), h, err)
	}
	return leave, nil
}

// timed starts the time of an answer.
func (f *feed) timed(ctx context.Context) (context.Context, *clock, func()) {
	return startClock(ctx, cmp.Or(f.who.Agreement.MaxTime, f.cfg.Feed.Time))
}
