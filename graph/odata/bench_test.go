package odata_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

func BenchmarkParse(b *testing.B) {
	var list strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&list, ",'%032d'", 2000-i)
	}
	for _, c := range []struct{ name, query string }{
		{"page", "$top=1000&$skip=0"},
		{"range", "%24filter=modifiedAt%20ge%202026-01-01T00:00:00Z%20and%20modifiedAt%20lt%202026-02-01T00:00:00Z&$orderby=modifiedAt&$count=true"},
		{"or=100kB", "$filter=" + url.QueryEscape("lines eq 1"+strings.Repeat(" or lines eq 1", 7000))},
		{"in=2000", "$filter=" + url.QueryEscape("city in ("+list.String()[1:]+")")},
	} {
		b.Run(c.name, func(b *testing.B) {
			set := invoices()
			find := func(string) (*odata.Set, bool) { return set, true }
			b.ReportAllocs()
			b.SetBytes(int64(len(c.query)))
			for b.Loop() {
				if _, err := odata.Parse("invoices", c.query, find, odata.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	var list strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&list, ",'c%d'", i)
	}
	for _, c := range []struct{ name, text string }{
		{"int", "lines eq 5"},
		{"decimal", "amount gt 1500"},
		{"decimal=exact", "amount gt 1500.25"},
		{"text", "customerName eq 'Exemplu SRL'"},
		{"time", "modifiedAt ge 2026-01-01T00:00:00Z"},
		{"null", "city ne null"},
		{"date", "date(modifiedAt) eq 2026-03-02"},
		{"year", "year(modifiedAt) eq 2026"},
		{"contains", "contains(customerName,'SRL')"},
		{"tolower", "tolower(customerName) eq 'exemplu srl'"},
		{"in=1000", "customerName in (" + list.String()[1:] + ")"},
		{"range=2", "modifiedAt ge 2026-01-01T00:00:00Z and modifiedAt lt 2026-04-01T00:00:00Z"},
		{"or=10", "lines eq 11" + strings.Repeat(" or lines eq 12", 9)},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := filter(b, c.text)
			cells := full()
			row := func(i int) schema.Value { return cells[i] }
			b.ReportAllocs()
			for b.Loop() {
				e.Eval(row)
			}
		})
	}
}
