package directory_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

// TestAliases: an id that was merged answers with the one it is now, and after the
// split it is its own again; the history of both is one.
func TestAliases(t *testing.T) {
	ctx, d := t.Context(), open(t, config(), newMemory())
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1"}}})
	one, two := golden(t, d, "crm", "c1"), golden(t, d, "books", "b1")
	if _, ok := d.MergedInto(two); ok {
		t.Error("merged before the link")
	}
	if err := d.Link(ctx, ref("crm", "c1"), ref("books", "b1"), "ana", "it is he"); err != nil {
		t.Fatal(err)
	}
	if into, ok := d.MergedInto(two); !ok || into != one {
		t.Errorf("merged into %q", into)
	}
	if got := d.Aliases(one); !slices.Equal(got, []string{two}) {
		t.Errorf("aliases %q", got)
	}
	events, err := d.History(ctx, two, 10)
	kinds := map[string]bool{}
	for _, e := range events {
		kinds[e.Kind] = true
	}
	if err != nil || !kinds["link"] || !kinds["merged"] {
		t.Errorf("history %+v, %v", events, err)
	}
	if err := d.Withdraw(ctx, ref("crm", "c1"), ref("books", "b1"), "ana", "it is not"); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.MergedInto(two); ok || len(d.Aliases(one)) > 0 {
		t.Error("still merged after the split")
	}
	if golden(t, d, "books", "b1") != two || golden(t, d, "crm", "c1") != one {
		t.Error("other ids after the split")
	}
	if events, err = d.History(ctx, "", 2); err != nil || len(events) != 2 || events[0].Kind != "withdraw" {
		t.Errorf("history of all %+v, %v", events, err)
	}
}

// TestDecisionsPage: each decision says what it does now.
func TestDecisionsPage(t *testing.T) {
	ctx, d := t.Context(), open(t, config(), newMemory())
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}, {ID: "c2"}, {ID: "c3"}}, "books": {{ID: "b1", TaxID: idno(1)}, {ID: "b2"}, {ID: "b3"}}})
	for _, err := range []error{
		d.Deny(ctx, ref("crm", "c1"), ref("books", "b1"), "ana", "two"),
		d.Link(ctx, ref("crm", "c2"), ref("books", "b2"), "ana", "one"),
		d.Link(ctx, ref("crm", "c3"), ref("books", "b3"), "ana", "one"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	replace(t, d, "books", rec{ID: "b1", TaxID: idno(1)}, rec{ID: "b2"})
	all := map[string]directory.DecisionStatus{}
	after, n := "", 0
	for {
		list, next, total, err := d.DecisionsPage(1, after)
		if err != nil || total != 3 || len(list) != 1 {
			t.Fatalf("%+v, total %d, %v", list, total, err)
		}
		all[list[0].A.RecordID] = list[0]
		if n++; next == "" {
			break
		}
		after = next
	}
	if n != 3 || all["b1"].Effect != directory.EffectInForce || !all["b1"].IsMatching || len(all["b1"].Customers) != 2 {
		t.Errorf("the denial %+v", all["b1"])
	}
	if all["b2"].Effect != directory.EffectInForce || all["b2"].IsMatching || len(all["b2"].Customers) != 1 {
		t.Errorf("the link %+v", all["b2"])
	}
	if all["b3"].Effect != directory.EffectRecordGone || len(all["b3"].Customers) != 1 {
		t.Errorf("the link of a record that is gone %+v", all["b3"])
	}
	if _, _, _, err := d.DecisionsPage(1, "-1"); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("a damaged cursor: %v", err)
	}
}

// TestUndo: whatever was decided by hand, withdrawing it leaves customers, ids,
// aliases and conflicts as they were before.
func TestUndo(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		st := newMemory()
		remember(st, genDecisions(r))
		d := open(t, config(), st)
		world := of{}
		for _, s := range []string{"crm", "books", "erp"} {
			world[s] = genSource(r, s)
			replace(t, d, s, world[s]...)
		}
		who, ids, what := clusters(t, d), keys(t, d), conflicts(t, d)
		pick := func(label string) directory.RecordRef {
			s := rapid.SampledFrom([]string{"crm", "books", "erp"}).Draw(r, label+" source")
			return ref(s, fmt.Sprintf("r%d", rapid.IntRange(1, 8).Draw(r, label)))
		}
		a, b := pick("a"), pick("b")
		if slices.ContainsFunc(d.Decisions(), func(x directory.Decision) bool { return x.A == a && x.B == b || x.A == b && x.B == a }) {
			return // it would replace a decision, which cannot be withdrawn apart
		}
		decide := d.Link
		if rapid.Bool().Draw(r, "deny") {
			decide = d.Deny
		}
		if decide(t.Context(), a, b, "ana", "") != nil {
			return // refused: TestDecisions says when
		}
		if err := d.Withdraw(t.Context(), a, b, "ana", ""); err != nil {
			r.Fatal(err)
		}
		if got := clusters(t, d); !slices.Equal(got, who) {
			r.Fatalf("customers\n got %q\nwant %q", got, who)
		}
		if got := keys(t, d); !maps.Equal(got, ids) {
			r.Fatalf("ids\n got %q\nwant %q", got, ids)
		}
		if got := conflicts(t, d); !slices.Equal(got, what) {
			r.Fatalf("conflicts\n got %q\nwant %q", got, what)
		}
	})
}
