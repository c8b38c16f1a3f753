package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func suggestions(t testing.TB, d *directory.Directory, f directory.SuggestionFilter) []string {
	t.Helper()
	var all []string
	after := ""
	for {
		list, next, total, err := d.Suggestions(t.Context(), f, 2, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			all = append(all, fmt.Sprintf("%s %s:%s %s:%s %s", s.Rule, s.A.Source, s.A.RecordID, s.B.Source, s.B.RecordID, strings.Join(s.Fields, "+")))
		}
		if next == "" {
			if total != len(all) {
				t.Errorf("%d on the pages, total %d", len(all), total)
			}
			return all
		}
		after = next
	}
}

func TestSuggestions(t *testing.T) {
	for _, c := range []struct {
		name    string
		suggest []string
		world   of
		want    []string
	}{
		{
			name:  "one business domain",
			world: of{"crm": {{ID: "c1", Email: "ion@Exemplu.md"}}, "books": {{ID: "b1", Website: "https://www.exemplu.md/ro"}}},
			want:  []string{"R4 crm:c1 books:b1 email+website"},
		},
		{
			name:  "free mail says nothing",
			world: of{"crm": {{ID: "c1", Email: "ion@gmail.com"}}, "books": {{ID: "b1", Email: "ana@gmail.com"}}},
		},
		{
			name:  "an accountant's domain, of two companies in one source",
			world: of{"crm": {{ID: "c1", Email: "a@conta.md"}, {ID: "c2", Email: "b@conta.md"}}, "books": {{ID: "b1", Email: "c@conta.md"}}},
		},
		{
			name:  "a holding's domain: two numbers",
			world: of{"crm": {{ID: "c1", Email: "a@holding.md", TaxID: idno(1)}}, "books": {{ID: "b1", Email: "b@holding.md", TaxID: idno(2)}}, "erp": {{ID: "e1", Website: "holding.md"}}},
		},
		{
			name:  "a person is not his employer",
			world: of{"crm": {{ID: "c1", Email: "a@exemplu.md", IsPerson: true}}, "books": {{ID: "b1", Email: "b@exemplu.md"}}},
		},
		{
			name:  "name in two alphabets and a town",
			world: of{"crm": {{ID: "c1", Name: "Vector SRL", City: "Chișinău"}}, "books": {{ID: "b1", Name: "ООО «Вектор»", City: "г. Кишинэу"}, {ID: "b2", Name: "Вектор", City: "mun. Chisinau"}}},
			want:  []string{"R5 crm:c1 books:b2 name+city"},
		},
		{
			name:  "name and postcode, name and telephone",
			world: of{"crm": {{ID: "c1", Name: "Alfa", PostalCode: "MD-2001", Phone: "+373 22 123456"}}, "books": {{ID: "b1", Name: "ALFA S.R.L.", PostalCode: "2001"}}, "erp": {{ID: "e1", Name: "Alfa", Phone: "373 22 12-34-56"}}},
			want:  []string{"R5 crm:c1 books:b1 name+postalCode", "R5 crm:c1 erp:e1 name+phone"},
		},
		{
			name:  "a name alone",
			world: of{"crm": {{ID: "c1", Name: "Alfa"}}, "books": {{ID: "b1", Name: "Alfa"}}},
		},
		{
			name:  "digits make another name",
			world: of{"crm": {{ID: "c1", Name: "Depozit 2", City: "Orhei"}}, "books": {{ID: "b1", Name: "Depozit 3", City: "Orhei"}}},
		},
		{
			name:  "other numbers",
			world: of{"crm": {{ID: "c1", Name: "Alfa", City: "Orhei", TaxID: idno(1)}}, "books": {{ID: "b1", Name: "Alfa", City: "Orhei", TaxID: idno(2)}}},
		},
		{
			name:  "inside one source",
			world: of{"crm": {{ID: "c1", Name: "Alfa", City: "Orhei"}, {ID: "c2", Name: "ALFA SRL", City: "Orhei"}}},
			want:  []string{"R5 crm:c1 crm:c2 name+city"},
		},
		{
			name:    "switched off",
			suggest: []string{directory.SuggestNone},
			world:   of{"crm": {{ID: "c1", Email: "ion@exemplu.md"}}, "books": {{ID: "b1", Website: "exemplu.md"}}},
		},
		{
			name:  "marked as deleted",
			world: of{"crm": {{ID: "c1", Email: "ion@exemplu.md", Deleted: true}}, "books": {{ID: "b1", Website: "exemplu.md"}}},
		},
		{
			name:  "linked already",
			world: of{"crm": {{ID: "c1", Email: "ion@exemplu.md", TaxID: idno(1)}}, "books": {{ID: "b1", Website: "exemplu.md", TaxID: idno(1)}}},
		},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			cfg := config()
			cfg.Suggest = c.suggest
			d := open(t, cfg, newMemory())
			fill(t, d, c.world)
			if got := suggestions(t, d, directory.SuggestionFilter{}); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := together(t, d); c.name != "linked already" && len(got) > 0 {
				t.Errorf("a suggestion linked %q", got)
			}
		})
	}
}

// TestSuggestionsDecided: what a person has decided is not suggested again, and
// filters find what is left.
func TestSuggestionsDecided(t *testing.T) {
	d := open(t, config(), newMemory())
	fill(t, d, of{
		"crm":   {{ID: "c1", Name: "Alfa", City: "Orhei"}, {ID: "c2", Email: "x@beta.md"}, {ID: "c3", Email: "x@gama.md"}},
		"books": {{ID: "b1", Name: "Alfa", City: "Orhei"}, {ID: "b2", Email: "y@beta.md"}, {ID: "b3", Email: "y@gama.md"}},
	})
	if got := suggestions(t, d, directory.SuggestionFilter{}); len(got) != 3 {
		t.Fatalf("got %q", got)
	}
	if got := suggestions(t, d, directory.SuggestionFilter{Customer: golden(t, d, "crm", "c2")}); !slices.Equal(got, []string{"R4 crm:c2 books:b2 email"}) {
		t.Errorf("of one customer %q", got)
	}
	if got := suggestions(t, d, directory.SuggestionFilter{Rule: "R5", Source: "books"}); !slices.Equal(got, []string{"R5 crm:c1 books:b1 name+city"}) {
		t.Errorf("of one rule %q", got)
	}
	if got := suggestions(t, d, directory.SuggestionFilter{Inside: true}); len(got) != 0 {
		t.Errorf("inside %q", got)
	}
	if err := d.Deny(t.Context(), ref("crm", "c1"), ref("books", "b1"), "ana", ""); err != nil {
		t.Fatal(err)
	}
	if err := d.Link(t.Context(), ref("crm", "c2"), ref("books", "b2"), "ana", ""); err != nil {
		t.Fatal(err)
	}
	if got := suggestions(t, d, directory.SuggestionFilter{}); !slices.Equal(got, []string{"R4 crm:c3 books:b3 email"}) {
		t.Errorf("after decisions %q", got)
	}
	if _, _, _, err := d.Suggestions(t.Context(), directory.SuggestionFilter{Source: "nobody"}, 1, ""); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("no such source: %v", err)
	}
}

// TestSuggestionsCrowded: a name that very many have suggests nothing, and is
// counted.
func TestSuggestionsCrowded(t *testing.T) {
	d := open(t, config(), newMemory())
	var list []rec
	for i := range 200 {
		list = append(list, rec{ID: fmt.Sprint(i), Name: "Persoana fizica", City: "Orhei"})
	}
	replace(t, d, "crm", list...)
	stats, err := d.SuggestStats(t.Context())
	if err != nil || stats.Suggestions != 0 || stats.CrowdedName != 1 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// TestEmailRule: R3 links only when it is asked for, one box of one owner.
func TestEmailRule(t *testing.T) {
	for _, c := range []struct {
		name     string
		world    of
		together []string
	}{
		{"one box", of{"crm": {{ID: "c1", Email: "Ion.Popa@gmail.com "}}, "books": {{ID: "b1", Email: "ion.popa@gmail.com"}}}, []string{"books:b1+crm:c1"}},
		{"dots tell boxes apart", of{"crm": {{ID: "c1", Email: "ion.popa@gmail.com"}}, "books": {{ID: "b1", Email: "ionpopa@gmail.com"}}}, nil},
		{"shared box", of{"crm": {{ID: "c1", Email: "office2@exemplu.md"}}, "books": {{ID: "b1", Email: "office2@exemplu.md"}}}, nil},
		{"two of one source have it", of{"crm": {{ID: "c1", Email: "a@b.md"}, {ID: "c2", Email: "a@b.md"}}, "books": {{ID: "b1", Email: "a@b.md"}}}, nil},
		{"other numbers", of{"crm": {{ID: "c1", Email: "a@b.md", TaxID: idno(1)}}, "books": {{ID: "b1", Email: "a@b.md", TaxID: idno(2)}}}, nil},
		{"a person and a company", of{"crm": {{ID: "c1", Email: "a@b.md", IsPerson: true}}, "books": {{ID: "b1", Email: "a@b.md"}}}, nil},
		{"nothing in common but the box", of{"crm": {{ID: "c1", Email: "a@b.md", Name: "Alfa SRL"}}, "books": {{ID: "b1", Email: "a@b.md", Name: "Beta SRL"}}}, nil},
		{"a number links first, the box the third", of{"crm": {{ID: "c1", TaxID: idno(1), Email: "a@b.md"}}, "books": {{ID: "b1", TaxID: idno(1)}}, "erp": {{ID: "e1", Email: "a@b.md"}}}, []string{"books:b1+crm:c1+erp:e1"}},
		{"deleted", of{"crm": {{ID: "c1", Email: "a@b.md", Deleted: true}}, "books": {{ID: "b1", Email: "a@b.md"}}}, nil},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			cfg := config()
			d := open(t, cfg, newMemory())
			fill(t, d, c.world)
			if got := together(t, d); len(got) > 0 && len(c.world["erp"]) == 0 {
				t.Errorf("without the rule %q", got)
			}
			cfg.Rules = []string{directory.RuleManual, directory.RuleForeignID, directory.RuleTaxID, directory.RuleEmail}
			d = open(t, cfg, newMemory())
			fill(t, d, c.world)
			if got := together(t, d); !slices.Equal(got, c.together) {
				t.Errorf("got %q, want %q", got, c.together)
			}
		})
	}
}
