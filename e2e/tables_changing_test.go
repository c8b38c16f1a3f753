package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
)

// shopOrder is an order as the tests push it, and as its rows are to be.
type shopOrder struct {
	id      string
	version int
	number  string // does not change
	status  string // "": null
	date    time.Time
	amount  int
	lines   []shopLine
	isGone  bool
}

type shopLine struct {
	sku      string
	quantity int
}

// record is the order as it is pushed.
func (o *shopOrder) record() string {
	if o.isGone {
		return fmt.Sprintf(`{"entity":"Order","id":%q,"version":%d,"deleted":true}`, o.id, o.version)
	}
	data := map[string]any{
		"number": o.number, "customer": "K" + o.id[len(o.id)-1:], "date": o.date.Format(time.RFC3339),
		"total": map[string]any{"amount": strconv.Itoa(o.amount), "currency": "MDL"},
	}
	if o.status != "" {
		data["status"] = o.status
	}
	var lines []map[string]any
	for i, l := range o.lines {
		lines = append(lines, map[string]any{"position": i + 1, "sku": l.sku, "quantity": strconv.Itoa(l.quantity)})
	}
	if lines != nil {
		data["lines"] = lines
	}
	b, _ := json.Marshal(data)
	return fmt.Sprintf(`{"entity":"Order","id":%q,"version":%d,"data":%s}`, o.id, o.version, b)
}

// shopRow is what an order, or a line of one, has in a table: texts by the names of
// columns of orders. null is not there.
type shopRow map[string]string

// rows are those of an order in a table.
func (o *shopOrder) rows(isLines bool) (out []shopRow) {
	if o.isGone {
		return nil
	}
	row := shopRow{"number": o.number, "date": o.date.Format(time.RFC3339), "total_amount": strconv.Itoa(o.amount)}
	if o.status != "" {
		row["status"] = o.status
	}
	if !isLines {
		return []shopRow{row}
	}
	for _, l := range o.lines {
		r := maps.Clone(row)
		delete(r, "total_amount") // it is no column of lines
		r["sku"], r["quantity"] = l.sku, strconv.Itoa(l.quantity)
		out = append(out, r)
	}
	return out
}

// shopQuestions writes random questions, and what they mean.
type shopQuestions struct {
	*rand.Rand
	isLines bool
}

// column is the name of a column in the table.
func (q shopQuestions) column(name string) string {
	if q.isLines && name != "sku" && name != "quantity" {
		return "order_" + name
	}
	return name
}

func pickOf[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// filter is a random filter and which rows it lets in.
func (q shopQuestions) filter(depth int) (text string, is func(shopRow) bool) {
	if depth > 0 && q.IntN(4) > 0 {
		left, a := q.filter(depth - 1)
		right, b := q.filter(depth - 1)
		switch q.IntN(3) {
		case 0:
			return "(" + left + " and " + right + ")", func(r shopRow) bool { return a(r) && b(r) }
		case 1:
			return "(" + left + " or " + right + ")", func(r shopRow) bool { return a(r) || b(r) }
		}
		return "not (" + left + ")", func(r shopRow) bool { return !a(r) }
	}
	number := func(column string) (string, func(shopRow) bool) {
		op, want := pickOf(q.Rand, "lt", "ge"), 1+q.IntN(9)
		return fmt.Sprintf("%s %s %d", q.column(column), op, want), func(r shopRow) bool {
			n, _ := strconv.Atoi(r[column])
			return (op == "lt") == (n < want)
		}
	}
	if q.isLines && q.IntN(3) == 0 {
		if q.IntN(2) == 0 {
			return number("quantity")
		}
		return "sku eq 's1'", func(r shopRow) bool { return r["sku"] == "s1" }
	}
	switch q.IntN(7) {
	case 0:
		return q.column("status") + " eq null", func(r shopRow) bool { return r["status"] == "" }
	case 1:
		op := pickOf(q.Rand, "eq", "ne")
		return q.column("status") + " " + op + " 'open'", func(r shopRow) bool { return (op == "eq") == (r["status"] == "open") }
	case 2:
		day := shopDay(q.IntN(10)).Format(time.RFC3339)
		return q.column("date") + " ge " + day, func(r shopRow) bool { return r["date"] >= day }
	case 3:
		return "contains(" + q.column("number") + ",'3')", func(r shopRow) bool { return strings.Contains(r["number"], "3") }
	case 4:
		return "modifiedAt ge 2020-01-01T00:00:00Z", func(shopRow) bool { return true }
	case 5:
		return "(modifiedAt ge 2020-01-01T00:00:00Z and modifiedAt lt 2021-01-01T00:00:00Z)", func(shopRow) bool { return false }
	}
	if q.isLines {
		return number("quantity")
	}
	return number("total_amount")
}

func shopDay(n int) time.Time { return time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC) }

// order is a random order: its columns, and whether none of them changes in a row.
func (q shopQuestions) order() (text, column string, isDescending bool) {
	columns := []string{"number", "date", "status", "total_amount"}
	if q.isLines {
		columns = []string{"number", "date", "sku", "quantity"}
	}
	column = pickOf(q.Rand, columns...)
	text = q.column(column)
	if isDescending = q.IntN(2) == 0; isDescending {
		text += " desc"
	}
	return text, column, isDescending
}

// TestChangingTables asks random questions of tables, page by page, while records are
// added, changed and deleted between the pages. Rows that are there all the time, and in
// the answer in each of their states, come once; what is deleted or new may come or not.
// Where nothing changes the answers are those of all rows, filtered, sorted and cut.
func TestChangingTables(t *testing.T) {
	const questions = 90
	r := rand.New(rand.NewPCG(2026, 11)) // the same questions each time
	s := serve(t, "sources:\n  - {name: shop, kind: webshop, supply: push, keep_deleted: 0, entities: [Customer, Order]}\n")
	pusher := s.as(strings.TrimSpace(s.run(t, "token", "new", "--account", "feed", "--source", "shop")))
	var readers []*feed
	for _, most := range []int{3, 7, 20} {
		name := fmt.Sprint("reports-", most)
		s.run(t, "agreement", "set", name, "--package", "bi", "--max-rows", strconv.Itoa(most))
		readers = append(readers, &feed{server: s, token: s.run(t, "token", "new", "--account", name, "--package", "bi", "--agreement", name), base: s.URL, most: most})
	}
	w := &shop{Rand: r, t: t, pusher: pusher}
	for i := range 10 {
		w.push(fmt.Sprintf(`{"entity":"Customer","id":"K%d","version":1,"data":{"name":"Customer %d"}}`, i, i))
	}
	for range 40 {
		w.add()
	}
	changed, paged, still := 0, 0, 0
	for n := range questions {
		q := shopQuestions{r, r.IntN(2) == 0}
		set, reader := "orders", readers[r.IntN(len(readers))]
		if q.isLines {
			set = "order_lines"
		}
		ask := &asking{shop: w, q: q, is: func(shopRow) bool { return true }, isStill: n%3 == 0}
		var parts []string
		if r.IntN(3) > 0 {
			var text string
			text, ask.is = q.filter(r.IntN(3))
			parts = append(parts, "$filter="+url.QueryEscape(text))
		}
		if r.IntN(2) == 0 {
			var text string
			text, ask.column, ask.isDescending = q.order()
			parts = append(parts, "$orderby="+url.QueryEscape(text))
		}
		ask.top, ask.skip = -1, 0
		if ask.isStill && r.IntN(2) == 0 {
			ask.top, ask.skip = r.IntN(50), r.IntN(20)
			parts = append(parts, fmt.Sprintf("$top=%d&$skip=%d", ask.top, ask.skip))
		}
		path := "/odata/" + set + "?" + strings.Join(parts, "&")
		pages, touched := ask.read(reader, path)
		ask.check(path)
		if touched > 0 {
			changed++
		}
		if pages > 2 {
			paged++
		}
		if ask.isStill {
			still++
		}
		ask.wrong(reader, path)
	}
	if changed < 20 || paged < 40 || still < 20 {
		t.Errorf("%d answers while rows changed, %d of several pages, %d while they did not", changed, paged, still)
	}
}

// shop is what was pushed.
type shop struct {
	*rand.Rand
	t      *testing.T
	pusher *server
	orders []*shopOrder
}

func (w *shop) push(record string) {
	w.t.Helper()
	if status, body := w.pusher.pushTo(w.t, "/push/shop", record); status != http.StatusOK || !strings.Contains(body, `"refused":0`) {
		w.t.Fatalf("%d %s", status, body)
	}
}

func (w *shop) add() *shopOrder {
	n := len(w.orders)
	o := &shopOrder{id: fmt.Sprint("O", n), number: fmt.Sprintf("SO-%04d", n)}
	w.orders = append(w.orders, o)
	w.change(o)
	return o
}

// change gives an order another state.
func (w *shop) change(o *shopOrder) {
	o.version++
	o.status, o.date, o.amount = pickOf(w.Rand, "open", "closed", ""), shopDay(w.IntN(10)), w.IntN(10)
	o.lines = nil
	for range w.IntN(6) {
		o.lines = append(o.lines, shopLine{pickOf(w.Rand, "s1", "s2", "s3"), 1 + w.IntN(9)})
	}
	w.push(o.record())
}

// asking is one question, and what came of it.
type asking struct {
	*shop
	q            shopQuestions
	is           func(shopRow) bool
	column       string // sorted by; "": not asked
	isDescending bool
	top, skip    int
	isStill      bool // nothing changes meanwhile

	before  map[string][]shopRow   // by number, when it was asked
	states  map[string][][]shopRow // of orders that changed meanwhile, those since
	gone    map[string]bool
	got     []shopRow
	keys    map[string]int
	longest int // rows of a page
}

// read reads all pages, and changes orders between them.
func (a *asking) read(f *feed, path string) (pages, touched int) {
	a.before, a.states, a.gone, a.keys, a.longest = map[string][]shopRow{}, map[string][][]shopRow{}, map[string]bool{}, map[string]int{}, f.most
	for _, o := range a.orders {
		if !o.isGone {
			a.before[o.number] = o.rows(a.q.isLines)
		}
	}
	for ; path != ""; pages++ {
		p := f.page(a.t, path)
		if len(p.Value) > f.most || pages > 500 {
			a.t.Fatalf("%s: %d pages, the last of %d rows", path, pages+1, len(p.Value))
		}
		for _, cells := range p.Value {
			row := shopRow{}
			for _, name := range []string{"number", "date", "status", "total_amount", "sku", "quantity"} {
				if v := cells[a.q.column(name)]; v != nil {
					if row[name] = fmt.Sprint(v); name == "total_amount" || name == "quantity" {
						row[name] = decimal.MustParse(row[name]).Trim(0).String()
					}
				}
			}
			a.got = append(a.got, row)
			a.keys[cells["key"].(string)]++
		}
		if path = p.Next; path == "" || a.isStill {
			continue
		}
		for range 1 + a.IntN(3) {
			touched++
			a.alter()
		}
	}
	return pages, touched
}

// alter changes, adds or deletes an order.
func (a *asking) alter() {
	var o *shopOrder
	switch living := slices.DeleteFunc(slices.Clone(a.orders), func(o *shopOrder) bool { return o.isGone }); {
	case a.IntN(8) == 0 || len(living) < 30:
		o = a.add()
	case a.IntN(8) == 0:
		o = pickOf(a.Rand, living...)
		o.isGone, o.version = true, o.version+1
		a.push(o.record())
		a.gone[o.number] = true
	default:
		o = pickOf(a.Rand, living...)
		a.change(o)
	}
	a.states[o.number] = append(a.states[o.number], o.rows(a.q.isLines))
}

// check holds what came against what was pushed.
func (a *asking) check(path string) {
	t := a.t
	t.Helper()
	if a.isStill {
		a.checkStill(path)
		return
	}
	given := map[string][]shopRow{}
	for _, r := range a.got {
		given[r["number"]] = append(given[r["number"]], r)
	}
	for number, rows := range a.before {
		want := a.wanted(rows)
		switch states := a.states[number]; {
		case states == nil:
			// A list that is longer than a page may begin again where another order comes
			// right before it; without that each row comes once.
			if !sameRows(given[number], want) && !(len(rows) > a.longest && contains(given[number], want)) {
				t.Fatalf("%s: order %s did not change, and came as %v, want %v", path, number, given[number], want)
			}
		case !a.gone[number] && !a.q.isLines && (a.column == "" || a.column == "number"):
			// It changed and keeps its place, so it comes once if it is in the answer in each
			// of its states.
			isIn := len(want) == 1
			for _, s := range states {
				isIn = isIn && len(a.wanted(s)) == 1
			}
			if n := len(given[number]); isIn && n != 1 || n > 1 {
				t.Fatalf("%s: order %s changed, and came %d times", path, number, n)
			}
		}
	}
	a.checkOrder(path, func(r shopRow) bool { return a.states[r["number"]] == nil })
}

// wanted are the rows that the filter lets in.
func (a *asking) wanted(rows []shopRow) (out []shopRow) {
	for _, r := range rows {
		if a.is(r) {
			out = append(out, r)
		}
	}
	return out
}

func (r shopRow) String() string { return fmt.Sprint(map[string]string(r)) }

func sorted(rows []shopRow) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.String())
	}
	slices.Sort(out)
	return out
}

func sameRows(a, b []shopRow) bool { return slices.Equal(sorted(a), sorted(b)) }

// contains reports whether all of some rows have come.
func contains(given, want []shopRow) bool {
	return !slices.ContainsFunc(sorted(want), func(s string) bool { return !slices.Contains(sorted(given), s) })
}

// checkStill holds an answer against all rows, filtered, sorted and cut: rows that sort
// alike may be any of these.
func (a *asking) checkStill(path string) {
	t := a.t
	t.Helper()
	var all []shopRow
	for _, rows := range a.before {
		all = append(all, a.wanted(rows)...)
	}
	slices.SortStableFunc(all, a.compare)
	want := all[min(a.skip, len(all)):]
	if a.top >= 0 {
		want = want[:min(a.top, len(want))]
	}
	if len(a.got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", path, len(a.got), len(want))
	}
	for key, n := range a.keys {
		if n > 1 {
			t.Fatalf("%s: key %s came %d times", path, key, n)
		}
	}
	for i := range want {
		if a.compare(a.got[i], want[i]) != 0 {
			t.Fatalf("%s: row %d is %v, want %v", path, i, a.got[i], want[i])
		}
	}
	if !contains(all, a.got) || a.top < 0 && a.skip == 0 && !sameRows(a.got, all) {
		t.Fatalf("%s: other rows than there are", path)
	}
	a.checkOrder(path, func(shopRow) bool { return true })
}

// compare orders two rows as the question asks: null is first, or last where it goes
// down.
func (a *asking) compare(x, y shopRow) int {
	if a.column == "" {
		return 0
	}
	c := strings.Compare(x[a.column], y[a.column])
	if a.column == "total_amount" || a.column == "quantity" {
		m, _ := strconv.Atoi(x[a.column])
		n, _ := strconv.Atoi(y[a.column])
		c = m - n
	}
	if a.isDescending {
		return -c
	}
	return c
}

func (a *asking) checkOrder(path string, is func(shopRow) bool) {
	var last shopRow
	for _, r := range a.got {
		if !is(r) {
			continue
		}
		if last != nil && a.compare(last, r) > 0 {
			a.t.Fatalf("%s: %v stands before %v", path, last, r)
		}
		last = r
	}
}

// wrong asks something like the question that cannot be answered: each error is one of
// OData, with a code.
func (a *asking) wrong(f *feed, path string) {
	a.t.Helper()
	sep := "&"
	if strings.HasSuffix(path, "?") {
		sep = ""
	}
	path += sep + pickOf(a.Rand, "$skiptoken=AAAA", "$top=x", "$skip=-1", "$orderby=nothing", "$select=nothing", "$expand=customer", "$apply=aggregate", "$nothing=1", "$count=maybe", "$format=xml")
	if a.IntN(3) == 0 {
		path = strings.Replace(path, "?", "("+pickOf(a.Rand, "'nothing'", "1", "''", "key='x'")+")?", 1)
	}
	resp, body := f.get(a.t, path)
	var shown struct {
		Error struct{ Code, Message string }
	}
	err := json.Unmarshal([]byte(body), &shown)
	if err != nil || resp.StatusCode < 400 || resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented || shown.Error.Code == "" || shown.Error.Code == "INTERNAL" || shown.Error.Message == "" {
		a.t.Fatalf("%s: %s %.300s", path, resp.Status, body)
	}
}
