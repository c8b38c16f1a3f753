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
	// Who typed a customer in twice is told of the CRM's records, and of no others.
	const typed = `{ duplicates { repeated(first: 500) { total next items { customer field count records { source recordId createdBy modifiedBy } } } } }`
	lists["duplicates"] = typed
	told, twice := map[string]int{}, 0
	for _, c := range at(t, s.ask(t, typed, nil).Data, "duplicates.repeated.items").([]any) {
		records := at(t, c, "records").([]any)
		if len(records) < 2 || float64(len(records)) > at(t, c, "count").(float64) {
			t.Errorf("%v was typed in more than once", c)
		}
		inCRM := 0
		for _, r := range records {
			source := at(t, r, "source").(string)
			if by, last := at(t, r, "createdBy"), at(t, r, "modifiedBy"); (by != nil) != (source == "crm") || (last != nil) != (source == "crm") {
				t.Errorf("%v is by %v and %v", r, by, last)
			}
			if told[source]++; source == "crm" {
				inCRM++
			}
		}
		if inCRM > 1 && at(t, c, "customer") == nil && at(t, c, "field") == "taxId" {
			twice++
		}
	}
	twiceIn := func() int {
		return int(at(t, s.ask(t, `{ duplicates { repeated(inside: true, source: "crm", first: 1) { total } } }`, nil).Data, "duplicates.repeated.total").(float64))
	}
	if n := twiceIn(); n != twice {
		t.Errorf("%d customers twice in the CRM, asked for alone %d", twice, n)
	}
	if told["crm"] == 0 || told["books"] == 0 || twice == 0 {
		t.Errorf("records by source %v, %d customers twice in the CRM", told, twice)
	}
	if a := s.ask(t, `{ suggestions(inside: true, source: "crm", first: 1) { items { a { createdBy } b { modifiedBy } } } conflicts(source: "crm", first: 1) { items { records { source createdBy } } } }`, nil); !strings.Contains(fmt.Sprint(a.Data), "createdBy:") {
		t.Errorf("%v", a.Data)
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
	if n := twiceIn(); n > 0 {
		t.Errorf("%d groups of one denied number are told", n)
	}
	for _, n := range at(t, s.ask(t, `{ duplicates { overlaps { fields { field } } } }`, nil).Data, "duplicates.overlaps").([]any) {
		if strings.Contains(fmt.Sprint(n), "taxId") {
			t.Error("duplicates tell of a denied field")
		}
	}
}
