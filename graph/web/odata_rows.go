package web

import (
	"context"
	"strconv"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/graph/report"
)

// countType is the media type of /$count.
const countType = "text/plain;charset=utf-8"

// count answers /$count.
func (a *odataAnswer) count(ctx context.Context, t *feedTable, q *odata.Question) error {
	rep, err := report.Of(t.table, a.view.schema, q, a.limits())
	if err != nil {
		return err
	}
	with := a.runner(t.table, a.to.header, -1)
	defer with.close(ctx)
	n, err := rep.Count(ctx, with)
	if err != nil {
		return err
	}
	return a.to.text(countType, strconv.AppendInt(nil, n, 10))
}

// rows answers a page of a set, or one row of it.
func (a *odataAnswer) rows(ctx context.Context, t *feedTable, q *odata.Question, format odata.Format) error {
	asked, hidesKey := withKey(q, format.Level)
	rep, err := report.Of(t.table, a.view.schema, asked, a.limits())
	if err != nil {
		return err
	}
	with := a.runner(t.table, a.to.header, a.pageOf(rep, t.table))
	defer with.close(ctx)
	var from odata.Position
	if q.IsContinued() {
		from, err = q.Position(a.feed)
	} else {
		from, err = rep.Start(ctx, with)
	}
	if err != nil {
		return err
	}
	opt := output.ODataOptions{
		Context: q.Context(a.base), Metadata: output.Metadata(format.Level), NumbersAsText: format.IsIEEE754, One: q.Target == odata.Row,
		EntityType: q.Set.EntityType(), Set: a.base + "/" + q.Set.Name, HideKey: hidesKey,
	}
	if q.IsCount && from.Count >= 0 {
		opt.Count = &from.Count
	}
	a.to.header.Set("Content-Type", format.ContentType())
	w := output.NewOData(a.to, opt)
	next, err := rep.Read(ctx, with, w, from)
	if err != nil {
		return err
	}
	if next != nil {
		link, err := q.Next(a.base, *next, a.feed)
		if err != nil {
			return err
		}
		w.Next(link)
	}
	if err := w.End(); err != nil {
		return err
	}
	return a.to.end()
}

// pageOf is how many root rows a page reads at most, -1 where nobody knows: windows are
// made ahead of it.
func (f *feed) pageOf(rep *report.Report, t *dataset.Table) int64 {
	if rep.IsLocal() || rep.Rest() != nil || t.Aggregate != nil {
		return -1
	}
	return int64(f.limits().PageRows) + aheadRows
}

// aheadRows is how many root rows the engine may have read when a page ends.
const aheadRows = 2000

// withKey is a question that asks for the key besides: at the full level each row says
// where it is.
func withKey(q *odata.Question, level odata.Level) (_ *odata.Question, added bool) {
	if level != odata.Full || q.Select[0] == dataset.KeyColumn {
		return q, false
	}
	more := *q
	more.Select = append([]int{dataset.KeyColumn}, q.Select...)
	return &more, true
}
