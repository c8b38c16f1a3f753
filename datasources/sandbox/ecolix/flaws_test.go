package ecolix_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Every flaw of the answer sheet is on the wire, and nothing that is not on the sheet looks flawed.
func TestFlawsAreOnTheWire(t *testing.T) {
	c := start(t, ecolix.Options{})
	clients, orders, quotes, stocks := c.all("/crm/clients"), c.all("/crm/commandes"), c.all("/crm/devis"), c.all("/ecommerce/stocks")
	found := map[string]string{}
	note := func(kind world.FlawKind, key any, text string) { found[fmt.Sprint(kind, " ", key)] = text }

	codes := map[any]bool{}
	for _, m := range clients {
		codes[m["code"]] = true
		if m["siret"] == "" {
			note(world.FlawNoSIRET, m["code"], "")
			if m["tvaIntra"] == "" {
				t.Errorf("%v has no VAT number either", m)
			}
		}
		if m["email"] == "" {
			note(world.FlawBlankEmail, m["code"], "")
		}
		if _, ok := m["telephone"]; !ok {
			note(world.FlawMissingPhone, m["code"], "")
		}
	}
	known := map[any]bool{}
	for _, s := range ecolix.OrderStates() {
		known[s] = true
	}
	for _, m := range orders {
		if !codes[m["codeClient"]] {
			note(world.FlawUnknownClient, m["numero"], fmt.Sprint(m["codeClient"]))
		}
		if !known[m["etat"]] {
			note(world.FlawUnknownStatus, m["numero"], fmt.Sprint(m["etat"]))
		}
		if _, ok := m["totalTTC"]; !ok {
			note(world.FlawNoTotal, m["numero"], "")
		}
		if m["refClient"] == "" {
			note(world.FlawNoReference, m["numero"], "")
		}
		if _, decimals, _ := strings.Cut(m["totalTVA"].(string), ","); len(decimals) == 3 {
			note(world.FlawThreeDecimals, m["numero"], strings.ReplaceAll(m["totalTVA"].(string), ",", "."))
		}
	}
	for _, m := range quotes {
		if strings.HasSuffix(fmt.Sprint(m["dateValidite"]), "-02-31") {
			note(world.FlawImpossibleDate, m["numero"], "")
		}
	}
	for _, m := range stocks {
		if _, ok := m["attendu"].(string); ok {
			note(world.FlawAmbiguousNumber, fmt.Sprint(m["reference"], "/", m["depot"]), m["attendu"].(string))
		}
	}
	kinds := map[world.FlawKind]int{}
	for _, f := range c.erp.Flaws() {
		kinds[f.Kind]++
		k := fmt.Sprint(f.Kind, " ", f.Key)
		text, ok := found[k]
		if !ok || text != f.Text {
			t.Errorf("%s: %q on the wire, %q on the sheet", k, text, f.Text)
		}
		delete(found, k)
	}
	if len(found) > 0 {
		t.Errorf("not on the sheet: %v", found)
	}
	for kind := world.FlawNoTotal; kind <= world.FlawAmbiguousNumber; kind++ {
		if kinds[kind] == 0 {
			t.Errorf("no flaw of kind %s", kind)
		}
	}
}
