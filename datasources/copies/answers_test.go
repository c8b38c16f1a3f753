package copies_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

func TestFilling(t *testing.T) {
	b := newBench(t, 10)
	products := &table[schema.Product, *schema.Product]{}
	products.set(schema.Product{Record: schema.Record{Source: "erp", Key: "p1"}, SKU: "A-1", Stock: []*schema.Stock{{Warehouse: "W"}}})
	b.src.readers["Product"] = products
	b.src.entries = append(b.src.entries, entry("Product", schema.Sort{}, 10))
	b.open()
	b.up.set(orders(0, 45)...)
	b.up.failing(func(call int) error {
		if call == 2 {
			e := schema.SourceErrorf(schema.SourceUnavailable, "erp", "away")
			e.Wait = 40 * time.Second
			return e
		}
		return nil
	})
	if err := b.sync(); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Fatalf("error %v", err)
	}
	_, err := b.reader().List(t.Context(), datasources.Query{First: 1})
	var e *schema.Error
	if !errors.As(err, &e) || e.Code != schema.SourceUnavailable || !e.Retryable || e.Source != "erp" || e.Wait != 40*time.Second || !strings.Contains(e.Message, "the copy of Order in erp is still being read for the first time") {
		t.Errorf("%+v", e)
	}
	if _, err := b.reader().ByKeys(t.Context(), []string{"o0001"}, nil); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("by keys: %v", err)
	}
	if _, err := b.reader().ByParent(t.Context(), "customer", []string{"c1"}, datasources.Query{First: 1}); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("by parents: %v", err)
	}
	st := b.c.Status()
	if !st.AsOf.IsZero() || !strings.Contains(st.Note, "still being read for the first time: Order") {
		t.Errorf("status %+v", st)
	}
	if ec := b.c.EntityCopy("Order"); ec.State != schema.CopyFilling || *ec.Reading != 10 || ec.LastErrorCode != "SOURCE_UNAVAILABLE" {
		t.Errorf("the copy of orders is %+v", ec)
	}
	// What is complete already answers.
	rows, err := datasources.ReaderOf[schema.Product](b.c, "Product").ByParent(t.Context(), "number", []string{"A-1"}, datasources.Query{First: 1})
	if err != nil || len(rows.Items) != 1 || rows.AsOf.IsZero() || rows.Stale || !rows.Items[0].Stock[0].AsOf.Equal(rows.AsOf) {
		t.Errorf("the product: %+v, %v", rows, err)
	}
	b.up.failing(nil)
	b.mustSync()
	if st := b.c.Status(); st.AsOf.IsZero() || st.Note != "" {
		t.Errorf("status %+v", st)
	}
	if ec := b.c.EntityCopy("Order"); ec.State != schema.CopyReady || *ec.Rows != 45 || ec.Reading != nil || ec.LastErrorCode != "" {
		t.Errorf("the copy of orders is %+v", ec)
	}
	if b.c.EntityCopy("Nothing") != nil {
		t.Error("a copy of nothing")
	}
}

func TestNotEnabled(t *testing.T) {
	b := newBench(t, 0)
	b.up.failing(func(int) error {
		return schema.SourceErrorf(schema.NotEnabled, "erp", "the package crm is not enabled in erp")
	})
	b.mustSync()
	ask := func(message string) {
		t.Helper()
		_, err := b.reader().List(t.Context(), datasources.Query{First: 1})
		var e *schema.Error
		if !errors.As(err, &e) || e.Code != schema.NotEnabled || e.Retryable || e.Message != message {
			t.Errorf("got %+v", err)
		}
	}
	ask("the package crm is not enabled in erp")
	if b.last().Step != copies.NotEnabled || b.up.count() != 1 || b.c.EntityCopy("Order").State != schema.CopyNotEnabled {
		t.Errorf("%+v", b.last())
	}
	if st := b.c.Status(); st.Note != "" || st.State != "up" {
		t.Errorf("a normal state is reported as %+v", st)
	}
	b.open()
	ask("Order is not enabled in erp")
	b.up.set(orders(0, 3)...)
	b.up.failing(nil)
	b.mustSync()
	b.equal(orders(0, 3))
	b.up.failing(func(int) error { return schema.SourceErrorf(schema.NotEnabled, "erp", "gone") })
	b.mustSync()
	ask("gone")
}

func TestOldCopyIsServedOn(t *testing.T) {
	b := newBench(t, 0)
	b.up.set(orders(0, 3)...)
	b.mustSync()
	read := b.clock.now()
	b.up.failing(func(int) error { return schema.SourceErrorf(schema.SourceTimeout, "erp", "slow") })
	for _, c := range []struct {
		after time.Duration
		stale bool
	}{{19 * time.Minute, false}, {21 * time.Minute, true}} {
		b.clock.t = read.Add(c.after)
		rows, err := b.reader().ByKeys(t.Context(), []string{"o0001"}, nil)
		if err != nil || len(rows.Items) != 1 || rows.Stale != c.stale || !rows.AsOf.Equal(read) {
			t.Errorf("after %s: stale %t, as of %s, %v", c.after, rows.Stale, rows.AsOf, err)
		}
	}
	if b.sync() == nil {
		t.Error("a slow source was read")
	}
	b.equal(orders(0, 3))
	if st := b.c.Status(); st.State != "degraded" || !strings.Contains(st.Note, "Order (SOURCE_TIMEOUT)") || !st.AsOf.Equal(read) {
		t.Errorf("status %+v", st)
	}
}

func TestFields(t *testing.T) {
	b := newBench(t, 0)
	x := order(1, "open")
	x.Lines = []*schema.OrderLine{{SKU: "A"}}
	b.up.set(x)
	b.mustSync()
	for _, c := range []struct {
		fields datasources.Fields
		lines  int
	}{{nil, 1}, {datasources.NewFields("number"), 0}, {datasources.NewFields("lines", "number"), 1}} {
		rows, err := b.reader().ByKeys(t.Context(), []string{x.Key}, c.fields)
		if err != nil || len(rows.Items[0].Lines) != c.lines || rows.Items[0].Number != x.Number {
			t.Errorf("%v: %d lines, %v", c.fields, len(rows.Items[0].Lines), err)
		}
	}
}

func TestRefusesWhatItCannot(t *testing.T) {
	b := newBench(t, 0)
	b.up.set(orders(0, 3)...)
	b.mustSync()
	for _, c := range []struct {
		name string
		code schema.Code
		q    datasources.Query
	}{
		{"unknown column", schema.UnsupportedFilter, datasources.Query{Where: schema.Compare("weight", schema.Eq, schema.Int(1))}},
		{"search in a key", schema.UnsupportedFilter, datasources.Query{Where: schema.Compare("customer", schema.Contains, schema.String("c"))}},
		{"unknown order", schema.UnsupportedFilter, datasources.Query{Order: schema.Sort{Column: "weight"}}},
		{"cursor of another order", schema.BadRequest, datasources.Query{Order: newest, After: &datasources.After{Value: schema.Int(1), ID: "x"}}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			_, err := b.reader().List(t.Context(), c.q)
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != c.code || e.Source != "erp" {
				t.Errorf("got %+v", err)
			}
		})
	}
	if _, err := b.reader().ByParent(t.Context(), "ticket", []string{"x"}, datasources.Query{First: 1}); schema.CodeOf(err) != schema.UnsupportedFilter {
		t.Errorf("unknown relation: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.reader().List(ctx, datasources.Query{First: 1})
	if schema.CodeOf(err) != schema.SourceUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	var many []schema.Predicate
	for i := range 1100 { // more than SQLite nests
		many = append(many, schema.Compare("number", schema.Eq, schema.String(fmt.Sprint(i))))
	}
	if _, err := b.reader().List(t.Context(), datasources.Query{Where: schema.AnyOf(many...), First: 1}); err != nil {
		t.Errorf("an Or of %d: %v", len(many), err)
	}
}
