package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestModifiedAtFolds holds how many records a refresh by modifiedAt reads where rows are
// of an order and its customer: those that have changed, and no others.
func TestModifiedAtFolds(t *testing.T) {
	s := serve(t, "sources:\n  - {name: shop, kind: webshop, supply: push, entities: [Customer, Order]}\n")
	s.run(t, "agreement", "set", "reports", "--package", "bi", "--rows-per-day", "1000000")
	token := strings.TrimSpace(s.run(t, "token", "new", "--account", "reports", "--package", "bi", "--agreement", "reports"))
	pusher := s.as(strings.TrimSpace(s.run(t, "token", "new", "--account", "feed", "--source", "shop")))
	push := func(changes ...string) {
		t.Helper()
		status, body := pusher.pushTo(t, "/push/shop", strings.Join(changes, "\n"))
		if status != http.StatusOK || !strings.Contains(body, `"refused":0`) {
			t.Fatalf("%d %s", status, body)
		}
	}
	customer := func(i, version int, name string) string {
		return fmt.Sprintf(`{"entity":"Customer","id":"K%d","version":%d,"data":{"name":"%s %d"}}`, i, version, name, i)
	}
	order := func(i, version int, status string) string {
		return fmt.Sprintf(`{"entity":"Order","id":"O%d","version":%d,"data":{"number":"SO-%d","customer":"K%d","status":%q,"lines":[{"position":1,"sku":"a"},{"position":2,"sku":"b"}]}}`, i, version, i, i%20, status)
	}
	const orders, customers = 200, 20
	var all []string
	for i := range customers {
		all = append(all, customer(i, 1, "Customer"))
	}
	for i := range orders {
		all = append(all, order(i, 1, "open"))
	}
	push(all...)
	reports := &feed{server: s, token: token, base: s.URL}
	asReports := *s
	asReports.Token = token
	left := func() int {
		a := asReports.ask(t, "{ me { remaining { rows } } }", nil)
		n, _ := at(t, a.Data, "me.remaining.rows").(float64)
		return int(n)
	}
	// read is what a filter gives: the orders of the lines, their lines, and how many records were read.
	read := func(set, filter string) (numbers []string, lines, records int) {
		t.Helper()
		before := left()
		rows, _ := reports.all(t, "/odata/"+set+"?$filter="+url.QueryEscape(filter))
		for _, r := range rows {
			number, _ := r["order_number"].(string)
			if number == "" {
				number, _ = r["number"].(string)
			}
			numbers = append(numbers, number)
		}
		slices.Sort(numbers)
		const own = 1 // of the question for what is left
		return slices.Compact(numbers), len(rows), before - left() - own
	}
	eventually(t, "the directory knows all customers", func() bool {
		_, n, _ := read("order_lines", "order_customer_name ne null")
		return n == 2*orders
	})
	numbers, lines, whole := read("order_lines", "modifiedAt ne null")
	if len(numbers) != orders || lines != 2*orders || whole < orders {
		t.Fatalf("%d orders, %d lines, %d records", len(numbers), lines, whole)
	}
	rows, _ := reports.all(t, "/odata/order_lines?$select=modifiedAt")
	var last time.Time
	for _, r := range rows {
		if m, _ := time.Parse(time.RFC3339Nano, r["modifiedAt"].(string)); m.After(last) {
			last = m
		}
	}
	since := "modifiedAt gt " + last.Format(time.RFC3339Nano)
	until := "modifiedAt le " + last.Format(time.RFC3339Nano)
	if got, _, records := read("order_lines", since); len(got) != 0 || records != 0 {
		t.Errorf("nothing has changed: %v, %d records", got, records)
	}
	push(order(5, 2, "closed"), customer(7, 2, "Renamed"))
	changed := []string{"SO-107", "SO-127", "SO-147", "SO-167", "SO-187", "SO-27", "SO-47", "SO-5", "SO-67", "SO-7", "SO-87"}
	eventually(t, "an order and the orders of a customer have changed", func() bool {
		got, _, _ := read("order_lines", since)
		return slices.Equal(got, changed)
	})
	// Of two records each, the order and its customer, and of the customers who were asked for.
	for filter, want := range map[string]struct{ lines, records int }{
		since:                               {22, 1 + 2*11},
		since + " and sku eq 'a'":           {11, 1 + 2*11},
		since + " and order_number ne null": {22, 1 + 2*11},
		"modifiedAt eq null or " + since:    {22, 2 * orders}, // that nobody finds
		until:                               {2 * (orders - len(changed)), 2 * (orders - 1)},
		until + " and modifiedAt ge 2020-01-01T00:00:00Z":                           {2 * (orders - len(changed)), customers - 1 + 2*(orders-1)},
		"modifiedAt ge 2020-01-01T00:00:00Z and modifiedAt lt 2021-01-01T00:00:00Z": {0, 0},
	} {
		if _, n, records := read("order_lines", filter); n != want.lines || records != want.records {
			t.Errorf("%s: %d lines, %d records read, want %d and %d", filter, n, records, want.lines, want.records)
		}
	}
}
