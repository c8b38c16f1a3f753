package onec_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

// TestMapping reads a reply as 1C writes it, and compares what became of it.
func TestMapping(t *testing.T) {
	b := newBase(t)
	b.put("Catalog_Валюты", obj{"Ref_Key": "c0000000-0000-4000-8000-000000000498", "DeletionMark": false, "Code": "498", "Description": "MDL"})
	b.put("Catalog_Номенклатура", obj{
		"Ref_Key": "a1000000-0000-4000-8000-000000000001", "DeletionMark": true, "IsFolder": false, "Parent_Key": zero, "Code": "000000001",
		"Description": "Станок", "Артикул": "", "ЕдиницаИзмерения_Key": id(kindUnit, 1), "СтавкаНДС": "",
	})
	b.put("Catalog_КлассификаторЕдиницИзмерения", obj{"Ref_Key": id(kindUnit, 1), "DeletionMark": false, "Code": "796", "Description": "шт"})
	text, err := os.ReadFile("testdata/reply_bills.json")
	if err != nil {
		t.Fatal(err)
	}
	b.override = func(w http.ResponseWriter, _ *http.Request, path string) bool {
		if path != "Document_СчетНаОплатуПокупателю" {
			return false
		}
		w.Header().Set("Content-Type", "application/json;odata=minimalmetadata")
		_, _ = io.Copy(w, bytes.NewReader(text))
		return true
	}
	s := b.open(func(c *onec.Config, d *onec.Deps) {
		c.Deleted, c.Invoices = true, []string{"bill"}
		d.Links = map[string]datasources.LinkRules{"Invoice.order": {{Field: "НомерЗаказа"}, {Field: "Комментарий", Pattern: regexp.MustCompile(`Order ([A-Z0-9-]+)`)}}}
	})
	rows, err := invoices(s).List(t.Context(), datasources.Query{First: 10})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rows.Items, func(a, b schema.Invoice) int { return strings.Compare(a.Key, b.Key) })
	got, err := json.MarshalIndent(rows.Items, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "reply_bills.golden.json", string(got)+"\n")
}
