package report_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// keyed is a row as the root list has it: by the keys of its filter.
type keyed map[string]schema.Value

func (k keyed) Column(name string) schema.Value { return k[name] }

// TestFoldProperty holds that what the root list does of a random filter and what is
// judged on rows say of every row what the filter says, by schema.Predicate and by the
// filter argument itself; and that each operator is folded at all.
func TestFoldProperty(t *testing.T) {
	columns := []dataset.Column{{Name: "key", Type: dataset.Text, IsKey: true, IsExact: true}}
	for name, of := range map[string]dataset.Type{"text": dataset.Text, "amount": dataset.Decimal, "moment": dataset.DateTime, "truth": dataset.Boolean} {
		columns = append(columns,
			dataset.Column{Name: name, Type: of, Scale: dataset.AnyScale, IsExact: true, FilterKey: name},
			dataset.Column{Name: name + "_own", Type: of, Scale: dataset.AnyScale, IsExact: true},
			dataset.Column{Name: name + "_some", Type: of, Scale: dataset.AnyScale, IsExact: true, IsPartial: true, FilterKey: name + "_some"},
		)
	}
	tb := &dataset.Table{Name: "d", Columns: columns}
	set := report.Set(tb)
	must(t, set.Validate())
	tried, exact, loose := map[odata.Op]int{}, map[odata.Op]int{}, map[odata.Op]int{}
	rapid.Check(t, func(t *rapid.T) {
		text := filter(t, columns[1:], rapid.IntRange(0, 3).Draw(t, "depth"))
		q, err := odata.Parse("d", "$filter="+strings.ReplaceAll(text, " ", "%20"), func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		where, rest := report.Split(columns, q.Filter)
		count(q.Filter, where, rest, tried, exact, loose)
		for range 10 {
			row, list, rec := make([]schema.Value, len(columns)), keyed{}, record{}
			for i, c := range columns {
				row[i] = value(t, c.Type)
				if c.FilterKey != "" && !c.IsPartial {
					list[c.Name], rec[c.Name] = row[i], row[i]
				}
			}
			of := func(i int) schema.Value { return row[i] }
			want := q.Filter.Eval(of) == odata.True
			if got := where.Match(list) && rest.Eval(of) == odata.True; got != want {
				t.Fatalf("%s: got %t, want %t; folded %s, rest %s", text, got, want, where.Key(), rest)
			}
			if where.Op == schema.All || where.Op == schema.None {
				continue
			}
			if got := matches(rec, report.Input(where)) && rest.Eval(of) == odata.True; got != want {
				t.Fatalf("%s: got %t, want %t; argument %v, rest %s", text, got, want, report.Input(where), rest)
			}
		}
	})
	for op := odata.OpColumn; op <= odata.OpDate; op++ {
		t.Logf("%v: %d tried, %d folded exactly, %d loosely", op, tried[op], exact[op], loose[op])
		if tried[op] < 50 {
			continue // too few to tell
		}
		if op == odata.OpLength || op == odata.OpToUpper || op == odata.OpTrim || op == odata.OpMonth || op == odata.OpDay || op >= odata.OpHour && op <= odata.OpSecond {
			if exact[op]+loose[op] > 0 {
				t.Errorf("%v is folded", op) // none of a list's filters means it
			}
			continue
		}
		if exact[op] == 0 && op != odata.OpContains && op != odata.OpStartsWith && op != odata.OpEndsWith && op != odata.OpToLower {
			t.Errorf("%v is never folded exactly", op)
		}
		if exact[op]+loose[op] == 0 {
			t.Errorf("%v is never folded", op)
		}
	}
}

// count notes for each operator of a filter whose parts are not joined whether it was
// folded. What is constant is none.
func count(e *odata.Expr, where schema.Predicate, rest *odata.Expr, tried, exact, loose map[odata.Op]int) {
	if len(e.Columns()) != 1 {
		return
	}
	seen := map[odata.Op]bool{}
	var walk func(e *odata.Expr)
	walk = func(e *odata.Expr) {
		seen[e.Op] = true
		for _, a := range e.Args {
			walk(a)
		}
	}
	walk(e)
	isJoined := seen[odata.OpAnd] || seen[odata.OpOr]
	for op := range seen {
		if isJoined && op != odata.OpAnd && op != odata.OpOr {
			continue
		}
		tried[op]++
		switch {
		case where.Op == schema.All || where.Op == schema.None:
		case rest == nil:
			exact[op]++
		default:
			loose[op]++
		}
	}
}

// TestSplit holds how single filters are folded.
func TestSplit(t *testing.T) {
	tb := table(t, productsText)
	many := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = "'" + strconv.Itoa(i) + "'"
		}
		return "(" + strings.Join(list, ",") + ")"
	}
	numbers := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("," + string(rune('1'+i%9)) + strings.Repeat("0", i/9))
		}
		return "(" + b.String()[1:] + ")"
	}
	for _, c := range []struct{ name, filter, argument, rest string }{
		{"truth", "active", "map[active:map[eq:true]]", ""},
		{"no truth", "not active", "map[active:map[eq:false]]", ""},
		{"truth compared", "active ne true", "map[not:map[active:map[eq:true]]]", ""},
		{"contains compared", "contains(name,'a') eq true", "map[name:map[contains:a]]", "contains(name,'a') eq true"},
		{"not contains", "not contains(name,'a')", "", "not contains(name,'a')"},
		{"small letters", "tolower(name) eq 'ab'", "map[name:map[startsWith:ab]]", "tolower(name) eq 'ab'"},
		{"small letters, never", "tolower(name) eq 'AB'", "map[name:map[startsWith:AB]]", "tolower(name) eq 'AB'"},
		{"end", "endswith(sku,'9')", "map[sku:map[contains:9]]", "endswith(sku,'9')"},
		{"empty text", "sku eq ''", "", "sku eq ''"},
		{"in", "sku in ('a','b',null)", "map[or:[map[sku:map[isNull:true]] map[sku:map[in:[a b]]]]]", ""},
		{"in of numbers", "price_amount in (1,2)", "map[or:[map[price:map[eq:1]] map[price:map[eq:2]]]]", ""},
		{"in of many numbers", "price_amount in " + numbers(60), "map[and:[map[price:map[ge:1]] map[price:map[le:6000000]]]]", "price_amount in " + numbers(60)},
		{"too many values", "sku in " + many(1001), "", "…"},
		{"too many conditions", "sku eq 'a'" + strings.Repeat(" or name eq 'b' or sku eq 'c'", 600), "", "…"},
		{"finer than stores are", "updatedAt gt 2026-01-01T00:00:00.0000001Z", "", "updatedAt gt 2026-01-01T00:00:00.0000001Z"},
		{"the currency is another field", "price_currency eq 'MDL'", "", "price_currency eq 'MDL'"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			q := parse(t, tb, "d", "$filter="+url.QueryEscape(c.filter))
			where, rest := report.Split(tb.Columns, q.Filter)
			got := ""
			if where.Op != schema.All {
				got = describe(report.Input(where))
			}
			if got != c.argument {
				t.Errorf("got %s, want %s", got, c.argument)
			}
			if text := rest.String(); text != c.rest && c.rest != "…" && !strings.HasPrefix(c.name, "in of many") {
				t.Errorf("rest %s, want %s", text, c.rest)
			}
			if (rest == nil) != (c.rest == "") {
				t.Errorf("rest %s, want %s", rest, c.rest)
			}
		})
	}
}

// TestSmallLetters holds what tolower is folded by: small letters have no smaller ones.
func TestSmallLetters(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := strings.ToLower(string(r))
		if again := strings.ToLower(s); again != s {
			t.Errorf("%q becomes %q, and then %q", r, s, again)
		}
	}
}
