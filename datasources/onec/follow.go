package onec

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// 1C keeps no time of the last change, so documents are followed in a window of
// their dates ("1C:Enterprise — standard OData interface", §7, option A): the keys
// and versions of the window are read, which costs no tabular part, and then the
// rows of those days that are not as they were. What changes in older documents,
// and what is physically removed, is found by the sweep.

var (
	_ datasources.Follower[schema.Order] = (*reader[schema.Order, *schema.Order])(nil)
	_ datasources.KeyScanner             = (*reader[schema.Order, *schema.Order])(nil)
)

// Head implements datasources.Follower. Catalogues, which have no dates, are
// NOT_ENABLED: they are kept up with by sweeps.
func (r *reader[T, P]) Head(ctx context.Context) (datasources.Cursor, error) {
	m, objects, err := r.followed(ctx)
	if err != nil {
		return "", err
	}
	cut := newSpans(r.s.cfg.Follow.Window)
	head := &mark{Days: cut.days, Trails: map[string]*trail{}}
	for _, o := range objects {
		t, err := r.survey(ctx, m, o, cut, &trail{})
		if err != nil {
			return "", err
		}
		head.Trails[o.concept] = t
	}
	return head.cursor(), nil
}

// Since implements datasources.Follower.
func (r *reader[T, P]) Since(ctx context.Context, c datasources.Cursor) (datasources.Changes[T], error) {
	var none datasources.Changes[T]
	m, objects, err := r.followed(ctx)
	if err != nil {
		return none, err
	}
	cut := newSpans(r.s.cfg.Follow.Window)
	at, err := readMark(c, cut)
	if err != nil {
		return none, unknownMark(r.s.cfg.Name, err)
	}
	if !at.isUnderWay() {
		for _, o := range objects {
			old := at.Trails[o.concept]
			if old == nil {
				old = &trail{}
			}
			t, err := r.survey(ctx, m, o, cut, old)
			if err != nil {
				return none, err
			}
			t.compare(old)
			if !o.hasVersions() && old.Prints != "" {
				t.Todo = [][2]int{{t.From, anEnd}} // nothing tells what is new in it
			}
			if r.isBeside(o) && old.Prints == "" {
				t.Todo = nil // all bills are given anyway
			}
			at.Trails[o.concept] = t
		}
	}
	got := newGathering[T, P]()
	for _, o := range objects {
		for t := at.Trails[o.concept]; t != nil && len(t.Todo) > 0 && got.size() < r.s.cfg.Page; {
			if err := r.catchUp(ctx, m, o, cut, t, got); err != nil {
				return none, err
			}
		}
	}
	return datasources.Changes[T]{Items: got.items, Deleted: got.deleted(), Next: at.cursor(), More: at.isUnderWay()}, nil
}

// followed are the objects whose changes are looked at. It is an error when the
// entity is a catalogue's, or a document has no date.
func (r *reader[T, P]) followed(ctx context.Context) (*model, []*object, error) {
	m, objects, err := r.objects(ctx)
	if err != nil {
		return nil, nil, err
	}
	if slices.ContainsFunc(objects, func(o *object) bool { return o.concept == conceptBill }) && r.e.Name == "Invoice" && sumsPayments(m) {
		objects = append(objects, m.object(conceptPayment))
	}
	for _, o := range objects {
		if o.concept == conceptProduct || o.prop("date") == "" {
			return nil, nil, notFollowed(r.s.cfg.Name, r.e.Name)
		}
	}
	return m, objects, nil
}

// isBeside reports whether an object gives no rows of the entity, but changes them.
func (r *reader[T, P]) isBeside(o *object) bool {
	return o.concept == conceptPayment && r.e.Name == "Invoice"
}

func (m *mark) isUnderWay() bool {
	for _, t := range m.Trails {
		if len(t.Todo) > 0 {
			return true
		}
	}
	return false
}

// survey reads the keys and versions of the window. It ends at the newest document,
// but not in the future: one that is dated ahead by mistake would move the window
// away from what changes. A clock that is wrong can only make the window longer.
func (r *reader[T, P]) survey(ctx context.Context, m *model, o *object, cut spans, old *trail) (*trail, error) {
	b, err := r.s.builder(ctx, m, o, r.e.Name, r.key, nil)
	if err != nil {
		return nil, err
	}
	t := &trail{Newest: old.Newest}
	if t.Newest == "" {
		q := request{name: r.e.Name + " newest", set: o.set, cols: present("Ref_Key", o.prop("date")), order: o.prop("date") + " desc,Ref_Key", top: 1}
		if _, err := r.s.client.rows(ctx, q, func(rows []row) error {
			for _, row := range rows {
				if t.Newest, err = row.text(o.prop("date")); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return nil, asError(r.s.cfg.Name, err)
		}
	}
	if _, ok := cut.of(t.Newest); !ok {
		return &trail{}, nil // there is no document yet
	}
	end := min(t.Newest, r.s.client.time().In(r.s.zone).Format(clockLayout))
	last, ok := cut.of(end)
	if !ok {
		return nil, asError(r.s.cfg.Name, badValue{o.prop("date")})
	}
	t.From = last - (cut.window+cut.days-1)/cut.days
	prints := make([]uint64, last+2-t.From) // the last span is what is dated later
	w := &walk{b: b, q: request{
		name: r.e.Name + " window", set: o.set, cols: b.stampColumns(), order: o.prop("date") + ",Ref_Key", top: r.s.cfg.Page,
	}.where(o.prop("date") + " ge datetime'" + cut.begin(t.From) + "'")}
	t.Newest = ""
	for {
		list, isEnd, err := w.next(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			n, ok := cut.of(s.date)
			if !ok || n < t.From {
				return nil, asError(r.s.cfg.Name, foreign())
			}
			prints[min(n-t.From, len(prints)-1)] += print(s.id, s.version, s.date)
			t.Newest = max(t.Newest, s.date)
		}
		if isEnd {
			break
		}
	}
	if t.Newest == "" {
		t.Newest = old.Newest // all that was in the window is gone
	}
	t.setPrints(prints)
	return t, nil
}
