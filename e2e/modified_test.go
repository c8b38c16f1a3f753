package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestModifiedAt holds that a row of a table changes with any of the records joined in
// it, that a record which was read again and is the same does not, and that what is
// filtered by modifiedAt is what has changed, whether the list or the rows are asked.
func TestModifiedAt(t *testing.T) {
	s := serve(t, "sources:\n  - {name: shop, kind: webshop, supply: push, entities: [Customer, Order, Payable]}\n")
	s.run(t, "agreement", "set", "reports", "--package", "bi")
	token := strings.TrimSpace(s.run(t, "token", "new", "--account", "reports", "--package", "bi", "--agreement", "reports"))
	pusher := s.as(strings.TrimSpace(s.run(t, "token", "new", "--account", "feed", "--source", "shop")))
	push := func(entity, id string, version int, data string) {
		t.Helper()
		status, body := pusher.pushTo(t, "/push/shop", fmt.Sprintf(`{"entity":%q,"id":%q,"version":%d,"data":{%s}}`, entity, id, version, data))
		if status != http.StatusOK || !strings.Contains(body, `"refused":0`) {
			t.Fatalf("%d %s", status, body)
		}
	}
	for i := range 3 {
		push("Customer", fmt.Sprint("K", i), 1, fmt.Sprintf(`"name":"Customer %d"`, i))
		push("Order", fmt.Sprint("O", i), 1, fmt.Sprintf(`"number":"SO-%d","customer":"K%d","status":"open"`, i, i))
		push("Payable", fmt.Sprint("P", i), 1, fmt.Sprintf(`"number":"PA-%d","status":"open"`, i))
	}
	reports := &feed{server: s, token: token, base: s.URL}
	read := func(set, query string) map[string]time.Time {
		t.Helper()
		out := map[string]time.Time{}
		for _, r := range reports.page(t, "/odata/"+set+"?"+query).Value {
			at, _ := r["modifiedAt"].(string)
			out[r["number"].(string)], _ = time.Parse(time.RFC3339Nano, at) //nolint:forcetypeassert // the rows have numbers
		}
		return out
	}
	const numbers = "$select=number,modifiedAt"
	since := func(set string, at time.Time) string {
		found := read(set, numbers+"&$filter="+url.QueryEscape("modifiedAt gt "+at.Format(time.RFC3339Nano)))
		var list []string
		for i := range 3 {
			for number := range found {
				if strings.HasSuffix(number, fmt.Sprint("-", i)) {
					list = append(list, number)
				}
			}
		}
		return strings.Join(list, " ")
	}
	latest := func(rows map[string]time.Time) (last time.Time) {
		for _, at := range rows {
			if at.After(last) {
				last = at
			}
		}
		return last
	}
	eventually(t, "the directory knows all customers", func() bool {
		return len(read("orders", numbers+"&$filter="+url.QueryEscape("customer_name ne null"))) == 3
	})
	orders, payables := latest(read("orders", numbers)), latest(read("payables", numbers))
	if got := since("orders", orders) + since("payables", payables); got != "" {
		t.Errorf("nothing has changed, and %q has", got)
	}
	push("Order", "O1", 2, `"number":"SO-1","customer":"K1","status":"open"`)   // a greater version of the same
	push("Payable", "P1", 2, `"number":"PA-1","status":"open"`)                 // the same
	push("Payable", "P2", 2, `"number":"PA-2","status":"paid"`)                 // another state
	push("Customer", "K2", 2, `"name":"Customer 2, renamed"`)                   // of order 2
	push("Order", "O0", 2, `"number":"SO-0","customer":"K0","status":"closed"`) // another state
	eventually(t, "an order and the customer of another have changed", func() bool { return since("orders", orders) == "SO-0 SO-2" })
	if got := since("payables", payables); got != "PA-2" {
		t.Errorf("of the payables %q have changed", got)
	}
	if newest := read("payables", numbers+"&$orderby="+url.QueryEscape("modifiedAt desc")+"&$top=1"); len(newest) != 1 || newest["PA-2"].IsZero() {
		t.Errorf("the newest is %v", newest)
	}
}
