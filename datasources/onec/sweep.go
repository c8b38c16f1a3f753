package onec

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/trama-graph/trama/datasources"
)

// sweepMark is how far a sweep has come.
type sweepMark struct {
	Object string `json:"o"`           // by our name
	Skip   int    `json:"s"`           // records read
	First  string `json:"f,omitempty"` // key of the first
	Last   string `json:"l,omitempty"` // key of the last
}

// ScanKeys implements datasources.KeyScanner: the keys and versions of all rows,
// object by object, without tabular parts. A bill's version holds what is paid of it
// where that is summed up from payments: these are read first then.
func (r *reader[T, P]) ScanKeys(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[datasources.Keyed]) error) error {
	m, objects, err := r.objects(ctx)
	if err != nil {
		return err
	}
	if r.s.cfg.Follow.Sweep == sweepRows {
		return notFollowed(r.s.cfg.Name, r.e.Name)
	}
	for _, o := range objects {
		if !o.hasVersions() {
			return notFollowed(r.s.cfg.Name, r.e.Name)
		}
	}
	at, err := r.sweepMark(from, objects)
	if err != nil {
		return err
	}
	begun := at.Object == ""
	for i, o := range objects {
		if !begun && o.concept != at.Object {
			continue
		}
		if begun {
			at = sweepMark{Object: o.concept}
		}
		begun = true
		if err := r.sweep(ctx, m, o, at, i == len(objects)-1, f); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader[T, P]) sweepMark(from datasources.Mark, objects []*object) (sweepMark, error) {
	var at sweepMark
	if from == "" {
		return at, nil
	}
	d := json.NewDecoder(strings.NewReader(string(from)))
	d.DisallowUnknownFields()
	if err := d.Decode(&at); err != nil {
		return at, unknownMark(r.s.cfg.Name, err)
	}
	for _, o := range objects {
		if o.concept == at.Object && at.Skip >= 0 {
			return at, nil
		}
	}
	return at, unknownMark(r.s.cfg.Name, nil)
}

func (r *reader[T, P]) sweep(ctx context.Context, m *model, o *object, at sweepMark, isLast bool, f func(datasources.Scanned[datasources.Keyed]) error) error {
	b, err := r.s.builder(ctx, m, o, r.e.Name, r.key, nil)
	if err != nil {
		return err
	}
	var paid map[string]uint64
	if o.concept == conceptBill && r.e.Name == "Invoice" && sumsPayments(m) {
		if paid, err = r.s.paidPrints(ctx, m); err != nil {
			return err
		}
	}
	w := &walk{b: b, skip: at.Skip, first: at.First, last: at.Last, q: request{
		name: r.e.Name + " keys", set: o.set, cols: b.stampColumns(), order: "Ref_Key", top: r.s.cfg.Page,
	}.where(r.fixed(o)...)}
	for {
		list, isEnd, err := w.next(ctx)
		if err != nil {
			return err
		}
		page := datasources.Scanned[datasources.Keyed]{Last: isEnd && isLast, Shifting: w.shifted}
		for _, s := range list {
			if !s.isGone {
				page.Items = append(page.Items, r.keyed(o, s, paid))
			}
		}
		// A struct of texts and a number always encodes.
		text, _ := json.Marshal(sweepMark{Object: o.concept, Skip: w.skip, First: w.first, Last: w.last})
		page.Mark = datasources.Mark(text)
		if err := f(page); err != nil || isEnd {
			return err
		}
	}
}
