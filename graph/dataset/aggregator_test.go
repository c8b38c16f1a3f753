package dataset_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/schema"
)

// base makes a base row of a query: cells by their paths below the rows.
func base(q *dataset.Query, key string, cells map[string]schema.Value) []schema.Value {
	row := make([]schema.Value, dataset.FixedColumns+len(q.Cells))
	row[dataset.KeyColumn] = schema.String(key)
	row[dataset.IsDeletedColumn] = schema.Bool(false)
	row[dataset.AsOfColumn] = schema.Time(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	row[dataset.ModifiedAtColumn] = schema.Time(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
	for i, c := range q.Cells {
		row[dataset.FixedColumns+i] = cells[strings.Join(c.Path[len(q.Rows):], ".")]
	}
	return row
}

func dec(text string) schema.Value { return schema.Dec(decimal.MustParse(text)) }

func day(text string) schema.Value {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return schema.Time(t)
}

// rowsOf are the rows of an aggregation, without their times.
func rowsOf(tb testing.TB, t *dataset.Table, a *dataset.Aggregator) []string {
	tb.Helper()
	var out []string
	must(tb, a.Rows(tb.Context(), func(row []schema.Value) error {
		var b strings.Builder
		b.WriteString(row[dataset.KeyColumn].Str)
		if !row[dataset.SourceColumn].IsNull() {
			b.WriteString(" source=" + row[dataset.SourceColumn].Str)
		}
		if row[dataset.IsDeletedColumn].Bool {
			b.WriteString(" deleted")
		}
		for i, v := range row[dataset.FixedColumns:] {
			if !v.IsNull() {
				fmt.Fprintf(&b, " %s=%s", t.Columns[dataset.FixedColumns+i].Name, v.Text())
			}
		}
		out = append(out, b.String())
		return nil
	}))
	return out
}

// noRow fails a test that is given a row.
func noRow(tb testing.TB) func([]schema.Value) error {
	return func([]schema.Value) error {
		tb.Error("a row was given before the error")
		return nil
	}
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const byMonth = `query d @dataset { orders { nodes { date @by(period: MONTH) source @by status @by total @sum @min @max paid @sum id @count(as: "orders") closed: dueDate @count @max } } }`

func TestAggregate(t *testing.T) {
	table := whole(t, byMonth)
	q := &table.Queries[0]
	order := func(id, date, status string, more map[string]schema.Value) []schema.Value {
		cells := map[string]schema.Value{"id": schema.String(id), "date": day(date), "status": schema.String(status), "source": schema.String("erp")}
		for k, v := range more {
			cells[k] = v
		}
		return base(q, id, cells)
	}
	mdl, eur := schema.String("MDL"), schema.String("EUR")
	rows := [][]schema.Value{
		order("1", "2026-03-04T00:00:00Z", "open", map[string]schema.Value{"total.amount": dec("10.10"), "total.currency": mdl}),
		order("2", "2026-03-31T23:30:00Z", "open", map[string]schema.Value{"total.amount": dec("0.905"), "total.currency": mdl, "paid.amount": dec("5"), "paid.currency": eur}),
		order("3", "2026-03-05T00:00:00Z", "open", map[string]schema.Value{"total.amount": dec("-3"), "total.currency": eur, "closed": day("2026-04-01T00:00:00Z")}),
		order("4", "2026-03-05T00:00:00Z", "a.b c", nil),
		order("5", "2026-03-05T00:00:00Z", "", nil),
	}
	gone := order("6", "2026-03-05T00:00:00Z", "lost", map[string]schema.Value{"total.amount": dec("7"), "total.currency": mdl})
	gone[dataset.IsDeletedColumn] = schema.Bool(true)
	rows = append(rows, gone)

	add := func(t *testing.T, o dataset.AggregateOptions) *dataset.Aggregator {
		t.Helper()
		a := dataset.NewAggregator(table, o)
		for _, r := range rows {
			must(t, a.Add(0, r))
		}
		return a
	}
	t.Run("case=UTC", func(t *testing.T) {
		same(t, rowsOf(t, table, add(t, dataset.AggregateOptions{})), []string{
			"2026-03-01.erp.~.~ source=erp date_month=2026-03-01T00:00:00Z orders=1 closed_count=0",
			"2026-03-01.erp.a%2Eb%20c.~ source=erp date_month=2026-03-01T00:00:00Z status=a.b c orders=1 closed_count=0",
			"2026-03-01.erp.lost.MDL source=erp deleted date_month=2026-03-01T00:00:00Z status=lost currency=MDL orders=0 closed_count=0",
			"2026-03-01.erp.open.EUR source=erp date_month=2026-03-01T00:00:00Z status=open currency=EUR total_sum=-3 total_min=-3 total_max=-3 paid_sum=5 orders=1 closed_count=1 closed_max=2026-04-01T00:00:00Z",
			"2026-03-01.erp.open.MDL source=erp date_month=2026-03-01T00:00:00Z status=open currency=MDL total_sum=11.005 total_min=0.905 total_max=10.10 orders=2 closed_count=0",
		})
	})
	t.Run("case=zone", func(t *testing.T) {
		zone, err := time.LoadLocation("Europe/Chisinau")
		must(t, err)
		got := rowsOf(t, table, add(t, dataset.AggregateOptions{Zone: zone}))
		if last := got[len(got)-1]; last != "2026-04-01.erp.open.MDL source=erp date_month=2026-04-01T00:00:00Z status=open currency=MDL total_sum=0.905 total_min=0.905 total_max=0.905 orders=1 closed_count=0" {
			t.Errorf("got %s", last)
		}
	})
	t.Run("case=times", func(t *testing.T) {
		late := slices.Clone(rows[0])
		late[dataset.AsOfColumn], late[dataset.ModifiedAtColumn] = day("2026-10-01T00:00:00Z"), day("2026-12-01T00:00:00Z")
		a := add(t, dataset.AggregateOptions{})
		must(t, a.Add(0, late))
		must(t, a.Rows(t.Context(), func(row []schema.Value) error {
			if strings.HasSuffix(row[0].Str, "open.MDL") && (row[dataset.AsOfColumn].Text() != "2026-10-01T00:00:00Z" || row[dataset.ModifiedAtColumn].Text() != "2026-12-01T00:00:00Z") {
				t.Errorf("got %v %v", row[dataset.AsOfColumn].Text(), row[dataset.ModifiedAtColumn].Text())
			}
			return nil
		}))
	})
	t.Run("case=too much memory", func(t *testing.T) {
		a := dataset.NewAggregator(table, dataset.AggregateOptions{MaxBytes: 1 << 20, MaxGroups: 1 << 30})
		long := strings.Repeat("x", 10_000)
		var err error
		groups := 0
		for ; err == nil && groups < 1000; groups++ {
			row := order("7", "2026-03-05T00:00:00Z", fmt.Sprint(long, groups), nil)
			err = a.Add(0, row)
		}
		if schema.CodeOf(err) != schema.Limited || !strings.Contains(err.Error(), "more than 1 MiB") || groups < 10 || groups > 110 {
			t.Errorf("after %d groups: %v", groups, err)
		}
	})
	t.Run("case=too many groups", func(t *testing.T) {
		a := dataset.NewAggregator(table, dataset.AggregateOptions{MaxGroups: 2})
		var err error
		for _, r := range rows {
			if err = a.Add(0, r); err != nil {
				break
			}
		}
		if schema.CodeOf(err) != schema.Limited || !strings.Contains(err.Error(), "more than 2 groups") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("case=overflow", func(t *testing.T) {
		a := dataset.NewAggregator(table, dataset.AggregateOptions{})
		big := map[string]schema.Value{"total.amount": dec("9999999999999999.99"), "total.currency": mdl}
		must(t, a.Add(0, order("1", "2026-03-04T00:00:00Z", "open", big)))
		must(t, a.Add(0, order("1", "2026-03-04T00:00:00Z", "open", big)))
		small := map[string]schema.Value{"total.amount": dec("0.0001"), "total.currency": mdl}
		must(t, a.Add(0, order("2", "2026-03-04T00:00:00Z", "open", small)))
		err := a.Rows(t.Context(), noRow(t))
		if schema.CodeOf(err) != schema.Limited || !strings.Contains(err.Error(), "total_sum") {
			t.Errorf("a digit was lost: %v", err)
		}
	})
}

func TestAggregateNothing(t *testing.T) {
	table := whole(t, byMonth)
	same(t, rowsOf(t, table, dataset.NewAggregator(table, dataset.AggregateOptions{})), nil)
	total := whole(t, `query d @dataset { deliveryNotes { nodes { parcels @sum @min @max id @count } } }`)
	a := dataset.NewAggregator(total, dataset.AggregateOptions{})
	for _, n := range []int64{4, -2, 9} {
		must(t, a.Add(0, base(&total.Queries[0], "k", map[string]schema.Value{"id": schema.String("x"), "parcels": schema.Int(n)})))
	}
	same(t, rowsOf(t, total, a), []string{"all parcels_sum=11 parcels_min=-2 parcels_max=9 id_count=3"})
	most := base(&total.Queries[0], "k", map[string]schema.Value{"parcels": schema.Int(1<<63 - 1)})
	must(t, a.Add(0, most))
	if err := a.Rows(t.Context(), noRow(t)); schema.CodeOf(err) != schema.Limited || !strings.Contains(err.Error(), "parcels_sum") {
		t.Errorf("got %v", err)
	}
}

func TestMinusOverflow(t *testing.T) {
	table := whole(t, `query d @dataset { deliveryNotes { nodes { parcels @sum(as: "rest", minus: "less") less: parcels } } }`)
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	must(t, a.Add(0, base(&table.Queries[0], "k", map[string]schema.Value{"parcels": schema.Int(-1 << 63), "less": schema.Int(1)})))
	err := a.Rows(t.Context(), noRow(t))
	if schema.CodeOf(err) != schema.Limited || !strings.Contains(err.Error(), "rest") {
		t.Errorf("got %v", err)
	}
}

func TestPeriods(t *testing.T) {
	table := whole(t, `query d @dataset { orders { nodes { date @by(period: YEAR) @by(period: QUARTER) @by(period: MONTH) @by(period: DAY) @by } } }`)
	for at, want := range map[string]string{
		"2026-01-01T00:00:00Z": "2026-01-01.2026-01-01.2026-01-01.2026-01-01.2026-01-01T00%3A00%3A00Z",
		"2026-06-30T23:59:59Z": "2026-01-01.2026-04-01.2026-06-01.2026-06-30.2026-06-30T23%3A59%3A59Z",
		"2026-09-05T12:00:00Z": "2026-01-01.2026-07-01.2026-09-01.2026-09-05.2026-09-05T12%3A00%3A00Z",
		"2026-12-31T12:00:00Z": "2026-01-01.2026-10-01.2026-12-01.2026-12-31.2026-12-31T12%3A00%3A00Z",
	} {
		t.Run("case="+at, func(t *testing.T) {
			a := dataset.NewAggregator(table, dataset.AggregateOptions{})
			must(t, a.Add(0, base(&table.Queries[0], "k", map[string]schema.Value{"date": day(at)})))
			if got, _, _ := strings.Cut(rowsOf(t, table, a)[0], " "); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestOverdue(t *testing.T) {
	table := whole(t, `query d @dataset { invoices { nodes { kind @by total @sum(as: "overdue", minus: "paid", past: "dueDate") paid dueDate } } }`)
	q := &table.Queries[0]
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	invoice := func(kind, total, paid, currency, due string) []schema.Value {
		cells := map[string]schema.Value{"kind": schema.String(kind), "total.amount": dec(total), "total.currency": schema.String("MDL")}
		if paid != "" {
			cells["paid.amount"], cells["paid.currency"] = dec(paid), schema.String(currency)
		}
		if due != "" {
			cells["dueDate"] = day(due)
		}
		return base(q, "k", cells)
	}
	a := dataset.NewAggregator(table, dataset.AggregateOptions{Now: now})
	for _, r := range [][]schema.Value{
		invoice("A", "100", "", "", "2026-11-21T00:00:00Z"),
		invoice("A", "100", "40.5", "MDL", "2026-11-21T00:00:00Z"),
		invoice("A", "100", "", "", "2026-11-22T00:00:00Z"),       // due now
		invoice("A", "100", "", "", ""),                           // due at no time
		invoice("A", "100", "150", "MDL", "2026-11-01T00:00:00Z"), // paid too much
		invoice("B", "100", "5", "EUR", "2026-11-01T00:00:00Z"),   // paid in another currency
		invoice("B", "100", "", "", "2026-11-01T00:00:00Z"),
	} {
		must(t, a.Add(0, r))
	}
	same(t, rowsOf(t, table, a), []string{"A.MDL kind=A currency=MDL overdue=159.5", "B.MDL kind=B currency=MDL"})
}

func TestSummary(t *testing.T) {
	table := whole(t, `query d @dataset { customers { nodes { name } }
		tickets @per(id: "customer.id") { nodes { id @count(as: "tickets") createdAt @max(as: "lastContact") } }
		orders @per(id: "customer.id") { nodes { id @count(as: "orders") total @sum(as: "ordered") } } }`)
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	customer := func(id, name string) {
		must(t, a.Add(0, base(&table.Queries[0], id, map[string]schema.Value{"trama_id": schema.String(id), "name": schema.String(name)})))
	}
	ticket := func(customer, at string) {
		must(t, a.Add(1, base(&table.Queries[1], "t", map[string]schema.Value{"id": schema.String("t"), "customer.id": schema.String(customer), "createdAt": day(at)})))
	}
	order := func(customer, amount, currency string) {
		cells := map[string]schema.Value{"id": schema.String("o"), "customer.id": schema.String(customer)}
		if amount != "" {
			cells["total.amount"], cells["total.currency"] = dec(amount), schema.String(currency)
		}
		must(t, a.Add(2, base(&table.Queries[2], "o", cells)))
	}
	customer("c2", "Beta")
	customer("c1", "Alfa")
	customer("c3", "Gama")
	ticket("c1", "2026-01-01T00:00:00Z")
	ticket("c1", "2026-02-01T00:00:00Z")
	ticket("", "2026-02-01T00:00:00Z")
	ticket("c9", "2026-02-01T00:00:00Z")
	order("c1", "5", "MDL")
	order("c1", "7", "EUR")
	order("c1", "6", "MDL")
	order("c1", "", "")
	order("c2", "1", "EUR")
	same(t, rowsOf(t, table, a), []string{
		"c2 name=Beta tickets=0 orders=0",
		"c2.EUR name=Beta currency=EUR tickets=0 orders=1 ordered=1",
		"c1 name=Alfa tickets=2 lastContact=2026-02-01T00:00:00Z orders=1",
		"c1.EUR name=Alfa currency=EUR tickets=0 orders=1 ordered=7",
		"c1.MDL name=Alfa currency=MDL tickets=0 orders=2 ordered=11",
		"c3 name=Gama tickets=0 orders=0",
	})
}

// TestAggregateOracle holds sums, counts, least and greatest of random rows against
// rational numbers.
func TestAggregateOracle(t *testing.T) {
	table := whole(t, `query d @dataset { orders { nodes { status @by total @sum @min @max paid @sum(as: "paid") id @count(as: "n") } } }`)
	q := &table.Queries[0]
	at := map[string]int{}
	for i, c := range table.Columns {
		at[c.Name] = i
	}
	rapid.Check(t, func(t *rapid.T) {
		a := dataset.NewAggregator(table, dataset.AggregateOptions{})
		type want struct {
			sum, least, greatest, paid *big.Rat
			n                          int64
		}
		wants := map[string]*want{}
		group := func(status, currency string) *want {
			k := status + "/" + currency
			if wants[k] == nil {
				wants[k] = &want{}
			}
			return wants[k]
		}
		amount := func() (schema.Value, *big.Rat) {
			if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
				return schema.Null, nil
			}
			d := decimal.MustNew(rapid.Int64Range(-1e12, 1e12).Draw(t, "coef"), rapid.IntRange(0, 5).Draw(t, "scale"))
			r, _ := new(big.Rat).SetString(d.String())
			return schema.Dec(d), r
		}
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			status := rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "status")
			currency := rapid.SampledFrom([]string{"MDL", "EUR"})
			cells := map[string]schema.Value{"status": schema.String(status), "id": schema.String("x")}
			total, tr := amount()
			paid, pr := amount()
			tc, pc := "", ""
			if tr != nil {
				tc = currency.Draw(t, "tc")
				cells["total.amount"], cells["total.currency"] = total, schema.String(tc)
			}
			if pr != nil {
				pc = currency.Draw(t, "pc")
				cells["paid.amount"], cells["paid.currency"] = paid, schema.String(pc)
			}
			if err := a.Add(0, base(q, "k", cells)); err != nil {
				t.Fatal(err)
			}
			home := tc
			if tr == nil {
				home = pc
			}
			group(status, home).n++
			if tr != nil {
				w := group(status, tc)
				if w.sum == nil {
					w.sum, w.least, w.greatest = new(big.Rat), tr, tr
				}
				w.sum.Add(w.sum, tr)
				if tr.Cmp(w.least) < 0 {
					w.least = tr
				}
				if tr.Cmp(w.greatest) > 0 {
					w.greatest = tr
				}
			}
			if pr != nil {
				w := group(status, pc)
				if w.paid == nil {
					w.paid = new(big.Rat)
				}
				w.paid.Add(w.paid, pr)
			}
		}
		n := 0
		keys := map[string]bool{}
		err := a.Rows(t.Context(), func(row []schema.Value) error {
			n++
			keys[row[0].Str] = true
			w := wants[row[at["status"]].Str+"/"+row[at["currency"]].Str]
			if w == nil {
				return fmt.Errorf("no group %v", row[0].Str)
			}
			for name, r := range map[string]*big.Rat{"total_sum": w.sum, "total_min": w.least, "total_max": w.greatest, "paid": w.paid} {
				v := row[at[name]]
				if r == nil {
					if !v.IsNull() {
						t.Fatalf("%s of %s: got %s, want null", name, row[0].Str, v.Text())
					}
					continue
				}
				if got, _ := new(big.Rat).SetString(v.Text()); v.IsNull() || got.Cmp(r) != 0 {
					t.Fatalf("%s of %s: got %s, want %s", name, row[0].Str, v.Text(), r)
				}
			}
			if row[at["n"]].Int != w.n {
				t.Fatalf("got %d rows, want %d", row[at["n"]].Int, w.n)
			}
			return nil
		})
		if err != nil || n != len(wants) || len(keys) != n {
			t.Fatalf("got %d groups with %d keys, want %d: %v", n, len(keys), len(wants), err)
		}
	})
}

func TestKey(t *testing.T) {
	id := schema.String("Ab-_9")
	tests := []struct {
		name, text, want string
		cells            map[string]schema.Value
		numbers          []int
	}{
		{"a record", `query d @dataset { orders { nodes { number } } }`, "Ab-_9", map[string]schema.Value{"trama_id": id}, nil},
		{"a line", `query d @dataset(grain: "orders.lines") { orders { nodes { lines { sku } } } }`, "Ab-_9.3", nil, []int{3}},
		{"names", `query d @dataset { coverage { from: source @key entity @key } }`, "a%2Eb.%E2%82%AC", map[string]schema.Value{"from": schema.String("a.b"), "entity": schema.String("€")}, nil},
		{"a sign in front", `query d @dataset { coverage { from: source @key entity @key } }`, "%2Da.-b", map[string]schema.Value{"from": schema.String("-a"), "entity": schema.String("-b")}, nil},
		{"no name", `query d @dataset { coverage { from: source @key entity @key } }`, "~.%7E", map[string]schema.Value{"entity": schema.String("~")}, nil},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			q := whole(t, tt.text).Queries[0]
			cells := make([]schema.Value, len(q.Cells))
			for i, c := range q.Cells {
				if cells[i] = tt.cells[c.Path[len(c.Path)-1]]; c.Path[len(c.Path)-1] == "trama_id" {
					cells[i] = id
				}
			}
			if got := string(q.AppendKey(nil, cells, tt.numbers)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := string(q.AppendKey([]byte("k"), cells, tt.numbers)); got != "k"+tt.want {
				t.Errorf("appended it is %s", got)
			}
		})
	}
}

// TestGroupKeysBeginNoFormula holds that the key of a group begins with no sign that a
// spreadsheet runs, and that two groups have two keys.
func TestGroupKeysBeginNoFormula(t *testing.T) {
	table := whole(t, `query d @dataset { orders { nodes { status @by shop @by id @count(as: "orders") } } }`)
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	texts := []string{"-", "--", "-a", "a", "%2Da", "+a", "=a", "@a", "'-a", "~", "_-a"}
	for _, status := range texts {
		must(t, a.Add(0, base(&table.Queries[0], "k", map[string]schema.Value{"id": schema.String("id"), "status": schema.String(status), "shop": schema.String("-s")})))
	}
	keys := map[string]bool{}
	must(t, a.Rows(t.Context(), func(row []schema.Value) error {
		key := row[dataset.KeyColumn].Str
		if strings.ContainsAny(key[:1], "-+=@' ") || keys[key] || !strings.HasSuffix(key, ".-s") {
			t.Errorf("%q", key)
		}
		keys[key] = true
		return nil
	}))
	if len(keys) != len(texts) {
		t.Errorf("%d keys of %d groups", len(keys), len(texts))
	}
}

// million is base rows of some hundred groups.
func million(tb testing.TB) (*dataset.Table, [][]schema.Value) {
	table := whole(tb, `query d @dataset { orders { nodes { date @by(period: MONTH) status @by customer @by { id } total @sum @min @max id @count(as: "orders") } } }`)
	var rows [][]schema.Value
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 1000 {
		rows = append(rows, base(&table.Queries[0], "k", map[string]schema.Value{
			"id": schema.String("id"), "date": schema.Time(start.AddDate(0, i%24, 3)), "status": schema.String([]string{"open", "closed"}[i%2]),
			"customer.id": schema.String(fmt.Sprintf("customer-%d", i%11)), "total.amount": dec(fmt.Sprintf("%d.%02d", i, i%100)), "total.currency": schema.String("MDL"),
		}))
	}
	return table, rows
}

// TestAggregateAllocates holds that a row of a known group costs no memory.
func TestAggregateAllocates(t *testing.T) {
	table, rows := million(t)
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	for _, r := range rows {
		must(t, a.Add(0, r))
	}
	if n := testing.AllocsPerRun(10, func() {
		for _, r := range rows {
			if err := a.Add(0, r); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations in 1,000 rows", n)
	}
}

func BenchmarkAggregate(b *testing.B) {
	table, rows := million(b)
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n%1_000_000 == 0 { // sums have 19 digits
			a = dataset.NewAggregator(table, dataset.AggregateOptions{})
		}
		if err := a.Add(0, rows[n%len(rows)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// TestGroupsApart holds that groups are one where their values are equal, and no
// others.
func TestGroupsApart(t *testing.T) {
	table := whole(t, `query d @dataset { quotes { nodes { probability @by status @by shop @by id @count(as: "n") } } }`)
	a := dataset.NewAggregator(table, dataset.AggregateOptions{})
	for _, r := range [][3]string{{"1.0", "a\x01", "b"}, {"1.00", "a\x01", "b"}, {"1", "a", "\x01\x01b"}, {"1", "a\x01b", ""}, {"10", "a", "b"}} {
		must(t, a.Add(0, base(&table.Queries[0], "k", map[string]schema.Value{"probability": dec(r[0]), "status": schema.String(r[1]), "shop": schema.String(r[2]), "id": schema.String("x")})))
	}
	if got := rowsOf(t, table, a); len(got) != 4 {
		t.Errorf("got %q", got)
	}
}
