package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// BenchmarkPage maps a page of 100 orders with 10 lines each, decoding included.
func BenchmarkPage(b *testing.B) {
	var list []string
	for i := range 100 {
		var lines []string
		for j := range 10 {
			lines = append(lines, fmt.Sprintf(`{"reference":"ART-%d","designation":"Câble %d m","quantite":%d,"prixUnitaireHT":125.0,"tauxTva":20.0,"totalHT":"1 250,00","totalTVA":"250,00"}`, j, j, j))
		}
		list = append(list, fmt.Sprintf(`{"numero":"CC2603-%04d","codeClient":"C%05d","date":"2026-03-04","etat":"LIVREE","totalHT":"1250,00","totalTVA":"250,00","totalTTC":"1500,00","lignes":[%s]}`,
			i, i, strings.Join(lines, ",")))
	}
	body := []byte(`{"data":[` + strings.Join(list, ",") + `]}`)
	plan, err := mapping.Compile[schema.Order](commande())
	if err != nil {
		b.Fatal(err)
	}
	data, _ := mapping.ParsePaths([]string{"data"})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		doc, err := mapping.Parse(body)
		if err != nil {
			b.Fatal(err)
		}
		records, err := mapping.Rows(doc.Root(), data)
		if err != nil {
			b.Fatal(err)
		}
		tally := plan.Tally()
		n := 0
		for rec := range records.Items() {
			var row schema.Order
			if plan.Row(rec, tally, &row) == mapping.Kept {
				n += len(row.Lines)
			}
		}
		if n != 1000 {
			b.Fatal(n)
		}
	}
}
