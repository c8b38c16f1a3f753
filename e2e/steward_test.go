package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestStewards: administrators see lists of conflicts, suggestions and decisions,
// fifty where they do not say how many; nobody else does, and what the operator's
// policies hide of a customer they hide here too.
func TestStewards(t *testing.T) {
	box := systems(t, 150)
	dir := t.TempDir()
	s := serve(t, strings.ReplaceAll(allCopied(box), "every: 1s", "every: 1h")+fmt.Sprintf("policies: {dir: %q, every: 1s}\n", dir))
	s.copied(t)
	lists := map[string]string{
		"conflicts":       `{ conflicts { total next items { key kind field state records { source recordId value customer } } } }`,
		"suggestions":     `{ suggestions { total next items { rule fields a { source recordId value } b { source recordId value } } } }`,
		"decisions":       `{ decisions { total next items { verdict effect a { recordId } } } }`,
		"directoryEvents": `{ directoryEvents { kind customer record { source recordId } } }`,
	}
	a := s.ask(t, lists["conflicts"], nil)
	items, _ := at(t, a.Data, "conflicts.items").([]any)
	if len(a.Errors) > 0 || len(items) == 0 || len(items) > 50 {
		t.Fatalf("%d conflicts, %v", len(items), a.Errors)
	}
	// The lists are read to their ends, page by page, each conflict once.
	seen, next := map[string]bool{}, any(nil)
	for range 1000 {
		a := s.ask(t, `query($n: String) { conflicts(first: 7, after: $n) { total next items { key } } }`, map[string]any{"n": next})
		for _, x := range at(t, a.Data, "conflicts.items").([]any) {
			seen[fmt.Sprint(x.(map[string]any)["key"])] = true
		}
		if next = at(t, a.Data, "conflicts.next"); next == nil {
			if total := int(at(t, a.Data, "conflicts.total").(float64)); total != len(seen) {
				t.Errorf("%d conflicts, and a total of %d", len(seen), total)
			}
			break
		}
	}
	for name, token := range map[string]string{
		"a member with everything": s.run(t, "token", "new", "--account", "reader", "--package", "admin"),
		"a dashboard":              s.run(t, "token", "new", "--account", "board", "--package", "dashboard"),
	} {
		for list, question := range lists {
			if a := s.as(token).try(t, question); len(a.Errors) == 0 {
				t.Errorf("%s sees %s", name, list)
			}
		}
	}
	record := func(i int) string {
		r := items[0].(map[string]any)["records"].([]any)[i].(map[string]any)
		return fmt.Sprintf(`{source: %q, id: %q}`, r["source"], r["recordId"])
	}
	for _, reason := range []string{``, ` `, `a\u0000b`} {
		if a := s.try(t, `mutation { denyLink(a: `+record(0)+`, b: {source: "crm", id: "x"}, reason: "`+reason+`") { effect } }`); len(a.Errors) == 0 {
			t.Errorf("the reason %q will do", reason)
		}
	}
	taxIDs := func() int {
		return strings.Count(fmt.Sprint(s.ask(t, `{ conflicts(first: 1000) { items { field } } }`, nil).Data), "field:taxId")
	}
	if taxIDs() == 0 {
		t.Fatal("no conflict is about a fiscal number: nothing is shown by this test")
	}
	write(t, filepath.Join(dir, "no-numbers.json"), `{"policies": [{"id": "no-numbers", "subjects": ["role:<.*>", "package:<.*>"], "effect": "deny", "resources": ["graph:Customer.taxId"], "actions": ["read", "mask:last4", "mask:hash", "mask:domain", "mask:null"]}]}`)
	eventually(t, "the policy is in force", func() bool { return len(s.try(t, `{ customers(first: 1) { nodes { taxId } } }`).Errors) > 0 })
	if n := taxIDs(); n > 0 {
		t.Errorf("%d conflicts name a denied field", n)
	}
	if a := s.ask(t, lists["conflicts"], nil); at(t, a.Data, "conflicts.total") != nil {
		t.Error("the total counts what is hidden")
	}
	for _, n := range at(t, s.ask(t, `{ duplicates { overlaps { fields { field } } } }`, nil).Data, "duplicates.overlaps").([]any) {
		if strings.Contains(fmt.Sprint(n), "taxId") {
			t.Error("duplicates tell of a denied field")
		}
	}
}
