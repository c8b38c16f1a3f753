package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDeletedRows deletes an order at its source, and looks for it where a report looks:
// it is in the tables with isDeleted true and modifiedAt of then, in whatever else is
// filtered by modifiedAt, and gone when it was kept long enough.
func TestDeletedRows(t *testing.T) {
	s := serve(t, "sources:\n  - {name: shop, kind: webshop, supply: push, entities: [Customer, Order], keep_deleted: 1h}\n")
	s.run(t, "agreement", "set", "reports", "--package", "bi")
	token := strings.TrimSpace(s.run(t, "token", "new", "--account", "reports", "--package", "bi", "--agreement", "reports"))
	pusher := s.as(strings.TrimSpace(s.run(t, "token", "new", "--account", "feed", "--source", "shop")))
	push := func(record string) {
		t.Helper()
		if status, body := pusher.pushTo(t, "/push/shop", record); status != http.StatusOK || !strings.Contains(body, `"refused":0`) {
			t.Fatalf("%d %s", status, body)
		}
	}
	push(`{"entity":"Customer","id":"K","version":1,"data":{"name":"Customer"}}`)
	order := func(i, version int) string {
		return fmt.Sprintf(`{"entity":"Order","id":"O%d","version":%d,"data":{"number":"SO-%d","customer":"K","status":"open","total":{"amount":"10.00","currency":"MDL"},"lines":[{"position":1,"sku":"A"},{"position":2,"sku":"B"}]}}`, i, version, i)
	}
	for i := range 3 {
		push(order(i, 1))
	}
	reports := &feed{server: s, token: token, base: s.URL}
	type row struct {
		deleted  bool
		modified time.Time
	}
	read := func(set, number, filter string) (rows map[string]row, keys []string) {
		t.Helper()
		query := "$select=key,isDeleted,modifiedAt," + number
		if filter != "" {
			query += "&$filter=" + url.QueryEscape(filter)
		}
		rows = map[string]row{}
		for _, r := range reports.page(t, "/odata/"+set+"?"+query).Value {
			at, _ := r["modifiedAt"].(string)
			modified, _ := time.Parse(time.RFC3339Nano, at)
			rows[r[number].(string)] = row{r["isDeleted"] == true, modified} //nolint:forcetypeassert // the rows have numbers
			keys = append(keys, r["key"].(string))                           //nolint:forcetypeassert // and keys
		}
		slices.Sort(keys)
		return rows, keys
	}
	var before time.Time
	eventually(t, "three orders and their customer", func() bool {
		rows, _ := read("orders", "number", "customer_name ne null")
		for _, r := range rows {
			if r.modified.After(before) {
				before = r.modified
			}
		}
		return len(rows) == 3
	})
	_, keys := read("orders", "number", "")
	push(`{"entity":"Order","id":"O1","version":2,"deleted":true}`)
	since := "modifiedAt gt " + before.Format(time.RFC3339Nano)
	rows, _ := read("orders", "number", since)
	if r := rows["SO-1"]; len(rows) != 1 || !r.deleted || !r.modified.After(before) {
		t.Errorf("since then %v have changed", rows)
	}
	if all, again := read("orders", "number", ""); len(all) != 3 || !slices.Equal(again, keys) || all["SO-0"].deleted || !all["SO-1"].deleted {
		t.Errorf("in all %v, %q; the keys were %q", all, again, keys)
	}
	if living, _ := read("orders", "number", "isDeleted eq false"); len(living) != 2 || living["SO-1"].deleted {
		t.Errorf("living are %v", living)
	}
	if dead, _ := read("orders", "number", "isDeleted eq true"); len(dead) != 1 || !dead["SO-1"].deleted {
		t.Errorf("deleted are %v", dead)
	}
	lines, lineKeys := read("order_lines", "order_number", "")
	if len(lineKeys) != 6 || !lines["SO-1"].deleted || lines["SO-2"].deleted || !lines["SO-1"].modified.After(before) {
		t.Errorf("lines %v, %q", lines, lineKeys)
	}
	if _, keys := read("order_lines", "order_number", "not isDeleted"); len(keys) != 4 {
		t.Errorf("living lines %q", keys)
	}
	for path, want := range map[string]string{"/odata/orders/$count": "3", "/odata/orders/$count?$filter=isDeleted%20eq%20false": "2", "/odata/order_lines/$count?$filter=isDeleted": "2"} {
		r := s.send(t, token, http.MethodGet, path, "*/*", nil)
		if got := strings.TrimPrefix(r.body, "\ufeff"); r.status != http.StatusOK || got != want {
			t.Errorf("%s: %d %s, want %s", path, r.status, got, want)
		}
	}
	a := s.ask(t, `{ orders { totalCount nodes { isDeleted } } deleted: orders(filter: {isDeleted: {eq: true}}) { nodes { id number changedAt customer { name } } } customers { nodes { isDeleted orders { totalCount } } } }`, nil)
	if n := at(t, a.Data, "orders.totalCount"); n != 2.0 {
		t.Errorf("%v orders live", n)
	}
	if name, living := at(t, a.Data, "deleted.nodes.0.customer.name"), at(t, a.Data, "customers.nodes.0.orders.totalCount"); name != "Customer" || living != 2.0 {
		t.Errorf("the deleted order's customer is %v, and has %v", name, living)
	}
	if is := at(t, a.Data, "orders.nodes.0.isDeleted"); is != false {
		t.Errorf("a living order is deleted: %v", is)
	}
	id, _ := at(t, a.Data, "deleted.nodes.0.id").(string)
	if one := s.ask(t, `query($id: ID!) { order(id: $id) { number } node(id: $id) { id } }`, map[string]any{"id": id}); one.Data["order"] != nil || one.Data["node"] != nil {
		t.Errorf("by its id: %v", one.Data)
	}
	if r := s.send(t, token, http.MethodGet, "/odata/orders('"+id+"')", "*/*", nil); r.status != http.StatusNotFound {
		t.Errorf("its page is %d", r.status)
	}
	refused := s.query(t, s.Token, `{ customers { nodes { orders(filter: {isDeleted: {eq: true}}) { totalCount } } } }`, nil)
	if !strings.Contains(refused.body, "UNSUPPORTED_FILTER") {
		t.Errorf("the deleted orders of a customer: %s", refused.body)
	}
	push(order(1, 3))
	if back, _ := read("orders", "number", ""); len(back) != 3 || back["SO-1"].deleted {
		t.Errorf("when it is back: %v", back)
	}
	push(`{"entity":"Order","id":"O2","version":2,"deleted":true}`)
	if dead, _ := read("orders", "number", "isDeleted eq true"); !dead["SO-2"].deleted {
		t.Errorf("deleted are %v", dead)
	}
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, []byte(strings.Replace(string(config), "keep_deleted: 1h", "keep_deleted: 1s", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.restart(t)
	reports = &feed{server: s, token: token, base: s.URL}
	eventually(t, "it was kept long enough", func() bool { _, keys := read("orders", "number", ""); return len(keys) == 2 })
}
