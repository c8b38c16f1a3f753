package usage_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

func orders(c *clock) usage.Operation {
	return usage.Operation{
		Token: "t1", Account: "shop", Hash: "aaaaaaaaaaaaaaaa", Name: "Open", Fields: []string{"Order.id", "Query.orders"},
		Rows: 3, Cost: 10, Took: 20 * time.Millisecond, At: c.now(),
	}
}

func query(t *testing.T, r *usage.Recorder, f usage.Filter) []usage.Row {
	t.Helper()
	rows, err := r.Query(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// short writes rows for comparisons.
func short(rows []usage.Row) string {
	var list []string
	for _, r := range rows {
		list = append(list, fmt.Sprintf("%s %s %s%s %d/%d rows=%d cost=%d took=%s most=%s", r.Hour.Format("15"), r.Token, r.Subject, r.Name,
			r.Calls, r.Errors, r.Rows, r.Cost, r.Took, r.Most))
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

func TestCounts(t *testing.T) {
	c := newClock()
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now})
	o := orders(c)
	r.Record(o)
	o.Took, o.Errors = 15*time.Millisecond, 2
	r.Record(o)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	o = orders(c)
	o.Fields = []string{"Order.id", "Order.total", "Query.orders"} // with @include
	r.Record(o)
	c.move(time.Hour)
	o = orders(c)
	o.Rows, o.Cost = -5, 1<<62 // nonsense does not break sums
	r.Record(o)
	r.Record(usage.Operation{Token: "t2", Account: "bi", Denied: schema.BadRequest, Errors: 1, Took: time.Minute}) // no document
	for _, f := range []struct {
		name   string
		filter usage.Filter
		want   []string
	}{
		{"tokens", usage.Filter{By: schema.UsageByToken}, []string{
			"10 t1  3/1 rows=9 cost=30 took=55ms most=20ms",
			"11 t1  1/0 rows=0 cost=10000000000 took=20ms most=20ms",
			"11 t2  1/1 rows=0 cost=0 took=1m0s most=1m0s",
		}},
		{"operations are the default", usage.Filter{}, []string{
			"10 t1 aaaaaaaaaaaaaaaaOpen 3/1 rows=9 cost=30 took=55ms most=20ms",
			"11 t1 aaaaaaaaaaaaaaaaOpen 1/0 rows=0 cost=10000000000 took=20ms most=20ms",
		}},
		{"fields", usage.Filter{By: schema.UsageByField, To: c.now()}, []string{
			"10 t1 Order.id 3/1 rows=9 cost=30 took=55ms most=20ms",
			"10 t1 Order.total 1/0 rows=3 cost=10 took=20ms most=20ms",
			"10 t1 Query.orders 3/1 rows=9 cost=30 took=55ms most=20ms",
		}},
		{"account", usage.Filter{By: schema.UsageByToken, Account: "bi"}, []string{"11 t2  1/1 rows=0 cost=0 took=1m0s most=1m0s"}},
		{"token", usage.Filter{By: schema.UsageByToken, Token: "t2"}, []string{"11 t2  1/1 rows=0 cost=0 took=1m0s most=1m0s"}},
		{"the hour from is in", usage.Filter{By: schema.UsageByToken, Token: "t1", From: c.now().Add(-30 * time.Minute), To: c.now()}, []string{
			"10 t1  3/1 rows=9 cost=30 took=55ms most=20ms",
		}},
		{"first", usage.Filter{First: 1}, []string{"11 t1 aaaaaaaaaaaaaaaaOpen 1/0 rows=0 cost=10000000000 took=20ms most=20ms"}},
	} {
		t.Run("case="+f.name, func(t *testing.T) {
			if got, want := short(query(t, r, f.filter)), strings.Join(f.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	c := newClock()
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now})
	var want [usage.Buckets]int64
	for i := range usage.Buckets {
		o := orders(c)
		o.Took = usage.Bound(i)
		if i == usage.Buckets-1 {
			o.Took = time.Hour
		}
		r.Record(o)
		o.Took = max(0, o.Took-1)
		r.Record(o)
		want[i] = 2
	}
	if got := query(t, r, usage.Filter{})[0].Spread; got != want {
		t.Errorf("spread %v, want %v", got, want)
	}
}

func TestGraphRow(t *testing.T) {
	row := usage.Row{Hour: newClock().now(), Token: "t1", Account: "shop", Subject: "Order.id", Counts: usage.Counts{
		Calls: 3, Errors: 1, Rows: 7, Cost: 1e12, Took: 10 * time.Millisecond, Most: 5500 * time.Microsecond,
	}}
	u := row.Usage()
	if *u.Calls != 3 || *u.Errors != 1 || *u.Rows != 7 || u.Cost.String() != "1000000000000" || u.MeanMs.String() != "3.333" || u.MaxMs.String() != "5.500" {
		t.Errorf("%v %v %v %s %s %s", *u.Calls, *u.Errors, *u.Rows, u.Cost, u.MeanMs, u.MaxMs)
	}
	if u := (&usage.Row{}).Usage(); u.MeanMs != nil {
		t.Error("a mean of nothing")
	}
}

// TestMany: the operations of one token beyond the bound are one, in every hour
// anew, and calls are never lost.
func TestMany(t *testing.T) {
	c := newClock()
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now, Max: 10})
	for range 2 {
		for i := range 50 {
			for range 2 {
				o := orders(c)
				o.Hash = fmt.Sprintf("%016d", i)
				o.Fields = []string{"Query.orders", fmt.Sprintf("Order.f%d", i)} // more ways than Other keeps
				r.Record(o)
			}
			if err := r.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		c.move(time.Hour)
	}
	rows := query(t, r, usage.Filter{})
	if len(rows) != 2*11 {
		t.Fatalf("%d rows, want 22", len(rows))
	}
	for _, row := range rows {
		want := int64(2)
		if row.Subject == usage.Other {
			want = 80
			if row.Name != "" {
				t.Errorf("the others have the name %q", row.Name)
			}
		}
		if row.Calls != want {
			t.Errorf("%d calls of %s, want %d", row.Calls, row.Subject, want)
		}
	}
	fields := query(t, r, usage.Filter{By: schema.UsageByField, First: 1000})
	if len(fields) != 2*51 {
		t.Errorf("%d fields, want 102", len(fields))
	}
	for _, row := range fields {
		if want := int64(2); row.Subject != "Query.orders" && row.Calls != want {
			t.Errorf("%d calls of %s, want %d", row.Calls, row.Subject, want)
		}
	}
}

// TestManyTokens: all tokens together are bounded, too, and what is over makes
// room.
func TestManyTokens(t *testing.T) {
	c := newClock()
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now, Max: 2})
	ask := func() {
		for i := range 100 {
			o := orders(c)
			o.Token = fmt.Sprint("t", i)
			r.Record(o)
			o.Hash = "bbbbbbbbbbbbbbbb"
			r.Record(o)
		}
	}
	ask()
	others := 0
	for _, row := range query(t, r, usage.Filter{First: 1000}) {
		if row.Subject == usage.Other {
			others++
		}
	}
	if others != 80 { // 20 tokens had room for two each
		t.Errorf("%d tokens without room, want 80", others)
	}
	c.move(time.Hour)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := orders(c)
	o.Token, o.Hash = "t99", "cccccccccccccccc"
	r.Record(o)
	if rows := query(t, r, usage.Filter{Token: "t99", From: c.now()}); len(rows) != 1 || rows[0].Subject == usage.Other {
		t.Errorf("an hour later %+v", rows)
	}
	c.move(2 * time.Hour) // forgotten altogether, and known again
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Record(orders(c))
	if rows := query(t, r, usage.Filter{From: c.now(), By: schema.UsageByToken}); len(rows) != 1 || rows[0].Calls != 1 {
		t.Errorf("after it was forgotten %+v", rows)
	}
}

func TestRowsToday(t *testing.T) {
	c := newClock()
	s := &memory{}
	r := usage.New(usage.Config{Store: s, Now: c.now})
	r.Record(orders(c))
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.move(time.Hour)
	o := orders(c)
	o.Token = "t2" // of the same account
	r.Record(o)
	other := orders(c)
	other.Account, other.Token = "bi", "t3"
	r.Record(other)
	o.At = c.now().Add(14 * time.Hour) // the next day
	r.Record(o)
	for _, x := range []struct {
		account string
		day     time.Time
		want    int64
	}{
		{"shop", c.now(), 6},
		{"bi", c.now(), 3},
		{"nobody", c.now(), 0},
		{"shop", c.now().Add(14 * time.Hour), 3},
		{"shop", c.now().Add(-24 * time.Hour), 0},
	} {
		if got, err := r.RowsToday(t.Context(), x.account, x.day); err != nil || got != x.want {
			t.Errorf("%s on %s: %d rows, %v; want %d", x.account, x.day.Format(time.DateOnly), got, err, x.want)
		}
	}
	s.failWith(errDown, 0)
	if _, err := r.RowsToday(t.Context(), "shop", c.now()); schema.CodeOf(err) != schema.Internal || strings.Contains(err.Error(), "10.0.0.1") {
		t.Errorf("error %v", err)
	}
}

// TestStoreDown: what cannot be stored waits, is said once, and comes in full.
func TestStoreDown(t *testing.T) {
	c := newClock()
	s := &memory{}
	var log bytes.Buffer
	r := usage.New(usage.Config{Store: s, Now: c.now, Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.failWith(errDown, 0)
	for range 3 {
		r.Record(orders(c))
		if err := r.Flush(t.Context()); !errors.Is(err, errDown) {
			t.Fatalf("error %v", err)
		}
	}
	if _, err := r.Query(t.Context(), usage.Filter{}); schema.CodeOf(err) != schema.Internal || strings.Contains(err.Error(), "10.0.0.1") {
		t.Errorf("error %v", err)
	}
	if n := strings.Count(log.String(), "storing usage failed"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
	s.failWith(nil, 0)
	if got := short(query(t, r, usage.Filter{})); got != "10 t1 aaaaaaaaaaaaaaaaOpen 3/0 rows=9 cost=30 took=60ms most=20ms" {
		t.Errorf("after it came back\n%s", got)
	}
	if !strings.Contains(log.String(), "stored usage again") {
		t.Errorf("log\n%s", log.String())
	}
}

// TestStoreBreaks: of what is written in several transactions nothing is written
// twice when a later one fails.
func TestStoreBreaks(t *testing.T) {
	c := newClock()
	s := &memory{}
	r := usage.New(usage.Config{Store: s, Now: c.now, Max: 5000})
	const n = 4500
	for i := range n {
		o := orders(c)
		o.Hash, o.Fields = fmt.Sprintf("%016d", i), nil
		r.Record(o)
	}
	s.failWith(errDown, 2)
	if err := r.Flush(t.Context()); !errors.Is(err, errDown) {
		t.Fatalf("error %v", err)
	}
	s.failWith(nil, 0)
	if rows := query(t, r, usage.Filter{By: schema.UsageByToken}); len(rows) != 1 || rows[0].Calls != n {
		t.Errorf("the token %+v", rows)
	}
	if len(s.rows) != n+1 {
		t.Errorf("%d rows, want %d", len(s.rows), n+1)
	}
	for k, row := range s.rows {
		if k.By == schema.UsageByOperation && row.Calls != 1 {
			t.Fatalf("%d calls of %s", row.Calls, k.Subject)
		}
	}
}

// TestStoreDownLong: what waits is bounded: details go first, then whole hours.
func TestStoreDownLong(t *testing.T) {
	c := newClock()
	s := &memory{}
	var log bytes.Buffer
	r := usage.New(usage.Config{Store: s, Now: c.now, Pending: 50, Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.failWith(errDown, 0)
	calls := int64(0)
	hours := func(n int) {
		for range n {
			for i := range 20 {
				o := orders(c)
				o.Hash = fmt.Sprintf("%016d", i)
				r.Record(o)
				calls++
			}
			if err := r.Flush(t.Context()); !errors.Is(err, errDown) {
				t.Fatalf("error %v", err)
			}
			c.move(time.Hour)
		}
	}
	hours(10)
	if strings.Contains(log.String(), "dropped") {
		t.Errorf("dropped too early\n%s", log.String())
	}
	s.failWith(nil, 0)
	sum := int64(0)
	for _, row := range query(t, r, usage.Filter{By: schema.UsageByToken}) {
		sum += row.Calls
	}
	if sum != calls {
		t.Errorf("%d calls of %d", sum, calls)
	}
	if n := len(s.rows); n > 50 {
		t.Errorf("%d rows waited", n)
	}
	if rows := query(t, r, usage.Filter{From: c.now().Add(-time.Hour)}); len(rows) != 20 {
		t.Errorf("the last hour has %d operations, want all 20", len(rows))
	}
	s.failWith(errDown, 0)
	hours(60)
	s.failWith(nil, 0)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.rows); n > 100 {
		t.Errorf("%d rows", n)
	}
	if !strings.Contains(log.String(), "dropped usage that could not be stored") {
		t.Errorf("nothing is said of what was lost\n%s", log.String())
	}
}
