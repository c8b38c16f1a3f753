package odata_test

import (
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// term is a random expression: how it is written, and what it means by an
// interpreter that shares nothing with the package. Its values are nil, string,
// *big.Rat, time.Time and bool.
type term struct {
	text     string
	rank     int // 0 or, 1 and, 2 eq, 3 gt, 4 not, 5 all else: how close its outermost operator binds
	value    func(cells []schema.Value) any
	constant bool
}

const (
	rankOr = iota
	rankAnd
	rankEquality
	rankRelation
	rankNot
	rankPrimary
)

// within writes t as an operand of an operator of a rank: with parentheses where
// they are needed and sometimes where they are not.
func within(t *rapid.T, e term, rank int) string {
	if e.rank < rank || rapid.IntRange(0, 4).Draw(t, "parentheses") == 0 {
		return "(" + blank(t) + e.text + blank(t) + ")"
	}
	return e.text
}

func blank(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", " ", "\t "}).Draw(t, "blank")
}
func gap(t *rapid.T) string { return rapid.SampledFrom([]string{" ", " ", "  "}).Draw(t, "gap") }

var alphabet = []rune("ab'B Жé, ()")

func word(t *rapid.T) string {
	return rapid.StringOfN(rapid.RuneFrom(alphabet), 0, 3, -1).Draw(t, "word")
}

func moment(t *rapid.T) time.Time {
	day := rapid.IntRange(0, 2).Draw(t, "day")
	return time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 86399}).Draw(t, "second")) * time.Second)
}

func number(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"-1", "0", "1", "2", "2.0", "2.50", "-0.5", "25e-1",
		// What columns cannot hold: too many digits, between two decimals, beyond all, as good as nothing.
		"2.500000000000000000000", "2.50000000000000000001", "-2.50000000000000000001", "12345678901234567890", "-1e20", "1e20", "10e19", "9999999999999999999.5", "1e-30", "-1e-30",
	}).Draw(t, "number")
}

// cells is a random row.
func cells(t *rapid.T) []schema.Value {
	some := func(v schema.Value) schema.Value {
		if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
			return schema.Null
		}
		return v
	}
	row := make([]schema.Value, colNotes+1)
	row[colKey] = schema.String("k")
	row[colCustomer] = some(schema.String(word(t)))
	row[colCity] = some(schema.String(word(t)))
	row[colLines] = some(schema.Int(int64(rapid.IntRange(-1, 2).Draw(t, "lines"))))
	row[colAmount] = some(dec(rapid.SampledFrom([]string{"-1", "0", "2", "2.0", "2.5", "2.50", "2.500000000000000001", "-2.500000000000000001", "9999999999999999999", "-9999999999999999999", "0.0000000000000000001"}).Draw(t, "amount")))
	row[colModified] = some(schema.Time(moment(t)))
	row[colDate] = some(schema.Time(moment(t).Truncate(24 * time.Hour)))
	row[colDeleted] = some(schema.Bool(rapid.Bool().Draw(t, "deleted")))
	return row
}

func columnTerm(name string, i int) term {
	return term{text: name, rank: rankPrimary, value: func(cells []schema.Value) any {
		switch v := cells[i]; v.Kind {
		case schema.KindString:
			return v.Str
		case schema.KindInt:
			return new(big.Rat).SetInt64(v.Int)
		case schema.KindDecimal:
			r, _ := new(big.Rat).SetString(v.Dec.String())
			return r
		case schema.KindTime:
			return v.Time
		case schema.KindBool:
			return v.Bool
		}
		return nil
	}}
}

func constant(text string, v any) term {
	return term{text: text, rank: rankPrimary, constant: true, value: func([]schema.Value) any { return v }}
}

var null = constant("null", nil)

func literal(t *rapid.T, typ odata.Type) term {
	switch typ {
	case odata.String:
		s := word(t)
		return constant("'"+strings.ReplaceAll(s, "'", "''")+"'", s)
	case odata.Decimal:
		s := number(t)
		r, _ := new(big.Rat).SetString(s)
		return constant(s, r)
	case odata.DateTime:
		m := moment(t)
		zone := time.FixedZone("", 3600*rapid.IntRange(-2, 2).Draw(t, "zone"))
		return constant(m.In(zone).Format(time.RFC3339), m)
	case odata.Date:
		m := moment(t).Truncate(24 * time.Hour)
		return constant(m.Format(time.DateOnly), m)
	}
	b := rapid.Bool().Draw(t, "bool")
	return constant(strconv.FormatBool(b), b)
}

// call writes f(arg) and maps its value, null to null.
func call(t *rapid.T, name string, arg term, f func(any) any) term {
	return term{text: name + "(" + blank(t) + arg.text + blank(t) + ")", rank: rankPrimary, value: func(cells []schema.Value) any {
		if v := arg.value(cells); v != nil {
			return f(v)
		}
		return nil
	}}
}

func whole(n int) *big.Rat { return new(big.Rat).SetInt64(int64(n)) }

// operand is a random expression of a type which is not Boolean.
func operand(t *rapid.T, typ odata.Type, depth int) term {
	kind := rapid.IntRange(0, 5).Draw(t, "operand")
	switch {
	case kind == 0:
		return null
	case kind == 1 || kind == 2:
		return literal(t, typ)
	}
	isCall := kind == 5 && depth > 0
	switch typ {
	case odata.String:
		if isCall {
			arg := operand(t, odata.String, depth-1)
			switch rapid.IntRange(0, 2).Draw(t, "text function") {
			case 0:
				return call(t, "tolower", arg, func(v any) any { return strings.Map(unicode.ToLower, v.(string)) })
			case 1:
				return call(t, "toupper", arg, func(v any) any { return strings.Map(unicode.ToUpper, v.(string)) })
			}
			return call(t, "trim", arg, func(v any) any { return strings.Trim(v.(string), " ") })
		}
		return rapid.SampledFrom([]term{columnTerm("city", colCity), columnTerm("customerName", colCustomer)}).Draw(t, "text column")
	case odata.Decimal:
		if isCall {
			if rapid.Bool().Draw(t, "length") {
				return call(t, "length", operand(t, odata.String, depth-1), func(v any) any { return whole(len([]rune(v.(string)))) })
			}
			m := operand(t, rapid.SampledFrom([]odata.Type{odata.DateTime, odata.Date}).Draw(t, "dated"), depth-1)
			switch rapid.IntRange(0, 2).Draw(t, "part") {
			case 0:
				return call(t, "year", m, func(v any) any { return whole(v.(time.Time).Year()) })
			case 1:
				return call(t, "day", m, func(v any) any { return whole(v.(time.Time).Day()) })
			}
			return call(t, "second", operand(t, odata.DateTime, depth-1), func(v any) any { return whole(v.(time.Time).Second()) })
		}
		return rapid.SampledFrom([]term{columnTerm("lines", colLines), columnTerm("amount", colAmount)}).Draw(t, "number column")
	case odata.Date:
		if isCall {
			return call(t, "date", operand(t, odata.DateTime, depth-1), func(v any) any {
				y, m, d := v.(time.Time).Date()
				return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
			})
		}
		return columnTerm("invoiceDate", colDate)
	}
	return columnTerm("modifiedAt", colModified)
}

// order compares two values that are not null.
func order(v, w any) int {
	switch v := v.(type) {
	case string:
		return strings.Compare(v, w.(string))
	case *big.Rat:
		return v.Cmp(w.(*big.Rat))
	case time.Time:
		return v.Compare(w.(time.Time))
	}
	return map[bool]int{false: 0, true: 1}[v.(bool)] - map[bool]int{false: 0, true: 1}[w.(bool)]
}

func binary(t *rapid.T, left term, op string, right term, rank int, f func(v, w any) any) term {
	return term{
		text:  within(t, left, rank) + gap(t) + op + gap(t) + within(t, right, rank+1),
		rank:  rank,
		value: func(cells []schema.Value) any { return f(left.value(cells), right.value(cells)) },
	}
}

// predicate is a random expression of type Boolean.
func predicate(t *rapid.T, depth int) term {
	kind := rapid.IntRange(0, 9).Draw(t, "predicate")
	if depth == 0 {
		kind = min(kind, 1)
	}
	types := []odata.Type{odata.String, odata.Decimal, odata.DateTime, odata.Date}
	switch kind {
	case 0:
		return columnTerm("isDeleted", colDeleted)
	case 1:
		return rapid.SampledFrom([]term{null, constant("true", true), constant("false", false)}).Draw(t, "literal")
	case 2:
		e := predicate(t, depth-1)
		return term{text: "not" + gap(t) + within(t, e, rankNot), rank: rankNot, value: func(cells []schema.Value) any {
			if v := e.value(cells); v != nil {
				return !v.(bool)
			}
			return nil
		}}
	case 3, 4:
		return junction(t, depth)
	case 5:
		typ := rapid.SampledFrom(types).Draw(t, "type")
		left := operand(t, typ, depth-1)
		for left.text == "null" {
			left = literal(t, typ)
		}
		var texts []string
		var values []any
		for range rapid.IntRange(1, 4).Draw(t, "members") {
			m := literal(t, typ)
			if rapid.IntRange(0, 5).Draw(t, "null member") == 0 {
				m = null
			}
			texts, values = append(texts, blank(t)+m.text+blank(t)), append(values, m.value(nil))
		}
		return term{text: left.text + gap(t) + "in" + gap(t) + "(" + strings.Join(texts, ",") + ")", rank: rankPrimary, value: func(cells []schema.Value) any {
			v := left.value(cells)
			for _, w := range values {
				if v == nil && w == nil || v != nil && w != nil && order(v, w) == 0 {
					return true
				}
			}
			return false
		}}
	case 6:
		name := rapid.SampledFrom([]string{"contains", "startswith", "endswith"}).Draw(t, "name")
		left, right := operand(t, odata.String, depth-1), operand(t, odata.String, depth-1)
		f := map[string]func(string, string) bool{"contains": strings.Contains, "startswith": strings.HasPrefix, "endswith": strings.HasSuffix}[name]
		return term{text: name + "(" + left.text + "," + blank(t) + right.text + ")", rank: rankPrimary, value: func(cells []schema.Value) any {
			v, w := left.value(cells), right.value(cells)
			if v == nil || w == nil {
				return nil
			}
			return f(v.(string), w.(string))
		}}
	}
	var left, right term
	if kind == 7 {
		left, right = predicate(t, depth-1), predicate(t, depth-1)
	} else {
		typ := rapid.SampledFrom(types).Draw(t, "type")
		left, right = operand(t, typ, depth-1), operand(t, typ, depth-1)
	}
	return comparison(t, left, right)
}

func comparison(t *rapid.T, left, right term) term {
	op := rapid.SampledFrom([]string{"eq", "ne", "gt", "ge", "lt", "le"}).Draw(t, "operator")
	rank := rankRelation
	if op == "eq" || op == "ne" {
		rank = rankEquality
	}
	return binary(t, left, op, right, rank, func(v, w any) any {
		same := v == nil && w == nil
		some := v != nil && w != nil
		switch op {
		case "eq":
			return same || some && order(v, w) == 0
		case "ne":
			return !same && !(some && order(v, w) == 0)
		case "gt":
			return some && order(v, w) > 0
		case "lt":
			return some && order(v, w) < 0
		case "ge":
			return same || some && order(v, w) >= 0
		}
		return same || some && order(v, w) <= 0
	})
}

func junction(t *rapid.T, depth int) term {
	left, right := predicate(t, depth-1), predicate(t, depth-1)
	if rapid.Bool().Draw(t, "and") {
		return binary(t, left, "and", right, rankAnd, func(v, w any) any {
			if v == false || w == false {
				return false
			}
			if v == nil || w == nil {
				return nil
			}
			return true
		})
	}
	return binary(t, left, "or", right, rankOr, func(v, w any) any {
		if v == true || w == true {
			return true
		}
		if v == nil || w == nil {
			return nil
		}
		return false
	})
}

// A random filter means what the interpreter says, on random rows, and its
// canonical text is read as the same tree again.
func TestFilterProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := predicate(t, 4)
		q, err := odata.Parse("invoices", "$filter="+url.QueryEscape(want.text), sets, odata.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", want.text, err)
		}
		e := q.Filter
		again, err := odata.Parse("invoices", "$filter="+url.QueryEscape(e.String()), sets, odata.Limits{})
		if err != nil {
			t.Fatalf("%s became %s: %v", want.text, e, err)
		}
		if diff := cmp.Diff(e, again.Filter, cmp.Comparer(equalDecimals)); diff != "" {
			t.Fatalf("%s became %s: %s", want.text, e, diff)
		}
		reads := map[int]bool{}
		for _, c := range e.Columns() {
			reads[c] = true
		}
		for range 8 {
			cells := cells(t)
			got := e.Eval(func(i int) schema.Value {
				if !reads[i] {
					t.Fatalf("%s reads column %d and does not say so", e, i)
				}
				return cells[i]
			})
			truth := odata.Unknown
			if v := want.value(cells); v == true {
				truth = odata.True
			} else if v == false {
				truth = odata.False
			}
			if got != truth {
				t.Fatalf("%s (%s) is %v for %v, want %v", want.text, e, got, cells, truth)
			}
		}
	})
}
