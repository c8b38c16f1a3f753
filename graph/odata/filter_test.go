package odata_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/graph/odata"
)

func filter(t testing.TB, text string) *odata.Expr {
	t.Helper()
	return parse(t, "invoices", "$filter="+url.QueryEscape(text)).Filter
}

func TestFilter(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"comparison", "lines eq 1", "lines eq 1"},
		{"and binds closer than or", "lines eq 1 or lines eq 2 and lines eq 3", "(lines eq 1) or ((lines eq 2) and (lines eq 3))"},
		{"relation binds closer than equality", "lines gt 1 eq isDeleted", "(lines gt 1) eq isDeleted"},
		{"not binds closest", "not isDeleted eq true", "(not isDeleted) eq true"},
		{"in binds closer than not", "not lines in (1,2)", "not (lines in (1,2))"},
		{"chains are flat", "((lines eq 1 or lines eq 2) or lines eq 3) or (lines eq 4 or lines eq 5)", "(lines eq 1) or (lines eq 2) or (lines eq 3) or (lines eq 4) or (lines eq 5)"},
		{"parentheses around all", "((((lines eq 1))))", "lines eq 1"},
		{"no blanks at parentheses", "(lines eq 1)and(lines eq 2)or not(isDeleted)", "((lines eq 1) and (lines eq 2)) or (not isDeleted)"},
		{"blanks and tabs", " \t lines \t eq \t 1 ", "lines eq 1"},
		{"blanks in calls", "contains( city , 'a' )", "contains(city,'a')"},
		{"bare boolean", "isDeleted", "isDeleted"},
		{"bare literal", "true", "true"},
		{"null", "city eq null or null ne city", "(city eq null) or (null ne city)"},
		{"list is sorted and unique", "lines in (3, 1 ,2,1)", "lines in (1,2,3)"},
		{"list with null", "city in ('b',null,'a')", "city in (null,'a','b')"},
		{"quotes", "city eq 'O''Neil''s'", "city eq 'O''Neil''s'"},
		{"empty text", "city eq ''", "city eq ''"},
		{"text of quotes", "city eq ''''", "city eq ''''"},
		{"cyrillic", "city eq 'Кишинёв'", "city eq 'Кишинёв'"},
		{"operators in a text", "city eq ' and (1 eq 1) or '", "city eq ' and (1 eq 1) or '"},
		{"decimal", "amount ge 1500.50", "amount ge 1500.50"},
		{"whole number beside a decimal", "amount ge -1500", "amount ge -1500"},
		{"number with a plus", "amount ge +5", "amount ge 5"},
		{"exponent", "amount lt 1e5", "amount lt 100000"},
		{"exponent of a fraction", "amount lt 1.5E+3 and amount gt 25e-1", "(amount lt 1500) and (amount gt 2.5)"},
		{"most digits", "amount lt 9999999999999999999", "amount lt 9999999999999999999"},
		{"zeros behind", "amount eq 1.00000000000000000000", "amount eq 1"},
		{"zeros before and behind", "amount eq 0000000000000000000000012.500000000000000000000", "amount eq 12.5"},
		{"zeros of an exponent", "lines eq 50000000000000000000000000e-25", "lines eq 5"},
		{"nothing with an exponent", "lines eq 0e999999999999999999999", "lines eq 0"},
		{"twenty digits", "amount lt 12345678901234567890 and amount gt 12345678901234567890", "(amount ne null) and false"},
		{"equal to what is beyond", "amount eq 1e20 or lines ne -1e20", "false or true"},
		{"below zero and beyond", "amount gt -1e20 or amount le -1e20", "(amount ne null) or false"},
		{"huge exponent", "amount le 1e999999999999999999999", "amount ne null"},
		{"tiny", "amount gt 1e-999999999 or amount ge -1e-20", "(amount gt 0) or (amount ge 0)"},
		{"between two decimals", "amount gt 1234567890.1234567891 or amount lt 1234567890.1234567891", "(amount gt 1234567890.123456789) or (amount le 1234567890.123456789)"},
		{"between two decimals below zero", "amount le -1234567890.1234567891 or amount ge -1234567890.1234567891", "(amount lt -1234567890.123456789) or (amount ge -1234567890.123456789)"},
		{"beyond on the left", "1e20 gt amount or 0.00000000000000000001 lt amount", "(amount ne null) or (amount gt 0)"},
		{"beyond on both sides", "1e20 lt 2e20 and 1e20 ge 10e19 and 1e-20 gt 1e20 and 5 lt 1e20 and -1e-20 lt 0.0", "true and true and false and true and true"},
		{"beyond in a list", "amount in (1e20,5,-1e-30) or lines in (1e20) or 1e20 in (1,10e19)", "(amount in (5)) or false or true"},
		{"smallest int", "lines gt -9223372036854775808", "lines gt -9223372036854775808"},
		{"moment", "modifiedAt ge 2026-01-01T00:00:00Z and modifiedAt lt 2026-02-01T00:00:00Z", "(modifiedAt ge 2026-01-01T00:00:00Z) and (modifiedAt lt 2026-02-01T00:00:00Z)"},
		{"moment with a zone", "modifiedAt ge 2026-01-01T02:00:00.5+02:00", "modifiedAt ge 2026-01-01T00:00:00.5Z"},
		{"moment in small letters", "modifiedAt ge 2026-01-01t00:00z", "modifiedAt ge 2026-01-01T00:00:00Z"},
		{"date", "invoiceDate eq 2026-01-31", "invoiceDate eq 2026-01-31"},
		{"date of a moment", "date(modifiedAt) eq 2026-01-31", "date(modifiedAt) eq 2026-01-31"},
		{"midnight beside a date", "invoiceDate ge 2026-01-01T00:00:00Z", "invoiceDate ge 2026-01-01"},
		{"midnight before a date", "2026-01-01T00:00:00Z le invoiceDate", "2026-01-01 le invoiceDate"},
		{"midnights in a list of dates", "invoiceDate in (2026-01-01T00:00:00Z,2026-01-02)", "invoiceDate in (2026-01-01,2026-01-02)"},
		{"functions", "startswith(tolower(trim(city)),'a') and length(toupper(city)) gt 2 and endswith(city,'b')", "startswith(tolower(trim(city)),'a') and (length(toupper(city)) gt 2) and endswith(city,'b')"},
		{"parts", "year(invoiceDate) eq 2026 and month(modifiedAt) le 6 and day(modifiedAt) gt 1 and hour(modifiedAt) eq 2 and minute(modifiedAt) eq 3 and second(modifiedAt) eq 4", "(year(invoiceDate) eq 2026) and (month(modifiedAt) le 6) and (day(modifiedAt) gt 1) and (hour(modifiedAt) eq 2) and (minute(modifiedAt) eq 3) and (second(modifiedAt) eq 4)"},
		{"call beside true", "contains(city,'a') eq true", "contains(city,'a') eq true"},
		{"columns beside each other", "city lt customerName", "city lt customerName"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			e := filter(t, c.text)
			if got := e.String(); got != c.want {
				t.Fatalf("got  %s\nwant %s", got, c.want)
			}
			if diff := cmp.Diff(e, filter(t, c.want), cmp.Comparer(equalDecimals)); diff != "" {
				t.Errorf("its text is another tree: %s", diff)
			}
		})
	}
}

func TestFilterRefusals(t *testing.T) {
	for _, c := range []struct {
		name, text string
		status     int
		message    string
	}{
		{"empty", "", 400, "expected a column, a function, a literal or (, found the end (at position 1)"},
		{"unclosed", "(lines eq 1", 400, "the parenthesis that begins here is not closed (at position 1)"},
		{"unopened", "lines eq 1)", 400, "expected an operator, and, or, or the end, found ) (at position 11)"},
		{"unclosed inside", "(lines eq 1 and (city eq 'a')", 400, "the parenthesis that begins here is not closed (at position 1)"},
		{"empty parentheses", "()", 400, "expected a column, a function, a literal or (, found ) (at position 2)"},
		{"unclosed text", "city eq 'a", 400, "the text that begins here has no closing quote (at position 9)"},
		{"position counts characters", "city eq 'Ж' and x", 400, `column "x" that it can be filtered by (at position 17)`},
		{"no operand", "lines eq", 400, "expected a blank after eq, found the end (at position 9)"},
		{"no operand behind a blank", "lines eq ", 400, "expected a column, a function, a literal or (, found the end (at position 10)"},
		{"no operator", "lines 1", 400, "expected an operator, and, or, or the end, found a literal (at position 7)"},
		{"operator in capitals", "lines EQ 1", 400, `found "EQ" (at position 7)`},
		{"glued", "lines eq 1and isDeleted", 400, "expected a number, a date or a DateTimeOffset"},
		{"double equals", "lines == 1", 400, "found = (at position 7)"},
		{"double quotes", `city eq "a"`, 400, "found something else (at position 9)"},
		{"unknown column", "amonut gt 5", 400, `invoices has no column "amonut" that it can be filtered by, did you mean amount? (at position 1)`},
		{"masked column", "email eq 'a'", 400, `"email" is masked and cannot be filtered by (at position 1)`},
		{"masked column in a call", "contains(email,'a')", 400, `"email" is masked and cannot be filtered by (at position 10)`},
		{"unfilterable column", "notes eq 'a'", 400, `invoices has no column "notes" that it can be filtered by (at position 1)`},
		{"nearest is never one that may not be used", "emali eq 'a'", 400, `invoices has no column "emali" that it can be filtered by (at position 1)`},
		{"unknown function", "contans(city,'a')", 400, `there is no function "contans", did you mean contains? (at position 1)`},
		{"function in capitals", "Contains(city,'a')", 400, `there is no function "Contains", did you mean contains?`},
		{"too few arguments", "contains(city)", 400, "expected , before the next argument of contains, found ) (at position 14)"},
		{"too many arguments", "length(city,'a') eq 1", 400, "expected ) after the last argument of length, found , (at position 12)"},
		{"path", "customer/name eq 'a'", 501, "a path in $filter is not supported (at position 1)"},
		{"path of a column", "city/name eq 'a'", 501, "a path in $filter is not supported"},
		{"path of a masked column", "email/name eq 'a'", 501, "a path in $filter is not supported"},
		{"count", "orders/$count gt 1", 501, "/$count in $filter is not supported (at position 1)"},
		{"any of what is no column", "orders/any()", 501, "the lambda operator any is not supported (at position 1)"},
		{"all of what is no column", "city eq 'a' and orders/all(o:o/x eq 1)", 501, "the lambda operator all is not supported (at position 17)"},
		{"type cast", "Trama.invoices_row/city eq 'a'", 501, "a type cast is not supported (at position 1)"},
		{"namespace", "Trama.x(city)", 400, "invoices has no types or functions with a namespace"},
		{"list of nothing", "lines in ()", 400, "expected a literal, found ) (at position 11)"},
		{"list of a column", "lines in (amount)", 501, "something else than a literal in the list of in is not supported (at position 11)"},
		{"list with a function", "city in ('a',tolower('B'))", 501, "something else than a literal in the list of in is not supported (at position 14)"},
		{"list of an unknown column", "lines in (amonut)", 400, `invoices has no column "amonut"`},
		{"list of a masked column", "city in (email)", 400, `"email" is masked and cannot be filtered by`},
		{"list of an alias", "city in (@p)", 501, "a parameter alias is not supported"},
		{"column as a list", "city in customerName", 501, "in with something else than a list of literals is not supported (at position 9)"},
		{"alias as a list", "city in @p", 501, "a parameter alias is not supported"},
		{"unknown column as a list", "city in country", 400, `invoices has no column "country"`},
		{"list unclosed", "lines in (1,2", 400, "expected , or ), found the end (at position 14)"},
		{"no list", "lines in 1", 400, "expected ( and a list of literals after in, found a literal (at position 10)"},
		{"null in", "null in (1)", 400, "in takes a column or a function on its left, not null"},
		{"NUL", "city eq 'a\x00'", 400, "the text holds a NUL (at position 9)"},

		{"text beside a number", "lines eq '1'", 400, "eq cannot compare Edm.Int64 with Edm.String (at position 7)"},
		{"number beside a text", "city gt 5", 400, "gt cannot compare Edm.String with Edm.Int64 (at position 6)"},
		{"number beside a boolean", "isDeleted eq 1", 400, "eq cannot compare Edm.Boolean with Edm.Int64"},
		{"date beside a moment", "modifiedAt eq 2026-01-01", 400, "eq cannot compare Edm.DateTimeOffset with Edm.Date; write date(…) around"},
		{"moment beside a date", "invoiceDate ge 2026-01-01T00:00:01Z", 400, "ge cannot compare Edm.Date with Edm.DateTimeOffset; write date(…) around"},
		{"text beside a moment", "modifiedAt ge '2026-01-01T00:00:00Z'", 400, "ge cannot compare Edm.DateTimeOffset with Edm.String"},
		{"text in a list of numbers", "lines in (1,'a')", 400, "in cannot compare Edm.String with Edm.Int64 (at position 13)"},
		{"number as argument", "contains(lines,'a')", 400, "contains takes Edm.String, not Edm.Int64 (at position 10)"},
		{"text as moment", "year(city) eq 1", 400, "year takes Edm.DateTimeOffset or Edm.Date, not Edm.String (at position 6)"},
		{"hour of a date", "hour(invoiceDate) eq 1", 400, "hour takes Edm.DateTimeOffset, not Edm.Date (at position 6)"},
		{"number under and", "lines and isDeleted", 400, "and takes Edm.Boolean, not Edm.Int64 (at position 1)"},
		{"text under or", "isDeleted or city", 400, "or takes Edm.Boolean, not Edm.String (at position 14)"},
		{"not of a comparison without parentheses", "not lines eq 5", 400, "not takes Edm.Boolean, not Edm.Int64; it binds closer than a comparison, which needs parentheses (at position 5)"},
		{"no boolean", "lines", 400, "the filter is Edm.Int64, not Edm.Boolean (at position 1)"},

		{"moment without a zone", "modifiedAt ge 2026-01-01T00:00:00", 400, "with its zone (the + of a zone is written %2B)"},
		{"moment with a zone whose plus was a space", "modifiedAt ge 2026-01-01T00:00:00 02:00", 400, "with its zone"},
		{"no such day", "invoiceDate eq 2026-02-30", 400, "this is not a date of the calendar"},
		{"year 0", "invoiceDate eq 0000-01-01", 400, "this is not a date of the calendar"},
		{"ten digits of a second", "modifiedAt ge 2026-01-01T00:00:00.1234567891+00:00", 400, "a DateTimeOffset has at most 9 digits after the second"},
		{"ten digits of a second, short", "modifiedAt ge 2026-01-01T00:00:00.1234567891Z", 400, "a DateTimeOffset has at most 9 digits after the second (at position 15)"},
		{"fourteen digits of a second", "modifiedAt ge 2026-01-01T00:00:00.12345678901234Z", 400, "a DateTimeOffset has at most 9 digits after the second"},
		{"long moment", "modifiedAt ge 2026-01-01T00:00:00.123456789+00:00:00:00:00", 400, "expected a date as 2026-01-31"},
		{"number with two points", "amount gt 1.2.3", 400, "expected a number"},
		{"point without digits", "amount gt 1.", 400, "expected a number"},
		{"number with a suffix", "amount gt 1.5M", 400, "expected a number"},
		{"datetime of OData 2", "modifiedAt ge datetime'2026-01-01T00:00:00'", 400, "datetime'…' is not OData 4"},
		{"guid of OData 2", "key eq guid'x'", 400, "guid'…' is not OData 4"},

		{"any", "city/any(x:x eq 'a')", 501, "the lambda operator any is not supported (at position 1)"},
		{"all", "city/all(x:x eq 'a')", 501, "the lambda operator all is not supported"},
		{"add", "lines add 1 eq 2", 501, "the operator add is not supported (at position 7)"},
		{"divby", "lines divby 2 eq 1", 501, "the operator divby is not supported"},
		{"has", "city has x'a'", 501, "the operator has is not supported"},
		{"negation", "-lines eq 1", 501, "arithmetic negation is not supported"},
		{"negated parentheses", "-(lines) eq 1", 501, "arithmetic negation is not supported"},
		{"concat", "concat(city,'a') eq 'b'", 501, "the function concat is not supported (at position 1)"},
		{"indexof", "indexof(city,'a') eq 1", 501, "the function indexof is not supported"},
		{"substring", "substring(city,1) eq 'b'", 501, "the function substring is not supported"},
		{"now", "modifiedAt lt now()", 501, "the function now is not supported"},
		{"round", "round(amount) eq 1", 501, "the function round is not supported"},
		{"cast", "cast(lines,Edm.String) eq '1'", 501, "the function cast is not supported"},
		{"geo", "geo.distance(city,city) lt 1", 501, "the function geo.distance is not supported"},
		{"duration", "modifiedAt eq duration'PT1S'", 501, "a duration literal is not supported"},
		{"guid", "key eq 8f1c0000-0000-0000-0000-000000000000", 501, "a guid literal is not supported"},
		{"guid of letters", "key eq abcdefab-0000-0000-0000-000000000000", 501, "a guid literal is not supported"},
		{"time of day", "modifiedAt eq 12:30:00", 501, "a TimeOfDay literal is not supported"},
		{"enumeration", "city eq Ns.Color'Red'", 501, "an enumeration literal is not supported"},
		{"INF", "amount lt INF", 501, "INF, which only Edm.Double has, is not supported"},
		{"minus INF", "amount lt -INF", 501, "INF, which only Edm.Double has, is not supported"},
		{"NaN", "amount lt NaN", 501, "NaN, which only Edm.Double has, is not supported"},
		{"alias", "lines eq @p", 501, "a parameter alias is not supported"},
		{"it", "$it/lines eq 1", 501, "a path that begins with $, such as $it, is not supported"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			e := refused(t, "invoices", "$filter="+url.QueryEscape(c.text), odata.Limits{})
			if e.Status() != c.status || !strings.Contains(e.Error(), c.message) || !strings.HasPrefix(e.Error(), "$filter: ") {
				t.Errorf("got  %d %s\nwant %d %s", e.Status(), e, c.status, c.message)
			}
			if e.Option != "$filter" || e.Position < 1 {
				t.Errorf("option %q, position %d", e.Option, e.Position)
			}
		})
	}
}

// A filter of the greatest length is read or refused in no time, whatever it is
// made of: nothing in the parser is worse than linear.
func TestHundredKilobytes(t *testing.T) {
	const size = 100_000
	fill := func(head, item, tail string) string {
		return head + strings.Repeat(item, (size-len(head)-len(tail))/len(item)) + tail
	}
	for _, c := range []struct {
		name, text string
		status     int // 0: it is read
	}{
		{"or", fill("lines eq 1", " or lines eq 1", ""), 0},
		{"siblings in parentheses", fill("(lines eq 1)", " or (lines eq 1)", ""), 0},
		{"siblings of comparisons", fill("isDeleted eq true eq true eq true", " or isDeleted eq true eq true eq true", ""), 0},
		{"siblings of calls", fill("trim(city) eq 'a'", " and trim(city) eq 'a'", ""), 0},
		{"siblings of nots", fill("not isDeleted", " or not isDeleted", ""), 0},
		{"list", fill("city in ('a'", ",'abcdefghijklmnopqrstuvwxyz'", ")"), 0},
		{"text", fill("city eq '", "x", "'"), 0},
		{"quotes", fill("city eq '", "''", "'"), 0},
		{"left-nested or", strings.Repeat("(", 150) + "lines eq 1" + strings.Repeat(" or lines eq 1)", 150), 0},
		{"blanks", fill("", " ", "isDeleted"), 0},
		{"name", fill("", "x", ""), 400},
		{"parentheses", fill("", "(", ""), 400},
		{"closing", fill("lines eq 1", ")", ""), 400},
		{"nots", fill("", "not ", "isDeleted"), 400},
		{"members", fill("lines in (1", ",1", ")"), 400},
		{"comparisons", fill("isDeleted", " eq isDeleted", ""), 400},
		{"calls", fill("", "trim(", ""), 400},
		{"digits", fill("lines lt ", "1", ""), 0},
		{"digits of a fraction", fill("amount lt 0.", "1", ""), 0},
		{"exponent", fill("amount lt 1e", "9", ""), 0},
		{"long numbers", fill("amount in (1", ",123456789012345678901234567890", ")"), 0},
		{"quote", fill("city eq '", "x", ""), 400},
		{"too long", fill("city eq '", "x", "'") + "  ", 414},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			began := time.Now()
			_, err := odata.Parse("invoices", "$filter="+url.QueryEscape(c.text), sets, odata.Limits{QueryBytes: 400_000}) // each sign may be three
			if took := time.Since(began); took > time.Second {
				t.Errorf("took %s", took)
			}
			if c.status == 0 && err != nil || c.status != 0 && odata.Status(err) != c.status {
				t.Errorf("got %v, want status %d", err, c.status)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}
