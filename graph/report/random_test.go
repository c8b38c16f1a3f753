package report_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/schema"
)

// Random questions and records. There are few values, so that they meet.

var (
	words   = []string{"a", "A", "ab", "Ba", "é", "É", "o'k", "x"}
	amounts = []string{"-1", "0", "2", "2.0", "2.50", "10"}
	moments = []string{"2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-01T08:30:00Z", "2026-01-02T00:00:00.5Z", "2026-03-04T05:06:07.000008Z", "2027-01-01T00:00:00Z"}
)

func pick[V any](t *rapid.T, of ...V) V { return of[rapid.IntRange(0, len(of)-1).Draw(t, "pick")] }

func chance(t *rapid.T, one int) bool { return rapid.IntRange(1, one).Draw(t, "chance") == 1 }

// literal writes a literal of a type.
func literal(t *rapid.T, of dataset.Type) string {
	if chance(t, 8) {
		return "null"
	}
	switch of {
	case dataset.Int:
		return pick(t, "0", "1", "2", "3")
	case dataset.Decimal:
		return pick(t, amounts...)
	case dataset.DateTime:
		return pick(t, append([]string{"2026-01-01T00:00:00.0000001Z", "2026-01-01T01:00:00%2B01:00"}, moments...)...)
	case dataset.Date:
		return pick(t, "2025-12-01", "2026-01-01", "2026-03-01")
	case dataset.Boolean:
		return pick(t, "true", "false")
	}
	return "'" + strings.ReplaceAll(pick(t, append([]string{""}, words...)...), "'", "''") + "'"
}

var comparisons = []string{"eq", "ne", "gt", "ge", "lt", "le"}

// filter writes a random filter, as an address has it.
func filter(t *rapid.T, columns []dataset.Column, depth int) string {
	if depth > 0 {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0, 1:
			return "(" + filter(t, columns, depth-1) + " and " + filter(t, columns, depth-1) + ")"
		case 2:
			return "(" + filter(t, columns, depth-1) + " or " + filter(t, columns, depth-1) + ")"
		case 3:
			return "not (" + filter(t, columns, depth-1) + ")"
		}
	}
	if chance(t, 30) {
		return pick(t, "true", "false", "null", "1 eq 1", "contains('ab','b')")
	}
	c := pick(t, columns...)
	return leaf(t, &c)
}

// leaf writes a comparison of a column.
func leaf(t *rapid.T, c *dataset.Column) string {
	op := pick(t, comparisons...)
	if chance(t, 6) {
		var list []string
		for range rapid.IntRange(1, 4).Draw(t, "members") {
			list = append(list, literal(t, c.Type))
		}
		return c.Name + " in (" + strings.Join(list, ",") + ")"
	}
	switch c.Type {
	case dataset.Text:
		word := "'" + strings.ReplaceAll(pick(t, words...), "'", "''") + "'"
		of := pick(t, c.Name, c.Name, "tolower("+c.Name+")", "toupper("+c.Name+")", "trim("+c.Name+")")
		switch rapid.IntRange(0, 5).Draw(t, "function") {
		case 0, 1:
			text := pick(t, "contains", "startswith", "endswith") + "(" + of + "," + word + ")"
			if chance(t, 3) {
				text += pick(t, " eq ", " ne ") + pick(t, "true", "false", "null")
			}
			return text
		case 2:
			return of + " " + op + " " + word
		case 3:
			return "length(" + c.Name + ") " + op + " " + literal(t, dataset.Int)
		}
	case dataset.DateTime:
		switch rapid.IntRange(0, 4).Draw(t, "function") {
		case 0:
			return "year(" + c.Name + ") " + op + " " + pick(t, "2025", "2026", "1", "9999", "0", "null")
		case 1:
			return "date(" + c.Name + ") " + op + " " + pick(t, "2026-01-01", "2026-01-02", "null")
		case 2:
			return "month(" + c.Name + ") " + op + " 1"
		}
	case dataset.Boolean:
		if chance(t, 2) {
			return c.Name
		}
		if op != "eq" && op != "ne" {
			op = "eq"
		}
	}
	if chance(t, 5) {
		return literal(t, c.Type) + " " + op + " " + c.Name
	}
	return c.Name + " " + op + " " + literal(t, c.Type)
}

// value is a random value of a type.
func value(t *rapid.T, of dataset.Type) schema.Value {
	if chance(t, 4) {
		return schema.Null
	}
	switch of {
	case dataset.Int:
		return schema.Int(int64(rapid.IntRange(0, 3).Draw(t, "int")))
	case dataset.Decimal:
		return dec(pick(t, amounts...))
	case dataset.DateTime:
		return at(pick(t, moments...))
	case dataset.Boolean:
		return schema.Bool(chance(t, 2))
	}
	return schema.String(pick(t, words...))
}

// someOrder is a random record of the root list orders.
func someOrder(t *rapid.T, n int) record {
	r := record{"id": schema.String(fmt.Sprintf("o%03d", n)), "source": schema.String(pick(t, "erp", "shop")), "isDeleted": schema.Bool(chance(t, 3))}
	for _, name := range []string{"number", "shop", "status", "notes", "currency"} {
		r[name] = value(t, dataset.Text)
	}
	for _, name := range []string{"date", "updatedAt"} {
		r[name] = value(t, dataset.DateTime)
	}
	if v := value(t, dataset.Decimal); !v.IsNull() {
		r["total"] = record{"amount": v, "currency": schema.String(pick(t, "MDL", "EUR"))}
	}
	if chance(t, 2) {
		r["customer"] = record{"id": schema.String(pick(t, "c1", "c2")), "name": value(t, dataset.Text)}
	}
	var lines []record
	for i := range rapid.IntRange(0, 4).Draw(t, "lines") {
		line := record{"position": schema.Int(int64(i + 1)), "sku": value(t, dataset.Text), "quantity": value(t, dataset.Decimal)}
		if v := value(t, dataset.Decimal); !v.IsNull() {
			line["total"] = record{"amount": v, "currency": schema.String("MDL")}
		}
		lines = append(lines, line)
	}
	if lines != nil {
		r["lines"] = lines
	}
	return r
}
