package directory_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func TestDryRun(t *testing.T) {
	ctx, st := t.Context(), newMemory()
	d := open(t, config(), st)
	fill(t, d, of{
		"crm":   {{ID: "c1", TaxID: idno(1)}, {ID: "c2", Email: "a@b.md"}, {ID: "c3", ForeignIDs: map[string]string{"onec": "b3"}}, {ID: "c4", ForeignIDs: map[string]string{"onec": "nobody"}}},
		"books": {{ID: "b1", TaxID: idno(1)}, {ID: "b2", Email: "a@b.md"}, {ID: "b3"}},
	})
	before, saves := clusters(t, d), st.saves
	changed := config()
	changed.Rules = []string{directory.RuleManual, directory.RuleTaxID, directory.RuleEmail}
	x, err := d.DryRun(ctx, changed)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(x.Gained, map[string]int{"R3": 1}) || !maps.Equal(x.Lost, map[string]int{"R1": 1}) || x.Merged != 1 || x.Parted != 1 {
		t.Errorf("gained %v, lost %v, merged %d, parted %d", x.Gained, x.Lost, x.Merged, x.Parted)
	}
	if x.CustomersBefore != 5 || x.CustomersAfter != 5 {
		t.Errorf("%d customers before, %d after", x.CustomersBefore, x.CustomersAfter)
	}
	if len(x.Examples) != 2 || !x.Examples[0].IsMerge || x.Examples[0].Parts[0][0] != ref("crm", "c2") || x.Examples[0].Parts[1][0] != ref("books", "b2") || x.Examples[1].Parts[0][0] != ref("crm", "c3") {
		t.Errorf("examples %+v", x.Examples)
	}
	if x.ConflictsLost[schema.ConflictBrokenForeignID] != 1 || len(x.ConflictsGained) != 0 {
		t.Errorf("conflicts gained %v, lost %v", x.ConflictsGained, x.ConflictsLost)
	}
	if got := clusters(t, d); !slices.Equal(got, before) || st.saves != saves {
		t.Errorf("a dry run changed something: %q, %d writes", got, st.saves-saves)
	}

	changed.Rules = nil
	changed.Sources = config().Sources
	changed.Sources[0].OwnTaxIDs = []string{idno(1)}
	if x, err = d.DryRun(ctx, changed); err != nil || x.Lost["R2"] != 1 || x.Parted != 1 {
		t.Errorf("an own number: %+v, %v", x, err)
	}
	changed.Sources = changed.Sources[1:]
	if _, err = d.DryRun(ctx, changed); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("other sources: %v", err)
	}
	if _, err = d.DryRun(ctx, directory.Config{Rules: []string{"guess"}}); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("an unknown rule: %v", err)
	}
}

// TestDryRunIsRight: what a dry run counts is what the change then does.
func TestDryRunIsRight(t *testing.T) {
	rules := [][]string{
		nil,
		{directory.RuleManual},
		{directory.RuleTaxID},
		{directory.RuleForeignID, directory.RuleEmail},
		{directory.RuleManual, directory.RuleForeignID, directory.RuleTaxID, directory.RuleEmail},
	}
	rapid.Check(t, func(r *rapid.T) {
		st := newMemory()
		remember(st, genDecisions(r))
		a, b := config(), config()
		a.Rules = rapid.SampledFrom(rules).Draw(r, "before")
		b.Rules = rapid.SampledFrom(rules).Draw(r, "after")
		b.SharedLimit = rapid.IntRange(1, 4).Draw(r, "limit")
		d := open(t, a, st)
		for _, s := range []string{"crm", "books", "erp"} {
			replace(t, d, s, genSource(r, s)...)
		}
		x, err := d.DryRun(t.Context(), b)
		if err != nil {
			r.Fatal(err)
		}
		was, wasConflicts := clusters(t, d), conflicts(t, d)
		e := open(t, b, st)
		is, isConflicts := clusters(t, e), conflicts(t, e)
		if x.CustomersBefore != len(was) || x.CustomersAfter != len(is) {
			r.Fatalf("customers %d → %d, told %d → %d", len(was), len(is), x.CustomersBefore, x.CustomersAfter)
		}
		if (x.Merged+x.Parted == 0) != slices.Equal(was, is) {
			r.Fatalf("merged %d, parted %d; %q → %q", x.Merged, x.Parted, was, is)
		}
		sum := 0
		for _, n := range x.ConflictsGained {
			sum += n
		}
		for _, n := range x.ConflictsLost {
			sum -= n
		}
		if len(wasConflicts)+sum != len(isConflicts) {
			r.Fatalf("%d conflicts %+d, are %d", len(wasConflicts), sum, len(isConflicts))
		}
	})
}
