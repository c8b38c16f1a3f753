package mapping_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func parse(t testing.TB, text string) mapping.Value {
	t.Helper()
	doc, err := mapping.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func wantErrors(t *testing.T, got []error, want ...string) {
	t.Helper()
	var texts []string
	for _, err := range got {
		texts = append(texts, err.Error())
	}
	for _, w := range want {
		if !slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(s, w) }) {
			t.Errorf("nothing says %q", w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d mistakes instead of %d:\n%s", len(got), len(want), strings.Join(texts, "\n"))
	}
}

func at(paths ...string) mapping.Field { return mapping.Field{At: paths} }

func french() mapping.Locale {
	return mapping.Locale{Decimals: "auto", Dates: []string{"2006-01-02", "02/01/2006", "2006-01-02T15:04:05", time.RFC3339}, Zone: "Europe/Paris"}
}

// commande is the mapping of an order as the page "Ecolix", §3 assumes it.
func commande() mapping.Options {
	return mapping.Options{
		Entity: "Order", Source: "erp", Locale: french(), Currency: "EUR",
		Fields: mapping.Fields{
			"id": at("id", "numero"), "number": at("numero"), "customer": at("codeClient"), "customerReference": at("refClient"), "shop": at("boutique", "canal"), "date": at("date"),
			"status": {At: []string{"etat", "statut"}, Map: map[string]string{"EN_PREPARATION": "in preparation", "LIVREE": "delivered"}},
			"total":  at("totalTTC"), "net": at("totalHT"), "tax": at("totalTVA"), "paid": at("reglementPercu"),
			"lines": {At: []string{"lignes"}, Fields: mapping.Fields{
				"sku": at("reference"), "name": at("designation"), "quantity": at("quantite", "qte"), "unitPrice": at("prixUnitaireHT"),
				"discount": at("remise"), "taxRate": at("tauxTva"), "net": at("totalHT"), "tax": at("totalTVA"),
			}},
			"states": {At: []string{"etats"}, Fields: mapping.Fields{"status": at("etat"), "at": at("le")}},
		},
		Links: map[string]datasources.LinkRules{"Order.quote": {{Field: "commentaire", Pattern: regexp.MustCompile(`DV-\d+`)}, {Field: "devis.numero"}}},
	}
}

// outcome is what a golden file shows.
type outcome[T any] struct {
	Rows     []T
	Problems []string
	Lost     int
	Gone     int
}

func run[T any](t testing.TB, o mapping.Options, records mapping.Value) outcome[T] {
	t.Helper()
	plan, err := mapping.Compile[T](o)
	if err != nil {
		t.Fatal(err)
	}
	var out outcome[T]
	tally := plan.Tally()
	for rec := range records.Items() {
		var row T
		switch plan.Row(rec, tally, &row) {
		case mapping.Kept:
			out.Rows = append(out.Rows, row)
		case mapping.Lost:
			out.Lost++
		case mapping.Gone:
			out.Gone++
		}
	}
	tally.Absent()
	l := mapping.NewLedger(func() time.Time { return time.Unix(0, 0) })
	l.Take(tally)
	l.Take(tally) // what was taken is not taken again
	for _, p := range l.Problems() {
		out.Problems = append(out.Problems, fmt.Sprintf("%s.%s: %s: %d", p.Entity, p.Field, p.Kind, p.Count))
	}
	return out
}

func golden[T any](t *testing.T, name string, o mapping.Options) {
	t.Run("case="+name, func(t *testing.T) {
		body, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.MarshalIndent(run[T](t, o, parse(t, string(body))), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file := "testdata/" + name + ".golden.json"
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
			t.Error(diff)
		}
	})
}

func TestGolden(t *testing.T) {
	golden[schema.Order](t, "commandes", commande())
	golden[datasources.CustomerRecord](t, "clients", mapping.Options{
		Entity: "Customer", Source: "agency", Country: "BR",
		Locale: mapping.Locale{Zone: "America/Sao_Paulo"},
		Fields: mapping.Fields{
			"id": at("idClient", "idPerson", "id"), "name": at("namePerson", "person", "oficialPerson"), "taxId": at("nationalDocument"),
			"country": at("country"), "isPerson": {At: []string{"kind"}, Map: map[string]string{"PF": "true", "PJ": "false"}},
			"deleted":   {At: []string{"situation"}, Map: map[string]string{"active": "false", "inactive": "true"}},
			"updatedAt": at("updatedAt"), "foreignIds": {Fields: mapping.Fields{"crm": at("uid"), "erp": at("codes.erp")}},
		},
	})
	golden[schema.Product](t, "articles", mapping.Options{
		Entity: "Product", Source: "erp", Locale: french(), Currency: "EUR",
		Fields: mapping.Fields{
			"id": at("reference"), "sku": at("reference"), "name": at("designation", "libelle"), "barcode": at("ean", "gencod"),
			"active": {At: []string{"sommeil"}, Inverse: true}, "price": at("prixHT"), "taxRate": at("tauxTva"),
			"stock": {At: []string{"depots"}, Fields: mapping.Fields{"warehouse": at("depot"), "available": at("dispo"), "asOf": at("le")}},
		},
	})
	golden[schema.Payable](t, "payables", mapping.Options{
		Entity: "Payable", Source: "agency", Currency: "BRL",
		Locale: mapping.Locale{Decimals: "auto", Zone: "America/Sao_Paulo", BlankDates: []string{"n/a"}},
		Fields: mapping.Fields{
			"id": at("id"), "number": at("documentNumber"), "supplier": at("partyName"), "dueDate": at("dueDate"), "amount": at("amount"),
			"paid": {At: []string{"paidAmount"}, Decimals: "comma"}, "currency": at("currency"), "status": {Value: "OPEN"}, "deleted": at("isDeleted"),
		},
	})
}
