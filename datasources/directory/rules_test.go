package directory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

// rec writes a record in short: "crm:1" with options.
type rec = datasources.CustomerRecord

// of is a source's records in short.
type of map[string][]rec

func fill(t testing.TB, d *directory.Directory, world of) {
	t.Helper()
	for _, source := range []string{"crm", "books", "erp"} {
		replace(t, d, source, world[source]...)
	}
}

// customers returns everybody, with members, conflicts and coverage.
func customers(t testing.TB, d *directory.Directory) []schema.Customer {
	t.Helper()
	rows, err := d.List(t.Context(), datasources.Query{First: 1 << 20, Order: schema.Sort{Column: "id"}})
	if err != nil {
		t.Fatal(err)
	}
	return rows.Items
}

// clusters writes the customers as sorted sets of members: "books:b1+crm:c1".
func clusters(t testing.TB, d *directory.Directory) []string {
	t.Helper()
	var list []string
	for _, c := range customers(t, d) {
		var members []string
		for _, m := range c.Members {
			members = append(members, m.Source+":"+m.RecordID)
		}
		slices.Sort(members)
		list = append(list, strings.Join(members, "+"))
	}
	slices.Sort(list)
	return list
}

// together returns the clusters of more than one record.
func together(t testing.TB, d *directory.Directory) []string {
	t.Helper()
	return slices.DeleteFunc(clusters(t, d), func(s string) bool { return !strings.Contains(s, "+") })
}

// conflicts writes the structural conflicts: "KIND books:b1 crm:c1".
func conflicts(t testing.TB, d *directory.Directory) []string {
	t.Helper()
	list, total := d.Conflicts("", 1<<20)
	if total != len(list) {
		t.Errorf("%d conflicts, total %d", len(list), total)
	}
	var all []string
	for _, c := range list {
		var refs []string
		for _, m := range c.Records {
			refs = append(refs, m.Source+":"+m.RecordID)
		}
		slices.Sort(refs)
		all = append(all, string(c.Kind)+" "+strings.Join(refs, " "))
	}
	slices.Sort(all)
	return all
}

func TestRules(t *testing.T) {
	uid := func(id string) map[string]string { return map[string]string{"onec": id} }
	for _, c := range []struct {
		name      string
		rules     []string
		world     of
		together  []string
		conflicts []string
	}{
		{
			name:     "one fiscal number",
			world:    of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: "MD " + idno(1)}}, "erp": {{ID: "e1", TaxID: idno(1)}}},
			together: []string{"books:b1+crm:c1+erp:e1"},
		},
		{
			name:  "same digits of two countries",
			world: of{"crm": {{ID: "c1", TaxID: "7707083893", Country: "RU"}}, "books": {{ID: "b1", TaxID: "7707083893", Country: "RO"}}},
			conflicts: []string{
				"INVALID_FISCAL_ID books:b1",
			},
		},
		{
			name:     "site and company",
			world:    of{"crm": {{ID: "c1", TaxID: "732 829 320 00074", Country: "FR"}}, "books": {{ID: "b1", TaxID: "FR44732829320"}}, "erp": {{ID: "e1", TaxID: "732829320", Country: "FR"}}},
			together: []string{"books:b1+crm:c1+erp:e1"},
		},
		{
			name:     "stored foreign id",
			world:    of{"crm": {{ID: "c1", ForeignIDs: uid("b1")}}, "books": {{ID: "b1"}}},
			together: []string{"books:b1+crm:c1"},
		},
		{
			name:     "foreign id is a GUID in large letters and braces",
			world:    of{"crm": {{ID: "c1", ForeignIDs: uid("{" + strings.ToUpper(guid(0xab, 5)) + "}")}}, "books": {{ID: guid(0xab, 5)}}},
			together: []string{"books:" + guid(0xab, 5) + "+crm:c1"},
		},
		{
			name:     "foreign id is the human code, by source name",
			world:    of{"crm": {{ID: "c1", ForeignIDs: map[string]string{"books": "000000007"}}}, "books": {{ID: "b1", Code: "000000007"}}},
			together: []string{"books:b1+crm:c1"},
		},
		{
			name:      "foreign id is the id of one and the code of another",
			world:     of{"crm": {{ID: "c1", ForeignIDs: uid("7")}}, "books": {{ID: "7"}, {ID: "b2", Code: "7"}}},
			conflicts: []string{"AMBIGUOUS_MATCH books:7 books:b2 crm:c1"},
		},
		{
			name:      "foreign id of nobody",
			world:     of{"crm": {{ID: "c1", ForeignIDs: uid("b9"), TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(1)}}},
			together:  []string{"books:b1+crm:c1"},
			conflicts: []string{"BROKEN_FOREIGN_ID crm:c1"},
		},
		{
			name:  "foreign id that means none",
			world: of{"crm": {{ID: "c1", ForeignIDs: uid("00000000-0000-0000-0000-000000000000")}}, "books": {{ID: "b1"}}},
		},
		{
			name:      "foreign id of a deleted record",
			world:     of{"crm": {{ID: "c1", ForeignIDs: uid("b1")}}, "books": {{ID: "b1", Deleted: true}}},
			conflicts: []string{"BROKEN_FOREIGN_ID crm:c1"},
		},
		{
			name:      "foreign id against the fiscal numbers",
			world:     of{"crm": {{ID: "c1", ForeignIDs: uid("b1"), TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(2)}}},
			conflicts: []string{"FISCAL_ID_MISMATCH books:b1 crm:c1"},
		},
		{
			name:     "foreign id and numbers of two countries",
			world:    of{"crm": {{ID: "c1", ForeignIDs: uid("b1"), TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: "RO18547290"}}},
			together: []string{"books:b1+crm:c1"},
		},
		{
			name:      "two records store one foreign id",
			world:     of{"crm": {{ID: "c1", ForeignIDs: uid("b1"), TaxID: idno(1)}, {ID: "c2", ForeignIDs: uid("b1")}}, "books": {{ID: "b1", TaxID: idno(1)}}},
			conflicts: []string{"DUPLICATE_IN_SOURCE books:b1 crm:c1 crm:c2"},
		},
		{
			name:      "twice in the books",
			world:     of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(1)}, {ID: "b2", TaxID: idno(1)}}},
			conflicts: []string{"AMBIGUOUS_MATCH books:b1 books:b2 crm:c1", "DUPLICATE_IN_SOURCE books:b1 books:b2"},
		},
		{
			name:      "twice in the books, the others meet",
			world:     of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(1)}, {ID: "b2", TaxID: idno(1)}}, "erp": {{ID: "e1", TaxID: idno(1)}}},
			together:  []string{"crm:c1+erp:e1"},
			conflicts: []string{"AMBIGUOUS_MATCH books:b1 books:b2 crm:c1 erp:e1", "DUPLICATE_IN_SOURCE books:b1 books:b2"},
		},
		{
			name:      "twice in the books, told apart by the foreign id",
			world:     of{"crm": {{ID: "c1", TaxID: idno(1), ForeignIDs: uid("b2")}}, "books": {{ID: "b1", TaxID: idno(1)}, {ID: "b2", TaxID: idno(1)}}},
			together:  []string{"books:b2+crm:c1"},
			conflicts: []string{"AMBIGUOUS_MATCH books:b1 books:b2 crm:c1", "DUPLICATE_IN_SOURCE books:b1 books:b2"},
		},
		{
			name:      "the foreign id and the number lead to two records",
			world:     of{"crm": {{ID: "c1", TaxID: idno(1), ForeignIDs: uid("b1")}}, "books": {{ID: "b1"}, {ID: "b2", TaxID: idno(1)}}},
			together:  []string{"books:b1+crm:c1"},
			conflicts: []string{"AMBIGUOUS_MATCH books:b2 crm:c1"},
		},
		{
			name: "a chain that ends at two numbers",
			world: of{
				"crm":   {{ID: "c1", TaxID: idno(1), ForeignIDs: uid("b1")}},
				"books": {{ID: "b1"}},
				"erp":   {{ID: "e1", TaxID: idno(2), ForeignIDs: uid("b1")}},
			},
			conflicts: []string{"FISCAL_ID_MISMATCH books:b1 crm:c1", "FISCAL_ID_MISMATCH books:b1 erp:e1"},
		},
		{
			name: "a chain that meets one source twice",
			world: of{
				"crm":   {{ID: "c1", ForeignIDs: map[string]string{"onec": "b1", "erp": "e1"}}},
				"books": {{ID: "b1"}, {ID: "b2"}},
				"erp":   {{ID: "e1", ForeignIDs: uid("b2")}},
			},
			conflicts: []string{"AMBIGUOUS_MATCH books:b1 crm:c1", "AMBIGUOUS_MATCH books:b2 erp:e1", "AMBIGUOUS_MATCH crm:c1 erp:e1"},
		},
		{
			name: "a placeholder with a right check digit",
			world: of{
				"crm":   {{ID: "c1", TaxID: idno(1)}},
				"books": {{ID: "b1", TaxID: idno(1)}, {ID: "b2", TaxID: idno(1)}, {ID: "b3", TaxID: idno(1)}, {ID: "b4", TaxID: idno(1)}},
			},
			conflicts: []string{"SHARED_FISCAL_ID books:b1 books:b2 books:b3 books:b4 crm:c1"},
		},
		{
			name: "a shared number does not speak against a foreign id",
			world: of{
				"crm":   {{ID: "c1", TaxID: idno(9), ForeignIDs: uid("b1")}},
				"books": {{ID: "b1", TaxID: idno(1)}, {ID: "b2", TaxID: idno(1)}, {ID: "b3", TaxID: idno(1)}, {ID: "b4", TaxID: idno(1)}},
			},
			together:  []string{"books:b1+crm:c1"},
			conflicts: []string{"SHARED_FISCAL_ID books:b1 books:b2 books:b3 books:b4"},
		},
		{
			name: "zeros on many",
			world: of{"books": {
				{ID: "b1", TaxID: "0000000000000"}, {ID: "b2", TaxID: "0000000000000"}, {ID: "b3", TaxID: "0000000000000"}, {ID: "b4", TaxID: "0000000000000"},
			}},
			conflicts: []string{"SHARED_FISCAL_ID books:b1 books:b2 books:b3 books:b4"},
		},
		{
			name:      "wrong check digit",
			world:     of{"crm": {{ID: "c1", TaxID: "1008600038412"}}, "books": {{ID: "b1", TaxID: "1008600038412"}}},
			conflicts: []string{"INVALID_FISCAL_ID books:b1", "INVALID_FISCAL_ID crm:c1"},
		},
		{
			name:  "numbers of a country that is not known here",
			world: of{"crm": {{ID: "c1", TaxID: "DE136695976"}}, "books": {{ID: "b1", TaxID: "DE136695976"}}},
		},
		{
			name:  "deleted from the beginning",
			world: of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(1), Deleted: true}}},
		},
		{
			name:     "without foreign ids",
			rules:    []string{directory.RuleTaxID},
			world:    of{"crm": {{ID: "c1", ForeignIDs: uid("b1")}, {ID: "c2", TaxID: idno(1)}}, "books": {{ID: "b1"}, {ID: "b2", TaxID: idno(1)}}},
			together: []string{"books:b2+crm:c2"},
		},
		{
			name:     "without fiscal numbers",
			rules:    []string{directory.RuleForeignID},
			world:    of{"crm": {{ID: "c1", ForeignIDs: uid("b1")}, {ID: "c2", TaxID: idno(1)}}, "books": {{ID: "b1"}, {ID: "b2", TaxID: idno(1)}}},
			together: []string{"books:b1+crm:c1"},
		},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			cfg := config()
			cfg.Rules = c.rules
			d := open(t, cfg, newMemory())
			fill(t, d, c.world)
			if got := together(t, d); !slices.Equal(got, c.together) {
				t.Errorf("together %q, want %q", got, c.together)
			}
			if got := conflicts(t, d); !slices.Equal(got, c.conflicts) {
				t.Errorf("conflicts\n got %q\nwant %q", got, c.conflicts)
			}
		})
	}
}

// TestOwnNumber: the company's own number says nothing about anybody.
func TestOwnNumber(t *testing.T) {
	cfg := config()
	cfg.Sources[1].OwnTaxIDs = []string{"MD" + idno(1)}
	d := open(t, cfg, newMemory())
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(1)}}})
	if got := together(t, d); len(got) != 0 {
		t.Errorf("together %q", got)
	}
	if got := conflicts(t, d); got != nil {
		t.Errorf("conflicts %q", got)
	}
}

// TestDeletedKeepsItsLink: a record that is marked as deleted keeps the link it
// had, across a restart, until it lives again; it makes no new one.
func TestDeletedKeepsItsLink(t *testing.T) {
	st := newMemory()
	d := open(t, config(), st)
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}}, "books": {{ID: "b1", TaxID: idno(1)}}})
	replace(t, d, "books", rec{ID: "b1", TaxID: idno(1), Deleted: true})
	want := []string{"books:b1+crm:c1"}
	if got := together(t, d); !slices.Equal(got, want) {
		t.Fatalf("after the deletion %q", got)
	}
	d = open(t, config(), st)
	if got := together(t, d); !slices.Equal(got, want) {
		t.Fatalf("after the restart %q", got)
	}
	replace(t, d, "erp", rec{ID: "e1", TaxID: idno(1)})
	if got := together(t, d); !slices.Equal(got, []string{"books:b1+crm:c1+erp:e1"}) {
		t.Fatalf("a living record joins the living one: %q", got)
	}
	// Entered anew: the deleted one does not stand in its way.
	replace(t, d, "books", rec{ID: "b1", TaxID: idno(1), Deleted: true}, rec{ID: "b2", TaxID: idno(1)})
	if got := together(t, d); !slices.Equal(got, []string{"books:b1+books:b2+crm:c1+erp:e1"}) {
		t.Fatalf("entered anew: %q", got)
	}
	replace(t, d, "books", rec{ID: "b1", TaxID: idno(2)})
	if got := together(t, d); !slices.Equal(got, []string{"crm:c1+erp:e1"}) {
		t.Fatalf("alive with another number: %q", got)
	}
	if len(st.kept) != 0 {
		t.Errorf("%d kept links left in the store", len(st.kept))
	}
}
