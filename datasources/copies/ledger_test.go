package copies_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// entryOf is an order of a ledger: when it changed, in seconds of the source, and
// which version it has.
type entryOf struct {
	order   schema.Order
	second  int
	version int
}

// ledger is an upstream table of orders that can be scanned, listed by keys and
// versions, read by keys and customers, and followed. Its clock moves by tick alone,
// so that many edits share a second.
type ledger struct {
	mu      sync.Mutex
	second  int
	version int
	rows    map[string]*entryOf
	dead    map[string]int // second of deletions that it tells
	size    int            // of pages
	tells   bool           // of deletions
	since   int            // cursors before this second are not known

	fail  func(what string, call int) error // nil = none; called without the lock
	calls map[string]int
	read  int // rows given by keys
}

func newLedger(size int) *ledger {
	return &ledger{second: 100, rows: map[string]*entryOf{}, dead: map[string]int{}, size: size, calls: map[string]int{}}
}

func (l *ledger) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.second++
}

// put writes an order as the system's users do.
func (l *ledger) put(list ...schema.Order) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range list {
		l.version++
		l.rows[x.Key] = &entryOf{x, l.second, l.version}
		delete(l.dead, x.Key)
	}
}

// backdate changes an order, and its time of change stays, or goes back.
func (l *ledger) backdate(x schema.Order, by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.version++
	second := l.second
	if old := l.rows[x.Key]; old != nil {
		second = old.second
	}
	l.rows[x.Key] = &entryOf{x, second - by, l.version}
}

func (l *ledger) drop(keys ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		if l.rows[key] != nil {
			delete(l.rows, key)
			l.dead[key] = l.second
		}
	}
}

// reset puts another table in the place of this one, as a restored backup does.
func (l *ledger) reset(second int, list ...schema.Order) {
	l.mu.Lock()
	l.rows, l.dead, l.second = map[string]*entryOf{}, map[string]int{}, second
	l.mu.Unlock()
	l.put(list...)
}

func (l *ledger) failing(f func(what string, call int) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = f
	clear(l.calls)
	l.read = 0
}

// took returns how often each call was made since the last time.
func (l *ledger) took() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, what := range slices.Sorted(maps.Keys(l.calls)) {
		out = append(out, fmt.Sprintf("%s %d", what, l.calls[what]))
	}
	if l.read > 0 {
		out = append(out, fmt.Sprintf("rows %d", l.read))
	}
	clear(l.calls)
	l.read = 0
	return strings.Join(out, ", ")
}

// all are the orders by their keys.
func (l *ledger) all() []schema.Order {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []schema.Order
	for _, key := range slices.Sorted(maps.Keys(l.rows)) {
		out = append(out, l.rows[key].order)
	}
	return out
}

func (l *ledger) call(ctx context.Context, what string) error {
	l.mu.Lock()
	l.calls[what]++
	n, fail := l.calls[what], l.fail
	l.mu.Unlock()
	if fail != nil {
		if err := fail(what, n); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// garble takes a column from all orders, and mend gives it back, as they do whose
// records stay as they are: neither the times nor the versions change.
func (l *ledger) garble(column string) { l.reform(column, true) }

func (l *ledger) mend(column string) { l.reform(column, false) }

func (l *ledger) reform(column string, isGarbled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.rows {
		if i, err := strconv.Atoi(x.order.Key[1:]); err == nil {
			source := x.order.Source
			x.order = order(i, x.order.Status)
			x.order.Source = source
		}
		if isGarbled {
			x.order = spoil([]schema.Order{x.order}, column, each)[0]
		}
	}
}

// page returns rows behind a key.
func (l *ledger) page(after string) (list []entryOf, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(l.rows)) {
		if key > after {
			list = append(list, *l.rows[key])
		}
	}
	last = len(list) <= l.size
	return list[:min(len(list), l.size)], last
}

func (l *ledger) Scan(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[schema.Order]) error) error {
	for after := string(from); ; {
		if err := l.call(ctx, "scan"); err != nil {
			return err
		}
		list, last := l.page(after)
		page := datasources.Scanned[schema.Order]{Last: last, Mark: datasources.Mark(after)}
		for _, x := range list {
			page.Items, page.Mark = append(page.Items, x.order), datasources.Mark(x.order.Key)
		}
		after = string(page.Mark)
		if err := f(page); err != nil || last {
			return err
		}
	}
}

func (l *ledger) scanKeys(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[datasources.Keyed]) error) error {
	for after := string(from); ; {
		if err := l.call(ctx, "keys"); err != nil {
			return err
		}
		list, last := l.page(after)
		page := datasources.Scanned[datasources.Keyed]{Last: last, Mark: datasources.Mark(after)}
		for _, x := range list {
			page.Items = append(page.Items, datasources.Keyed{Key: x.order.Key, Version: strconv.Itoa(x.version)})
			page.Mark = datasources.Mark(x.order.Key)
		}
		after = string(page.Mark)
		if err := f(page); err != nil || last {
			return err
		}
	}
}

func (l *ledger) ByKeys(ctx context.Context, keys []string, _ datasources.Fields) (datasources.Rows[schema.Order], error) {
	if err := l.call(ctx, "by keys"); err != nil {
		return datasources.Rows[schema.Order]{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var out datasources.Rows[schema.Order]
	for _, key := range keys {
		if x := l.rows[key]; x != nil {
			l.read++
			out.Items = append(out.Items, x.order)
		}
	}
	return out, nil
}

func (l *ledger) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[schema.Order], error) {
	if err := l.call(ctx, "by "+string(rel)); err != nil {
		return datasources.Rows[schema.Order]{}, err
	}
	all := l.all()
	out := datasources.Rows[schema.Order]{Offsets: []int{0}}
	for _, p := range parents {
		var own []schema.Order
		for i := range all {
			if all[i].CustomerKey == p {
				own = append(own, all[i])
			}
		}
		part := datasources.Cut(own, q)
		out.Items = append(out.Items, part.Items...)
		out.Offsets, out.More = append(out.Offsets, len(out.Items)), append(out.More, part.More[0])
	}
	return out, nil
}

func (l *ledger) List(context.Context, datasources.Query) (datasources.Rows[schema.Order], error) {
	panic("a copy asked for a list of what can be scanned")
}

func (l *ledger) Head(ctx context.Context) (datasources.Cursor, error) {
	if err := l.call(ctx, "head"); err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return datasources.Cursor(strconv.Itoa(l.second)), nil
}

// Since gives what changed in the cursor's second, which may not be over, and later.
// A cursor within a page is SECOND/KEY: pages end in seconds that are over only.
func (l *ledger) Since(ctx context.Context, c datasources.Cursor) (datasources.Changes[schema.Order], error) {
	var out datasources.Changes[schema.Order]
	if err := l.call(ctx, "since"); err != nil {
		return out, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text, after, within := strings.Cut(string(c), "/")
	second, err := strconv.Atoi(text)
	if err != nil || second < l.since {
		return out, schema.SourceErrorf(schema.BadRequest, "erp", "the cursor is not known")
	}
	var list []*entryOf
	for _, x := range l.rows {
		if x.second > second || x.second == second && (!within || x.order.Key > after) {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b *entryOf) int {
		return cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.order.Key, b.order.Key))
	})
	out.Next = datasources.Cursor(strconv.Itoa(max(second, l.second)))
	if l.second < second { // restored from a backup
		out.Next = c
	}
	for _, x := range list {
		if len(out.Items) >= l.size && x.second < l.second {
			out.More = true
			break
		}
		out.Items = append(out.Items, x.order)
		if x.second < l.second {
			out.Next = datasources.Cursor(fmt.Sprintf("%d/%s", x.second, x.order.Key))
		} else {
			out.Next = datasources.Cursor(strconv.Itoa(x.second))
		}
	}
	if l.tells && !out.More {
		for _, key := range slices.Sorted(maps.Keys(l.dead)) {
			if l.dead[key] >= second {
				out.Deleted = append(out.Deleted, key)
			}
		}
	}
	return out, nil
}

// keyedLedger is one that lists its keys.
type keyedLedger struct{ *ledger }

// ScanKeys implements datasources.KeyScanner.
func (l *keyedLedger) ScanKeys(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[datasources.Keyed]) error) error {
	return l.scanKeys(ctx, from, f)
}

// newLedgerBench copies a ledger, with or without its keys.
func newLedgerBench(t *testing.T, size int, keyed bool) (*bench, *ledger) {
	l := newLedger(size)
	b := &bench{t: t, st: newStore(t), clock: newClock()}
	b.src = ledgerSystem(l, keyed)
	b.open()
	return b, l
}

func ledgerSystem(l *ledger, keyed bool) *system {
	var reader any = l
	if keyed {
		reader = &keyedLedger{l}
	}
	e := entry("Order", newest, 10)
	e.Relations = []datasources.RelationAbility{{Relation: "customer", Batch: 10}}
	return &system{readers: map[string]any{"Order": reader}, entries: []datasources.Entity{e}, status: datasources.Status{State: "up"}}
}

var (
	_ datasources.Follower[schema.Order] = (*ledger)(nil)
	_ datasources.Scanner[schema.Order]  = (*ledger)(nil)
	_ datasources.KeyScanner             = (*keyedLedger)(nil)
)

// did tells the steps of a Sync that ended something.
func did(steps []copies.Progress) string {
	var out []string
	for _, p := range steps {
		switch p.Step {
		case copies.Reading, copies.Confirming, copies.Sweeping, copies.Following:
		default:
			out = append(out, string(p.Step))
		}
	}
	return strings.Join(out, ", ")
}
