package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
)

// fiveSystems is what an operator writes to connect the five, three live and two
// as copies that are read every second, without a cache and with short patience.
func fiveSystems(box *sandbox.Sandbox) string {
	crm, books, desk, agency, erp := box.Source("crm"), box.Source("books"), box.Source("helpdesk"), box.Source("agency"), box.Source("erp")
	return fmt.Sprintf(`
cache: {ttl: 0s}
sources:
  - {name: crm, kind: creatio, url: %q, user: %s, password: %s, base_currency: EUR, foreign_ids: {Uid1C: books}, timeout: 1s}
  - {name: books, kind: onec, url: %q, user: %s, password: %s, zone: Europe/Chisinau, currency: MDL, timeout: 1s}
  - {name: helpdesk, kind: otrs, url: %q, user: %s, password: %s, timeout: 1s, customer_key: crm.code}
  - name: agency
    kind: operand
    supply: copy
    every: 1s
    url: %q
    token: %s
    timeout: 1s
    entities:
      Invoice: {path: /v1/financeiro/notas-fiscais}
      Payment: {path: /v1/financeiro/receitas, window: {from_param: "", to_param: ""}}
      Payable: {path: /v1/financeiro/despesas, window: {from_param: "", to_param: ""}}
      Boleto: {path: /v1/financeiro/boletos}
  - {name: erp, kind: ecolix, supply: copy, every: 1s, url: %q, key: %s, packages: [crm, ecommerce, ecommerce-plus, carrier, supplier], rate: {per_minute: 6000}, timeout: 1s}
directory: {every: 1h}
documents: {Quote: [erp, crm], Order: [erp, crm, books], Invoice: [books, agency]}
limits: {timeout: 10s}
`, crm.URL, crm.User, crm.Password, books.URL, books.User, books.Password, desk.URL, desk.User, desk.Password, agency.URL, agency.Password, erp.URL, erp.Password)
}

// copied waits until every copy was read once and the directory knows the
// customers of all.
func (s *server) copied(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		a := s.ask(t, `{ sources { name asOf supply entities { name copy { state } } } }`, nil)
		filling := []string{}
		for _, n := range at(t, a.Data, "sources").([]any) {
			source := n.(map[string]any)
			if source["supply"] == "COPY" && source["asOf"] == nil {
				filling = append(filling, fmt.Sprint(source["name"]))
			}
		}
		if len(filling) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not copied: %s", strings.Join(filling, ", "))
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.filled(t)
}
