package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/store/servicetest"
)

// instances starts servers on one PostgreSQL and one Redis.
func instances(t testing.TB, yaml string, n int) []*server {
	t.Helper()
	return instancesAt(t, yaml, n, servicetest.Postgres(t), servicetest.Redis(t))
}

func instancesAt(t testing.TB, yaml string, n int, store, redis string) []*server {
	t.Helper()
	var list []*server
	policies := t.TempDir()
	for i := range n {
		dir := t.TempDir()
		path := filepath.Join(dir, "trama.yaml")
		text := strings.Replace(yaml, "cache: {ttl: 0s}", "cache: {ttl: 10m, hard: 20m}", 1) +
			fmt.Sprintf("\nlisten: 127.0.0.1:0\nstore: {url: %q}\nredis: {url: %q}\ninstances: %d\npolicies: {dir: %q, every: 1h}\ncache_dir: %q\n", store, redis, n, policies, dir)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := &server{log: &lockedBuffer{}, config: path}
		if i == 0 {
			s.Token = strings.TrimSpace(s.run(t, "token", "new"))
		} else {
			s.Token = list[0].Token
		}
		s.start(t, "serve", "--config", path)
		s.listening(t)
		list = append(list, s)
	}
	return list
}

// within fails unless f is true in time.
func within(t testing.TB, d time.Duration, what string, f func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !f() {
		if time.Since(began) > d {
			t.Fatalf("not within %s: %s", d, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(began)
}

func TestInstances(t *testing.T) {
	box := systems(t, 100)
	list := instances(t, strings.ReplaceAll(allCopied(box), "every: 1s", "every: 2s"), 2)
	one, two := list[0], list[1]
	for _, s := range list {
		s.copied(t)
	}

	t.Run("case=both answer alike", func(t *testing.T) {
		within(t, 5*time.Second, "the same answer", func() bool {
			a, b := one.ask(t, wholeCustomers, nil), two.ask(t, wholeCustomers, nil)
			return len(a.Errors)+len(b.Errors) == 0 && fmt.Sprint(a.Data) == fmt.Sprint(b.Data)
		})
	})

	t.Run("case=commands beside them see what they keep", func(t *testing.T) {
		out := one.run(t, "check")
		if !strings.Contains(out, "crm Order") || !strings.Contains(out, " ready ") || strings.Contains(out, "could not be read") || !strings.Contains(out, "All checks passed") {
			t.Errorf("check says\n%s", out)
		}
		if out := one.run(t, "sync"); !strings.Contains(out, "Another trama is running") || !strings.Contains(out, " ready ") {
			t.Errorf("sync says\n%s", out)
		}
		if out := one.run(t, "directory", "status"); !strings.Contains(out, "LINKED") {
			t.Errorf("directory status says\n%s", out)
		}
	})

	t.Run("case=a token that is stopped stops on both", func(t *testing.T) {
		token := strings.TrimSpace(one.run(t, "token", "new", "--account", "partner", "--package", "dashboard"))
		guest := two.as(token)
		if status, _, _ := guest.login(t); status != 200 {
			t.Fatalf("not let in: %d", status)
		}
		id := strings.Split(token, "_")[2]
		one.ask(t, `mutation { disableToken(id: "`+id+`") { state } }`, nil)
		took := within(t, 2*time.Second, "the token is stopped", func() bool { status, _, _ := guest.login(t); return status == 401 })
		t.Logf("stopped after %s", took)
	})

	t.Run("case=policies that are read again are read by both", func(t *testing.T) {
		var cfg string
		for _, line := range strings.Split(string(readFile(t, one.config)), "\n") {
			if strings.HasPrefix(line, "policies:") {
				cfg = strings.Split(line, `"`)[1]
			}
		}
		write(t, filepath.Join(cfg, "less.json"), `{"policies": [{"id": "less", "subjects": ["package:dashboard"], "effect": "deny", "resources": ["graph:Order.status"], "actions": ["read"]}]}`)
		token := strings.TrimSpace(one.run(t, "token", "new", "--account", "viewer", "--package", "dashboard"))
		status := func(s *server) bool {
			return len(s.as(token).try(t, `{ orders(first: 1) { nodes { status } } }`).Errors) > 0
		}
		if status(two) {
			t.Fatal("it was read before anybody asked")
		}
		one.ask(t, `mutation { reloadPolicies { version } }`, nil)
		took := within(t, 2*time.Second, "the other reads them too", func() bool { return status(one) && status(two) })
		t.Logf("in force after %s", took)
	})

	t.Run("case=a dataset is saved and removed on both", func(t *testing.T) {
		text := "query countries @dataset(grain: \"customers\") { customers { nodes { country } } }"
		has := func(s *server) bool {
			a := s.ask(t, `{ datasets { name origin } }`, nil)
			return strings.Contains(fmt.Sprint(a.Data), "countries")
		}
		two.ask(t, `mutation($text: String!) { saveDataset(name: "countries", text: $text) { savedBy } }`, map[string]any{"text": text})
		took := within(t, 2*time.Second, "both have it", func() bool { return has(one) && has(two) })
		t.Logf("saved after %s", took)
		one.ask(t, `mutation { removeDataset(name: "countries") }`, nil)
		within(t, 2*time.Second, "neither has it", func() bool { return !has(one) && !has(two) })
	})

	t.Run("case=a decision is seen by both", func(t *testing.T) {
		a := one.ask(t, `{ customers(first: 50) { nodes { members { source recordId } } } }`, nil)
		var x, y map[string]any
		for _, n := range at(t, a.Data, "customers.nodes").([]any) {
			members := n.(map[string]any)["members"].([]any)
			if len(members) > 1 {
				x, y = members[0].(map[string]any), members[1].(map[string]any)
				break
			}
		}
		ref := func(m map[string]any) string { return fmt.Sprintf(`{source: %q, id: %q}`, m["source"], m["recordId"]) }
		apart := func(s *server) bool {
			a := s.ask(t, `query($s: String!, $r: String!) { customer(source: $s, sourceId: $r) { members { source recordId } } }`, map[string]any{"s": x["source"], "r": x["recordId"]})
			return !strings.Contains(fmt.Sprint(a.Data), fmt.Sprint(y["recordId"]))
		}
		two.ask(t, `mutation { denyLink(a: `+ref(x)+`, b: `+ref(y)+`, reason: "test") { effect } }`, nil)
		within(t, 3*time.Second, "they are apart on both", func() bool { return apart(one) && apart(two) })
		one.ask(t, `mutation { withdrawDecision(a: `+ref(x)+`, b: `+ref(y)+`, reason: "test") }`, nil)
		within(t, 3*time.Second, "they are together on both", func() bool { return !apart(one) && !apart(two) })
	})

	t.Run("case=the other goes on reading when one is killed", func(t *testing.T) {
		_ = one.cmd.Process.Kill()
		_ = one.cmd.Wait()
		one.stopped = true
		killed := time.Now()
		for _, source := range fiveNames {
			took := within(t, 15*time.Second, source+" is read by the other", func() bool {
				a := two.ask(t, `{ sources { name asOf } }`, nil)
				for _, n := range at(t, a.Data, "sources").([]any) {
					m := n.(map[string]any)
					if m["name"] == source {
						asOf, err := time.Parse(time.RFC3339, fmt.Sprint(m["asOf"]))
						return err == nil && asOf.After(killed)
					}
				}
				return false
			})
			t.Logf("%s: read again %s after the kill", source, took)
		}
	})
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPushAndListed: a system that sends its records, and one that is only listed,
// beside one that is called.
func TestPushAndListed(t *testing.T) {
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 30, OneC: onec.Options{Configuration: onec.UNF}})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	crm := box.Source("crm")
	s := serve(t, fmt.Sprintf(`
sources:
  - {name: crm, kind: creatio, supply: copy, every: 1s, url: %q, user: %s, password: %s, base_currency: EUR}
  - {name: shop, kind: webshop, supply: push, max_staleness: 1h}
  - {name: archive, kind: sharepoint, supply: listed, owner: "Back office", documentation: "https://docs.example.com/archive"}
directory: {every: 1h, rules: [manual, tax_id]}
`, crm.URL, crm.User, crm.Password))
	s.copied(t)
	a := s.ask(t, `{ customers(first: 30) { nodes { name taxId country } } }`, nil)
	var taxID, country string
	for _, n := range at(t, a.Data, "customers.nodes").([]any) {
		m := n.(map[string]any)
		if m["taxId"] != nil && m["country"] != nil {
			taxID, country = m["taxId"].(string), m["country"].(string)
			break
		}
	}
	token := strings.TrimSpace(s.run(t, "token", "new", "--account", "shop-feed", "--source", "shop"))
	records := fmt.Sprintf(`{"entity":"Customer","id":"K1","version":1,"data":{"name":"Pushed","taxId":%q,"country":%q}}
{"entity":"Order","id":"A1","version":2,"data":{"number":"W-1","customer":"K1","date":"2026-11-01T10:00:00Z","status":"open","total":{"amount":"12.50","currency":"EUR"}}}
{"entity":"Order","id":"A1","version":1,"data":{"number":"old"}}
{"entity":"Order","id":"A2","version":1,"data":{"number":"W-2","totall":1}}
`, taxID, country)
	status, body := s.as(token).pushTo(t, "/push/shop", records)
	if status != 200 || !strings.Contains(body, `"stored":2`) || !strings.Contains(body, `"refused":1`) || !strings.Contains(body, `totall`) {
		t.Fatalf("%d %s", status, body)
	}
	within(t, 10*time.Second, "the pushed order is the customer's", func() bool {
		a := s.ask(t, `query($t: String!) { customer(taxId: $t) { members { source } orders { nodes { number source total { amount currency } } } } }`, map[string]any{"t": taxID})
		text := fmt.Sprint(a.Data)
		return strings.Contains(text, "W-1") && strings.Contains(text, "12.5") && strings.Contains(text, "shop")
	})
	for path, want := range map[string]int{"/push/crm": 403, "/push/nothing": 403, "/push/shop": 403} {
		from := s.as(token)
		if path == "/push/shop" {
			from = s // an administrator's token pushes nothing
		}
		if status, body := from.pushTo(t, path, records); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if a := s.as(token).try(t, `{ orders { nodes { number } } }`); len(a.Errors) == 0 {
		t.Error("a source's token reads")
	}
	a = s.ask(t, `{ sources { name supply owner documentation state entities { name copy { state } } } }`, nil)
	text := fmt.Sprint(a.Data)
	for _, want := range []string{"LISTED", "Back office", "https://docs.example.com/archive", "PUSH"} {
		if !strings.Contains(text, want) {
			t.Errorf("the catalogue lacks %s: %s", want, text)
		}
	}
}
