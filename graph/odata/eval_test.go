package odata_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

func equalDecimals(a, b decimal.Decimal) bool { return a.String() == b.String() }

// full and empty are two rows: all columns with a value, and none but the key.
func full() []schema.Value {
	return []schema.Value{
		colKey: schema.String("k1"), colCustomer: schema.String("Exemplu SRL"), colCity: schema.String(" Bălți "),
		colLines: schema.Int(5), colAmount: dec("1500.50"), colModified: at("2026-03-02T23:15:28.5Z"),
		colDate: at("2026-03-01T00:00:00Z"), colDeleted: schema.Bool(false), colEmail: schema.String("x"), colNotes: schema.Null,
	}
}

func row(cells []schema.Value) func(int) schema.Value {
	return func(i int) schema.Value { return cells[i] }
}

func TestEval(t *testing.T) {
	for _, c := range []struct {
		text            string
		full, onlyNulls odata.Truth
	}{
		// §5.1.1.1.1, §5.1.1.1.2: null equals null and nothing else.
		{"lines eq 5", odata.True, odata.False},
		{"lines ne 5", odata.False, odata.True},
		{"lines ne 6", odata.True, odata.True},
		{"lines eq null", odata.False, odata.True},
		{"lines ne null", odata.True, odata.False},
		{"null eq null", odata.True, odata.True},
		{"city eq customerName", odata.False, odata.True},
		// §5.1.1.1.3 to §5.1.1.1.6: never Unknown.
		{"lines gt 4", odata.True, odata.False},
		{"not (lines gt 4)", odata.False, odata.True},
		{"lines gt null", odata.False, odata.False},
		{"lines ge null", odata.False, odata.True},
		{"lines le null", odata.False, odata.True},
		{"lines lt null", odata.False, odata.False},
		{"lines ge 5 and lines le 5", odata.True, odata.False},
		// §5.1.1.1.7 to §5.1.1.1.9: three values.
		{"isDeleted", odata.False, odata.Unknown},
		{"not isDeleted", odata.True, odata.Unknown},
		{"isDeleted and true", odata.False, odata.Unknown},
		{"isDeleted and false", odata.False, odata.False},
		{"isDeleted or true", odata.True, odata.True},
		{"isDeleted or false", odata.False, odata.Unknown},
		{"null", odata.Unknown, odata.Unknown},
		{"not null", odata.Unknown, odata.Unknown},
		{"isDeleted eq false", odata.True, odata.False},
		{"isDeleted lt true", odata.True, odata.False},
		// A function of null is null, and null is a value to eq.
		{"contains(city,'l')", odata.True, odata.Unknown},
		{"contains(city,null)", odata.Unknown, odata.Unknown},
		{"contains(city,'l') eq null", odata.False, odata.True},
		{"not contains(city,'l')", odata.False, odata.Unknown},
		{"startswith(customerName,'Ex') and endswith(customerName,'SRL')", odata.True, odata.Unknown},
		{"startswith(customerName,'ex')", odata.False, odata.Unknown},
		{"tolower(customerName) eq 'exemplu srl'", odata.True, odata.False},
		{"toupper(trim(city)) eq 'BĂLȚI'", odata.True, odata.False},
		{"length(trim(city)) eq 5", odata.True, odata.False},
		{"length(city) eq null", odata.False, odata.True},
		{"lines in (1,5)", odata.True, odata.False},
		{"not (lines in (1,5))", odata.False, odata.True},
		{"lines in (1,null)", odata.False, odata.True},
		{"lines in (1,5.0)", odata.True, odata.False},
		{"amount in (1500.5,2)", odata.True, odata.False},
		// Numbers of both kinds, exactly.
		{"amount eq 1500.5", odata.True, odata.False},
		{"amount gt 1500", odata.True, odata.False},
		{"lines lt 5.0000000000000001", odata.True, odata.False},
		{"lines lt amount", odata.True, odata.False},
		// Parts of times, in UTC.
		{"date(modifiedAt) eq 2026-03-02", odata.True, odata.False},
		{"invoiceDate eq 2026-03-01", odata.True, odata.False},
		{"invoiceDate lt date(modifiedAt)", odata.True, odata.False},
		{"year(invoiceDate) eq 2026 and month(invoiceDate) eq 3 and day(invoiceDate) eq 1", odata.True, odata.False},
		{"hour(modifiedAt) eq 23 and minute(modifiedAt) eq 15 and second(modifiedAt) eq 28", odata.True, odata.False},
		{"modifiedAt ge 2026-03-03T01:15:28%2B02:00 and modifiedAt lt 2026-03-02T23:15:29Z", odata.True, odata.False},
		{"modifiedAt lt 0001-01-01T00:00:00Z", odata.False, odata.False},
		{"city eq ''", odata.False, odata.False},
		{"city ne ''", odata.True, odata.True},
	} {
		t.Run("case="+c.text, func(t *testing.T) {
			e := parse(t, "invoices", "$filter="+c.text).Filter
			nothing := make([]schema.Value, len(full()))
			if got := e.Eval(row(full())); got != c.full {
				t.Errorf("full row: got %v, want %v", got, c.full)
			}
			if got := e.Eval(row(nothing)); got != c.onlyNulls {
				t.Errorf("row of nulls: got %v, want %v", got, c.onlyNulls)
			}
		})
	}
	t.Run("case=no filter", func(t *testing.T) {
		var e *odata.Expr
		if e.Eval(row(full())) != odata.True || e.Columns() != nil || e.String() != "" {
			t.Error("a missing filter must let every row in")
		}
	})
}

func TestColumns(t *testing.T) {
	e := filter(t, "lines in (1,2) or (contains(tolower(city),'a') and not (lines gt 1)) or date(modifiedAt) eq 2026-01-01")
	if diff := cmp.Diff([]int{colCity, colLines, colModified}, e.Columns()); diff != "" {
		t.Error(diff)
	}
}

func TestEvalDoesNotAllocate(t *testing.T) {
	e := filter(t, "modifiedAt ge 2026-01-01T00:00:00Z and modifiedAt lt 2026-04-01T00:00:00Z and amount gt 5 and not (city in ('a','b','c')) and contains(customerName,'SRL') and length(city) gt 1 and date(modifiedAt) eq 2026-03-02 and lines lt amount and invoiceDate lt date(modifiedAt) and amount in (1500.5,2)")
	cells := row(full())
	if n := testing.AllocsPerRun(100, func() {
		if e.Eval(cells) != odata.True {
			t.Fatal("the row must be in")
		}
	}); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}
