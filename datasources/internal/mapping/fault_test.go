package mapping_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// bill maps an invoice with all that can be at fault.
func bill() mapping.Options {
	return mapping.Options{Entity: "Invoice", Source: "erp", Currency: "EUR", Fields: mapping.Fields{
		"id": at("id"), "number": at("no"), "customer": at("cust"), "order": at("order"), "orderNumbers": at("orders"), "date": at("date"), "currency": at("cur"),
		"net": at("net"), "tax": at("tax"), "total": at("total"), "paid": at("paid"), "posted": at("posted"), "notes": at("notes"),
		"lines": {At: []string{"lines"}, Fields: mapping.Fields{"sku": at("sku"), "quantity": at("qty"), "total": at("total")}},
	}}
}

// TestFaultsOfARow: what cannot be read of a record is empty in its row, and the row
// names the fields that read it. All else stays.
func TestFaultsOfARow(t *testing.T) {
	for name, c := range map[string]struct{ record, faults, computed string }{
		"sound":                        {`"net":1,"tax":2,"total":3,"lines":[{"sku":"a","qty":1}]`, "", ""},
		"null and absent":              {`"net":null,"date":"","lines":[],"orders":[]`, "", ""},
		"value the graph keeps":        {`"cur":"Ecu","total":1`, "", ""},
		"a text for a number":          {`"total":"much"`, "currency total", ""},
		"an object for a number":       {`"total":{"a":1}`, "currency total", ""},
		"twice":                        {`"total":1,"total":2`, "currency total", ""},
		"a day that is none":           {`"date":"2026-02-31"`, "date", ""},
		"neither yes nor no":           {`"posted":"perhaps"`, "posted", ""},
		"no UTF-8":                     {"\"notes\":\"a\xffb\"", "notes", ""},
		"several":                      {`"date":"soon","paid":[1],"total":1`, "date paid", ""},
		"a line's number":              {`"lines":[{"sku":"a","qty":1},{"sku":"b","qty":"many"}]`, "", ""},
		"a line's number, and its own": {`"lines":[{"sku":"a","qty":"many"}],"date":"soon"`, "date", ""},
		"a line that is none":          {`"lines":[{"sku":"a"},7]`, "lines", ""},
		"an object for the lines":      {`"lines":{"0":{"sku":"a"}}`, "lines", ""},
		"its currency":                 {`"cur":["EUR"],"net":1,"tax":1`, "currency lines net paid tax total", ""},
		"its customer":                 {`"cust":{}`, "customer payments", ""},
		"its number":                   {`"no":[1]`, "number payments", ""},
		"its order":                    {`"order":[1],"orders":["A"]`, "order", ""},
		"one of its orders":            {`"orders":["A",{}]`, "order orderNumber", ""},
		"computed":                     {`"net":1,"tax":2`, "", "total"},
		"not computed instead":         {`"total":"much","net":1,"tax":2`, "currency total", ""},
		"not computed from it":         {`"net":"much","tax":2`, "currency net total", ""},
		"not computed from both":       {`"net":"much","tax":"more"`, "currency net tax total", ""},
		"would not have been":          {`"net":"much"`, "net", ""},
		"its net, the total is there":  {`"net":"much","tax":1,"total":3`, "net", ""},
		"tax from a garbled total":     {`"net":1,"total":"much"`, "currency tax total", ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			out := run[schema.Invoice](t, bill(), parse(t, `[{"id":1,`+c.record+`},{"id":2,"no":"B","total":5}]`))
			if len(out.Rows) != 2 || out.Rows[1].Faults != nil || out.Rows[1].Number != "B" {
				t.Fatalf("got %+v", out.Rows)
			}
			row := &out.Rows[0]
			var got []string
			if row.Faults != nil {
				got = slices.Sorted(slices.Values(row.Faults.Fields))
			}
			if s := strings.Join(got, " "); s != c.faults {
				t.Errorf("faults %q, want %q", s, c.faults)
			}
			if s := strings.Join(row.Computed, " "); s != c.computed {
				t.Errorf("computed %q, want %q", s, c.computed)
			}
			for _, field := range got {
				if isThere := map[string]bool{
					"total": row.Total != nil, "net": row.Net != nil, "tax": row.Tax != nil, "paid": row.Paid != nil, "date": !row.Date.IsZero(), "posted": row.Posted != nil,
					"notes": row.Notes != "", "lines": row.Lines != nil, "customer": row.CustomerKey != "", "number": row.Number != "", "orderNumber": row.OrderNumbers != nil,
				}[field]; isThere {
					t.Errorf("%s is there: %+v", field, row)
				}
			}
		})
	}
}

// TestFaultsOfALine: what is at fault in a line is the line's, and says whose it is.
func TestFaultsOfALine(t *testing.T) {
	const lines = `{"sku":"a","qty":1},{"sku":"b","qty":"many"},{"sku":[1],"qty":"none","total":"x"},{"sku":"d","qty":"few"}`
	out := run[schema.Invoice](t, bill(), parse(t, `[{"id":1,"total":3,"lines":[`+lines+`]},{"id":2,"date":"soon","lines":[{"sku":"a","qty":2}]},{"id":3,"lines":[`+lines+`,7]}]`))
	var got []string
	for _, line := range slices.Concat(out.Rows[0].Lines, out.Rows[1].Lines) {
		text := fmt.Sprintf("%q %v %v", line.SKU, line.Quantity != nil, line.Total != nil)
		if line.Faults != nil {
			text += fmt.Sprintf(" %s %v", line.Faults.Source, line.Faults.Fields)
		}
		got = append(got, text)
	}
	want := []string{`"a" true false`, `"b" false false erp [quantity]`, `"" false false erp [sku quantity total]`, `"d" false false erp [quantity]`, `"a" true false`}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	if out.Rows[0].Faults != nil || out.Rows[0].Total == nil || !out.Rows[1].Faults.Has("date") {
		t.Errorf("%+v %+v", out.Rows[0].Faults, out.Rows[1].Faults)
	}
	if within := schema.FaultsWithin(&out.Rows[0]); !slices.Equal(within.Fields, []string{"lines.quantity", "lines.sku", "lines.total"}) {
		t.Errorf("within are %v", within.Fields)
	}
	if x := out.Rows[2]; x.Lines != nil || !x.Faults.Has("lines") {
		t.Errorf("a line that is none takes the list: %+v %+v", x.Lines, x.Faults)
	}
}

// TestNothingIsMadeInAnUnknownCurrency: an amount that would be computed is none where
// the record's currency cannot be read.
func TestNothingIsMadeInAnUnknownCurrency(t *testing.T) {
	o := bill()
	delete(o.Fields, "total")
	out := run[schema.Invoice](t, o, parse(t, `[{"id":1,"cur":["USD"],"net":1,"tax":1},{"id":2,"cur":"USD","net":1,"tax":1}]`))
	if x := &out.Rows[0]; x.Total != nil || x.Computed != nil || !x.Faults.Has("total") || !x.Faults.Has("currency") {
		t.Errorf("%+v %+v %v", x.Total, x.Faults, x.Computed)
	}
	if x := &out.Rows[1]; x.Total == nil || x.Faults != nil || x.Total.Currency != "USD" {
		t.Errorf("%+v %+v", x.Total, x.Faults)
	}
}

// TestAGarbledAmountHasNoCurrency: whoever may not see rows of a currency sees none whose
// currency is not known.
func TestAGarbledAmountHasNoCurrency(t *testing.T) {
	out := run[schema.Invoice](t, bill(), parse(t, `[{"id":1,"cur":"USD","total":"much"},{"id":2,"cur":"EUR","total":1}]`))
	rule := schema.Negate(schema.Compare("currency", schema.Eq, schema.String("USD")))
	if rule.Permits(&out.Rows[0]) || !rule.Permits(&out.Rows[1]) {
		t.Errorf("%+v %+v", out.Rows[0].Faults, out.Rows[1].Faults)
	}
}

// TestFaultsAreShared: what each row of a source has at fault is said once.
func TestFaultsAreShared(t *testing.T) {
	out := run[schema.Invoice](t, bill(), parse(t, `[{"id":1,"total":"x"},{"id":2,"total":3},{"id":3,"total":"y"},{"id":4,"date":"z"},{"id":5,"total":"x"}]`))
	if f := out.Rows[0].Faults; f == nil || out.Rows[2].Faults != f || out.Rows[3].Faults == f || !slices.Equal(f.Fields, []string{"total", "currency"}) {
		t.Errorf("%p %p %p", f, out.Rows[2].Faults, out.Rows[3].Faults)
	}
}

// TestCompletedFaults: a row that is completed by another keeps its faults, and takes
// over those of what it has not.
func TestCompletedFaults(t *testing.T) {
	for name, c := range map[string]struct{ row, more, faults, total string }{
		"none":                   {`"total":1`, `"date":"2026-01-02"`, "", "1.00"},
		"its own stays":          {`"total":"much"`, `"total":2`, "currency total", ""},
		"theirs is not needed":   {`"total":1`, `"total":"much"`, "", "1.00"},
		"theirs is all there is": {`"no":"A"`, `"total":"much"`, "currency total", ""},
		"both":                   {`"date":"soon"`, `"total":"much"`, "currency date total", ""},
		"a relation's":           {`"date":"2026-01-02"`, `"no":[1]`, "number payments", ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			out := run[schema.Invoice](t, bill(), parse(t, `[{"id":1,`+c.row+`},{"id":1,`+c.more+`}]`))
			row := &out.Rows[0]
			mapping.Complete(row, &out.Rows[1])
			var got []string
			if row.Faults != nil {
				got = slices.Sorted(slices.Values(row.Faults.Fields))
			}
			if s := strings.Join(got, " "); s != c.faults {
				t.Errorf("faults %q, want %q", s, c.faults)
			}
			if v := row.Column("total").Text(); v != c.total {
				t.Errorf("total %q, want %q", v, c.total)
			}
		})
	}
}

// TestFaultsNameFields: what faults name are fields of the graph, or columns of rows
// that are none.
func TestFaultsNameFields(t *testing.T) {
	for _, entity := range []string{"Order", "Quote", "Invoice", "Ticket"} {
		files, err := filepath.Glob("../../../schema/*.graphql")
		if err != nil || len(files) == 0 {
			t.Fatal(err)
		}
		var sdl string
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sdl += string(b)
		}
		_, body, _ := strings.Cut(sdl, "\ntype "+entity+" implements Node {")
		body, _, isEnd := strings.Cut(body, "\n}")
		if !isEnd {
			t.Fatal("no type", entity)
		}
		for _, column := range []string{"number", "customer"} {
			for _, field := range append(mapping.Readers(entity, column), column) {
				if !strings.Contains(body, "\n  "+field+":") && !strings.Contains(body, "\n  "+field+"(") {
					t.Errorf("%s has no field %s", entity, field)
				}
			}
		}
	}
}
