package copies_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// diary keeps what the loop did and when.
type diary struct {
	mu    sync.Mutex
	began time.Time
	lines []string
}

func (d *diary) note(p copies.Progress) {
	if p.Step == copies.Reading || p.Step == copies.Confirming {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf("%s %s %s", time.Since(d.began), p.Entity, p.Step))
}

func (d *diary) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	return lines
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &orderTable{}
		up.set(orders(0, 3)...)
		contacts := &table[schema.Contact, *schema.Contact]{}
		away := func(int) error { return schema.SourceErrorf(schema.SourceUnavailable, "erp", "away") }
		contacts.failing(away)
		quotes := &table[schema.Quote, *schema.Quote]{}
		quotes.failing(func(int) error { return schema.SourceErrorf(schema.NotEnabled, "erp", "not bought") })
		people := &index{list: []datasources.CustomerRecord{{ID: "c1"}}}
		refused := schema.SourceErrorf(schema.SourceUnavailable, "erp", "wrong password")
		refused.Retryable = false
		src := withIndex{&system{
			readers: map[string]any{"Order": up, "Contact": contacts, "Quote": quotes, "Article": "live"},
			entries: []datasources.Entity{entry("Contact", schema.Sort{}, 10), entry("Order", newest, 10), entry("Quote", newest, 10), {Name: "Article"}},
		}, people}
		st := newStore(t)
		d := &diary{began: time.Now()}
		var changed []string
		deps := copies.Deps{Progress: d.note, Changed: func(e string) { changed = append(changed, e) }}
		c := openCopy(t, copies.Config{Every: time.Minute}, src, st, deps)
		if c.Reader("Article") != any("live") {
			t.Error("articles are kept")
		}
		start := func() (stop func()) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- c.Run(ctx) }()
			return func() {
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		}
		expect := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			if got := d.take(); !slices.Equal(got, want) {
				t.Errorf("%s:\n got %q\nwant %q", when, got, want)
			}
		}
		stop := start()
		expect("at once", "0s Customer done", "0s Order done", "0s Quote not enabled", "0s Contact failed")
		time.Sleep(4 * time.Second) // virtual
		expect("retries", "1s Contact failed", "3s Contact failed")
		contacts.failing(nil)
		contacts.set(schema.Contact{Record: schema.Record{Source: "erp", Key: "p1"}})
		time.Sleep(4 * time.Second)
		expect("it is back", "7s Contact done")
		stop()
		if !slices.Equal(changed, []string{"Customer", "Order", "Contact"}) {
			t.Errorf("told %q", changed)
		}
		time.Sleep(10 * time.Second) // 18s
		c = openCopy(t, copies.Config{Every: time.Minute}, src, st, deps)
		stop = start()
		expect("after a restart", "18s Quote not enabled")
		people.mu.Lock()
		people.list = append(people.list, datasources.CustomerRecord{ID: "c2"})
		people.mu.Unlock()
		up.failing(func(int) error { return refused })
		time.Sleep(50 * time.Second) // 68s
		expect("on schedule", "1m0s Customer done", "1m0s Order failed", "1m7s Contact done")
		time.Sleep(53 * time.Second) // 121s
		expect("who was refused waits for his turn", "1m18s Quote not enabled", "2m0s Customer done", "2m0s Order failed")
		if !slices.Equal(changed, []string{"Customer", "Order", "Contact", "Customer"}) {
			t.Errorf("told %q", changed)
		}
		stop()
	})
}

// TestSyncBesideRun: both in one process take turns.
func TestSyncBesideRun(t *testing.T) {
	up := &orderTable{}
	up.set(orders(0, 60)...)
	src := &system{readers: map[string]any{"Order": up}, entries: []datasources.Entity{entry("Order", newest, 10)}}
	c := openCopy(t, copies.Config{Every: time.Second}, src, newStore(t), copies.Deps{})
	mustSync(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	wait.Go(func() {
		for range 3 {
			mustSync(t, c)
		}
		cancel()
	})
	for range 2 {
		wait.Go(func() {
			for ctx.Err() == nil {
				rows, err := datasources.ReaderOf[schema.Order](c, "Order").List(t.Context(), datasources.Query{First: 500, Total: true})
				if err != nil || len(rows.Items) != 60 || rows.Totals[0] != 60 {
					t.Errorf("%d rows of %d, %v", len(rows.Items), rows.Totals, err)
					return
				}
				_, _ = c.Status(), c.Problems()
			}
		})
	}
	wait.Wait()
}

func TestSource(t *testing.T) {
	src := &system{readers: map[string]any{"Order": &orderTable{}}, entries: []datasources.Entity{entry("Order", newest, 10)}}
	st := newStore(t)
	for _, c := range []struct {
		name           string
		src            datasources.Source
		indexes, meter bool
	}{
		{"plain", src, false, false},
		{"with customers", withIndex{src, &index{}}, true, false},
		{"with a meter", withMeter{src, meter{}}, false, true},
		{"with both", struct {
			withIndex
			meter
		}{withIndex{src, &index{}}, meter{}}, true, true},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			cp := openCopy(t, copies.Config{}, c.src, st, copies.Deps{})
			face := cp.Source()
			_, indexes := face.(datasources.CustomerIndexer)
			m, meters := face.(datasources.Meter)
			_, reports := face.(datasources.Reporter)
			if indexes != c.indexes || meters != c.meter || !reports || (cp.Customers() != nil) != c.indexes {
				t.Errorf("customers %t, meter %t, problems %t", indexes, meters, reports)
			}
			if meters && m.Usage()[0].Class != "crm" {
				t.Errorf("usage %+v", m.Usage())
			}
			if face.(interface{ Unwrap() datasources.Source }).Unwrap() != c.src {
				t.Error("the source behind it is another")
			}
			if err := face.Close(); err != nil || !src.closed {
				t.Errorf("the source stayed open: %v", err)
			}
		})
	}
}

type meter struct{}

func (meter) Usage() []datasources.Usage { return []datasources.Usage{{Class: "crm"}} }

type withMeter struct {
	*system
	meter
}

func TestCustomers(t *testing.T) {
	people := &index{size: 100}
	for i := range 1203 {
		people.list = append(people.list, datasources.CustomerRecord{ID: fmt.Sprintf("c%05d", i), Name: "N", ForeignIDs: map[string]string{"crm": fmt.Sprint(i)}})
	}
	src := withIndex{&system{}, people}
	c := openCopy(t, copies.Config{}, src, newStore(t), copies.Deps{})
	ix := c.Source().(datasources.CustomerIndexer)
	never := func([]datasources.CustomerRecord) error { t.Error("records of a copy that was never read"); return nil }
	if err := ix.IndexCustomers(t.Context(), never); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("before the first reading: %v", err)
	}
	mustSync(t, c)
	var got []datasources.CustomerRecord
	if err := ix.IndexCustomers(t.Context(), func(page []datasources.CustomerRecord) error { got = append(got, page...); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1203 || got[1202].ForeignIDs["crm"] != "1202" {
		t.Errorf("%d records", len(got))
	}
	enough := fmt.Errorf("enough")
	if err := ix.IndexCustomers(t.Context(), func([]datasources.CustomerRecord) error { return enough }); err != enough { //nolint:errorlint // as it is
		t.Errorf("the listener's error became %v", err)
	}
	people.list = people.list[:1202]
	mustSync(t, c)
	got = nil
	if err := ix.IndexCustomers(t.Context(), func(page []datasources.CustomerRecord) error { got = append(got, page...); return nil }); err != nil || len(got) != 1202 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

// TestOnly: what is not kept is asked of the source.
func TestOnly(t *testing.T) {
	up := &orderTable{}
	src := withIndex{&system{readers: map[string]any{"Order": up, "Quote": "live"}, entries: []datasources.Entity{entry("Order", newest, 10), entry("Quote", newest, 10)}}, &index{list: []datasources.CustomerRecord{{ID: "c1"}}}}
	c := openCopy(t, copies.Config{Only: []string{"Order"}}, src, newStore(t), copies.Deps{})
	mustSync(t, c)
	if c.Reader("Quote") != any("live") || c.Reader("Nothing") != nil {
		t.Error("a reader is not the source's")
	}
	d := c.Describe()
	if d.Entity("Quote").Upstream != "TQuote" || d.Entity("Order").Upstream != "copy of TOrder" {
		t.Errorf("described as %+v", d)
	}
	n := 0
	if err := c.Source().(datasources.CustomerIndexer).IndexCustomers(t.Context(), func(p []datasources.CustomerRecord) error { n += len(p); return nil }); err != nil || n != 1 {
		t.Errorf("%d customers, %v", n, err)
	}
}

func TestConfig(t *testing.T) {
	cfg := copies.Config{Every: time.Millisecond, Sweep: 1, MaxStaleness: -1, Poll: -1, MaxDelete: 2, Handful: -1, MaxRows: -1, Keep: -1}
	err := cfg.Validate()
	const want = "name: missing\nevery: 1ms is less than a second\nsweep: 1ns is less than every\nmax_staleness: must not be negative\npoll: must not be negative\nmax_delete: want a share from 0 to 1\nhandful: must not be negative\nmax_rows: must not be negative\nkeep: must not be negative"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	cfg = copies.DefaultConfig()
	cfg.Name = "erp"
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}
