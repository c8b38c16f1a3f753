package creatio

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// ScanKeys implements datasources.KeyScanner. It reads Id and ModifiedOn of all
// rows in the order they were made, which no change and no deletion moves: one
// call for each PageSize rows and two more, where a reading of the rows takes as
// many calls for pages many times larger. A version is the time of the last
// change. An order's also tells its lines, by their ids and times, which cost a
// $batch of or-chains for each page: a line that was changed, added or deleted
// changes it, although the order itself is as it was. The texts of lookups are
// not in it: a status that was renamed is found by reading whole.
//
// A table without CreatedOn is read in the order of changes, where a row that is
// dated back meanwhile may be missed: its pages are Shifting. One without
// ModifiedOn is NOT_ENABLED.
func (r *reader[T, P]) ScanKeys(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[datasources.Keyed]) error) error {
	m, err := parseMark(r.s.cfg.Name, datasources.Cursor(from))
	if err != nil {
		return err
	}
	st, v, err := r.open(ctx)
	if err != nil {
		return err
	}
	t, err := r.keyOrder(st, v)
	if err != nil {
		return err
	}
	if m.ID == "" {
		newest, err := t.beginning(ctx)
		if err != nil {
			return err
		}
		m = mark{Began: newest.Time}
	}
	for {
		records, next, err := t.part(ctx, m)
		if err != nil {
			return err
		}
		page := datasources.Scanned[datasources.Keyed]{Last: next.Done, Shifting: t.field == "updatedAt"}
		if page.Items, err = r.versions(ctx, st, distinct(records)); err != nil {
			return err
		}
		if !next.Done {
			c, err := r.s.cursor(next)
			if err != nil {
				return err
			}
			page.Mark = datasources.Mark(c)
		}
		if err := f(page); err != nil || next.Done {
			return err
		}
		m = next
	}
}

// keyOrder is the reader's table in an order in which rows keep their places, as
// far as the site has one.
func (r *reader[T, P]) keyOrder(st *site, v *view) (*changed, error) {
	last := v.column("updatedAt")
	if last == nil {
		return nil, r.s.missing("time of the last change of " + v.set)
	}
	t := &changed{
		s: r.s, st: st, set: v.set, up: last.up, field: "updatedAt", forget: true,
		sel: &selection{columns: changeColumns(last.up)},
	}
	if made := v.column("createdAt"); made != nil && made.up != last.up {
		t.up, t.field = made.up, "createdAt"
		t.sel.columns = append(t.sel.columns, column{field: "createdAt", up: made.up, kind: moment})
	}
	return t, nil
}

// versions are the keys of records with what changes when they do.
func (r *reader[T, P]) versions(ctx context.Context, st *site, records []record) ([]datasources.Keyed, error) {
	keys := make([]datasources.Keyed, len(records))
	for i := range records {
		keys[i].Key = records[i].id
		if at := records[i].cell("updatedAt").at; !at.IsZero() {
			keys[i].Version = at.Format(time.RFC3339Nano)
		}
	}
	if r.lines == nil || len(keys) == 0 {
		return keys, nil
	}
	lines, err := r.s.lineVersions(ctx, st, keys)
	if err != nil {
		return nil, err
	}
	for i := range keys {
		if keys[i].Version != "" {
			keys[i].Version += " " + lines[keys[i].Key]
		}
	}
	return keys, nil
}

// lineVersions tells for each order that has lines which they are and when they
// were changed, as a short text.
func (s *source) lineVersions(ctx context.Context, st *site, orders []datasources.Keyed) (map[string]string, error) {
	t := st.model.sets[setLine]
	if t == nil || !t.has("OrderId") {
		return nil, s.missing("table " + setLine)
	}
	sel := &selection{columns: []column{{field: "id", up: "Id", kind: ident}, {field: "order", up: "OrderId", kind: link}}}
	if t.has("ModifiedOn") {
		sel.columns = append(sel.columns, column{field: "updatedAt", up: "ModifiedOn", kind: moment})
	}
	terms := make([]term, len(orders))
	for i := range orders {
		terms[i] = term{orders[i].Key, "Order/Id eq " + orders[i].Key}
	}
	byOrder := map[string][]string{}
	a := ask{set: setLine, cols: sel.names(), order: "Id", top: parentRows}
	for _, r := range s.run(ctx, st, chains(a, terms), maxParts, sel, ofOrders, maxRows) {
		switch {
		case r.err != nil:
			return nil, r.err
		case !r.whole:
			return nil, s.invalid(errTooMany)
		}
		for i := range r.records {
			line := &r.records[i]
			order := line.cell("order").str
			byOrder[order] = append(byOrder[order], line.id+line.cell("updatedAt").at.Format(time.RFC3339Nano))
		}
	}
	versions := make(map[string]string, len(byOrder))
	for order, lines := range byOrder {
		slices.Sort(lines)
		h := fnv.New64a()
		_ = json.NewEncoder(h).Encode(lines) // texts always encode, and a hash takes them
		versions[order] = strconv.Itoa(len(lines)) + "." + strconv.FormatUint(h.Sum64(), 36)
	}
	return versions, nil
}
