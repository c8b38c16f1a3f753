package creatio

import (
	"context"

	"github.com/trama-graph/trama/datasources"
)

// changed is the reader's table in the order of its changes.
func (r *reader[T, P]) changed(st *site, v *view, sel *selection) (*changed, error) {
	c := v.column("updatedAt")
	if c == nil {
		return nil, r.s.missing("time of the last change of " + v.set)
	}
	return &changed{s: r.s, st: st, set: v.set, up: c.up, field: "updatedAt", sel: sel}, nil
}

// Head implements datasources.Follower: the newest row's place. It makes one
// call. A table without a column of changes is NOT_ENABLED.
func (r *reader[T, P]) Head(ctx context.Context) (datasources.Cursor, error) {
	st, v, err := r.open(ctx)
	if err != nil {
		return "", err
	}
	t, err := r.changed(st, v, nil)
	if err != nil {
		return "", err
	}
	m, err := t.beginning(ctx)
	if err != nil {
		return "", err
	}
	return r.s.cursor(m)
}

// Since gives what was made or changed since a mark, lines included; deletions
// are invisible, and a changed line does not touch its order's time ("Creatio
// facts", §7): ScanKeys finds both. When nothing changed it makes one call; each
// full page of changes is a call, a reading of several pages three more, and orders
// a $batch of their lines for each page.
//
// What was committed up to Overlap after a later row is found, as is another
// change with the same time: the last rows are read again, and those that are as
// they were given are dropped. What is committed late behind the place of a
// reading of several pages is found by the reading after it. A site that was set back to an earlier state is
// BAD_REQUEST when the rows given last show it.
func (r *reader[T, P]) Since(ctx context.Context, c datasources.Cursor) (datasources.Changes[T], error) {
	var none datasources.Changes[T]
	m, err := parseMark(r.s.cfg.Name, c)
	if err != nil {
		return none, err
	}
	st, v, err := r.open(ctx)
	if err != nil {
		return none, err
	}
	sel := selection{}
	t, err := r.changed(st, v, &sel)
	if err != nil {
		return none, err
	}
	sel = v.choose(nil, nil, "")
	records, next, err := t.since(ctx, m)
	if err != nil {
		return none, err
	}
	out := datasources.Changes[T]{More: !next.Done}
	if out.Items, err = r.items(ctx, st, v, &sel, distinct(records)); err != nil {
		return none, err
	}
	if err := r.fill(ctx, st, out.Items, nil); err != nil {
		return none, err
	}
	out.Next, err = r.s.cursor(next)
	return out, err
}

func (s *source) cursor(m mark) (datasources.Cursor, error) {
	c, err := m.cursor()
	if err != nil {
		return "", s.invalid(err)
	}
	return c, nil
}
