package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

// page returns the conflicts of a filter, page by page.
func page(t testing.TB, d *directory.Directory, f directory.ConflictFilter) []directory.Conflict {
	t.Helper()
	var all []directory.Conflict
	after := ""
	for {
		list, next, total, err := d.ConflictsPage(t.Context(), f, 2, after)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
		if next == "" {
			if total != len(all) {
				t.Errorf("%d conflicts on the pages, total %d", len(all), total)
			}
			return all
		}
		after = next
	}
}

func summary(list []directory.Conflict) []string {
	var all []string
	for i := range list {
		c := &list[i]
		line := fmt.Sprintf("%s %s %s%s", c.Kind, c.State, c.Field, c.Source)
		for _, r := range c.Details {
			line += fmt.Sprintf(" %s:%s=%s", r.Source, r.RecordID, r.Value)
		}
		all = append(all, line)
	}
	return all
}

func wantSummary(t *testing.T, list []directory.Conflict, want ...string) {
	t.Helper()
	if got := summary(list); !slices.Equal(got, want) {
		t.Errorf("conflicts\n got %q\nwant %q", got, want)
	}
}

// TestConflictStates: what a person says of a conflict stays while it is there; one
// that is gone is resolved by itself and open again when it comes back; and a
// restart knows all of it.
func TestConflictStates(t *testing.T) {
	ctx, st := t.Context(), newMemory()
	day := 0
	reopen := func() *directory.Directory {
		t.Helper()
		d, err := directory.Open(ctx, config(), st, directory.Deps{Now: func() time.Time { return at(day) }})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := reopen()
	bad := rec{ID: "b1", TaxID: spoil(idno(1)), Name: "Exemplu"}
	replace(t, d, "books", bad)
	list := page(t, d, directory.ConflictFilter{Kind: schema.ConflictInvalidFiscalID})
	wantSummary(t, list, "INVALID_FISCAL_ID open taxId books:b1="+spoil(idno(1)))
	c := list[0]
	if !c.FirstSeen.Equal(at(0)) || c.Severity != directory.SeverityLow || c.Details[0].Customer != golden(t, d, "books", "b1") || c.Count != 1 {
		t.Errorf("conflict %+v", c)
	}

	day = 1
	if err := d.SetConflictState(ctx, c.Key, directory.StateAccepted, "ana", "an old number"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		list = page(t, d, directory.ConflictFilter{State: directory.StateAccepted})
		if len(list) != 1 || list[0].Author != "ana" || list[0].Note != "an old number" || !list[0].At.Equal(at(1)) || !list[0].FirstSeen.Equal(at(0)) {
			t.Errorf("accepted %+v", list)
		}
		d = reopen()
	}

	day = 2
	good := bad
	good.TaxID = idno(1)
	replace(t, d, "books", good)
	for range 2 {
		list = page(t, d, directory.ConflictFilter{Kind: schema.ConflictInvalidFiscalID})
		wantSummary(t, list, "INVALID_FISCAL_ID resolved taxId books:b1=")
		if !list[0].LastSeen.Equal(at(2)) || list[0].Note != "an old number" {
			t.Errorf("gone %+v", list[0])
		}
		d = reopen()
	}

	day = 3
	replace(t, d, "books", bad)
	for range 2 {
		list = page(t, d, directory.ConflictFilter{Kind: schema.ConflictInvalidFiscalID})
		wantSummary(t, list, "INVALID_FISCAL_ID open taxId books:b1="+spoil(idno(1)))
		if list[0].Key != c.Key || list[0].Author != "" || !list[0].FirstSeen.Equal(at(0)) {
			t.Errorf("back %+v", list[0])
		}
		d = reopen()
	}

	for _, x := range []struct {
		name, key, author string
		state             directory.State
		want              schema.Code
	}{
		{"unknown key", "cf_NOBODY", "ana", directory.StateOpen, schema.NotFound},
		{"unknown state", c.Key, "ana", "perhaps", schema.BadRequest},
		{"no author", c.Key, "", directory.StateOpen, schema.BadRequest},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			if err := d.SetConflictState(ctx, x.key, x.state, x.author, ""); schema.CodeOf(err) != x.want {
				t.Errorf("error %v, want %s", err, x.want)
			}
		})
	}
	if _, _, _, err := d.ConflictsPage(ctx, directory.ConflictFilter{}, 1, "x"); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("a damaged cursor: %v", err)
	}
	if _, _, _, err := d.ConflictsPage(ctx, directory.ConflictFilter{Customer: "c_nobody"}, 1, ""); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("nobody's conflicts: %v", err)
	}
}

// TestConflictKinds: values, unmatched records and denials that a rule contradicts
// are among the pages, each found by its filters.
func TestConflictKinds(t *testing.T) {
	ctx, d := t.Context(), open(t, config(), newMemory())
	fill(t, d, of{
		"crm":   {{ID: "c1", TaxID: idno(1), Name: "Exemplu"}, {ID: "c2", TaxID: idno(2)}, {ID: "c3"}},
		"books": {{ID: "b1", TaxID: idno(1), Name: "EXEMPLAR SRL"}, {ID: "b2", TaxID: idno(2)}},
	})
	if err := d.Deny(ctx, ref("crm", "c2"), ref("books", "b2"), "ana", "two firms"); err != nil {
		t.Fatal(err)
	}
	wantSummary(t, page(t, d, directory.ConflictFilter{}),
		"DENIED_BUT_MATCHING open taxId crm:c2="+idno(2)+" books:b2="+idno(2),
		"VALUE_CONFLICT open name crm:c1=Exemplu books:b1=EXEMPLAR SRL",
		"UNMATCHED open crm", "UNMATCHED open books")
	wantSummary(t, page(t, d, directory.ConflictFilter{Source: "books", Kind: directory.ConflictUnmatched}), "UNMATCHED open books")
	wantSummary(t, page(t, d, directory.ConflictFilter{Customer: golden(t, d, "crm", "c1")}), "VALUE_CONFLICT open name crm:c1=Exemplu books:b1=EXEMPLAR SRL")
	wantSummary(t, page(t, d, directory.ConflictFilter{Source: "erp"}))
	list := page(t, d, directory.ConflictFilter{Kind: schema.ConflictValue})
	if err := d.SetConflictState(ctx, list[0].Key, directory.StateIgnored, "ana", "a mark"); err != nil {
		t.Fatal(err)
	}
	wantSummary(t, page(t, d, directory.ConflictFilter{State: directory.StateIgnored}), "VALUE_CONFLICT ignored name crm:c1=Exemplu books:b1=EXEMPLAR SRL")
	replace(t, d, "erp") // another reading in between
	wantSummary(t, page(t, d, directory.ConflictFilter{State: directory.StateIgnored}), "VALUE_CONFLICT ignored name crm:c1=Exemplu books:b1=EXEMPLAR SRL")
	replace(t, d, "books", rec{ID: "b1", TaxID: idno(1), Name: "Exemplu SRL"})
	wantSummary(t, page(t, d, directory.ConflictFilter{Kind: schema.ConflictValue}), "VALUE_CONFLICT resolved name crm:c1= books:b1=")
	n := 0
	if err := d.EachConflict(ctx, directory.ConflictFilter{}, func(*directory.Conflict) error { n++; return nil }); err != nil || n != len(page(t, d, directory.ConflictFilter{})) {
		t.Errorf("%d conflicts exported, %v", n, err)
	}
	if err := d.Withdraw(ctx, ref("crm", "c2"), ref("books", "b2"), "ana", ""); err != nil {
		t.Fatal(err)
	}
	for _, c := range page(t, d, directory.ConflictFilter{Kind: directory.ConflictDeniedButMatching}) {
		if c.State != directory.StateResolved {
			t.Errorf("after the denial was withdrawn %+v", c)
		}
	}
}

// TestGoneIsBounded: conflicts that are gone are remembered up to a bound, the
// newest of them.
func TestGoneIsBounded(t *testing.T) {
	d := open(t, config(), newMemory())
	const n = 10_050
	var many []rec
	for i := range n {
		many = append(many, rec{ID: fmt.Sprintf("b%05d", i), TaxID: spoil(idno(i))})
	}
	replace(t, d, "books", many...)
	for i := range many {
		many[i].TaxID = ""
	}
	replace(t, d, "books", many...)
	many[0].TaxID = "12"
	replace(t, d, "books", many...)
	many[0].TaxID = ""
	replace(t, d, "books", many...)
	if list, _, total, err := d.ConflictsPage(t.Context(), directory.ConflictFilter{State: directory.StateResolved}, 1, ""); err != nil || total > 10_000 || total < 9_990 || len(list) != 1 {
		t.Errorf("%d remembered, %v", total, err)
	}
}
