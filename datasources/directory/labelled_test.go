package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/directory"
)

// components groups records by pairs.
func components(pairs [][2]string) map[string]string {
	parent := map[string]string{}
	var root func(string) string
	root = func(s string) string {
		if p, ok := parent[s]; ok && p != s {
			return root(p)
		}
		parent[s] = s
		return s
	}
	for _, p := range pairs {
		parent[root(p[0])] = root(p[1])
	}
	for s := range parent {
		parent[s] = root(s)
	}
	return parent
}

// measure is what a set of rules does to a labelled world.
type measure struct{ right, wrong, found, should int }

func (m measure) String() string {
	share := func(a, b int) string {
		if b == 0 {
			return "–"
		}
		return fmt.Sprintf("%.4f (%d of %d)", float64(a)/float64(b), a, b)
	}
	return "precision " + share(m.right, m.right+m.wrong) + ", recall " + share(m.found, m.should) + ", wrong " + fmt.Sprint(m.wrong)
}

// measured opens a directory over the world and counts its pairs.
func (l *labelled) measured(t *testing.T, rules []string, can ...string) (m measure, d *directory.Directory) {
	t.Helper()
	cfg := labelledConfig()
	cfg.Rules = rules
	d = open(t, cfg, newMemory())
	for _, s := range labelledSources {
		replace(t, d, s, l.world[s]...)
	}
	var pairs [][2]string
	for _, rule := range can {
		pairs = append(pairs, l.known[rule]...)
	}
	group := components(pairs)
	sizes := map[string]int{}
	for _, root := range group {
		sizes[root]++
	}
	for _, n := range sizes {
		m.should += n * (n - 1) / 2
	}
	for _, c := range clusters(t, d) {
		members := strings.Split(c, "+")
		for i, a := range members {
			for _, b := range members[i+1:] {
				if l.truth[a] != l.truth[b] {
					m.wrong++
					if m.wrong < 5 {
						t.Logf("%v: %s and %s are two: %q", rules, a, b, c)
					}
					continue
				}
				m.right++
				if g, ok := group[a]; ok && g == group[b] {
					m.found++
				}
			}
		}
	}
	return m, d
}

// TestQuality measures each rule on the labelled world. One false merge shows one
// customer's invoices to another: none is allowed, and nearly everything that
// stored keys and numbers can know is found.
func TestQuality(t *testing.T) {
	l := newLabelled(25_000, 1)
	records := 0
	for _, list := range l.world {
		records += len(list)
	}
	t.Logf("%d records in %d sources", records, len(l.world))
	for _, c := range []struct {
		name  string
		rules []string
		can   []string
	}{
		{"R1", []string{directory.RuleForeignID}, []string{"R1"}},
		{"R2", []string{directory.RuleTaxID}, []string{"R2"}},
		{"R0-R2", []string{directory.RuleManual, directory.RuleForeignID, directory.RuleTaxID}, []string{"R1", "R2"}},
		{"R0-R3", []string{directory.RuleManual, directory.RuleForeignID, directory.RuleTaxID, directory.RuleEmail}, []string{"R1", "R2", "R3"}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			m, _ := l.measured(t, c.rules, c.can...)
			t.Logf("%s: %s", c.name, m)
			if m.wrong != 0 {
				t.Errorf("%d false merges", m.wrong)
			}
			if float64(m.found) < 0.98*float64(m.should) {
				t.Errorf("found %d of %d", m.found, m.should)
			}
		})
	}
}

// TestQualityOfSuggestions measures what R4 and R5 propose to a person.
func TestQualityOfSuggestions(t *testing.T) {
	l := newLabelled(25_000, 1)
	_, d := l.measured(t, nil)
	for _, rule := range []string{"R4", "R5"} {
		list, _, total, err := d.Suggestions(t.Context(), directory.SuggestionFilter{Rule: rule}, 1<<20, "")
		if err != nil || len(list) != total {
			t.Fatal(total, err)
		}
		should := map[[2]string]bool{}
		for _, p := range l.known[rule] {
			should[p] = true
		}
		m := measure{should: len(should)}
		wrong := map[string]int{}
		for _, s := range list {
			a, b := s.A.Source+":"+s.A.RecordID, s.B.Source+":"+s.B.RecordID
			if l.truth[a] == l.truth[b] {
				m.right++
			} else {
				m.wrong++
				wrong[strings.Join(s.Fields, "+")]++
			}
			if should[[2]string{a, b}] || should[[2]string{b, a}] {
				m.found++
			}
		}
		t.Logf("%s: %s, wrong by %v", rule, m, wrong)
		if float64(m.found) < 0.9*float64(m.should) {
			t.Errorf("%s suggests %d of %d", rule, m.found, m.should)
		}
	}
	stats, _ := d.SuggestStats(t.Context())
	t.Logf("left out %+v", stats)
}
