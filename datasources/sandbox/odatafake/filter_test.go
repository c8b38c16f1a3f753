package odatafake_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

var (
	v3 = &odatafake.Dialect{V3: true, Lambda: true, Functions: set("substringof", "startswith", "endswith", "concat", "substring",
		"like", "year", "month", "round", "cast", "isof", "dateadd", "datedifference")}
	v4 = &odatafake.Dialect{NoForeignKeys: true, Functions: set("contains", "startswith", "endswith", "tolower", "length", "indexof", "year")}
)

func guid(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", 0xffffff-n, n) }

// orders is a table of n orders of n/10 customers, with two lines each.
func orders(n int) *odatafake.Table {
	customers := (&odatafake.Table{
		Name: "Customer", Keys: []string{"Id"}, Len: func() int { return n/10 + 1 },
		Columns: []*odatafake.Column{
			{Name: "Id", Type: odatafake.TypeGUID, Get: func(r int) odatafake.Value { return odatafake.GUID(guid(r)) }},
			{Name: "Name", Type: odatafake.TypeString, Get: func(r int) odatafake.Value { return odatafake.Text(fmt.Sprintf("Ex'%d", r)) }},
		},
	}).Finish()
	lines := (&odatafake.Table{
		Name: "Line", Keys: []string{"Order"}, Len: func() int { return 2 * n },
		Columns: []*odatafake.Column{
			{Name: "Quantity", Type: odatafake.TypeDecimal, Get: func(r int) odatafake.Value { return odatafake.Decimal(int64(r) * 10000) }},
		},
	}).Finish()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return (&odatafake.Table{
		Name: "Order", Keys: []string{"Id"}, Len: func() int { return n },
		Columns: []*odatafake.Column{
			{Name: "Id", Type: odatafake.TypeGUID, Get: func(r int) odatafake.Value { return odatafake.GUID(guid(1000000 + r)) }},
			{Name: "Number", Type: odatafake.TypeString, Get: func(r int) odatafake.Value { return odatafake.Text(fmt.Sprintf("SO-%06d", r)) }},
			{Name: "Date", Type: odatafake.TypeTime, Get: func(r int) odatafake.Value {
				return odatafake.Time(start.Add(time.Duration(r) * time.Hour))
			}},
			{Name: "Amount", Type: odatafake.TypeDecimal, Get: func(r int) odatafake.Value { return odatafake.Cents(int64(r) * 150) }},
			{Name: "Open", Type: odatafake.TypeBool, Get: func(r int) odatafake.Value { return odatafake.Bool(r%2 == 0) }},
			{Name: "CustomerId", Type: odatafake.TypeGUID, ForeignKey: true, Get: func(r int) odatafake.Value {
				if r%10 == 9 {
					return odatafake.GUID("")
				}
				return odatafake.GUID(guid(r / 10))
			}},
			{Name: "Basis", Type: odatafake.TypeRef, Get: func(r int) odatafake.Value {
				if r == 3 {
					return odatafake.Ref("Document_Bill", guid(7))
				}
				return odatafake.Ref("", "")
			}},
		},
		Navs: []*odatafake.Nav{{Name: "Customer", Target: customers, FK: "CustomerId", Row: func(r int) int {
			if r%10 == 9 {
				return -1
			}
			return r / 10
		}}},
		Parts: []*odatafake.Part{{Name: "Lines", Target: lines, Rows: func(r int) (int, int) { return 2 * r, 2*r + 2 }}},
	}).Finish()
}

func TestFilter(t *testing.T) {
	t.Parallel()
	table := orders(200)
	keys := func(path, format string, from, to int) string {
		var b []string
		for i := from; i < to; i++ {
			b = append(b, path+" eq "+fmt.Sprintf(format, guid(i)))
		}
		return strings.Join(b, " or ")
	}
	for _, c := range []struct {
		name, filter string
		dialect      *odatafake.Dialect
		want         string // numbers of rows, or how many
	}{
		{"string", "Number eq 'SO-000007'", v4, "[7]"},
		{"reversed", "'SO-000007' eq Number", v4, "[7]"},
		{"or chain of texts", "Number eq 'SO-000007' or Number eq 'SO-000003'", v4, "[3 7]"},
		{"or chain with an absent key", "Number eq 'SO-000007' or Number eq 'nobody'", v4, "[7]"},
		{"bare guid", "Id eq " + guid(1000004), v4, "[4]"},
		{"upper-case guid", "Id eq " + strings.ToUpper(guid(1000004)), v4, "[4]"},
		{"guid of version 3", "Id eq guid'" + guid(1000004) + "'", v3, "[4]"},
		{"many keys", keys("Id", "%s", 1000010, 1000040), v4, "30 rows"},
		{"many keys and a condition", "(" + keys("Id", "%s", 1000010, 1000020) + ") and Open eq true", v4, "[10 12 14 16 18]"},
		{"navigation key", "Customer/Id eq " + guid(2), v4, "[20 21 22 23 24 25 26 27 28]"},
		{"navigation key null", "Customer/Id eq null and Amount lt 50", v4, "[9 19 29]"},
		{"navigation column", "Customer/Name eq 'Ex''3' and Open", v4, "[30 32 34 36 38]"},
		{"foreign key in version 3", "CustomerId eq guid'" + guid(2) + "' and not Open", v3, "[21 23 25 27]"},
		{"time range", "Date ge 2026-03-01T02:00:00Z and Date lt 2026-03-01T05:00:00Z", v4, "[2 3 4]"},
		{"time range written backwards", "2026-03-01T05:00:00Z gt Date and 2026-03-01T02:00:00Z le Date", v4, "[2 3 4]"},
		{"time with fraction and offset", "Date lt 2026-03-01T03:00:00.001+02:00", v4, "[0 1]"},
		{"datetime of version 3", "Date eq datetime'2026-03-01T05:00:00'", v3, "[5]"},
		{"boolean compared", "(Date lt 2026-03-01T02:00:00Z) eq true", v4, "[0 1]"},
		{"number", "Amount gt 1.5 and Amount le 6", v4, "[2 3 4]"},
		{"arithmetic", "Amount add 1.5 eq 3 mul 2", v4, "[3]"},
		{"precedence", "Amount eq 0 or Amount eq 1.5 and Open", v4, "[0]"},
		{"not", "not (Amount gt 3)", v4, "[0 1 2]"},
		{"not before and", "not Open and Amount lt 6", v4, "[1 3]"},
		{"contains", "contains(Number,'000019')", v4, "[19]"},
		{"function of a function", "length(tolower(Number)) eq 9 and indexof(Number,'9') eq 8 and Amount lt 30", v4, "[9 19]"},
		{"substringof", "substringof('000019',Number)", v3, "[19]"},
		{"substringof compared", "substringof('000019',Number) eq true", v3, "[19]"},
		{"like", "like(Number,'SO-_0001_')", v3, "[10 11 12 13 14 15 16 17 18 19]"},
		{"year", "year(Date) eq 2026", v3, "200 rows"},
		{"any", "Lines/any(l: l/Quantity eq 7)", v3, "[3]"},
		{"all", "Lines/all(l: l/Quantity le 3)", v3, "[0 1]"},
		{"composite with cast", "Basis eq cast(guid'" + guid(7) + "','Document_Bill')", v3, "[3]"},
		{"composite with the wrong type", "Basis eq cast(guid'" + guid(7) + "','Document_Sale')", v3, "[]"},
		{"composite without cast", "Basis eq guid'" + guid(7) + "'", v3, "[]"},
		{"isof", "isof(Basis,'Document_Bill')", v3, "[3]"},
		{"dateadd", "dateadd('day',1,Date) eq datetime'2026-03-02T00:00:00'", v3, "[0]"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			t.Parallel()
			f, err := table.Bind(c.filter, c.dialect)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time some answers are kept ones
				rows := table.Select(f, nil)
				list := []int{}
				for i := range rows.Len() {
					list = append(list, rows.At(i))
				}
				got := fmt.Sprint(list)
				if strings.HasSuffix(c.want, "rows") {
					got = fmt.Sprint(len(list), " rows")
				}
				if got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			}
		})
	}
}

func TestFilterErrors(t *testing.T) {
	t.Parallel()
	table := orders(20)
	for _, c := range []struct {
		name, filter string
		dialect      *odatafake.Dialect
		want         odatafake.ErrorKind
	}{
		{"empty", "", v4, odatafake.ErrSyntax},
		{"in", "Number in ('a','b')", v4, odatafake.ErrSyntax},
		{"in of version 3", "Number in ('a','b')", v3, odatafake.ErrSyntax},
		{"guid of version 3 in 4", "Id eq guid'" + guid(1) + "'", v4, odatafake.ErrSyntax},
		{"bare guid in 3", "Id eq " + guid(1), v3, odatafake.ErrSyntax},
		{"quoted guid", "Id eq '" + guid(1) + "'", v4, odatafake.ErrType},
		{"quoted date", "Date gt '2026-03-01T00:00:00Z'", v4, odatafake.ErrType},
		{"foreign key", "CustomerId eq " + guid(1), v4, odatafake.ErrForeignKey},
		{"foreign key reversed", guid(1) + " eq CustomerId", v4, odatafake.ErrForeignKey},
		{"unknown property", "Foo eq 1", v4, odatafake.ErrProperty},
		{"unknown navigation", "Foo/Id eq 1", v4, odatafake.ErrProperty},
		{"unknown function", "tolower(Number) eq 'x'", v3, odatafake.ErrFunction},
		{"bad guid", "Id eq guid'1'", v3, odatafake.ErrLiteral},
		{"open string", "Number eq 'x", v4, odatafake.ErrSyntax},
		{"open bracket", "(Number eq 'x'", v4, odatafake.ErrSyntax},
		{"no predicate", "Number", v4, odatafake.ErrType},
		{"too deep", strings.Repeat("(", 5000) + "Open" + strings.Repeat(")", 5000), v4, odatafake.ErrSyntax},
		{"too many nots", strings.Repeat("not ", 5000) + "Open", v4, odatafake.ErrSyntax},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			t.Parallel()
			_, err := table.Bind(c.filter, c.dialect)
			var e *odatafake.Error
			if !errors.As(err, &e) || e.Kind != c.want {
				t.Errorf("got %v, want kind %d", err, c.want)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	table := orders(50)
	keys, err := table.BindOrder("Open desc,Amount desc", v4)
	if err != nil {
		t.Fatal(err)
	}
	rows := table.Select(nil, keys)
	if got := fmt.Sprint(rows.At(0), rows.At(1), rows.At(25), rows.At(49)); got != "48 46 49 1" {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{"", "Foo", "Amount up", "Amount,"} {
		if _, err := table.BindOrder(bad, v4); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	table := orders(1000)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			// More different questions than a table remembers, asked by all at once.
			for k := range 60 {
				f, err := table.Bind(fmt.Sprintf("Amount ge %d and Date lt 2026-04-0%dT00:00:00Z", k, 1+k%9), v4)
				if err != nil {
					t.Error(err)
					return
				}
				keys, _ := table.BindOrder([]string{"Id", "Date desc,Id", "Number", "Amount desc"}[(i+k)%4], v4)
				rows := table.Select(f, keys)
				for j := range rows.Len() {
					if !f.Match(rows.At(j)) {
						t.Errorf("row %d does not match", rows.At(j))
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestCollation(t *testing.T) {
	t.Parallel()
	a, b := "ffffffff-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
	if odatafake.SQLServerGUID(a, b) >= 0 {
		t.Error("SQL Server compares the last group first")
	}
	a, b = "ffffffff-0000-1000-9000-000000000001", "00000000-0000-4000-8000-000000000002"
	if odatafake.OneCGUID(a, b) <= 0 {
		t.Error("1C compares the fourth group first")
	}
	if odatafake.FoldText("abc", "ABD") >= 0 || odatafake.FoldText("Ёлка", "ёлка") == 0 || odatafake.FoldText("B", "a") <= 0 {
		t.Error("text is not ordered without regard to case")
	}
}

func TestPrinting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		units int64
		scale int
		want  string
	}{{0, 0, "0"}, {15000, 0, "1.5"}, {15000, 2, "1.50"}, {-5, 0, "-0.0005"}, {10000, 2, "1.00"}, {123456789, 0, "12345.6789"}} {
		if got := string(odatafake.AppendDecimal(nil, c.units, c.scale)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if got, want := string(odatafake.AppendString(nil, "a\"\\\n\x01Ж\xff")), "\"a\\\"\\\\\\n\\u0001Ж\ufffd\""; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"Id eq 8f1c2d3e-0000-4000-8000-000000000001 or Id eq null", "Date ge datetime'2026-01-01T00:00:00' and not (Open eq false)",
		"substringof('O''Neil',Number) and Amount add 1.5 gt -3", "Lines/any(l: l/Quantity eq 7)", "Basis eq cast(guid'8f1c2d3e-0000-4000-8000-000000000001','X')",
		"Date gt 2026-03-01T00:00:00Z", "((((", "not not not", "like(Number,'%_%')", "Контрагент_Key eq guid'", "a/b/c/d eq 1m", "Customer/Name eq 'x'",
	} {
		f.Add(s)
	}
	table := orders(3)
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range []*odatafake.Dialect{v3, v4} {
			if filter, err := table.Bind(s, d); err == nil {
				table.Select(filter, nil)
			}
		}
	})
}

func BenchmarkKeyChain(b *testing.B) {
	table := orders(100000)
	var terms []string
	for i := range 100 {
		terms = append(terms, "Id eq "+guid(1000000+i*997))
	}
	text := strings.Join(terms, " or ")
	for b.Loop() {
		f, err := table.Bind(text, v4)
		if err != nil {
			b.Fatal(err)
		}
		if n := table.Select(f, nil).Len(); n != 100 {
			b.Fatal(n)
		}
	}
}
