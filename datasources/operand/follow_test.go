package operand_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/operand"
	fake "github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/schema"
)

// TestFollowing: two months around today are read, and given when something in them
// is another.
func TestFollowing(t *testing.T) {
	f := fake.New(w300(), fake.Options{})
	cfg := config(serve(t, f).URL, fake.DefaultToken)
	src, err := operand.Open(t.Context(), cfg, operand.Deps{Links: cfg.Links(), Now: func() time.Time { return world.End }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	r := src.Reader("Payment").(datasources.Follower[schema.Payment])
	cursor, err := r.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	if err := src.Reader("Payment").(datasources.Scanner[schema.Payment]).Scan(t.Context(), "", func(p datasources.Scanned[schema.Payment]) error {
		all += len(p.Items)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	first, err := r.Since(t.Context(), cursor)
	if err != nil || len(first.Items) == 0 || len(first.Items) >= all || first.More {
		t.Fatalf("%d of %d payments, %v: want those near to today", len(first.Items), all, err)
	}
	idle, err := r.Since(t.Context(), first.Next)
	if err != nil || len(idle.Items)+len(idle.Deleted) != 0 || idle.Next != first.Next {
		t.Errorf("nothing new: %d payments, %v", len(idle.Items), err)
	}
	gone := first.Items[0].Key
	f.MarkDeleted(fake.Receivables, number(t, gone))
	next, err := r.Since(t.Context(), idle.Next)
	if err != nil || len(next.Items) != len(first.Items)-1 || len(next.Deleted) != len(first.Deleted)+1 {
		t.Errorf("one marked as deleted: %d payments and %d deleted, before %d and %d, %v", len(next.Items), len(next.Deleted), len(first.Items), len(first.Deleted), err)
	}
	if _, err := src.Reader("Invoice").(datasources.Follower[schema.Invoice]).Head(t.Context()); schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("invoices have no window: %v, want NOT_ENABLED", err)
	}
}

func number(t *testing.T, key string) int {
	t.Helper()
	n, err := strconv.Atoi(key)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
