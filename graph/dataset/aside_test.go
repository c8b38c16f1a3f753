package dataset_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/schema"
)

// added is a row and the query it is of.
type added struct {
	query int
	row   []schema.Value
}

// tableText is a table as it is given: every column of every row. isPlain leaves out how
// many places decimals have.
func tableText(t *dataset.Table, a *dataset.Aggregator, isPlain bool) (rows []string, err error) {
	err = a.Rows(context.Background(), func(row []schema.Value) error {
		rows = append(rows, rowText(t, row, isPlain))
		return nil
	})
	return rows, err
}

func rowText(t *dataset.Table, row []schema.Value, isPlain bool) string {
	var b strings.Builder
	for i, v := range row {
		if v.Kind == schema.KindDecimal && isPlain {
			v.Dec = v.Dec.Trim(0)
		}
		if !v.IsNull() {
			fmt.Fprintf(&b, "%s=%s ", t.Columns[i].Name, v.Text())
		}
	}
	return b.String()
}

// sumUp makes a table of rows with so much memory, and holds that nothing of it is left
// on disk.
func sumUp(tb rapid.TB, t *dataset.Table, rows []added, now time.Time, room int64, dir string, isPlain bool) (got []string, isAside bool, err error) {
	disk := spill.NewDisk(dir, 1<<30)
	a := dataset.NewAggregator(t, dataset.AggregateOptions{Now: now, MaxBytes: room, Disk: disk})
	for _, r := range rows {
		if err = a.Add(r.query, r.row); err != nil {
			break
		}
	}
	if err == nil {
		got, err = tableText(t, a, isPlain)
	}
	if _, files := disk.Used(); files > 0 {
		isAside = true
	}
	if err == nil {
		if again, err := tableText(t, a, isPlain); err != nil || !slices.Equal(got, again) {
			tb.Fatalf("read again it is\n%s\nnot\n%s\n%v", strings.Join(again, "\n"), strings.Join(got, "\n"), err)
		}
	}
	if err := a.Close(); err != nil {
		tb.Fatal(err)
	}
	if used, files := disk.Used(); used != 0 || files != 0 {
		tb.Fatalf("%d bytes in %d files are left", used, files)
	}
	return got, isAside, err
}

// oracle sums up customers and invoices as plainly as can be.
type oracle struct {
	now    time.Time
	groups map[string]*oracleGroup // by customer and currency
	order  map[string]int          // of customers
	names  map[string]string
}

type oracleGroup struct {
	customer, currency     string
	n                      int
	total, overdue         *big.Rat
	isUnknown, isLive      bool
	least, greatest        *big.Rat
	last, asOf, modifiedAt time.Time
}

func (o *oracle) group(customer, currency string) *oracleGroup {
	k := customer + "/" + currency
	if o.groups[k] == nil {
		o.groups[k] = &oracleGroup{customer: customer, currency: currency}
	}
	return o.groups[k]
}

func (g *oracleGroup) touch(row []schema.Value) {
	if at := row[dataset.ModifiedAtColumn].Time; at.After(g.modifiedAt) {
		g.modifiedAt = at
	}
	if row[dataset.IsDeletedColumn].Bool {
		return
	}
	g.isLive = true
	if at := row[dataset.AsOfColumn].Time; g.asOf.IsZero() || at.Before(g.asOf) {
		g.asOf = at
	}
}

func ratOf(v schema.Value) *big.Rat {
	r, _ := new(big.Rat).SetString(v.Dec.String())
	return r
}

func sumOf(a, b *big.Rat) *big.Rat {
	if a == nil {
		a = new(big.Rat)
	}
	return new(big.Rat).Add(a, b)
}

// invoice adds an invoice; cell gives its values by their paths.
func (o *oracle) invoice(row []schema.Value, cell func(string) schema.Value) {
	customer := cell("customer.id").Str
	if _, ok := o.order[customer]; !ok {
		return
	}
	if row[dataset.IsDeletedColumn].Bool {
		if g := o.group(customer, ""); row[dataset.ModifiedAtColumn].Time.After(g.modifiedAt) {
			g.modifiedAt = row[dataset.ModifiedAtColumn].Time
		}
		return
	}
	total, paid := cell("total.amount"), cell("paid.amount")
	home := o.group(customer, cell("total.currency").Str)
	home.touch(row)
	home.n++
	if at := cell("date"); !at.IsNull() && at.Time.After(home.last) {
		home.last = at.Time
	}
	if !paid.IsNull() {
		g := o.group(customer, cell("paid.currency").Str)
		if total.IsNull() && g != home {
			// The first amount that is there says where the row counts.
			panic("an invoice of this test without a total has nothing paid")
		}
		g.touch(row)
		r := ratOf(paid)
		if g.least == nil || r.Cmp(g.least) < 0 {
			g.least = r
		}
		if g.greatest == nil || r.Cmp(g.greatest) > 0 {
			g.greatest = r
		}
	}
	if total.IsNull() {
		return
	}
	home.total = sumOf(home.total, ratOf(total))
	due := cell("dueDate")
	if due.IsNull() || !due.Time.Before(o.now) {
		return
	}
	rest := ratOf(total)
	if !paid.IsNull() {
		if cell("paid.currency").Str != cell("total.currency").Str {
			home.isUnknown = true
			return
		}
		rest.Sub(rest, ratOf(paid))
	}
	if rest.Sign() > 0 {
		home.overdue = sumOf(home.overdue, rest)
	}
}

// fits reports whether a decimal can be the number.
func fits(r *big.Rat) bool {
	text := r.FloatString(19)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	d, err := decimal.Parse(text)
	if err != nil {
		return false
	}
	got, _ := new(big.Rat).SetString(d.String())
	return got.Cmp(r) == 0
}

// rows are those the table should have; false where a sum is too large.
func (o *oracle) rows(t *dataset.Table) (out []string, ok bool) {
	list := slices.SortedFunc(maps.Values(o.groups), func(a, b *oracleGroup) int {
		return cmp.Or(o.order[a.customer]-o.order[b.customer], strings.Compare(a.currency, b.currency))
	})
	at := map[string]int{}
	for i, c := range t.Columns {
		at[c.Name] = i
	}
	ok = true
	number := func(r *big.Rat) schema.Value {
		if r == nil {
			return schema.Null
		}
		if !fits(r) {
			ok = false
			return schema.Null
		}
		return dec(strings.TrimRight(strings.TrimRight(r.FloatString(19), "0"), "."))
	}
	for _, g := range list {
		row := make([]schema.Value, len(t.Columns))
		row[dataset.KeyColumn] = schema.String(g.customer)
		if g.currency != "" {
			row[dataset.KeyColumn] = schema.String(g.customer + "." + g.currency)
		}
		row[dataset.SourceColumn] = schema.Null
		row[dataset.AsOfColumn], row[dataset.ModifiedAtColumn] = schema.Time(g.asOf), schema.Time(g.modifiedAt)
		row[dataset.IsDeletedColumn] = schema.Bool(!g.isLive)
		row[at["id"]], row[at["name"]], row[at["currency"]] = schema.String(g.customer), schema.String(o.names[g.customer]), schema.String(g.currency)
		row[at["n"]], row[at["last"]] = schema.Int(int64(g.n)), schema.Time(g.last)
		row[at["total"]], row[at["least"]], row[at["greatest"]] = number(g.total), number(g.least), number(g.greatest)
		if overdue := number(g.overdue); !g.isUnknown {
			row[at["overdue"]] = overdue
		}
		out = append(out, rowText(t, row, true))
	}
	return out, ok
}

const asideText = `query d @dataset { customers { nodes { id name } } invoices @per(id: "customer.id") { nodes {
	id @count(as: "n") date @max(as: "last") total @sum(as: "total") @sum(as: "overdue", minus: "paid", past: "dueDate") paid @min(as: "least") @max(as: "greatest") dueDate } } }`

// TestAsideProperty holds a summary that was put aside again and again, one that never
// was, and one that was added up plainly, against each other: rows, order and errors.
func TestAsideProperty(t *testing.T) {
	table, dir := whole(t, asideText), t.TempDir()
	aside, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		o := &oracle{now: now, groups: map[string]*oracleGroup{}, order: map[string]int{}, names: map[string]string{}}
		var rows []added
		moment := func(name string) schema.Value {
			return schema.Time(now.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, name))*time.Hour + 7))
		}
		add := func(query int, key string, cells map[string]schema.Value) []schema.Value {
			row := base(&table.Queries[query], key, cells)
			row[dataset.AsOfColumn], row[dataset.ModifiedAtColumn] = moment("asOf"), moment("changed")
			rows = append(rows, added{query, row})
			return row
		}
		for range rapid.IntRange(0, 12).Draw(t, "customers") {
			id := fmt.Sprint("c", rapid.IntRange(0, 20).Draw(t, "customer"))
			name := rapid.SampledFrom([]string{"", "Alfa", "B\x00eta", id}).Draw(t, "name")
			row := add(0, id, map[string]schema.Value{"id": schema.String(id), "name": schema.String(name)})
			if _, again := o.order[id]; again {
				continue
			}
			o.order[id], o.names[id] = len(o.order), name
			o.group(id, "").touch(row)
		}
		// Some sums have more digits than a number, and some only on their way.
		amount := rapid.OneOf(
			rapid.Custom(func(t *rapid.T) schema.Value {
				return schema.Dec(decimal.MustNew(rapid.Int64Range(-1e9, 1e9).Draw(t, "coef"), rapid.IntRange(0, 4).Draw(t, "scale")))
			}),
			rapid.SampledFrom([]schema.Value{dec("9999999999999999999"), dec("-9999999999999999999"), dec("9999999999999999.99"), dec("0.0000000000000000001"), schema.Null}),
		)
		currency := rapid.SampledFrom([]string{"MDL", "EUR", "USD"})
		for range rapid.IntRange(0, 60).Draw(t, "invoices") {
			cells := map[string]schema.Value{"id": schema.String("i"), "customer.id": schema.String(fmt.Sprint("c", rapid.IntRange(0, 20).Draw(t, "of")))}
			if v := amount.Draw(t, "total"); !v.IsNull() {
				cells["total.amount"], cells["total.currency"] = v, schema.String(currency.Draw(t, "currency"))
				if v := amount.Draw(t, "paid"); !v.IsNull() {
					cells["paid.amount"], cells["paid.currency"] = v, schema.String(currency.Draw(t, "paidIn"))
				}
			}
			if rapid.Bool().Draw(t, "dated") {
				cells["date"], cells["dueDate"] = moment("date"), moment("due")
			}
			row := add(1, "i", cells)
			if rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
				row[dataset.IsDeletedColumn] = schema.Bool(true)
			}
			o.invoice(row, func(path string) schema.Value { return cells[path] })
		}
		want, ok := o.rows(table)
		whole, wasAside, wholeErr := sumUp(t, table, rows, now, 1<<30, dir, false)
		if wasAside {
			t.Fatal("it was put aside for nothing")
		}
		small, isAside, smallErr := sumUp(t, table, rows, now, rapid.Int64Range(800, 2500).Draw(t, "room"), dir, false)
		if isAside {
			aside++
		}
		if !ok {
			refused++
			for _, err := range []error{wholeErr, smallErr} {
				if schema.CodeOf(err) != schema.Limited || !strings.Contains(err.Error(), "more digits") {
					t.Fatalf("a sum was lost: %v", err)
				}
			}
			return
		}
		if wholeErr != nil || smallErr != nil {
			t.Fatalf("got %v and %v", wholeErr, smallErr)
		}
		if !slices.Equal(whole, small) {
			t.Fatalf("put aside it is\n%s\nelse\n%s", strings.Join(small, "\n"), strings.Join(whole, "\n"))
		}
		plain, _, err := sumUp(t, table, rows, now, 1<<30, dir, true)
		if err != nil || !slices.Equal(plain, want) {
			t.Fatalf("got\n%s\nwant\n%s\n%v", strings.Join(plain, "\n"), strings.Join(want, "\n"), err)
		}
	})
	t.Logf("put aside %d times, refused %d times", aside, refused)
	if aside == 0 || refused == 0 {
		t.Error("something was never tried")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
}

// TestAsideGroups holds that groups of all kinds of values come back as they were, in
// their order, when each row is put aside by itself: runs of runs are merged then.
func TestAsideGroups(t *testing.T) {
	table, dir := whole(t, `query d @dataset { quotes { nodes { probability @by status @by date @by validUntil @by(period: MONTH) total @sum @min @max id @count(as: "n") } } }`), t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var rows []added
		for range rapid.IntRange(2, 30).Draw(t, "rows") {
			cells := map[string]schema.Value{"id": schema.String("x")}
			if rapid.Bool().Draw(t, "known") {
				cells["probability"] = schema.Dec(decimal.MustNew(rapid.SampledFrom([]int64{-10, -1, 0, 1, 10, 100, 1<<63 - 1}).Draw(t, "coef"), rapid.IntRange(0, 19).Draw(t, "scale")))
				cells["date"] = schema.Time(time.Unix(rapid.Int64Range(-62135596799, 253402300799).Draw(t, "date"), 5))
				cells["validUntil"] = schema.Time(time.Unix(rapid.Int64Range(-1e6, 1e6).Draw(t, "until"), 0))
			}
			cells["status"] = schema.String(rapid.SampledFrom([]string{"", "a", "ab", "a\x00b", "a\x00", "\x00\x01", "ä"}).Draw(t, "status"))
			cells["total.amount"], cells["total.currency"] = schema.Dec(decimal.MustNew(rapid.Int64Range(-100, 100).Draw(t, "amount"), rapid.IntRange(0, 3).Draw(t, "places"))), schema.String("MDL")
			rows = append(rows, added{0, base(&table.Queries[0], "q", cells)})
		}
		want, _, err := sumUp(t, table, rows, time.Time{}, 1<<30, dir, false)
		if err != nil {
			t.Fatal(err)
		}
		got, isAside, err := sumUp(t, table, rows, time.Time{}, 1, dir, false)
		if err != nil || !isAside || !slices.Equal(got, want) {
			t.Fatalf("put aside it is\n%s\nelse\n%s\n%v", strings.Join(got, "\n"), strings.Join(want, "\n"), err)
		}
	})
	var rows []added
	for i := range 5000 {
		cells := map[string]schema.Value{"id": schema.String("x"), "status": schema.String(fmt.Sprint("s", i*7919%613)), "total.amount": dec(fmt.Sprint(i)), "total.currency": schema.String("MDL")}
		rows = append(rows, added{0, base(&table.Queries[0], "q", cells)})
	}
	want, _, err := sumUp(t, table, rows, time.Time{}, 1<<30, dir, false)
	must(t, err)
	got, _, err := sumUp(t, table, rows, time.Time{}, 1, dir, false) // 5,000 runs, 79, 2
	must(t, err)
	if len(want) != 613 {
		t.Errorf("got %d groups", len(want))
	}
	same(t, got, want)
}

// TestAsideRefused holds what is told where there is no room, and that nothing is left.
func TestAsideRefused(t *testing.T) {
	table := whole(t, byMonth)
	summed := whole(t, asideText)
	fill := func(a *dataset.Aggregator) error {
		for i := range 2000 {
			cells := map[string]schema.Value{"id": schema.String("x"), "date": day("2026-03-04T00:00:00Z"), "status": schema.String(fmt.Sprint("status ", i, strings.Repeat("x", 100))), "source": schema.String("erp")}
			if err := a.Add(0, base(&table.Queries[0], "k", cells)); err != nil {
				return err
			}
		}
		return a.Rows(t.Context(), noRow(t))
	}
	firsts := func(a *dataset.Aggregator) error {
		for i := range 2000 {
			if err := a.Add(0, base(&summed.Queries[0], "k", map[string]schema.Value{"id": schema.String(fmt.Sprint("c", i))})); err != nil {
				return err
			}
		}
		return nil
	}
	missing := filepath.Join(t.TempDir(), "secret-place")
	full := spill.NewDisk(t.TempDir(), 300_000)
	other := dataset.NewAggregator(table, dataset.AggregateOptions{MaxBytes: 100_000, Disk: full})
	for i := range 800 {
		must(t, other.Add(0, base(&table.Queries[0], "k", map[string]schema.Value{"status": schema.String(fmt.Sprint(i, strings.Repeat("y", 200)))})))
	}
	for _, c := range []struct {
		name, want  string
		table       *dataset.Table
		o           dataset.AggregateOptions
		fill        func(*dataset.Aggregator) error
		isRetryable bool
	}{
		{"no disk", "the groups of the dataset d take more than 0 MiB, which is the limit: group by less", table, dataset.AggregateOptions{MaxBytes: 100_000}, fill, false},
		{"no directory", "there is no room now for the groups of the dataset d: ask again later", table, dataset.AggregateOptions{MaxBytes: 100_000, Disk: spill.NewDisk(missing, 1<<30)}, fill, true},
		{"too much", "the groups of the dataset d take more memory and disk than is given, which is the limit: group by less", table, dataset.AggregateOptions{MaxBytes: 100_000, Disk: spill.NewDisk(t.TempDir(), 150_000)}, fill, false},
		{"others have it", "there is no room now for the groups of the dataset d: ask again later", table, dataset.AggregateOptions{MaxBytes: 100_000, Disk: full}, fill, true},
		{"too many groups", "the dataset d has more than 1999 groups, which is the limit: group by less", table, dataset.AggregateOptions{MaxBytes: 100_000, MaxGroups: 1999, Disk: spill.NewDisk(t.TempDir(), 1<<30)}, fill, false},
		{"first list", "the rows of the first list of the dataset d, of which there are more than 439, take more memory than is given: filter it in its text", summed, dataset.AggregateOptions{MaxBytes: 12_000, Disk: spill.NewDisk(t.TempDir(), 1<<30)}, firsts, false},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			a := dataset.NewAggregator(c.table, c.o)
			err := c.fill(a)
			must(t, a.Close())
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != schema.Limited || e.Message != c.want || e.Retryable != c.isRetryable || (e.Wait > 0) != c.isRetryable {
				t.Errorf("got %v (%+v)\nwant %s", err, e, c.want)
			}
			if strings.Contains(fmt.Sprint(err), "secret-place") {
				t.Error("the error tells where files lie")
			}
			if c.o.Disk != nil && c.o.Disk != full {
				if used, files := c.o.Disk.Used(); used != 0 || files != 0 {
					t.Errorf("%d bytes in %d files are left", used, files)
				}
			}
		})
	}
	must(t, other.Close())
	if used, files := full.Used(); used != 0 || files != 0 {
		t.Errorf("%d bytes in %d files are left", used, files)
	}
}

// TestAsideGivenUp holds that merging ends with its context, and that a client's error
// ends the rows.
func TestAsideGivenUp(t *testing.T) {
	table := whole(t, byMonth)
	for _, room := range []int64{1 << 30, 20_000} {
		disk := spill.NewDisk(t.TempDir(), 1<<30)
		a := dataset.NewAggregator(table, dataset.AggregateOptions{MaxBytes: room, Disk: disk})
		for i := range 500 {
			must(t, a.Add(0, base(&table.Queries[0], "k", map[string]schema.Value{"status": schema.String(fmt.Sprint(i))})))
		}
		gone := errors.New("the client has gone")
		given := 0
		if err := a.Rows(t.Context(), func([]schema.Value) error {
			if given++; given == 7 {
				return gone
			}
			return nil
		}); !errors.Is(err, gone) || given != 7 {
			t.Errorf("got %v after %d rows", err, given)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := a.Rows(ctx, noRow(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		must(t, a.Close())
		if used, files := disk.Used(); used != 0 || files != 0 {
			t.Errorf("%d bytes in %d files are left", used, files)
		}
	}
}

// fillAside adds two customers, with sums of all sizes.
func fillAside(tb testing.TB, t *dataset.Table, a *dataset.Aggregator) {
	tb.Helper()
	for _, id := range []string{"c1", "c2"} {
		must(tb, a.Add(0, base(&t.Queries[0], id, map[string]schema.Value{"id": schema.String(id), "name": schema.String("Name\x00 of " + id)})))
		for _, amount := range []string{"12.50", "-3", "9999999999999999999", "0.0000000000000000001"} {
			for i, currency := range []string{"MDL", "EUR"} {
				must(tb, a.Add(1, base(&t.Queries[1], "i", map[string]schema.Value{
					"id": schema.String("i"), "customer.id": schema.String(id), "date": day("2026-03-05T00:00:00Z"), "dueDate": day("2026-03-06T00:00:00Z"),
					"total.amount": dec(amount), "total.currency": schema.String(currency), "paid.amount": dec("1"), "paid.currency": schema.String([]string{"MDL", "USD"}[i]),
				})))
			}
			if id == "c1" {
				break // this one has narrow sums
			}
		}
	}
}
