package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/operand"
)

// placeholderPaths serve the finance module where the preset supposes it.
func placeholderPaths() map[operand.Resource]string {
	return map[operand.Resource]string{
		operand.Invoices: "/beta/financial/invoices", operand.Receivables: "/beta/financial/receivables",
		operand.Payables: "/beta/financial/payables", operand.Boletos: "/beta/financial/boletos",
	}
}

// agencyOnly starts the fakes with a variant of the agency.
func agencyOnly(t *testing.T, o operand.Options) (*sandbox.Sandbox, *sandbox.Source) {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 120, Operand: o})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box, box.Source("agency")
}

// TestPlaceholdersAreRefused reads nothing from a path nobody has confirmed: the
// check fails and says what to write, the field is not enabled, and confirming the
// paths heals both.
func TestPlaceholdersAreRefused(t *testing.T) {
	_, agency := agencyOnly(t, operand.Options{Paths: placeholderPaths()})
	yaml := fmt.Sprintf("sources:\n  - {name: agency, kind: operand, supply: copy, every: 1h, url: %q, token: %s}\n", agency.URL, agency.Password)
	confirmed := strings.Replace(yaml, "kind: operand", "kind: operand, confirm_paths: true", 1)

	s := serve(t, yaml)
	check := exec.Command(binary, "check", "--config", s.config) // beside the server, as operators do
	said, _ := check.CombinedOutput()
	if code := check.ProcessState.ExitCode(); code != 1 {
		t.Errorf("the check ended with %d", code)
	}
	out := string(said)
	for _, entity := range []string{"Invoice", "Payment", "Payable", "Boleto"} {
		if !strings.Contains(out, "FAIL  "+entity) || !strings.Contains(out, "its path is not confirmed: set entities."+entity+".path") {
			t.Errorf("nothing of %s in\n%s", entity, out)
		}
	}
	deadline := time.Now().Add(30 * time.Second)
	const question = `{ payables(first: 1) { totalCount } customers(first: 1) { totalCount } }`
	for {
		a := s.ask(t, question, nil)
		if slices.Equal(a.codes(), []string{"NOT_ENABLED"}) && a.Data["payables"] == nil && at(t, a.Data, "customers.totalCount") != 0.0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %v %v", a.Data, a.Errors)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if out, ok := operate(t, confirmed, "check"); !ok {
		t.Errorf("confirmed: the check failed:\n%s", out)
	}
	s = serve(t, confirmed)
	s.copied(t)
	if a := s.ask(t, question, nil); len(a.Errors) > 0 || at(t, a.Data, "payables.totalCount") == 0.0 {
		t.Errorf("confirmed: %v %v", a.Data, a.Errors)
	}
}

// TestTokenOfTheAgency replaces the token while the server runs: the source says
// so, the copy is served on, and the new token in the configuration heals it. No
// token is ever shown, whatever is asked and printed.
func TestTokenOfTheAgency(t *testing.T) {
	const next = "op_novo_token_do_painel_77"
	box, agency := agencyOnly(t, operand.Options{Paths: placeholderPaths(), SessionCalls: 4})
	first := agency.Password
	yaml := fmt.Sprintf("log: {level: debug}\nsources:\n  - {name: agency, kind: operand, supply: copy, every: 1s, confirm_paths: true, url: %q, token: %s}\n", agency.URL, first)
	s := serve(t, yaml)
	s.copied(t)
	var seen strings.Builder // all that anybody can see
	look := func() map[string]any {
		a := s.ask(t, `{ sources { name state note lastErrorCode entities { name copy { state lastErrorCode } } problems { entity field kind count } usage { class today } } payables(first: 3) { totalCount nodes { number supplier } } invoices(first: 3) { nodes { number } } }`, nil)
		b, _ := json.Marshal(a)
		seen.Write(b)
		for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
			_, body := s.get(t, path)
			seen.WriteString(body)
		}
		if len(a.Errors) > 0 || at(t, a.Data, "payables.totalCount") == 0.0 {
			t.Errorf("the copy is not served: %v", a.Errors)
		}
		return at(t, a.Data, "sources.0").(map[string]any)
	}
	until := func(what string, done func(source map[string]any) bool) {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second)
		for !done(look()) {
			if time.Now().After(deadline) {
				t.Fatalf("never %s: %v", what, look())
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	isRefused := func(source map[string]any) bool {
		return source["state"] == "DOWN" && strings.Contains(fmt.Sprint(source["note"]), "the token was replaced or the API was switched off")
	}
	isUp := func(source map[string]any) bool { return source["state"] == "UP" && source["note"] == nil }
	until("up", isUp)
	box.Operand.SwitchOff()
	until("switched off", isRefused)
	box.Operand.SwitchOn()
	until("switched on", isUp)
	box.Operand.ReplaceToken(next)
	box.Operand.ExpireSessions()
	until("replaced", isRefused)
	for _, command := range []string{"check", "sync"} {
		out, ok := operate(t, yaml, command)
		if ok {
			t.Errorf("%s passes with a token that was replaced:\n%s", command, out)
		}
		seen.WriteString(out)
	}
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, []byte(strings.Replace(string(text), first, next, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	seen.WriteString(s.log.String())
	s.restart(t)
	until("healed", isUp)
	seen.WriteString(s.log.String())
	for _, secret := range []string{first, next, "tokenAccess", "s3ss"} { // sessions begin so
		if i := strings.Index(seen.String(), secret); i >= 0 {
			t.Errorf("%q is shown: …%.200s", secret, seen.String()[max(i-100, 0):])
		}
	}
}

// TestListsWithoutAPackage asks for lists over the CRM and an ERP of which some
// packages were bought: they are whole without the others, and only what nobody has
// is not enabled.
func TestListsWithoutAPackage(t *testing.T) {
	for _, tc := range []struct {
		packages string
		not      []ecolix.Package
		sources  map[string]string // of the lists: who is in them, "" = not enabled
	}{
		{"supplier", []ecolix.Package{ecolix.CRM, ecolix.Ecommerce, ecolix.EcommercePlus, ecolix.Transporteurs}, map[string]string{"orders": "crm", "quotes": "crm", "products": "crm", "deliveryNotes": "", "purchaseOrders": "erp"}},
		{"carrier", []ecolix.Package{ecolix.CRM, ecolix.Ecommerce, ecolix.EcommercePlus, ecolix.Fournisseurs}, map[string]string{"orders": "crm erp", "quotes": "crm", "products": "crm erp", "deliveryNotes": "erp", "purchaseOrders": ""}},
		{"ecommerce-plus", []ecolix.Package{ecolix.CRM, ecolix.Ecommerce, ecolix.Transporteurs, ecolix.Fournisseurs}, map[string]string{"orders": "crm erp", "quotes": "crm erp", "products": "crm", "deliveryNotes": "", "purchaseOrders": ""}},
	} {
		t.Run("case="+tc.packages, func(t *testing.T) {
			box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 120, Ecolix: ecolix.Options{NotBought: tc.not}})
			if err != nil {
				t.Fatal(err)
			}
			defer box.Close()
			crm, erp := box.Source("crm"), box.Source("erp")
			s := serve(t, fmt.Sprintf(`
sources:
  - {name: crm, kind: creatio, url: %q, user: %s, password: %s, base_currency: EUR}
  - {name: erp, kind: ecolix, supply: copy, every: 1h, url: %q, key: %s, packages: [%s], rate: {per_minute: 6000}}
`, crm.URL, crm.User, crm.Password, erp.URL, erp.Password, tc.packages))
			s.filled(t)
			s.refilled(t)
			for list, want := range tc.sources {
				a := s.ask(t, fmt.Sprintf(`{ list: %s(first: 1000) { totalCount missing nodes { source } } }`, list), nil)
				if want == "" {
					if a.Data["list"] != nil || !slices.Equal(a.codes(), []string{"NOT_ENABLED"}) {
						t.Errorf("%s: %v", list, a.Errors)
					}
					continue
				}
				if len(a.Errors) > 0 {
					t.Errorf("%s: %v", list, a.Errors[0])
					continue
				}
				var got struct {
					TotalCount int
					Missing    []string
					Nodes      []struct{ Source string }
				}
				into(t, a.Data["list"], &got)
				var sources []string
				for _, n := range got.Nodes {
					if !slices.Contains(sources, n.Source) {
						sources = append(sources, n.Source)
					}
				}
				slices.Sort(sources)
				if strings.Join(sources, " ") != want || len(got.Missing) > 0 || got.TotalCount != len(got.Nodes) {
					t.Errorf("%s are of %v, missing %v, %d of %d; want %s", list, sources, got.Missing, len(got.Nodes), got.TotalCount, want)
				}
			}
		})
	}
}

// refilled waits until no copy is being read for the first time; what is not enabled
// never is.
func (s *server) refilled(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		a := s.ask(t, `{ sources { entities { name copy { state } } } }`, nil)
		b, _ := json.Marshal(a.Data)
		if !strings.Contains(string(b), `"FILLING"`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still filling: %s", b)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
